"""What an engine's events tell: the answer, the cost, why there is none, and a text for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

SHOWN = 2_000  # characters of one text, command or result in a transcript
TRANSCRIPT_LIMIT = 2_000_000  # characters; the end matters most


@dataclass(frozen=True, slots=True)
class Told:
    """All that was told when the program was over.

    `answer` is the structured answer's JSON. `fault` is a sentence about why there is none. `cost` is in
    millionths of a dollar, None when nothing was said about it.
    """

    answer: str | None = None
    fault: str | None = None
    cost: int | None = None


class Reader(Protocol):
    """Reads events one line at a time. It never raises: what it does not know, it passes over."""

    def take(self, line: str) -> None:
        """Take the next line in."""
        ...

    def told(self) -> Told:
        """What was told so far."""
        ...

    def transcript(self) -> str:
        """What was done so far, readable."""
        ...


class Transcript:
    """Lines for people, the newest `TRANSCRIPT_LIMIT` characters of them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def say(self, mark: str, text: str) -> None:
        """Add a text behind a mark that says whose it is; a long one is shortened in its middle."""
        shown = shorten(text.strip())
        if not shown:
            return
        line = f"{mark} {shown}".replace("\n", "\n  ")
        self._lines.append(line)
        self._size += len(line)
        while self._size > TRANSCRIPT_LIMIT:
            self._size -= len(self._lines.pop(0))

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines)


def shorten(text: str, limit: int = SHOWN) -> str:
    """A text with its middle left out where it is too long."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
