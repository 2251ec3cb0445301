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
    """A heading of a document, from level 1 to 6, with the anchor that it has there."""

    level: int
    title: str
    anchor: str


def outline(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown text in their order; what only looks like one in a code fence is none. One
    that was there before has a number behind its anchor, as on GitHub."""
    found: list[Heading] = []
    seen: Counter[str] = Counter()
    for token, inline in pairwise(MARKDOWN.parse(text)):
        if token.type == "heading_open":
            title = " ".join(inline.content.split())
            name = anchor(title)
            found.append(Heading(int(token.tag[1]), title, f"{name}-{seen[name]}" if seen[name] else name))
            seen[name] += 1
    return tuple(found)


def headings(text: str) -> tuple[str, ...]:
    """The titles of the headings of a Markdown text in their order."""
    return tuple(heading.title for heading in outline(text))


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading (its words in lower case, hyphens for spaces); of an anchor, the
    same. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links"""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def cited(section: str) -> tuple[str, str]:
    """The path of a cited section, and the anchor of its heading, which is empty where none is named."""
    path, _, heading = section.strip().strip("`").partition("#")
    return path.strip(), anchor(heading)
