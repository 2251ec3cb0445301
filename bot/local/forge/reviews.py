"""Reviews of pull requests, their line comments and threads.

https://docs.github.com/en/rest/pulls/reviews and …/pulls/comments
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.local.forge import diffs, issues
from bot.local.forge.git_objects import GitDir
from bot.local.forge.http import Refused, invalid
from bot.local.forge.records import Account, Issue, Pull, Repository, Review, ReviewComment, Thread
from bot.local.forge.state import Signal, State

Event = Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
STATES: dict[Event, Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}
NOT_IN_DIFF = "pull_request_review_thread.line must be part of the diff"


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment on a line of the new (RIGHT) or old (LEFT) file, or at a `position` of the diff."""

    path: str
    body: str
    line: int | None = None
    side: diffs.Side = "RIGHT"
    position: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    side: diffs.Side
    hunk: str


def create_review(
    state: State,
    actor: Account,
    pull: Pull,
    *,
    event: Event | None = None,
    body: str = "",
    comments: Sequence[LineComment] = (),
    commit_id: str | None = None,
) -> Review:
    """Review a pull request; without an `event` the review stays pending. Nothing is kept when refused.

    Raises:
        Refused: 422 for one's own approval, for a missing body, for a line that is not in the diff, for a
            second pending review.
    """
    commit = _reviewed(state, pull, commit_id)
    _may_submit(state, actor, pull, event, body, has_comments=bool(comments))
    if event is None and pending_review(state, actor, pull) is not None:
        raise _refused("User can only have one pending review per pull request")
    places = [_place(state, pull, commit, comment) for comment in comments]
    review = _own_review(state, actor, pull, commit, body)
    issues.record_edit(state, actor, "Review", review.id, body)
    for comment, place in zip(comments, places, strict=True):
        _add(
            state, actor, pull, review, _thread(state, pull, comment, place, commit), comment.body, place.hunk
        )
    if event is not None:
        _submit(state, actor, pull, review, event)
    return review


def submit_review(
    state: State, actor: Account, review: Review, event: Event, body: str | None = None
) -> Review:
    """Submit a pending review. Raises Refused(422)."""
    pull = state.get(Pull, review.pull_id)
    if review.state != "PENDING":
        raise _refused("Can not submit a review that is not pending")
    has_comments = bool(state.find(ReviewComment, review_id=review.id))
    _may_submit(state, actor, pull, event, body or review.body, has_comments=has_comments)
    if body is not None:
        review.body = body
    _submit(state, actor, pull, review, event)
    return review


def edit_review(state: State, actor: Account, review: Review, body: str) -> Review:
    """Give a review another body."""
    review.body = body
    issues.record_edit(state, actor, "Review", review.id, body)
    _tell(state, actor, "pull_request_review", "edited", review.pull_id, review=review.id)
    return state.put(review)


def delete_pending(state: State, review: Review) -> None:
    """Forget a review that was never submitted, with its comments. Raises Refused(422) for another."""
    if review.state != "PENDING":
        raise _refused("Can not delete a non-pending pull request review")
    for comment in state.find(ReviewComment, review_id=review.id):
        state.drop(comment)
        if not state.find(ReviewComment, thread_id=comment.thread_id):
            state.drop(state.get(Thread, comment.thread_id))
    state.drop(review)


def dismiss_review(state: State, actor: Account, review: Review, message: str) -> Review:
    """Take an approval or a request for changes away. Raises Refused(422)."""
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise _refused("Can not dismiss a review that is neither an approval nor a request for changes")
    if not message:
        raise _refused("Dismissal message can't be blank")
    was = review.state.lower()
    review.state = "DISMISSED"
    state.put(review)
    issue = state.get(Issue, state.get(Pull, review.pull_id).issue_id)
    dismissed = {"review_id": review.id, "state": was, "dismissal_message": message}
    issues.add_event(state, actor, issue, "review_dismissed", {"dismissed_review": dismissed})
    _tell(state, actor, "pull_request_review", "dismissed", review.pull_id, review=review.id)
    return review


