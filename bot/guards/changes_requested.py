"""Somebody who asked for changes takes that back themselves."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult, quoted


def guard(facts: PullFacts) -> GuardResult:
    """Passes when nobody's last word is a request for changes."""
    name = "changes-requested"
    if not facts.changes_requested_by:
        return GuardResult(name, "pass", "nobody asks for changes")
    return GuardResult(name, "block", f"changes requested by {quoted(facts.changes_requested_by)}")
