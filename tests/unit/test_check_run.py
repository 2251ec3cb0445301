"""What our check run says on the head of a bead's pull request, and when it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.coordinator.actions import Action, Annotation, Enqueue, Merge, PostCheck, UpdateBranch
from bot.coordinator.claims import Claims
from bot.coordinator.history import Verdict
from bot.coordinator.shown import check_key, shown_digest
from bot.coordinator.snapshot import Check, PullRequest, RequiredCheck, Rules, Snapshot, Thread
from tests.unit.snapshots import (
    HEAD,
    OTHER,
    RULES,
    approved,
    checks,
    claimed,
    issue,
    look,
    pull,
    remembered,
    run_decide,
)

WAITS = pull(8, 1, checks=(Check("test", "waiting"),))
REFUSED = remembered(1, attempts=2, verdict=Verdict(head=HEAD, approve=False, run_id=5))
STOPPED = remembered(1, attempts=2, stopped="2 attempts failed")


@pytest.mark.parametrize(
    ("shown", "claims", "conclusion", "title"),
    [
        (WAITS, Claims(), None, "Waits for checks: test"),
        (pull(8, 1), Claims(), None, "A fresh session reviews it"),
        (pull(8, 1), REFUSED, None, "It is being corrected"),
        (pull(8, 1), STOPPED, "action_required", "Needs a person: 2 attempts failed"),
        (pull(8, 1, draft=True), Claims(), "action_required", "#8 is a draft; mark it ready for review"),
        (pull(8, 1), approved(1), "success", "Every guard passes"),
        (
            pull(8, 1, labels=("bead", "review", "do-not-merge")),
            approved(1),
            "action_required",
            "Needs a person: blocking-label: labelled do-not-merge",
        ),
    ],
)
def test_it_is_in_progress_for_machines_and_red_for_people(
    shown: PullRequest, claims: Claims, conclusion: str | None, title: str
) -> None:
    (check,) = checks(run_decide(look(issue(1), pulls=(shown,), claims=claims)))
    assert (check.pull, check.head) == (8, HEAD)
    assert (check.conclusion, check.title) == (conclusion, title)
    assert "| guard |" in check.summary
    assert [one.identifier for one in check.buttons] == ["review", "hold"]


def test_where_a_person_merges_it_is_green_and_the_bead_asks() -> None:
    (check,) = checks(run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1), rules=Rules())))
    assert check.conclusion == "success"


def test_a_bead_on_hold_is_never_green() -> None:
    (check,) = checks(run_decide(look(issue(1, "hold"), pulls=(pull(8, 1),), claims=approved(1))))
    assert check.conclusion == "action_required"


def test_findings_are_annotations_at_their_lines() -> None:
    threads = (
        Thread("T_1", "a.py", 3, resolved=False, login="ann"),
        Thread("T_2", "b.py", None, resolved=False),
        Thread("T_3", "c.py", 4, resolved=True),
    )
    (check,) = checks(run_decide(look(issue(1), pulls=(pull(8, 1, threads=threads),), claims=REFUSED)))
    assert check.annotations == (Annotation("a.py", 3, "Unresolved thread", "ann waits for an answer here."),)


def shown_as(snapshot: Snapshot, check: PostCheck) -> Snapshot:
    return replace(snapshot, shown={check_key(check.head): shown_digest(check.text)})


def test_what_it_shows_already_is_not_written_again_and_another_head_is_another_check() -> None:
    snapshot = look(issue(1), pulls=(WAITS,))
    (check,) = checks(run_decide(snapshot))
    assert checks(run_decide(shown_as(snapshot, check))) == []
    moved = replace(snapshot, pulls=(replace(WAITS, head=OTHER),))
    assert [one.head for one in checks(run_decide(shown_as(moved, check)))] == [OTHER]


def test_a_head_that_is_just_brought_up_to_date_is_left_alone() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, behind=True),)))
    assert any(isinstance(one, UpdateBranch) for one in decision.after)
    assert checks(decision) == []


@pytest.mark.parametrize(("queue", "merging"), [(False, Merge), (True, Enqueue)])
def test_it_is_posted_before_anything_is_merged(queue: bool, merging: type[Action]) -> None:
    rules = replace(RULES, merge_queue=queue)
    ready = look(issue(1), pulls=(pull(8, 1),), claims=approved(1), rules=rules)
    kinds = [type(one) for one in run_decide(ready).after]
    assert kinds.index(PostCheck) < kinds.index(merging)


def test_where_rules_require_it_the_merge_waits_until_it_is_seen_green() -> None:
    rules = replace(RULES, checks=(*RULES.checks, RequiredCheck("beadwright", 7)))
    waits = look(issue(1), pulls=(pull(8, 1),), claims=approved(1), rules=rules)
    assert not any(isinstance(one, Merge) for one in run_decide(waits).after)
    green = (Check("test", "green"), Check("beadwright", "green", 7, ours=True))
    seen = replace(waits, pulls=(pull(8, 1, checks=green),))
    assert any(isinstance(one, Merge) for one in run_decide(seen).after)


def test_its_own_state_changes_nothing_in_it() -> None:
    plain = look(issue(1), pulls=(WAITS,), claims=claimed(1, role="reviewer"))
    (check,) = checks(run_decide(plain))
    ours = replace(WAITS, checks=(*WAITS.checks, Check("beadwright", "waiting", 7, ours=True)))
    assert checks(run_decide(shown_as(replace(plain, pulls=(ours,)), check))) == []
