"""Writes to refs, labels, issues and comments. Each needs what its REST twin needs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from bot.local.forge import comments, issue_links, issues
from bot.local.forge.access import find_account, find_repository
from bot.local.forge.git import move_refs, signature_of, signature_of_github
from bot.local.forge.git_objects import ZERO, NewEntry
from bot.local.forge.graphql.ask import (
    Ask,
    Info,
    Ref,
    failure,
    find_node,
    require,
    require_open,
    unresolved,
)
from bot.local.forge.graphql.comment_fields import CONTENTS, reaction_groups
from bot.local.forge.graphql.connections import Edge
from bot.local.forge.graphql.fields import field
from bot.local.forge.graphql.git_data import commit_thing
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
    Role,
)

T = TypeVar("T")
Input = dict[str, Any]
Payload = dict[str, object]
Write = Callable[[Info, Input], Payload]


def mutation(name: str) -> Callable[[Write], Write]:
    """Register a mutation: from its input (names in snake case) to its payload (GraphQL's names)."""

    def register(write: Write) -> Write:
        def resolve(_root: None, info: Info, input: Input) -> Payload:
            ask = info.context
            try:
                return {"clientMutationId": input.get("client_mutation_id"), **write(info, input)}
            finally:
                ask.refs.clear()

        field(f"Mutation.{name}")(resolve)
        return write

    return register


def named(ask: Ask, node: str, kind: type[T]) -> T:
    """The thing of that kind with a global id. Raises NOT_FOUND."""
    found = find_node(ask, node)
    if not isinstance(found, kind):
        raise unresolved(f"{kind.__name__} node with the global id of '{node}'")
    return found


def permit(info: Info, home: Repository, *permission: str, role: Role | None = None) -> Ask:
    """Let pass who may write by one of these permissions (people: with this role)."""
    ask = require(info, home, writes(*permission, role=role))
    require_open(home)
    return ask


def subject_of(info: Info, node: str, *, role: Role) -> Issue:
    """The issue (or a pull request's issue half) that the caller may write to; authors may their own."""
    ask = info.context
    found = find_node(ask, node)
    if not isinstance(found, Issue | Pull):
        raise unresolved(f"a node with the global id of '{node}'")
    issue = found if isinstance(found, Issue) else ask.state.get(Issue, found.issue_id)
    permission = ("issues",) if isinstance(found, Issue) else ("pull_requests", "issues")
    permit(info, ask.state.get(Repository, issue.repo_id), *permission, role=role)
    return issue


def shown(ask: Ask, issue: Issue) -> Issue | Pull:
    """An issue as GraphQL shows it."""
    return issue if issue.pull_id is None else ask.state.get(Pull, issue.pull_id)


def role_for(ask: Ask, author_id: int, others: Role) -> Role:
    """What people need for a thing: to read, if it is their own."""
    return "read" if author_id == ask.me.id else others


# -- refs -------------------------------------------------------------------------------------------------
@mutation("updateRefs")
def update_refs(info: Info, given: Input) -> Payload:
    """Move, make and delete refs, all or none."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "contents")
    updates = [
        (one["name"], one.get("before_oid"), one["after_oid"], bool(one.get("force")))
        for one in given["ref_updates"]
    ]
    move_refs(ask.state, home, ask.me, updates, token=ask.caller.token)
    return {}


@mutation("createRef")
def create_ref(info: Info, given: Input) -> Payload:
    """Make a ref."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "contents")
    name = given["name"]
    if ask.ref(home, name) is not None:
        raise failure("UNPROCESSABLE", f'A ref named "{name}" already exists in the repository.')
    move_refs(ask.state, home, ask.me, [(name, ZERO, given["oid"], False)], token=ask.caller.token)
    ask.refs.clear()
    return {"ref": ask.ref(home, name)}


@mutation("updateRef")
def update_ref(info: Info, given: Input) -> Payload:
    """Move a ref from wherever it is."""
    ref = named(info.context, given["ref_id"], Ref)
    ask = permit(info, ref.repository, "contents")
    update = (ref.name, None, given["oid"], bool(given.get("force")))
    move_refs(ask.state, ref.repository, ask.me, [update], token=ask.caller.token)
    ask.refs.clear()
    return {"ref": ask.ref(ref.repository, ref.name)}


@mutation("deleteRef")
def delete_ref(info: Info, given: Input) -> Payload:
    """Delete a ref."""
    ref = named(info.context, given["ref_id"], Ref)
    ask = permit(info, ref.repository, "contents")
    move_refs(ask.state, ref.repository, ask.me, [(ref.name, None, ZERO, False)], token=ask.caller.token)
    return {}


@mutation("createCommitOnBranch")
def create_commit(info: Info, given: Input) -> Payload:
    """Add a commit of the caller's to a branch that is where the caller believes it to be."""
    ref = _branch(info.context, given["branch"])
    home = ref.repository
    ask = permit(info, home, "contents")
    expected = given["expected_head_oid"]
    if ref.target.oid != expected:
        raise failure(
            "STALE_DATA", f'Expected branch to point to "{expected}" but it did not. Pull and try again.'
        )
    git = ask.git(home)
    changes = given.get("file_changes") or {}
    modes = {entry.path: entry.mode for entry in git.tree(expected, recursive=True)}
    entries = [NewEntry(one["path"], "", None) for one in changes.get("deletions") or ()]
    for one in changes.get("additions") or ():
        mode = modes.get(one["path"], "100644")
        entries.append(NewEntry(one["path"], mode, git.make_blob(_decode(one["contents"]))))
    message = given["message"]["headline"]
    if given["message"].get("body"):
        message += f"\n\n{given['message']['body']}"
    now = ask.state.now()
    tree = git.make_tree(git.commit(expected).tree, entries)
    oid = git.make_commit(tree, [expected], message, signature_of(ask.me, now), signature_of_github(now))
    move_refs(ask.state, home, ask.me, [(ref.name, expected, oid, False)], token=ask.caller.token)
    ask.refs.clear()
    return {"commit": commit_thing(home, oid), "ref": ask.ref(home, ref.name)}


def _branch(ask: Ask, given: Input) -> Ref:
    if given.get("id") is not None:
        return named(ask, given["id"], Ref)
    full, name = given.get("repository_name_with_owner") or "", given.get("branch_name") or ""
    login, _, short = full.partition("/")
    owner = find_account(ask.state, login)
    home = find_repository(ask.state, owner, short) if owner else None
    ref = ask.ref(home, name if name.startswith("refs/") else f"refs/heads/{name}") if home else None
    if ref is None:
        raise unresolved(f"a branch '{name}' of '{full}'")
    return ref


def _decode(contents: str) -> bytes:
    try:
        return base64.b64decode(contents, validate=True)
    except binascii.Error:
        raise failure("UNPROCESSABLE", "contents is not Base64") from None


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
