"""Nothing goes onto a base branch that is broken, which would hide what broke it, but what mends it."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when the base branch's own checks are green, or this is there to make them so."""
    if facts.base_state == "green":
        return GuardResult("base-green", "pass", "the base branch is green")
    if facts.base_state == "red" and facts.mends_base:
        return GuardResult("base-green", "pass", "the base branch is red, and this mends it")
    if facts.base_state == "red":
        return GuardResult("base-green", "block", "the base branch is red")
    return GuardResult("base-green", "wait", "the base branch's checks have not ended")
