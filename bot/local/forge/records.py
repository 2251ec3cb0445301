"""What the forge remembers: one small record per thing that GitHub gives an id.

A record holds facts only; every JSON shape that a client sees is rendered from records (`render.py`,
`graphql.py`), and so is every webhook. `INDEX` names the field groups that `State.find` can look up.
Times are aware UTC datetimes. Permissions are GitHub's names: ``{"contents": "write"}``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
Index = tuple[tuple[str, ...], ...]


class Record(BaseModel):
    """One remembered thing; `id` is its database id, unique over the whole forge."""

    model_config = ConfigDict(extra="forbid")
    INDEX: ClassVar[Index] = ()
    id: int


class Account(Record):
    """A user, a bot user of an App, or an organisation."""

    INDEX: ClassVar[Index] = (("login",),)
    login: str
    type: Literal["User", "Bot", "Organization"] = "User"
    name: str | None = None
    plan: Literal["free", "paid"] = "paid"


class App(Record):
    """A GitHub App: its public key verifies its JWTs, its bot account signs what it does."""

    INDEX: ClassVar[Index] = (("slug",), ("client_id",), ("bot_id",))
    slug: str
    name: str
    client_id: str
    owner_id: int
    bot_id: int
    public_key: str
    webhook_url: str | None = None
    webhook_secret: str | None = None
    permissions: dict[str, str] = Field(default_factory=dict)
    events: list[str] = Field(default_factory=list)
    created_at: datetime


class Installation(Record):
    """An App on an account's repositories."""

    INDEX: ClassVar[Index] = (("app_id",), ("account_id",))
    app_id: int
    account_id: int
    repository_ids: list[int]
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime


class Token(Record):
    """A credential. `repository_ids` and `permissions` are None for a person's own (the role decides)."""

    INDEX: ClassVar[Index] = (("value",),)
    value: str
    kind: Literal["user", "installation", "job"]
    account_id: int
    app_id: int | None = None
    installation_id: int | None = None
    run_id: int | None = None
    job_id: int | None = None
    repository_ids: list[int] | None = None
    permissions: dict[str, str] | None = None
    expires_at: datetime | None = None


class Repository(Record):
    """A repository; its git objects are in the bare repository `State.git_dir(repository)`."""

    INDEX: ClassVar[Index] = (("owner_id", "name"),)
    owner_id: int
    name: str
    private: bool = False
    description: str | None = None
    default_branch: str = "main"
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    allow_update_branch: bool = True
    delete_branch_on_merge: bool = False
    has_issues: bool = True
    archived: bool = False
    actions_enabled: bool = True
    collaborators: dict[int, Role] = Field(default_factory=dict)
    next_number: int = 1
    next_run_number: dict[int, int] = Field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime


class Label(Record):
    """A label of a repository; names are unique without regard to case."""

    INDEX: ClassVar[Index] = (("repo_id",), ("repo_id", "key"))
    repo_id: int
    name: str
    key: str  # the name in lower case
    color: str = "ededed"
    description: str | None = None
    default: bool = False


class Issue(Record):
    """An issue, or the issue half of a pull request (`pull_id` set)."""

    INDEX: ClassVar[Index] = (("repo_id", "number"), ("repo_id",), ("parent_id",))
    repo_id: int
    number: int
    title: str
    body: str | None = None
    state: Literal["open", "closed"] = "open"
    state_reason: Literal["completed", "not_planned", "reopened", "duplicate"] | None = None
    user_id: int
    label_ids: list[int] = Field(default_factory=list)
    assignee_ids: list[int] = Field(default_factory=list)
    pull_id: int | None = None
    parent_id: int | None = None
    sub_issue_ids: list[int] = Field(default_factory=list)
    blocked_by_ids: list[int] = Field(default_factory=list)
    blocking_ids: list[int] = Field(default_factory=list)  # the same edges, from the other end
    locked: bool = False
    type: str | None = None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    closed_by_id: int | None = None


class Comment(Record):
    """A comment on an issue or in a pull request's conversation."""

    INDEX: ClassVar[Index] = (("issue_id",), ("repo_id",))
    repo_id: int
    issue_id: int
    user_id: int
    body: str
    created_at: datetime
    updated_at: datetime