def add_comment(
    state: State, actor: Account, pull: Pull, comment: LineComment, *, commit_id: str | None = None
) -> ReviewComment:
    """Comment on a line outside any review of one's own: GitHub makes one for it. Raises Refused(422)."""
    commit = _reviewed(state, pull, commit_id)
    try:
        place = _place(state, pull, commit, comment)
    except Refused:
        raise invalid(
            "Validation Failed",
            {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": "pull_request_review_thread.line",
                "message": NOT_IN_DIFF,
            },
        ) from None
    review = _own_review(state, actor, pull, commit)
    thread = _thread(state, pull, comment, place, commit)
    made = _add(state, actor, pull, review, thread, comment.body, place.hunk)
    _submit(state, actor, pull, review, "COMMENT")
    return made


def reply(state: State, actor: Account, thread: Thread, body: str) -> ReviewComment:
    """Answer in a thread. Raises Refused(422) for an empty body."""
    pull = state.get(Pull, thread.pull_id)
    if not body.strip():
        raise _refused("Body can't be blank")
    first = state.find(ReviewComment, thread_id=thread.id)[0]
    review = _own_review(state, actor, pull, pull.head_sha)
    made = _add(state, actor, pull, review, thread, body, first.diff_hunk, first)
    _submit(state, actor, pull, review, "COMMENT")
    return made


def edit_comment(state: State, actor: Account, comment: ReviewComment, body: str) -> ReviewComment:
    """Give a line comment another body."""
    before, comment.body, comment.updated_at = comment.body, body, state.now()
    issues.record_edit(state, actor, "ReviewComment", comment.id, body)
    about = {"pull": comment.pull_id, "review_comment": comment.id}
    extra = {"changes": {"body": {"from": before}}}
    event = "pull_request_review_comment"
    state.signal(Signal(event, "edited", comment.repo_id, actor.id, about, extra))
    return state.put(comment)


def delete_comment(state: State, comment: ReviewComment) -> None:
    """Forget a line comment, and its thread with the last one."""
    state.drop(comment)
    if not state.find(ReviewComment, thread_id=comment.thread_id):
        state.drop(state.get(Thread, comment.thread_id))


def resolve_thread(state: State, actor: Account, thread: Thread) -> Thread:
    """Say that a thread is settled. Whether the actor may is the caller's to ask."""
    return _set_resolved(state, actor, thread, resolved=True)


def unresolve_thread(state: State, actor: Account, thread: Thread) -> Thread:
    """Open a thread again."""
    return _set_resolved(state, actor, thread, resolved=False)


def pending_review(state: State, actor: Account, pull: Pull) -> Review | None:
    """The review that this account has begun and not submitted."""
    mine = (review for review in state.find(Review, pull_id=pull.id) if review.user_id == actor.id)
    return next((review for review in mine if review.state == "PENDING"), None)


def visible(state: State, viewer: Account | None, comment: ReviewComment) -> bool:
    """Whether the viewer sees a comment: those of a pending review are their author's alone."""
    review = state.get(Review, comment.review_id)
    return review.state != "PENDING" or (viewer is not None and viewer.id == review.user_id)


# -- inside -----------------------------------------------------------------------------------------------
def _may_submit(
    state: State, actor: Account, pull: Pull, event: Event | None, body: str, *, has_comments: bool
) -> None:
    own = state.get(Issue, pull.issue_id).user_id == actor.id
    if own and event == "APPROVE":
        raise _refused("Review Can not approve your own pull request")
    if own and event == "REQUEST_CHANGES":
        raise _refused("Review Can not request changes on your own pull request")
    if not body and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)):
        raise _refused("Body can't be blank")


def _reviewed(state: State, pull: Pull, commit_id: str | None) -> str:
    commit = commit_id or pull.head_sha
    git = GitDir(state.git_dir(state.get(Repository, pull.repo_id)))
    if git.kind(commit) != "commit" or not (
        git.is_ancestor(commit, pull.head_sha) or commit_id == pull.head_sha
    ):
        raise _refused("commit_id is not part of the pull request")
    return commit


