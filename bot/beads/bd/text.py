"""A row's long texts in an issue's body, and back.

The description comes first, then a section for each other text, and at the end markers that nobody sees: the
row's id and the times that GitHub would not take. A marker stands above each section too, because a
description may have headings of the same names: what is below the marker is the section, whatever it says. In
a body that was never imported there are no markers, and the headings count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

from markdown_it import MarkdownIt

from bot.beads.bd.lines import write_time
from bot.beads.markers import OPENING, read_marker, without_markers, write_marker

MARKDOWN = MarkdownIt("commonmark")
HEADINGS = {
    "acceptance": "Acceptance",
    "design": "Design",
    "notes": "Notes",
    "related": "Related",
    "closed": "Closed because",
}
"""The sections in the order in which they are written, and what their headings say."""

READ_BY_HEADING = {
    "acceptance": "acceptance",
    "acceptance criteria": "acceptance",
    "design": "design",
    "notes": "notes",
}
SECTION = re.compile(
    rf"^<!-- beadwright:bd-text=({'|'.join(HEADINGS)}) -->[ \t]*\n(?:[ \t]*\n)*(?:## [^\n]*(?:\n|\Z))?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a body says of a row. `related` are the edges of other types, `closed` is why it was closed."""

    description: str = ""
    acceptance: str = ""
    design: str = ""
    notes: str = ""
    related: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a body keeps of an issue's life before it was imported."""

    id: str
    created_at: datetime | None = None
    closed_at: datetime | None = None


def write_texts(texts: Texts, origin: Origin) -> str:
    """The body. Raises ValueError for texts with markers of ours, and for an id that cannot be in one."""
    parts = [_plain(texts.description)]
    for name, heading in HEADINGS.items():
        if text := _plain(getattr(texts, name)):
            parts.append(f"{write_marker('bd-text', name)}\n## {heading}\n\n{text}")
    times = {"bd-created": origin.created_at, "bd-closed": origin.closed_at}
    marks = [write_marker(key, write_time(time)) for key, time in times.items() if time is not None]
    return "\n\n".join(filter(None, (*parts, "\n".join([*marks, write_marker("bd", origin.id)]))))


def _plain(text: str) -> str:
    if OPENING in text:  # whatever comes next would end it
        raise ValueError("the text has a marker of ours in it")
    return text.strip()


def read_texts(body: str) -> tuple[Texts, Origin | None]:
    """What a body says, and where the issue came from; any text is one, if only a description.

    Other markers of ours, which the coordinator writes, are taken out.
    """
    body = body.replace("\r\n", "\n")
    key = read_marker(body, "bd")
    if key is None:
        return _by_headings(_seen(body)), None
    pieces = SECTION.split(body)
    texts = Texts(description=_seen(pieces[0]))
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        texts = replace(texts, **{name: _joined([getattr(texts, name), _seen(text)])})
    times = (_time(read_marker(body, f"bd-{what}")) for what in ("created", "closed"))
    return texts, Origin(key, *times)


def _seen(text: str) -> str:
    return without_markers(text).strip()


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, (text.strip() for text in texts)))


def _time(value: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _by_headings(text: str) -> Texts:
    """The sections with headings of the second level; the rest is the description."""
    lines = text.split("\n")
    heads = [
        (token.map[0], token.map[1], token.tag, " ".join(inline.content.lower().split()))
        for token, inline in pairwise(MARKDOWN.parse(text))
        if token.tag in ("h1", "h2") and token.level == 0 and token.nesting == 1 and token.map is not None
    ]
    ends = [*(head[0] for head in heads), None]
    found: dict[str, list[str]] = {"description": ["\n".join(lines[: ends[0]])]}
    for (first, after, tag, title), end in zip(heads, ends[1:], strict=True):
        name = READ_BY_HEADING.get(title) if tag == "h2" else None
        said = lines[first if name is None else after : end]
        found.setdefault(name or "description", []).append("\n".join(said))
    return Texts(**{name: _joined(said) for name, said in found.items()})
