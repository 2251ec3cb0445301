"""Writes to labels, issues, comments and reactions. Each needs what its REST twin needs."""

from __future__ import annotations

import base64

from bot.local.forge import comments, issue_links, issues
from bot.local.forge.graphql.ask import (
    Ask,
    Info,
    failure,
    find_node,
    require,
    unresolved,
)
from bot.local.forge.graphql.comment_fields import CONTENTS, reaction_groups
from bot.local.forge.graphql.connections import Edge
from bot.local.forge.graphql.writing import (
    Input,
    Payload,
    mutation,
    named,
    permit,
    refuse_plans,
    role_for,
    shown,
    subject_of,
)
from bot.local.forge.http import Need, writes
from bot.local.forge.labels import create_label
from bot.local.forge.records import (
    Account,
    Comment,
    Issue,
    Label,
    Pull,
    Reaction,
    Repository,
    ReviewComment,
)


# -- labels -----------------------------------------------------------------------------------------------
@mutation("createLabel")
def new_label(info: Info, given: Input) -> Payload:
    """Make a label."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "issues", "pull_requests")
    made = create_label(ask.state, ask.me, home, given["name"], given["color"], given.get("description"))
    return {"label": made}


@mutation("addLabelsToLabelable")
def add_labels(info: Info, given: Input) -> Payload:
    """Put labels on an issue or a pull request."""
    ask = info.context
    issue = subject_of(info, given["labelable_id"], role="triage")
    issues.put_labels(ask.state, ask.me, issue, _labels(ask, given["label_ids"]))
    return {"labelable": shown(ask, issue)}


@mutation("removeLabelsFromLabelable")
def remove_labels(info: Info, given: Input) -> Payload:
    """Take labels off an issue or a pull request."""
    ask = info.context
    issue = subject_of(info, given["labelable_id"], role="triage")
    issues.take_labels(ask.state, ask.me, issue, _labels(ask, given["label_ids"]))
    return {"labelable": shown(ask, issue)}


def _labels(ask: Ask, nodes: list[str]) -> list[Label]:
    return [named(ask, node, Label) for node in nodes]


def _logins(ask: Ask, nodes: list[str]) -> list[str]:
    return [named(ask, node, Account).login for node in nodes]


# -- issues -----------------------------------------------------------------------------------------------
@mutation("createIssue")
def create_issue(info: Info, given: Input) -> Payload:
    """Open an issue; labels and assignees of who may not set them are left out silently."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "issues", role="read")
    trusted = ask.may(home, writes("issues", role="triage"))
    refuse_plans(given)
    made = issues.create_issue(
        ask.state,
        ask.me,
        home,
        given["title"],
        given.get("body"),
        labels=[label.name for label in _labels(ask, given.get("label_ids") or [])] if trusted else (),
        assignees=_logins(ask, given.get("assignee_ids") or []) if trusted else (),
    )
    if given.get("parent_issue_id") is not None:
        parent = named(ask, given["parent_issue_id"], Issue)
        issue_links.add_sub_issue(ask.state, ask.me, parent, made)
    return {"issue": made}


@mutation("updateIssue")
def update_issue(info: Info, given: Input) -> Payload:
    """Change an issue; what is not named stays."""
    ask = info.context
    issue = named(ask, given["id"], Issue)
    subject_of(info, given["id"], role=role_for(ask, issue.user_id, "triage"))
    edit_words(ask, issue, given)
    if given.get("state") == "CLOSED":
        issues.close(ask.state, ask.me, issue)
    elif given.get("state") == "OPEN":
        issues.reopen(ask.state, ask.me, issue)
    return {"issue": issue, "actor": ask.me}


def edit_words(ask: Ask, issue: Issue, given: Input) -> None:
    """Change title, body, labels and assignees, as far as they are given."""
    home = ask.state.get(Repository, issue.repo_id)
    refuse_plans(given)
    if given.get("title") is not None:
        issues.rename(ask.state, ask.me, issue, given["title"])
    if given.get("body") is not None:
        issues.edit_body(ask.state, ask.me, issue, given["body"])
    if ask.may(home, writes("issues", "pull_requests", role="triage")):
        if given.get("label_ids") is not None:
            names = [label.name for label in _labels(ask, given["label_ids"])]
            issues.set_labels(ask.state, ask.me, issue, names)
        if given.get("assignee_ids") is not None:
            issues.set_assignees(ask.state, ask.me, issue, _logins(ask, given["assignee_ids"]))


@mutation("addAssigneesToAssignable")
def add_assignees(info: Info, given: Input) -> Payload:
    """Assign people besides; who cannot be assigned is left out silently."""
    issue = subject_of(info, given["assignable_id"], role="triage")
    ask = info.context
    issues.assign(ask.state, ask.me, issue, _logins(ask, given["assignee_ids"]))
    return {"assignable": shown(ask, issue)}


@mutation("removeAssigneesFromAssignable")
def remove_assignees(info: Info, given: Input) -> Payload:
    """Take people off."""
    issue = subject_of(info, given["assignable_id"], role="triage")
    ask = info.context
    issues.unassign(ask.state, ask.me, issue, _logins(ask, given["assignee_ids"]))
    return {"assignable": shown(ask, issue)}


