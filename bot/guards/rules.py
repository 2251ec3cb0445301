"""What protects the base branch must be known before anything is merged into it."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when rulesets and branch protection could be read."""
    if facts.rules_known:
        return GuardResult("rules", "pass", "the base branch's rules are known")
    return GuardResult("rules", "unknown", "the base branch's rules could not be read")
