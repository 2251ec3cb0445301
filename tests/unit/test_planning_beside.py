"""Runs that plan go beside those that deliver: neither takes a place of the other, nor its pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.policy import DOLLAR, Budget, Pace, Policy
from bot.coordinator.claims import Claim, Claims, Going
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Planning, Word
from bot.coordinator.snapshot import Issue, Snapshot
from tests.unit.snapshots import (
    BASE,
    LIVE,
    NOW,
    comment,
    dispatches,
    ended,
    issue,
    look,
    run_decide,
    said,
)
from tests.unit.test_hear import heard, replies

WORD = Word(by="ada", at=NOW - timedelta(minutes=5), comment=7)
ASKED = Planning(role="writer", word=WORD)


def goal(number: int) -> Issue:
    """An issue to be planned, not released."""
    return replace(issue(number, released=False), body="Words are counted.")


def wanted(number: int) -> tuple[Issue, Claims]:
    """The same, with the wish that somebody has said."""
    return goal(number), Claims(history={number: History(planning=ASKED)})


def planned_beside(claims: Claims, bead: int = 9, **changes: object) -> Claims:
    """With a run that plans under way."""
    claim = Claim.model_validate(
        {"role": "writer", "attempt": 1, "token": LIVE, "base": BASE, "since": NOW - timedelta(minutes=1)}
        | changes
    )
    return claims.claim(bead, claim).remember(bead, planning=ASKED)


def why(decision: Decision, bead: int) -> str:
    return "; ".join(decision.verdicts[bead].reasons)


def failing(claims: Claims, **policy: object) -> Snapshot:
    """The run that plans #9 has ended without anything."""
    run = ended(report=None, artifacts_read=True, conclusion="failure")
    return look(goal(9), claims=claims, runs=(run,), policy=Policy.model_validate(dict(policy)))


def test_delivery_decides_the_same_with_and_without_a_run_that_plans() -> None:
    beads = [issue(number) for number in range(1, 6)]
    alone = run_decide(look(*beads))
    beside = run_decide(look(*beads, goal(9), claims=planned_beside(Claims())))
    assert dispatches(alone) == dispatches(beside) == [(1, "worker"), (2, "worker"), (3, "worker")]
    for number in range(1, 6):
        assert alone.verdicts[number] == beside.verdicts[number]


def test_all_workers_being_busy_keeps_nothing_from_being_planned() -> None:
    to_plan, claims = wanted(9)
    decision = run_decide(look(*(issue(number) for number in range(1, 6)), to_plan, claims=claims))
    assert sorted(dispatches(decision)) == [(1, "worker"), (2, "worker"), (3, "worker"), (9, "writer")]


def test_a_proposal_that_a_whole_day_has_no_money_for_says_what_to_do() -> None:
    claims = Claims(history={9: History(planning=ASKED.model_copy(update={"role": "direction"}))})
    decision = run_decide(look(goal(9), claims=claims, policy=Policy(budget=Budget(day=5.0))))
    assert dispatches(decision) == []
    assert "never has: raise `budget.day` in the policy" in why(decision, 9)


def test_only_so_many_plan_at_once_and_the_next_says_what_it_waits_for() -> None:
    claims = planned_beside(Claims(history={8: History(planning=ASKED)}))
    decision = run_decide(look(goal(8), goal(9), claims=claims))
    assert dispatches(decision) == []
    assert decision.verdicts[8].state is State.READY
    assert "all 1 places for planning are taken" in why(decision, 8)


@pytest.mark.parametrize(
    ("pace", "going", "base"),
    [
        ({"quiet": ["00:00-23:59"]}, Going(), "green"),
        ({"beads_per_day": 1}, Going(begun={NOW.date(): 1}), "green"),
        ({}, Going(left=0), "green"),
        ({}, Going(), "red"),
    ],
    ids=["quiet hours", "beads per day", "run N", "red base"],
)
def test_what_keeps_beads_from_beginning_keeps_nothing_from_being_planned(
    pace: Mapping[str, object], going: Going, base: str
) -> None:
    to_plan, claims = wanted(9)
    policy = Policy(pace=Pace.model_validate(dict(pace)))
    decision = run_decide(
        look(
            issue(1),
            to_plan,
            claims=claims.model_copy(update={"going": going}),
            policy=policy,
            base_state=base,
        )
    )
    assert dispatches(decision) == [(9, "writer")]
    assert decision.claims is not None
    assert decision.claims.going == going


