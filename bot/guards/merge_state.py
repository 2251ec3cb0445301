"""Head and base go together without a conflict."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when GitHub has worked out that the merge is clean. It computes that in the background."""
    name = "merge-state"
    if facts.mergeable == "clean":
        return GuardResult(name, "pass", "no conflicts")
    if facts.mergeable == "conflict":
        return GuardResult(name, "block", "it conflicts with the base branch")
    return GuardResult(name, "unknown", "GitHub has not worked out yet whether it conflicts")
