"""Everything that the coordinator can do to the world, as values.

Each is idempotent: applied again after a crash it changes nothing more. What makes it so is said on each.
Claims are not here: `Decision.claims` is the whole next document, moved by compare-and-swap before any
action runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.beads.model import Role


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
    """A comment that carries a marker; one with that marker by us is edited, not repeated. `fresh` tells that
    none can be there yet, as far as the facts go: then nobody looks first, only afterwards."""

    number: int
    node_id: str
    marker: str
    body: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Unsay:
    """Delete our comments with this marker; done again there are none."""

    number: int
    node_id: str
    marker: str


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
class Annotation:
    """What a check run says at a line of a file."""

    path: str
    line: int
    title: str
    message: str
    level: Literal["notice", "warning", "failure"] = "warning"


@dataclass(frozen=True, slots=True)
class Button:
    """A check run's button; GitHub takes 20, 40 and 20 characters, and three buttons."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class PostCheck:
    """Our check run of a name on a head: one that is in progress is updated, a completed one has a newer
    one beside it, which counts. `conclusion` None: it is in progress. `pull` is 0 on what is no pull
    request's head."""

    pull: int
    head: str
    conclusion: str | None
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    buttons: tuple[Button, ...] = ()
    name: str = "beadwright"

    @property
    def text(self) -> str:
        """All that it shows, as one text; for `shown`."""
        return repr((self.conclusion, self.title, self.summary, self.annotations, self.buttons))


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge a PR at exactly this head; GitHub refuses another head. `title` and `message` are those of the
    commit; without a message it has GitHub's own."""

    pull: int
    head: str
    method: str
    title: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put a PR into its base's merge queue at exactly this head; GitHub refuses another head, and what is in
    it already."""

    pull: int
    node_id: str
    head: str


@dataclass(frozen=True, slots=True)
class Dequeue:
    """Take a PR out of its base's merge queue; refused when it is in none."""

    pull: int
    node_id: str


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


@dataclass(frozen=True, slots=True)
class React:
    """Our reaction on a comment, the node `subject`: `taken` (eyes), `done` (rocket) or `refused` (-1). One
    that is there already stays."""

    subject: str
    sign: Literal["taken", "done", "refused"]


@dataclass(frozen=True, slots=True)
class Assign:
    """Assign people to an issue or pull request; GitHub leaves out silently who cannot be."""

    number: int
    logins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Ask a run to end; one that has ended answers that it has."""

    run_id: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a closed issue or pull request again."""

    number: int
    node_id: str
    pull: bool = False


@dataclass(frozen=True, slots=True)
class Revert:
    """A pull request that takes a merged one back; one with that marker in its body is not made twice."""

    pull: int
    node_id: str
    marker: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class SetBody:
    """Give an issue another body, while it is still the one with this digest (`beads/digest.py`)."""

    number: int
    node_id: str
    was: str
    body: str


@dataclass(frozen=True, slots=True)
class ShowEdge:
    """Show natively that an issue is blocked by another (database id `blocker`), or no more."""

    number: int
    blocker: int
    add: bool


@dataclass(frozen=True, slots=True)
class DeleteLabel:
    """Delete a label from the repository."""

    name: str


Action = (
    Dispatch
    | PublishAgain
    | SetLabels
    | Say
    | Unsay
    | CreateBead
    | OpenPull
    | UpdateBranch
    | PostCheck
    | Merge
    | Enqueue
    | Dequeue
    | Close
    | DeleteRef
    | React
    | Assign
    | CancelRun
    | Reopen
    | Revert
    | SetBody
    | ShowEdge
    | DeleteLabel
)
