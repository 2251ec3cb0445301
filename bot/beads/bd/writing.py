"""A repository's beads as an export: one line for each, and a list of what could not be said.

An issue that was imported keeps its id by its marker; any other has one of its repository and number, which a
second import knows it by. GitHub knows when an issue was made there: what the marker says of an earlier life
goes before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.beads.bd.lines import TITLE_BYTES, ExportEdge, ExportLine, Loss, first_bytes, write_line
from bot.beads.bd.marks import from_labels
from bot.beads.bd.text import Origin, Texts, read_texts
from bot.beads.labels import DEFAULT, LabelNames, parse_labels
from bot.beads.markers import read_marker

RELATED = re.compile(r"- (.+): (\S+)")
CLOSED_BY_IMPORT = timedelta(hours=1)
"""An import closes what it makes at once; what is closed later was opened again first."""


@dataclass(frozen=True, slots=True)
class BeadIssue:
    """An issue with the label `bead` as GitHub has it.

    `reason` is GitHub's for a closed one. `blockers` are those that GitHub itself knows, without the labels;
    `parent` and `blockers` are numbers of this repository, `elsewhere` says which are in others.
    """

    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    reason: str | None = None
    parent: int | None = None
    blockers: tuple[int, ...] = ()
    elsewhere: tuple[str, ...] = ()
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Export:
    """The file's text and everything that is lost; lines are those of the text."""

    text: str
    losses: tuple[Loss, ...]


def name_beads(repository: str, bodies: Mapping[int, str]) -> dict[int, str]:
    """The id of each bead of ``owner/name``, by number, from the bodies of all of them.

    Of two with one marker the lower number was imported; the other is a copy of its text.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number in sorted(bodies):
        name = read_marker(bodies[number], "bd")
        if name is not None and name not in taken:
            names[number] = name
            taken.add(name)
    prefix = re.sub(r"[^a-z0-9]+", "-", repository.lower()).strip("-")
    for number in sorted(bodies.keys() - names.keys()):
        names[number] = f"{prefix}-{number}"
        while names[number] in taken:  # in an earlier life of this repository another had the number
            names[number] += ".1"
        taken.add(names[number])
    return names


def write_export(repository: str, issues: Iterable[BeadIssue], spelling: LabelNames = DEFAULT) -> Export:
    """The export of ``owner/name``'s beads, open and closed, by number; `spelling` is the repository's."""
    beads = {issue.number: issue for issue in sorted(issues, key=lambda issue: issue.number)}
    names = name_beads(repository, {number: issue.body for number, issue in beads.items()})
    lines: list[str] = []
    losses: list[Loss] = []
    for line, issue in enumerate(beads.values(), start=1):
        row, lost = _row(issue, names, spelling)
        lines.append(write_line(row) + "\n")
        losses += [Loss(line, row.id, f"#{issue.number}: {what}") for what in lost]
    return Export("".join(lines), tuple(losses))


def _row(issue: BeadIssue, names: Mapping[int, str], spelling: LabelNames) -> tuple[ExportLine, list[str]]:
    texts, origin = read_texts(issue.body)
    marks, lost = from_labels(issue.labels, closed=issue.closed_at is not None, spelling=spelling)
    created_at = (origin and origin.created_at) or issue.created_at
    title = first_bytes(issue.title, TITLE_BYTES)
    if title != issue.title:
        lost.append(f"the title has more than {TITLE_BYTES} bytes and is cut")
    if issue.comments:
        lost.append(f"its comments ({issue.comments}) stay on GitHub")
    row = ExportLine(
        id=names[issue.number],
        title=title,
        description=texts.description,
        design=texts.design,
        acceptance_criteria=texts.acceptance,
        notes=texts.notes,
        status=marks.status,
        priority=marks.priority,
        issue_type=marks.issue_type,
        created_at=created_at,
        updated_at=issue.updated_at,
        closed_at=_closed_at(issue, origin),
        close_reason=_close_reason(issue, texts),
        defer_until=marks.defer_until,
        labels=list(marks.labels),
        dependencies=[
            ExportEdge(depends_on_id=to, type=kind, created_at=created_at)
            for to, kind in _edges(issue, texts, names, lost, spelling)
        ],
    )
    return row, lost


def _closed_at(issue: BeadIssue, origin: Origin | None) -> datetime | None:
    if issue.closed_at is None or origin is None or origin.closed_at is None:
        return issue.closed_at
    return origin.closed_at if issue.closed_at - issue.created_at < CLOSED_BY_IMPORT else issue.closed_at


def _close_reason(issue: BeadIssue, texts: Texts) -> str:
    if texts.closed or issue.closed_at is None:
        return texts.closed
    given = (issue.reason or "").replace("_", " ")
    return "Closed" if given in ("", "completed") else given.capitalize()


def _edges(
    issue: BeadIssue, texts: Texts, names: Mapping[int, str], lost: list[str], spelling: LabelNames
) -> list[tuple[str, str]]:
    """Where the issue's edges go, and of which type; one for each end, as `bd` has them."""
    edges: dict[str, str] = {}

    def add(to: str, kind: str) -> None:
        if edges.setdefault(to, kind) != kind:
            lost.append(f"the `{kind}` edge to {to} is left out, there is a `{edges[to]}` edge to it")

    if issue.parent is not None and issue.parent in names:
        add(names[issue.parent], "parent-child")
    elif issue.parent is not None:
        lost.append(f"its parent #{issue.parent} is no bead and is left out")
    for number in sorted({*parse_labels(issue.labels, spelling).blocked_by, *issue.blockers}):
        if number in names and number != issue.number:
            add(names[number], "blocks")
        else:
            lost.append(f"that it waits for #{number}, which is no other bead, is left out")
    lost += [f"the edge to {other} of another repository is left out" for other in issue.elsewhere]
    known = set(names.values())
    for line in filter(None, texts.related.split("\n")):
        said = RELATED.fullmatch(line.strip())
        if said is not None and said[2] in known:
            add(said[2], said[1])
        else:
            lost.append(f"`{line.strip()}` is no edge to a bead and is left out")
    return list(edges.items())
