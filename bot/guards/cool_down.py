"""Other review bots get the time that the policy grants them to say something."""

from __future__ import annotations

from bot.guards.facts import CoolDown, PullFacts
from bot.guards.result import GuardResult, quoted


def guard(facts: PullFacts) -> GuardResult:
    """Passes when no review bot is waited for any more."""
    waited_for = [bot.login for bot in facts.cool_down if _waits(bot)]
    if not waited_for:
        return GuardResult("cool-down", "pass", "no review bot is waited for")
    return GuardResult("cool-down", "wait", f"waiting for {quoted(waited_for)}")


def _waits(bot: CoolDown) -> bool:
    if bot.policy == "ignored" or bot.spoken:
        return False
    return bot.policy == "blocking" or bot.seconds_left > 0
