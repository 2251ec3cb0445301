"""A draft says that its author is not done."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when the pull request is no draft."""
    if not facts.draft:
        return GuardResult("draft", "pass", "it is ready for review")
    return GuardResult("draft", "block", "it is a draft")
