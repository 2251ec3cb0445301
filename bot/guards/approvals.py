"""The approvals that the base branch's rules demand."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult

WHO = "not mine, as I opened it: a person approves, or a second App that may write contents"


def guard(facts: PullFacts) -> GuardResult:
    """Passes with as many approvals of this head as the rules require."""
    reason = f"{facts.approvals} of {facts.required_approvals} required"
    if facts.approvals >= facts.required_approvals:
        return GuardResult("approvals", "pass", reason)
    # GitHub lets nobody approve their own pull request, Apps included.
    return GuardResult("approvals", "wait", f"{reason}; {WHO}")
