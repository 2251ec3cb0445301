"""Which beads can run, and in which order: from a snapshot's nodes to the list, and what comes before it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.graphs import SIZES, TODAY, closed_of, nodes_of
from benchmarks.table import Figure, median_ms
from bot.beads.graph import Graph, Node
from bot.beads.labels import parse_labels

BUDGETS = {10_000: 25.0, 100_000: 400.0}


def figures() -> Iterator[Figure]:
    """In milliseconds, medians."""
    for count, runs in SIZES.items():
        yield from _figures(count, runs)


def _figures(count: int, runs: int) -> Iterator[Figure]:
    nodes, closed = nodes_of(count), closed_of(count)
    edges = sum(len(node.blocked_by) + (node.parent is not None) for node in nodes)

    def ready_in_order() -> list[int]:
        graph = Graph(nodes, closed)
        return graph.order(graph.clear(TODAY))

    what = f"ready set and order, {count:,} beads, {edges:,} edges"
    yield Figure(what, median_ms(runs, ready_in_order), "ms", BUDGETS[count])

    labels = labels_of(nodes)

    def read() -> None:
        for names in labels:
            parse_labels(names)

    yield Figure(f"their labels, read for the first time, {count:,} beads", median_ms(1, read), "ms")
    yield Figure(f"their labels, read again, {count:,} beads", median_ms(runs, read), "ms")


def labels_of(nodes: list[Node]) -> list[tuple[str, ...]]:
    """The labels that say the same as the nodes."""
    return [
        ("bead", "ready", "task", f"P{node.priority}", *(f"blocked-by:#{abs(to)}" for to in node.blocked_by))
        for node in nodes
    ]
