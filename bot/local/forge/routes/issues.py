"""Issues: making, reading, listing and changing them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from bot.local.forge import issue_types, issues, pulls, render_issue
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    Need,
    Refused,
    invalid,
    operation,
    page,
    reads,
    writes,
)
from bot.local.forge.records import Account, Comment, Issue, Label, Pull
from bot.local.forge.render import account
from bot.local.forge.search import mentions
from bot.local.forge.state import State

LISTS = reads("issues", "pull_requests")
# People may open issues and change their own with no more than read access; `_may_edit` tells these apart.
EDITS = writes("issues", "pull_requests", role="read")
OPENS = writes("issues", role="read")
TRIAGE = writes("issues", "pull_requests", role="triage")

FILTERS = ("state", "labels", "since", "sort", "direction", "creator", "assignee", "mentioned", "milestone")


class LabelName(Body):
    """A label, by name, in the long form."""

    name: str


class NewIssue(Body):
    """`issues/create`."""

    title: str | int
    body: str | None = None
    labels: list[str | LabelName] = Field(default_factory=list)
    assignees: list[str] = Field(default_factory=list)
    assignee: str | None = None
    milestone: None = None
    type: str | None = None


class IssueChange(Body):
    """`issues/update`."""

    title: str | int | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    state_reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None
    labels: list[str | LabelName] | None = None
    assignees: list[str] | None = None
    assignee: str | None = None
    milestone: None = None
    type: str | None = None


@operation("issues/create", "POST", "/repos/{owner}/{repo}/issues", OPENS)
def create(call: Call) -> Answer:
    """Open an issue; labels, assignees and type of someone without push access are dropped silently."""
    if not call.repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    asked = call.read(NewIssue)
    trusted = call.may(writes("issues", role="triage"))
    people = [*asked.assignees, *([asked.assignee] if asked.assignee else [])]
    made = issues.create_issue(
        call.state,
        call.me,
        call.repo,
        str(asked.title),
        asked.body,
        labels=names(asked.labels) if trusted else (),
        assignees=people if trusted else (),
    )
    if trusted and asked.type is not None:
        issue_types.set_type(call.state, call.me, made, asked.type)
    shape = render_issue.full_issue(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("issues/list-for-repo", "GET", "/repos/{owner}/{repo}/issues", LISTS)
def list_for_repo(call: Call) -> Answer:
    """Issues and pull requests, filtered and sorted."""
    call.only(*FILTERS)
    found = _sorted(call, [one for one in call.state.find(Issue, repo_id=call.repo.id) if _wanted(call, one)])
    answer = page(call, found)
    shapes = [render_issue.issue(call.state, call.base_url, one) for one in answer.body]
    return Answer(200, shapes, answer.headers)


@operation("issues/get", "GET", "/repos/{owner}/{repo}/issues/{issue_number}", LISTS)
def get(call: Call) -> Answer:
    """One issue or pull request."""
    return Answer(200, render_issue.full_issue(call.state, call.base_url, call.issue()))


@operation("issues/update", "PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", EDITS)
def update(call: Call) -> Answer:
    """Change words, state, labels or assignees."""
    asked = call.read(IssueChange)
    state, me, issue = call.state, call.me, call.issue()
    given = asked.model_fields_set
    trusted = call.may(TRIAGE)
    if not trusted and me.id != issue.user_id:
        raise Refused(403, "Must have admin rights to Repository.")
    if "title" in given and asked.title is not None:
        issues.rename(state, me, issue, str(asked.title))
    if "body" in given:
        issues.edit_body(state, me, issue, asked.body)
    if trusted and asked.labels is not None:
        issues.set_labels(state, me, issue, names(asked.labels))
    if trusted and "type" in given:
        issue_types.set_type(state, me, issue, asked.type)
    if trusted and "assignee" in given:
        issues.set_assignees(state, me, issue, [asked.assignee] if asked.assignee else [])
    if trusted and asked.assignees is not None:
        issues.set_assignees(state, me, issue, asked.assignees)
    if asked.state == "closed":
        reason = asked.state_reason
        if reason == "reopened":
            raise invalid("Validation Failed", _wrong("state_reason"))
        issues.close(state, me, issue, reason or "completed")
    elif asked.state == "open" and issue.pull_id is not None:
        pulls.reopen(state, me, state.get(Pull, issue.pull_id))
    elif asked.state == "open":
        issues.reopen(state, me, issue)
    return Answer(200, render_issue.full_issue(state, call.base_url, issue))


@operation("issues/list-assignees", "GET", "/repos/{owner}/{repo}/assignees", Need())
def list_assignees(call: Call) -> Answer:
    """Who can be assigned."""
    call.only()
    people = issues.assignable(call.state, call.repo)
    return page(call, [account(call.state, call.base_url, one) for one in people])


class Assignees(Body):
    """`issues/add-assignees` and `issues/remove-assignees`."""

    assignees: list[str] = Field(default_factory=list)


ASSIGNEES = "/repos/{owner}/{repo}/issues/{issue_number}/assignees"


@operation("issues/add-assignees", "POST", ASSIGNEES, TRIAGE)
def add_assignees(call: Call) -> Answer:
    """Assign people; who cannot be is left out silently."""
    issue = issues.assign(call.state, call.me, call.issue(), call.read(Assignees).assignees)
    return Answer(201, render_issue.full_issue(call.state, call.base_url, issue))


@operation("issues/remove-assignees", "DELETE", ASSIGNEES, TRIAGE)
def remove_assignees(call: Call) -> Answer:
    """Take people off."""
    issue = issues.unassign(call.state, call.me, call.issue(), call.read(Assignees).assignees)
    return Answer(200, render_issue.full_issue(call.state, call.base_url, issue))


def names(given: list[str | LabelName]) -> list[str]:
    """Labels' names out of either form."""
    return [one if isinstance(one, str) else one.name for one in given]


