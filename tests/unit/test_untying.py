"""Which edges to drop: enough, as few as can be, and said where that is not proved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import combinations
from random import Random

from hypothesis import given

from bot.beads.deadlock import Cycle
from bot.beads.graph import Graph, Node
from bot.beads.graph_check import check_graph, without
from bot.beads.untying import Tie, untie
from tests.unit.strategies import BIRTH, beads


def bead(number: int, *blocked_by: int, parent: int | None = None) -> Node:
    return Node(number, 2, BIRTH, blocked_by=frozenset(blocked_by), parent=parent)


def left(nodes: Collection[Node], ties: Collection[Tie]) -> tuple[Cycle, ...]:
    """The deadlocks that are left when these edges are dropped."""
    return Graph(without({node.number: node for node in nodes}, ties).values()).cycles()


def ties_within(graph: Graph, numbers: Collection[int]) -> list[Tie]:
    """The edges between some beads."""
    return [
        *(Tie(one, other) for one in numbers for other in graph.nodes[one].blocked_by.intersection(numbers)),
        *(
            Tie(one, parent, is_child=True)
            for one in numbers
            if (parent := graph.nodes[one].parent) is not None and parent in numbers
        ),
    ]


@given(beads())
def test_with_what_is_to_drop_dropped_no_deadlock_is_left_and_no_smaller_set_does(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    deadlocks = check_graph(graph).deadlocks
    dropped = [tie for deadlock in deadlocks for tie in deadlock.untied.ties]
    assert not left(nodes, dropped)
    for deadlock in deadlocks:
        assert deadlock.untied.proved
        rest = [tie for tie in dropped if tie not in deadlock.untied.ties]
        fewer = len(deadlock.untied.ties) - 1
        assert fewer >= 0
        assert all(
            left(nodes, [*rest, *some]) for some in combinations(ties_within(graph, deadlock.beads), fewer)
        )


def test_the_edge_that_most_cycles_share_is_dropped_alone() -> None:
    # 1 -> 2 is on three cycles; every other edge is on one.
    (deadlock,) = check_graph(
        Graph([bead(1, 2), bead(2, 3, 4, 5), bead(3, 1), bead(4, 1), bead(5, 1)])
    ).deadlocks
    assert deadlock.untied.ties == (Tie(1, 2),)
    assert deadlock.beads == (1, 2, 3, 4, 5)


def test_a_child_that_waits_for_its_epic_stays_a_child() -> None:
    (deadlock,) = check_graph(Graph([bead(1), bead(2, 1, parent=1)])).deadlocks
    assert [str(tie) for tie in deadlock.untied.ties] == ["#2 is blocked by #1"]


def test_epics_that_are_part_of_each_other_lose_a_parent() -> None:
    (deadlock,) = check_graph(Graph([bead(1, parent=2), bead(2, parent=1)])).deadlocks
    assert [str(tie) for tie in deadlock.untied.ties] == ["#2 is a child of #1"]


def test_the_starts_and_the_ends_of_a_ring_of_epics_are_one_deadlock() -> None:
    ring = [bead(1, parent=3), bead(2, parent=1), bead(3, parent=2)]
    (deadlock,) = check_graph(Graph(ring)).deadlocks
    assert (len(deadlock.untied.ties), deadlock.beads) == (1, (1, 2, 3))


def test_an_edge_that_may_not_be_dropped_is_left_where_it_is() -> None:
    graph = Graph([bead(1, 2), bead(2, 1), bead(3, 2, 1), bead(4)])
    (knot,) = graph.knots()
    assert untie(knot, graph.waits, lambda tie: tie == Tie(1, 2)).ties == (Tie(1, 2),)
    assert untie(knot, graph.waits, lambda _: False).ties == ()


def test_of_a_knot_that_is_too_big_to_prove_enough_is_dropped_and_it_is_said() -> None:
    chance = Random(3)
    numbers = range(1, 41)
    nodes = [
        bead(one, *(other for other in numbers if chance.random() < 0.3 and other != one)) for one in numbers
    ]
    (deadlock,) = check_graph(Graph(nodes)).deadlocks
    assert not deadlock.untied.proved
    assert not left(nodes, deadlock.untied.ties)


def test_a_dense_plan_of_nine_beads_is_proved() -> None:
    nodes = [bead(one, *({*range(1, 10)} - {one})) for one in range(1, 10)]
    (deadlock,) = check_graph(Graph(nodes)).deadlocks
    assert (len(deadlock.untied.ties), deadlock.untied.proved) == (36, True)


def test_edges_to_nothing_are_told_those_to_closed_issues_are_none() -> None:
    nodes = [bead(1, 7, 8, parent=9), replace(bead(8), open=False), bead(3, 1, parent=6)]
    assert check_graph(Graph(nodes, closed=[6])).dangling == (Tie(1, 7), Tie(1, 9, is_child=True))
