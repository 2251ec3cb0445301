"""Actions: what a dispatch answers, what a run is called, what its jobs may do, and what its checks prove.

One workflow file, `jobs.yml` beside this, is put on the default branch and taken away afterwards. One run of
it, `all_jobs`, answers most questions: a job that ends with success has seen what it was to see.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Broken, Need, Untold, assume, expect
from bot.github.assumptions.rules import merges, required
from bot.github.assumptions.scratch import PREFIX, Branch, Scratch

DISPATCH = "rest/actions/workflows#create-a-workflow-dispatch-event"
SYNTAX = "actions/reference/workflows-and-actions/workflow-syntax"
TOKEN = "actions/concepts/security/github_token"
OIDC = "actions/reference/security/oidc"
ARTIFACTS = "rest/actions/artifacts"
DISPATCHES = ("github.effects", "coordinator.claims")
RUNS = ("github.runs", "coordinator.cleanup")
FENCE = ("jobs.inputs", "jobs.prepare", "github.broker")
ACTIONS = (Need.ACTIONS,)
NAME = f"{PREFIX}jobs.yml"
FILE = f".github/workflows/{NAME}"
QUIET = f"{PREFIX}quiet"
MINUTES = 10
WORKFLOW = Path(__file__).with_name("jobs.yml").read_text(encoding="utf-8")


def workflow(world: Scratch) -> str:
    """The path of our workflow in the API, once GitHub knows the file."""

    def make() -> str:
        content = base64.b64encode(WORKFLOW.encode()).decode()
        there = world.me.get(f"contents/{FILE}")
        body = {"message": "Probe", "content": content} | (
            {"sha": there.body["sha"]} if there.status == 200 else {}
        )
        made = world.me.put(f"contents/{FILE}", body)
        if made.status in (403, 404):
            raise Untold(f"this token may not write workflow files: {made}")
        sha = made.must()["content"]["sha"]
        world.later(lambda: world.me.delete(f"contents/{FILE}", {"message": "Probe is over", "sha": sha}))
        path = f"actions/workflows/{NAME}"
        world.until(
            lambda: True if world.me.get(path).status == 200 else None, 60, "the workflow is not known"
        )
        return path

    return world.once("workflow", make)


def start(world: Scratch, case: str, *, token: str | None = None) -> int:
    """Start a run; gives its id."""
    inputs = {"case": case, "token": token or world.tag}
    body = {"ref": world.default_branch, "inputs": inputs, "return_run_details": True}
    path = f"{workflow(world)}/dispatches"
    answer = world.until(lambda: one if (one := world.me.post(path, body)).status != 404 else None, 30, "404")
    return int(answer.must(200)["workflow_run_id"])


def ended(world: Scratch, run: int) -> Json:
    """A run that is over. Raises Untold when no runner takes it."""

    def look() -> Json | None:
        found = world.me.get(f"actions/runs/{run}").must()
        return found if found["status"] == "completed" else None

    try:
        return world.until(look, MINUTES * 60, "it is not over")
    except Broken as waited:
        raise Untold(f"run {run}: {waited}; does any runner take jobs here?") from waited


def all_jobs(world: Scratch) -> tuple[int, dict[str, Json]]:
    """The run in which each job tries something, and its jobs by name."""

    def make() -> tuple[int, dict[str, Json]]:
        run = start(world, "all")
        world.later(lambda: world.me.delete(f"git/refs/heads/{QUIET}-{run}"))
        world.later(lambda: world.me.delete(f"labels/{PREFIX}{run}names-one"))
        ended(world, run)
        return run, {one["name"]: one for one in world.me.get(f"actions/runs/{run}/jobs").must()["jobs"]}

    return world.once("all-jobs", make)


def job_saw_it(world: Scratch, name: str) -> None:
    """A job that ended with success has seen what it was to see."""
    run, jobs = all_jobs(world)
    expect(
        jobs[name]["conclusion"] == "success",
        f"job {name} of run {run} ended with {jobs[name]['conclusion']}",
    )


@assume(source=DISPATCH, by=DISPATCHES, otherwise="none: runs are found by their names", needs=ACTIONS)
def dispatch_says_which_run(world: Scratch) -> None:
    """A dispatch with `return_run_details` answers 200 and names the run; without, 204."""
    body = {"ref": world.default_branch, "inputs": {"case": "none", "token": world.tag}}
    path = f"{workflow(world)}/dispatches"
    told = world.me.post(path, {**body, "return_run_details": True})
    expect(told.status == 200 and "workflow_run_id" in told.body, f"with the flag it answered {told}")
    plain = world.me.post(path, body)
    expect(plain.status == 204, f"without it answered {plain}")


@assume(
    source=DISPATCH, by=DISPATCHES, otherwise="a dispatch that lacks something starts a run", needs=ACTIONS
)
def dispatch_needs_its_inputs(world: Scratch) -> None:
    """A dispatch that lacks a required input, or has one that is not declared, is refused with 422."""
    path = f"{workflow(world)}/dispatches"
    for inputs in ({"case": "none"}, {"case": "none", "token": "x", "more": "y"}):
        refused = world.me.post(path, {"ref": world.default_branch, "inputs": inputs})
        expect(refused.status == 422, f"{inputs} answered {refused}")


@assume(
    source=DISPATCH,
    by=("github.effects", "github.runs"),
    otherwise="a repository without our workflow looks like a failure",
)
def workflow_that_is_not_there_is_404(world: Scratch) -> None:
    """A workflow file that is not there: its dispatch and its runs answer 404."""
    path = f"actions/workflows/{world.name('none')}.yml"
    answers = [
        world.me.post(f"{path}/dispatches", {"ref": world.default_branch}),
        world.me.get(f"{path}/runs"),
    ]
    expect([one.status for one in answers] == [404, 404], " and ".join(map(str, answers)))


@assume(
    source="rest/actions/workflows#disable-a-workflow",
    by=("github.observe", "github.effects"),
    otherwise="disabling the workflow is no pause",
    needs=ACTIONS,
)
def disabled_workflow_starts_nothing(world: Scratch) -> None:
    """A workflow that was disabled says so, and refuses a dispatch with 403, 409 or 422."""
    path = workflow(world)
    world.me.put(f"{path}/disable").must(204)
    try:
        state = world.me.get(path).must()["state"]
        body = {"ref": world.default_branch, "inputs": {"case": "none", "token": world.tag}}
        refused = world.me.post(f"{path}/dispatches", body)
    finally:
        world.me.put(f"{path}/enable")
    expect(state == "disabled_manually", f"it is {state}")
    expect(refused.status in (403, 409, 422), f"answered {refused}")
    expect(world.me.get(path).must()["state"] == "active", "enabling did not make it active")


@assume(source=SYNTAX + "#run-name", by=RUNS, otherwise="which run is whose cannot be told", needs=ACTIONS)
def run_is_called_by_its_inputs(world: Scratch) -> None:
    """`run-name` may hold inputs; it comes back as the run's `display_title`, with event, path and branch."""
    run = world.me.get(f"actions/runs/{start(world, 'none', token='a1b2c3')}").must()
    found = (
        run["display_title"],
        run["event"],
        run["path"].partition("@")[0],
        run["head_branch"],
        run["run_attempt"],
    )
    wanted = ("probe none a1b2c3", "workflow_dispatch", FILE, world.default_branch, 1)
    expect(found == wanted, f"it is {found}")


