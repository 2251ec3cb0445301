"""Whose words count: what a worker may be told, and what lets it begin. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.beads.authority import Permission
from bot.beads.policy import Policy
from bot.coordinator.snapshot import PullRequest, Snapshot, Thread


@dataclass(frozen=True, slots=True)
class Voices:
    """Who may release beads, and so whose words a worker may follow; `own` is our App's bot."""

    authority: Mapping[str, Permission]
    policy: Policy
    own: str = ""

    def counts(self, login: str) -> bool:
        """Whether somebody may release beads."""
        needed = self.policy.authority.needed("release")
        return self.authority.get(login, Permission.NONE) >= needed

    def hears(self, thread: Thread) -> bool:
        """Whether anybody spoke in a thread whose words a worker may follow: our own review among them."""
        return any(login == self.own or self.counts(login) for login in thread.voices)

    def trusted(self, pull: PullRequest | None) -> tuple[str, ...]:
        """Whose remarks on a pull request a run may read, ourselves first."""
        spoken = {login for login in (pull.voices if pull else ()) if self.counts(login)}
        return tuple(filter(None, (self.own, *sorted(spoken - {self.own}))))


def voices_of(snapshot: Snapshot) -> Voices:
    """Whose words count in a repository: theirs as well whose commands are only just heard."""
    said = {comment.login: comment.permission for comment in snapshot.comments}
    return Voices({**said, **snapshot.authority}, snapshot.policy, snapshot.own)
