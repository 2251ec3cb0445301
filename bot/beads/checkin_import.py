"""A review that was made elsewhere, by another model or a person, read into the form of a check-in.

It is pasted below `/bead checkin import`, and is material: nothing in it is a command. One form is read by
code alone: whatever is said first (the summary), then a Markdown table with the columns `category`, `score`,
`reason` and `evidence`, and nothing after it but a heading `Findings` with one heading for each finding,
below which stand the sections of a bead (`body.py`). Any other text is for a session to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import ValidationError

from bot.beads.body import missing, parse_body
from bot.beads.checkin import CATEGORIES, Category, CheckinAnswer
from bot.beads.commands import is_import, read_commands
from bot.beads.digest import digest
from bot.beads.plan import PlannedBead

MARKDOWN = MarkdownIt("commonmark").enable("table")
LONGEST = 60_000
"""How many characters of a review are read; GitHub takes 65,536 of a comment."""
NAMES: dict[str, Category] = {
    **{category: category for category in CATEGORIES},
    "spec": "specs",
    "specification": "specs",
    "specifications": "specs",
    "test": "tests",
    "documentation": "docs",
    "doc": "docs",
    "testing": "tests",
    "ops": "operations",
    "vision": "doctrine",
}
"""What reviews call the sides of a project."""
SCORE = re.compile(r"(10|[0-9])(?:\s*/\s*10)?")
PLACES = re.compile(r"[\s,;]+")


def pasted(comment: str) -> str:
    """What stands below the command that has it imported; nothing where a comment holds no such command."""
    lines = comment.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for at, line in enumerate(lines):
        if "import" not in line.lower():
            continue
        read = read_commands("\n".join(lines[: at + 1]))
        if read and is_import(read[-1]):
            return "\n".join(lines[at + 1 :]).strip()
    return ""


def import_note(review: str) -> str:
    """What is remembered of a review until it is read: that one is brought, and which."""
    return f"import {digest('', review)}"


def is_import_note(text: str) -> bool:
    """Whether this is such a note."""
    return re.fullmatch(r"import [0-9a-f]{64}", text) is not None


def read_review(text: str) -> CheckinAnswer | None:
    """The check-in that a text in the documented form is; None when it has another form, or says more than
    that form holds."""
    tokens = MARKDOWN.parse(text)
    tables = [token for token in tokens if token.type == "table_open" and token.level == 0]
    if len(tables) != 1 or tables[0].map is None:
        return None
    begin, end = tables[0].map
    lines = text.split("\n")
    rows = list(_rows(tokens))
    findings = _findings("\n".join(lines[end:]))
    if findings is None or not rows or not {"category", "score"} <= set(rows[0]):
        return None
    try:
        return CheckinAnswer.model_validate(
            {
                "summary": "\n".join(lines[:begin]).strip(),
                "scores": tuple(_score(row) for row in rows),
                "findings": findings,
            }
        )
    except ValidationError:
        return None


def _rows(tokens: Sequence[Token]) -> Iterator[dict[str, str]]:
    """The rows of the one table, by the names of its columns."""
    names: list[str] = []
    cells: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "tr_open":
            cells = []
        elif token.type in ("th_open", "td_open"):
            cells.append(tokens[at + 1].content.strip())
        elif token.type == "tr_close" and not names:
            names = [cell.strip("*_ ").lower() for cell in cells]
        elif token.type == "tr_close":
            yield dict(zip(names, cells, strict=False))


def _score(row: dict[str, str]) -> dict[str, object]:
    said = SCORE.fullmatch(_plain(row["score"]))
    category = _plain(row["category"]).lower()
    places = [_plain(place) for place in PLACES.split(row.get("evidence", ""))]
    return {
        "category": NAMES.get(category, category),
        "score": int(said[1]) if said is not None else row["score"],
        "reason": row.get("reason", "") or "No reason is given.",
        "evidence": tuple(place for place in places if place not in ("", "-", "–")),  # noqa: RUF001
    }


def _findings(text: str) -> tuple[PlannedBead, ...] | None:
    """The findings below the table; None when something else stands there, or one is no whole bead."""
    lines = text.split("\n")
    headings = [
        (token.map[0], token.map[1], int(token.tag[1]), inline.content.strip())
        for token, inline in pairwise(MARKDOWN.parse(text))
        if token.type == "heading_open" and token.level == 0 and token.map is not None
    ]
    if not headings:
        return None if text.strip() else ()
    top = headings[0]
    before = "\n".join(lines[: top[0]]).strip()
    below = [heading for heading in headings[1:] if heading[2] == top[2] + 1]
    others = [heading for heading in headings[1:] if heading[2] <= top[2]]
    if before or others or top[3].rstrip(":").lower() != "findings":
        return None
    if "\n".join(lines[top[1] : below[0][0] if below else None]).strip():
        return None
    found = []
    for at, heading in enumerate(below):
        end = below[at + 1][0] if at + 1 < len(below) else None
        bead = _bead(heading[3], "\n".join(lines[heading[1] : end]))
        if bead is None:
            return None
        found.append(bead)
    return tuple(found)


def _bead(title: str, text: str) -> PlannedBead | None:
    body = parse_body(text)
    if missing(body):
        return None
    context = "\n\n".join([body.context, *(f"**{one.title}**\n\n{one.text}" for one in body.other)]).strip()
    try:
        return PlannedBead(
            title=title,
            outcome=body.outcome,
            context=context,
            acceptance=body.acceptance,
            scope=body.scope,
            verification=body.verification,
            files=tuple(_plain(one) for one in body.files),
            specs=tuple(_plain(one) for one in body.specs),
        )
    except ValidationError:
        return None


def _plain(cell: str) -> str:
    return cell.strip().strip("*_`").strip()
