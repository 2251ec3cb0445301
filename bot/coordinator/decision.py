"""What one pass concluded: a state and all its reasons for every bead, the next claims, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum

from bot.coordinator.actions import Action
from bot.coordinator.claims import Claims
from bot.coordinator.history import History
from bot.coordinator.snapshot import PullRequest


class State(StrEnum):
    """Where a bead is in its life."""

    PLANNED = "planned"
    BLOCKED = "blocked"
    HELD = "held"
    READY = "ready"
    RUNNING = "running"
    IN_REVIEW = "in-review"
    CORRECTING = "correcting"
    MERGING = "merging"
    DONE = "done"
    NEEDS_HUMAN = "needs-human"


@dataclass(frozen=True, slots=True)
class BeadVerdict:
    """A bead's state and every reason for it; nothing else explains a bead to people."""

    state: State
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of `decide`.

    Order of effects: `before` (each idempotent by its marker), then the move of `claims` (None: unchanged),
    then `after`. When the move is lost, `after` is dropped and the pass starts again. `focus` names beads
    whose pull requests this snapshot may not have shown; `next_look` is when time alone changes something.
    `notes` is what people may care to know of a bead beside its verdict, and nobody has to act on.
    """

    verdicts: dict[int, BeadVerdict]
    before: tuple[Action, ...] = ()
    claims: Claims | None = None
    after: tuple[Action, ...] = ()
    next_look: datetime | None = None
    focus: frozenset[int] = frozenset()
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """A decision in the making; local to one call of `decide`."""

    claims: Claims
    verdicts: dict[int, BeadVerdict] = field(default_factory=dict)
    before: list[Action] = field(default_factory=list)
    after: list[Action] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    focus: set[int] = field(default_factory=set)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unhurried: Claims | None = None  # claims that need no move of their own
    hurried: set[int] = field(default_factory=set)  # beads on which a comment waits for such a move
    rewired: set[int] = field(
        default_factory=set
    )  # beads whose edges `before` changes: not judged on old ones
    over: dict[int, History] = field(default_factory=dict)  # of beads that this decision closes
    merged: dict[int, PullRequest] = field(default_factory=dict)  # of leads that this decision ends

    def saved(self) -> Draft:
        """A copy of it as it is now, for `restore`."""
        return replace(
            self,
            verdicts=dict(self.verdicts),
            before=list(self.before),
            after=list(self.after),
            looks=list(self.looks),
            focus=set(self.focus),
            notes=dict(self.notes),
            hurried=set(self.hurried),
            rewired=set(self.rewired),
            over=dict(self.over),
            merged=dict(self.merged),
        )

    def restore(self, saved: Draft) -> None:
        """Make it again what it was when it was saved."""
        for one in fields(self):
            setattr(self, one.name, getattr(saved, one.name))

    def forget(self, bead: int) -> None:
        """The bead is over: its history is remembered no longer than this decision."""
        self.over[bead] = self.claims.of(bead)
        self.claims = self.claims.forget(bead)

    def say(self, bead: int, state: State, *reasons: str) -> None:
        """Set a bead's verdict."""
        self.verdicts[bead] = BeadVerdict(state, reasons)

    def say_all(self, bead: int, state: State, reasons: Iterable[str]) -> None:
        """Set a bead's verdict with reasons that are at hand as a list."""
        self.say(bead, state, *reasons)

    def note(self, bead: int, *notes: str) -> None:
        """Add to what is said beside a bead's verdict."""
        if notes:
            self.notes[bead] = (*self.notes.get(bead, ()), *notes)

    def finish(self, read: Claims) -> Decision:
        """The decision; `read` is the document that the snapshot held."""
        return Decision(
            verdicts=self.verdicts,
            before=tuple(self.before),
            claims=None if self.claims in (read, self.unhurried) else self.claims,
            after=tuple(self.after),
            next_look=min(self.looks, default=None),
            focus=frozenset(self.focus),
            notes=self.notes,
        )
