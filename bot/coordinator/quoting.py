"""What a model wrote, as the coordinator says it again: it pings nobody, closes nothing and hides nothing."""

from __future__ import annotations

import re

from bot.beads.body import completed
from bot.beads.visible_text import GAP, link_hosts, neutralise, one_line
from bot.coordinator.snapshot import Snapshot

BLOCK = re.compile(r"^(?=#{1,6}(?:\s|$)|```|~~~|>|[-+*]\s|[0-9]{1,9}[.)]\s|[-*_=]{2})")
"""A line of which CommonMark would make a heading, a fence, a quote, a list, a rule."""
LINE = 1_000
TITLE = 250
"""How many characters of a line, and of a title, are kept; GitHub takes 256 of a title."""
BODY = 50_000
"""How many characters of one text are kept; what is hidden in it is shown, and takes eight times its room."""
TAKEN = 65_536
"""How many characters GitHub takes of a body."""


def quoted(snapshot: Snapshot, text: str) -> str:
    """A text with its lines."""
    return neutralise(text, link_hosts(snapshot.server, snapshot.policy.link_hosts))


def harmless(snapshot: Snapshot, text: str, longest: int = BODY) -> str:
    """A text with its lines that leaves nothing open, so that what comes after it stays what it is; cut where
    it has more than `longest` characters once it is harmless."""
    clean = quoted(snapshot, text)
    return completed(clean if len(clean) <= longest else f"{clean[:longest]}\n\n…")


def quoted_line(snapshot: Snapshot, text: str, longest: int = LINE) -> str:
    """A text as one line, cut where it is too long."""
    return one_line(quoted(snapshot, text), longest)


def quoted_title(snapshot: Snapshot, text: str) -> str:
    """A title."""
    return quoted_line(snapshot, text, TITLE)


def listed_line(snapshot: Snapshot, text: str, longest: int = LINE) -> str:
    """A text of whoever wrote it as one line of a list, in which it begins no block of its own."""
    return BLOCK.sub(GAP, quoted_line(snapshot, text, longest))


def quotation(text: str) -> str:
    """A text that is harmless already as a quotation, which no fence in it outlasts."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
