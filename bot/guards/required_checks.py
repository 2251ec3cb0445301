"""Every check that the rules demand is there and green.

A missing check is not a check that did not fail: it is waited for. A job that was skipped because a job it
needs failed counts as failed, although GitHub takes it for success
(https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks).
Our own check is set aside: it is what we post when everything else passes.
"""

from __future__ import annotations

from bot.guards.facts import CheckFact, PullFacts
from bot.guards.result import GuardResult, quoted


def guard(facts: PullFacts) -> GuardResult:
    """Passes when each required check is present, from the right App, and green."""
    name = "required-checks"
    red: list[str] = []
    waiting: list[str] = []
    demanded = [(check, app) for check, app in facts.required if check != facts.own_check]
    for check, app in demanded:
        found = [one for one in facts.checks if one.name == check and app in (None, one.app_id)]
        if any(_failed(one) for one in found):
            red.append(check)
        elif not found or any(one.state == "waiting" for one in found):
            waiting.append(check)
    if red:
        return GuardResult(name, "block", f"not green: {quoted(red)}")
    if waiting:
        return GuardResult(name, "wait", f"not there yet: {quoted(waiting)}")
    if not demanded:
        return GuardResult(name, "pass", "the rules require no other check")
    return GuardResult(name, "pass", f"green: {quoted(check for check, _ in demanded)}")


def _failed(check: CheckFact) -> bool:
    return check.state == "red" or check.skipped_after_failure
