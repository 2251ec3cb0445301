"""Check runs and statuses: whose they are, which counts, and what green means."""

from __future__ import annotations

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Scratch

REST = "rest/checks/runs"
READS = ("github.pulls", "github.documents")
POSTS = ("github.own_checks",)
APP = (Need.APP,)
CONTEXTS = (
    "__typename ... on CheckRun { databaseId name status conclusion checkSuite { id app { databaseId } } }"
    " ... on StatusContext { context state }"
)


def contexts(world: Scratch, sha: str) -> list[dict[str, Json]] | None:
    """All checks of a commit; None when there is no rollup."""
    rollup = f"statusCheckRollup {{ contexts(first: 50) {{ nodes {{ {CONTEXTS} }} }} }}"
    found = world.ask(f'object(oid: "{sha}") {{ ... on Commit {{ {rollup} }} }}')["object"][
        "statusCheckRollup"
    ]
    return None if found is None else list(found["contexts"]["nodes"])


@assume(source=REST + "#create-a-check-run", by=POSTS, otherwise="anybody who writes could post our check")
def people_cannot_post_check_runs(world: Scratch) -> None:
    """A person's token is refused a check run: 403."""
    refused = world.me.post("check-runs", {"name": world.name("check"), "head_sha": world.root})
    expect(refused.status == 403, f"answered {refused}")


@assume(
    source=REST + "#create-a-check-run",
    by=(*POSTS, *READS),
    otherwise="our own check cannot be told from another's",
    needs=APP,
)
def check_run_says_whose_it_is(world: Scratch) -> None:
    """A check run in the rollup names its App's id, its suite, status and conclusion."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    number = world.check(sha, name)
    (found,) = contexts(world, sha) or []
    told = (found["name"], found["databaseId"], found["status"], found["conclusion"])
    expect(told == (name, number, "COMPLETED", "SUCCESS"), f"it tells {told}")
    app = found["checkSuite"]["app"]["databaseId"]
    expect(app == world.app_key.id, f"it is of App {app}")


@assume(
    source=REST + "#update-a-check-run", by=POSTS, otherwise="every look would post another check", needs=APP
)
def check_run_is_updated_in_place(world: Scratch) -> None:
    """An App's check run can be changed from running to done, and to another result, by its id."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    number = world.check(sha, name, None)
    for conclusion in ("failure", "success"):
        body = {"status": "completed", "conclusion": conclusion, "output": {"title": "t", "summary": "s"}}
        world.app.patch(f"check-runs/{number}", body).must(200)
    found = [(one["databaseId"], one["conclusion"]) for one in contexts(world, sha) or []]
    expect(found == [(number, "SUCCESS")], f"the commit has {found}")


@assume(
    source="graphql/reference/checks",
    by=(*POSTS, "github.documents"),
    otherwise="our check costs a request of its own instead of one with labels and comments",
    needs=APP,
)
def check_run_is_written_by_graphql(world: Scratch) -> None:
    """An App makes and changes its check run by `createCheckRun` and `updateCheckRun`; its `externalId`
    comes back."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    home = world.ask("id")["id"]
    output = {"title": "t", "summary": "s"}
    new = {"repositoryId": home, "headSha": sha, "name": name, "status": "IN_PROGRESS", "externalId": "one"}
    made = world.app.ask(
        "mutation($i: CreateCheckRunInput!) { createCheckRun(input: $i) { checkRun { id databaseId } } }",
        i={**new, "output": output},
    ).must()["createCheckRun"]["checkRun"]
    change = {"repositoryId": home, "checkRunId": made["id"], "conclusion": "SUCCESS", "externalId": "two"}
    world.app.ask(
        "mutation($i: UpdateCheckRunInput!) { updateCheckRun(input: $i) { checkRun { id } } }",
        i={**change, "status": "COMPLETED", "output": output},
    ).must()
    found = world.app.get(f"check-runs/{made['databaseId']}").must(200)
    told = (found["name"], found["conclusion"], found["external_id"])
    expect(told == (name, "success", "two"), f"it tells {told}")


@assume(
    source=REST + "#list-check-runs-for-a-git-reference",
    by=POSTS,
    otherwise="a check of ours that was red once stays red beside the one that waits",
    needs=APP,
)
def newer_check_run_counts_beside_a_completed_one(world: Scratch) -> None:
    """Of an App's check runs of one name the newest is the commit's, also when it is not done and the other
    is."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    world.check(sha, name, "action_required")
    newer = world.check(sha, name, None)
    path = f"commits/{sha}/check-runs"
    found = [
        (one["id"], one["status"]) for one in world.app.get(path, check_name=name).must(200)["check_runs"]
    ]
    expect(found == [(newer, "in_progress")], f"the commit has {found}")