class Reaction(Record):
    """A reaction on an issue, comment or review comment (`on` names the record's class)."""

    INDEX: ClassVar[Index] = (("on", "on_id"),)
    on: Literal["Issue", "Comment", "ReviewComment"]
    on_id: int
    user_id: int
    content: str
    created_at: datetime


class TimelineEvent(Record):
    """Something that happened to an issue: labeled, unlabeled, closed, renamed, assigned, …"""

    INDEX: ClassVar[Index] = (("issue_id",), ("repo_id",))
    repo_id: int
    issue_id: int
    event: str
    actor_id: int
    created_at: datetime
    data: dict[str, Any] = Field(default_factory=dict)


class ContentEdit(Record):
    """One edit of a body (GraphQL `userContentEdits`); the first one found is the creation."""

    INDEX: ClassVar[Index] = (("on", "on_id"),)
    on: Literal["Issue", "Comment", "Review", "ReviewComment"]
    on_id: int
    editor_id: int
    edited_at: datetime
    body: str


class Pull(Record):
    """The pull-request half of an issue. Head and base are branches of the same repository."""

    INDEX: ClassVar[Index] = (("repo_id",), ("issue_id",), ("repo_id", "head_ref"), ("repo_id", "base_ref"))
    repo_id: int
    issue_id: int
    number: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    maintainer_can_modify: bool = False
    merged: bool = False
    merged_at: datetime | None = None
    merged_by_id: int | None = None
    merge_commit_sha: str | None = None
    last_pusher_id: int | None = None
    requested_reviewer_ids: list[int] = Field(default_factory=list)


class QueueEntry(Record):
    """A pull request in the merge queue of its base branch.

    `head_sha` is its head when it was queued. Once its group is built, `group_sha` (the branch `group_ref`)
    is the commit before it (`base_sha`) with this one merged, and its checks were asked for at `asked_at`.
    """

    INDEX: ClassVar[Index] = (("repo_id",), ("repo_id", "branch"), ("pull_id",))
    repo_id: int
    branch: str
    pull_id: int
    head_sha: str
    enqueuer_id: int
    jump: bool = False
    enqueued_at: datetime
    base_sha: str | None = None
    group_ref: str | None = None
    group_sha: str | None = None
    asked_at: datetime | None = None


class Review(Record):
    """A submitted review of one commit of a pull request."""

    INDEX: ClassVar[Index] = (("pull_id",),)
    repo_id: int
    pull_id: int
    user_id: int
    state: Literal["PENDING", "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED"]
    body: str = ""
    commit_id: str
    submitted_at: datetime | None = None


class Thread(Record):
    """A review thread: a place in a file, and whether what was said there is settled."""

    INDEX: ClassVar[Index] = (("pull_id",),)
    repo_id: int
    pull_id: int
    path: str
    line: int | None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    outdated: bool = False
    resolved: bool = False
    resolved_by_id: int | None = None


class ReviewComment(Record):
    """A comment in a review thread."""

    INDEX: ClassVar[Index] = (("pull_id",), ("thread_id",), ("review_id",), ("repo_id",))
    repo_id: int
    pull_id: int
    thread_id: int
    review_id: int
    user_id: int
    body: str
    path: str
    line: int | None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    diff_hunk: str = ""
    commit_id: str
    original_commit_id: str
    original_line: int | None
    in_reply_to_id: int | None = None
    created_at: datetime
    updated_at: datetime


class BranchProtection(Record):
    """Classic protection of one branch, as `PUT …/protection` set it."""

    INDEX: ClassVar[Index] = (("repo_id",), ("repo_id", "branch"))
    repo_id: int
    branch: str
    strict: bool = False
    checks: list[tuple[str, int | None]] = Field(default_factory=list)  # context, app id
    required_checks: bool = False
    required_reviews: int | None = None
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    enforce_admins: bool = False
    required_linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    required_conversation_resolution: bool = False
    restrictions: dict[str, list[str]] | None = None
    lock_branch: bool = False


class Ruleset(Record):
    """A repository ruleset; `rules` are kept as they were sent, after validation."""

    INDEX: ClassVar[Index] = (("repo_id",),)
    repo_id: int
    name: str
    target: Literal["branch", "tag"] = "branch"
    enforcement: Literal["active", "disabled", "evaluate"] = "active"
    include: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)
    bypass_actors: list[dict[str, Any]] = Field(default_factory=list)
    rules: list[dict[str, Any]] = Field(default_factory=list)
    created_at: datetime
    updated_at: datetime


