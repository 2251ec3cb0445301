"""Actions over HTTP: workflows, dispatches, runs, jobs, artifacts, variables; nothing is executed here."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.local.forge import actions, oidc, results, workflow_files, world
from bot.local.forge.auth import issue_token
from bot.local.forge.records import Account, Job, Repository, Run, Token
from bot.local.forge.serve import ThreadedForge, in_thread
from bot.local.forge.state import Signal, State

DISPATCHED = """
name: Work
run-name: bead ${{ inputs.bead }} by ${{ github.actor }}
on:
  workflow_dispatch:
    inputs:
      bead: {type: string, required: true}
      role: {type: choice, options: [worker, reviewer], default: worker}
      dry: {type: boolean}
concurrency: bead-${{ inputs.bead }}
jobs:
  agent: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
"""
PUSHED = """
name: CI
on:
  push: {branches: [main], paths: ["src/**"]}
  pull_request: {types: [opened]}
jobs:
  test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
"""
ODD = """
on: {push: {branches: [odd], schedule: x}}
jobs:
  test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
"""


@dataclass(frozen=True, slots=True)
class Forge:
    """A served forge with octo/sample and a client for each caller."""

    thread: ThreadedForge
    client: httpx.Client
    tokens: dict[str, str]

    def call(self, method: str, path: str, who: str = "octo", **body: Any) -> httpx.Response:
        """A request below the repository."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.client.request(method, path, headers=headers, json=body or None)

    def dispatch(self, **body: Any) -> httpx.Response:
        """A dispatch of work.yml."""
        return self.call("POST", "/actions/workflows/work.yml/dispatches", **{"ref": "main", **body})

    def dispatched(self, bead: str = "1") -> int:
        """The id of a new run."""
        answer = self.dispatch(inputs={"bead": bead}, return_run_details=True)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["workflow_run_id"])

    def on(self, work: Callable[[State], Any]) -> Any:
        """Do something to the state."""
        return self.thread.on(work)


@pytest.fixture
def forge(tmp_path: Path, exchange_log: Path) -> Iterator[Forge]:
    with in_thread(tmp_path / "forge", record=exchange_log) as thread:

        def set_up(state: State) -> dict[str, str]:
            octo, octo_token = world.create_user(state, "octo")
            _, reader_token = world.create_user(state, "reader")
            files: dict[str, str | bytes] = {
                "README.md": "# Sample\n",
                ".github/workflows/work.yml": DISPATCHED,
                ".github/workflows/ci.yml": PUSHED,
                ".github/workflows/odd.yml": ODD,
            }
            world.create_repository(state, octo, "sample", files=files)
            return {"octo": octo_token, "reader": reader_token}

        tokens = thread.on(set_up)
        base = f"{thread.base_url}/api/v3/repos/octo/sample"
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
            yield Forge(thread, client, tokens)


def repository_of(state: State) -> Repository:
    return next(state.all(Repository))


def start_job(state: State, run_id: int, permissions: dict[str, str] | None = None) -> Job:
    """A job under way, as the runner starts one."""
    run = state.get(Run, run_id)
    actions.begin_run(state, run)
    job = actions.open_job(state, run, "agent", "agent", permissions or {})
    actions.begin_job(state, job)
    return job


# -- workflows and dispatches -----------------------------------------------------------------------------
def test_workflows_are_the_files_of_the_default_branch(forge: Forge) -> None:
    answer = forge.call("GET", "/actions/workflows").json()
    assert [(one["name"], one["path"]) for one in answer["workflows"]] == [
        ("CI", ".github/workflows/ci.yml"),
        (".github/workflows/odd.yml", ".github/workflows/odd.yml"),
        ("Work", ".github/workflows/work.yml"),
    ]
    by_id = forge.call("GET", f"/actions/workflows/{answer['workflows'][2]['id']}").json()
    assert by_id == forge.call("GET", "/actions/workflows/work.yml").json()
    assert forge.call("GET", "/actions/workflows/none.yml").status_code == 404


