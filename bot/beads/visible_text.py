"""Makes text from outside harmless: nothing hidden for a model to read, nothing for GitHub to act on.

What GitHub would act on is broken by a gap, a character that shows nowhere; a reader sees the same words.
Links are judged by how CommonMark and GFM find them, which takes escapes, entities and odd spellings of an
address for links as well: what is not plainly an allowed one is none. Text that was made harmless once may
be made so again: `reveal` knows our own gaps and takes them away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

GAP = "\u200b"  # what we put in ourselves, where a word must not be taken for a command
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
KEPT = frozenset("\n\t")
OUR_GAP = re.compile(rf"(?i)(?:(?<=[@#/<!:&\]])|(?<=www)|(?<=GH-)){GAP}|{GAP}(?=https?://)")
MENTION = re.compile(r"@(?=[A-Za-z0-9])")
CLOSING = re.compile(
    r"(?i)\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b[:\s]*[^\s#]{0,150}?(?:#(?=\d)|GH-(?=\d)|(?=https?://)))"
)
COMMAND = re.compile(r"(?m)^(\s*)/(?=[A-Za-z])")
TAG = re.compile(r"<(?=[A-Za-z/!?])")
ENTITY = re.compile(r"&(?=(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
SCHEME = re.compile(r"(?i)(?:https?|ftp)\\?:\\?/\\?/")
HOST = re.compile(
    r"""(?i)https?://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?(?=[/?#]|[!"'()*,.;\]`>|}~]*(?:[\s<]|\Z))"""
)
BARE = re.compile(r"(?i)(www)(\\?\.)(?=\S)")
TARGET = re.compile(r"\](?=[(:][\s>]*<?([^\s)>]*))")
PLACE = re.compile(r"(?![/\\]{2})[A-Za-z0-9_./#?=%~+,-]*")
"""A link's target within the page's own site; it can hold neither a scheme nor an escape."""
SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180F), (0x17B4, 0x17B5))
"""Characters that choose how others look, and that carry any number of bytes without being seen."""


def reveal(text: str) -> str:
    """The text without what a reader of the page cannot see: comments, escapes, invisible characters.

    Invisible characters are shown as ``[U+202E]``, so that nobody wonders why a text looks odd.
    """
    return show_hidden(OUR_GAP.sub("", COMMENT.sub("", text)))


def show_hidden(text: str) -> str:
    """Code or output with nothing hidden in it; comments stay, since they are part of it."""
    text = ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in KEPT or (character.isascii() and character.isprintable()):
        return character
    code = ord(character)
    if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"):
        return f"[U+{code:04X}]"
    if character in "\u115f\u1160\u3164\uffa0\u034f" or any(
        first <= code <= last for first, last in SELECTORS
    ):
        return f"[U+{code:04X}]"
    return character


def neutralise(text: str, hosts: Iterable[str] = ()) -> str:
    """Text of a model as we may post it: it pings nobody, closes nothing, commands nothing, loads nothing.

    Args:
        text: Markdown by a model.
        hosts: where links may lead; others are shown and do not work.
    """
    allowed = frozenset(host.lower() for host in hosts)
    text = reveal(text)
    text = TARGET.sub(lambda found: _target(found, allowed), text)
    text = SCHEME.sub(lambda found: _scheme(found, allowed), text)
    text = BARE.sub(rf"\1{GAP}\2", text)
    text = text.replace("![", f"!{GAP}[")
    text = ENTITY.sub(f"&{GAP}", text)
    text = TAG.sub(f"<{GAP}", text)
    text = CLOSING.sub(_open, text)
    text = COMMAND.sub(rf"\1/{GAP}", text)
    return MENTION.sub(f"@{GAP}", text)


def link_hosts(server: str, named: Iterable[str] = ()) -> frozenset[str]:
    """Where links may lead: to the server's own pages (its URL), and to the hosts that a policy names."""
    own = _host(server)
    return frozenset(named) | ({own} if own else set())


def one_line(text: str, longest: int | None = None) -> str:
    """The text with every run of white space as one space: a title, or an item of a list; cut where it has
    more than `longest` characters."""
    line = " ".join(text.split())
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"


def _open(found: re.Match[str]) -> str:
    """A closing word and what it would close, kept apart."""
    return f"{found[1]}{GAP}"


def _target(found: re.Match[str], allowed: frozenset[str]) -> str:
    """The bracket before a link's target, kept apart from one that may not be followed."""
    return "]" if PLACE.fullmatch(found[1]) or _host(found[1]) in allowed else f"]{GAP}"


def _scheme(found: re.Match[str], allowed: frozenset[str]) -> str:
    """The scheme of an address, kept apart from a host that it may not lead to."""
    scheme = found.group(0)
    return scheme if _host(found.string, found.start()) in allowed else scheme.replace(":", f":{GAP}")


def _host(text: str, at: int = 0) -> str | None:
    """The host of the address that starts there, in lower case, where it is plainly one."""
    found = HOST.match(text, at)
    return found[1].lower() if found else None
