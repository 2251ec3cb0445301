"""What can be done to an issue, and to the issue half of a pull request.

Every change makes what GitHub makes of it: the timeline's event, the body's edit, `updated_at`, and the
signal that webhooks are derived from. Authority has been checked by whoever calls. Sub-issues and
dependencies: `issue_links`; the labels themselves: `labels`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from bot.local.forge.http import invalid, role_of
from bot.local.forge.labels import create_label, find_label
from bot.local.forge.records import Account, ContentEdit, Issue, Label, Repository, TimelineEvent
from bot.local.forge.state import Signal, State

Reason = Literal["completed", "not_planned", "duplicate"]

MAX_TITLE = 256
MAX_BODY = 65_536
MAX_LABELS = 100
MAX_ASSIGNEES = 10


# -- what every change shares -----------------------------------------------------------------------------
def touch(state: State, issue: Issue) -> Issue:
    """Remember an issue, changed now."""
    issue.updated_at = state.now()
    return state.put(issue)


def tell(
    state: State,
    actor: Account,
    issue: Issue,
    action: str,
    about: Mapping[str, int] | None = None,
    **extra: object,
) -> None:
    """Signal `issues` or, for a pull request, `pull_request`."""
    subject = {"issue": issue.id} if issue.pull_id is None else {"issue": issue.id, "pull": issue.pull_id}
    event = "issues" if issue.pull_id is None else "pull_request"
    state.signal(Signal(event, action, issue.repo_id, actor.id, {**subject, **(about or {})}, extra))


def add_event(
    state: State, actor: Account, issue: Issue, event: str, data: Mapping[str, Any] | None = None
) -> TimelineEvent:
    """Write a row of the timeline.

    `data` has what the event is about: `label` {name, color}, `rename` {from, to}, `assignee_id`,
    `reviewer_id`, `commit_id`, `state_reason`, `sub_issue_id`, `parent_issue_id`, `blocked_by_id`,
    `blocking_id`, `dismissed_review`.
    """
    return state.put(
        TimelineEvent(
            id=state.new_id(),
            repo_id=issue.repo_id,
            issue_id=issue.id,
            event=event,
            actor_id=actor.id,
            created_at=state.now(),
            data=dict(data or {}),
        )
    )


def record_edit(
    state: State,
    actor: Account,
    on: Literal["Issue", "Comment", "Review", "ReviewComment"],
    on_id: int,
    body: str | None,
) -> None:
    """Write down a body's new text (its first one too) for `userContentEdits`."""
    state.put(
        ContentEdit(
            id=state.new_id(),
            on=on,
            on_id=on_id,
            editor_id=actor.id,
            edited_at=state.now(),
            body=body or "",
        )
    )


def check_title(title: str) -> str:
    """A title that GitHub takes. Raises Refused(422)."""
    if not title.strip():
        raise invalid("Validation Failed", {"resource": "Issue", "field": "title", "code": "missing_field"})
    if len(title) > MAX_TITLE:
        raise invalid(
            "Validation Failed",
            {
                "resource": "Issue",
                "field": "title",
                "code": "custom",
                "message": f"title is too long (maximum is {MAX_TITLE} characters)",
            },
        )
    return title


def check_body(body: str | None, resource: str = "Issue") -> str | None:
    """A body of at most 65,536 characters. Raises Refused(422)."""
    if body is not None and len(body) > MAX_BODY:
        message = f"body is too long (maximum is {MAX_BODY} characters)"
        raise invalid(
            "Validation Failed",
            {"resource": resource, "field": "body", "code": "custom", "message": message},
        )
    return body


# -- making -----------------------------------------------------------------------------------------------
def new_issue(state: State, actor: Account, repository: Repository, title: str, body: str | None) -> Issue:
    """The next number's issue with its body's first edit, and no signal: also how a pull request begins."""
    check_title(title)
    check_body(body)
    number = repository.next_number
    repository.next_number = number + 1
    state.put(repository)
    now = state.now()
    issue = state.put(
        Issue(
            id=state.new_id(),
            repo_id=repository.id,
            number=number,
            title=title,
            body=body,
            user_id=actor.id,
            created_at=now,
            updated_at=now,
        )
    )
    record_edit(state, actor, "Issue", issue.id, body)
    return issue


