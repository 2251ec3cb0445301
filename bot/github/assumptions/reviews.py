"""Reviews and threads: whose word counts, on which commit, and what stays open."""

from __future__ import annotations

from bot.github.assumptions.caller import Caller, Json, Reply, Said
from bot.github.assumptions.pulls import seen
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import FILE, Pull, Scratch

REST = "rest/pulls/reviews#create-a-review-for-a-pull-request"
GRAPHQL = "graphql/reference/pulls"
POSTS = ("github.runner_api", "jobs.publish_review")
READS = ("github.pulls", "github.observe", "guards.threads")
THREADS = (
    "reviewThreads(first: 9) { nodes { id path line isResolved comments(first: 9) { nodes { body } } } }"
)


def review(world: Scratch, pull: Pull, **body: Json) -> Reply:
    """A review by the token."""
    return world.me.post(f"pulls/{pull.number}/reviews", {"commit_id": pull.head.sha, **body})


def comment(line: int) -> dict[str, Json]:
    """A comment at a line of the file that every pull request of ours adds."""
    return {"path": FILE, "line": line, "side": "RIGHT", "body": "why?"}


def threads(world: Scratch, pull: Pull) -> list[dict[str, Json]]:
    """The threads of a pull request."""
    found: list[dict[str, Json]] = world.ask(f"pullRequest(number: $n) {{ {THREADS} }}", n=pull.number)[
        "pullRequest"
    ]["reviewThreads"]["nodes"]
    return found


def resolve(world: Scratch, pull: Pull, by: Caller | None = None) -> Said:
    """Resolve the first thread of a pull request."""
    document = (
        "mutation($end: ResolveReviewThreadInput!) { resolveReviewThread(input: $end) { thread { id } } }"
    )
    return (by or world.me).ask(document, end={"threadId": threads(world, pull)[0]["id"]})


def with_thread(world: Scratch) -> Pull:
    """A pull request with one open thread at line 2."""
    pull = world.pull()
    review(world, pull, event="COMMENT", body="see below", comments=[comment(2)]).must()
    return pull


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/"
        "approving-a-pull-request-with-required-reviews"
    ),
    by=("guards.approvals", "coordinator.review"),
    otherwise="whoever wrote the code could approve it",
)
def author_cannot_approve(world: Scratch) -> None:
    """Nobody approves their own pull request, or asks it for changes: 422."""
    pull = world.pull()
    for event in ("APPROVE", "REQUEST_CHANGES"):
        refused = review(world, pull, event=event, body="mine")
        expect(refused.status == 422, f"{event} answered {refused}")


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/"
        "approving-a-pull-request-with-required-reviews"
    ),
    by=("guards.approvals", "coordinator.review"),
    otherwise="one App could open and approve",
    needs=(Need.APP,),
)
def app_cannot_approve_its_own(world: Scratch) -> None:
    """An App cannot approve a pull request that it opened: 422."""
    pull = world.pull(by=world.app)
    refused = world.app.post(f"pulls/{pull.number}/reviews", {"event": "APPROVE", "body": "mine"})
    expect(refused.status == 422, f"answered {refused}")


@assume(source=REST, by=POSTS, otherwise="some comments of a refused review would be there twice")
def review_is_taken_whole_or_not(world: Scratch) -> None:
    """A review with one comment at a line that is not in the diff is refused with 422, and none of it
    stays."""
    pull = world.pull()
    refused = review(world, pull, event="COMMENT", body="b", comments=[comment(1), comment(99)])
    expect(refused.status == 422 and threads(world, pull) == [], f"answered {refused}")


@assume(source=REST, by=POSTS, otherwise="findings cannot be shown at their lines")
def review_comments_open_threads(world: Scratch) -> None:
    """Each line comment of a review opens a thread at that line, unresolved."""
    pull = with_thread(world)
    found = [(one["path"], one["line"], one["isResolved"]) for one in threads(world, pull)]
    expect(found == [(FILE, 2, False)], f"its threads: {found}")


@assume(
    source="graphql/reference/pulls",
    by=POSTS,
    otherwise="answers cannot be given in their threads",
)
def threads_are_answered_and_resolved(world: Scratch) -> None:
    """A thread takes a reply and is resolved, in one document, in this order; resolving again changes
    nothing."""
    pull = with_thread(world)
    thread = threads(world, pull)[0]["id"]
    document = (
        "mutation($say: AddPullRequestReviewThreadReplyInput!, $end: ResolveReviewThreadInput!) {"
        " say: addPullRequestReviewThreadReply(input: $say) { clientMutationId }"
        " end: resolveReviewThread(input: $end) { clientMutationId } }"
    )
    say = {"pullRequestReviewThreadId": thread, "body": "because"}
    world.me.ask(document, say=say, end={"threadId": thread}).must()
    found = threads(world, pull)[0]
    said = [one["body"] for one in found["comments"]["nodes"]]
    expect((found["isResolved"], said) == (True, ["why?", "because"]), f"it is {found}")
    resolve(world, pull).must()


