"""What a bead must say before it is worked on, and what happens where it does not: warn, or wait."""

from __future__ import annotations

from functools import lru_cache

from bot.beads.body import missing, parse_body
from bot.beads.policy import Policy
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import Issue


def gate(policy: Policy, issue: Issue) -> str | None:
    """Why the bead waits to be shaped, or None."""
    lacking = _lacking(issue.body) if policy.gate == "enforce" else ()
    if not lacking:
        return None
    return f"it lacks {', '.join(lacking)}: write them into its text"


def warn(policy: Policy, issues: dict[int, Issue], draft: Draft) -> None:
    """Say of each bead that was let through what it lacks; its worker is told to write down what it assumed.

    Only those that have been worked on are read: the others are not let through yet.
    """
    for number, known in draft.claims.history.items():
        if policy.gate == "warn" and known.attempts and number in issues and number in draft.verdicts:
            lacking = _lacking(issues[number].body)
            if lacking:
                draft.note(number, f"it lacks {', '.join(lacking)}; what is assumed instead is written down")


@lru_cache(maxsize=4096)
def _lacking(body: str) -> tuple[str, ...]:
    """Read once for as long as it stays as it is: that takes a millisecond or two."""
    return missing(parse_body(body))
