"""Pull requests: branches, mergeability, reviews, threads, commits and files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.local.forge import protection, pulls
from bot.local.forge.git import object_node_id
from bot.local.forge.git_objects import FileChange
from bot.local.forge.graphql.account_fields import account_or_none, path_of
from bot.local.forge.graphql.ask import Ask, GitThing, Info, Ref, require, unresolved
from bot.local.forge.graphql.check_fields import Rollup, rollup_of
from bot.local.forge.graphql.commit_fields import commit_thing, history_of
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.graphql.issue_fields import PULLS, issue_of, label_ids, order_key, url
from bot.local.forge.graphql.repository_fields import home_of
from bot.local.forge.records import Account, Issue, Label, Pull, Repository

CHANGES = {
    "added": "ADDED",
    "removed": "DELETED",
    "modified": "MODIFIED",
    "renamed": "RENAMED",
    "copied": "COPIED",
    "changed": "CHANGED",
}


# -- finding ----------------------------------------------------------------------------------------------
@field("Repository.pullRequest")
def find_pull(home: Repository, info: Info, number: int) -> Pull:
    """A pull request by number."""
    state = require(info, home, PULLS).state
    found = state.one(Issue, repo_id=home.id, number=number)
    if found is None or found.pull_id is None:
        raise unresolved(f"a PullRequest with the number of {number}")
    return state.get(Pull, found.pull_id)


@field("Repository.pullRequests")
def list_pulls(home: Repository, info: Info, head_ref_name: str | None = None, **rest: Any) -> Connection:
    """The repository's pull requests."""
    state = require(info, home, PULLS).state
    if head_ref_name is None:
        return _page(info, home, state.find(Pull, repo_id=home.id), **rest)
    return _page(info, home, state.find(Pull, repo_id=home.id, head_ref=head_ref_name), **rest)


@field("Label.pullRequests")
def pulls_of_label(label: Label, info: Info, head_ref_name: str | None = None, **rest: Any) -> Connection:
    """The pull requests that have it."""
    home = info.context.state.get(Repository, label.repo_id)
    state = require(info, home, PULLS).state
    found = [
        one
        for one in state.find(Pull, repo_id=home.id)
        if label.id in state.get(Issue, one.issue_id).label_ids and head_ref_name in (None, one.head_ref)
    ]
    return _page(info, home, found, **rest)


@field("Ref.associatedPullRequests")
def pulls_of_ref(ref: Ref, info: Info, head_ref_name: str | None = None, **rest: Any) -> Connection:
    """The pull requests whose head is this branch."""
    ask = info.context
    branch = ref.name.removeprefix("refs/heads/")
    is_head = ref.name.startswith("refs/heads/") and head_ref_name in (None, branch)
    may = ask.may(ref.repository, PULLS)
    found = ask.state.find(Pull, repo_id=ref.repository.id, head_ref=branch) if is_head and may else []
    return _page(info, ref.repository, found, **rest)


