"""Issues, their labels, family and timeline; much of it is also a pull request's (its issue half)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bot.local.forge.access import can_see
from bot.local.forge.graphql.account_fields import path_of
from bot.local.forge.graphql.ask import Info, require, unresolved
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.graphql.repository_fields import sort_labels
from bot.local.forge.http import reads
from bot.local.forge.issue_types import TYPES, IssueType
from bot.local.forge.records import Account, Comment, Issue, Label, Pull, Repository
from bot.local.forge.render_issue import issue_html_url
from bot.local.forge.search import mentions
from bot.local.forge.state import State

ISSUES = reads("issues")
PULLS = reads("pull_requests")
EITHER = reads("issues", "pull_requests")
Filters = dict[str, Any]


def issue_of(source: Issue | Pull, info: Info) -> Issue:
    """The issue, or the issue half of a pull request."""
    return source if isinstance(source, Issue) else info.context.state.get(Issue, source.issue_id)


def both(name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register a resolver for a field of issues and of pull requests."""
    return field(f"Issue.{name}", f"PullRequest.{name}")


# -- finding ----------------------------------------------------------------------------------------------
@field("Repository.issue")
def find_issue(home: Repository, info: Info, number: int) -> Issue:
    """An issue by number, no pull request."""
    found = require(info, home, ISSUES).state.one(Issue, repo_id=home.id, number=number)
    if found is None or found.pull_id is not None:
        raise unresolved(f"an Issue with the number of {number}")
    return found


@field("Repository.issueOrPullRequest")
def find_either(home: Repository, info: Info, number: int) -> Issue | Pull:
    """Whatever has that number."""
    state = require(info, home, EITHER).state
    found = state.one(Issue, repo_id=home.id, number=number)
    if found is None:
        raise unresolved(f"an issue or pull request with the number of {number}")
    return found if found.pull_id is None else state.get(Pull, found.pull_id)


