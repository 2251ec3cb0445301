"""The forge's memory: records in RAM, a journal in a folder, and the signals that follow from a change.

Every handler runs to its end on one thread, so a handler is a transaction: what it `put` is journalled by
one `commit`, and what it `signal`led is told to the subscribers (webhooks, the runner) only after that; when
it refuses, `rollback` takes all of it back. (Git objects and refs are not part of that: check, then move.)
The journal is JSON Lines, one record a line, the last word on an id wins; a torn last line (a crash while
it was being written) is cut off at the next start.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.local.forge.records import KINDS, Account, Record, Repository

R = TypeVar("R", bound=Record)


def utc_now() -> datetime:
    """The wall clock, cut to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something happened: a webhook event's name and action, and the records that it is about.

    `about` maps roles (``issue``, ``label``, ``pull``, ``run``, ``check_run``, …) to record ids, and `extra`
    holds what is no record (``ref``, ``before``, ``after``, ``changes``). Payloads are rendered from state.
    """

    event: str
    action: str | None
    repo_id: int
    sender_id: int
    about: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


class Missing(LookupError):
    """No record with that id."""


class State:
    """All records of a forge, kept in `folder`.

    Args:
        folder: where the journal, the bare repositories, artifacts and logs are; made when absent.
        clock: gives the present; tests pass their own.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.folder = folder
        self.clock = clock
        self.subscribers: list[Callable[[Signal], None]] = []
        self._tables: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self._index: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], dict[int, None]]] = {}
        self._filed: dict[tuple[str, int], list[tuple[tuple[str, ...], tuple[Any, ...]]]] = {}
        self._dirty: dict[tuple[str, int], Record | None] = {}
        self._committed: dict[tuple[str, int], str] = {}  # JSON, to roll back to
        self._signals: list[Signal] = []
        self._background: list[Callable[[], None]] = []
        self._last_id = 0
        for name in ("git", "artifacts", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._load()
        self._journal = (folder / "state.jsonl").open("a", encoding="utf-8")

    # -- reading ------------------------------------------------------------------------------------------
    def now(self) -> datetime:
        """The present by this forge's clock."""
        return self.clock()

    def get(self, kind: type[R], record_id: int) -> R:
        """The record with that id. Raises Missing."""
        found = self._tables[kind.__name__].get(record_id)
        if found is None:
            raise Missing(f"{kind.__name__} {record_id}")
        assert isinstance(found, kind)
        return found

    def has(self, kind: type[R], record_id: int) -> bool:
        """Whether there is a record with that id."""
        return record_id in self._tables[kind.__name__]

    def all(self, kind: type[R]) -> Iterator[R]:
        """Every record of a kind, oldest first."""
        for record in list(self._tables[kind.__name__].values()):
            assert isinstance(record, kind)
            yield record

    def find(self, kind: type[R], **fields: object) -> list[R]:
        """Records whose fields equal these, by id. The field names must be one of `kind.INDEX`."""
        names = tuple(fields)
        if names not in kind.INDEX:
            raise KeyError(f"{kind.__name__} has no index on {names}")
        ids = self._index.get((kind.__name__, names), {}).get(tuple(fields.values()), {})
        return [self.get(kind, record_id) for record_id in sorted(ids)]

    def one(self, kind: type[R], **fields: object) -> R | None:
        """The only record whose fields equal these, or None."""
        found = self.find(kind, **fields)
        return found[0] if found else None

    def git_dir(self, repository: Repository) -> Path:
        """The bare repository's folder: `git/OWNER/NAME.git`."""
        return self.folder / "git" / self.get(Account, repository.owner_id).login / f"{repository.name}.git"

    # -- writing ------------------------------------------------------------------------------------------
    def new_id(self) -> int:
        """An id that no record has."""
        self._last_id += 1
        return self._last_id

    def put(self, record: R) -> R:
        """Remember a new or changed record; durable after `commit`."""
        kind = type(record).__name__
        self._tables[kind][record.id] = record
        self._file(kind, record)
        self._dirty[kind, record.id] = record
        return record

    def drop(self, record: Record) -> None:
        """Forget a record."""
        kind = type(record).__name__
        self._tables[kind].pop(record.id, None)
        self._unfile(kind, record.id)
        self._dirty[kind, record.id] = None

    def signal(self, signal: Signal) -> None:
        """Tell the subscribers, after the next `commit`."""
        self._signals.append(signal)

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do this after the next `commit`, when the request that asks has its answer."""
        self._background.append(work)

    def commit(self) -> None:
        """Journal all that was put or dropped, then hand out the signals, then do what waits for that."""
        if self._dirty:
            for (kind, record_id), record in self._dirty.items():
                value = "null" if record is None else record.model_dump_json()
                self._journal.write(f'["{kind}",{record_id},{value}]\n')
                self._remember(kind, record_id, None if record is None else value)
            self._journal.flush()
            self._dirty.clear()
        signals, self._signals = self._signals, []
        for signal in signals:
            for subscriber in self.subscribers:
                subscriber(signal)
        background, self._background = self._background, []
        for work in background:
            work()

    def rollback(self) -> None:
        """Take back all that was put, dropped or signalled since the last commit."""
        for kind, record_id in self._dirty:
            value = self._committed.get((kind, record_id))
            if value is None:
                self._tables[kind].pop(record_id, None)
                self._unfile(kind, record_id)
            else:
                record = KINDS[kind].model_validate_json(value)
                self._tables[kind][record_id] = record
                self._file(kind, record)
        self._dirty.clear()
        self._signals.clear()
        self._background.clear()

    def close(self) -> None:
        """Commit and close the journal."""
        self.commit()
        self._journal.close()

    # -- node ids -----------------------------------------------------------------------------------------
    def node_id(self, record: Record) -> str:
        """GraphQL's global id of a record."""
        return node_id(type(record).__name__, record.id)

    def node(self, node: str) -> Record:
        """The record behind a global id. Raises Missing."""
        try:
            kind, _, number = base64.urlsafe_b64decode(node + "=" * (-len(node) % 4)).decode().partition(":")
            record_id = int(number)
        except ValueError:
            raise Missing(node) from None
        if kind not in KINDS:
            raise Missing(node)
        return self.get(KINDS[kind], record_id)

    # -- inside -------------------------------------------------------------------------------------------
    def _file(self, kind: str, record: Record) -> None:
        self._unfile(kind, record.id)
        filed: list[tuple[tuple[str, ...], tuple[Any, ...]]] = []
        for names in type(record).INDEX:
            values = tuple(getattr(record, name) for name in names)
            self._index.setdefault((kind, names), {}).setdefault(values, {})[record.id] = None
            filed.append((names, values))
        self._filed[kind, record.id] = filed

    def _remember(self, kind: str, record_id: int, value: str | None) -> None:
        if value is None:
            self._committed.pop((kind, record_id), None)
        else:
            self._committed[kind, record_id] = value

    def _unfile(self, kind: str, record_id: int) -> None:
        for names, values in self._filed.pop((kind, record_id), []):
            self._index[kind, names][values].pop(record_id, None)

    def _load(self) -> None:
        path = self.folder / "state.jsonl"
        if not path.exists():
            return
        whole = 0
        with path.open("rb") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                kind, record_id, value = json.loads(line)
                self._last_id = max(self._last_id, record_id)
                if value is None:
                    self._tables[kind].pop(record_id, None)
                    self._remember(kind, record_id, None)
                else:
                    self._tables[kind][record_id] = KINDS[kind].model_validate(value)
                    self._remember(kind, record_id, json.dumps(value, separators=(",", ":")))
        if whole < path.stat().st_size:
            with path.open("rb+") as journal:
                journal.truncate(whole)
        for kind, table in self._tables.items():
            for record in table.values():
                self._file(kind, record)


def node_id(kind: str, record_id: int) -> str:
    """GraphQL's global id of a thing that has no record of its own (a ref, a commit) or of one that has."""
    return base64.urlsafe_b64encode(f"{kind}:{record_id}".encode()).decode().rstrip("=")
