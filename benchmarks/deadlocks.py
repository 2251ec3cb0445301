"""Whether a graph can deadlock: the proof that it cannot, the witness when it can, and one edge tried; and a
whole graph looked through, with what to drop and every edge to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.graphs import SIZES, closed_of, in_a_ring, nodes_of
from benchmarks.table import Figure, median_ms
from bot.beads.graph import Graph
from bot.beads.graph_check import check_graph

CHECKED = {100_000: 3_000.0}
"""Milliseconds that a whole graph of so many beads may take."""


def figures() -> Iterator[Figure]:
    """In milliseconds, medians; but for the last each builds its graph from the nodes."""
    for count, runs in SIZES.items():
        yield from _figures(count, runs)


def _figures(count: int, runs: int) -> Iterator[Figure]:
    nodes, closed = nodes_of(count), closed_of(count)
    ring = in_a_ring(nodes)
    graph = Graph(nodes, closed)
    assert not graph.cycles()
    assert Graph(ring, closed).cycles()
    proof = median_ms(runs, lambda: Graph(nodes, closed).cycles())
    yield Figure(f"validation: no deadlock, {count:,} beads", proof, "ms")
    witness = median_ms(runs, lambda: Graph(ring, closed).cycles())
    yield Figure(f"validation: a deadlock and its witness, {count:,} beads", witness, "ms")
    checked = median_ms(runs, lambda: check_graph(Graph(nodes, closed)))
    yield Figure(f"looked through: nothing is wrong, {count:,} beads", checked, "ms", CHECKED.get(count))
    untied = median_ms(runs, lambda: check_graph(Graph(ring, closed)))
    yield Figure(f"looked through: what to drop, {count:,} beads", untied, "ms", CHECKED.get(count))
    tried = median_ms(runs, lambda: graph.would_close_cycle(count // 2, blocked_by=count))
    yield Figure(f"an edge tried in a graph at hand, {count:,} beads", tried, "ms")
