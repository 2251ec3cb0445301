"""Reviews and their line comments over REST.

https://docs.github.com/en/rest/pulls/reviews and …/pulls/comments
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.local.forge import render_pull, reviews
from bot.local.forge.http import Answer, Body, Call, Refused, not_found, operation, page, reads, writes
from bot.local.forge.records import Review, ReviewComment, Thread
from bot.local.forge.routes.pulls import pull_of

REPO = "/repos/{owner}/{repo}"
PULL = REPO + "/pulls/{pull_number}"
ONE = PULL + "/reviews/{review_id}"
COMMENT = REPO + "/pulls/comments/{comment_id}"
READ = reads("pull_requests")
WRITE = writes("pull_requests", role="read")  # whoever reads may review
MAINTAIN = writes("pull_requests")


class NewLine(Body):
    """A line comment of a new review."""

    path: str
    body: str
    line: int | None = None
    position: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"


class NewReview(Body):
    """`pulls/create-review`."""

    commit_id: str | None = None
    body: str | None = None
    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"] | None = None
    comments: list[NewLine] = Field(default_factory=list)


class Submission(Body):
    """`pulls/submit-review`."""

    body: str | None = None
    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]


class Words(Body):
    """Another text."""

    body: str


class Dismissal(Body):
    """`pulls/dismiss-review`."""

    message: str
    event: Literal["DISMISS"] | None = None


class NewComment(Body):
    """`pulls/create-review-comment`."""

    body: str
    commit_id: str | None = None
    path: str | None = None
    line: int | None = None
    position: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    subject_type: Literal["line"] = "line"
    in_reply_to: int | None = None


@operation("pulls/list-reviews", "GET", PULL + "/reviews", READ)
def list_reviews(call: Call) -> Answer:
    """Reviews in the order they were begun; somebody else's pending one is not shown."""
    call.only()
    found = [one for one in call.state.find(Review, pull_id=pull_of(call).id) if _shown(call, one)]
    return page(call, [render_pull.review(call.state, call.base_url, one) for one in found])


@operation("pulls/create-review", "POST", PULL + "/reviews", WRITE)
def create_review(call: Call) -> Answer:
    """Review, with line comments; without `event` it stays pending."""
    new = call.read(NewReview)
    _may_approve(call, new.event)
    made = reviews.create_review(
        call.state,
        call.me,
        pull_of(call),
        event=new.event,
        body=new.body or "",
        comments=[
            reviews.LineComment(one.path, one.body, one.line, one.side, one.position) for one in new.comments
        ],
        commit_id=new.commit_id,
    )
    return _answer(call, made)


@operation("pulls/get-review", "GET", ONE, READ)
def get_review(call: Call) -> Answer:
    """One review."""
    return _answer(call, _review(call))


@operation("pulls/update-review", "PUT", ONE, WRITE)
def update_review(call: Call) -> Answer:
    """Change the text of one's own review."""
    return _answer(call, reviews.edit_review(call.state, call.me, _mine(call), call.read(Words).body))


@operation("pulls/delete-pending-review", "DELETE", ONE, WRITE)
def delete_review(call: Call) -> Answer:
    """Drop one's own pending review."""
    review = _mine(call)
    answer = _answer(call, review)
    reviews.delete_pending(call.state, review)
    return answer


@operation("pulls/submit-review", "POST", ONE + "/events", WRITE)
def submit_review(call: Call) -> Answer:
    """Submit one's own pending review."""
    new = call.read(Submission)
    _may_approve(call, new.event)
    return _answer(call, reviews.submit_review(call.state, call.me, _mine(call), new.event, new.body))


@operation("pulls/dismiss-review", "PUT", ONE + "/dismissals", MAINTAIN)
def dismiss_review(call: Call) -> Answer:
    """Dismiss a review, saying why."""
    message = call.read(Dismissal).message
    return _answer(call, reviews.dismiss_review(call.state, call.me, _review(call), message))


@operation("pulls/list-comments-for-review", "GET", ONE + "/comments", READ)
def list_for_review(call: Call) -> Answer:
    """A review's line comments."""
    call.only()
    answer = _listed(call, call.state.find(ReviewComment, review_id=_review(call).id))
    # Only here is the place of an outdated comment null; elsewhere it is left out.
    return Answer(200, [{"position": None, **shape} for shape in answer.body], answer.headers)


@operation("pulls/list-review-comments", "GET", PULL + "/comments", READ)
def list_for_pull(call: Call) -> Answer:
    """All line comments of a pull request, oldest first."""
    call.only()
    return _listed(call, call.state.find(ReviewComment, pull_id=pull_of(call).id))


