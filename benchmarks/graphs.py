"""Graphs of beads to measure on."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.beads.graph import Node

TODAY = date(2026, 11, 24)
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = {10_000: 15, 100_000: 5}
"""How many beads, and how often each is measured."""


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


def closed_of(count: int) -> frozenset[int]:
    """The closed issues that such a graph's edges name."""
    return frozenset(range(-count, 0))


def in_a_ring(nodes: list[Node]) -> list[Node]:
    """The same graph with one edge more, from an old bead to the newest, which closes a cycle."""
    old = len(nodes) // 2
    ring = [*nodes]
    ring[old] = replace(ring[old], blocked_by=ring[old].blocked_by | {nodes[-1].number})
    ring[-1] = replace(ring[-1], blocked_by=ring[-1].blocked_by | {nodes[old].number})
    return ring
