"""Deadlocks: found over any combination of edges, with a witness that can be checked edge by edge."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.deadlock import Cycle, Link, LinkKind
from bot.beads.graph import EdgeKind, Graph, Node
from tests.unit.strategies import BIRTH, TODAY, beads, with_blocker, with_parent


def bead(number: int, *blocked_by: int, parent: int | None = None) -> Node:
    return Node(number, 2, BIRTH + timedelta(hours=number), blocked_by=frozenset(blocked_by), parent=parent)


def never_closed(graph: Graph) -> set[int]:
    """What is left when everybody works: a bead starts when its blockers and those of every epic above it are
    closed, and closes when it has started and its children are closed."""
    left = set(graph.nodes)
    while True:
        closing = {
            number
            for number in left
            if not any(link.blocked_by & left for link in (graph.nodes[number], *graph.ancestors(number)))
            and not any(graph.nodes[other].parent == number for other in left)
        }
        if not closing:
            return left
        left -= closing


def assert_real(graph: Graph, cycle: Cycle) -> None:
    """Every link is an edge of the graph, and they lead around."""
    links = cycle.links
    assert [link.waited for link in links] == [link.waiter for link in (*links[1:], links[0])]
    for link in links:
        match link.kind:
            case LinkKind.BLOCKED_BY:
                assert link.waited in graph.nodes[link.waiter].blocked_by
            case LinkKind.CHILD:
                assert graph.nodes[link.waited].parent == link.waiter
            case LinkKind.INHERITED:
                assert graph.nodes[link.waiter].parent == link.waited


def test_a_bead_blocked_by_its_own_epic_is_a_deadlock_with_its_witness() -> None:
    (cycle,) = Graph([bead(1), bead(2, 1, parent=1), bead(3)]).cycles()
    assert cycle.witness == "#1 waits for its child #2, #2 is blocked by #1"


def test_an_epic_blocked_by_its_own_child_is_a_deadlock() -> None:
    # The child may not start before its epic may, and the epic not before the child is closed.
    (cycle,) = Graph([bead(1, 2), bead(2, parent=1)]).cycles()
    assert cycle.witness == "#1 is blocked by #2, #2 waits for what its epic #1 waits for"


def test_a_bead_blocked_by_another_epics_child_is_none() -> None:
    assert Graph([bead(1), bead(2, 3), bead(3, parent=1), bead(4, parent=2)]).cycles() == ()


def test_two_epics_whose_children_cross_are_none() -> None:
    graph = Graph([bead(1), bead(2), bead(3, parent=1), bead(4, 3, parent=2), bead(5, 4, parent=1)])
    assert graph.cycles() == ()


def test_epics_that_cross_over_mixed_edges_are_one() -> None:
    # 1 waits to start for the end of 2, so its child 3 does too; 2's child 4 waits for 3.
    (cycle,) = Graph([bead(1, 2), bead(2), bead(3, parent=1), bead(4, 3, parent=2)]).cycles()
    assert cycle.witness == (
        "#1 is blocked by #2, #2 waits for its child #4, #4 is blocked by #3, "
        "#3 waits for what its epic #1 waits for"
    )


def test_epics_that_are_part_of_each_other_are_one() -> None:
    (cycle,) = Graph([bead(1, parent=2), bead(2, parent=1)]).cycles()
    assert set(cycle.beads) == {1, 2}


@pytest.mark.parametrize("node", [bead(1, 1), bead(1, parent=1)])
def test_a_bead_that_waits_for_itself_is_one(node: Node) -> None:
    (cycle,) = Graph([node]).cycles()
    assert cycle.beads == (1,)


def test_a_deadlock_is_said_on_its_beads_alone_and_holds_nobody_else() -> None:
    graph = Graph([bead(1, 2), bead(2, 1), bead(3), bead(4, 2)])
    said = {number: [edge.kind for edge in graph.edges(number, TODAY)] for number in graph.nodes}
    assert said[1] == said[2] == [EdgeKind.BLOCKED_BY, EdgeKind.CYCLE]
    assert said[4] == [EdgeKind.BLOCKED_BY]
    assert graph.clear(TODAY) == [3]


def test_a_bead_is_told_a_deadlock_that_it_is_on() -> None:
    graph = Graph([bead(1, 2), bead(2, 1, 3), bead(3, 2)])
    assert graph.edges(1, TODAY)[-1].reason == "deadlock: #1 is blocked by #2, #2 is blocked by #1"
    assert graph.edges(3, TODAY)[-1].reason == "deadlock: #3 is blocked by #2, #2 is blocked by #3"
    assert len(graph.cycles()) == 2


@given(beads(acyclic=True))
def test_beads_that_cannot_wait_for_themselves_have_no_deadlock(nodes: list[Node]) -> None:
    assert Graph(nodes).cycles() == ()


@given(beads())
def test_there_is_a_deadlock_exactly_when_work_would_never_end(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    cycles = graph.cycles()
    left = never_closed(graph)
    assert bool(cycles) == bool(left)
    for cycle in cycles:
        assert_real(graph, cycle)
        assert set(cycle.beads) <= left


@given(beads())
def test_every_bead_that_is_told_a_deadlock_is_on_it(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    on_one = {number for cycle in graph.cycles() for number in cycle.beads}
    for number in graph.nodes:
        told = [edge.reason for edge in graph.edges(number, TODAY) if edge.kind is EdgeKind.CYCLE]
        assert bool(told) == (number in on_one)
        assert all(f"#{number} " in reason for reason in told)


@given(beads(), st.randoms(use_true_random=False))
def test_deadlocks_do_not_depend_on_the_order_given(nodes: list[Node], random: Random) -> None:
    before = Graph(nodes).cycles()
    random.shuffle(nodes)
    assert Graph(nodes).cycles() == before


def test_an_edge_that_joins_a_deadlock_is_refused_with_its_own_witness() -> None:
    graph = Graph([bead(1, 2), bead(2, 1), bead(3, 1)])
    cycle = graph.would_close_cycle(1, blocked_by=3)
    assert cycle is not None
    assert cycle.witness == "#1 is blocked by #3, #3 is blocked by #1"


def test_a_deadlock_elsewhere_is_no_reason_to_refuse() -> None:
    graph = Graph([bead(1, 2), bead(2, 1), bead(3), bead(4)])
    assert graph.would_close_cycle(3, blocked_by=4) is None
    assert graph.would_close_cycle(3, blocked_by=1) is None
    assert graph.would_close_cycle(3, blocked_by=77) is None


def test_a_new_parent_takes_the_place_of_the_old_one() -> None:
    graph = Graph([bead(1), bead(2, parent=1), bead(3, 1)])
    assert graph.would_close_cycle(2, blocked_by=3) is not None
    assert graph.would_close_cycle(2, parent=3) is None  # 1 no longer waits for 2
    assert graph.would_close_cycle(1, parent=3) is not None


@given(beads(), st.data())
def test_an_edge_is_refused_exactly_when_a_deadlock_goes_through_it(
    nodes: list[Node], data: st.DataObject
) -> None:
    graph = Graph(nodes)
    if not graph.nodes:
        return
    open_ = st.sampled_from(sorted(graph.nodes))
    number, other, parental = data.draw(open_), data.draw(open_), data.draw(st.booleans())
    if parental:
        refused = graph.would_close_cycle(number, parent=other)
        after = Graph(with_parent(nodes, number, other))
        added = {Link(number, LinkKind.INHERITED, other), Link(other, LinkKind.CHILD, number)}
        without = Graph(with_parent(nodes, number, 0))
    else:
        refused = graph.would_close_cycle(number, blocked_by=other)
        after = Graph(with_blocker(nodes, number, other))
        added = {Link(number, LinkKind.BLOCKED_BY, other)}
        without = graph
    if refused is not None:
        assert_real(after, refused)
        assert added & set(refused.links)
    elif not without.cycles():
        assert after.cycles() == ()
    if not without.cycles() and after.cycles():
        assert refused is not None
