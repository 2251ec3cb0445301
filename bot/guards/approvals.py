"""The approvals that the base branch's rules demand."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes with as many approvals of this head as the rules require."""
    reason = f"{facts.approvals} of {facts.required_approvals} required"
    return GuardResult("approvals", "pass" if facts.approvals >= facts.required_approvals else "wait", reason)
