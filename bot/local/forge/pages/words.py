"""What somebody wrote, as a page shows it: the body of an issue, a comment, a review, a line comment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from bot.local.forge.http import ROLES, role_of
from bot.local.forge.pages import parts
from bot.local.forge.pages.visit import Visit
from bot.local.forge.records import Account, Comment, ContentEdit, Issue, Review, ReviewComment


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote: the body of an issue, a comment, a line comment."""

    anchor: str
    author: Markup
    role: str
    at: datetime
    edited: str
    text: str
    html: Markup
    reactions: list[tuple[str, int, str]]
    edit: str | None
    """Where its form goes, for those who may change it."""


def of_issue(visit: Visit, issue: Issue) -> Words:
    """The body of an issue or pull request."""
    may_edit = _is_author_or(visit, issue.user_id, "issues/add-labels") and visit.may("issues/update")
    edit = f"{visit.home}/issues/{issue.number}/edit" if may_edit else None
    return _words(
        visit, "Issue", issue.id, f"issue-{issue.id}", issue.user_id, issue.created_at, issue.body or "", edit
    )


def of_comment(visit: Visit, comment: Comment) -> Words:
    """A comment."""
    may_edit = _is_author_or(visit, comment.user_id, "issues/add-labels") and visit.may(
        "issues/update-comment"
    )
    edit = f"{visit.home}/issues/comments/{comment.id}/edit" if may_edit else None
    anchor = f"issuecomment-{comment.id}"
    return _words(
        visit, "Comment", comment.id, anchor, comment.user_id, comment.created_at, comment.body, edit
    )


def of_line(visit: Visit, comment: ReviewComment) -> Words:
    """A comment on a line."""
    may_edit = _is_author_or(visit, comment.user_id, "pulls/dismiss-review") and visit.may(
        "pulls/update-review-comment"
    )
    edit = f"{visit.home}/pulls/comments/{comment.id}/edit" if may_edit else None
    anchor = f"discussion_r{comment.id}"
    return _words(
        visit, "ReviewComment", comment.id, anchor, comment.user_id, comment.created_at, comment.body, edit
    )


def of_review(visit: Visit, review: Review) -> Words | None:
    """What a submitted review says besides its line comments; None when that is nothing."""
    if not review.body or review.submitted_at is None:
        return None
    anchor = f"pullrequestreview-{review.id}"
    at = review.submitted_at
    return _words(visit, "Review", review.id, anchor, review.user_id, at, review.body, None)


def _words(
    visit: Visit, on: str, on_id: int, anchor: str, author_id: int, at: datetime, text: str, edit: str | None
) -> Words:
    edits = visit.state.find(ContentEdit, on=on, on_id=on_id)[1:]
    edited = ""
    if edits:
        names = dict.fromkeys(visit.state.get(Account, one.editor_id).login for one in edits)
        edited = "edited by " + ", ".join(names)
    return Words(
        anchor,
        parts.person_of(visit, author_id),
        _role_shown(visit, author_id),
        at,
        edited,
        text,
        parts.markdown(visit, text),
        parts.reactions_to(visit, on, on_id),
        edit,
    )


def _role_shown(visit: Visit, account_id: int) -> str:
    """What somebody is here, where it is more than being able to read."""
    account = visit.state.get(Account, account_id)
    role = role_of(visit.state, account, visit.repository)
    return role if account.type == "User" and ROLES.index(role) > ROLES.index("read") else ""


def _is_author_or(visit: Visit, author_id: int, operation: str) -> bool:
    viewer = visit.viewer
    return viewer is not None and (viewer.id == author_id or visit.may(operation))
