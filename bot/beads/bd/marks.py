"""A row's type, priority, status and labels as labels of an issue, and back.

`hold` is the status `deferred`, `defer:` is `defer_until`; `reconcile` and `report`, which `bd` has no types
for, are a `task` with that label. Of a row's labels those that would say something else on GitHub than `bd`
means by them (`ready` above all: it starts work) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from bot.beads.bd.lines import ExportLine
from bot.beads.labels import DEFAULT, NAME_LIMIT, PROJECTED, LabelNames, parse_labels
from bot.beads.model import BeadType, Priority

STATUSES = {"open": "", "closed": "", "deferred": "hold", "in_progress": "open", "blocked": "open"}
"""What becomes of a status of `bd` that is not open; one that is not here is held, whatever it means."""

NO_TYPES = {kind.value: kind for kind in (BeadType.RECONCILE, BeadType.REPORT)}
TYPES = {kind.value for kind in BeadType if kind.value not in NO_TYPES}
AT_WORK = set(PROJECTED) - {"bead:needs-human"}


@dataclass(frozen=True, slots=True)
class Marks:
    """What a row says besides its texts and its edges; `labels` and `status` as `bd` has them."""

    issue_type: str
    priority: int
    status: str
    defer_until: datetime | None
    labels: tuple[str, ...]


def to_labels(row: ExportLine, spelling: LabelNames = DEFAULT) -> tuple[tuple[str, ...], list[str]]:
    """The labels of the issue, as its repository spells them, and what they cannot say."""
    lost: list[str] = []
    kind = row.issue_type if row.issue_type in TYPES else BeadType.TASK.value
    if kind != row.issue_type:
        lost.append(f"type `{row.issue_type}` becomes `{kind}`")
    level = min(4, max(0, row.priority))
    if level != row.priority:
        lost.append(f"priority {row.priority} becomes P{level}")
    becomes = STATUSES.get(row.status, "hold")
    if becomes and row.status != "deferred":
        lost.append(f"status `{row.status}` becomes open{' with `hold`' * (becomes == 'hold')}")
    ours = [spelling.hold] * (becomes == "hold")
    if row.defer_until is not None:
        until = row.defer_until.replace(tzinfo=row.defer_until.tzinfo or UTC).astimezone(UTC)
        ours.append(f"{spelling.defer}{until.date().isoformat()}")
        if until.time() != time():
            lost.append(f"`defer_until` {row.defer_until.isoformat()} becomes `{ours[-1]}`")
    theirs: dict[str, str] = {}
    for label in row.labels:
        said = parse_labels([label], spelling)
        # A row says it in the words that an export uses, whatever the repository calls it.
        size = said.complexity or (parse_labels([label]).complexity if said.foreign else None)
        sized = any(other.startswith(spelling.complexity) for other in ours)
        if len(label) > NAME_LIMIT or not re.fullmatch(r"[^\s,](?:[^,\r\n]*[^\s,])?", label):
            lost.append(f"label `{label[:60]}` is no label on GitHub and is left out")
        elif size is not None and not sized:
            ours.append(f"{spelling.complexity}{size}")
        elif said.foreign:
            theirs.setdefault(label.lower(), label)
        elif kind == BeadType.TASK and label in NO_TYPES:
            kind = label
        elif label not in (kind, spelling.bead):
            lost.append(f"label `{label}` would say something else here and is left out")
    named = (dict(spelling.types)[BeadType(kind)], dict(spelling.priorities)[Priority(level)])
    return (spelling.bead, *named, *ours, *theirs.values()), lost


def from_labels(
    names: Iterable[str], *, closed: bool, spelling: LabelNames = DEFAULT
) -> tuple[Marks, list[str]]:
    """What the labels of an issue say in a row, and what cannot be said in one. Edges are not looked at."""
    names = tuple(names)
    said = parse_labels(names, spelling)
    lost = [f"label `{problem.label}` is left out: {problem.message}" for problem in said.problems]
    labels = [*said.foreign]
    if said.complexity is not None:
        labels.append(f"complexity:{said.complexity.value}")
    if said.ready:
        labels.append("ready")
    if said.type.value in NO_TYPES:
        labels.append(said.type.value)
    if said.projected - AT_WORK:
        lost.append("that it waits for a person (`bead:needs-human`) is said on GitHub alone")
    status = "in_progress" if said.projected & AT_WORK else "deferred" if said.hold else "open"
    if said.hold and (closed or status == "in_progress"):
        lost.append(f"`hold` is left out, the status is `{'closed' if closed else status}`")
    return (
        Marks(
            issue_type=said.type.value if said.type.value in TYPES else BeadType.TASK.value,
            priority=said.priority.value,
            status="closed" if closed else status,
            defer_until=datetime.combine(said.defer, time(), UTC) if said.defer is not None else None,
            labels=tuple(labels),
        ),
        lost,
    )
