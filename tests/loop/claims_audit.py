"""What must be true of every document that the claims ref has ever held, whoever wrote it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.coordinator.claims import Claim, Claims, read_run_name


@dataclass(frozen=True)
class Given:
    """A claim as it first appears: in which document, on which bead."""

    at: int
    bead: int
    claim: Claim


def given(history: Sequence[Claims]) -> list[Given]:
    """Every claim that was ever made, in order."""
    found: list[Given] = []
    seen: set[str] = set()
    for at, claims in enumerate(history):
        for bead, claim in claims.live.items():
            if claim.token not in seen:
                seen.add(claim.token)
                found.append(Given(at, bead, claim))
    return found


def assert_fenced(history: Sequence[Claims], cap: int, runs: Sequence[str]) -> None:
    """The cap holds at every moment, a token is one claim's and one dispatch's, attempts have no gaps.

    That a bead has one claim at a time needs no look: the document is a map by bead.
    """
    assert all(len(claims.live) <= cap for claims in history)
    claims = given(history)
    tokens = Counter(one.claim.token for one in claims)
    assert all(count == 1 for count in tokens.values())
    dispatched = Counter(name[3] for title in runs if (name := read_run_name(title)) is not None)
    assert all(count == 1 for count in dispatched.values()), "a token was dispatched twice"
    assert set(dispatched) <= set(tokens)
    by_bead: dict[int, list[int]] = {}
    for one in claims:
        by_bead.setdefault(one.bead, []).append(one.claim.attempt)
    for bead, attempts in by_bead.items():
        assert attempts == list(range(1, len(attempts) + 1)), f"#{bead}: {attempts}"


def assert_fair(
    history: Sequence[Claims], rank: Callable[[int], tuple[int, ...]], waits_for: dict[int, int]
) -> None:
    """Nobody overtakes: a bead's first claim is never made while one that comes before it waits.

    Args:
        history: the claims ref's documents, oldest first.
        rank: a bead's place; lower goes first.
        waits_for: beads that become ready when another one is closed; all others are ready from the start.
    """
    first = {one.bead: one.at for one in reversed(given(history)) if one.claim.role == "worker"}
    closed: dict[int, int] = {}
    for at, (before, after) in enumerate(pairwise(history), start=1):
        closed |= {bead: at for bead in before.history if bead not in after.history}
    for bead, at in first.items():
        for other, later in first.items():
            # Whoever wrote document `at` had read the one before it, in which `other` was ready.
            ready = other not in waits_for or closed.get(waits_for[other], at) < at
            if later > at and ready:
                assert rank(bead) <= rank(other), f"#{bead} overtook #{other}"