@field("Repository.issues")
def list_issues(
    home: Repository,
    info: Info,
    labels: list[str] | None = None,
    states: list[str] | None = None,
    filter_by: Filters | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    """The repository's issues."""
    state = require(info, home, ISSUES).state
    found = [one for one in state.find(Issue, repo_id=home.id) if one.pull_id is None]
    return connect(
        info, _sort(state, _filter(state, home, found, labels, states, filter_by), order_by), **page
    )


@field("Label.issues")
def issues_of_label(
    label: Label,
    info: Info,
    labels: list[str] | None = None,
    states: list[str] | None = None,
    filter_by: Filters | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    """The issues that have it."""
    home = info.context.state.get(Repository, label.repo_id)
    state = require(info, home, ISSUES).state
    found = [
        one for one in state.find(Issue, repo_id=home.id) if one.pull_id is None and label.id in one.label_ids
    ]
    return connect(
        info, _sort(state, _filter(state, home, found, labels, states, filter_by), order_by), **page
    )


def label_ids(state: State, home: Repository, names: Iterable[str]) -> list[set[int]]:
    """The label of each name, as a set that is empty for a name that there is not."""
    found = (state.one(Label, repo_id=home.id, key=name.lower()) for name in names)
    return [{one.id} if one else set() for one in found]


def _filter(
    state: State,
    home: Repository,
    found: list[Issue],
    labels: list[str] | None,
    states: list[str] | None,
    filter_by: Filters | None,
) -> list[Issue]:
    wanted = filter_by or {}
    if labels:
        some = set().union(*label_ids(state, home, labels))
        found = [one for one in found if some.intersection(one.label_ids)]
    if wanted.get("labels"):
        for ids in label_ids(state, home, wanted["labels"]):
            found = [one for one in found if ids.intersection(one.label_ids)]
    for names in (states, wanted.get("states")):
        if names:
            found = [one for one in found if one.state.upper() in names]
    if wanted.get("since"):
        found = [one for one in found if one.updated_at >= wanted["since"]]
    if wanted.get("created_by"):
        found = [one for one in found if _login(state, one.user_id) == wanted["created_by"].lower()]
    if wanted.get("mentioned"):
        found = [one for one in found if mentions(state, one, wanted["mentioned"])]
    if "assignee" in wanted:
        found = [one for one in found if _is_assigned(state, one, wanted["assignee"])]
    return found


def _login(state: State, account_id: int) -> str:
    return state.get(Account, account_id).login.lower()


def _is_assigned(state: State, issue: Issue, who: str | None) -> bool:
    if who is None:
        return not issue.assignee_ids
    if who == "*":
        return bool(issue.assignee_ids)
    return who.lower() in (_login(state, one) for one in issue.assignee_ids)


def _sort(state: State, found: list[Issue], order_by: dict[str, str] | None) -> list[Issue]:
    if order_by is None:
        return found
    return sorted(found, key=order_key(state, order_by["field"]), reverse=order_by["direction"] == "DESC")


def order_key(state: State, field_name: str) -> Callable[[Issue], tuple[Any, int]]:
    """What CREATED_AT, UPDATED_AT or COMMENTS sorts by."""
    if field_name == "COMMENTS":
        return lambda one: (len(state.find(Comment, issue_id=one.id)), one.number)
    if field_name == "UPDATED_AT":
        return lambda one: (one.updated_at, one.number)
    return lambda one: (one.created_at, one.number)


# -- an issue ---------------------------------------------------------------------------------------------
plain("Issue", number="number", title="title", locked="locked", closedAt="closed_at")


@both("databaseId")
def database_id(source: Issue | Pull, _info: Info) -> int:
    """What REST calls `id`."""
    return source.id


@field(
    *(
        f"{name}.fullDatabaseId"
        for name in ("Issue", "PullRequest", "IssueComment", "PullRequestReview", "PullRequestReviewComment")
    )
)
def full_database_id(source: Issue | Pull, _info: Info) -> str:
    """The same as text, since it may be longer than an Int."""
    return str(source.id)


@field("Issue.state")
def issue_state(issue: Issue, _info: Info) -> str:
    """OPEN or CLOSED."""
    return issue.state.upper()


@field("Issue.stateReason")
def state_reason(issue: Issue, _info: Info, enable_duplicate: bool = False) -> str | None:
    """Why it is closed, or REOPENED. A duplicate reads NOT_PLANNED to who does not know that value."""
    if issue.state_reason == "duplicate" and not enable_duplicate:
        return "NOT_PLANNED"
    return issue.state_reason.upper() if issue.state_reason else None


@both("closed")
def is_closed(source: Issue | Pull, info: Info) -> bool:
    """Whether it is closed (or merged)."""
    return issue_of(source, info).state == "closed"


@both("url")
def url(source: Issue | Pull, info: Info) -> str:
    """Its page."""
    ask = info.context
    return issue_html_url(ask.state, ask.base_url, issue_of(source, info))


field("PullRequest.permalink")(url)


@both("resourcePath")
def resource_path(source: Issue | Pull, info: Info) -> str:
    """Its page's path."""
    return path_of(str(url(source, info)))


@both("labels")
def labels_of(
    source: Issue | Pull, info: Info, order_by: dict[str, str] | None = None, **page: Any
) -> Connection:
    """The labels on it."""
    state = info.context.state
    found = [state.get(Label, one) for one in issue_of(source, info).label_ids]
    return connect(info, sort_labels(found, order_by), **page)


@both("assignedActors")
@both("assignees")
def assignees(source: Issue | Pull, info: Info, **page: Any) -> Connection:
    """Who it is assigned to."""
    state = info.context.state
    return connect(info, [state.get(Account, one) for one in issue_of(source, info).assignee_ids], **page)


@both("comments")
def comments(
    source: Issue | Pull, info: Info, order_by: dict[str, str] | None = None, **page: Any
) -> Connection:
    """The conversation, oldest first."""
    found = info.context.state.find(Comment, issue_id=issue_of(source, info).id)
    if order_by is not None:
        found = sorted(found, key=lambda one: one.updated_at, reverse=order_by["direction"] == "DESC")
    return connect(info, found, **page)


# -- family -----------------------------------------------------------------------------------------------
@field("Issue.parent")
def parent(issue: Issue, info: Info) -> Issue | None:
    """The issue that it is a sub-issue of."""
    return None if issue.parent_id is None else info.context.state.get(Issue, issue.parent_id)


def _children(issue: Issue, info: Info) -> Sequence[Issue]:
    state = info.context.state
    return [state.get(Issue, one) for one in issue.sub_issue_ids]


@field("Issue.subIssues")
def sub_issues(issue: Issue, info: Info, **page: Any) -> Connection:
    """Its sub-issues in their order."""
    return connect(info, _children(issue, info), **page)


@field("Issue.blockedBy")
def blocked_by(issue: Issue, info: Info, **page: Any) -> Connection:
    """What it waits for."""
    return connect(info, _visible(info, issue.blocked_by_ids), **page)


@field("Issue.blocking")
def blocking(issue: Issue, info: Info, **page: Any) -> Connection:
    """What waits for it."""
    return connect(info, _visible(info, issue.blocking_ids), **page)


def _visible(info: Info, ids: Iterable[int]) -> list[Issue]:
    """Those issues that the caller may see, as REST lists them."""
    ask = info.context
    found = [ask.state.get(Issue, one) for one in ids]
    return [one for one in found if can_see(ask.state, ask.caller, ask.state.get(Repository, one.repo_id))]


@field("Issue.issueType")
def issue_type(issue: Issue, _info: Info) -> IssueType | None:
    """The type that its organisation has for it."""
    return TYPES.get(issue.type or "")


plain("IssueType", id="node_id", name="name", description="description")


@field("IssueType.color")
def issue_type_color(source: IssueType, _info: Info) -> str:
    """As the enum has it."""
    return source.color.upper()


@field("Issue.subIssuesSummary")
def sub_issues_summary(issue: Issue, info: Info) -> dict[str, int]:
    """How many there are, and how many of them are closed."""
    children = _children(issue, info)
    done = sum(one.state == "closed" for one in children)
    total = len(children)
    return {"total": total, "completed": done, "percentCompleted": 100 * done // total if total else 0}


for _name in ("total", "completed", "percentCompleted"):
    field(f"SubIssuesSummary.{_name}")(lambda summary, _info, name=_name: summary[name])


# -- comments ---------------------------------------------------------------------------------------------
plain("IssueComment", databaseId="id")


@field("IssueComment.url")
def comment_url(comment: Comment, info: Info) -> str:
    """Its place on the page."""
    ask = info.context
    page = issue_html_url(ask.state, ask.base_url, ask.state.get(Issue, comment.issue_id))
    return f"{page}#issuecomment-{comment.id}"


@field("IssueComment.resourcePath")
def comment_path(comment: Comment, info: Info) -> str:
    """The path of that place."""
    return path_of(comment_url(comment, info))


@field("IssueComment.issue")
def comment_issue(comment: Comment, info: Info) -> Issue:
    """What it is on; of a pull request its issue half."""
    return info.context.state.get(Issue, comment.issue_id)


@field("IssueComment.pullRequest")
def comment_pull(comment: Comment, info: Info) -> Pull | None:
    """The pull request that it is on."""
    state = info.context.state
    pull_id = state.get(Issue, comment.issue_id).pull_id
    return None if pull_id is None else state.get(Pull, pull_id)
