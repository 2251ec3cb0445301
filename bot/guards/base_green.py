"""Nothing goes onto a base branch that is broken: it would hide what broke it."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when the base branch's own checks are green."""
    if facts.base_state == "green":
        return GuardResult("base-green", "pass", "the base branch is green")
    if facts.base_state == "red":
        return GuardResult("base-green", "block", "the base branch is red")
    return GuardResult("base-green", "wait", "the base branch's checks have not ended")
