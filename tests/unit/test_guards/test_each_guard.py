"""Each guard: one change of fact, the state it gives, and what the reason names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.guards import CheckFact, CoolDown, GuardResult, PullFacts, Required, evaluate
from tests.unit.test_guards.good import GOOD, HEAD


def answer(facts: PullFacts, name: str) -> GuardResult:
    return next(result for result in evaluate(facts).results if result.name == name)


TESTS_RED = (CheckFact("tests", "red", 7), CheckFact("lint", "green", 7))


@pytest.mark.parametrize(
    ("facts", "name", "state", "named"),
    [
        (replace(GOOD, open=False), "open", "block", "not open"),
        (replace(GOOD, draft=True), "draft", "block", "draft"),
        (replace(GOOD, reviewed_head=None), "reviewed-head", "wait", "aaaaaaaaaa has not been reviewed"),
        (replace(GOOD, reviewed_head="b" * 40), "reviewed-head", "wait", "the head is now aaaaaaaaaa"),
        (replace(GOOD, approved=False), "reviewed-head", "block", "corrections"),
        (replace(GOOD, behind=True), "base-current", "wait", "moved on"),
        (replace(GOOD, behind=None), "base-current", "unknown", "not known"),
        (replace(GOOD, unresolved_threads=2), "threads", "block", "2 review threads"),
        (replace(GOOD, checks=TESTS_RED), "required-checks", "block", "`tests`"),
        (replace(GOOD, checks=()), "required-checks", "wait", "`tests`"),
        (replace(GOOD, min_checks=3), "minimum-checks", "wait", "2 green, at least 3"),
        (replace(GOOD, changes_requested_by=("ann",)), "changes-requested", "block", "`ann`"),
        (replace(GOOD, required_approvals=2), "approvals", "wait", "1 of 2"),
        (replace(GOOD, mergeable="conflict"), "merge-state", "block", "conflicts"),
        (replace(GOOD, mergeable="unknown"), "merge-state", "unknown", "not worked out"),
        (replace(GOOD, blocking_labels=("do-not-merge",)), "blocking-label", "block", "`do-not-merge`"),
        (replace(GOOD, base_state="red"), "base-green", "block", "red"),
        (replace(GOOD, base_state="waiting", mends_base=True), "base-green", "wait", "not ended"),
        (replace(GOOD, base_state="waiting"), "base-green", "wait", "not ended"),
        (replace(GOOD, twin_pulls=(9, 12)), "single-head", "block", "#9, #12"),
        (replace(GOOD, rules_known=False), "rules", "unknown", "could not be read"),
    ],
)
def test_one_bad_fact_is_answered_by_its_guard_alone(
    facts: PullFacts, name: str, state: str, named: str
) -> None:
    result = answer(facts, name)
    assert result.state == state
    assert named in result.reason
    assert not evaluate(facts).merges


def test_a_required_check_by_another_app_does_not_count() -> None:
    facts = replace(GOOD, checks=(CheckFact("tests", "green", 8), CheckFact("lint", "green", 7)))
    assert answer(facts, "required-checks").state == "wait"


def test_a_required_check_of_any_app_is_green_only_when_all_of_that_name_are() -> None:
    checks = (CheckFact("tests", "green", 8), CheckFact("tests", "red", 9))
    facts = replace(GOOD, required=(Required("tests"),), checks=checks)
    assert answer(facts, "required-checks").state == "block"


def test_a_required_check_that_was_skipped_because_its_needs_failed_blocks() -> None:
    skipped = CheckFact("tests", "green", 7, skipped_after_failure=True)
    facts = replace(GOOD, checks=(skipped, CheckFact("lint", "green", 7)))
    assert answer(facts, "required-checks").state == "block"
    assert answer(facts, "minimum-checks").state == "wait"


def test_a_running_required_check_is_waited_for() -> None:
    facts = replace(GOOD, checks=(CheckFact("tests", "waiting", 7), CheckFact("lint", "green", 7)))
    assert answer(facts, "required-checks").state == "wait"


def test_our_own_required_check_neither_holds_the_merge_nor_counts_for_it() -> None:
    own = CheckFact("beadwright", "red", 1, ours=True)
    assert answer(replace(GOOD, checks=(*GOOD.checks, own)), "required-checks").state == "pass"
    green = replace(own, state="green")
    facts = replace(GOOD, checks=(*GOOD.checks, green), min_checks=3)
    assert answer(facts, "minimum-checks").state == "wait"


@pytest.mark.parametrize(
    ("bot", "state"),
    [
        (CoolDown("b[bot]", "blocking", 0, False), "wait"),
        (CoolDown("b[bot]", "blocking", 10, True), "pass"),
        (CoolDown("b[bot]", "advisory", 10, False), "wait"),
        (CoolDown("b[bot]", "advisory", 10, True), "pass"),
        (CoolDown("b[bot]", "advisory", 0, False), "pass"),
        (CoolDown("b[bot]", "ignored", 10, False), "pass"),
    ],
)
def test_a_review_bot_is_waited_for_as_its_policy_says(bot: CoolDown, state: str) -> None:
    assert answer(replace(GOOD, cool_down=(bot,)), "cool-down").state == state


def test_the_verdict_is_about_the_whole_head_not_its_first_digits() -> None:
    facts = replace(GOOD, reviewed_head=HEAD[:39] + "b")
    assert answer(facts, "reviewed-head").state == "wait"


def test_what_mends_a_red_base_may_go_onto_it_and_needs_every_other_guard() -> None:
    mending = replace(GOOD, base_state="red", mends_base=True)
    assert answer(mending, "base-green").state == "pass"
    assert evaluate(mending).merges
    assert not evaluate(replace(mending, checks=TESTS_RED)).merges
