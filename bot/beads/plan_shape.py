"""How a plan would go: what can be done at the same time, its longest chain, how tightly it is coupled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from itertools import combinations

from bot.beads.footprint import interfaces_of, plain, shared
from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_fault import beads

COUPLED = 2
"""From how many signals on an epic is tightly coupled."""


class Signal(StrEnum):
    """What couples the beads of a plan."""

    FILES = "shared files"
    INTERFACE = "a shared new interface"
    CHAIN = "chained outputs"


@dataclass(frozen=True, slots=True)
class Coupling:
    """A signal that beads are coupled: which, the places that it is about, and the facts in a sentence."""

    signal: Signal
    places: tuple[int, ...]
    text: str


def waves(plan: PlanAnswer) -> tuple[tuple[int, ...], ...]:
    """The places of the beads that can go at the same time, wave by wave. Raises graphlib.CycleError, a
    ValueError, for beads that wait for each other."""
    sorter = TopologicalSorter(_after(plan))
    sorter.prepare()
    found = []
    while sorter.is_active():
        wave = sorter.get_ready()
        found.append(tuple(sorted(wave)))
        sorter.done(*wave)
    return tuple(found)


def longest_chain(plan: PlanAnswer) -> tuple[int, ...]:
    """The places on the longest chain of beads that wait for each other, first to last; of equally long ones
    the first. Raises graphlib.CycleError for beads that wait for each other in a circle."""
    after = _after(plan)
    chains: dict[int, tuple[int, ...]] = {}
    for place in TopologicalSorter(after).static_order():
        before = max((chains[other] for other in sorted(after[place])), key=len, default=())
        chains[place] = (*before, place)
    return max((chains[place] for place in sorted(chains)), key=len, default=())


def coupling(plan: PlanAnswer) -> tuple[Coupling, ...]:
    """The signals that the plan's beads are coupled, each at most once, with the facts."""
    working = {place: bead for place, bead in enumerate(plan.beads, start=1) if bead.works}
    found: dict[Signal, list[tuple[tuple[int, int], str]]] = {}
    for (place, one), (other, two) in combinations(working.items(), 2):
        for signal, what in _between(one, two):
            found.setdefault(signal, []).append(((place, other), what))
    return tuple(
        Coupling(
            signal=signal,
            places=tuple(sorted({place for pair, _ in facts for place in pair})),
            text="; ".join(f"{beads(pair)}: {what}" for pair, what in facts),
        )
        for signal in Signal
        if (facts := found.get(signal))
    )


def is_coupled(plan: PlanAnswer) -> bool:
    """Whether so much couples a plan's beads that one worker had better lead all of them."""
    return len(coupling(plan)) >= COUPLED


def _between(one: PlannedBead, two: PlannedBead) -> list[tuple[Signal, str]]:
    made = {*map(plain, one.creates), *map(plain, two.creates)}
    files = [path for path in shared(one, two) if path not in made]
    chained = [path for path in shared(one, two) if path in made]
    names = sorted(interfaces_of(one) & interfaces_of(two))
    told = ((Signal.FILES, files), (Signal.INTERFACE, names), (Signal.CHAIN, chained))
    return [(signal, ", ".join(f"`{what}`" for what in facts)) for signal, facts in told if facts]


def _after(plan: PlanAnswer) -> dict[int, set[int]]:
    """What each place waits for, of what there is."""
    places = range(1, len(plan.beads) + 1)
    return {place: set(plan.beads[place - 1].after).intersection(places) for place in places}
