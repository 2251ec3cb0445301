"""Pull requests: what opens, moves, updates and closes them, and what is known when."""

from __future__ import annotations

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import FILE, Pull, Scratch

REST = "rest/pulls/pulls"
LOOKS = ("github.pulls", "github.documents")
OPENS = ("github.effects", "github.runner_api", "jobs.publish_work")
UPDATES = ("github.effects", "coordinator.review")


def seen(world: Scratch, pull: Pull, fields: str) -> dict[str, object]:
    """A pull request by GraphQL."""
    found: dict[str, object] = world.ask(f"pullRequest(number: $n) {{ {fields} }}", n=pull.number)[
        "pullRequest"
    ]
    return found


def behind(world: Scratch) -> Pull:
    """A pull request that lacks a commit of its base."""
    pull = world.pull()
    world.push(pull.base, {"base.txt": "more\n"})
    return pull


def conflicting(world: Scratch) -> Pull:
    """A pull request that changes what its base changed otherwise."""
    pull = world.pull()
    world.push(pull.base, {FILE: "otherwise\n"})
    return pull


@assume(
    source=REST + "#get-a-pull-request", by=LOOKS, otherwise="an answer too early could pass for an answer"
)
def mergeability_is_not_known_at_first(world: Scratch) -> None:
    """A new pull request's `mergeable` is null: GitHub works it out in the background."""
    base = world.branch("base")
    head = world.branch("head", start=base.sha, files={FILE: "1\n"})
    made = world.me.post("pulls", {"title": head.name, "head": head.name, "base": base.name}).must(201)
    world.close_later(made["number"])
    expect(made["mergeable"] is None, f"it is {made['mergeable']} at once")


@assume(source=REST + "#get-a-pull-request", by=LOOKS, otherwise="pull requests are waited for in vain")
def mergeability_becomes_known_by_looking(world: Scratch) -> None:
    """Looking again, a clean pull request becomes MERGEABLE within a minute."""
    found = world.mergeable(world.pull())
    expect(found == "MERGEABLE", f"it became {found}")


@assume(
    source=REST + "#get-a-pull-request",
    by=(*LOOKS, "guards.merge_state"),
    otherwise="conflicts are met only at the merge",
)
def conflict_becomes_known_when_the_base_moves(world: Scratch) -> None:
    """When its base comes to conflict with it, a pull request becomes CONFLICTING within a minute."""
    pull = world.pull()
    world.mergeable(pull)
    world.push(pull.base, {FILE: "otherwise\n"})

    def look() -> str | None:
        return "CONFLICTING" if world.mergeable(pull) == "CONFLICTING" else None

    world.until(look, 60, "it is not CONFLICTING")


@assume(source=REST + "#create-a-pull-request", by=OPENS, otherwise="a publish that is repeated opens a twin")
def second_pull_request_of_a_branch_is_422(world: Scratch) -> None:
    """A second pull request between the same branches is refused with 422."""
    pull = world.pull()
    again = world.me.post("pulls", {"title": "again", "head": pull.head.name, "base": pull.base.name})
    expect(again.status == 422 and "already exists" in again.message, f"answered {again}")


@assume(
    source=REST + "#create-a-pull-request",
    by=OPENS,
    otherwise="empty pull requests could be opened and merged",
)
def pull_request_without_commits_is_422(world: Scratch) -> None:
    """A pull request whose head adds nothing to its base is refused with 422."""
    base = world.branch("base")
    same = world.branch("same", start=base.sha)
    refused = world.me.post("pulls", {"title": "nothing", "head": same.name, "base": base.name})
    expect(refused.status == 422 and "No commits" in refused.message, f"answered {refused}")