def test_a_dispatch_answers_204_or_with_its_run_when_asked(forge: Forge) -> None:
    assert forge.dispatch(inputs={"bead": "1"}).status_code == 204
    answer = forge.dispatch(inputs={"bead": "2", "dry": True}, return_run_details=True)
    assert answer.status_code == 200
    run = forge.client.get(answer.json()["run_url"]).json()
    assert run["id"] == answer.json()["workflow_run_id"]
    assert (run["display_title"], run["event"], run["status"]) == (
        "bead 2 by octo",
        "workflow_dispatch",
        "queued",
    )
    assert (run["run_number"], run["run_attempt"], run["head_branch"]) == (2, 1, "main")
    kept = forge.on(lambda state: state.get(Run, run["id"]))
    assert kept.inputs == {"bead": "2", "role": "worker", "dry": "true"}
    assert kept.concurrency == "bead-2"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": {"bead": "1", "x": "y"}}, 'Unexpected inputs provided: ["x"]'),
        ({"inputs": {}}, "Required input 'bead' not provided"),
        ({"inputs": {"bead": "1", "role": "boss"}}, "Provided value 'boss' for input 'role' not in the list"),
        ({"inputs": {"bead": "1", "dry": "maybe"}}, "Provided value 'maybe' for input 'dry'"),
        ({"inputs": {"bead": "x" * 65_536}}, "inputs are too large."),
        ({"inputs": {f"i{n}": "" for n in range(26)}}, "up to 25 `inputs`"),
        ({"inputs": {"bead": ["1"]}}, "For 'inputs.bead'"),
        ({"inputs": {"bead": "1"}, "ref": "none"}, "No ref found for: none"),
        ({"inputs": {"bead": "1"}, "return_run_details": "yes"}, "return_run_details"),
        ({"inputs": {"bead": "1"}, "other": 1}, '"other" is not a permitted key.'),
    ],
)
def test_a_dispatch_that_is_wrong_starts_nothing(forge: Forge, body: dict[str, Any], message: str) -> None:
    answer = forge.dispatch(**body)
    assert answer.status_code == 422
    assert message in answer.json()["message"]
    assert forge.call("GET", "/actions/runs").json()["total_count"] == 0


def test_only_a_workflow_that_is_enabled_and_listens_can_be_dispatched(forge: Forge) -> None:
    answer = forge.call("POST", "/actions/workflows/ci.yml/dispatches", ref="main")
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "Workflow does not have 'workflow_dispatch' trigger",
    )
    assert forge.call("PUT", "/actions/workflows/work.yml/disable").status_code == 204
    assert forge.call("GET", "/actions/workflows/work.yml").json()["state"] == "disabled_manually"
    assert "disabled workflow" in forge.dispatch(inputs={"bead": "1"}).json()["message"]
    assert forge.call("PUT", "/actions/workflows/work.yml/enable").status_code == 204
    assert forge.dispatch(inputs={"bead": "1"}).status_code == 204


def test_who_may_only_read_dispatches_cancels_and_sees_no_variable(forge: Forge) -> None:
    run = forge.dispatched()
    body = {"ref": "main", "inputs": {"bead": "1"}}
    path = "/actions/workflows/work.yml/dispatches"
    assert forge.call("POST", path, who="reader", **body).status_code == 403
    assert forge.call("POST", f"/actions/runs/{run}/cancel", who="reader").status_code == 403
    assert forge.call("GET", "/actions/variables", who="reader").status_code == 403
    assert forge.call("GET", f"/actions/runs/{run}", who="reader").status_code == 200


# -- events -----------------------------------------------------------------------------------------------
def push(state: State, sender: Account, ref: str = "refs/heads/main") -> None:
    """What git tells after a push of the commit that is there."""
    repository = repository_of(state)
    sha = workflow_files.resolve(state, repository, "refs/heads/main")
    extra = {"ref": ref, "before": "0" * 40, "after": sha, "forced": False, "created": True, "deleted": False}
    state.signal(Signal("push", None, repository.id, sender.id, {}, extra))


