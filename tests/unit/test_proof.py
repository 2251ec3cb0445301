"""A proof that an epic is done holds for what it was made about: what changes then is reconciled anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.beads.coverage import CoverageAnswer
from bot.coordinator.actions import Close, Reopen, Say
from bot.coordinator.coverage_comment import COVERAGE
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import Word
from bot.coordinator.snapshot import Ended, Issue, Snapshot
from tests.unit.snapshots import (
    NOW,
    PERSON,
    dispatches,
    ended,
    issue,
    look,
    report,
    run_decide,
    statuses,
)
from tests.unit.test_reconciling import GAP, MET

EPIC, FIRST, RECONCILES, REPORTS, ADDED = 3, 4, 7, 8, 9
OPEN = {"source": "#3.1", "status": "missing", "evidence": "Nothing sums."}


def bead(number: int, *labels: str) -> Issue:
    return replace(issue(number, *labels, released=False, parent=EPIC), parent_by=PERSON)


def here(*there: Issue, children: tuple[int, ...] = (FIRST, RECONCILES), **changes: Any) -> Snapshot:
    """An epic whose children are closed but for those that are there."""
    epic = issue(EPIC, "epic", children=tuple(dict.fromkeys((*children, *(one.number for one in there)))))
    known = {one.number for one in there}
    closed = {number: Ended(f"I_{number}", f"Bead {number}") for number in epic.children}
    closed = {number: one for number, one in closed.items() if number not in known}
    return look(epic, *there, closed=frozenset(closed), **{"ended": closed, **changes})


def reconciled(snapshot: Snapshot, *open_rows: dict[str, Any]) -> Snapshot:
    """The look after the bead that reconciles was claimed, has run, and what it found was recorded."""
    first = run_decide(snapshot)
    assert dispatches(first) == [(RECONCILES, "reconciler")]
    assert first.claims is not None
    claim = first.claims.live[RECONCILES]
    gaps = [GAP] if open_rows else []
    answer = CoverageAnswer.model_validate({"summary": "So.", "matrix": [MET, *open_rows], "gaps": gaps})
    told = report(
        bead=RECONCILES, role="reconciler", worker=None, head=None, token=claim.token, reconciler=answer
    )
    published = claim.model_copy(update={"stage": "published", "outcome": "proposed", "run_id": 5})
    claims = first.claims.model_copy(update={"live": {RECONCILES: published}})
    second = run_decide(replace(snapshot, claims=claims, runs=(ended(token=claim.token, report=told),)))
    assert second.claims is not None
    return replace(snapshot, claims=second.claims)


def proved(*more: Issue) -> Snapshot:
    """All is met, and the bead that showed it is closed."""
    snapshot = reconciled(here(bead(RECONCILES, "reconcile"), *more))
    decision = run_decide(snapshot)
    assert closes(decision) == [RECONCILES]
    assert decision.claims is not None
    return here(*more, claims=decision.claims)


def closes(decision: Decision) -> list[int]:
    return [one.number for one in decision.before if isinstance(one, Close)]


def opened(decision: Decision) -> list[int]:
    return [one.number for one in decision.before if isinstance(one, Reopen)]


def told(decision: Decision) -> dict[int, str]:
    said = (one for one in decision.before if isinstance(one, Say) and one.marker == COVERAGE)
    return {one.number: one.body for one in said}


def text_of_the_epic(snapshot: Snapshot) -> Snapshot:
    epic, *rest = snapshot.issues
    return replace(snapshot, issues=(replace(epic, body="It multiplies as well."), *rest))


def text_of_a_bead(snapshot: Snapshot) -> Snapshot:
    edited = Ended(f"I_{FIRST}", f"Bead {FIRST}", edited=NOW)
    return replace(snapshot, ended={**snapshot.ended, FIRST: edited})


def title_of_a_bead(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, ended={**snapshot.ended, FIRST: Ended(f"I_{FIRST}", "Multiply")})


def bead_that_was_added_closed(snapshot: Snapshot) -> Snapshot:
    epic, *rest = snapshot.issues
    epic = replace(epic, children=(*epic.children, ADDED))
    return replace(snapshot, issues=(epic, *rest), ended={**snapshot.ended, ADDED: Ended(f"I_{ADDED}")})


def bead_that_was_taken_out(snapshot: Snapshot) -> Snapshot:
    epic, *rest = snapshot.issues
    return replace(snapshot, issues=(replace(epic, children=(RECONCILES,)), *rest))


CHANGES = [
    text_of_the_epic,
    text_of_a_bead,
    title_of_a_bead,
    bead_that_was_added_closed,
    bead_that_was_taken_out,
]


def test_what_has_not_changed_ends_its_epic() -> None:
    assert closes(run_decide(proved())) == [EPIC]


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_since_it_was_proved_is_reconciled_anew_and_once(
    change: Callable[[Snapshot], Snapshot],
) -> None:
    decision = run_decide(change(proved()))
    assert closes(decision) == []
    assert opened(decision) == [RECONCILES]
    assert decision.verdicts[EPIC].state is State.BLOCKED
    why = "its text, that of a bead below it, or which beads these are has changed since"
    assert decision.verdicts[EPIC].reasons == (f"it is reconciled anew by #{RECONCILES}: {why}",)
    assert {number: why in body for number, body in told(decision).items()} == {EPIC: True, RECONCILES: True}
    assert decision.claims is not None
    again = decision.claims.of(EPIC).reconciliation
    assert again is not None
    assert (again.bead, again.generation, again.proved) == (RECONCILES, 1, False)
    after = reconciled(change(here(bead(RECONCILES, "reconcile"), claims=decision.claims)))
    last = run_decide(after)
    assert (opened(last), closes(last)) == ([], [RECONCILES])
    assert last.claims is not None
    assert closes(run_decide(change(here(claims=last.claims)))) == [EPIC]


@pytest.mark.parametrize("which", [FIRST, ADDED], ids=["reopened", "added"])
def test_a_bead_that_is_open_again_or_new_is_waited_for_and_its_epic_reconciled_anew(which: int) -> None:
    decision = run_decide(replace(here(bead(which)), claims=proved().claims))
    assert opened(decision) == [RECONCILES]
    assert f"#{which} is open below it" in told(decision)[EPIC]
    assert dispatches(decision) == [(which, "worker")]
    waits = run_decide(here(bead(which), bead(RECONCILES, "reconcile"), claims=decision.claims))
    assert waits.verdicts[RECONCILES].reasons == (f"blocked by #{which}, which is open",)
    assert (opened(waits), told(waits)) == ([], {})
    assert "Done" not in statuses(waits)[RECONCILES]
    then = here(bead(RECONCILES, "reconcile"), children=(FIRST, which, RECONCILES), claims=decision.claims)
    assert dispatches(run_decide(then)) == [(RECONCILES, "reconciler")]


def test_what_was_proved_and_has_changed_before_its_bead_was_closed_is_not_closed() -> None:
    snapshot = reconciled(here(bead(RECONCILES, "reconcile")))
    decision = run_decide(text_of_the_epic(snapshot))
    assert (closes(decision), opened(decision)) == ([], [])
    assert dispatches(decision) == [(RECONCILES, "reconciler")]


def test_an_edit_while_it_is_reconciled_is_looked_at_once_more() -> None:
    snapshot = here(bead(RECONCILES, "reconcile"))
    edited = text_of_the_epic(snapshot)
    after = replace(reconciled(snapshot), issues=edited.issues)
    assert dispatches(run_decide(after)) == [(RECONCILES, "reconciler")]


def test_a_report_that_is_closed_and_what_archives_its_change_take_no_proof_back() -> None:
    reports = bead(REPORTS, "report")
    snapshot = proved(reports)
    assert dispatches(run_decide(snapshot)) == [(REPORTS, "worker")]
    archive = replace(bead(ADDED), markers=(f"bead={EPIC}-archive",))
    children = (FIRST, RECONCILES, REPORTS)
    decision = run_decide(here(archive, children=children, claims=snapshot.claims))
    assert opened(decision) == []
    assert decision.claims is not None
    assert closes(run_decide(here(children=(*children, ADDED), claims=decision.claims))) == [EPIC]


def test_a_report_waits_until_its_epic_is_reconciled_anew() -> None:
    reports = bead(REPORTS, "report")
    snapshot = text_of_the_epic(proved(reports))
    again = bead(RECONCILES, "reconcile")
    first = run_decide(snapshot)
    assert (opened(first), dispatches(first)) == ([RECONCILES], [])
    second = run_decide(here(reports, again, claims=first.claims))
    assert second.verdicts[REPORTS].reasons == (f"blocked by #{RECONCILES}, which is open",)


def test_a_generation_is_not_lost_by_it_and_none_is_won() -> None:
    snapshot = proved()
    found = snapshot.claims.of(EPIC).reconciliation
    assert found is not None
    last = found.model_copy(update={"generation": 3})
    claims = snapshot.claims.remember(EPIC, reconciliation=last)
    decision = run_decide(text_of_the_epic(replace(snapshot, claims=claims)))
    again = bead(RECONCILES, "reconcile", "gen-3")
    after = reconciled(text_of_the_epic(here(again, claims=decision.claims)), OPEN)
    verdict = run_decide(after).verdicts[RECONCILES]
    assert verdict.state is State.NEEDS_HUMAN
    assert "no further generation is planned" in verdict.reasons[0]


def test_what_is_proved_of_a_bead_that_was_moved_away_is_left_to_a_person() -> None:
    epic, *_ = text_of_the_epic(proved()).issues
    snapshot = replace(proved(), issues=(replace(epic, children=(FIRST,)),))
    first = run_decide(snapshot)
    assert (opened(first), closes(first)) == ([], [])
    assert first.claims is not None
    second = run_decide(replace(snapshot, claims=first.claims))
    assert second.verdicts[EPIC].state is State.NEEDS_HUMAN


def test_an_epic_is_not_closed_while_a_bead_of_it_is_being_undone() -> None:
    word = Word(by=PERSON, at=NOW - timedelta(seconds=5))
    snapshot = proved()
    decision = run_decide(replace(snapshot, claims=snapshot.claims.remember(FIRST, undo=word)))
    assert closes(decision) == []