@assume(
    source=REST + "#update-a-check-run",
    by=POSTS,
    otherwise="annotations have to be sent anew with every update",
    needs=APP,
)
def annotations_are_added_to_those_there(world: Scratch) -> None:
    """Annotations that an update brings are added to those that the check run has."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    number = world.check(sha, name, None)
    for message in ("one", "two"):
        note = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "warning"}
        output = {"title": "t", "summary": "s", "annotations": [{**note, "message": message}]}
        world.app.patch(f"check-runs/{number}", {"output": output}).must(200)
    listed = world.app.get(f"check-runs/{number}/annotations").must(200)
    expect([one["message"] for one in listed] == ["one", "two"], f"it has {len(listed)}")


@assume(
    source=REST + "#list-check-runs-for-a-git-reference",
    by=POSTS,
    otherwise="a coordinator that starts anew posts a second check",
    needs=APP,
)
def check_runs_are_found_by_name_and_app(world: Scratch) -> None:
    """`GET commits/{sha}/check-runs` with `check_name` and `app_id` finds our check and no other."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    number = world.check(sha, name)
    world.check(sha, world.name("other"))
    path = f"commits/{sha}/check-runs"
    mine = world.app.get(path, check_name=name, app_id=world.app_key.id).must(200)["check_runs"]
    none = world.app.get(path, check_name=name, app_id=1).must(200)["check_runs"]
    expect(([one["id"] for one in mine], none) == ([number], []), f"it finds {len(mine)} and {len(none)}")


@assume(
    source=REST + "#create-a-check-run",
    by=READS,
    otherwise="an old failure outlives the run that mended it",
    needs=APP,
)
def newest_of_a_name_has_the_highest_id(world: Scratch) -> None:
    """A check run that is posted again under its name has a higher id than the one before."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    first, second = world.check(sha, name, "failure"), world.check(sha, name)
    expect(first < second, f"{second} came after {first}")


@assume(source="rest/commits/statuses", by=READS, otherwise="statuses of other systems are not seen")
def statuses_stand_beside_check_runs(world: Scratch) -> None:
    """A commit status is in the rollup as a StatusContext; of several of one context the newest counts."""
    sha, context = world.branch("stated", files={"a.txt": "1\n"}).sha, world.name("status")
    for state in ("pending", "failure", "success"):
        world.status(sha, context, state)
    found = contexts(world, sha)
    expect(
        found == [{"__typename": "StatusContext", "context": context, "state": "SUCCESS"}], f"it has {found}"
    )


@assume(source="graphql/reference/commits", by=READS, otherwise="no checks looks like green checks")
def commit_without_checks_has_no_rollup(world: Scratch) -> None:
    """A commit that nobody checked has no rollup at all."""
    found = contexts(world, world.branch("plain", files={"a.txt": "1\n"}).sha)
    expect(found is None, f"it has {found}")


@assume(
    source="rest/commits/statuses",
    by=("guards.single_head", "github.pulls"),
    otherwise="none: the guard against twins is not needed",
)
def status_belongs_to_the_commit(world: Scratch) -> None:
    """Two pull requests on one head share its statuses: what one earned the other has."""
    first = world.pull()
    second = world.pull(head=first.head, base=world.branch("other"))
    context = world.name("status")
    world.status(first.head.sha, context)
    for pull in (first, second):
        fields = (
            "pullRequest(number: $n) { commits(last: 1) { nodes { commit { "
            f"statusCheckRollup {{ contexts(first: 9) {{ nodes {{ {CONTEXTS} }} }} }} }} }} }} }}"
        )
        (commit,) = world.ask(fields, n=pull.number)["pullRequest"]["commits"]["nodes"]
        found = [one["context"] for one in commit["commit"]["statusCheckRollup"]["contexts"]["nodes"]]
        expect(found == [context], f"#{pull.number} has {found}")


@assume(
    source=REST + "#create-a-check-run",
    by=POSTS,
    otherwise="a long guard table is cut by GitHub, not refused",
    needs=APP,
)
def check_summary_has_a_limit(world: Scratch) -> None:
    """A check run's summary may have 65,535 characters; one more is refused with 422."""
    sha = world.branch("checked", files={"a.txt": "1\n"}).sha
    body = {"name": world.name("check"), "head_sha": sha, "status": "in_progress"}
    answers = [
        world.app.post("check-runs", {**body, "output": {"title": "t", "summary": "x" * size}})
        for size in (65_535, 65_536)
    ]
    expect([one.status for one in answers] == [201, 422], " and ".join(map(str, answers)))


