"""A whole graph looked through: every deadlock with its witness and what to drop, every edge to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.beads.deadlock import Cycle, Moment, cycles_of
from bot.beads.graph import Graph, Node
from bot.beads.untying import Tie, Untied, untie


@dataclass(frozen=True, slots=True)
class Deadlock:
    """Beads that all wait for each other: cycles so that each of them is on one, and what to drop."""

    cycles: tuple[Cycle, ...]
    untied: Untied

    @property
    def beads(self) -> tuple[int, ...]:
        """The beads on it, by number."""
        return tuple(sorted({bead for cycle in self.cycles for bead in cycle.beads}))


@dataclass(frozen=True, slots=True)
class GraphFaults:
    """What is wrong with a graph. `dangling` are edges to what is neither open nor known to be closed."""

    deadlocks: tuple[Deadlock, ...] = ()
    dangling: tuple[Tie, ...] = ()


def check_graph(graph: Graph) -> GraphFaults:
    """Every deadlock and every dangling edge of a graph."""
    deadlocks = tuple(
        Deadlock(
            cycles=tuple(cycles_of(tied, graph.waits)),
            untied=untie(frozenset().union(*tied), graph.waits),
        )
        for tied in _of_the_same_beads(graph.knots())
    )
    return GraphFaults(deadlocks, tuple(sorted(_dangling(graph))))


def without(nodes: Mapping[int, Node], ties: Iterable[Tie]) -> dict[int, Node]:
    """The beads, by number, with these edges dropped."""
    found = dict(nodes)
    for tie in ties:
        node = found[tie.waiter]
        found[tie.waiter] = (
            replace(node, parent=None)
            if tie.is_child
            else replace(node, blocked_by=node.blocked_by - {tie.waited})
        )
    return found


def _of_the_same_beads(knots: Iterable[frozenset[Moment]]) -> list[list[frozenset[Moment]]]:
    """Knots put together where they share a bead: of epics that are part of each other the starts are one
    knot and the ends another, and the same edge unties both."""
    groups: dict[int, list[frozenset[Moment]]] = {}
    for knot in knots:
        known = {id(groups[number]): groups[number] for number, _ in sorted(knot) if number in groups}
        together = [*(other for group in known.values() for other in group), knot]
        groups.update(dict.fromkeys((number for tied in together for number, _ in tied), together))
    return list({id(groups[number]): groups[number] for number in sorted(groups)}.values())


def _dangling(graph: Graph) -> Iterator[Tie]:
    known = graph.known()
    for number, node in graph.nodes.items():
        if not node.blocked_by <= known:
            yield from (Tie(number, other) for other in node.blocked_by - known - node.native)
        if node.parent is not None and node.parent not in known:
            yield Tie(number, node.parent, is_child=True)
