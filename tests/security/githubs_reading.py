"""What GitHub makes of a text that somebody posts, and what a reader of the page does not see of it.

Written from GitHub's documentation and the CommonMark and GFM specifications, not from our own code: it is
what the attacks are judged by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark")
PING = re.compile(r"(?<![\w/`])@([A-Za-z0-9][A-Za-z0-9-]*)")
CLOSES = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+((?:[\w.-]+/[\w.-]+)?#\d+|GH-\d+|https?://\S+/issues/\d+)"
)
COMMAND = re.compile(r"(?m)^[ \t]*(/[A-Za-z]\S*.*)$")
BARE = re.compile(r"(?i)(?:(?:https?|ftp)://|(?<![A-Za-z0-9./])www\.)([^\s<)\]]+)")
OURS = re.compile(r"<!-- beadwright:[a-z-]+=(?!forged)[A-Za-z0-9._:-]+ -->")
BROKEN = re.compile(r"(?i)(?:(?<=[@#/<!:&\]])|(?<=www)|(?<=GH-))\u200b|\u200b(?=https?://)")
"""Where we put a gap ourselves; there it carries nothing."""


def acts(text: str, server: str) -> Iterator[str]:
    """What GitHub does because of a body or comment: whom it pings, what it closes, loads, links and hides.

    `server` is the host whose links are harmless.
    """
    shown = OURS.sub("", text)
    yield from closed_by(shown)
    yield from hidden_in(shown)
    yield from (f"commands {found[1]}" for found in COMMAND.finditer(shown))
    for token in MARKDOWN.parse(shown):
        for part in (token, *(token.children or ())):
            yield from _of(part, server)


def closed_by(text: str) -> Iterator[str]:
    """What a body, or a commit message on the default branch, closes."""
    return (f"closes {found[1]}" for found in CLOSES.finditer(text))


def hidden_in(text: str) -> Iterator[str]:
    """Characters that nobody sees, and the comments in it."""
    for found in re.finditer(r"<!--(.*?)(?:-->|\Z)", text, re.DOTALL):
        yield f"hides {found[1].strip()}"
    for at, character in enumerate(BROKEN.sub("", text)):
        if character not in "\n\t" and (
            unicodedata.category(character) in ("Cc", "Cf", "Co") or 0xE0100 <= ord(character) <= 0xE01EF
        ):
            yield f"hides U+{ord(character):04X} at {at}"


def _of(part: Token, server: str) -> Iterator[str]:
    if part.type == "text":
        yield from (f"pings {found[1]}" for found in PING.finditer(part.content))
        yield from (f"leads {found[0]}" for found in BARE.finditer(part.content) if not _is(found[0], server))
    elif part.type == "link_open" and _leaves(str(part.attrs["href"]), server):
        yield f"leads {part.attrs['href']}"
    elif part.type == "image":
        yield f"loads {part.attrs['src']}"
    elif part.type in ("html_inline", "html_block"):
        yield f"shows {part.content.strip()}"


def _leaves(target: str, server: str) -> bool:
    # A browser drops what is before a path that begins with two slashes, and reads a backslash as one.
    parts = urlsplit(target.replace("\\", "/"))
    return bool(parts.scheme or parts.netloc) and not _is(target, server)


def _is(address: str, server: str) -> bool:
    try:
        return urlsplit(address).hostname == server
    except ValueError:
        return False
