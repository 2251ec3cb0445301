"""What an epic asks for, one by one: the acceptance criteria of it and of its beads, and the requirements of
the specs that they cite. A reconciliation holds each of them against what was merged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from bot.beads.answer_parts import Part
from bot.beads.body import parse_body
from bot.beads.spec_sections import cited, outline
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
    inside = list(outline(text))
    if heading:
        inside = list(dropwhile(lambda one: one.anchor != heading, inside))
        if not inside:
            return
        inside[1:] = takewhile(lambda one: one.level > inside[0].level, inside[1:])
    named = [one for one in inside if REQUIREMENT.match(one.title)]
    for one in named:
        yield Requirement(source=f"{path}#{one.anchor}", text=_line(one.title))
    if not named:
        source = f"{path}#{heading}" if heading else path
        yield Requirement(source=source, text=_line(inside[0].title if inside else path))


def _line(text: str) -> str:
    return one_line(reveal(text), LONGEST) or "(no text)"