@assume(
    source=(
        "rest/authentication/permissions-required-for-github-apps (that resolving needs contents: "
        "write is reported by others, not documented)"
    ),
    by=("github.broker",),
    otherwise="none: publish has contents: write anyway",
    needs=(Need.APP,),
)
def publish_permissions_resolve_threads(world: Scratch) -> None:
    """A token with contents, issues and pull requests: write resolves a thread."""
    pull = with_thread(world)
    narrow = world.grant(permissions={"contents": "write", "issues": "write", "pull_requests": "write"})
    said = resolve(world, pull, narrow)
    expect(not said.errors and threads(world, pull)[0]["isResolved"], f"answered {said}")


@assume(source=GRAPHQL, by=READS, otherwise="an open thread is overlooked")
def thread_stays_when_its_line_goes(world: Scratch) -> None:
    """A push that changes a thread's line leaves the thread there: unresolved, outdated, its line null."""
    pull = with_thread(world)
    world.push(pull.head, {FILE: "all\nnew\n"})

    def look() -> Json | None:
        found = seen(world, pull, "reviewThreads(first: 9) { nodes { isResolved isOutdated line } }")
        (thread,) = found["reviewThreads"]["nodes"]  # type: ignore[index]
        return thread if thread["isOutdated"] else None

    found = world.until(look, 60, "it is not outdated")
    expect((found["isResolved"], found["line"]) == (False, None), f"it is {found}")


@assume(source=GRAPHQL, by=READS, otherwise="threads past the first hundred are overlooked")
def threads_come_in_pages(world: Scratch) -> None:
    """Threads past the first page are reached by its end cursor, each once."""
    pull = world.pull()
    review(world, pull, event="COMMENT", body="b", comments=[comment(1), comment(2), comment(3)]).must()
    fields = (
        "pullRequest(number: $n) "
        "{ reviewThreads(first: 2%s) { pageInfo { hasNextPage endCursor } nodes { id } } }"
    )
    first = world.ask(fields % "", n=pull.number)["pullRequest"]["reviewThreads"]
    after = f', after: "{first["pageInfo"]["endCursor"]}"'
    second = world.ask(fields % after, n=pull.number)["pullRequest"]["reviewThreads"]
    found = {one["id"] for one in (*first["nodes"], *second["nodes"])}
    more = (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"])
    expect(len(found) == 3 and more == (True, False), f"{len(found)} threads, {more}")


@assume(
    source=GRAPHQL,
    by=("github.pulls", "guards.changes_requested"),
    otherwise="a remark would take an approval back",
    needs=(Need.APP,),
)
def remark_is_no_opinion(world: Scratch) -> None:
    """`latestOpinionatedReviews` holds somebody's last approval or refusal; a later remark does not
    replace it."""
    pull = world.pull()
    for event in ("REQUEST_CHANGES", "APPROVE", "COMMENT"):
        body = {"event": event, "body": event, "commit_id": pull.head.sha}
        world.app.post(f"pulls/{pull.number}/reviews", body).must(200)
    fields = "latestOpinionatedReviews(first: 9, writersOnly: true) { nodes { state commit { oid } } }"
    found = seen(world, pull, fields)["latestOpinionatedReviews"]
    wanted = {"nodes": [{"state": "APPROVED", "commit": {"oid": pull.head.sha}}]}
    expect(found == wanted, f"it holds {found}")


@assume(
    source=GRAPHQL,
    by=("github.pulls", "coordinator.review"),
    otherwise="a verdict is not bound to what was read",
)
def review_stays_at_its_commit(world: Scratch) -> None:
    """A review belongs to the commit that it names, also when the head has moved on."""
    pull = world.pull()
    world.push(pull.head)
    review(world, pull, event="COMMENT", body="late").must()
    found = seen(world, pull, "reviews(last: 9) { nodes { state commit { oid } } }")["reviews"]
    expect(found == {"nodes": [{"state": "COMMENTED", "commit": {"oid": pull.head.sha}}]}, f"it is {found}")


@assume(
    source=GRAPHQL,
    by=("github.pulls", "github.runner_api"),
    otherwise="who wrote a remark cannot be matched to a person or a bot",
    needs=(Need.APP,),
)
def bot_is_told_apart(world: Scratch) -> None:
    """GraphQL calls an App's account a Bot and drops the `[bot]` of its login, which REST shows."""
    pull = world.pull()
    made = world.app.post(f"pulls/{pull.number}/reviews", {"event": "COMMENT", "body": "b"}).must(200)
    (found,) = seen(world, pull, "reviews(last: 1) { nodes { author { __typename login } } }")["reviews"][
        "nodes"
    ]  # type: ignore[index]
    names = (
        made["user"]["login"],
        made["user"]["type"],
        found["author"]["__typename"],
        found["author"]["login"],
    )
    plain = world.bot.removesuffix("[bot]")
    expect(names == (world.bot, "Bot", "Bot", plain), f"they are {names}")
