"""A label by which anybody with triage rights stops a merge."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult, quoted


def guard(facts: PullFacts) -> GuardResult:
    """Passes without any of the labels that the policy names."""
    if not facts.blocking_labels:
        return GuardResult("blocking-label", "pass", "no label stops it")
    return GuardResult("blocking-label", "block", f"labelled {quoted(facts.blocking_labels)}")
