"""Writes to pull requests, reviews and threads. Each needs what its REST twin needs."""

from __future__ import annotations

from bot.local.forge import merge_queue, pulls, reverts, reviews
from bot.local.forge.graphql.ask import Ask, Info, failure
from bot.local.forge.graphql.connections import Edge
from bot.local.forge.graphql.issue_mutations import edit_words
from bot.local.forge.graphql.review_fields import may_resolve
from bot.local.forge.graphql.unimplemented import not_implemented
from bot.local.forge.graphql.writing import (
    Input,
    Payload,
    mutation,
    named,
    permit,
    role_for,
)
from bot.local.forge.merge_message import Method
from bot.local.forge.records import Account, Issue, Pull, Repository, Review, Role, Thread
from bot.local.forge.reviews import LineComment

METHODS: dict[str, Method] = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}
EVENTS: dict[str, reviews.Event] = {
    "APPROVE": "APPROVE",
    "COMMENT": "COMMENT",
    "REQUEST_CHANGES": "REQUEST_CHANGES",
}


def _own_pull(info: Info, node: str, others: Role) -> Pull:
    """A pull request that the caller may change: its author, or people with the role `others`."""
    ask = info.context
    pull = named(ask, node, Pull)
    author = ask.state.get(Issue, pull.issue_id).user_id
    home = ask.state.get(Repository, pull.repo_id)
    permit(info, home, "pull_requests", role=role_for(ask, author, others))
    return pull


