"""Webhooks: whether a delivery is GitHub's, and where it says to look.

A delivery is only a hint: its key is a repository, and nothing in it is a fact. What cannot change a decision
gives no hint, so that passes stay few; what is missed here the regular look finds. One exception: that
somebody pressed a button of our check run is told here alone. Whether they may is asked for as always; a
press that is lost is pressed again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from bot.beads.commands import may_hold_commands
from bot.beads.labels import DEFAULT, LabelNames
from bot.coordinator.ports import EVERYTHING, Told
from bot.coordinator.snapshot import Press
from bot.github.pulls import WORKFLOW

ACTIONS_APP = "github-actions"
ALWAYS = frozenset({"sub_issues", "issue_dependencies"})
EVENTS = ALWAYS | {
    "check_run",
    "issue_comment",
    "issues",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "push",
    "status",
    "workflow_run",
}
"""What is subscribed to, and all that is listened to beside what concerns the installation itself."""
ISSUE = frozenset({"opened", "edited", "labeled", "unlabeled", "typed", "untyped"})
ECHOES = frozenset({"issue_dependencies", "push", "pull_request_review", "pull_request_review_thread"})
"""What a publish job of ours does while its run holds the bead: nothing is decided about it before the run's
end, which is told; and the dependencies that we show, which say what labels say. Our own merges and updates
of branches are told as what becomes of the pull request."""
ISSUE_ENDS = frozenset({"closed", "reopened", "deleted", "transferred"})
PULL = frozenset(
    {"opened", "edited", "closed", "reopened", "synchronize", "labeled", "unlabeled"}
    | {"ready_for_review", "converted_to_draft", "dequeued"}
)
FOREIGN = frozenset({"opened", "synchronize", "reopened"})
"""What gives a pull request that is no bead's a head without our check."""


class BadDelivery(ValueError):
    """A payload that is not what GitHub sends."""


class _Named(BaseModel):
    name: str


class _Repository(BaseModel):
    full_name: str
    default_branch: str = ""


class _Installation(BaseModel):
    id: int


class _Issue(BaseModel):
    labels: list[_Named] = Field(default_factory=list)


class _Head(BaseModel):
    ref: str = ""


class _Pull(BaseModel):
    head: _Head


class _App(BaseModel):
    id: int
    slug: str | None = None


class _Suite(BaseModel):
    head_branch: str | None = None


class _CheckRun(BaseModel):
    head_sha: str = ""
    app: _App | None = None
    check_suite: _Suite | None = None


class _Requested(BaseModel):
    identifier: str


class _WorkflowRun(BaseModel):
    path: str = ""
    head_branch: str | None = None


class _Group(BaseModel):
    base_ref: str = ""


class _Sender(BaseModel):
    login: str = ""


class _Comment(BaseModel):
    body: str | None = None


class _Payload(BaseModel):
    """The few fields of all events that matter; the others are ignored."""

    action: str | None = None
    repository: _Repository | None = None
    installation: _Installation | None = None
    issue: _Issue | None = None
    label: _Named | None = None
    pull_request: _Pull | None = None
    ref: str = ""
    check_run: _CheckRun | None = None
    requested_action: _Requested | None = None
    workflow_run: _WorkflowRun | None = None
    comment: _Comment | None = None
    merge_group: _Group | None = None
    sender: _Sender = _Sender()
    state: str | None = None
    branches: list[_Named] = Field(default_factory=list)
    repositories: list[_Repository] = Field(default_factory=list)
    repositories_added: list[_Repository] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hint:
    """Which repositories (``owner/name``) to look at, whose installation says so, and what it tells of: the
    list of runs is read again only for a run of ours, that of comments only for what may be a command."""

    installation: int | None
    repositories: tuple[str, ...]
    told: Told = EVERYTHING


def signed_by(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether `X-Hub-Signature-256` is of these raw bytes, compared in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), (signature or "").encode())


Spelling = Callable[[str], LabelNames | None]
"""How a repository spells the labels; None where that is not known (yet)."""


