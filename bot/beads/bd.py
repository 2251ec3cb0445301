"""`bd`'s JSON Lines export, read into issues that GitHub can hold, with a list of what could not come along.

The file is refused whole when a line is no issue; it is never half read. What has no home on GitHub is a
`Loss` with its line: the importer prints every one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.beads.graph import Graph, Node
from bot.beads.labels import NAME_LIMIT
from bot.beads.markers import write_marker
from bot.beads.model import BeadType

TITLE_LIMIT = 256
BODY_LIMIT = 60_000
STATUSES = {"open": None, "closed": None, "in_progress": "open", "blocked": "open", "deferred": "hold"}
TYPES = {kind.value for kind in BeadType}
NO_HOME = ("assignee", "estimated_minutes", "external_ref", "ephemeral", "agent_state", "hook_bead", "pinned")


class ExportError(ValueError):
    """The file is not an export; the message names line and column or key."""


class ExportEdge(BaseModel):
    """One entry of `dependencies`."""

    model_config = ConfigDict(extra="ignore")
    depends_on_id: str = Field(min_length=1)
    type: str = Field(min_length=1)


class ExportLine(BaseModel):
    """One line of an export; keys that are not named here are kept to be listed."""

    model_config = ConfigDict(extra="allow")
    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1)
    description: str = ""
    design: str = ""
    acceptance_criteria: str = ""
    notes: str = ""
    status: str = "open"
    priority: int = 2
    issue_type: str = "task"
    created_at: datetime | None = None
    close_reason: str = ""
    labels: list[str] = Field(default_factory=list)
    dependencies: list[ExportEdge] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that does not come along as it was: its line, the issue, and what becomes of it."""

    line: int
    id: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.id}: {self.what}"


