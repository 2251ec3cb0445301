"""A pull request that is closed or merged is not merged again."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes while the pull request is open."""
    if facts.open:
        return GuardResult("open", "pass", "the pull request is open")
    return GuardResult("open", "block", "the pull request is not open")
