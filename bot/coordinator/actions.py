"""Everything that the coordinator can do to the world, as values.

Each is idempotent: applied again after a crash it changes nothing more. What makes it so is said on each.
Claims are not here: `Decision.claims` is the whole next document, moved by compare-and-swap before any
action runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.coordinator.claims import Role


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Start the workflow for a claim. One token, one dispatch: never repeated, and not at all after `until`:
    then another coordinator may take it for lost and give the bead away."""

    bead: int
    role: Role
    attempt: int
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PublishAgain:
    """Start a run's publish job again, from the artifact that is there; refused while the run runs."""

    bead: int
    job: int


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Add and remove labels of an issue or PR; doing it twice changes nothing."""

    number: int
    node_id: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """A comment that carries a marker; one with that marker by us is edited, not repeated."""

    number: int
    node_id: str
    marker: str
    body: str


@dataclass(frozen=True, slots=True)
class CreateBead:
    """A follow-up or blocker bead from a report; an issue with that marker is not made twice."""

    origin: int
    marker: str
    title: str
    body: str
    labels: tuple[str, ...]
    parent_id: int | None = None
    parent: int | None = None
    blocks: int | None = None  # the bead that gets `blocked-by:#NEW`


@dataclass(frozen=True, slots=True)
class OpenPull:
    """The PR of a branch whose publish died before it opened one; GitHub refuses a second."""

    bead: int
    head_ref: str
    base_ref: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class UpdateBranch:
    """Bring a PR up to date with its base; refused when its head is not `head` any more."""

    pull: int
    head: str


@dataclass(frozen=True, slots=True)
class PostCheck:
    """Our check run on a head, by name and head: one per head, updated in place."""

    pull: int
    head: str
    conclusion: str | None
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge a PR at exactly this head; GitHub refuses another head."""

    pull: int
    head: str
    method: str
    title: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a bead, as completed or as a twin of another."""

    number: int
    node_id: str
    twin: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRef:
    """Delete a ref of ours (``refs/heads/bead/N``, what waits below ``refs/beadwright/``) while it is still
    at `at`."""

    name: str
    at: str


Action = (
    Dispatch
    | PublishAgain
    | SetLabels
    | Say
    | CreateBead
    | OpenPull
    | UpdateBranch
    | PostCheck
    | Merge
    | Close
    | DeleteRef
)
