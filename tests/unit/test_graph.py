"""The graph: every edge that holds work back, deadlocks with their witness, the order of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.beads.graph import Cycle, EdgeKind, Graph, Node

TODAY = date(2026, 11, 24)
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)


def bead(number: int, *blocked_by: int, parent: int | None = None, priority: int = 2, hold: bool = False) -> Node:
    return Node(
        number, priority, BIRTH + timedelta(hours=number), blocked_by=frozenset(blocked_by), parent=parent, hold=hold
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    count = draw(st.integers(1, 9))
    numbers = list(range(1, count + 1))
    return [
        Node(
            number=number,
            priority=draw(st.integers(0, 4)),
            created_at=BIRTH + timedelta(days=draw(st.integers(0, 3))),
            open=draw(st.sampled_from([True, True, True, False])),
            blocked_by=frozenset(draw(st.lists(st.sampled_from([*numbers, 99]), max_size=2))),
            parent=draw(st.none() | st.sampled_from(numbers)),
            hold=draw(st.sampled_from([False, False, True])),
            defer=draw(st.none() | st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2))),
        )
        for number in numbers
    ]


def acyclic(nodes: list[Node]) -> list[Node]:
    return [
        replace(
            node,
            blocked_by=frozenset(b for b in node.blocked_by if b < node.number),
            parent=None,
        )
        for node in nodes
    ]


def test_a_bead_waits_for_its_blocker_until_that_is_closed() -> None:
    assert [edge.target for edge in Graph([bead(1), bead(2, 1)]).edges(2, TODAY)] == [1]
    assert Graph([bead(2, 1)], closed=[1]).is_clear(2, TODAY)


def test_an_edge_to_nothing_holds_and_says_so() -> None:
    (edge,) = Graph([bead(2, 77)]).edges(2, TODAY)
    assert (edge.kind, edge.target) == (EdgeKind.DANGLING, 77)


def test_a_child_waits_for_what_any_epic_above_it_waits_for() -> None:
    graph = Graph([bead(1), bead(2, 1), bead(3, parent=2, hold=True), bead(4, parent=3)])
    assert [(edge.kind, edge.via) for edge in graph.edges(4, TODAY)] == [
        (EdgeKind.HOLD, 3),
        (EdgeKind.BLOCKED_BY, 2),
    ]


def test_an_epic_waits_for_its_open_children() -> None:
    graph = Graph([bead(1), bead(2, parent=1), replace(bead(3, parent=1), open=False)])
    assert [(edge.kind, edge.target) for edge in graph.edges(1, TODAY)] == [(EdgeKind.CHILD, 2)]


def test_a_deferred_bead_is_clear_on_its_day() -> None:
    graph = Graph([replace(bead(1), defer=TODAY)])
    assert graph.is_clear(1, TODAY)
    assert not graph.is_clear(1, TODAY - timedelta(days=1))


def test_a_bead_blocked_by_its_own_epic_is_a_deadlock_with_a_witness() -> None:
    (cycle,) = Graph([bead(1), bead(2, 1, parent=1), bead(3)]).cycles()
    assert set(cycle.beads) == {1, 2}
    assert "#2 is blocked by #1" in cycle.steps
    assert "#1 waits for its child #2" in cycle.steps


def test_two_epics_whose_children_cross_are_no_deadlock() -> None:
    graph = Graph([bead(1), bead(2), bead(3, parent=1), bead(4, 3, parent=2), bead(5, 4, parent=1)])
    assert graph.cycles() == ()


def test_crossed_epics_that_do_deadlock_are_found_over_mixed_edges() -> None:
    # 1 waits to start for the end of 2, so its child 3 does too; 2's child 4 waits for 3.
    (cycle,) = Graph([bead(1, 2), bead(2), bead(3, parent=1), bead(4, 3, parent=2)]).cycles()
    assert set(cycle.beads) == {1, 2, 3, 4}


def test_a_cycle_holds_only_the_beads_on_it() -> None:
    graph = Graph([bead(1, 2), bead(2, 1), bead(3)])
    assert [edge.kind for edge in graph.edges(1, TODAY)][-1] is EdgeKind.CYCLE
    assert graph.is_clear(3, TODAY)


@given(graphs())
def test_every_witness_leads_from_waiter_to_waited_for_and_back(nodes: list[Node]) -> None:
    graph = Graph(nodes)
    open_ = graph.nodes
    for cycle in graph.cycles():
        assert cycle.steps
        first = last = None
        for step in cycle.steps:
            waiter, target = (int(word.strip("#,")) for word in step.split() if word.startswith("#"))
            if "is blocked by" in step:
                assert target in open_[waiter].blocked_by
            elif "its child" in step:
                assert open_[target].parent == waiter
            else:
                assert open_[waiter].parent == target
            assert last is None or waiter == last
            first, last = (waiter if first is None else first), target
        assert first == last


@given(graphs())
def test_edges_that_point_to_earlier_beads_only_never_deadlock(nodes: list[Node]) -> None:
    assert Graph(acyclic(nodes)).cycles() == ()


@given(graphs())
def test_no_bead_is_clear_with_an_uncleared_edge(nodes: list[Node]) -> None:
    graph = Graph(nodes, closed=[99])
    for node in graph.nodes.values():
        if graph.is_clear(node.number, TODAY):
            chain = [node, *graph.ancestors(node.number)]
            assert not any(link.hold for link in chain)
            assert not any(link.defer is not None and link.defer > TODAY for link in chain)
            assert not any(blocker in graph.nodes for link in chain for blocker in link.blocked_by)
            assert not any(other.parent == node.number for other in graph.nodes.values())


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_the_order_given(nodes: list[Node], random: object) -> None:
    graph = Graph(nodes)
    numbers = list(graph.nodes)
    expected = graph.order(numbers)
    assert sorted(expected) == sorted(numbers)
    random.shuffle(numbers)  # type: ignore[attr-defined]
    assert graph.order(numbers) == expected
    shuffled = list(nodes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Graph(shuffled).order(numbers) == expected
    for size in range(len(numbers)):
        assert graph.order(numbers[:size]) == [number for number in expected if number in numbers[:size]]


def test_priority_then_the_longest_chain_then_age_decides() -> None:
    nodes = [bead(1), bead(2), bead(3), bead(4, 3), bead(5, 4), bead(6, 2), bead(7, priority=1)]
    assert Graph(nodes).order([1, 2, 3, 7]) == [7, 3, 2, 1]
    assert Graph([bead(2), bead(1)]).order([2, 1]) == [1, 2]


@given(graphs(), st.data())
def test_a_new_edge_changes_only_its_bead_and_what_is_below_it(nodes: list[Node], data: st.DataObject) -> None:
    nodes = acyclic(nodes)
    target = data.draw(st.sampled_from(nodes))
    earlier = [node.number for node in nodes if node.number < target.number] or [99]
    added = replace(target, blocked_by=target.blocked_by | {data.draw(st.sampled_from(earlier))})
    before = Graph(nodes)
    after = Graph([added if node.number == target.number else node for node in nodes])
    for number in before.nodes:
        if number != target.number:
            assert after.edges(number, TODAY) == before.edges(number, TODAY)
    if target.number in before.nodes:
        assert set(before.edges(target.number, TODAY)) <= set(after.edges(target.number, TODAY))


@given(graphs(), st.data())
def test_an_edge_is_refused_exactly_when_it_would_close_a_new_cycle(nodes: list[Node], data: st.DataObject) -> None:
    graph = Graph(acyclic(nodes))
    if not graph.nodes:
        return
    number = data.draw(st.sampled_from(sorted(graph.nodes)))
    blocker = data.draw(st.sampled_from(sorted(graph.nodes)))
    refused = graph.would_close_cycle(number, blocked_by=blocker)
    reachable = {blocker}
    stack = [blocker]
    while stack:
        for further in graph.nodes[stack.pop()].blocked_by & graph.nodes.keys():
            if further not in reachable:
                reachable.add(further)
                stack.append(further)
    assert (refused is not None) == (number in reachable)
    if isinstance(refused, Cycle):
        assert number in refused.beads
