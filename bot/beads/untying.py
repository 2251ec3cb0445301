"""Which edges to drop so that no bead of a knot waits for itself any more: the fewest that do.

Every cycle has to lose an edge, so what to drop is a smallest set that meets every cycle. Cycles are found as
they are needed: meet those that are known with as few edges as can be, look for cycles that are left, and
begin again with these. What comes out is proved smallest, unless the search takes more than `STEPS` steps or
`ROUNDS` rounds; then an edge of each cycle is dropped until there is none, and `Untied.proved` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from bot.beads.deadlock import Cycle, LinkKind, Moment, Waits, cycle_through, knots, within

STEPS = 50_000
"""How many choices the search makes at most, for one knot; a second or so."""
ROUNDS = 60
DEEP = 100
"""How many edges it drops at most while it proves that fewer would not do."""


@dataclass(frozen=True, slots=True, order=True)
class Tie:
    """An edge between two beads that can be dropped: `waiter` is blocked by `waited`, or is its child."""

    waiter: int
    waited: int
    is_child: bool = False

    def __str__(self) -> str:
        return f"#{self.waiter} {'is a child of' if self.is_child else 'is blocked by'} #{self.waited}"


@dataclass(frozen=True, slots=True)
class Untied:
    """Edges that untie a knot; `proved` where no smaller set does."""

    ties: tuple[Tie, ...]
    proved: bool = True


def ties_of(cycle: Cycle) -> frozenset[Tie]:
    """The edges that a cycle goes along."""
    return frozenset(
        Tie(link.waited, link.waiter, True)
        if link.kind is LinkKind.CHILD
        else Tie(link.waiter, link.waited, link.kind is LinkKind.INHERITED)
        for link in cycle.links
    )


def untie(knot: frozenset[Moment], waits: Waits, may_drop: Callable[[Tie], bool] = lambda _: True) -> Untied:
    """The edges to drop so that no cycle of this knot is left that has an edge which may be dropped.

    Of equally small sets one that rather drops blockers than parents, and of the last beads.

    Args:
        knot: moments that all wait for each other, see `deadlock.knots`.
        waits: what each moment waits for.
        may_drop: which edges may be.
    """
    inside = within(knot, waits)
    cycles: list[frozenset[Tie]] = []
    search = _Search(STEPS)
    dropped: frozenset[Tie] = frozenset()
    for _ in range(ROUNDS):
        left = _apart(knot, inside, dropped, may_drop)
        if not left:
            return Untied(_sorted(dropped))
        cycles += left
        smallest = search.smallest(cycles)
        if smallest is None:
            break
        dropped = smallest
    while left := _apart(knot, inside, dropped, may_drop):
        dropped |= {_sorted(cycle)[0] for cycle in left}
    return Untied(_sorted(dropped), proved=False)


def witnesses_of(untied: Untied, waits: Waits) -> tuple[Cycle, ...]:
    """For each edge that is to go a shortest cycle that needs it: with all others gone it is there still."""
    found: list[Cycle] = []
    for tie in untied.ties:
        others = {one for one in untied.ties if one != tie}

        def kept(moment: Moment, others: set[Tie] = others) -> list[Moment]:
            return [waited for waited in waits(moment) if _tie(moment, waited) not in others]

        steps = [((tie.waiter, False), (tie.waited, not tie.is_child))]
        if tie.is_child:
            steps.append(((tie.waited, True), (tie.waiter, True)))
        cycles = (cycle_through(moment, kept, [waited]) for moment, waited in steps)
        # Of an edge too many, where the fewest are not proved, there is none.
        found += [cycle for cycle in cycles if cycle is not None][:1]
    return tuple(found)


def _apart(
    knot: frozenset[Moment], inside: Waits, dropped: frozenset[Tie], may_drop: Callable[[Tie], bool]
) -> list[frozenset[Tie]]:
    """Cycles of which no two share an edge that may be dropped, by these edges; none where there is none."""
    gone = set(dropped)
    found: list[frozenset[Tie]] = []

    def waits(moment: Moment) -> list[Moment]:
        return [waited for waited in inside(moment) if _tie(moment, waited) not in gone]

    while True:
        new = [
            cycle
            for tied in knots(sorted(knot), waits)
            for cycle in _cycle(tied, within(tied, waits), may_drop)
        ]
        if not new:
            return found
        found += new
        gone.update(*new)


def _cycle(
    tied: frozenset[Moment], waits: Waits, may_drop: Callable[[Tie], bool]
) -> Iterable[frozenset[Tie]]:
    """What may be dropped of a short cycle of a knot, where there is such a cycle."""
    for moment in sorted(tied):
        for waited in waits(moment):
            tie = _tie(moment, waited)
            if tie is not None and may_drop(tie):
                cycle = cycle_through(moment, waits, [waited])
                assert cycle is not None, "every step within a knot is on a cycle"
                return (frozenset(tie for tie in ties_of(cycle) if may_drop(tie)),)
    return ()


def _tie(moment: Moment, waited: Moment) -> Tie | None:
    """The edge for which a moment waits for another; None from a bead's end to its own start."""
    (waiter, ends), (other, awaits_end) = moment, waited
    if ends:
        return Tie(other, waiter, True) if awaits_end else None
    return Tie(waiter, other, not awaits_end)


def _sorted(ties: Iterable[Tie]) -> tuple[Tie, ...]:
    """In the order in which they are rather dropped."""
    return tuple(sorted(ties, key=lambda tie: (tie.is_child, -tie.waiter, -tie.waited)))


@dataclass(slots=True)
class _Search:
    """The smallest set of edges that meets every one of some cycles; each choice is one step."""

    steps: int
    _tried: int = field(default=0, init=False)

    def smallest(self, cycles: Collection[frozenset[Tie]]) -> frozenset[Tie] | None:
        """The set, or None when the steps are used up."""
        for size in range(_apart_count(cycles), DEEP):
            found = self._within(list(cycles), size, frozenset())
            if found is not None:
                return found
            if self._tried > self.steps:
                return None
        return None

    def _within(self, cycles: list[frozenset[Tie]], size: int, kept: frozenset[Tie]) -> frozenset[Tie] | None:
        """A set of no more than `size` edges, none of them `kept`, or None."""
        self._tried += 1
        open_ = [cycle - kept for cycle in cycles]
        if not open_:
            return frozenset()
        if self._tried > self.steps or _apart_count(open_) > size:
            return None
        shortest = min(open_, key=len)
        for tie in _sorted(shortest):
            rest = self._within([cycle for cycle in open_ if tie not in cycle], size - 1, kept)
            if rest is not None:
                return rest | {tie}
            kept |= {tie}
        return None


def _apart_count(cycles: Iterable[frozenset[Tie]]) -> int:
    """How many of these cycles share no edge, taken greedily: so many edges have to go at least."""
    taken: set[Tie] = set()
    count = 0
    for cycle in sorted(cycles, key=len):
        if taken.isdisjoint(cycle):
            taken |= cycle
            count += 1
    return count
