"""Nothing that anybody said about the code is left open."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes with zero unresolved review threads, people's and other bots' included."""
    if facts.unresolved_threads == 0:
        return GuardResult("threads", "pass", "no review thread is unresolved")
    what = "thread is" if facts.unresolved_threads == 1 else "threads are"
    return GuardResult("threads", "block", f"{facts.unresolved_threads} review {what} unresolved")
