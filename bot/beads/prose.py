"""Lines of a Markdown text that are plain prose for whoever reads the page.

A line counts when it begins a paragraph of the text itself, or continues one: what is quoted, in a list, a
table or a heading, in code, in a comment or within HTML that is still open does not, and no more does what
begins within a link or emphasis, or with an escape. What is unclear is no prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

# GitHub has tables too. Without `text_join` an escaped character stays a token of its own.
MARKDOWN = MarkdownIt("commonmark").enable("table").disable("text_join")
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
ENDLESS = frozenset({*VOID, "p"})
"""Elements that nothing needs to close: what is void, and what the next paragraph closes."""
BREAKS = ("softbreak", "hardbreak")


def prose_lines(text: str) -> Iterator[str]:
    """The lines of prose that begin with a plain character, as they are read: code with its backticks, links
    by their text, without comments."""
    html = _OpenElements()
    opening: Token | None = None
    for token in MARKDOWN.parse(text):
        if token.type == "html_block":
            html.read(token.content)
        elif token.type == "inline":
            yield from _lines(token.children or [], html, counts=opening is not None and _is_prose(opening))
        opening = token


def _is_prose(opening: Token) -> bool:
    """Whether this opens a paragraph of the text itself; one above `---` or `===` makes a heading by that
    (often a signature follows), and is taken as it was meant."""
    underlined = opening.type == "heading_open" and opening.markup in ("-", "=")
    return opening.level == 0 and (opening.type == "paragraph_open" or underlined)


def _lines(children: list[Token], html: _OpenElements, *, counts: bool) -> Iterator[str]:
    line: list[str] | None = None
    starts = True
    for child in children:
        if child.type in BREAKS:
            if line is not None:
                yield "".join(line).strip()
            line, starts = None, True
            continue
        if starts:
            plain = child.type == "text" and child.level == 0 and html.none
            # An empty text stands before what has none; the line has not begun.
            starts = plain and not child.content
            if counts and plain and child.content:
                line = []
        if child.type == "html_inline":
            html.read(child.content)
        elif line is not None:
            line.append(_read(child))
    if line is not None:
        yield "".join(line).strip()


def _read(child: Token) -> str:
    if child.type == "code_inline":
        return f"{child.markup}{child.content}{child.markup}"
    return child.content


class _OpenElements(HTMLParser):
    """Which HTML elements are open at this place."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    @property
    def none(self) -> bool:
        """Whether no element is open."""
        return not self._open

    def read(self, html: str) -> None:
        """Go on with this piece, of whole tags and comments."""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in ENDLESS:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        # HTML knows no `<div/>`: it opens one.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]