@assume(
    source="rest/actions/workflow-runs#list-workflow-runs-for-a-workflow",
    by=RUNS,
    otherwise="a healthy run is taken for a lost one",
    needs=ACTIONS,
)
def runs_are_listed_newest_first(world: Scratch) -> None:
    """A workflow's runs are listed the newest first, filtered by event, soon after their dispatch."""
    first, second = start(world, "none"), start(world, "none")
    path = f"{workflow(world)}/runs"

    def look() -> list[int] | None:
        listed = world.me.get(path, event="workflow_dispatch", per_page=50).must()["workflow_runs"]
        found = [one["id"] for one in listed if one["id"] in (first, second)]
        return found if len(found) == 2 else None

    found = world.until(look, 60, "the runs are not listed")
    expect(found == [second, first], f"they are listed as {found}, started as {[first, second]}")


@assume(
    source=SYNTAX + "#jobsjob_idneeds",
    by=("github.pulls", "guards.required_checks"),
    otherwise="none: nothing is skipped then",
    needs=ACTIONS,
)
def job_whose_needs_failed_is_skipped(world: Scratch) -> None:
    """A job whose `needs` failed ends as skipped, in the check suite of the job that failed."""
    run, jobs = all_jobs(world)
    found = (jobs["fails"]["conclusion"], jobs["after-failed"]["conclusion"])
    expect(found == ("failure", "skipped"), f"they ended as {found}")
    names = {
        one["name"]: one["conclusion"]
        for one in world.me.get(f"check-suites/{_suite(world, run)}/check-runs").must()["check_runs"]
    }
    expect((names.get("fails"), names.get("after-failed")) == found, f"the suite's checks are {names}")


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/"
        "collaborating-on-repositories-with-code-quality-features/"
        "troubleshooting-required-status-checks"
    ),
    by=("github.pulls", "guards.required_checks"),
    otherwise="the guard against skipped siblings is not needed",
    needs=(Need.ADMIN, *ACTIONS),
)
def required_check_is_satisfied_by_a_skipped_sibling(world: Scratch) -> None:
    """A required job that was skipped because the job it needs failed lets GitHub merge."""
    workflow(world)
    base = world.branch("base", start=_default(world))
    head = world.branch("needs", start=base.sha, files={"work.txt": "1\n"})
    pull = world.pull(base=base, head=head)

    def look() -> Json | None:
        checks = {
            one["name"]: one for one in world.me.get(f"commits/{head.sha}/check-runs").must()["check_runs"]
        }
        both = [checks.get(name) for name in ("fails", "after-failed")]
        return both if all(one and one["status"] == "completed" for one in both) else None

    try:
        failed, skipped = world.until(look, MINUTES * 60, "its checks are not there")
    except Broken as waited:
        raise Untold(f"{waited}; does any runner take jobs here?") from waited
    expect((failed["conclusion"], skipped["conclusion"]) == ("failure", "skipped"), f"{failed}, {skipped}")
    world.protect(base, required("after-failed"))
    merges(world, pull)


