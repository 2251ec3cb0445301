"""What was tested is what the base branch will hold: the head contains the whole base."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when the base branch has nothing that the head lacks, or a merge queue sees to that."""
    name = "base-current"
    if facts.merge_queue:
        return GuardResult(name, "pass", "the merge queue tests it on the newest base")
    if facts.behind is None:
        return GuardResult(name, "unknown", "it is not known whether the head contains the base branch")
    if facts.behind:
        return GuardResult(name, "wait", "the base branch has moved on")
    return GuardResult(name, "pass", "the head contains the base branch")
