"""The shapes of GitHub's answers that we read; what we do not read is ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

T = TypeVar("T")


class Shape(BaseModel):
    """A GraphQL object: names in camel case, unknown ones ignored."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class PageInfo(Shape):
    """Where a connection goes on."""

    has_next_page: bool = False
    end_cursor: str | None = None
    has_previous_page: bool = False
    start_cursor: str | None = None


class Connection(Shape, Generic[T]):
    """A page of a connection."""

    nodes: list[T] = Field(default_factory=list)
    page_info: PageInfo = PageInfo()


class Named(Shape):
    """A label; `id` only where it was asked for."""

    name: str
    id: str = ""


class Actor(Shape):
    """Who did something. A bot's login comes without the suffix that REST gives it."""

    login: str
    typename: str = Field(default="User", alias="__typename")


class Oid(Shape):
    """A git object."""

    oid: str


class Place(Shape):
    """The repository that an issue is in."""

    id: str


class Relative(Shape):
    """A parent or child issue."""

    number: int
    id: str = ""
    state: str
    title: str = ""
    last_edited_at: datetime | None = None
    repository: Place


class TimelineItem(Shape):
    """A `LabeledEvent` (label), `RenamedTitleEvent` or `ParentIssueAddedEvent` (parent)."""

    typename: str = Field(alias="__typename")
    created_at: datetime
    label: Named | None = None
    parent: Relative | None = None
    actor: Actor | None = None


class EditNode(Shape):
    """One version of a body; the first is what it was created with."""

    edited_at: datetime
    editor: Actor | None = None


class Home(Shape):
    """The repository that a blocker is in."""

    id: str
    name_with_owner: str


class BlockerNode(Shape):
    """An issue that another one waits for."""

    number: int
    full_database_id: int
    state: str
    repository: Home


class BeadNode(Shape):
    """An issue with the label `bead`, or one that had it. A blocker is null where we may not see it."""

    number: int
    id: str
    full_database_id: int
    title: str
    body: str
    created_at: datetime
    state: str = "OPEN"
    viewer_did_author: bool = False
    author: Actor | None = None
    repository: Place
    labels: Connection[Named] | None = None
    parent: Relative | None = None
    sub_issues: Connection[Relative] = Connection[Relative]()
    timeline_items: Connection[TimelineItem] = Connection[TimelineItem]()
    user_content_edits: Connection[EditNode] | None = None
    issue_type: Named | None = None
    blocked_by: Connection[BlockerNode | None] = Connection[BlockerNode | None]()


class ClosedNode(Shape):
    """A `ClosedEvent`."""

    actor: Actor | None = None


class AppNode(Shape):
    """The App that a check suite belongs to."""

    database_id: int | None = None


class WorkflowNode(Shape):
    """A workflow; the path ends in its file's name."""

    resource_path: str


class WorkflowRunNode(Shape):
    """The workflow run behind a check suite."""

    workflow: WorkflowNode


class SuiteNode(Shape):
    """A check suite: the checks of one App, of one run for Actions."""

    id: str
    app: AppNode | None = None
    workflow_run: WorkflowRunNode | None = None


class ContextNode(Shape):
    """A `CheckRun` (name, status, conclusion, check suite) or a `StatusContext` (context, state)."""

    typename: str = Field(alias="__typename")
    id: str = ""
    database_id: int | None = None
    name: str = ""
    external_id: str | None = None
    status: str = ""
    conclusion: str | None = None
    check_suite: SuiteNode | None = None
    context: str = ""
    state: str = ""


class Rollup(Shape):
    """All checks of a commit."""

    contexts: Connection[ContextNode]


class Signer(Shape):
    """Who wrote or committed a commit, as it says itself; `user` is the account of that address."""

    email: str | None = None
    user: Actor | None = None


class TwinNode(Shape):
    """A pull request that contains a commit."""

    number: int
    state: str
    head_ref_oid: str


class CommitNode(Shape):
    """A branch's commit with its checks."""

    oid: str
    committed_date: datetime | None = None
    status_check_rollup: Rollup | None = None
    history: Connection[Oid] = Connection[Oid]()
    associated_pull_requests: Connection[TwinNode] | None = None
    author: Signer | None = None
    committer: Signer | None = None


class ThreadNode(Shape):
    """A review thread."""

    id: str
    path: str
    line: int | None = None
    is_resolved: bool


class RemarkNode(Shape):
    """A comment in a thread."""

    author: Actor | None = None


class SpokenNode(Shape):
    """Who spoke in a review thread."""

    id: str = ""
    comments: Connection[RemarkNode] = Connection[RemarkNode]()


class ReviewNode(Shape):
    """A review; `state` only where it was asked for."""

    state: str = ""
    viewer_did_author: bool = False
    author: Actor | None = None
    commit: Oid | None = None


class RunNode(Shape):
    """Our check run."""

    id: str
    database_id: int
    status: str
    conclusion: str | None = None
    external_id: str | None = None


