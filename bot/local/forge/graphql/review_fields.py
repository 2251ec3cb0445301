"""Reviews of pull requests, their threads and line comments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.local.forge import protection, reviews
from bot.local.forge.git import object_node_id
from bot.local.forge.graphql.account_fields import account_or_none, path_of
from bot.local.forge.graphql.ask import Ask, GitThing, Info
from bot.local.forge.graphql.commit_fields import commit_thing
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.graphql.issue_fields import url
from bot.local.forge.graphql.repository_fields import home_of
from bot.local.forge.http import ROLES, role_of, writes
from bot.local.forge.records import Account, Issue, Pull, Repository, Review, ReviewComment, Thread


# -- reviews ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Somebody who was asked for a review."""

    pull: Pull
    reviewer_id: int


@field("PullRequest.reviewRequests")
def review_requests(pull: Pull, info: Info, **page: Any) -> Connection:
    """Who was asked and has not reviewed since."""
    return connect(info, [ReviewRequest(pull, one) for one in pull.requested_reviewer_ids], **page)


plain("ReviewRequest", pullRequest="pull")


@field("ReviewRequest.id")
def review_request_id(source: ReviewRequest, info: Info) -> str:
    """Made of both."""
    name = f"{source.pull.number}:{source.reviewer_id}"
    return object_node_id("ReviewRequest", home_of(source.pull, info), name)


@field("ReviewRequest.requestedReviewer")
def requested_reviewer(source: ReviewRequest, info: Info) -> Account | None:
    """Who was asked."""
    return account_or_none(info, source.reviewer_id)


def _visible_reviews(pull: Pull, info: Info) -> list[Review]:
    """All but the pending ones of others."""
    ask = info.context
    found = ask.state.find(Review, pull_id=pull.id)
    return [one for one in found if one.state != "PENDING" or one.user_id == ask.me.id]


def _latest(found: Iterable[Review]) -> list[Review]:
    newest: dict[int, Review] = {}
    for one in found:
        newest.pop(one.user_id, None)
        newest[one.user_id] = one
    return list(newest.values())


@field("PullRequest.reviews")
def list_reviews(
    pull: Pull,
    info: Info,
    author: str | None = None,
    states: list[str] | None = None,
    **page: Any,
) -> Connection:
    """Its reviews, oldest first."""
    state = info.context.state
    found = [
        one
        for one in _visible_reviews(pull, info)
        if (not states or one.state in states)
        and (author is None or state.get(Account, one.user_id).login.removesuffix("[bot]") == author)
    ]
    return connect(info, found, **page)


@field("PullRequest.latestReviews")
def latest_reviews(pull: Pull, info: Info, **page: Any) -> Connection:
    """The last review of each who is not asked again."""
    found = _latest(one for one in _visible_reviews(pull, info) if one.state != "PENDING")
    return connect(info, [one for one in found if one.user_id not in pull.requested_reviewer_ids], **page)


@field("PullRequest.latestOpinionatedReviews")
def latest_opinionated_reviews(pull: Pull, info: Info, writers_only: bool = False, **page: Any) -> Connection:
    """The last approval, request for changes or dismissal of each; `writers_only`: of those that count."""
    state, home = info.context.state, home_of(pull, info)
    opinions = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
    found = _latest(one for one in _visible_reviews(pull, info) if one.state in opinions)
    if writers_only:
        counted = protection.standing_reviews(state, home, pull)
        found = [one for one in found if one.user_id in counted or _is_writer(info, home, one.user_id)]
    return connect(info, found, **page)


def _is_writer(info: Info, home: Repository, account_id: int) -> bool:
    state = info.context.state
    return ROLES.index(role_of(state, state.get(Account, account_id), home)) >= ROLES.index("write")


plain("PullRequestReview", databaseId="id", state="state", submittedAt="submitted_at")


@field(
    "PullRequestReview.pullRequest",
    "PullRequestReviewThread.pullRequest",
    "PullRequestReviewComment.pullRequest",
)
def pull_of(source: Review | Thread | ReviewComment, info: Info) -> Pull:
    """What it is about."""
    return info.context.state.get(Pull, source.pull_id)


@field("PullRequestReview.commit")
def review_commit(review: Review, info: Info) -> GitThing:
    """The commit that was reviewed."""
    return commit_thing(home_of(review, info), review.commit_id)


@field("PullRequestReview.url")
def review_url(review: Review, info: Info) -> str:
    """Its place on the page."""
    return f"{url(pull_of(review, info), info)}#pullrequestreview-{review.id}"


@field("PullRequestReview.resourcePath")
def review_path(review: Review, info: Info) -> str:
    """The path of that place."""
    return path_of(review_url(review, info))


def _visible_comments(info: Info, found: list[ReviewComment]) -> list[ReviewComment]:
    ask = info.context
    return [one for one in found if reviews.visible(ask.state, ask.me, one)]