def test_a_filter_that_is_not_implemented_makes_a_failed_run_that_names_it(forge: Forge) -> None:
    def odd(state: State) -> None:
        push(state, state.get(Account, repository_of(state).owner_id), "refs/heads/odd")

    forge.on(odd)
    (run,) = forge.call("GET", "/actions/runs?event=push").json()["workflow_runs"]
    assert (run["path"], run["conclusion"]) == (".github/workflows/odd.yml", "failure")
    (job,) = forge.call("GET", f"/actions/runs/{run['id']}/jobs").json()["jobs"]
    location = forge.call("GET", f"/actions/jobs/{job['id']}/logs").headers["location"]
    assert "on.push.schedule is not implemented" in httpx.get(location, trust_env=False).text


def test_what_a_job_token_did_starts_no_run(forge: Forge) -> None:
    def odd(state: State) -> None:
        push(state, state.get(Account, actions.actions_app(state).bot_id), "refs/heads/odd")

    forge.on(odd)
    assert forge.call("GET", "/actions/runs").json()["total_count"] == 0


# -- runs -------------------------------------------------------------------------------------------------
def test_runs_are_listed_newest_first_and_filtered(forge: Forge) -> None:
    first, second = forge.dispatched("1"), forge.dispatched("2")
    assert forge.call("POST", f"/actions/runs/{first}/cancel").status_code == 202

    def ids(query: str) -> list[int]:
        answer = forge.call("GET", f"/actions/runs?{query}")
        assert answer.status_code == 200, answer.text
        return [run["id"] for run in answer.json()["workflow_runs"]]

    assert ids("") == [second, first]
    assert ids("status=cancelled") == ids("status=completed") == [first]
    assert ids("status=queued&actor=Octo&branch=main&event=workflow_dispatch") == [second]
    assert ids("event=push") == ids("branch=other") == ids("actor=reader") == ids("created=<2020-01-01") == []
    assert ids("created=2020-01-01..*") == [second, first]
    sha = forge.call("GET", f"/actions/runs/{first}").json()["head_sha"]
    assert ids(f"head_sha={sha}&per_page=1&page=2") == [first]
    assert forge.call("GET", "/actions/runs?colour=red").status_code == 501
    by_file = forge.call("GET", "/actions/workflows/work.yml/runs").json()
    assert [run["id"] for run in by_file["workflow_runs"]] == [second, first]


def test_a_run_is_over_before_it_is_run_again_or_deleted(forge: Forge) -> None:
    run = forge.dispatched()
    assert forge.call("POST", f"/actions/runs/{run}/rerun").status_code == 403
    assert forge.call("DELETE", f"/actions/runs/{run}").status_code == 403
    assert forge.call("POST", f"/actions/runs/{run}/cancel").status_code == 202
    assert forge.call("POST", f"/actions/runs/{run}/cancel").status_code == 409
    assert forge.call("POST", f"/actions/runs/{run}/rerun").status_code == 201
    again = forge.call("GET", f"/actions/runs/{run}").json()
    assert (again["run_attempt"], again["status"], again["conclusion"]) == (2, "queued", None)
    forge.call("POST", f"/actions/runs/{run}/cancel")
    assert forge.call("DELETE", f"/actions/runs/{run}").status_code == 204
    assert forge.call("GET", f"/actions/runs/{run}").status_code == 404


