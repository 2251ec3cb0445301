"""GraphQL itself: what is an error, what is done of a document, and how much it may ask."""

from __future__ import annotations

import base64

from bot.github.assumptions.registry import assume, expect
from bot.github.assumptions.scratch import Scratch

LIMITS = "graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"
ERRORS = "https://spec.graphql.org/October2021/#sec-Errors"
BY = ("github.installation", "github.batch")


@assume(source=ERRORS, by=BY, otherwise="one action's failure is every action's")
def mutation_that_fails_names_its_alias(world: Scratch) -> None:
    """In a document of several mutations one that fails is an error at its alias; status 200, the others
    done, in order."""
    issue = world.issue()
    document = (
        "mutation($a: AddCommentInput!, $b: AddCommentInput!, $c: AddCommentInput!) {"
        " w0: addComment(input: $a) { clientMutationId } w1: addComment(input: $b) { clientMutationId }"
        " w2: addComment(input: $c) { clientMutationId } }"
    )
    say = {word: {"subjectId": issue.node, "body": word} for word in "abc"}
    nobody = {"subjectId": "nobody", "body": "b"}
    said = world.me.ask(document, a=say["a"], b=nobody, c=say["c"])
    expect(
        said.status == 200 and [one.get("path") for one in said.errors] == [["w1"]],
        f"{said.status}: {said.errors}",
    )
    found = world.ask("issue(number: $n) { comments(last: 9) { nodes { body } } }", n=issue.number)
    bodies = [one["body"] for one in found["issue"]["comments"]["nodes"]]
    expect(bodies == ["a", "c"], f"what was said: {bodies}")


@assume(
    source="graphql/guides/forming-calls-with-graphql",
    by=BY,
    otherwise="a document that is wrong is half done",
)
def document_that_is_wrong_does_nothing(world: Scratch) -> None:
    """A document that names a field that does not exist is refused whole: errors, status 200, nothing
    done."""
    issue = world.issue()
    document = (
        "mutation($a: AddCommentInput!) { addComment(input: $a) { clientMutationId } no: beadwright { id } }"
    )
    said = world.me.ask(document, a={"subjectId": issue.node, "body": "no"})
    told = said.status in (200, 501)  # the forge names what it lacks by a status of its own
    count = world.me.get(f"issues/{issue.number}").must()["comments"]
    expect(told and bool(said.errors) and count == 0, f"{said.status}, {count} comments")


@assume(source=LIMITS + "#node-limit", by=("github.documents",), otherwise="none: documents ask for less")
def page_has_a_hundred_at_most(world: Scratch) -> None:
    """A connection gives 1 to 100 a page: 101 is an error."""
    fields = "issues(first: %d) { nodes { number } }"
    expect(not world.said(fields % 100).errors, "100 are refused")
    expect(bool(world.said(fields % 101).errors), "101 are accepted")


@assume(source=LIMITS + "#node-limit", by=("github.documents",), otherwise="none: documents ask for less")
def document_has_half_a_million_nodes_at_most(world: Scratch) -> None:
    """A document that could give more than 500,000 nodes is refused before it runs."""
    inner = "labels(first: 100) { nodes { issues(first: 100) { nodes { id } } } }"
    fields = f"issues(first: 100) {{ nodes {{ {inner} }} }}"
    said = world.said(fields)
    expect([one.get("type") for one in said.errors] == ["MAX_NODE_LIMIT_EXCEEDED"], f"answered {said}")


@assume(
    source=LIMITS + "#primary-rate-limit",
    by=("github.installation",),
    otherwise="what a look costs cannot be told",
)
def cost_is_told(world: Scratch) -> None:
    """`rateLimit` tells cost, what is left and when the hour ends; a small look costs one point."""
    found = world.me.ask("{ rateLimit { cost limit remaining resetAt } }").must()["rateLimit"]
    expect(found["cost"] == 1 and 0 <= found["remaining"] <= found["limit"], f"it tells {found}")


@assume(
    source="graphql/reference/repos",
    by=("github.documents", "github.snapshot_of"),
    otherwise="the policy costs another request",
)
def file_is_read_with_everything_else(world: Scratch) -> None:
    """`object(expression: "BRANCH:PATH")` gives a file's text, and null for a file that is not there."""
    branch = world.branch("files", files={".github/probe.yml": "workers: 3\n"})
    fields = "object(expression: $where) { ... on Blob { text isTruncated } }"
    found = world.ask(fields, where=f"{branch.name}:.github/probe.yml")["object"]
    none = world.ask(fields, where=f"{branch.name}:.github/none.yml")["object"]
    expect(
        found == {"text": "workers: 3\n", "isTruncated": False} and none is None,
        f"it gives {found} and {none}",
    )


