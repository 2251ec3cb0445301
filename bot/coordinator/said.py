"""A command on its way to its effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.beads.commands import Command
from bot.beads.labels import LabelNames
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.history import Word
from bot.coordinator.snapshot import Comment, Issue, PullRequest, Snapshot


@dataclass(frozen=True, slots=True)
class Said:
    """One command by somebody who may give it. `issue` is the open bead that it is about and `pull` the pull
    request that speaks for that bead; None where there is none (yet). Of a button that was pressed the
    comment has no id and no text."""

    comment: Comment
    command: Command
    snapshot: Snapshot
    issue: Issue | None
    pull: PullRequest | None
    now: datetime

    @property
    def bead(self) -> Issue:
        """The open bead, for a command that works on nothing else."""
        assert self.issue is not None, f"{self.command.name} works where no bead is"
        return self.issue

    @property
    def spelling(self) -> LabelNames:
        """How the repository spells the labels."""
        return self.snapshot.policy.spelling

    def word(self, *, head: str | None = None) -> Word:
        """What is remembered of it; it holds since the comment was written, whenever that is heard."""
        return Word(
            by=self.comment.login,
            at=self.comment.at,
            comment=self.comment.database_id or None,
            head=head,
            reason=self.command.text,
        )


Effect = Callable[[Said, Draft], Answer]
"""What a command does: it changes the draft, and gives the answer that is recorded with that change."""
