"""Deadlocks: beads that wait for each other, over every kind of edge, with a witness.

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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

Moment = tuple[int, bool]
"""A bead's number, and whether it is its end."""

Waits = Callable[[Moment], list[Moment]]
"""What a moment waits for, in an order that does not depend on how the graph was put together."""

TOLD = 20
"""How many steps a witness tells from each end of a cycle."""


class LinkKind(StrEnum):
    """How one bead waits for another; the text is what a witness says between their numbers."""

    BLOCKED_BY = "is blocked by"
    CHILD = "waits for its child"
    INHERITED = "waits for what its epic"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a cycle."""

    waiter: int
    kind: LinkKind
    waited: int

    def __str__(self) -> str:
        tail = " waits for" if self.kind is LinkKind.INHERITED else ""
        return f"#{self.waiter} {self.kind} #{self.waited}{tail}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A deadlock with its witness: each link leads to the next, the last one back to the first."""

    links: tuple[Link, ...]

    @property
    def beads(self) -> tuple[int, ...]:
        """The beads on it, each once, in the order of the links."""
        return tuple(dict.fromkeys(link.waiter for link in self.links))

    @property
    def steps(self) -> tuple[str, ...]:
        """The links as text."""
        return tuple(str(link) for link in self.links)

    @property
    def witness(self) -> str:
        """The cycle in one line; of a very long one only both ends, as it is said on every bead of it."""
        steps = self.steps
        if len(steps) > 2 * TOLD:
            steps = (*steps[:TOLD], f"({len(steps) - 2 * TOLD} more)", *steps[-TOLD:])
        return ", ".join(steps)


def cycle_through(start: Moment, waits: Waits, first: Iterable[Moment] | None = None) -> Cycle | None:
    """The shortest cycle from a moment back to itself, or None.

    Args:
        start: the moment.
        waits: what each moment waits for.
        first: the moments that the cycle may go to from `start`; None allows everything it waits for.
    """
    came: dict[Moment, Moment] = {}
    queue = [start]
    for moment in queue:
        for target in first if moment == start and first is not None else waits(moment):
            if target == start:
                path = [moment]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return Cycle(tuple(_links([*reversed(path), start])))
            if target not in came:
                came[target] = moment
                queue.append(target)
    return None


def _links(path: list[Moment]) -> Iterator[Link]:
    for (waiter, ends), (waited, awaits_end) in pairwise(path):
        if ends and awaits_end:
            yield Link(waiter, LinkKind.CHILD, waited)
        elif awaits_end:
            yield Link(waiter, LinkKind.BLOCKED_BY, waited)
        elif not ends:
            yield Link(waiter, LinkKind.INHERITED, waited)
        # What is left is a bead's end that waits for its own start: nothing that anybody needs to be told.


def knots(moments: Iterable[Moment], waits: Waits) -> list[frozenset[Moment]]:
    """The sets of moments that all wait for each other (Tarjan's algorithm), by their lowest moment."""
    index: dict[Moment, int] = {}
    low: dict[Moment, int] = {}
    open_: dict[Moment, None] = {}
    found: list[frozenset[Moment]] = []
    for root in moments:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_[root] = None
        work = [(root, iter(waits(root)))]
        while work:
            moment, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    open_[target] = None
                    work.append((target, iter(waits(target))))
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
                    if len(knot) > 1 or moment in waits(moment):  # alone, it has to wait for itself
                        found.append(frozenset(knot))
    return sorted(found, key=min)


def cycles_of(tied: Iterable[frozenset[Moment]], waits: Waits) -> Iterator[Cycle]:
    """Cycles so that every bead of these knots lies on one: the shortest through the lowest, and so on."""
    told: set[int] = set()
    for knot in tied:
        inside = within(knot, waits)
        for moment in sorted(knot):
            if moment[0] not in told:
                cycle = cycle_through(moment, inside)
                assert cycle is not None, "every moment of a knot lies on a cycle"
                told.update(cycle.beads)
                yield cycle


def within(moments: frozenset[Moment], waits: Waits) -> Waits:
    """The same relation among these moments only."""
    return lambda moment: [target for target in waits(moment) if target in moments]
