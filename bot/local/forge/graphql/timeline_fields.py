"""What happened to an issue or a pull request, one GraphQL type for each kind of event."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from bot.local.forge.graphql.account_fields import account_or_none, path_of
from bot.local.forge.graphql.ask import GitThing, Info
from bot.local.forge.graphql.commit_fields import commit_thing
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.graphql.issue_fields import both, issue_of, url
from bot.local.forge.graphql.repository_fields import home_of
from bot.local.forge.records import Account, Comment, Issue, Label, Pull, Review, TimelineEvent

EVENTS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "renamed": "RenamedTitleEvent",
    "assigned": "AssignedEvent",
    "unassigned": "UnassignedEvent",
    "sub_issue_added": "SubIssueAddedEvent",
    "sub_issue_removed": "SubIssueRemovedEvent",
    "parent_issue_added": "ParentIssueAddedEvent",
    "parent_issue_removed": "ParentIssueRemovedEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "convert_to_draft": "ConvertToDraftEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "review_requested": "ReviewRequestedEvent",
    "added_to_merge_queue": "AddedToMergeQueueEvent",
    "removed_from_merge_queue": "RemovedFromMergeQueueEvent",
}
"""The type of each event that can be read here; others are left out of `timelineItems`."""

Item = TimelineEvent | Comment | Review


def _item_type(item: Item) -> str:
    """As `itemTypes` names it: LABELED_EVENT."""
    if isinstance(item, Comment):
        return "ISSUE_COMMENT"
    if isinstance(item, Review):
        return "PULL_REQUEST_REVIEW"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", EVENTS[item.event]).upper()


def _when(item: Item) -> datetime | None:
    return item.submitted_at if isinstance(item, Review) else item.created_at


@both("timelineItems")
def timeline_items(
    source: Issue | Pull,
    info: Info,
    item_types: list[str] | None = None,
    since: datetime | None = None,
    **page: Any,
) -> Connection:
    """Events, comments and reviews, oldest first."""
    state = info.context.state
    issue = issue_of(source, info)
    dated: list[tuple[datetime, int, Item]] = []
    items: list[Item] = [one for one in state.find(TimelineEvent, issue_id=issue.id) if one.event in EVENTS]
    items += state.find(Comment, issue_id=issue.id)
    if issue.pull_id is not None:
        items += state.find(Review, pull_id=issue.pull_id)
    for item in items:
        when = _when(item)
        if when is None or (since is not None and when < since):
            continue
        if item_types is None or _item_type(item) in item_types:
            dated.append((when, item.id, item))
    return connect(info, [item for _, _, item in sorted(dated, key=lambda one: one[:2])], **page)


# -- what all events have ---------------------------------------------------------------------------------
@field(*(f"{name}.actor" for name in EVENTS.values()))
def actor(event: TimelineEvent, info: Info) -> Account | None:
    """Who did it."""
    return account_or_none(info, event.actor_id)


for _name in EVENTS.values():
    plain(_name, createdAt="created_at")


@field(
    *(f"{name}.labelable" for name in ("LabeledEvent", "UnlabeledEvent")),
    *(f"{name}.closable" for name in ("ClosedEvent", "ReopenedEvent")),
    *(f"{name}.assignable" for name in ("AssignedEvent", "UnassignedEvent")),
    "RenamedTitleEvent.subject",
    *(
        f"{name}.pullRequest"
        for name in (
            "MergedEvent",
            "ReadyForReviewEvent",
            "ConvertToDraftEvent",
            "HeadRefForcePushedEvent",
            "HeadRefDeletedEvent",
            "ReviewRequestedEvent",
            "AddedToMergeQueueEvent",
            "RemovedFromMergeQueueEvent",
        )
    ),
)
def happened_to(event: TimelineEvent, info: Info) -> Issue | Pull:
    """What it happened to."""
    state = info.context.state
    issue = state.get(Issue, event.issue_id)
    return issue if issue.pull_id is None else state.get(Pull, issue.pull_id)


_WITH_PAGES = ("ClosedEvent", "MergedEvent", "ReadyForReviewEvent", "ConvertToDraftEvent")


@field(*(f"{name}.url" for name in _WITH_PAGES))
def event_url(event: TimelineEvent, info: Info) -> str:
    """Its place on the page."""
    return f"{url(happened_to(event, info), info)}#event-{event.id}"


@field(*(f"{name}.resourcePath" for name in _WITH_PAGES))
def event_path(event: TimelineEvent, info: Info) -> str:
    """The path of that place."""
    return path_of(event_url(event, info))


# -- what some have ---------------------------------------------------------------------------------------
@field("LabeledEvent.label", "UnlabeledEvent.label")
def event_label(event: TimelineEvent, info: Info) -> Label:
    """The label as it is now, or as it was before it was deleted."""
    state = info.context.state
    label_id = event.data.get("label_id")
    if isinstance(label_id, int) and state.has(Label, label_id):
        return state.get(Label, label_id)
    was = event.data["label"]
    return Label(
        id=label_id or 0, repo_id=event.repo_id, name=was["name"], key=was["name"].lower(), color=was["color"]
    )


@field("ClosedEvent.stateReason", "ReopenedEvent.stateReason")
def event_state_reason(event: TimelineEvent, _info: Info) -> str | None:
    """Why it was closed."""
    reason = event.data.get("state_reason")
    return str(reason).upper() if reason else None


@field("RenamedTitleEvent.previousTitle")
def previous_title(event: TimelineEvent, _info: Info) -> str:
    """What it was called before."""
    return str(event.data["rename"]["from"])


@field("RenamedTitleEvent.currentTitle")
def current_title(event: TimelineEvent, _info: Info) -> str:
    """What it was called then."""
    return str(event.data["rename"]["to"])


@field("AssignedEvent.assignee", "UnassignedEvent.assignee")
def event_assignee(event: TimelineEvent, info: Info) -> Account | None:
    """Who was assigned, or is no more."""
    return account_or_none(info, event.data.get("assignee_id"))


@field("ReviewRequestedEvent.requestedReviewer")
def event_reviewer(event: TimelineEvent, info: Info) -> Account | None:
    """Who was asked for a review."""
    return account_or_none(info, event.data.get("reviewer_id"))


@field("SubIssueAddedEvent.subIssue", "SubIssueRemovedEvent.subIssue")
def event_sub_issue(event: TimelineEvent, info: Info) -> Issue | None:
    """The child."""
    return info.context.state.get(Issue, event.data["sub_issue_id"])


@field("ParentIssueAddedEvent.parent", "ParentIssueRemovedEvent.parent")
def event_parent(event: TimelineEvent, info: Info) -> Issue | None:
    """The parent."""
    return info.context.state.get(Issue, event.data["parent_issue_id"])


def _commit(event: TimelineEvent, info: Info, key: str) -> GitThing | None:
    oid = event.data.get(key)
    return commit_thing(home_of(event, info), str(oid)) if oid else None


@field("MergedEvent.commit")
def merged_commit(event: TimelineEvent, info: Info) -> GitThing | None:
    """What the base branch became."""
    return _commit(event, info, "commit_id")


@field("HeadRefForcePushedEvent.beforeCommit")
def before_commit(event: TimelineEvent, info: Info) -> GitThing | None:
    """Where the head was."""
    return _commit(event, info, "before")


@field("HeadRefForcePushedEvent.afterCommit")
def after_commit(event: TimelineEvent, info: Info) -> GitThing | None:
    """Where it went, as far as that was written down."""
    return _commit(event, info, "after") or _commit(event, info, "commit_id")


def _pull(event: TimelineEvent, info: Info) -> Pull:
    found = happened_to(event, info)
    assert isinstance(found, Pull)
    return found


@field("MergedEvent.mergeRefName")
def merge_ref_name(event: TimelineEvent, info: Info) -> str:
    """The branch that it was merged into."""
    return _pull(event, info).base_ref


@field("HeadRefDeletedEvent.headRefName")
def head_ref_name(event: TimelineEvent, info: Info) -> str:
    """The branch that was deleted."""
    return _pull(event, info).head_ref
