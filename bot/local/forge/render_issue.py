"""The JSON shapes of issues, labels, comments, reactions and what stands in a timeline."""

from __future__ import annotations

from urllib.parse import quote

from bot.local.forge.http import role_of
from bot.local.forge.issue_types import TYPES, type_shape
from bot.local.forge.records import (
    Account,
    Comment,
    Issue,
    Label,
    Pull,
    Reaction,
    Repository,
    TimelineEvent,
)
from bot.local.forge.render import (
    JSON,
    account,
    account_by_id,
    app_of_account,
    at,
    at_or_none,
    permissions,
    repository_api_url,
    repository_html_url,
    simple_repository,
)
from bot.local.forge.state import State

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def association(repository: Repository, account_id: int) -> str:
    """`author_association`: OWNER, COLLABORATOR or NONE (this forge has no teams and no contributors)."""
    if account_id == repository.owner_id:
        return "OWNER"
    role = repository.collaborators.get(account_id, "none")
    return "NONE" if role == "none" else "COLLABORATOR"


def label(state: State, base_url: str, record: Label) -> JSON:
    """A `label`."""
    home = repository_api_url(state, base_url, state.get(Repository, record.repo_id))
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "url": f"{home}/labels/{quote(record.name, safe='')}",
        "name": record.name,
        "description": record.description,
        "color": record.color,
        "default": record.default,
    }


def issue_url(state: State, base_url: str, record: Issue) -> str:
    """An issue's REST address."""
    home = repository_api_url(state, base_url, state.get(Repository, record.repo_id))
    return f"{home}/issues/{record.number}"


def issue_html_url(state: State, base_url: str, record: Issue) -> str:
    """An issue's or a pull request's page."""
    home = repository_html_url(state, base_url, state.get(Repository, record.repo_id))
    return f"{home}/{'pull' if record.pull_id else 'issues'}/{record.number}"


def issue(state: State, base_url: str, record: Issue) -> JSON:
    """An `issue`; a pull request has `pull_request` and `draft` besides."""
    home = state.get(Repository, record.repo_id)
    url = issue_url(state, base_url, record)
    assignees = [account(state, base_url, state.get(Account, who)) for who in record.assignee_ids]
    shape: JSON = {
        "id": record.id,
        "node_id": state.node_id(record),
        "url": url,
        "repository_url": repository_api_url(state, base_url, home),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": issue_html_url(state, base_url, record),
        "timeline_url": f"{url}/timeline",
        "number": record.number,
        "title": record.title,
        "body": record.body,
        "user": account_by_id(state, base_url, record.user_id),
        "labels": [label(state, base_url, state.get(Label, one)) for one in record.label_ids],
        "state": record.state,
        "state_reason": record.state_reason,
        "locked": record.locked,
        "active_lock_reason": None,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments": len(state.find(Comment, issue_id=record.id)),
        "created_at": at(record.created_at),
        "updated_at": at(record.updated_at),
        "closed_at": at_or_none(record.closed_at),
        "author_association": association(home, record.user_id),
        "performed_via_github_app": app_of_account(state, base_url, record.user_id),
        "reactions": reactions(state, "Issue", record.id, f"{url}/reactions"),
        "sub_issues_summary": _sub_issues_summary(state, record),
        "issue_dependencies_summary": _dependencies_summary(state, record),
    }
    if record.type is not None:
        shape["type"] = type_shape(TYPES[record.type])
    if record.parent_id is not None:
        shape["parent_issue_url"] = issue_url(state, base_url, state.get(Issue, record.parent_id))
    if record.pull_id is not None:
        pull = state.get(Pull, record.pull_id)
        html = issue_html_url(state, base_url, record)
        shape["draft"] = pull.draft
        shape["pull_request"] = {
            "url": f"{repository_api_url(state, base_url, home)}/pulls/{record.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": at_or_none(pull.merged_at),
        }
    return shape


def full_issue(state: State, base_url: str, record: Issue) -> JSON:
    """An `issue` with who closed it, as reading or changing a single one gives it."""
    return {
        **issue(state, base_url, record),
        "closed_by": account_by_id(state, base_url, record.closed_by_id),
    }