@mutation("createPullRequest")
def create_pull(info: Info, given: Input) -> Payload:
    """Open a pull request."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "pull_requests", role="write")
    made = pulls.create(
        ask.state,
        home,
        ask.me,
        title=given["title"],
        head=given["head_ref_name"].removeprefix("refs/heads/"),
        base=given["base_ref_name"].removeprefix("refs/heads/"),
        body=given.get("body"),
        draft=bool(given.get("draft")),
        maintainer_can_modify=bool(given.get("maintainer_can_modify")),
    )
    return {"pullRequest": made}


@mutation("updatePullRequest")
def update_pull(info: Info, given: Input) -> Payload:
    """Change a pull request; what is not named stays."""
    ask = info.context
    pull = _own_pull(info, given["pull_request_id"], "write")
    edit_words(ask, ask.state.get(Issue, pull.issue_id), given)
    if given.get("maintainer_can_modify") is not None:
        pull.maintainer_can_modify = given["maintainer_can_modify"]
        ask.state.put(pull)
    if given.get("base_ref_name") is not None:
        pulls.change_base(ask.state, ask.me, pull, given["base_ref_name"])
    if given.get("state") == "CLOSED":
        pulls.close(ask.state, ask.me, pull)
    elif given.get("state") == "OPEN":
        pulls.reopen(ask.state, ask.me, pull)
    return {"pullRequest": pull, "actor": ask.me}


@mutation("closePullRequest")
def close_pull(info: Info, given: Input) -> Payload:
    """Close it without merging."""
    ask = info.context
    pull = _own_pull(info, given["pull_request_id"], "triage")
    pulls.close(ask.state, ask.me, pull)
    return {"pullRequest": pull}


@mutation("reopenPullRequest")
def reopen_pull(info: Info, given: Input) -> Payload:
    """Open a closed one again."""
    ask = info.context
    pull = _own_pull(info, given["pull_request_id"], "triage")
    pulls.reopen(ask.state, ask.me, pull)
    return {"pullRequest": pull}


@mutation("markPullRequestReadyForReview")
def mark_ready(info: Info, given: Input) -> Payload:
    """A draft no longer."""
    ask = info.context
    pull = _own_pull(info, given["pull_request_id"], "write")
    pulls.set_draft(ask.state, ask.me, pull, draft=False)
    return {"pullRequest": pull}


@mutation("convertPullRequestToDraft")
def convert_to_draft(info: Info, given: Input) -> Payload:
    """A draft again."""
    ask = info.context
    pull = _own_pull(info, given["pull_request_id"], "write")
    pulls.set_draft(ask.state, ask.me, pull, draft=True)
    return {"pullRequest": pull}


@mutation("requestReviews")
def request_reviews(info: Info, given: Input) -> Payload:
    """Ask people, named by id, for a review."""
    if given.get("team_ids"):
        raise not_implemented("RequestReviewsInput.teamIds")
    people = [named(info.context, one, Account).login for one in given.get("user_ids") or ()]
    return {"pullRequest": _request(info, given, people), "actor": info.context.me}


@mutation("requestReviewsByLogin")
def request_reviews_by_login(info: Info, given: Input) -> Payload:
    """Ask people, named by login, for a review."""
    for kind in ("bot_logins", "team_slugs"):
        if given.get(kind):
            raise not_implemented(f"RequestReviewsByLoginInput, {kind}")
    return {"pullRequest": _request(info, given, given.get("user_logins") or [])}


def _request(info: Info, given: Input, people: list[str]) -> Pull:
    """Ask them; without `union` they replace who was asked before."""
    pull = named(info.context, given["pull_request_id"], Pull)
    ask = permit(info, info.context.state.get(Repository, pull.repo_id), "pull_requests")
    before = [ask.state.get(Account, one).login for one in pull.requested_reviewer_ids]
    pulls.request_reviewers(ask.state, ask.me, pull, people)
    if not given.get("union"):
        pulls.remove_reviewers(ask.state, ask.me, pull, [one for one in before if one not in people])
    return pull


@mutation("mergePullRequest")
def merge_pull(info: Info, given: Input) -> Payload:
    """Merge it, if the head is what the caller believes it to be."""
    pull = named(info.context, given["pull_request_id"], Pull)
    ask = permit(info, info.context.state.get(Repository, pull.repo_id), "contents")
    pulls.merge(
        ask.state,
        ask.me,
        pull,
        method=METHODS[given.get("merge_method") or "MERGE"],
        sha=given.get("expected_head_oid"),
        title=given.get("commit_headline"),
        message=given.get("commit_body"),
        token=ask.caller.token,
    )
    return {"pullRequest": pull, "actor": ask.me}


@mutation("updatePullRequestBranch")
def update_branch(info: Info, given: Input) -> Payload:
    """Merge the base into the head."""
    if given.get("update_method") == "REBASE":
        raise not_implemented("PullRequestBranchUpdateMethod.REBASE")
    pull = named(info.context, given["pull_request_id"], Pull)
    ask = permit(info, info.context.state.get(Repository, pull.repo_id), "pull_requests")
    expected = given.get("expected_head_oid")
    pulls.update_branch(ask.state, ask.me, pull, expected_head_sha=expected, token=ask.caller.token)
    return {"pullRequest": pull}


@mutation("enqueuePullRequest")
def enqueue(info: Info, given: Input) -> Payload:
    """Put it into the merge queue, if the head is what the caller believes it to be."""
    pull = named(info.context, given["pull_request_id"], Pull)
    ask = _may_queue(info, pull)
    entry = merge_queue.enqueue(
        ask.state,
        ask.me,
        pull,
        expected_head=given.get("expected_head_oid"),
        jump=bool(given.get("jump")),
    )
    return {"mergeQueueEntry": entry}


@mutation("dequeuePullRequest")
def dequeue(info: Info, given: Input) -> Payload:
    """Take it out of the merge queue."""
    pull = named(info.context, given["id"], Pull)
    ask = _may_queue(info, pull)
    return {"mergeQueueEntry": merge_queue.dequeue(ask.state, ask.me, pull)}


def _may_queue(info: Info, pull: Pull) -> Ask:
    """What the queue will merge, an App must be let merge; and "Merge queues" is a permission of its own.

    GitHub's documentation does not say which of the two `enqueuePullRequest` asks for, so here it is both.
    """
    home = info.context.state.get(Repository, pull.repo_id)
    permit(info, home, "merge_queues")
    return permit(info, home, "contents")


@mutation("revertPullRequest")
def revert(info: Info, given: Input) -> Payload:
    """Open a pull request that undoes a merged one."""
    pull = named(info.context, given["pull_request_id"], Pull)
    home = info.context.state.get(Repository, pull.repo_id)
    permit(info, home, "pull_requests")
    ask = permit(info, home, "contents")
    made = reverts.revert(
        ask.state,
        ask.me,
        pull,
        title=given.get("title"),
        body=given.get("body"),
        draft=bool(given.get("draft")),
        token=ask.caller.token,
    )
    return {"pullRequest": pull, "revertPullRequest": made}


# -- reviews ----------------------------------------------------------------------------------------------
def _event(name: str | None) -> reviews.Event | None:
    if name == "DISMISS":
        raise not_implemented("PullRequestReviewEvent.DISMISS")
    return None if name is None else EVENTS[name]


@mutation("addPullRequestReview")
def add_review(info: Info, given: Input) -> Payload:
    """Review a pull request; without an `event` the review stays pending."""
    pull = named(info.context, given["pull_request_id"], Pull)
    ask = permit(info, info.context.state.get(Repository, pull.repo_id), "pull_requests", role="read")
    threads = [one for one in given.get("threads") or () if one is not None]
    if any(one.get("start_line") is not None for one in threads):
        raise not_implemented("DraftPullRequestReviewThread.startLine")
    made = reviews.create_review(
        ask.state,
        ask.me,
        pull,
        event=_event(given.get("event")),
        body=given.get("body") or "",
        comments=[
            LineComment(one["path"], one["body"], one["line"], one.get("side") or "RIGHT") for one in threads
        ],
        commit_id=given.get("commit_oid"),
    )
    return {"pullRequestReview": made, "reviewEdge": Edge(made, "")}


@mutation("submitPullRequestReview")
def submit_review(info: Info, given: Input) -> Payload:
    """Submit a review of one's own that is pending."""
    ask = info.context
    if given.get("pull_request_review_id") is not None:
        review = named(ask, given["pull_request_review_id"], Review)
        pull = ask.state.get(Pull, review.pull_id)
    elif given.get("pull_request_id") is not None:
        pull = named(ask, given["pull_request_id"], Pull)
        pending = reviews.pending_review(ask.state, ask.me, pull)
        if pending is None:
            raise failure("UNPROCESSABLE", "There is no pending review to submit")
        review = pending
    else:
        raise failure("UNPROCESSABLE", "Either pullRequestReviewId or pullRequestId must be provided")
    permit(info, ask.state.get(Repository, pull.repo_id), "pull_requests", role="read")
    if review.user_id != ask.me.id:
        raise failure("FORBIDDEN", "A pending review can only be submitted by its author")
    event = _event(given["event"])
    assert event is not None
    return {"pullRequestReview": reviews.submit_review(ask.state, ask.me, review, event, given.get("body"))}


