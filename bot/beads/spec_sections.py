"""Sections of documents, as a bead cites them: `path#heading`, by the heading's words or by its anchor."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark")


def headings(text: str) -> tuple[str, ...]:
    """The headings of a Markdown text in their order; what only looks like one in a code fence is none."""
    return tuple(
        " ".join(inline.content.split())
        for token, inline in pairwise(MARKDOWN.parse(text))
        if token.type == "heading_open"
    )


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading (its words in lower case, hyphens for spaces); of an anchor, the
    same. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links"""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def cited(section: str) -> tuple[str, str]:
    """The path of a cited section, and the anchor of its heading, which is empty where none is named."""
    path, _, heading = section.strip().strip("`").partition("#")
    return path.strip(), anchor(heading)
