"""From a requirement to the commit that met it, and back.

Forward is what became of a thing, backward what it is for. Both go over the same links (`trace_graph.py`), so
what is reached forward from A is what reaches A backward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.beads.trace_facts import Facts
from bot.beads.trace_gaps import Gap, gaps_of
from bot.beads.trace_graph import Kind, Link, Node, chain, reach

OF_ITSELF: frozenset[Kind] = frozenset({"document", "section", "pull", "commit"})
"""What misses something of its own, whatever else should have come of what it is for."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What comes before and after one thing. `nodes` are all that are reached, by id, `start` first;
    `forward` and `backward` are the links on the way, `gaps` what is missing there."""

    start: str
    nodes: Mapping[str, Node]
    forward: tuple[Link, ...]
    backward: tuple[Link, ...]
    gaps: tuple[Gap, ...]


def trace(facts: Facts, start: str) -> Trace | None:
    """The chain through one thing, both ways; None when there is no such thing among the facts."""
    whole = chain(facts)
    if start not in whole.nodes:
        return None
    after = reach(whole.steps(forward=True), start)
    before = reach(whole.steps(forward=False), start)
    there = {one: node for one, node in whole.nodes.items() if one in after or one in before}
    return Trace(
        start=start,
        nodes={start: there[start], **there},
        forward=tuple(link for link in whole.links if link.source in after),
        backward=tuple(link for link in whole.links if link.target in before),
        gaps=tuple(
            gap
            for gap in gaps_of(facts, whole)
            if gap.about in after or (gap.about in before and whole.nodes[gap.about].kind in OF_ITSELF)
        ),
    )
