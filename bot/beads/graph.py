"""The graph of beads: every edge that holds work back, in one place.

A bead has two moments, its *start* and its *end* (its issue is closed). The edges say which moment waits for
which:

- `blocked-by`: the start of a bead waits for the end of its blocker.
- children: the end of an epic waits for the end of each child.
- inherited: the start of a child waits for whatever the start of its parent waits for.
- a bead's end waits for its own start.

A deadlock is a cycle in this relation of moments. So a child blocked by its own epic deadlocks, and an epic
blocked by another epic's child does not. `hold` and `defer` are edges to nothing: they never deadlock.
All walks are loops, not recursion: real graphs are deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

Moment = int
"""Twice a bead's place in the graph, plus one for its end: small integers keep the walks fast."""


class EdgeKind(StrEnum):
    """What kind of fact holds a bead back."""

    BLOCKED_BY = "blocked-by"
    CHILD = "child"
    HOLD = "hold"
    DEFER = "defer"
    DANGLING = "dangling"
    MALFORMED = "malformed"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Node:
    """One open bead, as the graph sees it."""

    number: int
    priority: int
    created_at: datetime
    open: bool = True
    blocked_by: frozenset[int] = frozenset()
    parent: int | None = None
    hold: bool = False
    defer: date | None = None
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """One fact that holds a bead back. `via` is the ancestor that it comes from, or None."""

    kind: EdgeKind
    target: int | None
    reason: str
    via: int | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """A deadlock with its witness: each step says what waits for what; the last leads back to the first."""

    beads: tuple[int, ...]
    steps: tuple[str, ...]

    @property
    def witness(self) -> str:
        """The cycle in one line."""
        return ", ".join(self.steps)