@assume(
    source=SYNTAX + "#permissions",
    by=("jobs.bootstrap", "github.broker"),
    otherwise="the agent's job could write",
    needs=ACTIONS,
)
def permissions_that_name_one_leave_the_rest_none(world: Scratch) -> None:
    """A job with `permissions: {issues: write}` writes issues, and is refused contents with 403."""
    job_saw_it(world, "names-one")


@assume(
    source=SYNTAX + "#permissions",
    by=("jobs.bootstrap", "jobs.broker"),
    otherwise="the agent's job could write, or prove who it is",
    needs=ACTIONS,
)
def empty_permissions_write_nothing(world: Scratch) -> None:
    """A job with `permissions: {}` writes nothing and gets no identity."""
    job_saw_it(world, "names-none")


@assume(
    source=OIDC,
    by=("github.oidc", "github.broker", "jobs.broker"),
    otherwise="the broker cannot tell publish from anybody else",
    needs=ACTIONS,
)
def identity_says_which_job_asks(world: Scratch) -> None:
    """With `id-token: write` a job gets a signed identity for its audience, that names repository, run,
    attempt, workflow and check run."""
    job_saw_it(world, "identity")


@assume(
    source=TOKEN + "#when-github_token-triggers-workflow-runs",
    by=("github.broker", "jobs.publish"),
    otherwise="none: publish could use the job's own token",
    needs=ACTIONS,
)
def job_token_starts_no_runs(world: Scratch) -> None:
    """What a job pushes with its own token starts no workflow."""
    job_saw_it(world, "pushes")
    run, _ = all_jobs(world)
    expect(world.at(f"refs/heads/{QUIET}-{run}") is not None, "the branch is not there")
    found = world.me.get("actions/runs", branch=f"{QUIET}-{run}").must()["total_count"]
    expect(found == 0, f"it started {found} runs")


@assume(
    source=TOKEN + "#when-github_token-triggers-workflow-runs",
    by=("github.broker", "jobs.publish"),
    otherwise="a bead's pull request waits for a person to start its CI",
    needs=(Need.APP, *ACTIONS),
)
def app_token_starts_runs(world: Scratch) -> None:
    """What an App's token pushes starts workflows."""
    workflow(world)
    name = f"{QUIET}-{world.name('app')}"
    world.later(lambda: world.me.delete(f"git/refs/heads/{name}"))
    world.app.post("git/refs", {"ref": f"refs/heads/{name}", "sha": _default(world)}).must(201)

    def look() -> int | None:
        return int(world.me.get("actions/runs", branch=name).must()["total_count"]) or None

    world.until(look, 60, "it started no run")


