"""Beads that reconcile an epic, generations of its beads, and when an epic is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.beads.coverage import CoverageAnswer
from bot.beads.policy import Policy
from bot.coordinator.actions import Close, CreateBead, Say
from bot.coordinator.approving import approve
from bot.coordinator.claims import Claims
from bot.coordinator.coverage_comment import ACCEPTED, COVERAGE
from bot.coordinator.decision import Decision, Draft, State
from bot.coordinator.history import History, Planning, Reconciliation, Word
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.reconciling import accept
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, ShownText, Snapshot
from tests.unit.snapshots import (
    NOW,
    PERSON,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    report,
    run_decide,
    saying,
)

EPIC, BEAD, RECONCILES, REPORTS = 3, 4, 7, 8
MET: dict[str, Any] = {
    "source": "#4.1",
    "text": "It adds.",
    "status": "met",
    "pulls": [14],
    "files": ["a.py"],
}
OPEN: dict[str, Any] = {"source": "#3.1", "status": "missing", "evidence": "Nothing sums, says @maya."}
GAP: dict[str, Any] = {
    "title": "Add the sums",
    "covers": [2],
    "outcome": "It sums.",
    "context": "The tally adds and does not sum.",
    "acceptance": ["It sums two numbers."],
    "scope": "Only the tally.",
    "verification": "`make test` passes.",
}


def epic(*children: int, **changes: Any) -> Issue:
    return replace(issue(EPIC, "epic", children=children or (BEAD, RECONCILES)), **changes)


def reconciles(*labels: str, number: int = RECONCILES) -> Issue:
    return replace(issue(number, "reconcile", *labels, released=False, parent=EPIC), parent_by=PERSON)


def here(*issues: Issue, **changes: Any) -> Snapshot:
    known = {one.number for one in issues}
    return look(*issues, **{"closed": frozenset({BEAD} - known), **changes})


def found(matrix: list[dict[str, Any]], *gaps: dict[str, Any], **changes: Any) -> Any:
    answer = CoverageAnswer.model_validate({"summary": "So.", "matrix": matrix, "gaps": list(gaps)})
    values = {"bead": RECONCILES, "role": "reconciler", "worker": None, "head": None, "reconciler": answer}
    return ended(report=report(**{**values, **changes}))


def claim(**changes: Any) -> Claims:
    return claimed(RECONCILES, "reconciler", stage="published", outcome="proposed", run_id=5, **changes)


def settled(*runs: Any, labels: tuple[str, ...] = (), **changes: Any) -> tuple[Snapshot, Decision]:
    """The pass in which the run of the bead that reconciles is counted in."""
    snapshot = here(epic(), reconciles(*labels), claims=claim(), runs=runs, **changes)
    return snapshot, run_decide(snapshot)


def after(snapshot: Snapshot, decision: Decision, **changes: Any) -> Snapshot:
    """The look that follows, once the claims have moved."""
    assert decision.claims is not None
    return replace(snapshot, claims=decision.claims, runs=(), **changes)


def told(decision: Decision, marker: str) -> dict[int, str]:
    return {one.number: one.body for one in decision.before if isinstance(one, Say) and one.marker == marker}


def closes(decision: Decision) -> list[int]:
    return [one.number for one in decision.before if isinstance(one, Close)]


def stands(**changes: Any) -> Reconciliation:
    return Reconciliation(
        bead=RECONCILES, **{"run_id": 5, "rows": 2, "open": 1, "left": ("#3.1",), **changes}
    )


def remembering(reconciliation: Reconciliation, **history: Any) -> Claims:
    known = {EPIC: History(reconciliation=reconciliation, **history)}
    return Claims(history=known)


def test_what_was_found_for_one_epic_proves_nothing_of_another_that_its_bead_was_moved_below() -> None:
    moved = replace(reconciles(), parent_since=NOW)
    snapshot = here(epic(), moved, claims=claim(since=NOW - timedelta(minutes=5)), runs=(found([MET]),))
    decision = run_decide(snapshot)
    assert decision.claims is not None
    known = decision.claims.of(EPIC).reconciliation
    assert known is None or known.run_id is None
    assert closes(decision) == []
    assert told(decision, COVERAGE) == {}


# -- when it runs -------------------------------------------------------------------------------------------
def test_a_bead_that_reconciles_is_done_by_a_run_of_its_own_role_in_a_place_for_planning() -> None:
    snapshot = here(epic(), reconciles(), issue(9), policy=Policy(workers=1, gate="enforce"))
    assert dispatches(run_decide(snapshot)) == [(RECONCILES, "reconciler")]
    busy = replace(snapshot, claims=claimed(9, "writer"), policy=Policy(workers=5))
    decision = run_decide(busy)
    assert dispatches(decision) == []
    assert decision.verdicts[RECONCILES].reasons == ("all 1 places for planning are taken",)


def test_it_waits_for_every_bead_of_its_epic_whatever_its_labels_say() -> None:
    decision = run_decide(here(epic(), issue(BEAD, "hold", parent=EPIC), reconciles()))
    assert dispatches(decision) == []
    assert decision.verdicts[RECONCILES].reasons == (f"blocked by #{BEAD}, which is open",)


def test_a_report_waits_for_the_reconciliation_and_that_not_for_the_report() -> None:
    reports = issue(REPORTS, "report", released=False, parent=EPIC)
    decision = run_decide(here(epic(BEAD, RECONCILES, REPORTS), reconciles(), reports))
    assert dispatches(decision) == [(RECONCILES, "reconciler")]
    assert decision.verdicts[REPORTS].reasons == (f"blocked by #{RECONCILES}, which is open",)
    last = run_decide(here(epic(BEAD, RECONCILES, REPORTS), reports))
    assert dispatches(last) == [(REPORTS, "worker")]
    assert last.claims is not None
    assert last.claims.live[REPORTS].report


def test_a_report_without_an_epic_is_a_bead_like_others() -> None:
    decision = run_decide(look(issue(1, "report")))
    assert decision.claims is not None
    assert not decision.claims.live[1].report


def test_beads_that_wait_for_what_reconciles_them_are_a_deadlock_that_is_told() -> None:
    waits = issue(BEAD, f"blocked-by:#{RECONCILES}", parent=EPIC)
    decision = run_decide(here(epic(), waits, reconciles()))
    assert "deadlock" in decision.verdicts[BEAD].reasons[-1]
    assert dispatches(decision) == []


def test_without_an_epic_there_is_nothing_to_reconcile() -> None:
    decision = run_decide(look(issue(1, "reconcile")))
    assert dispatches(decision) == []
    assert decision.verdicts[1].reasons == ("it reconciles no epic: make it a sub-issue of one",)


# -- all is met ---------------------------------------------------------------------------------------------
def test_when_all_is_met_the_bead_is_closed_and_then_its_epic() -> None:
    snapshot, first = settled(found([MET]))
    assert told(first, COVERAGE)[RECONCILES].startswith(
        "**Reconciled** · all that is asked for is met · [run]("
    )
    assert told(first, COVERAGE)[EPIC].startswith("**Reconciled** · all that is asked for is met")
    assert closes(first) == []  # the claims do not say so yet
    second = run_decide(after(snapshot, first))
    assert closes(second) == [RECONCILES]
    assert second.verdicts[RECONCILES].reasons == ("all that its epic asks for is met",)
    third = run_decide(here(epic(), claims=second.claims))
    assert closes(third) == [EPIC]
    assert third.verdicts[EPIC].reasons == (
        "all its 2 children are closed",
        f"all that it asks for is met (#{RECONCILES})",
    )
    said = [one.body for one in (*third.before, *third.after) if isinstance(one, Say) and one.number == EPIC]
    assert any(f"- all that it asks for is met (#{RECONCILES})" in body for body in said)


def test_what_a_model_says_of_an_epic_calls_nobody_and_breaks_no_table() -> None:
    harm = {**MET, "text": "a | b", "files": ["x`y|z"], "evidence": "@maya closes #1"}
    _, decision = settled(found([harm, {**OPEN, "evidence": "@maya | fixes #1\n\n/bead approve"}], GAP))
    for body in told(decision, COVERAGE).values():
        assert "@maya" not in body
        assert "fixes #1" not in body
    rows = [line for line in told(decision, COVERAGE)[RECONCILES].splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_a_summary_that_leaves_something_open_swallows_no_table() -> None:
    answer = CoverageAnswer.model_validate({"summary": "So:\n\n```\nx", "matrix": [MET]})
    run = ended(report=report(bead=RECONCILES, role="reconciler", worker=None, head=None, reconciler=answer))
    _, decision = settled(run)
    assert "```\nx\n```\n\n|" in told(decision, COVERAGE)[RECONCILES]


def test_a_matrix_that_is_too_long_for_a_comment_leaves_out_what_is_met() -> None:
    many = [{**MET, "source": f"#4.{row}", "text": "x" * 250} for row in range(1, 400)]
    _, decision = settled(found([*many, OPEN], GAP))
    body = told(decision, COVERAGE)[RECONCILES]
    assert len(body) < 60_000
    assert "`git fetch origin refs/beadwright/coverage/3`, then `git show FETCH_HEAD` shows all of it" in body
    assert "`#3.1`" in body


# -- gaps ---------------------------------------------------------------------------------------------------
def test_what_is_not_met_is_proposed_with_a_bead_that_reconciles_it_again() -> None:
    snapshot, decision = settled(found([MET, OPEN], GAP))
    assert decision.claims is not None
    assert decision.claims.of(EPIC).reconciliation == stands()
    planning = decision.claims.of(RECONCILES).planning
    assert planning is not None
    assert (planning.role, planning.stage, planning.generation, planning.run_id) == (
        "reconciler",
        "shown",
        2,
        5,
    )
    where = f"The whole table is on #{RECONCILES}, and so is what can be done about the rest."
    assert told(decision, COVERAGE)[EPIC].startswith("**Reconciled** · 1 of the 2 things asked for are met")
    assert told(decision, COVERAGE)[EPIC].endswith(where)
    shown = told(decision, PLAN)[RECONCILES]
    assert "**2 beads are proposed**" in shown
    assert "| 2 | Reconcile the epic again | reconcile |" in shown
    assert closes(decision) == []
    waits = run_decide(after(snapshot, decision)).verdicts[RECONCILES]
    assert waits.state is State.NEEDS_HUMAN


def test_a_gap_that_cannot_be_a_bead_is_not_proposed() -> None:
    _, decision = settled(found([MET, OPEN], {**GAP, "acceptance": []}))
    assert decision.claims is not None
    planning = decision.claims.of(RECONCILES).planning
    assert planning is not None
    assert planning.stopped is not None
    assert "may not be made" in planning.stopped
    assert decision.claims.of(EPIC).reconciliation == stands()


def proposed(*more: Issue, **changes: Any) -> Snapshot:
    """The gaps are shown, and their report is at hand."""
    run = found([MET, OPEN], GAP)
    snapshot, decision = settled(run)
    known = after(snapshot, decision, reports={5: run.report}, issues=(*snapshot.issues, *more))
    planning = known.claims.of(RECONCILES).planning
    assert planning is not None
    return replace(known, **{"proposals": {RECONCILES: ShownText(planning.said, NOW)}, **changes})


def say(
    name: str, snapshot: Snapshot, text: str = "", numbers: tuple[int, ...] = (), on: int = RECONCILES
) -> Said:
    known = saying(name, text, numbers)
    about = next(one for one in snapshot.issues if one.number == on)
    comment = replace(known.comment, number=on, bead=on, login=PERSON)
    return replace(known, comment=comment, snapshot=snapshot, issue=about)


@pytest.mark.parametrize("places", [(), (1,)], ids=["all", "the gap alone"])
def test_gaps_are_never_made_without_what_reconciles_them(places: tuple[int, ...]) -> None:
    snapshot = proposed()
    draft = Draft(snapshot.claims)
    assert approve(say("approve", snapshot, numbers=places), draft).done
    planning = draft.claims.of(RECONCILES).planning
    assert planning is not None
    assert (planning.stage, planning.chosen) == ("approved", (1, 2))


def test_gaps_of_one_epic_are_not_made_below_another_that_their_bead_was_moved_below() -> None:
    other = issue(2, "epic", children=(RECONCILES,))
    snapshot = proposed()
    moved = tuple(
        replace(one, parent=2) if one.number == RECONCILES else replace(one, children=(BEAD,))
        for one in snapshot.issues
    )
    snapshot = replace(snapshot, issues=(*moved, other))
    draft = Draft(snapshot.claims.remember(2, reconciliation=Reconciliation(bead=RECONCILES)))
    refused = approve(say("approve", snapshot), draft)
    assert not refused.done
    assert "found for another epic" in refused.reply


def approved() -> Snapshot:
    snapshot = proposed()
    draft = Draft(snapshot.claims)
    approve(say("approve", snapshot), draft)
    return replace(snapshot, claims=draft.claims)


def made(number: int, place: int, *labels: str) -> Issue:
    known = issue(number, *labels, released=False, parent=EPIC)
    return replace(known, markers=(f"bead={RECONCILES}-5-p{place}",), parent_by="beadwright[bot]")


def test_what_is_approved_becomes_the_next_generation_below_the_epic() -> None:
    decision = run_decide(approved())
    (create,) = [one for one in decision.before if isinstance(one, CreateBead)]
    assert (create.title, create.parent) == ("Add the sums", EPIC)
    assert "gen-2" in create.labels
    assert "Planned on #7" in create.body
    gap = made(20, 1, "task", "P2", "complexity:medium", "gen-2")
    snapshot = approved()
    whole = replace(snapshot, issues=(epic(BEAD, RECONCILES, 20), *snapshot.issues[1:], gap))
    decision = run_decide(whole)
    (again,) = [one for one in decision.before if isinstance(one, CreateBead)]
    assert {"reconcile", "gen-2", "blocked-by:#20"} <= set(again.labels)
    assert decision.verdicts[20].state is State.BLOCKED  # nothing begins before all is there


def later() -> Snapshot:
    """All that was approved is there."""
    snapshot = approved()
    gap = made(20, 1, "task", "P2", "complexity:medium", "gen-2")
    again = made(21, 2, "reconcile", "P2", "complexity:medium", "gen-2", "blocked-by:#20")
    return replace(snapshot, issues=(epic(BEAD, RECONCILES, 20, 21), reconciles(), gap, again))


def test_once_all_is_made_the_old_bead_is_closed_and_the_new_one_speaks_for_the_epic() -> None:
    snapshot = later()
    first = run_decide(snapshot)
    assert first.claims is not None
    assert first.claims.of(EPIC).reconciliation == Reconciliation(bead=21, generation=2, ends=(RECONCILES,))
    second = run_decide(replace(snapshot, claims=first.claims))
    assert closes(second) == [RECONCILES]
    assert second.verdicts[RECONCILES].reasons == ("#21 reconciles its epic now",)
    assert dispatches(second) == [(20, "worker")]
    assert second.verdicts[21].reasons == ("blocked by #20, which is open",)


def test_the_last_generation_proposes_nothing_more() -> None:
    snapshot, decision = settled(found([MET, OPEN], GAP), labels=("gen-3",))
    assert told(decision, PLAN) == {}
    verdict = run_decide(after(snapshot, decision)).verdicts[RECONCILES]
    assert verdict.state is State.NEEDS_HUMAN
    assert verdict.reasons[0].startswith(
        "1 of 2 that the epic asks for are not met, and no further generation is planned: `/bead accept`"
    )


def test_a_policy_may_allow_fewer_generations() -> None:
    policy = Policy.model_validate({"planning": {"generations": 1}})
    _, decision = settled(found([MET, OPEN], GAP), policy=policy)
    assert told(decision, PLAN) == {}


def test_after_the_last_generation_a_new_release_has_it_reconciled_anew() -> None:
    snapshot, decision = settled(found([MET, OPEN], GAP), labels=("gen-3",))
    waits = after(snapshot, decision)
    again = replace(reconciles("gen-3", "ready"), released_by=PERSON, ready_at=NOW + timedelta(hours=1))
    waits = replace(waits, issues=(epic(), again))
    assert dispatches(run_decide(waits, NOW + timedelta(hours=2))) == [(RECONCILES, "reconciler")]


# -- accepted -----------------------------------------------------------------------------------------------
def exhausted() -> Snapshot:
    snapshot, decision = settled(found([MET, OPEN], GAP), labels=("gen-3",))
    return after(snapshot, decision)


@pytest.mark.parametrize("on", [RECONCILES, EPIC])
@pytest.mark.parametrize("begin", [proposed, exhausted], ids=["gaps are shown", "no generation is left"])
def test_what_is_open_is_accepted_written_down_and_ends_the_epic(begin: Any, on: int) -> None:
    snapshot = begin()
    draft = Draft(snapshot.claims)
    assert accept(say("accept", snapshot, "Next year, says @maya", on=on), draft).done
    (written,) = [one for one in draft.before if isinstance(one, Say)]
    assert (written.number, written.marker) == (EPIC, ACCEPTED)
    assert written.body.startswith("**Accepted** · `@octo` lets this epic end as it is: Next year")
    assert "@maya" not in written.body
    assert "1 of 2 that the epic asks for are not met: `#3.1`." in written.body
    second = run_decide(replace(snapshot, claims=draft.claims))
    assert closes(second) == [RECONCILES]
    third = run_decide(here(epic(), claims=second.claims))
    assert closes(third) == [EPIC]
    reasons = third.verdicts[EPIC].reasons
    assert reasons[1] == "1 of 2 that the epic asks for are not met, which @octo accepted"


@pytest.mark.parametrize(
    ("claims", "on", "why"),
    [
        (Claims(), RECONCILES, "Nothing that a reconciliation left open waits"),
        (remembering(stands()), BEAD, "Nothing that a reconciliation left open waits"),
        (remembering(Reconciliation(bead=RECONCILES)), EPIC, "It is not known yet what is open: #7"),
        (remembering(stands(open=0)), EPIC, "Nothing is open: #7 has shown that all is met."),
    ],
)
def test_what_is_not_known_to_be_open_is_not_accepted(claims: Claims, on: int, why: str) -> None:
    snapshot = here(epic(), issue(BEAD, parent=EPIC), reconciles(), claims=claims)
    answer = accept(say("accept", snapshot, on=on), Draft(claims))
    assert not answer.done
    assert why in answer.reply


def test_what_is_being_mended_is_not_accepted() -> None:
    snapshot = approved()
    answer = accept(say("accept", snapshot), Draft(snapshot.claims))
    assert (answer.done, answer.reply) == (False, "#7 is at it again: `/bead why` there says how far it is.")


# -- by hand ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("known", "why"),
    [
        (
            Reconciliation(bead=RECONCILES),
            "#7, which reconciles it, was closed or moved by hand: nothing is proved.",
        ),
        (stands(), "moved by hand with 1 of 2 that the epic asks for are not met: nothing is proved."),
    ],
)
def test_a_bead_that_was_closed_by_hand_proves_nothing(known: Reconciliation, why: str) -> None:
    decision = run_decide(here(epic(), claims=remembering(known)))
    assert closes(decision) == []
    assert decision.verdicts[EPIC].state is State.NEEDS_HUMAN
    assert why in decision.verdicts[EPIC].reasons[0]


def test_an_epic_whose_bead_was_closed_by_hand_ends_when_that_is_accepted() -> None:
    snapshot = here(epic(), claims=remembering(Reconciliation(bead=RECONCILES)))
    draft = Draft(snapshot.claims)
    assert accept(say("accept", snapshot, on=EPIC), draft).done
    (written,) = [one for one in draft.before if isinstance(one, Say)]
    assert "nothing is proved of it" in written.body
    decision = run_decide(replace(snapshot, claims=draft.claims))
    assert closes(decision) == [EPIC]
    assert decision.verdicts[EPIC].reasons[1] == "nothing is proved of it, which @octo accepted"


def test_an_epic_that_waits_for_a_person_says_so_in_its_own_status() -> None:
    known = remembering(Reconciliation(bead=RECONCILES)).remember(EPIC, shown=True)
    decision = run_decide(here(epic(), claims=known))
    said = [one.body for one in (*decision.before, *decision.after) if isinstance(one, Say)]
    (status,) = [body for body in said if "**2 of 2** done" in body]
    assert "a person has to act on this epic" in status
    assert f"- #{RECONCILES}, which reconciles it, was closed or moved by hand" in status


def test_that_an_epic_is_reconciled_is_remembered_before_anybody_closes_the_bead() -> None:
    decision = run_decide(here(epic(), issue(BEAD, parent=EPIC), reconciles()))
    assert decision.claims is not None
    assert decision.claims.of(EPIC).reconciliation == Reconciliation(bead=RECONCILES)


def test_a_bead_of_the_same_generation_takes_the_place_of_one_that_was_closed_by_hand() -> None:
    claims = remembering(Reconciliation(bead=RECONCILES))
    decision = run_decide(here(epic(BEAD, RECONCILES, 9), reconciles(number=9), claims=claims))
    assert decision.claims is not None
    assert decision.claims.of(EPIC).reconciliation == Reconciliation(bead=9)


def test_an_epic_that_nothing_reconciles_is_closed_with_its_children() -> None:
    decision = run_decide(here(epic(BEAD)))
    assert closes(decision) == [EPIC]
    assert decision.verdicts[EPIC].reasons == ("all its 1 children are closed",)


def test_a_bead_that_lost_its_epic_while_it_ran_is_stopped() -> None:
    orphan = replace(issue(RECONCILES, "reconcile"), parent=None)
    decision = run_decide(here(orphan, claims=claim(), runs=(found([MET]),)))
    assert decision.claims is not None
    assert decision.claims.of(RECONCILES).stopped == "it reconciles no epic: make it a sub-issue of one"


def test_runs_that_come_to_nothing_stop_it_as_any_bead() -> None:
    claims = claim().remember(RECONCILES, failures=2)
    failing = found([], reconciler=None, failure="it left no answer")
    claims = claims.model_copy(update={"live": {7: claims.live[7].model_copy(update={"outcome": "failed"})}})
    decision = run_decide(here(epic(), reconciles(), claims=claims, runs=(failing,)))
    assert decision.verdicts[RECONCILES].state is State.NEEDS_HUMAN
    assert "3 attempts failed" in decision.verdicts[RECONCILES].reasons[0]


def test_what_waits_for_a_yes_says_so_in_its_status() -> None:
    claims = remembering(stands()).remember(
        RECONCILES, planning=Planning(role="reconciler", word=Word(by="", at=NOW), stage="shown", run_id=5)
    )
    snapshot = here(epic(), reconciles(), claims=claims)
    decision = run_decide(snapshot)
    status = [
        one for one in (*decision.before, *decision.after) if isinstance(one, Say) and one.marker == "status"
    ]
    assert any("`/bead accept` lets the epic end with what is open" in one.body for one in status)