@operation("pulls/list-review-comments-for-repo", "GET", REPO + "/pulls/comments", READ)
def list_for_repo(call: Call) -> Answer:
    """All line comments of a repository, oldest first."""
    call.only()
    return _listed(call, call.state.find(ReviewComment, repo_id=call.repo.id))


@operation("pulls/create-review-comment", "POST", PULL + "/comments", WRITE)
def create_comment(call: Call) -> Answer:
    """Comment on a line, or answer one (`in_reply_to`)."""
    new, pull = call.read(NewComment), pull_of(call)
    if new.in_reply_to is not None:
        return _made(call, reviews.reply(call.state, call.me, _thread(call, new.in_reply_to), new.body))
    if new.path is None or new.commit_id is None:
        raise Refused(422, 'Invalid request.\n\n"commit_id" and "path" weren\'t supplied.')
    line = reviews.LineComment(new.path, new.body, new.line, new.side, new.position)
    return _made(call, reviews.add_comment(call.state, call.me, pull, line, commit_id=new.commit_id))


@operation("pulls/create-reply-for-review-comment", "POST", PULL + "/comments/{comment_id}/replies", WRITE)
def create_reply(call: Call) -> Answer:
    """Answer a line comment."""
    thread = _thread(call, call.number("comment_id"))
    return _made(call, reviews.reply(call.state, call.me, thread, call.read(Words).body))


@operation("pulls/get-review-comment", "GET", COMMENT, READ)
def get_comment(call: Call) -> Answer:
    """One line comment."""
    return Answer(200, render_pull.review_comment(call.state, call.base_url, _comment(call)))


@operation("pulls/update-review-comment", "PATCH", COMMENT, WRITE)
def update_comment(call: Call) -> Answer:
    """Change a line comment: its author, or who may write."""
    comment = _writable(call)
    changed = reviews.edit_comment(call.state, call.me, comment, call.read(Words).body)
    return Answer(200, render_pull.review_comment(call.state, call.base_url, changed))


@operation("pulls/delete-review-comment", "DELETE", COMMENT, WRITE)
def delete_comment(call: Call) -> Answer:
    """Delete a line comment: its author, or who may write."""
    reviews.delete_comment(call.state, _writable(call))
    return Answer(204)


def _may_approve(call: Call, event: str | None) -> None:
    """GitHub's default setting: what a job's token says is no approval."""
    if event == "APPROVE" and call.caller.token is not None and call.caller.token.kind == "job":
        raise Refused(422, "GitHub Actions is not permitted to approve pull requests.")


def _shown(call: Call, review: Review) -> bool:
    me = call.caller.account
    return review.state != "PENDING" or (me is not None and me.id == review.user_id)


def _review(call: Call) -> Review:
    found = call.number("review_id")
    if not call.state.has(Review, found):
        raise not_found()
    review = call.state.get(Review, found)
    if review.pull_id != pull_of(call).id or not _shown(call, review):
        raise not_found()
    return review


def _mine(call: Call) -> Review:
    review = _review(call)
    if review.user_id != call.me.id:
        raise Refused(403, "You can only change your own review.")
    return review


def _comment(call: Call) -> ReviewComment:
    found = call.number("comment_id")
    if not call.state.has(ReviewComment, found):
        raise not_found()
    comment = call.state.get(ReviewComment, found)
    if comment.repo_id != call.repo.id or not reviews.visible(call.state, call.caller.account, comment):
        raise not_found()
    return comment


def _writable(call: Call) -> ReviewComment:
    comment = _comment(call)
    if comment.user_id != call.me.id and not call.may(MAINTAIN):
        raise Refused(403, "Must have push access to repository.")
    return comment


def _thread(call: Call, comment_id: int) -> Thread:
    if not call.state.has(ReviewComment, comment_id):
        raise not_found()
    comment = call.state.get(ReviewComment, comment_id)
    if comment.pull_id != pull_of(call).id:
        raise not_found()
    return call.state.get(Thread, comment.thread_id)


def _answer(call: Call, review: Review) -> Answer:
    return Answer(200, render_pull.review(call.state, call.base_url, review))


def _made(call: Call, comment: ReviewComment) -> Answer:
    shape = render_pull.review_comment(call.state, call.base_url, comment)
    return Answer(201, shape, {"Location": shape["url"]})


def _listed(call: Call, found: list[ReviewComment]) -> Answer:
    shown = [one for one in found if reviews.visible(call.state, call.caller.account, one)]
    return page(call, [render_pull.review_comment(call.state, call.base_url, one) for one in shown])