@assume(
    source=SYNTAX + "#concurrency",
    by=("coordinator.claims",),
    otherwise="two runs of one bead could run at once; the claim still fences them",
    needs=ACTIONS,
)
def group_keeps_one_waiting(world: Scratch) -> None:
    """In a concurrency group one runs and one waits; a newcomer cancels the one that waits."""
    runs = [start(world, "queue") for _ in range(3)]
    try:

        def look() -> bool | None:
            return (
                True if world.me.get(f"actions/runs/{runs[1]}").must()["conclusion"] == "cancelled" else None
            )

        world.until(look, 60, "the one that waited is not cancelled")
        others = [world.me.get(f"actions/runs/{one}").must()["conclusion"] for one in (runs[0], runs[2])]
        expect(others == [None, None], f"the others ended as {others}")
    finally:
        for run in (runs[2], runs[0]):
            world.me.post(f"actions/runs/{run}/cancel")


@assume(
    source="rest/actions/workflow-runs#re-run-a-workflow",
    by=FENCE,
    otherwise="a run that was started again cannot be told",
    needs=ACTIONS,
)
def rerun_keeps_its_id_and_counts_its_attempt(world: Scratch) -> None:
    """A run that is started again keeps its id and title; its attempt is 2."""
    run = start(world, "small")
    first = ended(world, run)
    world.me.post(f"actions/runs/{run}/rerun").must(201)
    world.until(
        lambda: True if world.me.get(f"actions/runs/{run}").must()["run_attempt"] == 2 else None,
        60,
        "attempt is 1",
    )
    again = ended(world, run)
    expect(again["display_title"] == first["display_title"], f"it is called {again['display_title']}")


@assume(
    source="graphql/reference/commits",
    by=("github.pulls",),
    otherwise="our own runs on the base branch look like its CI",
    needs=ACTIONS,
)
def check_names_its_workflow_file(world: Scratch) -> None:
    """A job's check leads to its workflow, whose `resourcePath` ends in the file's name."""
    run, jobs = all_jobs(world)
    sha = world.me.get(f"actions/runs/{run}").must()["head_sha"]
    fields = (
        f'object(oid: "{sha}") {{ ... on Commit {{ checkSuites(first: 50) {{ nodes {{ '
        "workflowRun { databaseId workflow { resourcePath } } } } } }"
    )
    suites = [
        one["workflowRun"]
        for one in world.ask(fields)["object"]["checkSuites"]["nodes"]
        if one["workflowRun"]
    ]
    found = [one["workflow"]["resourcePath"] for one in suites if one["databaseId"] == run]
    expect(len(found) == 1 and found[0].endswith(f"/{NAME}"), f"its path is {found}; it had {len(jobs)} jobs")


@assume(
    source=ARTIFACTS,
    by=("github.runs",),
    otherwise="a report that is on its way is taken for none",
    needs=ACTIONS,
)
def artifact_is_listed_soon_after_the_end(world: Scratch) -> None:
    """A finished run's artifact is listed within 10 seconds, with its name and size."""
    run, _ = all_jobs(world)

    def look() -> Json | None:
        found = world.me.get(f"actions/runs/{run}/artifacts", per_page=100).must()["artifacts"]
        return found or None

    (found,) = world.until(look, 10, "no artifact is listed")
    told = (found["name"], found["expired"], found["size_in_bytes"] > 0)
    expect(told == ("beadwright", False, True), f"it is {told}")


@assume(
    source=ARTIFACTS + "#download-an-artifact",
    by=("github.runs",),
    otherwise="reports cannot be read",
    needs=ACTIONS,
)
def artifact_is_a_zip_behind_a_redirect(world: Scratch) -> None:
    """An artifact's zip is behind a redirect (302) to an address that needs no token."""
    run, _ = all_jobs(world)
    (found,) = world.me.get(f"actions/runs/{run}/artifacts").must()["artifacts"]
    answer = world.me.call("GET", f"actions/artifacts/{found['id']}/zip")
    expect(answer.status == 302, f"answered {answer}")
    content = world.nobody.download(answer.headers["location"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        expect(archive.read("report.json") == b'{"n": 1}', f"it holds {archive.namelist()}")


@assume(
    source="https://github.com/actions/upload-artifact#not-uploading-to-the-same-artifact",
    by=("github.runs",),
    otherwise="a forged second artifact could replace the report",
    needs=ACTIONS,
)
def artifact_name_is_taken_once_a_run(world: Scratch) -> None:
    """A second artifact of the same name in a run is refused."""
    job_saw_it(world, "uploads")


def _suite(world: Scratch, run: int) -> int:
    return int(world.me.get(f"actions/runs/{run}").must()["check_suite_id"])


def _default(world: Scratch) -> str:
    """The default branch's commit, which holds our workflow."""
    at = world.at(Branch(world.default_branch, "").ref)
    if at is None:
        raise Untold(f"{world.default_branch} is gone")
    return at
