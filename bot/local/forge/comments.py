"""Comments in the conversation of an issue or pull request, and reactions."""

from __future__ import annotations

from typing import Literal, cast

from bot.local.forge.http import invalid
from bot.local.forge.issues import check_body, record_edit, touch
from bot.local.forge.records import Account, Comment, Issue, Reaction, ReviewComment
from bot.local.forge.state import Signal, State

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def add_comment(state: State, actor: Account, issue: Issue, body: str) -> Comment:
    """Comment on an issue or pull request. Raises Refused(422) for an empty or too long body."""
    _check(body)
    now = state.now()
    made = state.put(
        Comment(
            id=state.new_id(),
            repo_id=issue.repo_id,
            issue_id=issue.id,
            user_id=actor.id,
            body=body,
            created_at=now,
            updated_at=now,
        )
    )
    record_edit(state, actor, "Comment", made.id, body)
    touch(state, issue)
    _tell(state, actor, made, "created")
    return made


def edit_comment(state: State, actor: Account, comment: Comment, body: str) -> Comment:
    """Change a comment's text. Raises Refused(422)."""
    _check(body)
    if body == comment.body:
        return comment
    before, comment.body, comment.updated_at = comment.body, body, state.now()
    record_edit(state, actor, "Comment", comment.id, body)
    _tell(state, actor, comment, "edited", changes={"body": {"from": before}})
    return state.put(comment)


def delete_comment(state: State, actor: Account, comment: Comment) -> None:
    """Delete a comment."""
    state.drop(comment)
    touch(state, state.get(Issue, comment.issue_id))
    _tell(state, actor, comment, "deleted", dropped=comment.model_dump(mode="json"))


def react(
    state: State, actor: Account, on: Issue | Comment | ReviewComment, content: str
) -> tuple[Reaction, bool]:
    """React; the reaction, and whether it is new: GitHub keeps one of each content from each person."""
    if content not in CONTENTS:
        raise invalid("Validation Failed", {"resource": "Reaction", "field": "content", "code": "invalid"})
    kind = cast("Literal['Issue', 'Comment', 'ReviewComment']", type(on).__name__)
    for found in state.find(Reaction, on=kind, on_id=on.id):
        if found.user_id == actor.id and found.content == content:
            return found, False
    made = Reaction(
        id=state.new_id(),
        on=kind,
        on_id=on.id,
        user_id=actor.id,
        content=content,
        created_at=state.now(),
    )
    return state.put(made), True


def _check(body: str) -> None:
    if not body.strip():
        raise invalid(
            "Validation Failed", {"resource": "IssueComment", "field": "body", "code": "missing_field"}
        )
    check_body(body, "IssueComment")


def _tell(state: State, actor: Account, comment: Comment, action: str, **extra: object) -> None:
    about = {"comment": comment.id, "issue": comment.issue_id}
    state.signal(Signal("issue_comment", action, comment.repo_id, actor.id, about, extra))
