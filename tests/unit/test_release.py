"""When a release counts, from snapshots that are written out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.beads.authority import Authority, Permission
from bot.beads.digest import digest
from bot.beads.policy import Policy
from bot.coordinator.claims import Claims
from bot.coordinator.decision import State
from bot.coordinator.history import Word
from bot.coordinator.snapshot import Edit, Issue, Thread
from tests.unit.snapshots import (
    HEAD,
    LIVE,
    NOW,
    OWN,
    PERSON,
    RELEASED,
    approved,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
)

BEFORE, AFTER, LATER = (RELEASED + timedelta(hours=hours) for hours in (-1, 1, 2))
PEOPLE = {
    PERSON: Permission.WRITE,
    "maya": Permission.MAINTAIN,
    "tom": Permission.TRIAGE,
    "sam": Permission.READ,
    "linter[bot]": Permission.WRITE,
}


def edited(*edits: tuple[str, datetime], **changes: object) -> Issue:
    made = tuple(Edit(login, at) for login, at in edits)
    return replace(issue(1), edits=made, **changes)  # type: ignore[arg-type]


def verdict(*issues: Issue, **changes: object) -> tuple[State, str, bool]:
    """State, first reason, and whether anything of the first one was dispatched."""
    decision = run_decide(look(*issues, **{"authority": PEOPLE, **changes}))
    found = decision.verdicts[issues[0].number]
    return found.state, next(iter(found.reasons), ""), bool(dispatches(decision))


# -- who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [PERSON, "maya", "linter[bot]"])
def test_ready_counts_by_who_put_it_on(login: str) -> None:
    assert verdict(replace(issue(1), released_by=login))[2]


@pytest.mark.parametrize("login", ["tom", "sam", "nobody", "ghost", OWN])
def test_ready_by_somebody_without_the_authority_releases_nothing_and_says_so(login: str) -> None:
    state, said, ran = verdict(replace(issue(1), released_by=login))
    assert (state, ran) == (State.PLANNED, False)
    assert "is not" in said
    assert login == OWN or f"@{login}" in said


def test_who_may_release_is_for_the_policy_to_say() -> None:
    policy = Policy(authority=Authority(release="maintain"))
    assert not verdict(issue(1), policy=policy)[2]
    assert verdict(replace(issue(1), released_by="maya"), policy=policy)[2]


def test_what_we_put_on_counts_for_the_person_whose_command_it_was() -> None:
    ours = replace(issue(1), released_by=OWN)
    assert verdict(ours, claims=remembered(1, release=Word(by="maya", at=BEFORE)))[2]
    assert not verdict(ours, claims=remembered(1, release=Word(by="tom", at=BEFORE)))[2]
    assert not verdict(ours, claims=Claims())[2]


def test_a_command_that_is_heard_right_now_counts_before_its_label_has_an_event() -> None:
    heard = replace(issue(1), released_by=None, ready_at=None)
    assert verdict(heard, claims=remembered(1, release=Word(by="maya", at=AFTER)))[2]
    late = replace(heard, edits=(Edit("sam", LATER),))
    assert not verdict(late, claims=remembered(1, release=Word(by="maya", at=AFTER)))[2]


def test_a_command_counts_on_top_of_somebody_elses_label_and_not_before_it() -> None:
    toms = replace(issue(1), released_by="tom")
    assert verdict(toms, claims=remembered(1, release=Word(by="maya", at=AFTER)))[2]
    assert not verdict(toms, claims=remembered(1, release=Word(by="maya", at=BEFORE)))[2]


def test_a_command_without_the_label_releases_nothing() -> None:
    assert not verdict(issue(1, released=False), claims=remembered(1, release=Word(by="maya", at=AFTER)))[2]


# -- edits --------------------------------------------------------------------------------------------------


def test_an_edit_by_a_stranger_after_the_release_ends_it_and_a_person_is_told_what_to_do() -> None:
    assert verdict(edited(("sam", AFTER))) == (
        State.NEEDS_HUMAN,
        "@sam, who has no authority here, edited it after @octo released it: read it and put `ready` on "
        "again",
        False,
    )


def test_a_maintainers_later_edit_does_not_hide_the_strangers() -> None:
    assert not verdict(edited(("sam", AFTER), ("maya", LATER)))[2]


@pytest.mark.parametrize("edit", [("sam", BEFORE), ("maya", AFTER), ("linter[bot]", AFTER), (OWN, AFTER)])
def test_edits_before_it_or_by_who_may_release_leave_it_alone(edit: tuple[str, datetime]) -> None:
    assert verdict(edited(edit))[2]


@pytest.mark.parametrize("login", ["tom", "ghost", "other[bot]", "sam[mannequin]"])
def test_whoever_may_not_release_ends_it_by_an_edit(login: str) -> None:
    assert not verdict(edited((login, AFTER)))[2]


def test_an_edit_in_the_very_second_of_the_release_counts() -> None:
    assert not verdict(edited(("sam", RELEASED)))[2]


def test_an_edit_between_a_command_and_our_label_counts() -> None:
    ours = edited(("sam", BEFORE), released_by=OWN)
    word = Word(by="maya", at=BEFORE - timedelta(minutes=1))
    assert not verdict(ours, claims=remembered(1, release=word))[2]


def test_a_release_given_again_counts_from_then() -> None:
    assert verdict(edited(("sam", AFTER), ready_at=LATER))[2]
    again = remembered(1, release=Word(by="maya", at=LATER))
    assert verdict(edited(("sam", AFTER)), claims=again)[2]


def test_more_edits_than_are_shown_end_it() -> None:
    assert not verdict(edited(edits_since=AFTER))[2]
    assert verdict(edited(edits_since=BEFORE))[2]


# -- epics --------------------------------------------------------------------------------------------------


def family(**changes: object) -> tuple[Issue, Issue]:
    child = replace(issue(2, released=False, parent=1), parent_by="maya", parent_since=BEFORE)
    return replace(child, **changes), issue(1, "epic", children=(2,))  # type: ignore[arg-type]


def test_an_epic_releases_the_children_that_it_had() -> None:
    assert verdict(*family())[2]
    assert verdict(*family(parent_by="tom"))[2]


def test_an_edit_of_a_child_after_the_epics_release_counts() -> None:
    state, said, ran = verdict(*family(edits=(Edit("sam", AFTER),)))
    assert (state, ran) == (State.NEEDS_HUMAN, False)
    assert "@sam, who has no authority here, edited it after @octo released it" in said


def test_a_child_that_a_stranger_puts_below_a_released_epic_needs_ready_itself() -> None:
    state, said, ran = verdict(*family(parent_by="tom", parent_since=AFTER))
    assert (state, ran) == (State.PLANNED, False)
    assert said == (
        "@tom, who has no authority here, put it below #1 after @octo released that: label it `ready` itself"
    )
    assert not verdict(*family(parent_by=OWN, parent_since=AFTER))[2]
    assert not verdict(*family(parent_by=None, parent_since=AFTER))[2]


def test_a_child_that_somebody_who_may_adds_is_released_as_they_saw_it() -> None:
    assert verdict(*family(parent_by="maya", parent_since=AFTER))[2]
    assert verdict(*family(parent_by="maya", parent_since=LATER, edits=(Edit("sam", AFTER),)))[2]
    assert not verdict(*family(parent_by="maya", parent_since=AFTER, edits=(Edit("sam", LATER),)))[2]


def test_an_epic_that_a_stranger_edited_releases_nothing_and_says_so() -> None:
    child, epic = family()
    decision = run_decide(look(child, replace(epic, edits=(Edit("sam", AFTER),)), authority=PEOPLE))
    assert dispatches(decision) == []
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert decision.verdicts[2].state is State.PLANNED


# -- what a run is given ------------------------------------------------------------------------------------


def test_a_claim_says_what_was_released_and_whose_words_may_be_read() -> None:
    bead = replace(issue(1), title="Say two", body="It says two.")
    reviewed = pull(8, 1, voices=("linter[bot]", "maya", OWN, "sam", "tom"))
    decision = run_decide(look(bead, pulls=(reviewed,), authority=PEOPLE))
    assert decision.claims is not None
    claim = decision.claims.live[1]
    assert claim.digest == digest("Say two", "It says two.")
    assert claim.trusted == (OWN, "linter[bot]", "maya")


def test_no_run_of_an_open_pull_request_starts_for_what_is_not_released_any_more() -> None:
    corrected = remembered(1, attempts=2, verdict={"head": HEAD, "approve": False, "run_id": 5})
    for claims in (Claims(), corrected):
        state, _, ran = verdict(edited(("sam", AFTER)), pulls=(pull(8, 1),), claims=claims)
        assert (state, ran) == (State.NEEDS_HUMAN, False)


def test_what_was_reviewed_before_it_was_edited_is_merged() -> None:
    state, _, _ = verdict(edited(("sam", AFTER)), pulls=(pull(8, 1),), claims=approved(1))
    assert state is State.MERGING


# -- threads ------------------------------------------------------------------------------------------------


def threads(*voices: str) -> tuple[Thread, ...]:
    return (Thread("T_1", "a.py", 1, resolved=False, login=voices[0], voices=voices),)


def test_a_thread_that_only_strangers_wrote_in_waits_for_a_person() -> None:
    one = pull(8, 1, threads=threads("sam"), voices=("sam",))
    assert verdict(issue(1), pulls=(one,), claims=approved(1)) == (
        State.NEEDS_HUMAN,
        "a thread at `a.py` is by @sam, who has no authority here: reply in it to have it worked on, or "
        "resolve it",
        False,
    )


@pytest.mark.parametrize("voices", [("sam", "maya"), ("maya",), (OWN,), ("linter[bot]",)])
def test_a_thread_that_somebody_who_may_spoke_in_is_worked_on(voices: tuple[str, ...]) -> None:
    one = pull(8, 1, threads=threads(*voices), voices=voices)
    assert verdict(issue(1), pulls=(one,), claims=approved(1))[2]


# -- edited between claim and run ---------------------------------------------------------------------------


def test_a_run_that_met_an_edited_bead_counts_as_no_attempt_and_the_edit_is_judged() -> None:
    stopped = ended(report=report(worker=None, head=None, failure="edited", edited=True, cost=0))
    claims = claimed(1, digest=digest("Bead 1", ""))
    met = look(edited(("sam", NOW)), runs=(stopped,), claims=claims, authority=PEOPLE)
    decision = run_decide(met)
    assert decision.claims is not None
    assert decision.claims.of(1).failures == 0
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    by_maya = edited(("maya", NOW), body="more")
    again = run_decide(look(by_maya, runs=(stopped,), claims=claims, authority=PEOPLE))
    assert again.claims is not None
    assert again.claims.live[1].digest == digest("Bead 1", "more")


def test_a_report_that_only_says_so_counts_as_a_failed_attempt() -> None:
    stopped = ended(report=report(worker=None, head=None, failure="edited", edited=True))
    claims = claimed(1, digest=digest("Bead 1", ""))
    decision = run_decide(look(issue(1), runs=(stopped,), claims=claims))
    assert decision.claims is not None
    assert decision.claims.of(1).failures == 1
    assert LIVE not in {claim.token for claim in decision.claims.live.values()}