def create_issue(
    state: State,
    actor: Account,
    repository: Repository,
    title: str,
    body: str | None = None,
    *,
    labels: Sequence[str] = (),
    assignees: Sequence[str] = (),
) -> Issue:
    """Open an issue. Labels that do not exist are made; Raises Refused(422) for an impossible assignee."""
    people = [_assignable(state, repository, login) for login in assignees]
    issue = new_issue(state, actor, repository, title, body)
    tell(state, actor, issue, "opened")
    add_labels(state, actor, issue, labels)
    _assign(state, actor, issue, people)
    return issue


# -- changing ---------------------------------------------------------------------------------------------
def rename(state: State, actor: Account, issue: Issue, title: str) -> Issue:
    """Give an issue another title. Raises Refused(422)."""
    check_title(title)
    if title == issue.title:
        return issue
    before, issue.title = issue.title, title
    add_event(state, actor, issue, "renamed", {"rename": {"from": before, "to": title}})
    tell(state, actor, issue, "edited", changes={"title": {"from": before}})
    return touch(state, issue)


def edit_body(state: State, actor: Account, issue: Issue, body: str | None) -> Issue:
    """Give an issue another body. Raises Refused(422)."""
    check_body(body)
    if body == issue.body:
        return issue
    before, issue.body = issue.body, body
    record_edit(state, actor, "Issue", issue.id, body)
    tell(state, actor, issue, "edited", changes={"body": {"from": before or ""}})
    return touch(state, issue)


def close(
    state: State,
    actor: Account,
    issue: Issue,
    reason: Reason = "completed",
    *,
    commit_id: str | None = None,
) -> Issue:
    """Close an issue or a pull request; one that is closed gets at most another reason."""
    wanted = None if issue.pull_id is not None else reason
    if issue.state == "closed":
        if issue.state_reason != wanted:
            issue.state_reason = wanted
            touch(state, issue)
        return issue
    issue.state, issue.state_reason = "closed", wanted
    issue.closed_at, issue.closed_by_id = state.now(), actor.id
    data = {"state_reason": wanted}
    add_event(state, actor, issue, "closed", {**data, "commit_id": commit_id} if commit_id else data)
    tell(state, actor, issue, "closed")
    return touch(state, issue)


def reopen(state: State, actor: Account, issue: Issue) -> Issue:
    """Open a closed issue again (whether a pull request may be reopened is `pulls`' to say)."""
    if issue.state == "open":
        return issue
    issue.state = "open"
    issue.state_reason = None if issue.pull_id is not None else "reopened"
    issue.closed_at = issue.closed_by_id = None
    add_event(state, actor, issue, "reopened")
    tell(state, actor, issue, "reopened")
    return touch(state, issue)


# -- labels on an issue -----------------------------------------------------------------------------------
def named_labels(state: State, actor: Account, issue: Issue, names: Iterable[str]) -> list[Label]:
    """The repository's labels of these names; those that do not exist are made. Raises Refused(422)."""
    repository = state.get(Repository, issue.repo_id)
    return [
        find_label(state, repository, name.strip()) or create_label(state, actor, repository, name)
        for name in names
    ]


def add_labels(state: State, actor: Account, issue: Issue, names: Iterable[str]) -> list[Label]:
    """Put labels on an issue by name, making those that do not exist; all that it then has."""
    return put_labels(state, actor, issue, named_labels(state, actor, issue, names))


def put_labels(state: State, actor: Account, issue: Issue, labels: Iterable[Label]) -> list[Label]:
    """Put labels on an issue; all that it then has. Raises Refused(422) beyond 100."""
    fresh = [label for label in dict.fromkeys(label.id for label in labels) if label not in issue.label_ids]
    if len(issue.label_ids) + len(fresh) > MAX_LABELS:
        raise invalid(
            "Validation Failed",
            {
                "resource": "Issue",
                "field": "labels",
                "code": "custom",
                "message": f"An issue can have at most {MAX_LABELS} labels",
            },
        )
    for label_id in fresh:
        issue.label_ids = [*issue.label_ids, label_id]
        _label_event(state, actor, issue, state.get(Label, label_id), "labeled")
    if fresh:
        touch(state, issue)
    return labels_of(state, issue)


