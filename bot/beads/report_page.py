"""The page that a report bead writes for people, and what code asks of it.

It is at ``docs/reports/EPIC-N.md``, by the number of the epic, and the only file that the bead changes. A
model writes it; that the sections are there, the diagram is one, and the matrix says of each requirement what
its reconciliation has said, is checked by code in the job and again in publish.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from bot.beads.answer_parts import Part
from bot.beads.body import MARKDOWN
from bot.beads.coverage import KeptCoverage
from bot.beads.visible_text import one_line

FOLDER = "docs/reports/"
MATRIX = "Compliance matrix"
DIAGRAM = "Diagram"
SECTIONS = ("What was built", DIAGRAM, MATRIX, "Tests", "Risks", "Follow-ups")
OPEN = "Open gaps"
"""The section that a page has besides where its reconciliation left something open."""


class Page(Part):
    """What a page must be: its path, its sections, and the status of each source that its matrix names."""

    path: str
    sections: tuple[str, ...]
    rows: dict[str, str]


def page_of(epic: int, coverage: KeptCoverage | None) -> Page:
    """The page of an epic; without a reconciliation its matrix is asked for no row."""
    rows = {row.source: row.status for row in coverage.matrix} if coverage is not None else {}
    unmet = any(status != "met" for status in rows.values())
    sections = (*SECTIONS, OPEN) if unmet else SECTIONS
    return Page(path=f"{FOLDER}EPIC-{epic}.md", sections=sections, rows=rows)


def page_faults(page: Page, changed: Collection[str], text: str | None) -> tuple[str, ...]:
    """All that is wrong with a report, one sentence each.

    Args:
        page: what it must be.
        changed: the paths that its work changes.
        text: what stands at its path then; None when nothing does.
    """
    others = [f"a report changes `{page.path}` alone, not `{path}`" for path in changed if path != page.path]
    if text is None:
        return (*others, f"the report is not there: write `{page.path}`")
    return (*others, *_text_faults(page, text))


def _text_faults(page: Page, text: str) -> Iterator[str]:
    found = dict(_sections(text))
    for section in page.sections:
        if not found.get(section.casefold(), "").strip():
            yield f"`{page.path}` has no section `{section}` that says something"
    fences = (one for one in MARKDOWN.parse(text) if one.type == "fence")
    if not any(one.info.strip() == "mermaid" and one.content.strip() for one in fences):
        yield f"`{page.path}` has no Mermaid diagram"
    rows = list(_table(found.get(MATRIX.casefold(), "")))
    for source, status in page.rows.items():
        said = [cells for cells in rows if cells[0] == source]
        if not said:
            yield f"the matrix in `{page.path}` has no row that begins with `{source}`"
        elif len(said) > 1:
            yield f"the matrix in `{page.path}` has {len(said)} rows that begin with `{source}`"
        elif status not in [cell.casefold() for cell in said[0]]:
            yield f"the matrix in `{page.path}` does not say `{status}` of `{source}`, as it was reconciled"
    asked = page.rows.keys()
    for cells in rows if asked else ():
        if cells[0] not in asked and any(cell.casefold() in ("met", "partly", "missing") for cell in cells):
            yield f"the matrix in `{page.path}` has a row `{cells[0]}` that no reconciliation knows"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Sections by the words of their headings, in lower case; what is below a deeper heading is of both."""
    lines = text.split("\n")
    heads = [
        (int(token.tag[1]), one_line(inline.content).casefold(), token.map[0], token.map[1])
        for token, inline in pairwise(MARKDOWN.parse(text))
        if token.type == "heading_open" and token.level == 0 and token.map is not None
    ]
    for at, (level, title, _, start) in enumerate(heads):
        end = next((first for other, _, first, _ in heads[at + 1 :] if other <= level), len(lines))
        yield title, "\n".join(lines[start:end])


def _table(section: str) -> Iterator[list[str]]:
    """The rows of Markdown tables as their cells, without code marks and links."""
    for line in section.split("\n"):
        row = line.strip()
        if row.startswith("|") and not re.fullmatch(r"[|:\s-]+", row):
            cells = re.split(r"(?<!\\)\|", row.strip("|"))
            yield [cell.strip().strip("`*").strip() for cell in cells]