@assume(
    source="graphql/reference/repos",
    by=("github.snapshot_of",),
    otherwise="a policy that is no text is taken for an empty one",
)
def file_that_is_no_text_has_none(world: Scratch) -> None:
    """The text of a binary file is null."""
    blob = world.me.post(
        "git/blobs", {"content": base64.b64encode(bytes(range(256))).decode(), "encoding": "base64"}
    )
    entry = {"path": "binary", "mode": "100644", "type": "blob", "sha": blob.must(201)["sha"]}
    tree = world.me.post("git/trees", {"tree": [entry]}).must(201)["sha"]
    made = world.me.post("git/commits", {"message": "binary", "tree": tree, "parents": [world.root]})
    branch = world.branch("binary", start=made.must(201)["sha"])
    found = world.ask(
        "object(expression: $where) { ... on Blob { text isBinary } }", where=f"{branch.name}:binary"
    )
    expect(found["object"] == {"text": None, "isBinary": True}, f"it gives {found}")


@assume(
    source="graphql/reference/repos",
    by=("github.documents", "github.snapshot_of"),
    otherwise="a merge older than the last page costs a request",
)
def history_is_newest_first(world: Scratch) -> None:
    """A commit's `history` is the newest first, with what was merged into it."""
    branch = world.branch("history", files={"one.txt": "1\n"})
    tip = world.push(branch, {"two.txt": "2\n"})
    fields = "ref(qualifiedName: $ref) { target { ... on Commit { history(first: 3) { nodes { oid } } } } }"
    found = [one["oid"] for one in world.ask(fields, ref=branch.ref)["ref"]["target"]["history"]["nodes"]]
    expect(found == [tip.sha, branch.sha, world.root], f"it is {found}")


@assume(
    source="graphql/reference/commits",
    by=("github.configuration",),
    otherwise="a fault of the policy is shown on a commit that did not make it",
)
def history_of_a_path_is_what_changed_it(world: Scratch) -> None:
    """A commit's `history(path:)` has only the commits that changed the path, and `file(path:)` what it was
    in each."""
    branch = world.branch("of-a-path", files={"one.txt": "1\n"})
    other = world.push(branch, {"two.txt": "2\n"})
    tip = world.push(other, {"one.txt": "3\n"})
    fields = (
        "ref(qualifiedName: $ref) { target { ... on Commit { history(first: 5, path: $path) { nodes {"
        " oid file(path: $path) { object { ... on Blob { text } } } } } } } }"
    )
    history = world.ask(fields, ref=branch.ref, path="one.txt")["ref"]["target"]["history"]
    found = [(one["oid"], one["file"]["object"]["text"]) for one in history["nodes"]]
    expect(found == [(tip.sha, "3\n"), (branch.sha, "1\n")], f"it is {found}")


@assume(
    source="graphql/guides/using-global-node-ids",
    by=("github.batch", "github.answers"),
    otherwise="writes need another look for their ids",
)
def node_ids_are_shared_with_rest(world: Scratch) -> None:
    """REST's `node_id` of a repository, an issue and a pull request is GraphQL's `id`."""
    issue, pull = world.issue(), world.pull()
    fields = f"id issue(number: {issue.number}) {{ id }} pullRequest(number: {pull.number}) {{ id }}"
    found = world.ask(fields)
    ids = (found["id"], found["issue"]["id"], found["pullRequest"]["id"])
    expect(ids == (world.node, issue.node, pull.node), f"they are {ids}")


@assume(
    source="graphql/reference/repos",
    by=("github.observe", "github.runner_api"),
    otherwise="a repository that is gone looks like an empty one",
)
def repository_that_is_not_there_is_null(world: Scratch) -> None:
    """A repository that is not there is null, beside an error of type NOT_FOUND."""
    document = "query($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { id } }"
    owner = world.access.repository.partition("/")[0]
    said = world.me.ask(document, owner=owner, repo=world.name("none"))
    expect(said.data == {"repository": None}, f"it gives {said.data}")
    expect([one.get("type") for one in said.errors] == ["NOT_FOUND"], f"it says {said}")