def moment(text: str) -> datetime:
    """A `since`. Raises Refused(422)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Validation Failed", _wrong("since")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _wanted(call: Call, issue: Issue) -> bool:
    state, query = call.state, call.query
    wanted = query.get("state", "open")
    if wanted not in ("open", "closed", "all"):
        raise invalid("Validation Failed", _wrong("state"))
    if wanted not in ("all", issue.state):
        return False
    if "since" in query and issue.updated_at < moment(query["since"]):
        return False
    if query.get("labels"):
        has = {state.get(Label, label).key for label in issue.label_ids}
        if not {name.strip().lower() for name in query["labels"].split(",")} <= has:
            return False
    if "creator" in query and _login(state, issue.user_id) != query["creator"].lower():
        return False
    if "mentioned" in query and not mentions(state, issue, query["mentioned"]):
        return False
    if query.get("milestone", "none") != "none":  # nothing here has one
        return False
    if "assignee" in query:
        assigned = {_login(state, who) for who in issue.assignee_ids}
        asked = query["assignee"].lower()
        return bool(assigned) if asked == "*" else not assigned if asked == "none" else asked in assigned
    return True


def _sorted(call: Call, found: list[Issue]) -> list[Issue]:
    key, direction = call.query.get("sort", "created"), call.query.get("direction", "desc")
    if key not in ("created", "updated", "comments"):
        raise invalid("Validation Failed", _wrong("sort"))
    if direction not in ("asc", "desc"):
        raise invalid("Validation Failed", _wrong("direction"))

    def rank(issue: Issue) -> tuple[float, int]:
        if key == "comments":
            return len(call.state.find(Comment, issue_id=issue.id)), issue.number
        at = issue.created_at if key == "created" else issue.updated_at
        return at.timestamp(), issue.number

    return sorted(found, key=rank, reverse=direction == "desc")


def _login(state: State, account_id: int) -> str:
    return state.get(Account, account_id).login.lower()


def _wrong(field: str) -> dict[str, str]:
    return {"resource": "Issue", "field": field, "code": "invalid"}
