"""What a model wrote, as the coordinator says it again: it pings nobody, closes nothing and hides nothing."""

from __future__ import annotations

from bot.beads.visible_text import link_hosts, neutralise, one_line
from bot.coordinator.snapshot import Snapshot

LINE = 1_000
TITLE = 250
"""How many characters of a line, and of a title, are kept; GitHub takes 256 of a title."""


def quoted(snapshot: Snapshot, text: str) -> str:
    """A text with its lines."""
    return neutralise(text, link_hosts(snapshot.server, snapshot.policy.link_hosts))


def quoted_line(snapshot: Snapshot, text: str, longest: int = LINE) -> str:
    """A text as one line, cut where it is too long."""
    line = one_line(quoted(snapshot, text))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def quoted_title(snapshot: Snapshot, text: str) -> str:
    """A title."""
    return quoted_line(snapshot, text, TITLE)
