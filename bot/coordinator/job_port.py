"""What a job inside a runner needs of GitHub: the facts of one bead in one request, and few ways to write.

`bot/github/runner_api.py` provides it over HTTP; `bot/commands/job.py` puts it into the job.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.beads.coverage import KeptCoverage
from bot.coordinator.claims import Claims

Authority = Literal["trusted", "stranger"]
PARTIAL = "refs/beadwright/partial/"
STAGING = "refs/beadwright/staging/"


def partial_ref(bead: int) -> str:
    """Where the unfinished work of a bead waits for the next attempt."""
    return f"{PARTIAL}{bead}"


def staging_ref(token: str) -> str:
    """Below which the objects of this token's run wait to be published."""
    return f"{STAGING}{token}"


class JobFault(Exception):
    """A job cannot go on; the message is for people."""


class Edited(JobFault):
    """The bead is not what its claim was made for."""


class RefsMoved(Exception):
    """A ref was not where it was expected, so none was moved."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment in a thread. `authority` is about its author and last editor, not about what it says."""

    login: str
    authority: Authority
    body: str


@dataclass(frozen=True, slots=True)
class OpenThread:
    """An unresolved review thread."""

    id: str
    path: str
    line: int | None
    remarks: tuple[Remark, ...]

    @property
    def heard(self) -> bool:
        """Whether anybody spoke in it whose words a run may read."""
        return any(remark.authority == "trusted" for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check of the head that is red, and what it said."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class BeadPull:
    """The open pull request of `bead/N`. `reviews` are the bodies of its latest reviews, `threads` all that
    are unresolved."""

    id: str
    number: int
    head: str
    threads: tuple[OpenThread, ...] = ()
    failed: tuple[FailedCheck, ...] = ()
    reviews: tuple[Remark, ...] = ()

    @property
    def heard(self) -> tuple[OpenThread, ...]:
        """The threads that a run is shown, and may answer."""
        return tuple(thread for thread in self.threads if thread.heard)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """One bead as one request saw it.

    `claims_commit` is what the claims ref pointed at. `branch` and `partial` are the commits of `bead/N` and
    of unfinished work, or None. `policy` is the file's text.
    """

    repository_id: str
    default_branch: str
    claims_commit: str
    claims: Claims
    title: str
    body: str
    policy: str | None
    branch: str | None = None
    partial: str | None = None
    pull: BeadPull | None = None


@dataclass(frozen=True, slots=True)
class BeadText:
    """What a bead says."""

    number: int
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class ListedBead:
    """An open issue with the label of beads. `blocked_by` are the open issues that GitHub's own dependencies
    name, beside what its labels say; they and `parent` are of the same repository."""

    number: int
    title: str
    body: str
    created_at: datetime
    labels: tuple[str, ...] = ()
    parent: int | None = None
    blocked_by: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class MergedPull:
    """A merged pull request of a bead: the commit that it became, and the files that it changed (the first
    hundred)."""

    number: int
    commit: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EpicBead:
    """A sub-issue of an epic; of one that is an epic itself `pulls` are also those of its own sub-issues.
    `dropped`: somebody closed it as not planned, or as a duplicate."""

    number: int
    title: str
    body: str
    open: bool
    dropped: bool = False
    labels: tuple[str, ...] = ()
    pulls: tuple[MergedPull, ...] = ()


@dataclass(frozen=True, slots=True)
class EpicFacts:
    """The epic that a bead is a sub-issue of, with all its sub-issues. `pulls` are those of a lead, who did
    several of its beads in one.

    `kept` is the commit that holds what its last reconciliation came to, and `coverage` what it says; None
    where there was none.
    """

    number: int
    title: str
    body: str
    beads: tuple[EpicBead, ...]
    pulls: tuple[MergedPull, ...] = ()
    kept: str | None = None
    coverage: KeptCoverage | None = None


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref from where it is expected to where it shall be; None is "not there"."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment at a line of the new side of a pull request's diff."""

    path: str
    line: int
    body: str


@dataclass(frozen=True, slots=True)
class ThreadReply:
    """What to say in a thread (None: nothing), and whether it is resolved then."""

    thread: str
    body: str | None
    resolve: bool = False


class JobGitHub(Protocol):
    """One repository as one job's token sees it."""

    def facts(self, bead: int) -> JobFacts:
        """Everything about a bead that a job needs, in one request. Raises JobFault."""
        ...

    def bead_texts(self, numbers: Sequence[int]) -> tuple[BeadText, ...]:
        """What these beads say, in this order, in one request; for a run that leads an epic. Raises
        JobFault."""
        ...

    def epic(self, bead: int) -> EpicFacts:
        """The epic that a bead is part of, in two requests: no other run needs them. Raises JobFault."""
        ...

    def open_beads(self, label: str) -> tuple[ListedBead, ...]:
        """The open issues with that label, those that changed last when there are thousands; for runs that
        plan. One request for a hundred. Raises JobFault."""
        ...

    def comment_text(self, comment: int) -> str:
        """What a comment on an issue says, by its database id. Raises JobFault."""
        ...

    def shown(self, bead: int, marker: str, trusted: Collection[str]) -> str | None:
        """What the last comment on a bead says that has a marker of ours, and that only those who are trusted
        have written and edited; None where there is none. Raises JobFault."""
        ...

    def move_refs(self, repository_id: str, moves: Sequence[RefMove]) -> None:
        """Move refs, all or none. Raises RefsMoved when one was not where it was expected."""
        ...

    def open_pull(self, *, head: str, base: str, title: str, body: str) -> int:
        """Open a pull request and give its number."""
        ...

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Put labels on an issue or pull request."""
        ...

    def comment(self, number: int, body: str) -> None:
        """Comment on an issue or pull request."""
        ...

    def review(self, pull: int, *, head: str, body: str, comments: Sequence[LineComment]) -> None:
        """Submit one review that neither approves nor requests changes."""
        ...

    def answer_threads(self, replies: Sequence[ThreadReply]) -> None:
        """Reply in threads and resolve them, in one request."""
        ...