def test_one_job_runs_again_and_the_others_stay_as_they_were(forge: Forge) -> None:
    run = forge.dispatched()

    def fail(state: State) -> tuple[int, int]:
        record = state.get(Run, run)
        actions.begin_run(state, record)
        jobs = [actions.open_job(state, record, key, key, {}) for key in ("agent", "other")]
        for job, end in zip(jobs, ("failure", "success"), strict=True):
            actions.begin_job(state, job)
            actions.finish_job(state, job, end)
        actions.finish_run(state, record, "failure")
        return jobs[0].id, jobs[1].id

    first, other = forge.on(fail)
    assert forge.call("POST", f"/actions/jobs/{first}/rerun").status_code == 201
    assert forge.call("POST", f"/actions/jobs/{first}/rerun").status_code == 403

    def again(state: State) -> int:
        record = state.get(Run, run)
        assert record.attempt == 2
        actions.begin_run(state, record)
        return actions.open_job(state, record, "agent", "agent", {}).id

    second = forge.on(again)
    listed = forge.call("GET", f"/actions/runs/{run}/jobs").json()["jobs"]
    assert [job["id"] for job in listed] == [other, second]
    before = forge.call("GET", f"/actions/runs/{run}/attempts/1/jobs").json()["jobs"]
    assert [job["id"] for job in before] == [first, other]


def test_a_job_has_a_check_run_of_actions_on_the_head_and_a_log(forge: Forge) -> None:
    run = forge.dispatched()

    def work(state: State) -> tuple[int, str, str | None, int]:
        job = start_job(state, run)
        actions.log_of(state, job).append_line("hello")
        actions.finish_job(state, job, "success")
        actions.finish_run(state, state.get(Run, run), "success")
        check = actions.check_run_of(state, job)
        return job.id, check.head_sha, check.conclusion, check.app_id

    job_id, head_sha, conclusion, app_id = forge.on(work)
    shown = forge.call("GET", f"/actions/runs/{run}").json()
    assert (head_sha, conclusion) == (shown["head_sha"], "success")
    assert app_id == forge.on(actions.actions_app).id
    (job,) = forge.call("GET", f"/actions/runs/{run}/jobs").json()["jobs"]
    assert (job["id"], job["status"], job["conclusion"]) == (job_id, "completed", "success")
    assert forge.call("GET", f"/actions/jobs/{job_id}").json() == job
    assert forge.call("GET", f"/actions/runs/{run}/attempts/1/jobs").json()["jobs"] == [job]
    zipped = httpx.get(forge.call("GET", f"/actions/runs/{run}/logs").headers["location"], trust_env=False)
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.read("0_agent.txt").decode().endswith("Z hello\n")


# -- artifacts --------------------------------------------------------------------------------------------
def test_an_artifact_appears_when_it_is_finalized_with_its_size_and_hash(forge: Forge) -> None:
    run = forge.dispatched()

    def begin(state: State) -> tuple[int, str]:
        job = start_job(state, run)
        return job.id, results.issue_runtime_token(state, job, timedelta(minutes=5))

    job_id, token = forge.on(begin)
    base = forge.thread.base_url
    with httpx.Client(trust_env=False) as job:

        def call(method: str, token: str = token, **fields: Any) -> httpx.Response:
            ids = {"workflow_run_backend_id": str(run), "workflow_job_run_backend_id": str(job_id)}
            url = f"{base}/twirp/github.actions.results.api.v1.ArtifactService/{method}"
            return job.post(url, json={**ids, **fields}, headers={"Authorization": f"Bearer {token}"})

        assert call("CreateArtifact", token="wrong", name="a", version=4).status_code == 401
        assert call("CreateArtifact", name="../a", version=4).status_code == 400
        assert call("CreateArtifact", name="a", version=4, workflow_run_backend_id="1").status_code == 403
        url = call("CreateArtifact", name="a", version=4).json()["signed_upload_url"]
        content = b"first block, second block"
        assert job.put(url.replace("sig=", "sig=0"), content=content).status_code == 403
        assert job.get(url).status_code == 403
        assert job.put(f"{url}&comp=block&blockid=Mg", content=content[12:]).status_code == 201
        assert job.put(f"{url}&comp=block&blockid=MQ", content=content[:12]).status_code == 201
        listing = b"<BlockList><Latest>MQ</Latest><Latest>Mg</Latest></BlockList>"
        assert job.put(f"{url}&comp=blocklist", content=listing).status_code == 201
        assert call("FinalizeArtifact", name="a", size="1").status_code == 412
        wrong = f"sha256:{'0' * 64}"
        assert call("FinalizeArtifact", name="a", size=str(len(content)), hash=wrong).status_code == 412
        assert forge.call("GET", f"/actions/runs/{run}/artifacts").json()["total_count"] == 0

        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        done = call("FinalizeArtifact", name="a", size=str(len(content)), hash={"value": digest}).json()
        (shown,) = forge.call("GET", f"/actions/runs/{run}/artifacts?name=a").json()["artifacts"]
        assert (str(shown["id"]), shown["digest"]) == (done["artifact_id"], digest)
        assert shown["size_in_bytes"] == len(content)
        assert forge.call("GET", "/actions/artifacts?name=b").json()["artifacts"] == []
        assert call("CreateArtifact", name="a", version=4).status_code == 409
        assert job.put(url, content=b"late").status_code == 409
        signed = call("GetSignedArtifactURL", name="a").json()["signed_url"]
        assert job.get(signed).content == content
        assert job.put(signed, content=b"other").status_code == 403
        location = forge.call("GET", f"/actions/artifacts/{shown['id']}/zip").headers["location"]
        assert job.get(location).content == content
        assert forge.call("GET", f"/actions/artifacts/{shown['id']}/zip", who="").status_code == 401

        forge.on(lambda state: actions.finish_job(state, state.get(Job, job_id), "success"))
        assert call("ListArtifacts").status_code == 401
    assert forge.call("DELETE", f"/actions/artifacts/{shown['id']}").status_code == 204
    assert forge.call("GET", f"/actions/artifacts/{shown['id']}").status_code == 404


