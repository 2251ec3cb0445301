"""What is said of a reconciliation: on the bead that did it as a table, on its epic in a few lines.

A model has written the matrix: all of it is made harmless here. The whole of it is in git too
(`beads/coverage.py` says where), so a comment that has no room for all leaves out what is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.beads.coverage import Coverage, CoverageAnswer, coverage_ref
from bot.beads.tables import table_row
from bot.coordinator.comment_parts import LIMIT, bullets, run_page
from bot.coordinator.quoting import harmless, listed_line, quoted_line
from bot.coordinator.snapshot import Snapshot
from bot.guards.result import quoted as code

COVERAGE = "coverage"
"""Marks both comments."""
ACCEPTED = "accepted"
"""Marks the one that says what was accepted."""
TEXT = 160
EVIDENCE = 400
NAMED = 4
"""How many tests or files a row names."""
LISTED = 20
"""How many rows that are not met the epic lists."""
SIGNS: Mapping[str, str] = {"met": "✅ met", "partly": "🟡 partly", "missing": "❌ missing"}


def first_line(snapshot: Snapshot, answer: CoverageAnswer, run_id: int) -> str:
    """How many of how many are met."""
    rows, left = len(answer.matrix), len(answer.unmet)
    met = f"{rows - left} of the {rows} things asked for are met"
    if not left:
        met = "all that is asked for is met"
    return f"**Reconciled** · {met} · [run]({run_page(snapshot, run_id)})"


def matrix_text(snapshot: Snapshot, answer: CoverageAnswer, run_id: int, epic: int) -> str:
    """The comment on the bead that reconciles."""
    summary = harmless(snapshot, answer.summary, LIMIT // 6).strip()
    parts = [first_line(snapshot, answer, run_id), summary]
    table = _table(snapshot, answer.matrix)
    if sum(map(len, (*parts, table))) > LIMIT - 1_000:
        where = f"`git fetch origin {coverage_ref(epic)}`, then `git show FETCH_HEAD`"
        rest = f"What is met is left out here; {where} shows all of it."
        table = _table(snapshot, answer.unmet.values())
        while len(table) > LIMIT - 1_000 - sum(map(len, parts)):
            table = table[: table.rindex("\n")]
        parts.append(rest)
    return "\n\n".join(filter(None, [*parts, table]))


def epic_text(snapshot: Snapshot, answer: CoverageAnswer, run_id: int, bead: int) -> str:
    """The comment on the epic."""
    left = list(answer.unmet.values())
    rows = [f"{_source(row)} ({row.status}): {listed_line(snapshot, row.evidence, TEXT)}" for row in left]
    more = [f"… and {len(rows) - LISTED} more"] if len(rows) > LISTED else []
    rest = ", and so is what can be done about the rest" if left else ""
    where = f"The whole table is on #{bead}{rest}."
    return "\n\n".join(
        filter(None, [first_line(snapshot, answer, run_id), bullets([*rows[:LISTED], *more]), where])
    )


def _table(snapshot: Snapshot, rows: Iterable[Coverage]) -> str:
    head = "| asked for | | beads, pull requests | shown by |\n|---|---|---|---|"
    return "\n".join((head, *(_row(snapshot, row) for row in rows)))


def _row(snapshot: Snapshot, row: Coverage) -> str:
    named = (*row.tests, *row.files)
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    shown = (quoted_line(snapshot, code(named[:NAMED])) if named else "") + more
    evidence = "" if row.status == "met" else quoted_line(snapshot, row.evidence, EVIDENCE)
    commits = code([one[:12] for one in row.commits[:NAMED]]) if row.commits else ""
    numbers = ", ".join(f"#{number}" for number in (*row.beads, *row.pulls))
    text = quoted_line(snapshot, row.text, TEXT)
    cells = (
        f"{_source(row)} {text}".strip(),
        SIGNS[row.status],
        " ".join(filter(None, (numbers, commits))),
        ". ".join(filter(None, (shown, evidence))),
    )
    return table_row(cells)


def _source(row: Coverage) -> str:
    return code([row.source])
