"""How long the ready set and its order take, and what comes before and beside them. Medians in milliseconds.

python -m benchmarks.graph [--beads 10000 100000] [--runs 5]
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.beads.graph import Graph, Node
from bot.beads.labels import parse_labels

TODAY = date(2026, 11, 24)
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)


def nodes_of(count: int, seed: int = 7) -> list[Node]:
    """A graph of `count` beads with three edges each: every eighth is an epic with the seven after it in it,
    two (an epic's: three) blockers are older beads of all ages, and a third of the blockers are closed."""
    chance = random.Random(seed)
    return [
        Node(
            number=number,
            priority=chance.randrange(5),
            created_at=BIRTH + timedelta(minutes=number),
            blocked_by=frozenset(
                chance.randrange(1, number - number % 8) * chance.choice((1, 1, -1))
                for _ in range(0 if number < 16 or chance.random() < 0.1 else 3 if number % 8 == 0 else 2)
            ),
            parent=number - number % 8 if number >= 8 and number % 8 else None,
        )
        for number in range(1, count + 1)
    ]


def labels_of(nodes: list[Node]) -> list[tuple[str, ...]]:
    """The labels that say the same."""
    return [
        ("bead", "ready", "task", f"P{node.priority}", *(f"blocked-by:#{abs(to)}" for to in node.blocked_by))
        for node in nodes
    ]


def median(runs: int, work: Callable[[], object]) -> float:
    """The median time of `work` in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beads", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    for count in arguments.beads:
        measure(count, arguments.runs)


def measure(count: int, runs: int) -> None:
    """Measure and print for one size."""
    nodes = nodes_of(count)
    closed = frozenset(range(-count, 0))
    labels = labels_of(nodes)
    ring = [*nodes[:-1], replace(nodes[-1], blocked_by=frozenset({count // 2, count}))]
    graph = Graph(nodes, closed)
    assert not graph.cycles()

    def ready_in_order(of: list[Node]) -> list[int]:
        graph = Graph(of, closed)
        return graph.order(graph.clear(TODAY))

    def all_in_order() -> list[int]:
        graph = Graph(nodes, closed)
        return graph.order(graph.nodes)

    def figure(what: str, work: Callable[[], object]) -> None:
        print(f"{count:>7} beads: {what:<42} {median(runs, work):8.1f} ms")

    edges = sum(len(node.blocked_by) + (node.parent is not None) for node in nodes)
    print(f"{count:>7} beads: {edges} edges, {len(graph.clear(TODAY))} clear")
    figure("ready set and order", lambda: ready_in_order(nodes))
    figure("order of all", all_in_order)
    figure(
        "ready set, order, and a deadlock told", lambda: (ready_in_order(ring), Graph(ring, closed).cycles())
    )
    figure("an edge tried", lambda: graph.would_close_cycle(count // 2, blocked_by=count))
    first = median(1, lambda: [parse_labels(names) for names in labels])
    print(f"{count:>7} beads: {'labels read for the first time':<42} {first:8.1f} ms")
    figure("labels read again", lambda: [parse_labels(names) for names in labels])


if __name__ == "__main__":
    main()