class Graph:
    """An immutable graph over the open beads.

    Args:
        nodes: the beads; closed ones may be among them and hold nothing.
        closed: numbers of issues known to be closed. An edge to a number that is neither is dangling: it
            holds the bead and says so, because an edge that is silently dropped lets work start too early.
    """

    def __init__(self, nodes: Iterable[Node], closed: Iterable[int] = ()) -> None:
        every = {node.number: node for node in nodes}
        self.nodes = {number: node for number, node in every.items() if node.open}
        self._closed = frozenset(closed) | {number for number, node in every.items() if not node.open}
        self.children: dict[int, list[int]] = {}
        for node in self.nodes.values():
            if node.parent in self.nodes and node.parent is not None:
                self.children.setdefault(node.parent, []).append(node.number)
        self._numbers = list(self.nodes)
        self._waits = self._edges_of_moments()
        self._cycles: tuple[Cycle, ...] | None = None
        self._on_cycle: dict[int, Cycle] = {}

    # -- what holds a bead back ---------------------------------------------------------------------------
    def ancestors(self, number: int) -> Iterator[Node]:
        """The open epics above a bead, nearest first; ends where a parent chain bites its tail."""
        seen = {number}
        parent = self.nodes[number].parent
        while parent is not None and parent in self.nodes and parent not in seen:
            seen.add(parent)
            yield self.nodes[parent]
            parent = self.nodes[parent].parent

    def edges(self, number: int, today: date) -> tuple[Edge, ...]:
        """Every fact that holds this bead back today: its own, its children's, then its ancestors'."""
        node = self.nodes[number]
        found = list(self._own(node, today, None))
        for child in sorted(self.children.get(number, ())):
            found.append(Edge(EdgeKind.CHILD, child, f"its child #{child} is open"))
        for ancestor in self.ancestors(number):
            found.extend(self._own(ancestor, today, ancestor.number))
        self.cycles()
        if number in self._on_cycle:
            found.append(Edge(EdgeKind.CYCLE, None, f"deadlock: {self._on_cycle[number].witness}"))
        return tuple(found)

    def is_clear(self, number: int, today: date) -> bool:
        """Whether nothing holds this bead back today: the same as no `edges`, without telling them."""
        node = self.nodes[number]
        if number in self.children or self._held(node, today):
            return False
        if any(self._held(ancestor, today) for ancestor in self.ancestors(number)):
            return False
        self.cycles()
        return number not in self._on_cycle

    def _held(self, node: Node, today: date) -> bool:
        if node.hold or node.malformed or (node.defer is not None and node.defer > today):
            return True
        return any(blocker in self.nodes or blocker not in self._closed for blocker in node.blocked_by)

    def _own(self, node: Node, today: date, via: int | None) -> Iterator[Edge]:
        of = f" (of its epic #{via})" if via is not None else ""
        if node.hold:
            yield Edge(EdgeKind.HOLD, None, f"the label `hold`{of}", via)
        if node.defer is not None and node.defer > today:
            yield Edge(EdgeKind.DEFER, None, f"deferred until {node.defer.isoformat()}{of}", via)
        if node.malformed:
            yield Edge(EdgeKind.MALFORMED, None, f"a label that cannot be read{of}", via)
        for blocker in sorted(node.blocked_by):
            if blocker in self.nodes:
                yield Edge(EdgeKind.BLOCKED_BY, blocker, f"blocked by #{blocker}, which is open{of}", via)
            elif blocker not in self._closed:
                reason = f"blocked by #{blocker}, which is no bead that is open or closed{of}"
                yield Edge(EdgeKind.DANGLING, blocker, reason, via)

    # -- deadlocks ----------------------------------------------------------------------------------------
    def cycles(self) -> tuple[Cycle, ...]:
        """One deadlock with witness for each knot of beads that wait for each other."""
        if self._cycles is None:
            knots = _knots(self._waits)
            self._cycles = tuple(self._witness(knot) for knot in knots)
            for cycle, knot in zip(self._cycles, knots, strict=True):
                for moment in knot:
                    self._on_cycle.setdefault(self._numbers[moment // 2], cycle)
        return self._cycles

    def would_close_cycle(
        self, number: int, *, blocked_by: int | None = None, parent: int | None = None
    ) -> Cycle | None:
        """The deadlock that a new edge of this bead would close, or None.

        Raises KeyError for a bead that is not in the graph.
        """
        node = self.nodes[number]
        if blocked_by is not None:
            node = replace(node, blocked_by=node.blocked_by | {blocked_by})
        if parent is not None:
            node = replace(node, parent=parent)
        before = {cycle.beads for cycle in self.cycles()}
        after = Graph([*(n for n in self.nodes.values() if n.number != number), node], self._closed)
        return next((cycle for cycle in after.cycles() if cycle.beads not in before), None)

    def _edges_of_moments(self) -> list[list[Moment]]:
        place = {number: index for index, number in enumerate(self._numbers)}
        waits: list[list[Moment]] = []
        for number, node in self.nodes.items():
            start = [2 * place[blocker] + 1 for blocker in sorted(node.blocked_by) if blocker in place]
            if node.parent is not None and node.parent in place:
                start.append(2 * place[node.parent])
            waits.append(start)
            waits.append(
                [2 * place[number], *(2 * place[child] + 1 for child in self.children.get(number, ()))]
            )
        return waits

    def _witness(self, knot: frozenset[Moment]) -> Cycle:
        start = min(knot)
        came: dict[Moment, Moment] = {}
        queue = [start]
        for moment in queue:
            for target in self._waits[moment]:
                if target == start:
                    path = [moment]
                    while path[-1] != start:
                        path.append(came[path[-1]])
                    path.reverse()
                    return self._tell(path)
                if target in knot and target not in came:
                    came[target] = moment
                    queue.append(target)
        raise AssertionError("a knot has a cycle through each of its moments")

    def _tell(self, path: list[Moment]) -> Cycle:
        steps: list[str] = []
        for moment, target in zip(path, [*path[1:], path[0]], strict=True):
            waiter, waited = self._numbers[moment // 2], self._numbers[target // 2]
            if moment % 2 and not target % 2:
                continue  # its end waits for its own start
            if moment % 2:
                steps.append(f"#{waiter} waits for its child #{waited}")
            elif target % 2:
                steps.append(f"#{waiter} is blocked by #{waited}")
            else:
                steps.append(f"#{waiter} waits for what its epic #{waited} waits for")
        beads = tuple(dict.fromkeys(self._numbers[moment // 2] for moment in path))
        return Cycle(beads, tuple(steps))

    # -- order --------------------------------------------------------------------------------------------
    def order(self, candidates: Iterable[int]) -> list[int]:
        """Candidates in the order in which they should go.

        Lowest priority number first; then the one with the longest chain of beads waiting behind it; then
        the oldest; then the lowest number. A total order that does not depend on the order given.
        """
        behind = self.chains()

        def key(number: int) -> tuple[int, int, datetime, int]:
            node = self.nodes[number]
            return node.priority, -behind[number], node.created_at, number

        return sorted(candidates, key=key)

    def chains(self) -> dict[int, int]:
        """For every bead, how many beads the longest chain that waits for its end has."""
        owed = [0] * len(self._waits)
        for targets in self._waits:
            for target in targets:
                owed[target] += 1
        # From the moments that nobody waits for back to what they wait for; a deadlock's moments keep 0.
        depth = [0] * len(owed)
        stack = [moment for moment, count in enumerate(owed) if count == 0]
        while stack:
            moment = stack.pop()
            behind = depth[moment]
            for target in self._waits[moment]:
                # Waiting for another bead's end makes the chain one bead longer.
                reach = behind + 1 if target % 2 else behind
                if reach > depth[target]:
                    depth[target] = reach
                owed[target] -= 1
                if owed[target] == 0:
                    stack.append(target)
        return {number: depth[2 * index + 1] for index, number in enumerate(self._numbers)}


def _knots(waits: list[list[Moment]]) -> list[frozenset[Moment]]:
    """Strongly connected components with a cycle (Tarjan's algorithm as a loop), in order of appearance."""
    if not _deadlocked(waits):
        return []
    index: dict[Moment, int] = {}
    low: dict[Moment, int] = {}
    open_: dict[Moment, None] = {}
    knots: list[frozenset[Moment]] = []
    for root in range(len(waits)):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_[root] = None
        work = [(root, iter(waits[root]))]
        while work:
            moment, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    open_[target] = None
                    work.append((target, iter(waits[target])))
                    break
                if target in open_:
                    low[moment] = min(low[moment], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[moment])
                if low[moment] == index[moment]:
                    knot: set[Moment] = set()
                    while moment not in knot:
                        knot.add(open_.popitem()[0])
                    if len(knot) > 1 or moment in waits[moment]:
                        knots.append(frozenset(knot))
    return knots


def _deadlocked(waits: list[list[Moment]]) -> bool:
    """Whether any moment waits for itself in the end: the cheap question, asked before the dear one."""
    owed = [0] * len(waits)
    for targets in waits:
        for target in targets:
            owed[target] += 1
    stack = [moment for moment, count in enumerate(owed) if count == 0]
    seen = 0
    while stack:
        seen += 1
        for target in waits[stack.pop()]:
            owed[target] -= 1
            if owed[target] == 0:
                stack.append(target)
    return seen < len(waits)
