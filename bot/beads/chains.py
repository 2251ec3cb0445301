"""How long the chains behind beads are, and which moments are stuck in deadlocks: one walk in linear time.

The walk is over small integers in two flat lists, which keeps it fast: a bead's place is its end. Nobody but
its own end waits for the start of a bead without children, so only epics have a second place for theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.beads.deadlock import Moment


class Waiting(Protocol):
    """What a bead waits for."""

    @property
    def blocked_by(self) -> frozenset[int]:
        """The beads whose end it waits for."""

    @property
    def parent(self) -> int | None:
        """The epic that it is part of."""


def measure(
    nodes: Mapping[int, Waiting], children: Mapping[int, Sequence[int]]
) -> tuple[dict[int, int], frozenset[Moment]]:
    """The chains behind beads, and what is stuck.

    Args:
        nodes: the open beads; edges to others are ignored.
        children: the open children of each epic among them.

    Returns:
        For every bead, how many beads the longest chain that waits for its end has; a stuck bead is in no
        chain, as nothing before it lets it go. And the moments that are on a deadlock or between two.
    """
    waits = _Waits(nodes, children)
    owed = [0] * waits.count
    for place, waiters in Counter(waits.targets).items():
        owed[place] = waiters
    depth = [0] * waits.count
    waits.drain([place for place, waiters in enumerate(owed) if place and not waiters], owed, depth)
    stuck = waits.stuck(owed)
    if stuck:
        freed: list[int] = []
        for place in stuck:
            for target in waits.of(place):
                owed[target] -= 1
                if not owed[target] and target not in stuck:
                    freed.append(target)
        waits.drain(freed, owed, depth)
    moments = frozenset(moment for place in stuck for moment in waits.moments(place))
    return dict(zip(nodes, depth[1:], strict=False)), moments


class _Waits:
    """What each place waits for. Place 0 is nobody's, so that `filter` can drop what is not there."""

    def __init__(self, nodes: Mapping[int, Waiting], children: Mapping[int, Sequence[int]]) -> None:
        place = {number: index for index, number in enumerate(nodes, start=1)}
        starts = {number: index for index, number in enumerate(children, start=len(place) + 1)}
        self.numbers = [0, *nodes, *children]
        self.ends = len(place)
        self.count = len(self.numbers)
        self.epics = starts.keys()
        self.targets: list[int] = []
        self.until = [0]
        for number, node in nodes.items():
            if number in starts:
                self.targets.append(starts[number])
                self.targets.extend(filter(None, map(place.get, children[number])))
            else:
                self._add_start(node, place, starts)
            self.until.append(len(self.targets))
        for number in children:
            self._add_start(nodes[number], place, starts)
            self.until.append(len(self.targets))

    def _add_start(self, node: Waiting, place: dict[int, int], starts: dict[int, int]) -> None:
        if node.blocked_by:
            self.targets.extend(filter(None, map(place.get, node.blocked_by)))
        if node.parent is not None and node.parent in starts:
            self.targets.append(starts[node.parent])

    def of(self, place: int) -> list[int]:
        """What this place waits for."""
        return self.targets[self.until[place - 1] : self.until[place]]

    def moments(self, place: int) -> list[Moment]:
        """What this place stands for."""
        number = self.numbers[place]
        if place > self.ends:
            return [(number, False)]
        return [(number, True)] if number in self.epics else [(number, False), (number, True)]

    def drain(self, free: list[int], owed: list[int], depth: list[int]) -> None:
        """From places that nobody waits for any more back to what they wait for, measuring on the way."""
        targets, until, ends = self.targets, self.until, self.ends
        while free:
            place = free.pop()
            here = depth[place]
            for target in targets[until[place - 1] : until[place]]:
                reach = here + 1 if target <= ends else here  # an end is always another bead's
                if reach > depth[target]:
                    depth[target] = reach
                owed[target] -= 1
                if not owed[target]:
                    free.append(target)

    def stuck(self, owed: list[int]) -> set[int]:
        """Of the places that are still owed, those that in the end wait for one of themselves."""
        left = {place for place, waiters in enumerate(owed) if waiters}
        waiters: dict[int, list[int]] = {place: [] for place in left}
        waiting: dict[int, int] = {}
        for place in left:
            targets = self.of(place)
            waiting[place] = len(targets)
            for target in targets:
                waiters[target].append(place)
        free = [place for place in left if not waiting[place]]
        while free:
            place = free.pop()
            left.discard(place)
            for waiter in waiters[place]:
                waiting[waiter] -= 1
                if not waiting[waiter]:
                    free.append(waiter)
        return left
