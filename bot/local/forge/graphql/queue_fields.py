"""Merge queues: of a repository's branch, and where a pull request stands in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.local.forge import merge_queue, protection
from bot.local.forge.git import object_node_id
from bot.local.forge.graphql.account_fields import account_or_none, path_of
from bot.local.forge.graphql.ask import GitThing, Info, require
from bot.local.forge.graphql.commit_fields import commit_thing
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.graphql.issue_fields import PULLS
from bot.local.forge.graphql.repository_fields import home_of, html_url
from bot.local.forge.records import Account, Pull, QueueEntry, Repository, TimelineEvent


@dataclass(frozen=True, slots=True)
class MergeQueue:
    """The queue of one branch; `parameters` are its rule's, None once the rule is gone."""

    repository: Repository
    branch: str
    parameters: Any


def _queue(info: Info, home: Repository, branch: str) -> MergeQueue | None:
    parameters = protection.merge_queue(info.context.state, home, branch)
    return None if parameters is None else MergeQueue(home, branch, parameters)


@field("Repository.mergeQueue")
def queue_of_branch(home: Repository, info: Info, branch: str | None = None) -> MergeQueue | None:
    """The queue of a branch, by default of the default branch."""
    require(info, home, PULLS)
    return _queue(info, home, branch or home.default_branch)


@field("PullRequest.mergeQueue")
def queue_of_pull(pull: Pull, info: Info) -> MergeQueue | None:
    """The queue that it would go into, or is in."""
    return _queue(info, home_of(pull, info), pull.base_ref)


@field("PullRequest.isMergeQueueEnabled")
def is_enabled(pull: Pull, info: Info) -> bool:
    """Whether its base has a queue."""
    return queue_of_pull(pull, info) is not None


@field("PullRequest.mergeQueueEntry")
def entry_of_pull(pull: Pull, info: Info) -> QueueEntry | None:
    """Its place in the queue."""
    return merge_queue.entry_of(info.context.state, pull)


@field("PullRequest.isInMergeQueue")
def is_queued(pull: Pull, info: Info) -> bool:
    """Whether it has one."""
    return entry_of_pull(pull, info) is not None


# -- a queue ----------------------------------------------------------------------------------------------
plain("MergeQueue", repository="repository")


@field("MergeQueue.id")
def queue_id(queue: MergeQueue, _info: Info) -> str:
    """Made of repository and branch."""
    return object_node_id("MergeQueue", queue.repository, queue.branch)


@field("MergeQueue.url")
def queue_url(queue: MergeQueue, info: Info) -> str:
    """Its page."""
    return f"{html_url(info.context, queue.repository)}/queue/{queue.branch}"


@field("MergeQueue.resourcePath")
def queue_path(queue: MergeQueue, info: Info) -> str:
    """The page's path."""
    return path_of(queue_url(queue, info))


@field("MergeQueue.entries")
def entries(queue: MergeQueue, info: Info, **page: Any) -> Connection:
    """What is in it, first to merge first."""
    return connect(info, merge_queue.entries_of(info.context.state, queue.repository, queue.branch), **page)


@field("MergeQueue.configuration")
def configuration(queue: MergeQueue, _info: Info) -> Any:
    """The parameters of its rule."""
    return queue.parameters


for _name, _parameter in {
    "checkResponseTimeout": "check_response_timeout_minutes",
    "maximumEntriesToBuild": "max_entries_to_build",
    "maximumEntriesToMerge": "max_entries_to_merge",
    "mergeMethod": "merge_method",
    "mergingStrategy": "grouping_strategy",
    "minimumEntriesToMerge": "min_entries_to_merge",
    "minimumEntriesToMergeWaitTime": "min_entries_to_merge_wait_minutes",
}.items():
    field(f"MergeQueueConfiguration.{_name}")(lambda rule, _info, name=_parameter: rule[name])


# -- an entry ---------------------------------------------------------------------------------------------
plain("MergeQueueEntry", enqueuedAt="enqueued_at", jump="jump")
constant("MergeQueueEntry", solo=False)


@field("MergeQueueEntry.state")
def entry_state(entry: QueueEntry, info: Info) -> str:
    """QUEUED, AWAITING_CHECKS, MERGEABLE or UNMERGEABLE."""
    return merge_queue.word_of(info.context.state, entry)


@field("MergeQueueEntry.position")
def position(entry: QueueEntry, info: Info) -> int:
    """Its place, counted from one."""
    state = info.context.state
    home = state.get(Repository, entry.repo_id)
    ids = [one.id for one in merge_queue.entries_of(state, home, entry.branch)]
    return ids.index(entry.id) + 1 if entry.id in ids else 0


@field("MergeQueueEntry.enqueuer")
def enqueuer(entry: QueueEntry, info: Info) -> Account:
    """Who put it in."""
    return info.context.state.get(Account, entry.enqueuer_id)


@field("MergeQueueEntry.pullRequest")
def entry_pull(entry: QueueEntry, info: Info) -> Pull:
    """What it would merge."""
    return info.context.state.get(Pull, entry.pull_id)


@field("MergeQueueEntry.mergeQueue")
def entry_queue(entry: QueueEntry, info: Info) -> MergeQueue | None:
    """Where it stands."""
    return _queue(info, home_of(entry, info), entry.branch)


@field("MergeQueueEntry.headCommit")
def head_commit(entry: QueueEntry, info: Info) -> GitThing | None:
    """The group's commit, whose checks decide; null until it is built."""
    return commit_thing(home_of(entry, info), entry.group_sha) if entry.group_sha else None


@field("MergeQueueEntry.baseCommit")
def base_commit(entry: QueueEntry, info: Info) -> GitThing | None:
    """What that is built on."""
    return commit_thing(home_of(entry, info), entry.base_sha) if entry.base_sha else None


# -- what a timeline tells of it --------------------------------------------------------------------------
_EVENTS = ("AddedToMergeQueueEvent", "RemovedFromMergeQueueEvent")


@field(*(f"{name}.enqueuer" for name in _EVENTS))
def event_enqueuer(event: TimelineEvent, info: Info) -> Account | None:
    """Who had put it in; GitHub's type is a User, so of a bot there is none."""
    found = account_or_none(info, event.data.get("enqueuer_id"))
    return found if found is not None and found.type == "User" else None


@field(*(f"{name}.mergeQueue" for name in _EVENTS))
def event_queue(event: TimelineEvent, info: Info) -> MergeQueue | None:
    """The queue, while there is one."""
    return _queue(info, home_of(event, info), str(event.data["branch"]))


@field("RemovedFromMergeQueueEvent.reason")
def removal_reason(event: TimelineEvent, _info: Info) -> str:
    """MERGE, MANUAL, CI_FAILURE, CI_TIMEOUT, MERGE_CONFLICT and so on."""
    return str(event.data["reason"])


@field("RemovedFromMergeQueueEvent.beforeCommit")
def removed_commit(event: TimelineEvent, info: Info) -> GitThing | None:
    """The group's commit, whose checks decided."""
    oid = event.data.get("before_commit")
    return commit_thing(home_of(event, info), str(oid)) if oid else None