@assume(
    source=REST, by=("github.broker",), otherwise="the broker cannot look at the job that asks", needs=APP
)
def check_run_is_read_by_its_id(world: Scratch) -> None:
    """`GET check-runs/{id}` tells a check's name and status; another id answers 404."""
    sha, name = world.branch("checked", files={"a.txt": "1\n"}).sha, world.name("check")
    found = world.app.get(f"check-runs/{world.check(sha, name, None)}").must(200)
    expect(
        (found["name"], found["status"]) == (name, "in_progress"),
        f"it tells {found['name']}, {found['status']}",
    )
    none = world.app.get("check-runs/1")
    expect(none.status == 404, f"an id that is not there answered {none}")


@assume(
    source="rest/checks/runs#create-a-check-run",
    by=("coordinator.actions",),
    otherwise="a check run with buttons is refused whole",
    needs=APP,
)
def check_has_three_buttons_at_most(world: Scratch) -> None:
    """A check run takes three buttons with a label of 20, a description of 40 and an identifier of 20
    characters; a fourth, or a longer label, is refused with 422."""
    branch = world.branch("buttons", files={"a.txt": "1\n"})

    def post(*actions: Json) -> int:
        body: dict[str, Json] = {
            "name": world.name("check"),
            "head_sha": branch.sha,
            "conclusion": "neutral",
            "actions": list(actions),
        }
        return world.app.post("check-runs", body).status

    button = {"label": "x" * 20, "description": "y" * 40, "identifier": "z" * 20}
    found = [post(*[button] * 3), post(*[button] * 4), post({**button, "label": "x" * 21})]
    expect(found == [201, 422, 422], f"answered {found}")


@assume(
    source="graphql/reference/commits",
    by=("github.queues", "coordinator.vouching"),
    otherwise="our check is posted again and again on other people's pull requests",
    needs=APP,
)
def own_check_is_found_on_the_last_commit_of_a_pull_request(world: Scratch) -> None:
    """`commits(last: 1)` of a pull request is its head, and `checkSuites(filterBy:)` finds the App's check of
    a name there, and none where it is not."""
    pull, name = world.pull(), world.name("check")
    suites = (
        f'checkSuites(first: 1, filterBy: {{appId: {world.app_key.id}, checkName: "{name}"}}) {{ nodes '
        f'{{ checkRuns(first: 1, filterBy: {{checkName: "{name}", checkType: LATEST}}) '
        "{ nodes { databaseId status conclusion } } } }"
    )
    fields = f"pullRequest(number: $n) {{ commits(last: 1) {{ nodes {{ commit {{ oid {suites} }} }} }} }}"

    def look() -> Json:
        return world.ask(fields, world.app, n=pull.number)["pullRequest"]["commits"]["nodes"][0]["commit"]

    expect(look() == {"oid": pull.head.sha, "checkSuites": {"nodes": []}}, f"without it there is {look()}")
    world.check(pull.head.sha, name, "failure")
    newest = world.check(pull.head.sha, name)
    runs = [run for suite in look()["checkSuites"]["nodes"] for run in suite["checkRuns"]["nodes"]]
    found = {"databaseId": newest, "status": "COMPLETED", "conclusion": "SUCCESS"}
    expect(runs == [found], f"it finds {runs}")