def _page(
    info: Info,
    home: Repository,
    found: list[Pull],
    base_ref_name: str | None = None,
    labels: list[str] | None = None,
    states: list[str] | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    state = info.context.state
    if base_ref_name is not None:
        found = [one for one in found if one.base_ref == base_ref_name]
    if states:
        found = [one for one in found if pull_state(one, info) in states]
    if labels:
        some = set().union(*label_ids(state, home, labels))
        found = [one for one in found if some.intersection(state.get(Issue, one.issue_id).label_ids)]
    if order_by is not None:
        key = order_key(state, order_by["field"])
        descending = order_by["direction"] == "DESC"
        found = sorted(found, key=lambda one: key(state.get(Issue, one.issue_id)), reverse=descending)
    return connect(info, found, **page)


# -- a pull request ---------------------------------------------------------------------------------------
plain(
    "PullRequest",
    number="number",
    merged="merged",
    mergedAt="merged_at",
    isDraft="draft",
    maintainerCanModify="maintainer_can_modify",
    headRefName="head_ref",
    headRefOid="head_sha",
    baseRefName="base_ref",
    baseRefOid="base_sha",
)
constant("PullRequest", isCrossRepository=False)
for _side in ("headRepository", "baseRepository"):
    field(f"PullRequest.{_side}")(home_of)


@field("PullRequest.title")
def title(pull: Pull, info: Info) -> str:
    """What it is called."""
    return issue_of(pull, info).title


@field("PullRequest.locked")
def locked(pull: Pull, info: Info) -> bool:
    """Whether its conversation is."""
    return issue_of(pull, info).locked


@field("PullRequest.closedAt")
def closed_at(pull: Pull, info: Info) -> datetime | None:
    """When it was closed or merged."""
    return issue_of(pull, info).closed_at


@field("PullRequest.state")
def pull_state(pull: Pull, info: Info) -> str:
    """OPEN, CLOSED or MERGED."""
    return "MERGED" if pull.merged else issue_of(pull, info).state.upper()


@field("PullRequest.mergedBy")
def merged_by(pull: Pull, info: Info) -> Account | None:
    """Who merged it."""
    return account_or_none(info, pull.merged_by_id)


@field("PullRequest.headRepositoryOwner")
def head_owner(pull: Pull, info: Info) -> Account:
    """Whose repository the head is in."""
    return info.context.state.get(Account, home_of(pull, info).owner_id)


@field("PullRequest.headRef")
def head_ref(pull: Pull, info: Info) -> Ref | None:
    """Its branch, null once it is deleted."""
    return info.context.ref(home_of(pull, info), f"refs/heads/{pull.head_ref}")


@field("PullRequest.baseRef")
def base_ref(pull: Pull, info: Info) -> Ref | None:
    """The branch that it is for."""
    return info.context.ref(home_of(pull, info), f"refs/heads/{pull.base_ref}")


@field("PullRequest.mergeCommit")
def merge_commit(pull: Pull, info: Info) -> GitThing | None:
    """The commit that it became; REST shows what it would become before that, this does not."""
    merged = pull.merge_commit_sha if pull.merged else None
    return commit_thing(home_of(pull, info), merged) if merged else None


@field("PullRequest.potentialMergeCommit")
def potential_merge_commit(pull: Pull, info: Info) -> GitThing | None:
    """What merging it would make, while it is open and does not conflict."""
    if issue_of(pull, info).state == "closed":
        return None
    home = home_of(pull, info)
    return info.context.refs_of(home).get(f"refs/pull/{pull.number}/merge")


@field("PullRequest.mergeable")
def mergeable(pull: Pull, info: Info) -> str:
    """MERGEABLE, CONFLICTING, or UNKNOWN: of a closed one, and of one that is not worked out yet."""
    base = base_ref(pull, info)
    if base is None or issue_of(pull, info).state == "closed":
        return "UNKNOWN"
    if not pulls.worked_out(info.context.state, pull, base.target.oid):
        return "UNKNOWN"
    tree = info.context.git(base.repository).merge_tree(base.target.oid, pull.head_sha)
    return "CONFLICTING" if tree is None else "MERGEABLE"


@field("PullRequest.mergeStateStatus")
def merge_state_status(pull: Pull, info: Info) -> str:
    """CLEAN, UNSTABLE, BEHIND, BLOCKED, DIRTY, DRAFT, or UNKNOWN as `mergeable` is."""
    return pulls.merge_state(info.context.state, pull).word.upper()


@field("PullRequest.reviewDecision")
def review_decision(pull: Pull, info: Info) -> str | None:
    """Null when the rules ask for no review, which is no approval."""
    state, home = info.context.state, home_of(pull, info)
    wanted = protection.required_approvals(state, home, pull.base_ref)
    if wanted is None:
        return None
    standing = [one.state for one in protection.standing_reviews(state, home, pull).values()]
    if "CHANGES_REQUESTED" in standing:
        return "CHANGES_REQUESTED"
    return "APPROVED" if standing.count("APPROVED") >= wanted else "REVIEW_REQUIRED"


@field("PullRequest.statusCheckRollup")
def pull_rollup(pull: Pull, info: Info) -> Rollup | None:
    """What is said of its head."""
    return rollup_of(info.context, home_of(pull, info), pull.head_sha)


# -- commits and files ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PullCommit:
    """A commit as a part of a pull request."""

    pull: Pull
    commit: GitThing


def _root(ask: Ask, home: Repository, pull: Pull) -> str:
    """Where the head left the base."""
    base = None if pull.merged else ask.ref(home, f"refs/heads/{pull.base_ref}")
    tip = base.target.oid if base else pull.base_sha
    return ask.git(home).merge_base(tip, pull.head_sha) or pull.base_sha


@field("PullRequest.commits")
def commits(pull: Pull, info: Info, **page: Any) -> Connection:
    """The commits that it adds, oldest first."""
    ask, home = info.context, home_of(pull, info)
    git = ask.git(home)
    known = set(history_of(git, _root(ask, home, pull)))
    oids = [oid for oid in reversed(history_of(git, pull.head_sha)) if oid not in known]
    return connect(info, [PullCommit(pull, commit_thing(home, oid)) for oid in oids], **page)


plain("PullRequestCommit", commit="commit", pullRequest="pull")


@field("PullRequestCommit.id")
def pull_commit_id(source: PullCommit, _info: Info) -> str:
    """Made of both."""
    name = f"{source.pull.number}:{source.commit.oid}"
    return object_node_id("PullRequestCommit", source.commit.repository, name)


@field("PullRequestCommit.url")
def pull_commit_url(source: PullCommit, info: Info) -> str:
    """Its page in the pull request."""
    return f"{url(source.pull, info)}/commits/{source.commit.oid}"


@field("PullRequestCommit.resourcePath")
def pull_commit_path(source: PullCommit, info: Info) -> str:
    """The page's path."""
    return path_of(pull_commit_url(source, info))


def _changes(pull: Pull, info: Info) -> list[FileChange]:
    ask, home = info.context, home_of(pull, info)
    return ask.git(home).changes(_root(ask, home, pull), pull.head_sha)


@field("PullRequest.files")
def changed_files(pull: Pull, info: Info, **page: Any) -> Connection:
    """The files that it changes, against where it left the base."""
    return connect(info, _changes(pull, info), **page)


plain("PullRequestChangedFile", path="path", additions="additions", deletions="deletions")


@field("PullRequestChangedFile.changeType")
def change_type(change: FileChange, _info: Info) -> str:
    """ADDED, DELETED, MODIFIED, RENAMED, COPIED or CHANGED."""
    return CHANGES[change.status]


@field("PullRequest.changedFiles")
def changed_file_count(pull: Pull, info: Info) -> int:
    """How many files it changes."""
    return len(_changes(pull, info))


@field("PullRequest.additions")
def additions(pull: Pull, info: Info) -> int:
    """Lines that it adds."""
    return sum(change.additions for change in _changes(pull, info))


@field("PullRequest.deletions")
def deletions(pull: Pull, info: Info) -> int:
    """Lines that it takes away."""
    return sum(change.deletions for change in _changes(pull, info))
