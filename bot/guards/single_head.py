"""A commit status belongs to a commit: two open pull requests on one head would borrow each other's (T6)."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when no other open pull request has the same head."""
    if not facts.twin_pulls:
        return GuardResult("single-head", "pass", "no other open pull request has this head")
    others = ", ".join(f"#{number}" for number in facts.twin_pulls)
    return GuardResult("single-head", "block", f"{others} has the same head")