def _sub_issues_summary(state: State, record: Issue) -> JSON:
    total = len(record.sub_issue_ids)
    done = sum(1 for child in record.sub_issue_ids if state.get(Issue, child).state == "closed")
    return {"total": total, "completed": done, "percent_completed": 100 * done // total if total else 0}


def _dependencies_summary(state: State, record: Issue) -> JSON:
    def still_open(ids: list[int]) -> int:
        return sum(1 for other in ids if state.get(Issue, other).state == "open")

    return {
        "blocked_by": still_open(record.blocked_by_ids),
        "blocking": still_open(record.blocking_ids),
        "total_blocked_by": len(record.blocked_by_ids),
        "total_blocking": len(record.blocking_ids),
    }


def comment(state: State, base_url: str, record: Comment) -> JSON:
    """An `issue-comment`."""
    home = state.get(Repository, record.repo_id)
    on = state.get(Issue, record.issue_id)
    url = f"{repository_api_url(state, base_url, home)}/issues/comments/{record.id}"
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "url": url,
        "html_url": f"{issue_html_url(state, base_url, on)}#issuecomment-{record.id}",
        "issue_url": issue_url(state, base_url, on),
        "user": account_by_id(state, base_url, record.user_id),
        "created_at": at(record.created_at),
        "updated_at": at(record.updated_at),
        "body": record.body,
        "author_association": association(home, record.user_id),
        "performed_via_github_app": app_of_account(state, base_url, record.user_id),
        "reactions": reactions(state, "Comment", record.id, f"{url}/reactions"),
    }


def reactions(state: State, on: str, on_id: int, url: str) -> JSON:
    """A `reaction-rollup` of an Issue, Comment or ReviewComment."""
    given = [found.content for found in state.find(Reaction, on=on, on_id=on_id)]
    counts = {content: given.count(content) for content in REACTIONS}
    return {"url": url, "total_count": len(given), **counts}


def reaction(state: State, base_url: str, record: Reaction) -> JSON:
    """A `reaction`."""
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "user": account_by_id(state, base_url, record.user_id),
        "content": record.content,
        "created_at": at(record.created_at),
    }


def collaborator(state: State, base_url: str, home: Repository, record: Account) -> JSON:
    """A `collaborator`: an account with its permissions in a repository."""
    role = role_of(state, record, home)
    return {
        **account(state, base_url, record),
        "permissions": permissions(role),
        "role_name": role,
    }


def reference(state: State, base_url: str, record: Issue) -> JSON:
    """An `issue-reference`: how one issue's timeline names another."""
    home = state.get(Repository, record.repo_id)
    return {
        "number": record.number,
        "title": record.title,
        "state": record.state,
        "state_reason": record.state_reason,
        "repository": simple_repository(state, base_url, home),
        "issue_type": None,
    }


def event(state: State, base_url: str, record: TimelineEvent) -> JSON:
    """An `issue-event`."""
    home = repository_api_url(state, base_url, state.get(Repository, record.repo_id))
    data = record.data
    sha = data.get("commit_id")
    shape: JSON = {
        "id": record.id,
        "node_id": state.node_id(record),
        "url": f"{home}/issues/events/{record.id}",
        "actor": account_by_id(state, base_url, record.actor_id),
        "event": record.event,
        "commit_id": sha,
        "commit_url": f"{home}/commits/{sha}" if sha else None,
        "created_at": at(record.created_at),
        "performed_via_github_app": app_of_account(state, base_url, record.actor_id),
    }
    if "label" in data:
        shape["label"] = data["label"]
    if "rename" in data:
        shape["rename"] = data["rename"]
    if "assignee_id" in data:
        shape["assignee"] = account_by_id(state, base_url, data["assignee_id"])
        shape["assigner"] = account_by_id(state, base_url, record.actor_id)
    if "reviewer_id" in data:
        shape["requested_reviewer"] = account_by_id(state, base_url, data["reviewer_id"])
        shape["review_requester"] = account_by_id(state, base_url, record.actor_id)
    if "dismissed_review" in data:
        shape["dismissed_review"] = data["dismissed_review"]
    for role in ("sub_issue", "parent_issue", "blocked_by", "blocking"):
        if f"{role}_id" in data:
            shape[role] = reference(state, base_url, state.get(Issue, data[f"{role}_id"]))
    return shape


def timeline_event(state: State, base_url: str, record: TimelineEvent) -> JSON:
    """An event as a row of a timeline: with why something was closed, without who assigned."""
    shape = event(state, base_url, record)
    shape.pop("assigner", None)
    if record.event == "closed":
        shape["state_reason"] = record.data.get("state_reason")
    return shape