@assume(
    source="rest/issues/issues",
    by=("github.effects", "github.runner_api"),
    otherwise="pull requests cannot be labelled and commented as beads",
)
def pull_request_is_an_issue(world: Scratch) -> None:
    """A pull request takes labels and comments as an issue, by its number."""
    pull, label = world.pull(), world.label("review")
    put = world.me.post(f"issues/{pull.number}/labels", {"labels": [label]})
    said = world.me.post(f"issues/{pull.number}/comments", {"body": "hello"})
    expect((put.status, said.status) == (200, 201), f"labels answered {put}, comments {said}")
    fields = "labels(first: 5) { nodes { name } } comments(last: 1) { nodes { body } }"
    found = seen(world, pull, fields)
    expect(found["labels"] == {"nodes": [{"name": label}]}, f"it has {found}")


@assume(
    source="rest/issues/issues#list-repository-issues",
    by=("github.importer",),
    otherwise="none: markers tell issues from pull requests",
)
def rest_lists_pull_requests_among_issues(world: Scratch) -> None:
    """`GET issues` lists pull requests too, told by the key `pull_request`."""
    pull, label = world.pull(), world.label("listed")
    world.me.post(f"issues/{pull.number}/labels", {"labels": [label]}).must()
    found = world.me.get("issues", labels=label, state="all").must(200)
    expect(
        [("pull_request" in one, one["number"]) for one in found] == [(True, pull.number)],
        f"it lists {len(found)}",
    )


@assume(
    source="graphql/reference/repos",
    by=("github.documents",),
    otherwise="pull requests would be taken for beads",
)
def graphql_lists_no_pull_requests_among_issues(world: Scratch) -> None:
    """`issues(labels:)` lists issues alone; `pullRequests(labels:)` the pull requests."""
    pull, label = world.pull(), world.label("listed")
    issue = world.issue(labels=[label])
    world.me.post(f"issues/{pull.number}/labels", {"labels": [label]}).must()
    fields = (
        "issues(labels: $labels, states: [OPEN], first: 9) { nodes { number } } "
        "pullRequests(labels: $labels, states: [OPEN], first: 9) { nodes { number } }"
    )
    found = world.ask(fields, labels=[label])
    listed = ([one["number"] for one in found[kind]["nodes"]] for kind in ("issues", "pullRequests"))
    expect(list(listed) == [[issue.number], [pull.number]], f"it lists {found}")


@assume(
    source=REST, by=("github.pulls",), otherwise="a pull request's head is not its branch's commit for good"
)
def head_follows_its_branch(world: Scratch) -> None:
    """A push to the head branch moves the pull request's head within a minute."""
    pull = world.pull()
    moved = world.push(pull.head)
    world.until(
        lambda: True if seen(world, pull, "headRefOid")["headRefOid"] == moved.sha else None,
        60,
        "its head is the old one",
    )


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/"
        "proposing-changes-to-your-work-with-pull-requests/"
        "creating-and-deleting-branches-within-your-repository"
    ),
    by=("github.pulls",),
    otherwise="a branch can be gone under an open pull request",
)
def deleting_the_branch_closes_the_pull_request(world: Scratch) -> None:
    """Deleting the head branch closes its pull request without merging it."""
    pull = world.pull()
    world.me.delete(f"git/{pull.head.ref}").must(204)

    def look() -> dict[str, object] | None:
        found = seen(world, pull, "state merged")
        return found if found["state"] != "OPEN" else None

    found = world.until(look, 60, "it is still open")
    expect(found == {"state": "CLOSED", "merged": False}, f"it is {found}")


@assume(source="graphql/reference/repos", by=LOOKS, otherwise="a branch's pull request costs a request each")
def branch_knows_its_open_pull_requests(world: Scratch) -> None:
    """`Ref.associatedPullRequests(states: [OPEN])` holds the open pull requests that start from a branch."""
    pull = world.pull()
    fields = (
        "ref(qualifiedName: $ref) { associatedPullRequests(states: [OPEN], first: 2) { nodes { number } } }"
    )
    found = world.ask(fields, ref=pull.head.ref)["ref"]["associatedPullRequests"]["nodes"]
    expect(found == [{"number": pull.number}], f"it knows {found}")


