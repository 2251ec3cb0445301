"""Whether a bead is released: by its own label `ready`, or by that of an epic above it."""

from __future__ import annotations

from bot.beads.labels import Labels
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import Issue


def is_released(issue: Issue, issues: dict[int, Issue]) -> bool:
    """Whether somebody with the authority has released this bead."""
    seen: set[int] = set()
    current: Issue | None = issue
    while current is not None and current.number not in seen:
        if current.released:
            return True
        seen.add(current.number)
        current = issues.get(current.parent) if current.parent is not None else None
    return False


def rearm(issue: Issue, labels: Labels, issues: dict[int, Issue], draft: Draft) -> None:
    """Taking `ready` off, or putting `hold` on, is a person's answer to a stop: counting starts again."""
    known = draft.claims.history.get(issue.number)
    if known is None or not known.stopped or (is_released(issue, issues) and not labels.hold):
        return
    draft.claims = draft.claims.remember(issue.number, stopped=None, failures=0, rounds=0)
