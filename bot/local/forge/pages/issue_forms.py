"""What people do to issues, and to the issue half of pull requests: each form is one operation of REST."""

from __future__ import annotations

from starlette.responses import Response

from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Comment, Issue, Pull, ReviewComment

ISSUE = "/{owner}/{repo}/issues/{number}"


@page("/{owner}/{repo}/issues/new", "POST")
def open_issue(visit: Visit) -> Response:
    """Open an issue."""
    body = {"title": visit.text("title"), "body": visit.text("body"), "labels": _names(visit.text("labels"))}
    made = visit.perform("issues/create", body)
    return visit.go(f"{visit.home}/issues/{made.body['number']}")


@page(ISSUE + "/edit", "POST")
def edit_issue(visit: Visit) -> Response:
    """Change title or body."""
    issue = visit.issue()
    body = {name: visit.text(name) for name in ("title", "body") if name in visit.form}
    visit.perform("issues/update", body, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/comment", "POST")
def comment(visit: Visit) -> Response:
    """Comment, and close or reopen with the same button; a text is needed only for a comment alone."""
    issue = visit.issue()
    then = visit.text("then")
    anchor = ""
    if visit.text("body").strip() or not then:
        made = visit.perform("issues/create-comment", {"body": visit.text("body")}, issue_number=issue.number)
        anchor = f"#issuecomment-{made.body['id']}"
    if then:
        changes = {"close": "closed", "close-not-planned": "closed", "reopen": "open"}
        if then not in changes:
            raise Refused(422, f"A comment cannot {then}")
        body = {"state": changes[then]}
        if then == "close-not-planned":
            body["state_reason"] = "not_planned"
        visit.perform("issues/update", body, issue_number=issue.number)
    return _back(visit, issue, anchor)


@page(ISSUE + "/labels", "POST")
def add_labels(visit: Visit) -> Response:
    """Put labels on, several with commas between them; one that does not exist is made."""
    issue = visit.issue()
    visit.perform("issues/add-labels", {"labels": _names(visit.text("labels"))}, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/labels/remove", "POST")
def remove_label(visit: Visit) -> Response:
    """Take a label off."""
    issue = visit.issue()
    visit.perform("issues/remove-label", issue_number=issue.number, name=visit.text("name"))
    return _back(visit, issue)


@page(ISSUE + "/assignees", "POST")
def assign(visit: Visit) -> Response:
    """Assign somebody."""
    issue = visit.issue()
    visit.perform("issues/add-assignees", {"assignees": [visit.text("login")]}, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/assignees/remove", "POST")
def unassign(visit: Visit) -> Response:
    """Take somebody off."""
    issue = visit.issue()
    visit.perform("issues/remove-assignees", {"assignees": [visit.text("login")]}, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/sub-issues", "POST")
def add_child(visit: Visit) -> Response:
    """Make an issue of the repository a child."""
    issue = visit.issue()
    body = {"sub_issue_id": _named(visit).id}
    visit.perform("issues/add-sub-issue", body, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/sub-issues/remove", "POST")
def remove_child(visit: Visit) -> Response:
    """Let a child go."""
    issue = visit.issue()
    visit.perform("issues/remove-sub-issue", {"sub_issue_id": _id(visit)}, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/blocked-by", "POST")
def add_blocker(visit: Visit) -> Response:
    """Make it wait for another issue of the repository."""
    issue = visit.issue()
    body = {"issue_id": _named(visit).id}
    visit.perform("issues/add-blocked-by-dependency", body, issue_number=issue.number)
    return _back(visit, issue)


@page(ISSUE + "/blocked-by/remove", "POST")
def remove_blocker(visit: Visit) -> Response:
    """Let it wait no more."""
    issue = visit.issue()
    visit.perform("issues/remove-dependency-blocked-by", issue_number=issue.number, issue_id=_id(visit))
    return _back(visit, issue)


@page("/{owner}/{repo}/issues/comments/{id}/edit", "POST")
def edit_comment(visit: Visit) -> Response:
    """Change a comment."""
    comment = visit.state.get(Comment, visit.number("id"))
    visit.perform("issues/update-comment", {"body": visit.text("body")}, comment_id=comment.id)
    return _back(visit, visit.state.get(Issue, comment.issue_id), f"#issuecomment-{comment.id}")


@page("/{owner}/{repo}/pulls/comments/{id}/edit", "POST")
def edit_line_comment(visit: Visit) -> Response:
    """Change a comment on a line."""
    comment = visit.state.get(ReviewComment, visit.number("id"))
    visit.perform("pulls/update-review-comment", {"body": visit.text("body")}, comment_id=comment.id)
    issue = visit.state.get(Issue, visit.state.get(Pull, comment.pull_id).issue_id)
    return _back(visit, issue, f"#discussion_r{comment.id}")


def _back(visit: Visit, issue: Issue, anchor: str = "") -> Response:
    return visit.go(visit.address_of(issue) + anchor)


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def _named(visit: Visit) -> Issue:
    """The issue whose number is in the form, with or without its ``#``. Raises Refused(422)."""
    text = visit.text("issue").strip().removeprefix("#")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    found = visit.state.one(Issue, repo_id=visit.repository.id, number=number)
    if found is None:
        raise Refused(422, f"There is no issue #{text or '?'} in {visit.owner}/{visit.repository.name}")
    return found


def _id(visit: Visit) -> int:
    text = visit.text("id")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise not_found()
    return int(text)