@field("PullRequestReview.comments")
def review_comments(review: Review, info: Info, **page: Any) -> Connection:
    """The line comments that came with it."""
    found = info.context.state.find(ReviewComment, review_id=review.id)
    return connect(info, _visible_comments(info, found), **page)


# -- threads ----------------------------------------------------------------------------------------------
@field("PullRequest.reviewThreads")
def review_threads(pull: Pull, info: Info, **page: Any) -> Connection:
    """Its threads, oldest first, without those that only hold somebody's pending comments."""
    found = info.context.state.find(Thread, pull_id=pull.id)
    return connect(info, [one for one in found if _thread_comments(one, info)], **page)


def _thread_comments(thread: Thread, info: Info) -> list[ReviewComment]:
    return _visible_comments(info, info.context.state.find(ReviewComment, thread_id=thread.id))


plain(
    "PullRequestReviewThread",
    isResolved="resolved",
    isOutdated="outdated",
    isCollapsed="resolved",
    path="path",
    line="line",
    diffSide="side",
)
constant(
    "PullRequestReviewThread", startLine=None, originalStartLine=None, subjectType="LINE", viewerCanReply=True
)


@field("PullRequestReviewThread.originalLine")
def thread_original_line(thread: Thread, info: Info) -> int | None:
    """Where it began."""
    found = _thread_comments(thread, info)
    return found[0].original_line if found else thread.line


@field("PullRequestReviewThread.resolvedBy")
def resolved_by(thread: Thread, info: Info) -> Account | None:
    """Who said that it is settled."""
    return account_or_none(info, thread.resolved_by_id) if thread.resolved else None


@field("PullRequestReviewThread.comments")
def thread_comments(thread: Thread, info: Info, **page: Any) -> Connection:
    """What was said in it, oldest first."""
    return connect(info, _thread_comments(thread, info), **page)


def may_resolve(ask: Ask, thread: Thread) -> bool:
    """Whether the caller may settle it: who may push, and for people the pull request's author."""
    home = ask.state.get(Repository, thread.repo_id)
    is_app = ask.caller.token is not None and ask.caller.token.permissions is not None
    if ask.may(home, writes("contents")):
        return True
    issue = ask.state.get(Issue, ask.state.get(Pull, thread.pull_id).issue_id)
    return not is_app and issue.user_id == ask.me.id


@field("PullRequestReviewThread.viewerCanResolve")
def viewer_can_resolve(thread: Thread, info: Info) -> bool:
    """Whether it is open and the caller may settle it."""
    return not thread.resolved and may_resolve(info.context, thread)


@field("PullRequestReviewThread.viewerCanUnresolve")
def viewer_can_unresolve(thread: Thread, info: Info) -> bool:
    """Whether it is settled and the caller may open it again."""
    return thread.resolved and may_resolve(info.context, thread)


plain(
    "PullRequestReviewComment",
    databaseId="id",
    path="path",
    line="line",
    originalLine="original_line",
    diffHunk="diff_hunk",
)
constant("PullRequestReviewComment", startLine=None, originalStartLine=None, subjectType="LINE")


@field("PullRequestReviewComment.outdated")
def comment_outdated(comment: ReviewComment, info: Info) -> bool:
    """Whether its line is no more."""
    return info.context.state.get(Thread, comment.thread_id).outdated


@field("PullRequestReviewComment.state")
def comment_state(comment: ReviewComment, info: Info) -> str:
    """PENDING or SUBMITTED."""
    pending = info.context.state.get(Review, comment.review_id).state == "PENDING"
    return "PENDING" if pending else "SUBMITTED"


@field("PullRequestReviewComment.commit")
def comment_commit(comment: ReviewComment, info: Info) -> GitThing:
    """The commit that it is shown at."""
    return commit_thing(home_of(comment, info), comment.commit_id)


@field("PullRequestReviewComment.originalCommit")
def comment_original_commit(comment: ReviewComment, info: Info) -> GitThing:
    """The commit that it was written at."""
    return commit_thing(home_of(comment, info), comment.original_commit_id)


@field("PullRequestReviewComment.replyTo")
def reply_to(comment: ReviewComment, info: Info) -> ReviewComment | None:
    """The first comment of the thread, of all that follow it."""
    state = info.context.state
    first = comment.in_reply_to_id
    return state.get(ReviewComment, first) if first is not None and state.has(ReviewComment, first) else None


@field("PullRequestReviewComment.pullRequestReview")
def review_of_comment(comment: ReviewComment, info: Info) -> Review:
    """The review that it came with."""
    return info.context.state.get(Review, comment.review_id)


@field("PullRequestReviewComment.url")
def review_comment_url(comment: ReviewComment, info: Info) -> str:
    """Its place on the page."""
    return f"{url(pull_of(comment, info), info)}#discussion_r{comment.id}"


@field("PullRequestReviewComment.resourcePath")
def review_comment_path(comment: ReviewComment, info: Info) -> str:
    """The path of that place."""
    return path_of(review_comment_url(comment, info))