@mutation("addPullRequestReviewThreadReply")
def reply(info: Info, given: Input) -> Payload:
    """Answer in a thread."""
    if given.get("pull_request_review_id") is not None:
        raise not_implemented("AddPullRequestReviewThreadReplyInput.pullRequestReviewId")
    thread = named(info.context, given["pull_request_review_thread_id"], Thread)
    ask = permit(info, info.context.state.get(Repository, thread.repo_id), "pull_requests", role="read")
    return {"comment": reviews.reply(ask.state, ask.me, thread, given["body"])}


def _resolvable(info: Info, node: str) -> Thread:
    """A thread that the caller may settle; an App or a job needs `contents: write`."""
    ask = info.context
    thread = named(ask, node, Thread)
    if not may_resolve(ask, thread):
        permit(info, ask.state.get(Repository, thread.repo_id), "contents")
    return thread


@mutation("resolveReviewThread")
def resolve_thread(info: Info, given: Input) -> Payload:
    """Say that a thread is settled."""
    ask = info.context
    return {"thread": reviews.resolve_thread(ask.state, ask.me, _resolvable(info, given["thread_id"]))}


@mutation("unresolveReviewThread")
def unresolve_thread(info: Info, given: Input) -> Payload:
    """Open a thread again."""
    ask = info.context
    return {"thread": reviews.unresolve_thread(ask.state, ask.me, _resolvable(info, given["thread_id"]))}
