"""What a bead must say before it is worked on."""

from __future__ import annotations

from dataclasses import replace

from bot.beads.policy import Policy
from bot.coordinator.decision import State
from tests.unit.snapshots import dispatches, issue, look, run_decide, said


def test_a_bead_that_lacks_what_it_must_say_waits_where_the_policy_enforces_it() -> None:
    enforced = Policy(gate="enforce")
    whole = "## Outcome\n\nx1\n\n## Acceptance\n\n1. x1\n\n## Scope\n\nx1\n\n## Verification\n\nx1\n"
    shaped = replace(issue(2), body=whole)
    decision = run_decide(look(issue(1), shaped, policy=enforced))
    assert dispatches(decision) == [(2, "worker")]
    assert decision.verdicts[1].state is State.BLOCKED
    assert "it lacks Outcome, Acceptance criteria, Scope, Verification" in decision.verdicts[1].reasons[0]


def test_a_bead_that_was_let_through_is_told_what_it_lacks_and_calls_nobody() -> None:
    decision = run_decide(look(replace(issue(1), body="## Outcome\n\nx1\n")))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.notes[1] == (
        "it lacks Acceptance criteria, Scope, Verification; what is assumed instead is written down",
    )
    assert said(decision) == []
