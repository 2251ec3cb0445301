"""What people do to pull requests: each form is one operation of REST, or a mutation where REST has none."""

from __future__ import annotations

from starlette.responses import Response

from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Pull, ReviewComment, Thread

PULL = "/{owner}/{repo}/pull/{number}"


@page(PULL + "/reviews", "POST")
def review(visit: Visit) -> Response:
    """Comment, approve or ask for changes."""
    pull = visit.pull()
    body = {
        "event": visit.text("event") or "COMMENT",
        "body": visit.text("body"),
        "commit_id": visit.text("commit"),
    }
    made = visit.perform("pulls/create-review", body, pull_number=pull.number)
    return visit.go(f"{visit.home}/pull/{pull.number}#pullrequestreview-{made.body['id']}")


@page(PULL + "/comments", "POST")
def comment_on_line(visit: Visit) -> Response:
    """Begin a thread at a line of the diff."""
    pull = visit.pull()
    line = visit.text("line")
    if not (line.isascii() and line.isdigit() and len(line) < 9):
        raise Refused(422, "Choose the line that the comment is about")
    body = {
        "path": visit.text("path"),
        "line": int(line),
        "side": visit.text("side") or "RIGHT",
        "body": visit.text("body"),
        "commit_id": visit.text("commit"),
    }
    made = visit.perform("pulls/create-review-comment", body, pull_number=pull.number)
    return visit.go(f"{visit.home}/pull/{pull.number}/files#discussion_r{made.body['id']}")


@page(PULL + "/threads/{id}/reply", "POST")
def reply(visit: Visit) -> Response:
    """Answer in a thread, and settle it or open it again with the same button."""
    pull, thread = visit.pull(), _thread(visit)
    then = visit.text("then")
    first = visit.state.find(ReviewComment, thread_id=thread.id)[0]
    if visit.text("body").strip() or not then:
        body = {"body": visit.text("body")}
        visit.perform(
            "pulls/create-reply-for-review-comment", body, pull_number=pull.number, comment_id=first.id
        )
    if then in ("resolve", "unresolve"):
        visit.mutate(f"{then}ReviewThread", threadId=visit.state.node_id(thread))
    elif then:
        raise Refused(422, f"A thread cannot {then}")
    tab = "/files" if visit.text("tab") == "files" else ""
    return visit.go(f"{visit.home}/pull/{pull.number}{tab}#discussion_r{first.id}")


@page(PULL + "/merge", "POST")
def merge(visit: Visit) -> Response:
    """Merge the head that the page showed."""
    pull = visit.pull()
    body = {"merge_method": visit.text("method") or "merge", "sha": visit.text("commit")}
    visit.perform("pulls/merge", body, pull_number=pull.number)
    return visit.go(f"{visit.home}/pull/{pull.number}")


@page(PULL + "/update-branch", "POST")
def update_branch(visit: Visit) -> Response:
    """Merge the base into the head that the page showed."""
    pull = visit.pull()
    body = {"expected_head_sha": visit.text("commit")}
    visit.perform("pulls/update-branch", body, pull_number=pull.number)
    return visit.go(f"{visit.home}/pull/{pull.number}")


@page(PULL + "/draft", "POST")
def set_draft(visit: Visit) -> Response:
    """Mark it as ready for review, or as a draft again."""
    pull = visit.pull()
    wanted = "markPullRequestReadyForReview" if visit.text("draft") == "no" else "convertPullRequestToDraft"
    visit.mutate(wanted, pullRequestId=visit.state.node_id(pull))
    return visit.go(f"{visit.home}/pull/{pull.number}")


@page(PULL + "/queue", "POST")
def queue(visit: Visit) -> Response:
    """Put the head that the page showed into the merge queue, or take it out."""
    pull = visit.pull()
    node = visit.state.node_id(pull)
    if visit.text("then") == "dequeue":
        visit.mutate("dequeuePullRequest", id=node)
    else:
        visit.mutate("enqueuePullRequest", pullRequestId=node, expectedHeadOid=visit.text("commit"))
    return visit.go(f"{visit.home}/pull/{pull.number}")


@page(PULL + "/revert", "POST")
def revert(visit: Visit) -> Response:
    """Open a pull request that undoes this one."""
    visit.mutate("revertPullRequest", pullRequestId=visit.state.node_id(visit.pull()))
    made = visit.state.find(Pull, repo_id=visit.repository.id)[-1]
    return visit.go(f"{visit.home}/pull/{made.number}")


def _thread(visit: Visit) -> Thread:
    thread = visit.state.get(Thread, visit.number("id"))
    if thread.pull_id != visit.pull().id:
        raise not_found()
    return thread