@mutation("replaceActorsForAssignable")
def replace_assignees(info: Info, given: Input) -> Payload:
    """Assign these and nobody else; named by id or by login."""
    issue = subject_of(info, given["assignable_id"], role="triage")
    ask = info.context
    logins = [*_logins(ask, given.get("actor_ids") or []), *(given.get("actor_logins") or [])]
    issues.set_assignees(ask.state, ask.me, issue, logins)
    return {"assignable": shown(ask, issue)}


@mutation("closeIssue")
def close_issue(info: Info, given: Input) -> Payload:
    """Close an issue."""
    ask = info.context
    issue = named(ask, given["issue_id"], Issue)
    subject_of(info, given["issue_id"], role=role_for(ask, issue.user_id, "triage"))
    reasons = {"COMPLETED": "completed", "NOT_PLANNED": "not_planned", "DUPLICATE": "duplicate"}
    issues.close(ask.state, ask.me, issue, reasons[given.get("state_reason") or "COMPLETED"])  # type: ignore[arg-type]
    return {"issue": issue}


@mutation("reopenIssue")
def reopen_issue(info: Info, given: Input) -> Payload:
    """Open a closed issue again."""
    ask = info.context
    issue = named(ask, given["issue_id"], Issue)
    subject_of(info, given["issue_id"], role=role_for(ask, issue.user_id, "triage"))
    issues.reopen(ask.state, ask.me, issue)
    return {"issue": issue}


@mutation("addSubIssue")
def add_sub_issue(info: Info, given: Input) -> Payload:
    """Make an issue a child of another."""
    ask = info.context
    parent = subject_of(info, given["issue_id"], role="triage")
    if given.get("sub_issue_id") is None:
        raise failure("UNPROCESSABLE", "Either subIssueId or subIssueUrl must be provided")
    child = named(ask, given["sub_issue_id"], Issue)
    replace = bool(given.get("replace_parent"))
    issue_links.add_sub_issue(ask.state, ask.me, parent, child, replace_parent=replace)
    return {"issue": parent, "subIssue": child}


@mutation("removeSubIssue")
def remove_sub_issue(info: Info, given: Input) -> Payload:
    """Undo that."""
    ask = info.context
    parent = subject_of(info, given["issue_id"], role="triage")
    child = named(ask, given["sub_issue_id"], Issue)
    issue_links.remove_sub_issue(ask.state, ask.me, parent, child)
    return {"issue": parent, "subIssue": child}


# -- comments and reactions -------------------------------------------------------------------------------
@mutation("addComment")
def add_comment(info: Info, given: Input) -> Payload:
    """Comment on an issue or a pull request."""
    ask = info.context
    issue = subject_of(info, given["subject_id"], role="read")
    made = comments.add_comment(ask.state, ask.me, issue, given["body"])
    place = len(ask.state.find(Comment, issue_id=issue.id)) - 1
    cursor = base64.b64encode(f"cursor:{place}".encode()).decode()
    return {"commentEdge": Edge(made, cursor), "subject": shown(ask, issue)}


def _own_comment(info: Info, node: str) -> Comment:
    ask = info.context
    comment = named(ask, node, Comment)
    issue = ask.state.get(Issue, comment.issue_id)
    subject_of(info, ask.state.node_id(issue), role=role_for(ask, comment.user_id, "write"))
    return comment


@mutation("updateIssueComment")
def update_comment(info: Info, given: Input) -> Payload:
    """Change a comment's text."""
    ask = info.context
    comment = _own_comment(info, given["id"])
    return {"issueComment": comments.edit_comment(ask.state, ask.me, comment, given["body"])}


@mutation("deleteIssueComment")
def delete_comment(info: Info, given: Input) -> Payload:
    """Delete a comment."""
    ask = info.context
    comments.delete_comment(ask.state, ask.me, _own_comment(info, given["id"]))
    return {}


def _reactable(info: Info, node: str) -> Issue | Comment | ReviewComment:
    ask = info.context
    found = find_node(ask, node)
    if isinstance(found, Pull):
        found = ask.state.get(Issue, found.issue_id)
    if not isinstance(found, Issue | Comment | ReviewComment):
        raise unresolved(f"a Reactable with the global id of '{node}'")
    home = ask.state.get(Repository, found.repo_id)
    require(info, home, Need(("issues", "pull_requests"), "write", "read"))
    return found


@mutation("addReaction")
def add_reaction(info: Info, given: Input) -> Payload:
    """React; a second time changes nothing."""
    ask = info.context
    on = _reactable(info, given["subject_id"])
    reaction, _ = comments.react(ask.state, ask.me, on, CONTENTS[given["content"]])
    return {"reaction": reaction, **_reacted(info, on)}


@mutation("removeReaction")
def remove_reaction(info: Info, given: Input) -> Payload:
    """Take one's own reaction back."""
    ask = info.context
    on = _reactable(info, given["subject_id"])
    content = CONTENTS[given["content"]]
    mine = [
        one
        for one in ask.state.find(Reaction, on=type(on).__name__, on_id=on.id)
        if one.user_id == ask.me.id and one.content == content
    ]
    for one in mine:
        ask.state.drop(one)
    return {"reaction": mine[0] if mine else None, **_reacted(info, on)}


def _reacted(info: Info, on: Issue | Comment | ReviewComment) -> Payload:
    subject = shown(info.context, on) if isinstance(on, Issue) else on
    return {"reactionGroups": reaction_groups(on, info), "subject": subject}
