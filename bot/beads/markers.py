"""Hidden markers in what the bot writes: they make a lost answer findable, so that nothing is made twice."""

from __future__ import annotations

import re

KEY = re.compile(r"[a-z][a-z-]{0,30}")
OPENING = "<!-- beadwright:"
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


def write_marker(key: str, value: str) -> str:
    """An HTML comment that shows nowhere. Raises ValueError for what could end the comment early."""
    if not KEY.fullmatch(key) or not VALUE.fullmatch(value) or "--" in value:
        raise ValueError(f"{key}={value!r} cannot be a marker")
    return f"{OPENING}{key}={value} -->"


def mark(text: str, key: str, value: str) -> str:
    """The text with a marker below it."""
    return f"{text}\n\n{write_marker(key, value)}"


def unmark(text: str, key: str) -> str:
    """The text without the marker that `mark` put below it."""
    value = read_marker(text, key)
    return text.removesuffix(mark("", key, value)) if value is not None else text


def read_marker(text: str, key: str) -> str | None:
    """The value of the last marker of that key, or None."""
    found = re.findall(rf"{OPENING}{re.escape(key)}=({VALUE.pattern}) -->", text)
    return str(found[-1]) if found else None


def without_markers(text: str) -> str:
    """The text without markers of any key, those too that only come about when another is taken out."""
    while (less := re.sub(rf"{OPENING}.*?-->", "", text, flags=re.DOTALL)) != text:
        text = less
    return text