@assume(
    source="graphql/reference/commits",
    by=LOOKS,
    otherwise="two pull requests could borrow each other's checks",
)
def commit_knows_the_pull_requests_that_share_it(world: Scratch) -> None:
    """`Commit.associatedPullRequests` holds every open pull request whose head it is."""
    first = world.pull()
    second = world.pull(head=first.head, base=world.branch("other"))
    fields = (
        "ref(qualifiedName: $ref) { target { ... on Commit { "
        "associatedPullRequests(first: 9) { nodes { number state headRefOid } } } } }"
    )

    def look() -> bool | None:
        found = world.ask(fields, ref=first.head.ref)["ref"]["target"]["associatedPullRequests"]["nodes"]
        numbers = {one["number"] for one in found if one["headRefOid"] == first.head.sha}
        return True if numbers == {first.number, second.number} else None

    world.until(look, 60, "it does not know both")


@assume(
    source="graphql/reference/repos",
    by=("github.documents", "coordinator.cleanup"),
    otherwise="closed pull requests of a bead are not found",
)
def pull_requests_are_found_by_head_branch(world: Scratch) -> None:
    """`pullRequests(headRefName:)` finds a branch's pull requests whatever became of them and of the
    branch."""
    pull = world.pull()
    world.me.patch(f"pulls/{pull.number}", {"state": "closed"}).must()
    world.me.delete(f"git/{pull.head.ref}").must(204)
    fields = "pullRequests(headRefName: $head, first: 5) { nodes { number state headRefName } }"
    found = world.ask(fields, head=pull.head.name)["pullRequests"]["nodes"]
    wanted = [{"number": pull.number, "state": "CLOSED", "headRefName": pull.head.name}]
    expect(found == wanted, f"it finds {found}")


@assume(source="graphql/reference/pulls", by=LOOKS, otherwise="which pull requests are ours cannot be told")
def pull_request_tells_its_facts(world: Scratch) -> None:
    """GraphQL tells whose a pull request is, whether it is a draft, from a fork, and what it changes."""
    pull = world.pull(draft=True)
    found = seen(world, pull, "isDraft isCrossRepository viewerDidAuthor changedFiles baseRefName baseRefOid")
    wanted = {"isDraft": True, "isCrossRepository": False, "viewerDidAuthor": True, "changedFiles": 1}
    expect(
        found == wanted | {"baseRefName": pull.base.name, "baseRefOid": pull.base.sha}, f"it tells {found}"
    )


@assume(
    source=REST + "#update-a-pull-request-branch",
    by=UPDATES,
    otherwise="a late update could overwrite somebody's push",
)
def update_branch_pins_the_head(world: Scratch) -> None:
    """`update-branch` with another `expected_head_sha` answers 422 and moves nothing."""
    pull = behind(world)
    refused = world.me.put(f"pulls/{pull.number}/update-branch", {"expected_head_sha": pull.base.sha})
    expect(refused.status == 422 and world.at(pull.head.ref) == pull.head.sha, f"answered {refused}")


@assume(
    source=REST + "#update-a-pull-request-branch",
    by=UPDATES,
    otherwise="pull requests cannot be brought up to date by code",
)
def update_branch_merges_the_base(world: Scratch) -> None:
    """`update-branch` answers 202; soon the head is a merge of the old head and the base."""
    pull = behind(world)
    base = world.at(pull.base.ref)
    world.me.put(f"pulls/{pull.number}/update-branch", {"expected_head_sha": pull.head.sha}).must(202)
    moved = world.until(
        lambda: at if (at := world.at(pull.head.ref)) != pull.head.sha else None,
        60,
        "the head is the old one",
    )
    parents = [one["sha"] for one in world.me.get(f"git/commits/{moved}").must()["parents"]]
    expect(parents == [pull.head.sha, base], f"its parents are {parents}")


@assume(
    source=REST + "#update-a-pull-request-branch", by=UPDATES, otherwise="none: it would make an empty merge"
)
def update_branch_of_a_current_one_is_422(world: Scratch) -> None:
    """`update-branch` of a pull request that lacks nothing answers 422."""
    pull = world.pull()
    refused = world.me.put(f"pulls/{pull.number}/update-branch", {"expected_head_sha": pull.head.sha})
    expect(refused.status == 422, f"answered {refused}")


