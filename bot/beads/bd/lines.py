"""The file: one JSON object a line, as `bd export` writes it and `bd import` takes it.

What `bd import` asks for (steveyegge/beads, commit fbcee6c, `cmd/bd/import.go`, `internal/types/types.go` and
`internal/storage/issueops/create.go`): a title of at most 500 bytes; a priority from 0 to 4, where none means
0; a status and a type of its own or of its configuration; `closed_at` exactly on closed issues. One line that
breaks this refuses the whole file, for all is one transaction. An issue whose `updated_at` is older than the
one it has is skipped. There is one edge from an issue to another: of two the first counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.beads.markers import write_marker

TITLE_BYTES = 500


class ExportError(ValueError):
    """The file is not an export; the message names line and column or key."""


class ExportEdge(BaseModel):
    """One entry of `dependencies`."""

    model_config = ConfigDict(extra="ignore")
    depends_on_id: str = Field(min_length=1)
    type: str = Field(min_length=1)
    created_at: datetime | None = None
    metadata: str = ""


class ExportLine(BaseModel):
    """One issue, its keys in `bd`'s order; those that are not named here are kept to be listed."""

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
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str = ""
    defer_until: datetime | None = None
    labels: list[str] = Field(default_factory=list)
    dependencies: list[ExportEdge] = Field(default_factory=list)

    @field_validator("id")
    @classmethod
    def _can_be_found_again(cls, value: str) -> str:
        try:
            write_marker("bd", value)
        except ValueError:
            raise ValueError("an id is letters, digits, `.`, `_`, `:` and single `-`") from None
        return value


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that does not come along as it was: its line, the issue, and what becomes of it."""

    line: int
    id: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.id}: {self.what}"


def read_lines(text: str) -> tuple[list[tuple[int, ExportLine]], list[Loss]]:
    """The issues of an export with their lines, and the lines that are none but may be there.

    Raises ExportError with the first wrong line's place.
    """
    rows: list[tuple[int, ExportLine]] = []
    losses: list[Loss] = []
    seen: dict[str, int] = {}
    # Not `splitlines`: a text may hold other characters that end a line, and JSON does not escape them.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        other = _other_record(number, line)
        if other is not None:
            losses += other
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
        if row.status == "tombstone":
            losses.append(Loss(number, row.id, "was deleted in `bd` (a tombstone) and is left out"))
        else:
            rows.append((number, row))
    if not rows:
        raise ExportError("line 1: there is no issue in the file")
    return rows, losses


def _other_record(number: int, line: str) -> list[Loss] | None:
    """What is lost with a line that is no issue; None for one that should be an issue.

    `bd` writes its memories into the same file when asked to, and a line about the file before all others.
    """
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    if "_schema" in record:
        return []
    if record.get("_type") == "memory":
        return [Loss(number, str(record.get("key", "")), "a memory has no home on GitHub")]
    return None


def write_line(row: ExportLine) -> str:
    """The issue as one line without its end; what is empty is left out, as `bd` does."""
    said: dict[str, object] = {"_type": "issue"}
    for key in ExportLine.model_fields:
        value = getattr(row, key)
        if isinstance(value, datetime):
            value = write_time(value)
        elif key == "dependencies":
            value = [_edge(row.id, edge) for edge in row.dependencies]
        if value or key == "priority":
            said[key] = value
    return json.dumps(said, ensure_ascii=False)


def _edge(key: str, edge: ExportEdge) -> dict[str, str]:
    ends = {"issue_id": key, "depends_on_id": edge.depends_on_id, "type": edge.type}
    return ends | ({"created_at": write_time(edge.created_at)} if edge.created_at else {})


def write_time(time: datetime) -> str:
    """RFC 3339 in UTC, to the second where that says all; a time without a zone is taken as UTC."""
    utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


def first_bytes(text: str, limit: int) -> str:
    """As much of a text's beginning as `limit` bytes of UTF-8 hold."""
    return text.encode()[:limit].decode(errors="ignore")


def in_order(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Losses as the file has them."""
    return tuple(sorted(losses, key=lambda loss: loss.line))
