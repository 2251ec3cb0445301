"""Sections of documents, as a bead cites them: `path#heading`, by the heading's words or by its anchor."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark").disable("inline")  # what is within a line is not asked for


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document, from level 1 to 6, with the anchor that it has there; `line`, from 0, is where
    it begins."""

    level: int
    title: str
    anchor: str
    line: int


def outline(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown text in their order; what only looks like one in a code fence is none. One
    that was there before has a number behind its anchor, as on GitHub."""
    found: list[Heading] = []
    seen: Counter[str] = Counter()
    for token, inline in pairwise(MARKDOWN.parse(text)):
        if token.type == "heading_open" and token.map is not None:
            title = " ".join(inline.content.split())
            name = anchor(title)
            here = f"{name}-{seen[name]}" if seen[name] else name
            found.append(Heading(int(token.tag[1]), title, here, token.map[0]))
            seen[name] += 1
    return tuple(found)


def headings(text: str) -> tuple[str, ...]:
    """The titles of the headings of a Markdown text in their order."""
    return tuple(heading.title for heading in outline(text))


def section(text: str, where: str) -> str:
    """The section of a Markdown text whose heading has that anchor; the whole text when none has."""
    found = outline(text)
    start = next((one for one in found if one.anchor == where.lower()), None)
    if start is None:
        return text
    end = next((one.line for one in found if one.line > start.line and one.level <= start.level), None)
    return "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[start.line : end])


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading (its words in lower case, hyphens for spaces); of an anchor, the
    same. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links"""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def cited(section: str) -> tuple[str, str]:
    """The path of a cited section, and the anchor of its heading, which is empty where none is named."""
    path, _, heading = section.strip().strip("`").partition("#")
    return path.strip(), anchor(heading)
