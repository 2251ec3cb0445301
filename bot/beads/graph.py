"""The graph of beads: every edge that holds work back, in one place, and the order of what nothing holds.

`edges` says why a bead waits; `clear` and `is_clear` say that it does not, without telling; both rest on the
same facts. Which moments wait for which, and so what a deadlock is, stands in `deadlock`. An epic is a bead
with children here: it is clear when none is open; what is done with a clear epic is the coordinator's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.beads.chains import measure
from bot.beads.deadlock import Cycle, Moment, cycle_through, cycles_of, knots, within

NATIVE = "; a dependency of GitHub's own: `/bead unblock`, or Relationships on the issue's page, removes it"
ELSEWHERE = "; a dependency of GitHub's own: Relationships on the issue's page removes it"


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
    """One bead, as the graph sees it. `malformed`: a label of it may hide an edge.

    `blocked_by` are all blockers of this repository, whoever names them; `native` those of them that GitHub's
    own dependencies name and that are open, `native_only` which of these no label names. `elsewhere` are open
    blockers of other repositories, in words.
    """

    number: int
    priority: int
    created_at: datetime
    open: bool = True
    blocked_by: frozenset[int] = frozenset()
    parent: int | None = None
    hold: bool = False
    defer: date | None = None
    malformed: bool = False
    native: frozenset[int] = frozenset()
    native_only: frozenset[int] = frozenset()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """One fact that holds a bead back. `via` is the ancestor that it comes from, or None."""

    kind: EdgeKind
    target: int | None
    reason: str
    via: int | None = None


class Graph:
    """An immutable graph over the open beads.

    Args:
        nodes: the beads; closed ones may be among them and hold nothing.
        closed: numbers of issues known to be closed. An edge to a number that is neither is dangling: it
            holds the bead and says so, because an edge that is silently dropped lets work start too early.
        hold: what the label that holds a bead is called.
    """

    def __init__(self, nodes: Iterable[Node], closed: Iterable[int] = (), hold: str = "hold") -> None:
        self._hold = hold
        every = {node.number: node for node in nodes}
        self._cleared = {number for number, node in every.items() if not node.open}
        self.nodes = {number: node for number, node in every.items() if node.open} if self._cleared else every
        self._cleared.update(set(closed).difference(self.nodes))
        self.children: dict[int, list[int]] = {}
        for number, node in self.nodes.items():
            if node.parent in self.nodes:
                self.children.setdefault(node.parent, []).append(number)
        self._measured: tuple[dict[int, int], frozenset[Moment]] | None = None
        self._knots: tuple[frozenset[Moment], ...] | None = None
        self._cycles: tuple[Cycle, ...] | None = None
        self._cycle_of: dict[int, Cycle] = {}

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
        """Every fact that holds this bead back today: its own, its children's, then its ancestors'.

        Raises KeyError for a bead that is not open in this graph.
        """
        found = list(self._own(self.nodes[number], today, None))
        for child in sorted(self.children.get(number, ())):
            found.append(Edge(EdgeKind.CHILD, child, f"its child #{child} is open"))
        for ancestor in self.ancestors(number):
            found.extend(self._own(ancestor, today, ancestor.number))
        if self.cycles() and number in self._cycle_of:
            found.append(Edge(EdgeKind.CYCLE, None, f"deadlock: {self._cycle_of[number].witness}"))
        return tuple(found)

    def is_clear(self, number: int, today: date) -> bool:
        """Whether nothing holds this bead back today: the same as no `edges`, without telling them."""
        return self._is_clear(self.nodes[number], today, {})

    def clear(self, today: date) -> list[int]:
        """The open beads that nothing holds back today, in the order of the nodes given; in linear time."""
        above: dict[int, bool] = {}
        cleared = self._cleared
        # Most beads wait for a blocker, and are told from the others without a call.
        return [
            number
            for number, node in self.nodes.items()
            if node.blocked_by <= cleared and self._is_clear(node, today, above)
        ]

    def _is_clear(self, node: Node, today: date, above: dict[int, bool]) -> bool:
        # Deadlocks need no look: a bead on one waits for an open blocker or child, or an epic above it does.
        if node.number in self.children or self._is_held(node, today):
            return False
        return node.parent is None or not self._is_held_from(node.parent, today, above)

    def _is_held(self, node: Node, today: date) -> bool:
        if node.hold or node.malformed or (node.defer is not None and node.defer > today):
            return True
        if node.elsewhere:
            return True
        return not node.blocked_by <= self._cleared

    def _is_held_from(self, epic: int, today: date, above: dict[int, bool]) -> bool:
        """Whether this epic or one above it is held; `above` remembers the answers."""
        path: list[int] = []
        current: int | None = epic
        while current is not None and current in self.nodes and current not in above:
            path.append(current)
            above[current] = self._is_held(self.nodes[current], today)
            if above[current]:
                break
            current = self.nodes[current].parent
        held = current is not None and above.get(current, False)
        above.update(dict.fromkeys(path, held))
        return held

    def _own(self, node: Node, today: date, via: int | None) -> Iterator[Edge]:
        of = f" (of its epic #{via})" if via is not None else ""
        if node.hold:
            yield Edge(EdgeKind.HOLD, None, f"the label `{self._hold}`{of}", via)
        if node.defer is not None and node.defer > today:
            yield Edge(EdgeKind.DEFER, None, f"deferred until {node.defer.isoformat()}{of}", via)
        if node.malformed:
            yield Edge(EdgeKind.MALFORMED, None, f"a label that cannot be read{of}", via)
        for blocker in sorted(node.blocked_by - self._cleared):
            if blocker in self.nodes or blocker in node.native:
                own = NATIVE if blocker in node.native_only else ""
                reason = f"blocked by #{blocker}, which is open{of}{own}"
                yield Edge(EdgeKind.BLOCKED_BY, blocker, reason, via)
            else:
                reason = f"blocked by #{blocker}, which is no bead that is open or closed{of}"
                yield Edge(EdgeKind.DANGLING, blocker, reason, via)
        for other in node.elsewhere:
            yield Edge(EdgeKind.BLOCKED_BY, None, f"blocked by {other}{of}{ELSEWHERE}", via)

    def known(self) -> set[int]:
        """The open beads of the graph, and the issues that are known to be closed."""
        return self._cleared.union(self.nodes)

    # -- deadlocks ----------------------------------------------------------------------------------------
    def knots(self) -> tuple[frozenset[Moment], ...]:
        """The sets of moments that all wait for each other: what deadlocks are made of."""
        if self._knots is None:
            stuck = self._measure()[1]
            self._knots = tuple(knots(sorted(stuck), within(stuck, self.waits)))
        return self._knots

    def cycles(self) -> tuple[Cycle, ...]:
        """Deadlocks with their witnesses: every bead on any deadlock lies on one of these."""
        if self._cycles is None:
            self._cycles = tuple(cycles_of(self.knots(), self.waits))
            for cycle in self._cycles:
                for bead in cycle.beads:
                    self._cycle_of.setdefault(bead, cycle)
        return self._cycles

    def would_close_cycle(
        self, number: int, *, blocked_by: int | None = None, parent: int | None = None
    ) -> Cycle | None:
        """The deadlock that a new edge of this bead would close, written out with that edge, or None.

        A new parent takes the place of the old one. Deadlocks that are there already are no reason to refuse.
        Raises KeyError for a bead that is not open in this graph.
        """
        former = self.nodes[number].parent
        new: list[tuple[Moment, Moment]] = []
        gone: list[tuple[Moment, Moment]] = []
        if blocked_by is not None and blocked_by in self.nodes:
            new.append(((number, False), (blocked_by, True)))
        if parent is not None and parent in self.nodes:
            new += [((number, False), (parent, False)), ((parent, True), (number, True))]
        if parent is not None and former is not None and former != parent:
            gone = [((number, False), (former, False)), ((former, True), (number, True))]

        def waits(moment: Moment) -> list[Moment]:
            kept = [waited for waited in self.waits(moment) if (moment, waited) not in gone]
            return kept + [waited for waiter, waited in new if waiter == moment]

        closed = (cycle_through(waiter, waits, [waited]) for waiter, waited in new)
        return next((cycle for cycle in closed if cycle is not None), None)

    def waits(self, moment: Moment) -> list[Moment]:
        """What a moment of an open bead waits for. Raises KeyError for the start of another."""
        number, end = moment
        if end:
            return [(number, False), *((child, True) for child in sorted(self.children.get(number, ())))]
        node = self.nodes[number]
        found = [(blocker, True) for blocker in sorted(node.blocked_by) if blocker in self.nodes]
        if node.parent is not None and node.parent in self.nodes:
            found.append((node.parent, False))
        return found

    # -- order --------------------------------------------------------------------------------------------
    def order(self, candidates: Iterable[int]) -> list[int]:
        """Candidates in the order in which they should go.

        Lowest priority number first; then the one with the longest chain of beads waiting behind it; then
        the oldest; then the lowest number. A total order that does not depend on the order given. Raises
        KeyError for a bead that is not open in this graph.
        """
        behind = self.chains()

        def key(number: int) -> tuple[int, int, datetime, int]:
            node = self.nodes[number]
            return node.priority, -behind[number], node.created_at, number

        return sorted(candidates, key=key)

    def chains(self) -> dict[int, int]:
        """For every open bead, how many beads the longest chain that waits for its end has.

        Beads in a deadlock are in no chain: nothing before them lets them go.
        """
        return self._measure()[0]

    def _measure(self) -> tuple[dict[int, int], frozenset[Moment]]:
        if self._measured is None:
            self._measured = measure(self.nodes, self.children)
        return self._measured
