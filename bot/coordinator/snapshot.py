"""What is true right now in one repository: facts only, immutable, as one observation saw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.beads.authority import Permission
from bot.beads.policy import Policy
from bot.beads.policy_file import PolicyFault
from bot.beads.report import Report
from bot.beads.trace_facts import TracedBead, TracedPull
from bot.coordinator.claims import Claims

CheckState = Literal["green", "red", "waiting"]
Mergeable = Literal["clean", "conflict", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check run or commit status on a head. `skipped_after_failure`: skipped, beside a failed sibling."""

    name: str
    state: CheckState
    app_id: int | None = None
    ours: bool = False
    skipped_after_failure: bool = False


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A check that the rules demand; `app_id` when only that App's counts."""

    name: str
    app_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What protects the base branch, rulesets and classic protection together.

    `known` is false when it could not be read: then nothing is merged.
    """

    known: bool = True
    protected: bool = False
    checks: tuple[RequiredCheck, ...] = ()
    approvals: int = 0
    merge_queue: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """The last review of one person that says yes or no."""

    login: str
    state: Literal["approved", "changes-requested"]
    head: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """A review thread; `login` began it, `voices` are all who spoke in it, or in the whole pull request where
    all of those have the authority (then `login` is not known)."""

    id: str
    path: str
    line: int | None
    resolved: bool
    login: str = ""
    voices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a pull request stands in the merge queue of its base, and who put it there; `group` is the commit
    that is tested for it, None until it is built."""

    position: int
    group: str | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A pull request left the merge queue without being merged: GitHub's `reason`, like ``CI_FAILURE``, and
    who took it out."""

    at: datetime
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request whose head is `bead/N`, open or not.

    `behind` is None when it is not known; `on_base` tells whether the merge commit is on the base branch;
    `reviewed_by` are the logins of review bots that have spoken about this head, `voices` all who reviewed an
    open one or spoke in its threads. `same_patch_as` is the head that this one was made from by our own
    update, when its patch is identical. `closed_by` is the person who closed it without a merge; None: a bot,
    or it is not known.
    """

    number: int
    id: str
    state: Literal["open", "merged", "closed"]
    head_ref: str
    head: str
    base_ref: str
    base: str
    draft: bool = False
    ours: bool = True
    mergeable: Mergeable = "unknown"
    behind: bool | None = None
    checks: tuple[Check, ...] = ()
    threads: tuple[Thread, ...] = ()
    reviews: tuple[Review, ...] = ()
    labels: tuple[str, ...] = ()
    changed_files: int = 0
    pushed_at: datetime | None = None
    merge_commit: str | None = None
    merged_by: str | None = None
    on_base: bool | None = None
    twin_heads: tuple[int, ...] = ()
    reviewed_by: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    same_patch_as: str | None = None
    closed_by: str | None = None
    review_required: bool = False  # by whichever rule, one that we cannot read too
    url: str = ""
    queued: QueuePlace | None = None
    removals: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is no bead's and yet may need our check: the head of another open pull request, a fork's too.
    `vouched` tells that our check is green there."""

    pull: int
    head: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """The commit that a merge queue tests for a pull request, with all that are before it in the queue.

    `head` is the pull request's own, `bead` its bead, if it is one's. `said` is what our check says there.
    """

    pull: int
    head: str
    commit: str
    bead: int | None
    said: CheckState | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of an issue's title or body, by whom and when."""

    login: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NativeEdge:
    """What GitHub's own dependencies say that an issue waits for. `repository` is ``owner/name`` of another
    repository's issue, None for our own, empty where we may not see it; `id` is the blocker's database id."""

    number: int
    open: bool
    repository: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request that may hold commands, which we have not answered for good.

    `id` is its node, `subject` that of the issue or pull request `number`. `permission` is the least that its
    author, and whoever edited it, has: 0 for a bot that is not let in. `taken` tells that our `eyes` are on
    it. `bead` is the bead that it is about, open or not: the issue itself, or that of the pull request's
    branch; None for what is no bead (yet). `open` tells of the issue or pull request. `earlier` counts the
    comments with commands that its author wrote in the hour before it.
    """

    id: str
    database_id: int
    number: int
    subject: str
    on_pull: bool
    bead: int | None
    login: str
    permission: Permission
    body: str
    at: datetime
    taken: bool = False
    url: str = ""
    open: bool = True
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a comment of ours says, as a digest, and since when; None: that is not known."""

    digest: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button of our check run on a head. No API lists presses: one that is lost with its
    delivery, or with the process that got it, is pressed again."""

    head: str
    button: str
    login: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A bead's issue. `released_by` put `ready` on at `ready_at`; whether that counts is for `release.py` to
    say. `edits` are those of title and body, all since `edits_since` (None: ever). `parent_by` put it below
    its parent at `parent_since`. Where it is not known who did something (None), it was not later.
    """

    number: int
    id: str
    database_id: int
    title: str
    body: str
    open: bool
    created_at: datetime
    labels: tuple[str, ...]
    parent: int | None = None
    children: tuple[int, ...] = ()
    released_by: str | None = None
    markers: tuple[str, ...] = ()
    author: str = ""
    ready_at: datetime | None = None
    edits: tuple[Edit, ...] = ()
    edits_since: datetime | None = None
    parent_by: str | None = None
    parent_since: datetime | None = None
    native: tuple[NativeEdge, ...] = ()
    type: str | None = None  # the issue type that its organisation has given it
    url: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """An Actions run of the workflow that carries a claim's token. `artifacts_read` tells that the report was
    looked for; `fault` is what was wrong with it. `unpublished` is its publish job, where that did not end
    well."""

    id: int
    token: str
    done: bool
    conclusion: str | None
    url: str = ""
    artifacts_read: bool = False
    report: Report | None = None
    fault: str | None = None
    attempt: int = 1
    unpublished: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A closed issue below an open epic: its node, its title, when its text was edited last (None: never)."""

    id: str
    title: str = ""
    edited: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A bead that is closed, with what it cites and serves, and the last pull request of it that was merged;
    of its files the tests."""

    bead: TracedBead
    pull: TracedPull | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One repository at one moment. `issues` are the open beads; `closed` the numbers known to be closed;
    `focus` the beads whose latest pull requests are among `pulls` whatever their age, `over` those of them
    that are closed; `reverts` are our pull requests that take another one back, by the number of that one, as
    far as they are known.

    `pushers` are the people whose commits branches are at, by the branch's name (an empty login: GitHub knows
    no account of theirs); a branch that is at a commit of ours, or of another bot, is not in it.

    `authority` is the permission of everybody on whose word something rests; `own` is our App's bot, which
    has none. `comments` are those that may hold commands and that we have not answered; `heard_until` is the
    moment up to which all were looked at. `knows_native` tells that GitHub's own dependencies are in it;
    `refused_edges` are those that GitHub would not show: the bead's number, the blocker's database id.
    `unused_labels` are labels `blocked-by` that no open issue and no open pull request has any more, and
    whose issue is closed.
    `reports` are by run, and only those whose text such a comment asks for and that are still there.
    `shown` holds the digests (`coordinator/shown.py`) of what our comments and check runs are known to say,
    by their key; what is not in it is not known. `proposals` are what our comments
    say that show a proposal, by issue, where a person's comment approves it and ours is there.
    `foreign` are open pull requests that are no beads, the last ones to change, and `groups` what the merge
    queue tests.
    """

    repository: str
    repository_id: str
    default_branch: str
    base: str
    base_state: CheckState
    claims: Claims
    claims_commit: str | None
    policy: Policy
    rules: Rules
    issues: tuple[Issue, ...]
    closed: frozenset[int] = frozenset()
    pulls: tuple[PullRequest, ...] = ()
    runs: tuple[Run, ...] = ()
    branches: tuple[tuple[str, str], ...] = ()  # bead/N and its commit
    kept: tuple[tuple[str, str], ...] = ()  # staged and unfinished work: the ref's whole name, its commit
    labels: frozenset[str] = frozenset()
    gone: Mapping[int, str] = field(default_factory=dict)  # nodes of beads that are remembered and closed
    ended: Mapping[int, Ended] = field(default_factory=dict)  # closed beads that are part of open epics
    past: Mapping[int, Past] = field(default_factory=dict)  # of these, as far as it is known
    policy_fault: str | None = None
    policy_faults: tuple[PolicyFault, ...] = ()
    policy_commit: str | None = None  # that last changed the file; known while it is at fault or was shown so
    workflow_enabled: bool = True
    focus: frozenset[int] = frozenset()
    over: tuple[Issue, ...] = ()
    reverts: Mapping[int, int] = field(default_factory=dict)
    pushers: Mapping[str, str] = field(default_factory=dict)
    authority: Mapping[str, Permission] = field(default_factory=dict)
    own: str = ""
    comments: tuple[Comment, ...] = ()
    heard_until: datetime | None = None
    presses: tuple[Press, ...] = ()
    reports: Mapping[int, Report] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    proposals: Mapping[int, ShownText] = field(default_factory=dict)
    server: str = "https://github.com"
    foreign: tuple[Foreign, ...] = ()
    groups: tuple[MergeGroup, ...] = ()  # of the base branch's merge queue, first to merge first
    knows_native: bool = True
    refused_edges: frozenset[tuple[int, int]] = frozenset()
    unused_labels: tuple[str, ...] = ()