def read_hint(
    event: str, body: bytes, app_id: int, slug: str = "", spelling: Spelling = lambda _: DEFAULT
) -> Hint:
    """Where a delivery says to look. Raises BadDelivery.

    `app_id` and `slug` are our App's; while its slug is not known, echoes of what it does are hints too.
    While a repository's spelling is not known, everything about an issue is a hint.
    """
    try:
        payload = _Payload.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the payload"
        raise BadDelivery(f"{place}: {first['msg']}") from error
    installation = payload.installation.id if payload.installation else None
    if event == "installation" and payload.action == "created":
        return Hint(installation, tuple(one.full_name for one in payload.repositories))
    if event == "installation_repositories":
        return Hint(installation, tuple(one.full_name for one in payload.repositories_added))
    if payload.repository is not None and (press := _press(event, payload, app_id)) is not None:
        return Hint(installation, (payload.repository.full_name,), Told(False, False, (press,)))
    if slug and payload.sender.login == f"{slug}[bot]" and _is_echo(event, payload):
        return Hint(installation, ())
    if payload.repository is None:
        return Hint(installation, ())
    if not _matters(event, payload, payload.repository, app_id, spelling(payload.repository.full_name)):
        return Hint(installation, ())
    told = Told(runs=event == "workflow_run" and _ours(payload), talk=event == "issue_comment")
    return Hint(installation, (payload.repository.full_name,), told)


def _press(event: str, payload: _Payload, app_id: int) -> Press | None:
    """A press of a button of our own check run: the one thing that a delivery tells and no API lists."""
    run, asked = payload.check_run, payload.requested_action
    if event != "check_run" or payload.action != "requested_action" or run is None or asked is None:
        return None
    ours = run.app is not None and run.app.id == app_id
    return Press(run.head_sha, asked.identifier, payload.sender.login) if ours else None


def _matters(
    event: str, payload: _Payload, repository: _Repository, app_id: int, spelling: LabelNames | None
) -> bool:
    if event not in EVENTS:
        return False
    match event:
        case "issue_comment":
            said = payload.comment.body if payload.comment is not None else None
            return payload.action in ("created", "edited") and may_hold_commands(said or "")
        case "issues":
            return _issue_matters(payload, spelling)
        case "pull_request":
            if not _of_bead(payload):
                return payload.action in FOREIGN
            return payload.action in PULL and not _projected(payload, spelling)
        case "merge_group":
            base = payload.merge_group.base_ref if payload.merge_group is not None else ""
            asked = payload.action == "checks_requested"
            return asked and base == f"refs/heads/{repository.default_branch}"
        case "pull_request_review" | "pull_request_review_thread":
            return _of_bead(payload)
        case "push":
            return _branch_matters(payload.ref.removeprefix("refs/heads/"), repository)
        case "check_run":
            run = payload.check_run
            # What Actions runs is told once per workflow, below; our own check decides nothing.
            foreign = run is not None and run.app is not None and run.app.id != app_id
            return (
                payload.action == "completed"
                and run is not None
                and foreign
                and (run.app is None or run.app.slug != ACTIONS_APP)
                and run.check_suite is not None
                and _branch_matters(run.check_suite.head_branch, repository)
            )
        case "workflow_run":
            workflow = payload.workflow_run
            if payload.action != "completed" or workflow is None:
                return False
            return _ours(payload) or _branch_matters(workflow.head_branch, repository)
        case "status":
            ended = payload.state != "pending"
            return ended and any(_branch_matters(branch.name, repository) for branch in payload.branches)
        case _:
            return event in ALWAYS


def _is_echo(event: str, payload: _Payload) -> bool:
    """Whether nothing can be decided on what this tells, when it was ourselves."""
    if event == "issue_comment":
        return True  # commands by ourselves are none
    return event in ECHOES or (event == "pull_request" and payload.action in ("labeled", "unlabeled"))


def _ours(payload: _Payload) -> bool:
    """Whether a run is one of our workflow."""
    run = payload.workflow_run
    return run is not None and run.path.partition("@")[0].endswith(f"/{WORKFLOW}")


def _issue_matters(payload: _Payload, spelling: LabelNames | None) -> bool:
    if payload.action in ISSUE_ENDS:
        return True  # it may be what a bead waits for
    names = {label.name.lower() for label in (payload.issue.labels if payload.issue else ())}
    if payload.label is not None:
        names.add(payload.label.name.lower())
    if payload.action not in ISSUE or _projected(payload, spelling):
        return False
    return spelling is None or spelling.bead.lower() in names


def _projected(payload: _Payload, spelling: LabelNames | None) -> bool:
    """A label that the bot itself shows; it is never an input."""
    if spelling is None or payload.label is None or payload.action not in ("labeled", "unlabeled"):
        return False
    return payload.label.name.lower() in (name.lower() for name in spelling.projected)


def _of_bead(payload: _Payload) -> bool:
    return payload.pull_request is not None and payload.pull_request.head.ref.startswith("bead/")


def _branch_matters(branch: str | None, repository: _Repository) -> bool:
    return branch is not None and (branch.startswith("bead/") or branch == repository.default_branch)