def _place(state: State, pull: Pull, commit: str, comment: LineComment) -> _Place:
    """Where in the diff a comment stands. Raises Refused(422)."""
    if not comment.body.strip():
        raise _refused("Body can't be blank")
    git = GitDir(state.git_dir(state.get(Repository, pull.repo_id)))
    root = git.merge_base(git.branch(pull.base_ref) or pull.base_sha, commit) or pull.base_sha
    patch = next((one.patch for one in git.changes(root, commit) if one.path == comment.path), None)
    line, side = comment.line, comment.side
    if line is None and comment.position is not None:
        found = diffs.line_at(patch, comment.position)
        side, line = found or (side, None)
    shown = diffs.find_line(patch, side, line) if line is not None else None
    if shown is None or line is None:
        raise _refused(NOT_IN_DIFF)
    return _Place(line, side, diffs.hunk_to(patch, shown.row))


def _thread(state: State, pull: Pull, comment: LineComment, place: _Place, commit: str) -> Thread:
    thread = Thread(
        id=state.new_id(),
        repo_id=pull.repo_id,
        pull_id=pull.id,
        path=comment.path,
        line=place.line,
        side=place.side,
    )
    if commit != pull.head_sha and place.side == "RIGHT":
        git = GitDir(state.git_dir(state.get(Repository, pull.repo_id)))
        later = next((one for one in git.changes(commit, pull.head_sha) if one.path == comment.path), None)
        if later is not None:
            thread.line = diffs.moved_line(later.patch, place.line)
            thread.outdated = thread.line is None
    return state.put(thread)


def _own_review(state: State, actor: Account, pull: Pull, commit: str, body: str = "") -> Review:
    return state.put(
        Review(
            id=state.new_id(),
            repo_id=pull.repo_id,
            pull_id=pull.id,
            user_id=actor.id,
            state="PENDING",
            body=body,
            commit_id=commit,
        )
    )


def _add(
    state: State,
    actor: Account,
    pull: Pull,
    review: Review,
    thread: Thread,
    body: str,
    hunk: str,
    first: ReviewComment | None = None,
) -> ReviewComment:
    now = state.now()
    comment = state.put(
        ReviewComment(
            id=state.new_id(),
            repo_id=pull.repo_id,
            pull_id=pull.id,
            thread_id=thread.id,
            review_id=review.id,
            user_id=actor.id,
            body=body,
            path=thread.path,
            line=thread.line,
            side=thread.side,
            diff_hunk=hunk,
            commit_id=first.commit_id if first else review.commit_id,
            original_commit_id=first.original_commit_id if first else review.commit_id,
            original_line=first.original_line if first else thread.line,
            in_reply_to_id=first.id if first else None,
            created_at=now,
            updated_at=now,
        )
    )
    issues.record_edit(state, actor, "ReviewComment", comment.id, body)
    return comment


def _submit(state: State, actor: Account, pull: Pull, review: Review, event: Event) -> None:
    review.state, review.submitted_at = STATES[event], state.now()
    state.put(review)
    if actor.id in pull.requested_reviewer_ids:
        pull.requested_reviewer_ids = [one for one in pull.requested_reviewer_ids if one != actor.id]
        state.put(pull)
    issues.touch(state, state.get(Issue, pull.issue_id))
    _tell(state, actor, "pull_request_review", "submitted", pull.id, review=review.id)
    for comment in state.find(ReviewComment, review_id=review.id):
        about = {"review_comment": comment.id}
        _tell(state, actor, "pull_request_review_comment", "created", pull.id, **about)


def _set_resolved(state: State, actor: Account, thread: Thread, *, resolved: bool) -> Thread:
    if thread.resolved == resolved:
        return thread
    thread.resolved, thread.resolved_by_id = resolved, actor.id if resolved else None
    state.put(thread)
    word = "resolved" if resolved else "unresolved"
    _tell(state, actor, "pull_request_review_thread", word, thread.pull_id, thread=thread.id)
    return thread


def _tell(state: State, actor: Account, event: str, action: str, pull_id: int, **about: int) -> None:
    pull = state.get(Pull, pull_id)
    subject = {"issue": pull.issue_id, "pull": pull.id, **about}
    state.signal(Signal(event, action, pull.repo_id, actor.id, subject))


def _refused(sentence: str) -> Refused:
    return invalid("Unprocessable Entity", sentence)