class CommitStatus(Record):
    """A commit status: it belongs to a commit, not to a pull request."""

    INDEX: ClassVar[Index] = (("repo_id", "sha"),)
    repo_id: int
    sha: str
    context: str
    state: Literal["error", "failure", "pending", "success"]
    description: str | None = None
    target_url: str | None = None
    creator_id: int
    created_at: datetime


class CheckSuite(Record):
    """All check runs of one App on one commit (of one workflow run, for Actions)."""

    INDEX: ClassVar[Index] = (("repo_id", "head_sha"),)
    repo_id: int
    app_id: int
    head_sha: str
    head_branch: str | None = None
    run_id: int | None = None
    created_at: datetime
    updated_at: datetime


class CheckRun(Record):
    """A check run; those of Actions jobs have `job_id`."""

    INDEX: ClassVar[Index] = (("repo_id", "head_sha"), ("suite_id",), ("job_id",))
    repo_id: int
    suite_id: int
    app_id: int
    head_sha: str
    name: str
    status: Literal["queued", "in_progress", "completed"] = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = Field(default_factory=list)
    actions: list[dict[str, str]] = Field(default_factory=list)
    job_id: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Variable(Record):
    """An Actions variable of a repository; names are kept in upper case, as GitHub does."""

    INDEX: ClassVar[Index] = (("repo_id",), ("repo_id", "name"))
    repo_id: int
    name: str
    value: str
    created_at: datetime
    updated_at: datetime


class Workflow(Record):
    """A workflow file of the default branch (or one that has run from another)."""

    INDEX: ClassVar[Index] = (("repo_id",), ("repo_id", "path"))
    repo_id: int
    path: str
    name: str
    state: Literal["active", "disabled_manually"] = "active"
    created_at: datetime
    updated_at: datetime


class Run(Record):
    """A workflow run.

    `ref` and `checkout_sha` are what the jobs see as GITHUB_REF and GITHUB_SHA: for a pull request the merge
    ref and its commit, while `head_sha` is the pull request's head. `payload` is the event as it was then.
    """

    INDEX: ClassVar[Index] = (("repo_id",), ("workflow_id",), ("repo_id", "head_sha"), ("suite_id",))
    repo_id: int
    workflow_id: int
    suite_id: int
    number: int
    attempt: int = 1
    event: str
    display_title: str
    head_branch: str | None
    head_sha: str
    actor_id: int
    triggering_actor_id: int
    ref: str
    checkout_sha: str
    payload: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    pull_numbers: list[int] = Field(default_factory=list)
    concurrency: str | None = None
    cancel_in_progress: bool = False
    status: Literal["queued", "pending", "in_progress", "completed"] = "queued"
    conclusion: str | None = None
    cancel_requested: bool = False
    partly: dict[int, list[str]] = Field(default_factory=dict)  # the jobs that an attempt runs, if not all
    created_at: datetime
    started_at: datetime | None = None
    updated_at: datetime


class Job(Record):
    """One job of a run's attempt. `log` is a file's name under `State.folder / "logs"`."""

    INDEX: ClassVar[Index] = (("run_id",),)
    repo_id: int
    run_id: int
    attempt: int
    key: str
    name: str
    status: Literal["queued", "in_progress", "completed"] = "queued"
    conclusion: str | None = None
    permissions: dict[str, str] = Field(default_factory=dict)
    steps: list[dict[str, Any]] = Field(default_factory=list)
    log: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Artifact(Record):
    """An immutable zip of a run; the bytes are a file under `State.folder / "artifacts"`."""

    INDEX: ClassVar[Index] = (("run_id",), ("repo_id",))
    repo_id: int
    run_id: int
    name: str
    size: int
    digest: str
    finalized: bool = False
    created_at: datetime
    expires_at: datetime


class Delivery(Record):
    """One attempt to deliver a webhook."""

    INDEX: ClassVar[Index] = (("app_id",), ("guid",))
    app_id: int
    guid: str
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    request_headers: dict[str, str]
    payload: dict[str, Any]
    redelivery: bool = False
    status_code: int = 0
    status: str = "pending"
    duration: float = 0.0
    delivered_at: datetime


KINDS: dict[str, type[Record]] = {kind.__name__: kind for kind in Record.__subclasses__()}
