"""How long the chains behind beads are, and which moments are stuck in deadlocks: one walk in linear time.

The walk is over small integers in two flat lists, which keeps it fast: a bead's place is its start. Nobody
but its own end waits for the start of a bead without children, so only epics have a second place, their end.
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
    return dict(zip(waits.numbers[1:], depth[1:], strict=True)), moments  # of an epic's two places its end


class _Waits:
    """What each place waits for. Place 0 is nobody's, so that `filter` can drop what is not there."""

    def __init__(self, nodes: Mapping[int, Waiting], children: Mapping[int, Sequence[int]]) -> None:
        self.numbers = [0, *nodes, *children]
        self.count = len(self.numbers)
        self.epics = children.keys()
        self.starts = {number: index for index, number in enumerate(nodes, start=1)}
        ends = self.starts | {number: index for index, number in enumerate(children, start=len(nodes) + 1)}
        self.targets: list[int] = []
        self.until = [0]
        for node in nodes.values():
            if node.blocked_by:
                self.targets.extend(filter(None, map(ends.get, node.blocked_by)))
            if node.parent is not None and node.parent in children:
                self.targets.append(self.starts[node.parent])
            self.until.append(len(self.targets))
        for number, inside in children.items():
            self.targets.append(self.starts[number])
            self.targets.extend(filter(None, map(ends.get, inside)))
            self.until.append(len(self.targets))

    def of(self, place: int) -> list[int]:
        """What this place waits for."""
        return self.targets[self.until[place - 1] : self.until[place]]

    def moments(self, place: int) -> list[Moment]:
        """What this place stands for."""
        number = self.numbers[place]
        if number in self.epics:
            return [(number, place > len(self.starts))]
        return [(number, False), (number, True)]

    def drain(self, free: list[int], owed: list[int], depth: list[int]) -> None:
        """From places that nobody waits for any more back to what they wait for, measuring on the way."""
        targets, until = self.targets, self.until
        step = [1] * self.count  # who waits for an end is a bead more in the chain
        for epic in self.epics:
            step[self.starts[epic]] = 0
        while free:
            place = free.pop()
            here = depth[place]
            for target in targets[until[place - 1] : until[place]]:
                reach = here + step[target]
                if reach > depth[target]:
                    depth[target] = reach
                owed[target] = left = owed[target] - 1
                if not left:
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
