"""What an epic asks for, one by one: the acceptance criteria of it and of its beads, and the requirements of
the specs that they cite. A reconciliation holds each of them against what was merged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.beads.answer_parts import Part
from bot.beads.body import parse_body
from bot.beads.spec_sections import MARKDOWN, anchor, cited
from bot.beads.visible_text import one_line, reveal

LONGEST = 250
REQUIREMENT = re.compile(r"requirement\b", re.IGNORECASE)
"""How OpenSpec begins the heading of a requirement."""


class Requirement(Part):
    """One thing that is asked for: where, as `coverage.py` writes it, and in which words."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Asking:
    """An issue that asks for something."""

    number: int
    title: str
    body: str


def requirements_of(
    issues: Iterable[Asking], document: Callable[[str], str | None]
) -> tuple[Requirement, ...]:
    """All that issues ask for, each source once.

    Args:
        issues: the epic, then its beads. One that names no criteria asks for itself as a whole.
        document: the text of a document by its path, or None. A section that is not there asks for nothing:
            nobody can tell what it would say.
    """
    found: dict[str, Requirement] = {}
    sections: dict[str, None] = {}
    for issue in issues:
        body = parse_body(issue.body)
        for one in _criteria(issue, body.acceptance):
            found.setdefault(one.source, one)
        sections |= dict.fromkeys(body.specs)
    for section in sections:
        path, heading = cited(section)
        text = document(path)
        for one in _spec_requirements(path, heading, text) if text is not None else ():
            found.setdefault(one.source, one)
    return tuple(found.values())


def _criteria(issue: Asking, acceptance: tuple[str, ...]) -> Iterator[Requirement]:
    if not acceptance:
        yield Requirement(source=f"#{issue.number}", text=_line(issue.title))
    for number, criterion in enumerate(acceptance, start=1):
        yield Requirement(source=f"#{issue.number}.{number}", text=_line(criterion))


def _spec_requirements(path: str, heading: str, text: str) -> Iterator[Requirement]:
    """The requirements in a section, or in a whole document; the section itself where it names none."""
    headings = list(_headings(text))
    start = next((at for at, (_, title) in enumerate(headings) if anchor(title) == heading), None)
    if heading and start is None:
        return
    inside = headings if start is None else [headings[start]]
    for level, title in headings[start + 1 :] if start is not None else ():
        if level <= inside[0][0]:
            break
        inside.append((level, title))
    named = [title for _, title in inside if REQUIREMENT.match(title)]
    for title in named:
        yield Requirement(source=f"{path}#{anchor(title)}", text=_line(title))
    if not named:
        source = f"{path}#{heading}" if heading else path
        yield Requirement(source=source, text=_line(inside[0][1] if inside else path))


def _headings(text: str) -> Iterator[tuple[int, str]]:
    for token, inline in pairwise(MARKDOWN.parse(text)):
        if token.type == "heading_open" and token.level == 0:
            yield int(token.tag[1]), " ".join(inline.content.split())


def _line(text: str) -> str:
    line = one_line(reveal(text)) or "(no text)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