def test_a_job_token_does_what_its_permissions_say_in_its_repository(forge: Forge) -> None:
    run = forge.dispatched()

    def token(state: State) -> Token:
        bot = state.get(Account, actions.actions_app(state).bot_id)
        repositories = [repository_of(state).id]
        return issue_token(state, "job", bot, repository_ids=repositories, permissions={"actions": "read"})

    forge.tokens["job"] = forge.on(token).value
    assert forge.call("GET", f"/actions/runs/{run}", who="job").status_code == 200
    assert forge.call("POST", f"/actions/runs/{run}/cancel", who="job").status_code == 403
    assert forge.call("GET", "/actions/variables", who="job").status_code == 403


# -- identity ---------------------------------------------------------------------------------------------
def test_an_identity_is_for_a_running_job_that_may_ask_and_ends_with_it(forge: Forge) -> None:
    run, other = forge.dispatched("1"), forge.dispatched("2")

    def begin(state: State) -> tuple[int, str, str]:
        may = start_job(state, run, {"id-token": "write"})
        may_not = start_job(state, other, {"contents": "write"})
        return may.id, oidc.issue_request_token(state, may), oidc.issue_request_token(state, may_not)

    job_id, good, useless = forge.on(begin)
    url = oidc.request_url(forge.thread.base_url) + "&audience=x"

    def ask(token: str) -> int:
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False).status_code

    assert (ask(good), ask(useless), ask("x.y.z")) == (200, 401, 401)
    forge.on(lambda state: actions.finish_job(state, state.get(Job, job_id), "success"))
    assert ask(good) == 401


# -- variables --------------------------------------------------------------------------------------------
def test_variables_are_made_changed_listed_and_deleted(forge: Forge) -> None:
    assert forge.call("POST", "/actions/variables", name="mode", value="a").status_code == 201
    assert forge.call("POST", "/actions/variables", name="MODE", value="b").status_code == 409
    assert forge.call("POST", "/actions/variables", name="GITHUB_X", value="b").status_code == 422
    assert forge.call("GET", "/actions/variables/mode").json()["value"] == "a"
    assert forge.call("PATCH", "/actions/variables/MODE", name="OTHER", value="c").status_code == 204
    listed = forge.call("GET", "/actions/variables").json()
    assert [(one["name"], one["value"]) for one in listed["variables"]] == [("OTHER", "c")]
    assert forge.call("DELETE", "/actions/variables/OTHER").status_code == 204
    assert forge.call("GET", "/actions/variables/OTHER").status_code == 404
