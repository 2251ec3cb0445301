"""How long the ready set, its order and the search for deadlocks take. Prints medians in milliseconds.

python benchmarks/graph.py [--beads 10000 100000] [--runs 5]
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from bot.beads.graph import Graph, Node


def nodes_of(count: int, seed: int = 7) -> list[Node]:
    """A graph of `count` beads and about three times as many edges, every edge to an older bead."""
    chance = random.Random(seed)
    birth = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Node(
            number=number,
            priority=chance.randrange(5),
            created_at=birth + timedelta(minutes=number),
            blocked_by=frozenset(chance.randrange(1, number) for _ in range(min(3, number - 1))),
        )
        for number in range(1, count + 1)
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
    today = date(2026, 11, 24)
    for count in arguments.beads:
        nodes = nodes_of(count)

        def ready_in_order(nodes: list[Node] = nodes) -> list[int]:
            graph = Graph(nodes)
            return graph.order([number for number in graph.nodes if graph.is_clear(number, today)])

        def deadlocks(nodes: list[Node] = nodes) -> int:
            return len(Graph(nodes).cycles())

        print(f"{count:>7} beads: ready set and order {median(arguments.runs, ready_in_order):8.1f} ms")
        print(f"{count:>7} beads: deadlocks           {median(arguments.runs, deadlocks):8.1f} ms")


if __name__ == "__main__":
    main()