@dataclass(frozen=True, slots=True)
class PlannedIssue:
    """One issue to create. `blocked_by` and `parent` are ids of issues earlier in the plan."""

    id: str
    line: int
    title: str
    body: str
    labels: tuple[str, ...]
    closed: bool
    blocked_by: tuple[str, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything to create, blockers and parents first, and everything that is lost."""

    issues: tuple[PlannedIssue, ...]
    losses: tuple[Loss, ...]


@dataclass(slots=True)
class _Reading:
    losses: list[Loss] = field(default_factory=list)

    def lose(self, line: int, row: ExportLine, what: str) -> None:
        self.losses.append(Loss(line, row.id, what))


def read_export(text: str) -> ImportPlan:
    """The plan for an export's text. Raises ExportError with the first wrong line's place."""
    rows = _rows(text)
    lines = {row.id: number for number, row in rows}
    reading = _Reading()
    issues = {row.id: _issue(number, row, lines, reading) for number, row in rows}
    issues = _without_cycles(issues, {row.id: row for _, row in rows}, reading)
    return ImportPlan(tuple(_in_order(issues)), tuple(sorted(reading.losses, key=lambda loss: loss.line)))


def _rows(text: str) -> list[tuple[int, ExportLine]]:
    rows: list[tuple[int, ExportLine]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = ExportLine.model_validate_json(line)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise ExportError(f"line {number}: {where + ': ' if where else ''}{fault['msg']}") from error
        if row.id in seen:
            raise ExportError(f"line {number}: id: {row.id} was already on line {seen[row.id]}")
        seen[row.id] = number
        rows.append((number, row))
    if not rows:
        raise ExportError("line 1: there is no issue in the file")
    return rows


def _issue(number: int, row: ExportLine, lines: dict[str, int], reading: _Reading) -> PlannedIssue:
    labels = ["bead", _type(number, row, reading), _priority(number, row, reading)]
    closed = row.status == "closed"
    if row.status not in STATUSES or STATUSES[row.status]:
        becomes = STATUSES.get(row.status) or "hold"
        reading.lose(number, row, f"status `{row.status}` becomes open{' with `hold`' * (becomes == 'hold')}")
        if becomes == "hold":
            labels.append("hold")
    for label in row.labels:
        if len(label) > NAME_LIMIT or not re.fullmatch(r"[^\s,](?:[^,\r\n]*[^\s,])?", label):
            reading.lose(number, row, f"label `{label[:60]}` is no label on GitHub and is left out")
        else:
            labels.append(label)
    for key in sorted(set(row.model_extra or {}) & set(NO_HOME)):
        if (row.model_extra or {})[key]:
            reading.lose(number, row, f"`{key}` has no home on GitHub")
    blocked_by, parent, related = _edges(number, row, lines, reading)
    title = row.title if len(row.title) <= TITLE_LIMIT else row.title[: TITLE_LIMIT - 1] + "…"
    if title != row.title:
        reading.lose(number, row, f"the title has {len(row.title)} characters and is cut to {TITLE_LIMIT}")
    return PlannedIssue(
        id=row.id,
        line=number,
        title=" ".join(title.split()),
        body=_body(number, row, related, reading),
        labels=tuple(dict.fromkeys(labels)),
        closed=closed,
        blocked_by=blocked_by,
        parent=parent,
    )


def _type(number: int, row: ExportLine, reading: _Reading) -> str:
    if row.issue_type in TYPES:
        return row.issue_type
    reading.lose(number, row, f"type `{row.issue_type}` becomes `task`")
    return BeadType.TASK.value


def _priority(number: int, row: ExportLine, reading: _Reading) -> str:
    level = min(4, max(0, row.priority))
    if level != row.priority:
        reading.lose(number, row, f"priority {row.priority} becomes P{level}")
    return f"P{level}"


def _edges(
    number: int, row: ExportLine, lines: dict[str, int], reading: _Reading
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    blocked_by: list[str] = []
    parents: list[str] = []
    related: list[str] = []
    for edge in row.dependencies:
        if edge.depends_on_id == row.id:
            reading.lose(number, row, f"a `{edge.type}` edge to itself is left out")
        elif edge.depends_on_id not in lines:
            reading.lose(number, row, f"`{edge.type}` edge to {edge.depends_on_id}, which is not in the file")
        elif edge.type == "blocks":
            blocked_by.append(edge.depends_on_id)
        elif edge.type == "parent-child":
            parents.append(edge.depends_on_id)
        else:
            reading.lose(
                number, row, f"`{edge.type}` edge to {edge.depends_on_id} becomes a line of the body"
            )
            related.append(f"{edge.type}: {edge.depends_on_id}")
    for extra in parents[1:]:
        reading.lose(number, row, f"a second parent, {extra}, is left out: an issue has one")
    return tuple(dict.fromkeys(blocked_by)), parents[0] if parents else None, tuple(related)


def _body(number: int, row: ExportLine, related: Iterable[str], reading: _Reading) -> str:
    parts = [row.description.strip()]
    for heading, text in (
        ("Acceptance", row.acceptance_criteria),
        ("Design", row.design),
        ("Notes", row.notes),
        ("Related", "\n".join(f"- {line}" for line in related)),
        ("Closed because", row.close_reason if row.close_reason not in ("", "Closed") else ""),
    ):
        if text.strip():
            parts.append(f"## {heading}\n\n{text.strip()}")
    body = "\n\n".join(part for part in parts if part)
    if len(body) > BODY_LIMIT:
        reading.lose(number, row, f"the body has {len(body)} characters and is cut to {BODY_LIMIT}")
        body = body[:BODY_LIMIT]
    return f"{body}\n\n{write_marker('bd', row.id)}".strip()


def _without_cycles(
    issues: dict[str, PlannedIssue], rows: dict[str, ExportLine], reading: _Reading
) -> dict[str, PlannedIssue]:
    """Drop, from each deadlock, the edge that stands last in the file, until there is none."""
    numbers = {key: issue.line for key, issue in issues.items()}
    keys = {number: key for key, number in numbers.items()}
    epoch = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    while True:
        graph = Graph(
            Node(
                number=issue.line,
                priority=2,
                created_at=epoch,
                open=not issue.closed,
                blocked_by=frozenset(numbers[key] for key in issue.blocked_by),
                parent=numbers[issue.parent] if issue.parent else None,
            )
            for issue in issues.values()
        )
        cycles = graph.cycles()
        if not cycles:
            return issues
        touched: set[int] = set()
        for cycle in cycles:
            if touched & set(cycle.beads):
                continue  # it may be gone already: look again
            touched.update(cycle.beads)
            told = re.sub(r"#(\d+)", lambda match: keys[int(match[1])], cycle.witness)
            for line in sorted(cycle.beads, reverse=True):
                issue = issues[keys[line]]
                inside = [key for key in issue.blocked_by if numbers[key] in cycle.beads]
                if inside:
                    kept = tuple(key for key in issue.blocked_by if key != inside[-1])
                    issues = {**issues, issue.id: replace(issue, blocked_by=kept)}
                    what = f"the edge to {inside[-1]} is left out, it closes a cycle: {told}"
                    reading.lose(line, rows[issue.id], what)
                    break
            else:
                issue = issues[keys[max(cycle.beads)]]
                issues = {**issues, issue.id: replace(issue, parent=None)}
                reading.lose(issue.line, rows[issue.id], f"its parent is left out, it closes a cycle: {told}")


def _needs(issue: PlannedIssue) -> set[str]:
    return {*issue.blocked_by, *([issue.parent] if issue.parent else [])}


def _in_order(issues: dict[str, PlannedIssue]) -> Iterable[PlannedIssue]:
    """Blockers and parents first, wave by wave, each in the file's order.

    Only closed issues can still wait for each other in a circle; the first of them is then taken first.
    """
    done: set[str] = set()
    waiting = sorted(issues.values(), key=lambda issue: issue.line)
    while waiting:
        wave = [issue for issue in waiting if _needs(issue) <= done] or waiting[:1]
        done.update(issue.id for issue in wave)
        yield from wave
        waiting = [issue for issue in waiting if issue.id not in done]