def test_a_pause_stops_planning_too() -> None:
    to_plan, claims = wanted(9)
    paused = claims.model_copy(update={"going": Going(paused=WORD)})
    decision = run_decide(look(to_plan, claims=paused))
    assert dispatches(decision) == []
    assert "the repository is paused by @ada" in why(decision, 9)


def test_a_day_s_ceiling_holds_for_both_and_planning_leaves_room_for_a_run_that_delivers() -> None:
    to_plan, claims = wanted(9)
    dear = Policy(budget=Budget(day=10, run=5))
    cheap = claims.model_copy(update={"spent": {NOW.date(): 1_000_000}})
    decision = run_decide(look(to_plan, claims=cheap, policy=dear))
    assert dispatches(decision) == []
    assert "$10.00 leaves no room beside a run that delivers: $1.00 are spent" in why(decision, 9)
    both = run_decide(look(to_plan, issue(1), claims=cheap, policy=dear))
    assert dispatches(both) == [(1, "worker")]
    assert dispatches(run_decide(look(to_plan, claims=claims, policy=dear))) == [(9, "writer")]


def test_a_proposal_reserves_a_run_for_each_of_its_sessions() -> None:
    asked = ASKED.model_copy(update={"role": "direction"})
    decision = run_decide(look(goal(9), claims=Claims(history={9: History(planning=asked)})))
    assert decision.claims is not None
    assert decision.claims.live[9].reserved == 7 * DOLLAR
    small = Policy(budget=Budget(day=7))
    decision = run_decide(look(goal(9), policy=small, claims=Claims(history={9: History(planning=asked)})))
    assert dispatches(decision) == []
    assert "it reserves $8.00" in why(decision, 9)
    assert "raise `budget.day` in the policy" in why(decision, 9)


def test_a_bead_that_was_planned_as_one_begins_when_its_worker_does() -> None:
    claims = Claims(history={1: History(attempts=2, planned=2)}, going=Going(left=1))
    decision = run_decide(look(issue(1), issue(2), claims=claims))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.claims is not None
    assert decision.claims.live[1].attempt == 3
    assert decision.claims.going.left == 0
    assert decision.claims.of(1).begun
    assert not planned_beside(Claims()).of(9).begun


def test_a_run_that_plans_and_fails_is_tried_again_and_is_no_failure_of_the_bead_or_the_repository() -> None:
    going = Going(failures=2)
    claims = planned_beside(Claims(going=going))
    decision = run_decide(failing(claims))
    assert decision.claims is not None
    known = decision.claims.of(9)
    assert (known.failures, known.stopped, decision.claims.going) == (0, None, going)
    assert known.planning is not None
    assert known.planning.failures == 1
    assert dispatches(decision) == [(9, "writer")]


def test_what_cannot_be_planned_is_told_to_who_asked_and_not_tried_for_ever() -> None:
    decision = run_decide(failing(planned_beside(Claims()), attempts=1))
    assert dispatches(decision) == []
    assert decision.verdicts[9].state is State.NEEDS_HUMAN
    assert "1 attempt failed; our comment" in why(decision, 9)
    (told,) = (one.body for one in said(decision) if one.marker == "person-1")
    assert told.startswith("@ada: this bead needs a person")
    assert decision.claims is not None
    again = run_decide(look(goal(9), claims=decision.claims))
    assert dispatches(again) == []
    assert again.verdicts[9] == decision.verdicts[9]


def test_ready_lets_a_bead_do_without_the_plan_that_failed_and_retry_has_it_tried_again() -> None:
    stopped = ASKED.model_copy(update={"failures": 3, "stopped": "3 attempts failed"})
    claims = Claims(history={1: History(attempts=3, planned=3, planning=stopped)})
    ready = run_decide(heard(comment("/bead ready"), claims=claims))
    assert (1, "worker") in dispatches(ready)
    retried = run_decide(heard(comment("/bead retry"), claims=claims, issues=(goal(1), issue(2))))
    assert dispatches(retried)[0] == (1, "writer")


def test_what_a_planned_bead_waits_for_is_answered_with_the_places_of_its_own() -> None:
    claims = planned_beside(Claims(history={1: History(planning=ASKED)}))
    decision = run_decide(heard(comment("/bead why"), claims=claims, issues=(goal(1), issue(2))))
    (told,) = replies(decision)
    assert "planning: 1 of 1 places are taken" in told
    assert "workers: 1 of 3 are busy" in told
