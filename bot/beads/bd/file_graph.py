"""The graph of an export, looked through before anything is made of it: what waits for itself loses the
fewest edges that untie it, and what was found is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.beads.graph import Graph, Node
from bot.beads.graph_check import Deadlock, check_graph
from bot.beads.untying import Tie, witnesses_of

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When a bead was made plays no part here."""


@dataclass(frozen=True, slots=True)
class Row:
    """An issue as the graph needs it, by its line and those of others."""

    line: int
    closed: bool
    blocked_by: frozenset[int]
    parent: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """An edge that is left out because it closes a cycle: from which line to which, and the cycle."""

    tie: Tie
    cycle: str


@dataclass(frozen=True, slots=True)
class FileGraph:
    """What was found. `deadlocks` are in words, `dangling` counts the edges to what is not in the file, and
    `held` those among them that are of open issues."""

    issues: int
    open: int
    deadlocks: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    dangling: int = 0
    held: int = 0

    def lines(self) -> Iterator[str]:
        """What was found, for people."""
        yield (
            f"issues: {self.issues} (open: {self.open}); deadlocks: {len(self.deadlocks)};"
            f" edges to what is not in the file: {self.dangling} (of open issues: {self.held})"
        )
        yield from (f"deadlock: {told}" for told in self.deadlocks)


NOTHING = FileGraph(0, 0)


def look_through(rows: Iterable[Row], ids: Mapping[int, str]) -> FileGraph:
    """The deadlocks of an export's open issues, and what to leave out so that there is none.

    Args:
        rows: its issues; edges lead to lines that are there.
        ids: the id of each line's issue, for what is told.
    """
    every = list(rows)
    graph = Graph(
        Node(
            number=row.line,
            priority=2,
            created_at=EPOCH,
            open=not row.closed,
            blocked_by=row.blocked_by,
            parent=row.parent,
        )
        for row in every
    )
    found = check_graph(graph).deadlocks
    return FileGraph(
        issues=len(every),
        open=len(graph.nodes),
        deadlocks=tuple(_told(deadlock, ids) for deadlock in found),
        left=tuple(left for deadlock in found for left in _left(deadlock, graph, ids)),
    )


def _told(deadlock: Deadlock, ids: Mapping[int, str]) -> str:
    cycles = "; and ".join(_named(cycle.witness, ids) for cycle in deadlock.cycles)
    ties = ", ".join(f"that {_named(str(tie), ids)}" for tie in deadlock.untied.ties)
    fewest = (
        "the fewest edges that untie it" if deadlock.untied.proved else "edges that untie it, maybe too many"
    )
    return f"{cycles} ({fewest}: {ties})"


def _left(deadlock: Deadlock, graph: Graph, ids: Mapping[int, str]) -> Iterator[Left]:
    witnesses = witnesses_of(deadlock.untied, graph.waits)
    for tie in deadlock.untied.ties:
        cycle = witnesses.get(tie, deadlock.cycles[0])
        yield Left(tie, _named(cycle.witness, ids))


def _named(text: str, ids: Mapping[int, str]) -> str:
    return re.sub(r"#(\d+)", lambda found: ids[int(found[1])], text)
