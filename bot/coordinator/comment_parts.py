"""What our comments are put together from, whatever they say: lists, folds, amounts, pages of runs."""

from __future__ import annotations

from collections.abc import Iterable

from bot.beads.policy import DOLLAR
from bot.coordinator.snapshot import Snapshot

LIMIT = 60_000
"""Characters of a comment that we use; GitHub takes 65,536."""
LISTED = 30
"""How many lines of a list are shown."""
WORKFLOW = "beadwright.yml"


def bullets(lines: Iterable[str]) -> str:
    """A Markdown list; a very long one is cut."""
    every = list(lines)
    more = len(every) - LISTED
    rest = [f"… and {more} more"] if more > 0 else []
    return "\n".join(f"- {line}" for line in [*every[:LISTED], *rest])


def folded(summary: str, content: str) -> str:
    """Content that is shown when somebody opens it."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def clipped(parts: Iterable[str]) -> str:
    """The parts that are there, one after the other, as long as there is room."""
    text = ""
    for part in filter(None, parts):
        if len(text) + len(part) + 2 > LIMIT:
            return f"{text}\n\n…"
        text = f"{text}\n\n{part}" if text else part
    return text


def dollars(amount: int) -> str:
    """Millionths of a dollar as people write them."""
    return f"${amount / DOLLAR:.2f}"


def run_page(snapshot: Snapshot, run_id: int) -> str:
    """The page of a run."""
    return f"{snapshot.server}/{snapshot.repository}/actions/runs/{run_id}"


def workflow_page(snapshot: Snapshot) -> str:
    """The page with all runs of beads."""
    return f"{snapshot.server}/{snapshot.repository}/actions/workflows/{WORKFLOW}"
