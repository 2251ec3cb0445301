"""What is merged is exactly what was reviewed: a verdict is about one head and expires with it."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when the reviewer approved the very head that would be merged."""
    name = "reviewed-head"
    if facts.reviewed_head is None:
        return GuardResult(name, "wait", f"{facts.head[:10]} has not been reviewed")
    if facts.reviewed_head != facts.head:
        reason = f"{facts.reviewed_head[:10]} was reviewed, the head is now {facts.head[:10]}"
        return GuardResult(name, "wait", reason)
    if not facts.approved:
        return GuardResult(name, "block", f"the reviewer asks for corrections at {facts.head[:10]}")
    return GuardResult(name, "pass", f"{facts.head[:10]} was reviewed and approved")
