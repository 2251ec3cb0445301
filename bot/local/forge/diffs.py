"""Reading the hunks of one file's diff: which lines it shows, where a line went. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Side = Literal["LEFT", "RIGHT"]
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a hunk: its number before and after (None where it is not), the patch's row, from 0."""

    row: int
    old: int | None
    new: int | None


def diff_lines(patch: str | None) -> Iterator[DiffLine]:
    """Every line that the hunks show, in order."""
    old = new = 0
    for row, text in enumerate((patch or "").split("\n")):
        hunk = HUNK.match(text)
        if hunk:
            old, new = int(hunk[1]), int(hunk[2])
        elif text.startswith("+"):
            yield DiffLine(row, None, new)
            new += 1
        elif text.startswith("-"):
            yield DiffLine(row, old, None)
            old += 1
        elif text.startswith(" "):
            yield DiffLine(row, old, new)
            old, new = old + 1, new + 1


def find_line(patch: str | None, side: Side, line: int) -> DiffLine | None:
    """The row of the diff that shows a line of the old (LEFT) or new (RIGHT) file."""
    return next(
        (shown for shown in diff_lines(patch) if (shown.old if side == "LEFT" else shown.new) == line), None
    )


def line_at(patch: str | None, position: int) -> tuple[Side, int] | None:
    """The line at a `position`: rows below the first hunk's header, which is how old clients count."""
    for shown in diff_lines(patch):
        if shown.row == position:
            return ("LEFT", shown.old or 0) if shown.new is None else ("RIGHT", shown.new)
    return None


def hunk_to(patch: str | None, row: int) -> str:
    """A review comment's `diff_hunk`: from the hunk's header to the row."""
    rows = (patch or "").split("\n")[: row + 1]
    start = max((number for number, text in enumerate(rows) if HUNK.match(text)), default=0)
    return "\n".join(rows[start:])


def moved_line(patch: str | None, line: int) -> int | None:
    """Where a line of the old file stands in the new one; None when it was taken away or changed."""
    shift = 0
    for shown in diff_lines(patch):
        if shown.old == line:
            return shown.new
        if shown.old is None:
            shift += 1
        elif shown.old > line:
            break
        elif shown.new is None:
            shift -= 1
    return line + shift
