"""What the beads of a plan wait for: each other, and what is there already, over every kind of edge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from bot.beads.deadlock import within
from bot.beads.graph import Graph, Node
from bot.beads.graph_check import Deadlock, check_graph, without
from bot.beads.plan import PlannedBead
from bot.beads.plan_facts import PlanFacts
from bot.beads.plan_fault import FaultCode, PlanFault
from bot.beads.untying import Tie, untie, witnesses_of

UNBORN = datetime(1970, 1, 1, tzinfo=UTC)
"""When a bead is made plays no part here."""


class PlanEdges:
    """A plan's beads among those that are there.

    In the graph a bead of the plan has the number `number(place)`, above all numbers that are there. Where
    the one bead of a plan is to be the issue `itself` it has that of the issue. Edges to places that there
    are not are left out.
    """

    def __init__(self, planned: tuple[PlannedBead, ...], facts: PlanFacts, *, itself: bool = False) -> None:
        assert not itself or len(planned) == 1, "one bead is the issue itself"
        self.planned = planned
        self.facts = facts
        self.itself = itself
        self.top = max([facts.issue, *facts.closed, *(bead.node.number for bead in facts.beads)])
        self.after = {
            place: frozenset(other for other in bead.after if 0 < other <= len(planned))
            for place, bead in enumerate(planned, start=1)
        }

    def number(self, place: int) -> int:
        """The number in the graph of the bead at a place."""
        return self.facts.issue if self.itself else self.top + place

    def told(self, text: str) -> str:
        """A text about the graph with the places in it as `bead N`."""
        return re.sub(r"#(\d+)", lambda found: self._name(int(found[1])), text)

    def _name(self, number: int) -> str:
        return f"bead {number - self.top}" if number > self.top else f"#{number}"

    @cached_property
    def before(self) -> dict[int, frozenset[int]]:
        """The places that a place waits for, directly or not; in a cycle itself too."""
        found = {}
        for place in self.after:
            reached: dict[int, None] = {}
            queue = [place]
            for at in queue:
                new = [other for other in sorted(self.after[at]) if other not in reached]
                reached.update(dict.fromkeys(new))
                queue += new
            found[place] = frozenset(reached)
        return found

    def in_order(self, one: int, other: int) -> bool:
        """Whether one of two beads waits for the other."""
        return one in self.before[other] or other in self.before[one]

    @cached_property
    def known(self) -> dict[int, Node]:
        """What is there, and the issue itself if it is no bead yet."""
        nodes = {bead.node.number: bead.node for bead in self.facts.beads}
        return {self.facts.issue: Node(self.facts.issue, 2, UNBORN), **nodes}

    @cached_property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """What is in a deadlock without the plan."""
        return check_graph(Graph(self.known.values(), self.facts.closed)).deadlocks

    @cached_property
    def whole(self) -> Graph:
        """The graph with the plan made, and deadlocks untied that are there without it."""
        loose = [tie for deadlock in self.deadlocks for tie in deadlock.untied.ties]
        nodes = without(self.known, loose)
        for place, bead in enumerate(self.planned, start=1):
            number = self.number(place)
            node = nodes.get(number) or Node(number, 2, UNBORN, parent=self.facts.issue)
            waits = {*bead.blocked_by, *(self.number(other) for other in self.after[place])}
            nodes[number] = replace(node, blocked_by=node.blocked_by | waits)
        return Graph(nodes.values(), self.facts.closed)

    def is_planned(self, tie: Tie) -> bool:
        """Whether an edge is one of the plan's own, and not there already."""
        node = self.known.get(tie.waiter)
        return not tie.is_child and (node is None or tie.waited not in node.blocked_by)

    def place(self, number: int) -> int | None:
        """The place of a number of the graph, or None."""
        if self.itself and number == self.facts.issue:
            return 1
        return number - self.top if number > self.top else None


def edge_faults(edges: PlanEdges) -> Iterator[PlanFault]:
    """Edges to nothing, and what would wait for itself."""
    for place, bead in enumerate(edges.planned, start=1):
        for other in sorted(set(bead.after)):
            if other not in edges.after[place]:
                yield _fault(
                    FaultCode.PLACE, place, f"waits for place {other}, which the plan has not: mend `after`"
                )
        for number in sorted(set(bead.blocked_by)):
            if number not in edges.known and number not in edges.facts.closed:
                yield _fault(
                    FaultCode.ISSUE,
                    place,
                    f"waits for #{number}, which is neither an open bead nor a closed issue: name one in"
                    " `blocked_by`, or leave it out",
                )
    yield from _deadlocks(edges)
    yield from _stuck(edges)


def _deadlocks(edges: PlanEdges) -> Iterator[PlanFault]:
    """What the plan's own edges close, with a witness for each edge that is to go."""
    waits = edges.whole.waits
    for knot in edges.whole.knots():
        untied = untie(knot, waits, edges.is_planned)
        witnesses = witnesses_of(untied, within(knot, waits)).values()
        told = "; and ".join(edges.told(cycle.witness) for cycle in witnesses)
        drop = ", ".join(edges.told(f"that #{tie.waiter} waits for #{tie.waited}") for tie in untied.ties)
        numbers = {number for cycle in witnesses for number in cycle.beads}
        places = sorted(place for number in numbers if (place := edges.place(number)) is not None)
        fewest = "the fewest edges to drop" if untied.proved else "edges to drop (fewer may do)"
        text = f"They would wait for each other for ever: {told}; {fewest}: {drop}."
        yield PlanFault(FaultCode.CYCLE, tuple(places), text)


def _stuck(edges: PlanEdges) -> Iterator[PlanFault]:
    """What of the plan would wait for a deadlock that is there already."""
    held = {number: deadlock for deadlock in edges.deadlocks for number in deadlock.beads}
    if not held:
        return
    above = [edges.facts.issue, *(node.number for node in edges.whole.ancestors(edges.facts.issue))]
    stuck = next((number for number in above if number in held), None)
    if stuck is not None:
        text = f"All of this plan is part of #{stuck}, which is in a deadlock already: {_mend(held[stuck])}."
        yield PlanFault(FaultCode.STUCK, (), text)
        return
    for place, bead in enumerate(edges.planned, start=1):
        for number in sorted(set(bead.blocked_by) & held.keys()):
            what = f"waits for #{number}, which is in a deadlock already: {_mend(held[number])}"
            yield _fault(FaultCode.STUCK, place, what)


def _mend(deadlock: Deadlock) -> str:
    told = "; and ".join(cycle.witness for cycle in deadlock.cycles)
    drop = ", ".join(f"that {tie}" for tie in deadlock.untied.ties)
    return f"{told}; it has to be mended first, by dropping {drop}"


def _fault(code: FaultCode, place: int, what: str) -> PlanFault:
    return PlanFault(code, (place,), f"Bead {place} {what}.")