def take_labels(state: State, actor: Account, issue: Issue, labels: Iterable[Label]) -> list[Label]:
    """Take labels off an issue (those that are on it); all that remain."""
    gone = [label for label in labels if label.id in issue.label_ids]
    for label in gone:
        issue.label_ids = [other for other in issue.label_ids if other != label.id]
        _label_event(state, actor, issue, label, "unlabeled")
    if gone:
        touch(state, issue)
    return labels_of(state, issue)


def set_labels(state: State, actor: Account, issue: Issue, names: Iterable[str]) -> list[Label]:
    """Make these the labels of an issue, by name."""
    wanted = named_labels(state, actor, issue, names)
    keep = {label.id for label in wanted}
    take_labels(state, actor, issue, [one for one in labels_of(state, issue) if one.id not in keep])
    return put_labels(state, actor, issue, wanted)


def labels_of(state: State, issue: Issue) -> list[Label]:
    """The labels on an issue."""
    return [state.get(Label, label_id) for label_id in issue.label_ids]


def _label_event(state: State, actor: Account, issue: Issue, label: Label, event: str) -> None:
    data = {"label": {"name": label.name, "color": label.color}, "label_id": label.id}
    add_event(state, actor, issue, event, data)
    tell(state, actor, issue, event, {"label": label.id})


# -- assignees --------------------------------------------------------------------------------------------
def assignable(state: State, repository: Repository) -> list[Account]:
    """Who can be assigned: the owner and whoever has a role in the repository."""
    ids = [repository.owner_id, *(who for who, role in repository.collaborators.items() if role != "none")]
    return [state.get(Account, who) for who in dict.fromkeys(ids)]


def assign(state: State, actor: Account, issue: Issue, logins: Iterable[str]) -> Issue:
    """Assign people; who cannot be assigned is left out silently, as GitHub's `POST …/assignees` does."""
    repository = state.get(Repository, issue.repo_id)
    wanted = {login.lower() for login in logins}
    _assign(
        state, actor, issue, [one for one in assignable(state, repository) if one.login.lower() in wanted]
    )
    return issue


def unassign(state: State, actor: Account, issue: Issue, logins: Iterable[str]) -> Issue:
    """Take people off an issue."""
    wanted = {login.lower() for login in logins}
    gone = [who for who in issue.assignee_ids if state.get(Account, who).login.lower() in wanted]
    for who in gone:
        issue.assignee_ids = [other for other in issue.assignee_ids if other != who]
        add_event(state, actor, issue, "unassigned", {"assignee_id": who})
        tell(state, actor, issue, "unassigned", {"assignee": who})
    return touch(state, issue) if gone else issue


def set_assignees(state: State, actor: Account, issue: Issue, logins: Sequence[str]) -> Issue:
    """Make these the assignees. Raises Refused(422) for one who cannot be."""
    repository = state.get(Repository, issue.repo_id)
    people = [_assignable(state, repository, login) for login in logins]
    keep = {person.id for person in people}
    unassign(
        state, actor, issue, [state.get(Account, who).login for who in issue.assignee_ids if who not in keep]
    )
    _assign(state, actor, issue, people)
    return issue


def _assign(state: State, actor: Account, issue: Issue, people: Iterable[Account]) -> None:
    fresh = [person for person in people if person.id not in issue.assignee_ids]
    for person in fresh[: MAX_ASSIGNEES - len(issue.assignee_ids)]:
        issue.assignee_ids = [*issue.assignee_ids, person.id]
        add_event(state, actor, issue, "assigned", {"assignee_id": person.id})
        tell(state, actor, issue, "assigned", {"assignee": person.id})
        touch(state, issue)


def _assignable(state: State, repository: Repository, login: str) -> Account:
    for person in assignable(state, repository):
        if person.login.lower() == login.lower():
            return person
    raise invalid(
        "Validation Failed",
        {"value": login, "resource": "Issue", "field": "assignees", "code": "invalid"},
    )


def may_author(state: State, actor: Account, issue: Issue) -> bool:
    """Whether somebody may change an issue's words: its author, or who may push."""
    return actor.id == issue.user_id or role_of(state, actor, state.get(Repository, issue.repo_id)) in (
        "write",
        "maintain",
        "admin",
    )
