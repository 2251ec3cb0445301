"""What the coordinator needs of the world; `bot/github` provides it, and `cli.py` puts it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.coordinator.actions import Action
from bot.coordinator.claims import Claims
from bot.coordinator.snapshot import Press, Snapshot


class ClaimsMoved(Exception):
    """Somebody else moved the claims ref first; read again and decide again."""


class NotBefore(Exception):
    """GitHub asks to be left alone until then; nothing failed, and nothing is tried before."""

    until: datetime


class Unsure(str):
    """Why it is not known whether an action took effect. Every other answer tells that it did not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What may have changed in a repository beside what every look reads: `runs` of live claims have ended,
    people have said something (`talk`), or pressed buttons of our check runs."""

    runs: bool = True
    talk: bool = True
    presses: tuple[Press, ...] = ()

    def __or__(self, other: Told) -> Told:
        presses = dict.fromkeys((*self.presses, *other.presses))
        return Told(self.runs or other.runs, self.talk or other.talk, tuple(presses))


EVERYTHING = Told()
NOTHING = Told(runs=False, talk=False)


class GitHub(Protocol):
    """One repository, as the coordinator's App sees it."""

    async def observe(self, focus: frozenset[int] = frozenset(), *, told: Told = EVERYTHING) -> Snapshot:
        """Every fact a decision needs. `focus` names beads whose pull requests must be read whatever their
        age (right before something irreversible). What nobody has `told` of may be as it was when it was last
        read, if that is not long ago."""
        ...

    async def move_claims(self, before: str | None, claims: Claims) -> str:
        """Write the document as a child of `before` (None: there is no ref yet) and give the new commit.

        Raises ClaimsMoved when the ref was not at `before` any more.
        """
        ...

    async def apply(self, actions: tuple[Action, ...]) -> tuple[str | None, ...]:
        """Carry out actions in order; each answer is None, or why it did not take effect (`Unsure`: why that
        is not known)."""
        ...


class Clock(Protocol):
    """The time, as an aware UTC datetime."""

    def __call__(self) -> datetime:
        """The present."""
        ...
