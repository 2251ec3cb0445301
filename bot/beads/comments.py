"""HTML comments in Markdown: what nobody who reads the page can see, and a model would."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark")


def without_comments(text: str) -> str:
    """The text without HTML comments, which no reader of the page sees; those in code are shown, and stay."""
    lines = text.split("\n")
    for token in reversed(MARKDOWN.parse(text)):
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        first, after = token.map
        block = "\n".join(lines[first:after])
        if token.type == "html_block":
            block = re.sub(r"<!--.*?(?:-->|\Z)", _gap, block, flags=re.DOTALL)
        for child in token.children or ():
            if child.type == "html_inline" and child.content.startswith("<!--"):
                block = re.sub(_across_lines(child.content), _gap, block, count=1)
        lines[first:after] = block.split("\n")
    return "\n".join(lines)


def _gap(comment: re.Match[str]) -> str:
    """What a comment leaves: nothing, unless what stands around it would become the next one."""
    return " " if re.search("<!?-?$", comment.string[: comment.start()][-3:]) else ""


def _across_lines(comment: str) -> str:
    """A pattern for a comment whose lines may have list or quote marks before them in the source."""
    return r"\n[>\s]*".join(re.escape(line.strip()) for line in comment.split("\n"))
