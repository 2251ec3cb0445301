"""An export as a plan: the issues to create, in which order, and a list of what could not come along.

The file is refused whole when a line is no issue; it is never half read. What has no home on GitHub is a
`Loss` with its line: the importer prints every one. Only what GitHub says itself goes without a word: when
an issue was last updated, and when an edge was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.beads.bd.file_graph import NOTHING, FileGraph, Row, look_through
from bot.beads.bd.lines import ExportLine, Loss, in_order, read_lines
from bot.beads.bd.marks import to_labels
from bot.beads.bd.text import Origin, Texts, write_texts
from bot.beads.labels import DEFAULT, LabelNames
from bot.beads.markers import OPENING, without_markers

TITLE_LIMIT = 256
BODY_LIMIT = 60_000
COUNTED = {"_type", "comment_count", "dependency_count", "dependent_count", "parent"}
"""What `bd` writes beside an issue and works out itself."""


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
    """Everything to create, blockers and parents first, everything that is lost, and what its graph is."""

    issues: tuple[PlannedIssue, ...]
    losses: tuple[Loss, ...]
    graph: FileGraph = NOTHING


@dataclass(slots=True)
class _Reading:
    losses: list[Loss] = field(default_factory=list)
    dangling: list[ExportLine] = field(default_factory=list)

    def lose(self, line: int, row: ExportLine, what: str) -> None:
        self.losses.append(Loss(line, row.id, what))


def read_export(text: str, spelling: LabelNames = DEFAULT) -> ImportPlan:
    """The plan for an export's text, for a repository that spells the labels so. Raises ExportError with the
    first wrong line's place."""
    rows, losses = read_lines(text)
    lines = {row.id: number for number, row in rows}
    reading = _Reading(losses)
    issues = {row.id: _issue(number, row, lines, reading, spelling) for number, row in rows}
    issues, graph = _without_cycles(issues, {row.id: row for _, row in rows}, reading)
    graph = replace(
        graph,
        dangling=len(reading.dangling),
        held=sum(row.status != "closed" for row in reading.dangling),
    )
    return ImportPlan(tuple(_in_order(issues)), in_order(reading.losses), graph)


def _issue(
    number: int, row: ExportLine, lines: dict[str, int], reading: _Reading, spelling: LabelNames
) -> PlannedIssue:
    labels, lost = to_labels(row, spelling)
    lost += [f"`{key}` has no home on GitHub" for key in _homeless(row)]
    for what in lost:
        reading.lose(number, row, what)
    blocked_by, parent, related = _edges(number, row, lines, reading)
    title = " ".join(row.title.split())
    if len(title) > TITLE_LIMIT:
        reading.lose(number, row, f"the title has {len(title)} characters and is cut to {TITLE_LIMIT}")
        title = title[: TITLE_LIMIT - 1] + "…"
    return PlannedIssue(
        id=row.id,
        line=number,
        title=title,
        body=_body(number, row, related, reading),
        labels=labels,
        closed=row.status == "closed",
        blocked_by=blocked_by,
        parent=parent,
    )


def _homeless(row: ExportLine) -> list[str]:
    """The keys that are read by nothing and say something."""
    extra = row.model_extra or {}
    return sorted(key for key, value in extra.items() if value and key not in COUNTED)


def _edges(
    number: int, row: ExportLine, lines: dict[str, int], reading: _Reading
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    blocked_by: list[str] = []
    parents: list[str] = []
    related: list[str] = []
    ends: set[str] = set()
    for edge in row.dependencies:
        if edge.metadata not in ("", "{}"):
            reading.lose(
                number, row, f"`metadata` of the `{edge.type}` edge to {edge.depends_on_id} has no home"
            )
        if edge.depends_on_id == row.id:
            reading.lose(number, row, f"a `{edge.type}` edge to itself is left out")
        elif edge.depends_on_id not in lines:
            reading.lose(number, row, f"`{edge.type}` edge to {edge.depends_on_id}, which is not in the file")
            reading.dangling.append(row)
        elif edge.depends_on_id in ends:
            what = f"a second edge to {edge.depends_on_id}, of type `{edge.type}`, is left out: `bd` has one"
            reading.lose(number, row, what)
        elif edge.type == "blocks":
            blocked_by.append(edge.depends_on_id)
        elif edge.type == "parent-child":
            parents.append(edge.depends_on_id)
        else:
            reading.lose(
                number, row, f"`{edge.type}` edge to {edge.depends_on_id} becomes a line of the body"
            )
            related.append(f"{edge.type}: {edge.depends_on_id}")
        ends.add(edge.depends_on_id)
    for extra in parents[1:]:
        reading.lose(number, row, f"a second parent, {extra}, is left out: an issue has one")
    return tuple(blocked_by), parents[0] if parents else None, tuple(related)


def _body(number: int, row: ExportLine, related: Iterable[str], reading: _Reading) -> str:
    said = {
        "description": row.description,
        "acceptance": row.acceptance_criteria,
        "design": row.design,
        "notes": row.notes,
        "related": "\n".join(f"- {line}" for line in related),
        "closed": row.close_reason if row.close_reason != "Closed" else "",
    }
    for name, text in said.items():
        said[name] = without_markers(text).replace(OPENING, "<!--")
        if said[name] != text:
            reading.lose(number, row, f"a marker of Beadwright's own in its {name} is left out")
    origin = Origin(row.id, row.created_at, row.closed_at)
    body = write_texts(Texts(**said), origin)
    if len(body) > BODY_LIMIT:
        reading.lose(number, row, f"the body has {len(body)} characters and is cut to {BODY_LIMIT}")
    while len(body) > BODY_LIMIT:
        longest = max(said, key=lambda name: len(said[name]))
        kept = max(0, len(said[longest]) - (len(body) - BODY_LIMIT))
        said[longest] = said[longest][:kept].strip()
        body = write_texts(Texts(**said), origin)
    return body


def _without_cycles(
    issues: dict[str, PlannedIssue], rows: dict[str, ExportLine], reading: _Reading
) -> tuple[dict[str, PlannedIssue], FileGraph]:
    """The issues without the fewest edges that make some wait for themselves, and what was found."""
    lines = {key: issue.line for key, issue in issues.items()}
    keys = {line: key for key, line in lines.items()}
    graph = look_through(
        (
            Row(
                line=issue.line,
                closed=issue.closed,
                blocked_by=frozenset(lines[key] for key in issue.blocked_by),
                parent=lines[issue.parent] if issue.parent else None,
            )
            for issue in issues.values()
        ),
        keys,
    )
    for left in graph.left:
        issue, other = issues[keys[left.tie.waiter]], keys[left.tie.waited]
        if left.tie.is_child:
            issues = {**issues, issue.id: replace(issue, parent=None)}
            what = f"its parent is left out, it closes a cycle: {left.cycle}"
        else:
            kept = tuple(key for key in issue.blocked_by if key != other)
            issues = {**issues, issue.id: replace(issue, blocked_by=kept)}
            what = f"the edge to {other} is left out, it closes a cycle: {left.cycle}"
        reading.lose(issue.line, rows[issue.id], what)
    return issues, graph


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