class VouchedSuite(Shape):
    """Our suite of a commit."""

    check_runs: Connection[RunNode] = Connection[RunNode]()


class VouchedCommit(Shape):
    """A commit with our check on it, if it is there."""

    oid: str
    check_suites: Connection[VouchedSuite] = Connection[VouchedSuite]()

    @property
    def run(self) -> RunNode | None:
        """Our check run there."""
        suites = self.check_suites.nodes
        return next((run for suite in suites for run in suite.check_runs.nodes), None)


class PullCommitNode(Shape):
    """A commit of a pull request."""

    commit: VouchedCommit


class HeadNode(Shape):
    """A pull request's head; `commits` is its last commit."""

    number: int
    head_ref_name: str
    head_ref_oid: str
    is_cross_repository: bool
    commits: Connection[PullCommitNode] = Connection[PullCommitNode]()


class EntryNode(Shape):
    """An entry of a merge queue."""

    head_commit: VouchedCommit | None = None
    pull_request: HeadNode | None = None


class QueueNode(Shape):
    """The merge queue of the base branch."""

    entries: Connection[EntryNode] = Connection[EntryNode]()


class PlaceNode(Shape):
    """Where a pull request stands in the queue."""

    position: int
    head_commit: Oid | None = None
    enqueuer: Actor | None = None


class RemovalNode(Shape):
    """A `RemovedFromMergeQueueEvent`."""

    created_at: datetime
    reason: str | None = None
    actor: Actor | None = None


class NewestNode(Shape):
    """A pull request that may take another one back."""

    number: int
    body: str
    viewer_did_author: bool


class PullNode(Shape):
    """A pull request; threads and reviews only of open ones."""

    number: int
    id: str
    state: str
    created_at: datetime
    is_draft: bool
    is_cross_repository: bool
    viewer_did_author: bool
    mergeable: str
    changed_files: int
    head_ref_name: str
    head_ref_oid: str
    base_ref_name: str
    base_ref_oid: str
    merge_commit: Oid | None = None
    merged_by: Actor | None = None
    closing: Connection[ClosedNode] = Connection[ClosedNode]()
    labels: Connection[Named] | None = None
    review_decision: str | None = None
    review_threads: Connection[ThreadNode] = Connection[ThreadNode]()
    latest_opinionated_reviews: Connection[ReviewNode] | None = None
    reviews: Connection[ReviewNode] | None = None
    merge_queue_entry: PlaceNode | None = None
    removals: Connection[RemovalNode] = Connection[RemovalNode]()


class ComparisonNode(Shape):
    """How far the base branch is ahead of a bead's branch."""

    ahead_by: int


class BranchNode(Shape):
    """A branch `bead/N` with its open pull requests."""

    prefix: str
    name: str
    target: CommitNode
    compare: ComparisonNode | None = None
    associated_pull_requests: Connection[PullNode] = Connection[PullNode]()

    @property
    def short(self) -> str:
        """``bead/N``, whatever part of it GitHub counts as the prefix."""
        return f"{self.prefix}{self.name}".removeprefix("refs/heads/")


class DefaultBranch(Shape):
    """The base branch."""

    name: str
    target: CommitNode | None = None


class ClaimsCommit(Shape):
    """The commit whose message is the claims document."""

    oid: str
    message: str


class ClaimsRef(Shape):
    """The claims ref."""

    target: ClaimsCommit


class PolicyBlob(Shape):
    """The policy file."""

    oid: str = ""
    text: str | None = None
    is_truncated: bool = False


class RefNode(Shape):
    """A ref that a run keeps something at."""

    prefix: str
    name: str
    target: Oid


class RepositoryNode(Shape):
    """A whole look at a repository."""

    id: str
    database_id: int
    default_branch_ref: DefaultBranch | None = None
    claims: ClaimsRef | None = None
    policy: PolicyBlob | None = None
    issues: Connection[BeadNode] = Connection[BeadNode]()
    branches: Connection[BranchNode] = Connection[BranchNode]()
    staging: Connection[RefNode] = Connection[RefNode]()
    partial: Connection[RefNode] = Connection[RefNode]()
    over: Connection[PullNode] = Connection[PullNode]()
    labels: Connection[Named] = Connection[Named]()
    foreign: Connection[HeadNode] = Connection[HeadNode]()
    queue: QueueNode | None = None


class Standing(Shape):
    """Whether an issue or pull request is closed."""

    number: int
    id: str = ""
    closed: bool


class Counted(Shape):
    """How many there are."""

    total_count: int


class LabelUse(Shape):
    """How many open issues and pull requests have a label."""

    issues: Counted
    pull_requests: Counted

    @property
    def unused(self) -> bool:
        """Whether none has it."""
        return self.issues.total_count == self.pull_requests.total_count == 0


class CommentNode(Shape):
    """A comment on an issue or pull request."""

    id: str
    body: str
    viewer_did_author: bool
    created_at: datetime | None = None
    last_edited_at: datetime | None = None
