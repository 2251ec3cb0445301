"""The graph: every edge that holds work back, and the order of what nothing holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.graph import EdgeKind, Graph, Node
from tests.unit.strategies import BIRTH, GHOST, TODAY, beads, with_blocker


def bead(number: int, *blocked_by: int, parent: int | None = None, priority: int = 2) -> Node:
    birth = BIRTH + timedelta(hours=number)
    return Node(number, priority, birth, blocked_by=frozenset(blocked_by), parent=parent)


def below(graph: Graph, number: int) -> set[int]:
    """A bead and everything in the epic that it is."""
    found = {number}
    for other in graph.nodes:
        if number in {ancestor.number for ancestor in graph.ancestors(other)}:
            found.add(other)
    return found


# -- what holds a bead back ---------------------------------------------------------------------------------
def test_a_bead_waits_for_its_blocker_until_that_is_closed() -> None:
    assert [edge.target for edge in Graph([bead(1), bead(2, 1)]).edges(2, TODAY)] == [1]
    assert Graph([replace(bead(1), open=False), bead(2, 1)]).is_clear(2, TODAY)
    assert Graph([bead(2, 1)], closed=[1]).is_clear(2, TODAY)


def test_an_edge_to_an_issue_that_does_not_exist_holds_and_says_so() -> None:
    (edge,) = Graph([bead(2, 77)]).edges(2, TODAY)
    assert (edge.kind, edge.target) == (EdgeKind.DANGLING, 77)
    assert "#77" in edge.reason


def test_an_open_blocker_counts_even_where_it_is_also_said_to_be_closed() -> None:
    assert not Graph([bead(1), bead(2, 1)], closed=[1]).is_clear(2, TODAY)


def test_a_child_waits_for_what_any_epic_above_it_waits_for() -> None:
    graph = Graph([bead(1), bead(2, 1), replace(bead(3, parent=2), hold=True), bead(4, parent=3)])
    assert [(edge.kind, edge.via) for edge in graph.edges(4, TODAY)] == [
        (EdgeKind.HOLD, 3),
        (EdgeKind.BLOCKED_BY, 2),
    ]
    assert "its epic #2" in graph.edges(4, TODAY)[1].reason


def test_an_epic_waits_for_its_open_children() -> None:
    graph = Graph([bead(1), bead(2, parent=1), replace(bead(3, parent=1), open=False)])
    assert [(edge.kind, edge.target) for edge in graph.edges(1, TODAY)] == [(EdgeKind.CHILD, 2)]


def test_a_deferred_bead_is_clear_on_its_day() -> None:
    graph = Graph([replace(bead(1), defer=TODAY)])
    assert graph.is_clear(1, TODAY)
    assert not graph.is_clear(1, TODAY - timedelta(days=1))


def test_a_bead_with_a_label_that_may_hide_an_edge_waits() -> None:
    assert [edge.kind for edge in Graph([replace(bead(1), malformed=True)]).edges(1, TODAY)] == [
        EdgeKind.MALFORMED
    ]


def test_what_is_not_open_in_the_graph_cannot_be_asked_about() -> None:
    with pytest.raises(KeyError):
        Graph([replace(bead(1), open=False)]).edges(1, TODAY)


@given(beads(), st.booleans())
def test_a_bead_is_clear_exactly_when_no_edge_holds_it(nodes: list[Node], ghost_closed: bool) -> None:
    graph = Graph(nodes, closed=[GHOST] if ghost_closed else [])
    clear = [number for number in graph.nodes if not graph.edges(number, TODAY)]
    assert graph.clear(TODAY) == clear
    assert [number for number in graph.nodes if graph.is_clear(number, TODAY)] == clear
    for number in clear:
        line = [graph.nodes[number], *graph.ancestors(number)]
        assert not any(link.hold or link.malformed for link in line)
        assert not any(link.defer is not None and link.defer > TODAY for link in line)
        assert not any(blocker in graph.nodes for link in line for blocker in link.blocked_by)
        assert ghost_closed or not any(GHOST in link.blocked_by for link in line)
        assert not any(other.parent == number for other in graph.nodes.values())


@given(beads(), st.data())
def test_a_new_blocker_changes_only_its_bead_and_what_is_in_that_epic(
    nodes: list[Node], data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from([node.number for node in nodes]))
    blocker = data.draw(st.sampled_from([*(node.number for node in nodes), GHOST]))
    before, after = Graph(nodes), Graph(with_blocker(nodes, number, blocker))
    touched = below(before, number) if number in before.nodes else set()
    holds = blocker in before.nodes or blocker == GHOST
    for other in before.nodes:
        if other in touched and holds:
            assert not after.is_clear(other, TODAY)
        else:
            assert after.is_clear(other, TODAY) == before.is_clear(other, TODAY)
        old = [edge for edge in before.edges(other, TODAY) if edge.kind is not EdgeKind.CYCLE]
        new = [edge for edge in after.edges(other, TODAY) if edge.kind is not EdgeKind.CYCLE]
        if other in touched:
            assert set(old) <= set(new)
            assert {edge.target for edge in set(new) - set(old)} <= {blocker}
        else:
            assert new == old


# -- order --------------------------------------------------------------------------------------------------
def test_priority_then_the_longest_chain_then_age_decides() -> None:
    nodes = [bead(1), bead(2), bead(3), bead(4, 3), bead(5, 4), bead(6, 2), bead(7, priority=1)]
    assert Graph(nodes).order([1, 2, 3, 7]) == [7, 3, 2, 1]
    younger = replace(bead(1), created_at=BIRTH + timedelta(days=9))
    assert Graph([younger, bead(2)]).order([1, 2]) == [2, 1]
    assert Graph([replace(bead(1), created_at=bead(2).created_at), bead(2)]).order([2, 1]) == [1, 2]


def test_a_chain_counts_what_waits_through_epics_and_ends_at_a_deadlock() -> None:
    epic = Graph([bead(1), bead(2, 1), bead(3, parent=2), bead(4, 3, parent=2), bead(5, 2)])
    # 1 lets 3 go (in its epic 2), 3 lets 4 go, then 2 closes, then 5 goes.
    assert epic.chains() == {1: 4, 2: 1, 3: 3, 4: 2, 5: 0}
    stuck = Graph([bead(1), bead(2, 1), bead(3, 2), bead(8, 9, 3), bead(9, 8), bead(10, 9)])
    assert {number: stuck.chains()[number] for number in (1, 2, 3)} == {1: 2, 2: 1, 3: 0}


@given(beads(acyclic=True))
def test_a_chain_is_one_longer_than_the_longest_behind_it(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    chains = graph.chains()

    def waiting_for(number: int) -> set[int]:
        """The beads that cannot start, or as epics not close, before this one is closed."""
        blocked = {other for other, node in graph.nodes.items() if number in node.blocked_by}
        parent = graph.nodes[number].parent
        return {inner for other in blocked for inner in below(graph, other)} | (
            {parent} if parent is not None and parent in graph.nodes else set()
        )

    for number in graph.nodes:
        assert chains[number] == max((chains[other] + 1 for other in waiting_for(number)), default=0)


@given(beads(), st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_the_order_given(nodes: list[Node], random: Random) -> None:
    numbers = list(Graph(nodes).nodes)
    order = Graph(nodes).order(numbers)
    assert sorted(order) == sorted(numbers)
    random.shuffle(numbers)
    random.shuffle(nodes)
    graph = Graph(nodes)
    assert graph.order(numbers) == order
    # Antisymmetric and transitive: every two stand to each other as they do among all.
    for index, one in enumerate(order):
        for other in order[index + 1 :]:
            assert graph.order([other, one]) == [one, other]
    for one, other in pairwise(order):
        assert graph.nodes[one].priority <= graph.nodes[other].priority


# -- size ---------------------------------------------------------------------------------------------------
def test_a_graph_may_be_deep() -> None:
    depth = 20_000
    blocked = Graph([bead(1), *(bead(number, number - 1) for number in range(2, depth + 1))])
    assert blocked.clear(TODAY) == [1]
    assert blocked.order([depth, 1]) == [1, depth]
    nested = Graph([bead(1), *(bead(number, parent=number - 1) for number in range(2, depth + 1))])
    assert nested.clear(TODAY) == [depth]
    assert nested.cycles() == ()
    ring = Graph([*blocked.nodes.values(), bead(1, depth)])
    (cycle,) = ring.cycles()
    assert len(cycle.beads) == depth
    assert cycle.witness.startswith("#1 is blocked by #20000, ")
    assert cycle.witness.endswith(", (19960 more), " + ", ".join(cycle.steps[-20:]))
