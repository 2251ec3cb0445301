"""Comments of issues and pull requests, and reactions to them."""

from __future__ import annotations

from bot.local.forge import comments, render_issue
from bot.local.forge.http import Answer, Body, Call, Refused, not_found, operation, page
from bot.local.forge.records import Comment, Issue, Reaction
from bot.local.forge.routes.issues import EDITS, LISTS, TRIAGE, moment

OF_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
OF_REPO = "/repos/{owner}/{repo}/issues/comments"
ONE = "/repos/{owner}/{repo}/issues/comments/{comment_id}"
TO_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/reactions"
TO_COMMENT = ONE + "/reactions"


class Words(Body):
    """A comment's text."""

    body: str


class NewReaction(Body):
    """A reaction's content."""

    content: str


@operation("issues/list-comments", "GET", OF_ISSUE, LISTS)
def list_for_issue(call: Call) -> Answer:
    """The conversation, oldest first."""
    call.only("since")
    return _listed(call, call.state.find(Comment, issue_id=call.issue().id))


@operation("issues/list-comments-for-repo", "GET", OF_REPO, LISTS)
def list_for_repo(call: Call) -> Answer:
    """All comments of the repository, oldest first; `direction` counts beside `sort` alone."""
    call.only("since", "sort", "direction")
    by_update = call.query.get("sort") == "updated"
    found = sorted(
        call.state.find(Comment, repo_id=call.repo.id),
        key=lambda comment: (comment.updated_at if by_update else comment.created_at, comment.id),
        reverse="sort" in call.query and call.query.get("direction") == "desc",
    )
    return _listed(call, found)


@operation("issues/create-comment", "POST", OF_ISSUE, EDITS)
def create(call: Call) -> Answer:
    """Comment; whoever may read may."""
    made = comments.add_comment(call.state, call.me, call.issue(), call.read(Words).body)
    shape = render_issue.comment(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("issues/get-comment", "GET", ONE, LISTS)
def get(call: Call) -> Answer:
    """One comment."""
    return Answer(200, render_issue.comment(call.state, call.base_url, _comment(call)))


@operation("issues/update-comment", "PATCH", ONE, EDITS)
def update(call: Call) -> Answer:
    """Change a comment: its author, or who may write."""
    comment = _own(call)
    changed = comments.edit_comment(call.state, call.me, comment, call.read(Words).body)
    return Answer(200, render_issue.comment(call.state, call.base_url, changed))


@operation("issues/delete-comment", "DELETE", ONE, EDITS)
def delete(call: Call) -> Answer:
    """Delete a comment: its author, or who may write."""
    comments.delete_comment(call.state, call.me, _own(call))
    return Answer(204)


@operation("reactions/list-for-issue", "GET", TO_ISSUE, LISTS)
def list_to_issue(call: Call) -> Answer:
    """The reactions to an issue."""
    return _reactions(call, call.issue())


@operation("reactions/create-for-issue", "POST", TO_ISSUE, EDITS)
def react_to_issue(call: Call) -> Answer:
    """React to an issue: 201, or 200 when it was there."""
    return _react(call, call.issue())


@operation("reactions/delete-for-issue", "DELETE", TO_ISSUE + "/{reaction_id}", EDITS)
def unreact_to_issue(call: Call) -> Answer:
    """Take a reaction back."""
    return _unreact(call, call.issue())


@operation("reactions/list-for-issue-comment", "GET", TO_COMMENT, LISTS)
def list_to_comment(call: Call) -> Answer:
    """The reactions to a comment."""
    return _reactions(call, _comment(call))


@operation("reactions/create-for-issue-comment", "POST", TO_COMMENT, EDITS)
def react_to_comment(call: Call) -> Answer:
    """React to a comment: 201, or 200 when it was there."""
    return _react(call, _comment(call))


@operation("reactions/delete-for-issue-comment", "DELETE", TO_COMMENT + "/{reaction_id}", EDITS)
def unreact_to_comment(call: Call) -> Answer:
    """Take a reaction back."""
    return _unreact(call, _comment(call))


def _listed(call: Call, found: list[Comment]) -> Answer:
    if "since" in call.query:
        since = moment(call.query["since"])
        found = [comment for comment in found if comment.updated_at >= since]
    answer = page(call, found)
    shapes = [render_issue.comment(call.state, call.base_url, comment) for comment in answer.body]
    return Answer(200, shapes, answer.headers)


def _comment(call: Call) -> Comment:
    found = call.state.get(Comment, call.number("comment_id"))
    if found.repo_id != call.repo.id:
        raise not_found()
    return found


def _own(call: Call) -> Comment:
    found = _comment(call)
    if found.user_id != call.me.id and not call.may(TRIAGE):
        raise Refused(403, "Must have admin rights to Repository.")
    return found


def _reactions(call: Call, on: Issue | Comment) -> Answer:
    call.only("content")
    found = call.state.find(Reaction, on=type(on).__name__, on_id=on.id)
    wanted = [one for one in found if call.query.get("content", one.content) == one.content]
    return page(call, [render_issue.reaction(call.state, call.base_url, one) for one in wanted])


def _react(call: Call, on: Issue | Comment) -> Answer:
    made, new = comments.react(call.state, call.me, on, call.read(NewReaction).content)
    return Answer(201 if new else 200, render_issue.reaction(call.state, call.base_url, made))


def _unreact(call: Call, on: Issue | Comment) -> Answer:
    found = call.state.get(Reaction, call.number("reaction_id"))
    if (found.on, found.on_id) != (type(on).__name__, on.id):
        raise not_found()
    if found.user_id != call.me.id:
        raise Refused(403, "You can only delete your own reactions")
    call.state.drop(found)
    return Answer(204)
