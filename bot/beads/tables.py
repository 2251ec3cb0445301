"""Tables in Markdown, with cells that hold any text."""

from __future__ import annotations

import re
from collections.abc import Iterable

BAR = re.compile(r"(\\*)\|")
"""A bar in a text, and the backslashes before it."""


def table_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table; no text ends its cell, whatever backslashes stand before a bar in it."""
    return f"| {' | '.join(BAR.sub(_escaped, cell) for cell in cells)} |"


def _escaped(bar: re.Match[str]) -> str:
    return rf"{2 * bar[1]}\|"