@assume(
    source=REST + "#update-a-pull-request-branch", by=UPDATES, otherwise="conflict markers could be committed"
)
def update_branch_refuses_a_conflict(world: Scratch) -> None:
    """`update-branch` of a pull request that conflicts answers 422 and moves nothing."""
    pull = conflicting(world)
    refused = world.me.put(f"pulls/{pull.number}/update-branch", {"expected_head_sha": pull.head.sha})
    expect(refused.status == 422 and world.at(pull.head.ref) == pull.head.sha, f"answered {refused}")


@assume(
    source=REST + "#create-a-pull-request", by=("jobs.publish_work",), otherwise="long titles are refused"
)
def title_of_256_characters_is_taken(world: Scratch) -> None:
    """A pull request's title may have 250 characters; one of 257 is refused with 422."""
    base = world.branch("base")
    head = world.branch("head", start=base.sha, files={FILE: "1\n"})
    body = {"head": head.name, "base": base.name}
    refused = world.me.post("pulls", {**body, "title": "x" * 257})
    made = world.me.post("pulls", {**body, "title": "x" * 250})
    if made.status == 201:
        world.close_later(made.body["number"])
    expect((refused.status, made.status) == (422, 201), f"257 answered {refused}, 250 {made}")


@assume(
    source="rest/pulls/pulls#update-a-pull-request",
    by=("github.effects",),
    otherwise="a pull request that was closed by mistake is opened again without its branch",
)
def reopening_without_the_branch_is_422(world: Scratch) -> None:
    """A closed pull request is opened again at its branch's present commit; without the branch that is
    refused with 422."""
    pull = world.pull()
    world.me.patch(f"pulls/{pull.number}", {"state": "closed"}).must()
    head = world.push(pull.head)
    found = world.me.patch(f"pulls/{pull.number}", {"state": "open"}).must()
    expect((found["state"], found["head"]["sha"]) == ("open", head.sha), f"it is {found['state']}")
    world.me.patch(f"pulls/{pull.number}", {"state": "closed"}).must()
    world.me.delete(f"git/{pull.head.ref}").must(204)
    refused = world.me.patch(f"pulls/{pull.number}", {"state": "open"})
    expect(refused.status == 422, f"answered {refused}")


REVERT = (
    "mutation($undo: RevertPullRequestInput!) { revertPullRequest(input: $undo) "
    "{ revertPullRequest { number body headRefName baseRefName } } }"
)


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/"
        "reverting-a-pull-request"
    ),
    by=("github.effects",),
    otherwise="a merged bead cannot be undone by a pull request",
    needs=(Need.APP,),
)
def revert_is_a_pull_request_of_ones_own(world: Scratch) -> None:
    """`revertPullRequest` opens a pull request with our title and body from a new branch `revert-N-HEAD` to
    the same base; its commit takes back what the merge brought. One that is not merged is refused."""
    pull = world.pull()
    given: dict[str, Json] = {"pullRequestId": pull.node, "title": "Undo", "body": "<!-- ours -->"}
    expect(bool(world.app.ask(REVERT, undo=given).errors), "what is open was reverted")
    world.mergeable(pull)
    world.me.put(f"pulls/{pull.number}/merge", {"sha": pull.head.sha}).must(200)
    made = world.app.ask(REVERT, undo=given).must()["revertPullRequest"]["revertPullRequest"]
    world.close_later(made["number"])
    world.later(lambda: world.me.delete(f"git/refs/heads/{made['headRefName']}"))
    expected = (f"revert-{pull.number}-{pull.head.name}", pull.base.name, "<!-- ours -->")
    found = (made["headRefName"], made["baseRefName"], made["body"])
    expect(found == expected, f"it is {found}")
    files = world.me.get(f"pulls/{made['number']}/files").must()
    changes = [(one["filename"], one["status"]) for one in files]
    expect(changes == [(FILE, "removed")], f"it changes {changes}")
