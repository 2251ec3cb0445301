"""Makes text from outside harmless: nothing hidden for a model to read, nothing for GitHub to act on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

GAP = "\u200b"  # what we put in ourselves, where a word must not be taken for a command
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
KEPT = frozenset("\n\t")
MENTION = re.compile(r"@(?=[A-Za-z0-9])")
CLOSING = re.compile(r"(?i)\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+[^\s#]{0,150})#(?=\d)")
CLOSING_LINK = re.compile(r"(?i)\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+)(?=https?://)")
COMMAND = re.compile(r"(?m)^(\s*)/(?=[A-Za-z])")
TAG = re.compile(r"<(?=[A-Za-z/!?])")
URL = re.compile(r"(?i)\b(https?|ftp)://[^\s<>\"')\]]+")
BARE = re.compile(r"(?i)\bwww\.(?=\S)")
RELATIVE = re.compile(r"(\]\s*[(:]\s*<?)(?=[/\\]{2})")


def reveal(text: str) -> str:
    """The text without what a reader of the page cannot see: comments, escapes, invisible characters.

    Invisible characters are shown as ``[U+202E]``, so that nobody wonders why a text looks odd.
    """
    return show_hidden(COMMENT.sub("", text))


def show_hidden(text: str) -> str:
    """Code or output with nothing hidden in it; comments stay, since they are part of it."""
    text = ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in KEPT or (character.isascii() and character.isprintable()):
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"):
        return f"[U+{ord(character):04X}]"
    if character in "\u115f\u1160\u3164\uffa0\u034f" or 0xFE00 <= ord(character) <= 0xFE0F:
        return f"[U+{ord(character):04X}]"
    return character


def neutralise(text: str, hosts: Iterable[str] = ()) -> str:
    """Text of a model as we may post it: it pings nobody, closes nothing, commands nothing, loads nothing.

    Args:
        text: Markdown by a model.
        hosts: where links may lead; others are shown and do not work.
    """
    allowed = frozenset(hosts)
    text = reveal(text)
    text = URL.sub(lambda found: _link(found.group(0), allowed), text)
    text = BARE.sub(f"www{GAP}.", text)
    text = RELATIVE.sub(rf"\1{GAP}", text)
    text = text.replace("![", f"!{GAP}[")
    text = TAG.sub(f"<{GAP}", text)
    text = CLOSING.sub(rf"\1#{GAP}", text)
    text = CLOSING_LINK.sub(rf"\1{GAP}", text)
    text = COMMAND.sub(rf"\1/{GAP}", text)
    return MENTION.sub(f"@{GAP}", text)


def _link(address: str, allowed: frozenset[str]) -> str:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    if host in allowed and "@" not in address.split("/")[2]:
        return address
    return address.replace("://", f":{GAP}//", 1)
