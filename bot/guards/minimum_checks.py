"""No check at all is no proof: at least so many must have looked at the head, whatever the rules demand."""

from __future__ import annotations

from bot.guards.facts import PullFacts
from bot.guards.result import GuardResult


def guard(facts: PullFacts) -> GuardResult:
    """Passes when at least `min_checks` checks by others are green."""
    green = sum(
        check.state == "green" and not check.ours and not check.skipped_after_failure
        for check in facts.checks
        if check.name != facts.own_check
    )
    reason = f"{green} green, at least {facts.min_checks} wanted"
    return GuardResult("minimum-checks", "pass" if green >= facts.min_checks else "wait", reason)
