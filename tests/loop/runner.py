"""A runner without `act`: the jobs' own code in this process, one run after another.

A run of beads goes through the same steps as the workflow file: check out, prepare, agent, upload; download,
token from the broker, publish. Any other workflow's run is CI and ends as it is told to.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar

import httpx

from bot.coordinator.claims import read_run_name
from bot.coordinator.job_port import JobFault
from bot.github.broker import Refused
from bot.github.errors import GitHubError
from bot.github.runner_api import RunnerApi
from bot.jobs.agent import run_agent
from bot.jobs.artifact import read_artifact
from bot.jobs.clone import Clone
from bot.jobs.git import Git, authorised
from bot.jobs.inputs import Inputs
from bot.jobs.prepare import prepare
from bot.jobs.publish import Publishing
from bot.jobs.publish_stage import publish
from bot.local.forge import actions, oidc, results
from bot.local.forge.auth import issue_token
from bot.local.forge.records import Account, Artifact, Job, Run, Workflow
from bot.local.forge.state import State
from tests.loop.world import AUDIENCE, NAME, Loop

T = TypeVar("T")
Point = Literal["prepare", "agent", "upload", "publish"]
POINTS: tuple[Point, ...] = ("prepare", "agent", "upload", "publish")
HOUR = timedelta(hours=1)


class Died(BaseException):
    """The machine that ran a job is gone: nothing after this point happened."""


@dataclass(frozen=True)
class Waiting:
    """A queued run."""

    id: int
    path: str
    title: str
    sha: str

    @property
    def is_bead(self) -> bool:
        """Whether it is one of ours."""
        return self.path.endswith("/beadwright.yml")


class QuickRunner:
    """Executes what is queued.

    Args:
        loop: the world.
        grant: the broker: identity token and claim token to a write token.
        ci: the conclusion of a CI run for a head.
        secrets: what the agent step has in its environment, as the workflow passes it on.
        reached: is told each point of a job before it is passed; raises `Died` to end the machine there.
        passed: the same after it; any other fault that it raises fails the step that did its work.
        transport: makes what carries the publish job's requests, in place of the network.
        clone: makes the publish job's repository.
    """

    def __init__(
        self,
        loop: Loop,
        grant: Callable[[str, str], str],
        *,
        ci: Callable[[str], str] = lambda _head: "success",
        secrets: Mapping[str, str] | None = None,
        reached: Callable[[Point, Waiting], None] = lambda _point, _run: None,
        passed: Callable[[Point, Waiting], None] = lambda _point, _run: None,
        transport: Callable[[], httpx.BaseTransport] = httpx.HTTPTransport,
        clone: Callable[[Path, Inputs, str], Clone] = Clone,
    ) -> None:
        self._loop = loop
        self._grant = grant
        self._ci = ci
        self._secrets = dict(secrets or {})
        self._reached = reached
        self._passed = passed
        self._transport = transport
        self._clone = clone
        self.done: list[Waiting] = []

    def waiting(self) -> list[Waiting]:
        """What is queued, oldest first."""

        def find(state: State) -> list[Waiting]:
            return [
                Waiting(
                    run.id, state.get(Workflow, run.workflow_id).path, run.display_title, run.checkout_sha
                )
                for run in state.all(Run)
                if run.status in ("queued", "pending")
            ]

        return self._loop.forge.on(find)

    def run_all(self) -> int:
        """Execute until nothing is queued; how many runs that were."""
        count = 0
        while waiting := self.waiting():
            self.execute(waiting[0])
            count += 1
        return count

    def run_several(self, machines: int, over: Callable[[], bool]) -> None:
        """Execute what gets queued, on several machines at once, until `over` is true and nothing runs."""
        taken: set[int] = set()
        busy: set[Future[None]] = set()
        with ThreadPoolExecutor(machines) as pool:
            while busy or not over():
                for run in self.waiting():
                    if run.id not in taken and len(busy) < machines:
                        taken.add(run.id)
                        busy.add(pool.submit(self.execute, run))
                done, busy = wait(busy, timeout=0.05, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
                if not busy:
                    time.sleep(0.05)

    def execute(self, run: Waiting) -> None:
        """Execute one run to its end."""
        self._on(lambda state: actions.begin_run(state, state.get(Run, run.id)))
        conclusion = self._bead(run) if run.is_bead else self._check(run)
        self._on(lambda state: actions.finish_run(state, state.get(Run, run.id), conclusion))
        self.done.append(run)

    def _check(self, run: Waiting) -> str:
        conclusion = self._ci(run.sha)
        job = self._open(run, "test", {"contents": "read"})
        self._close(job, conclusion)
        return conclusion

    def _bead(self, run: Waiting) -> str:
        wanted = self._on(lambda state: _wanted(state.get(Run, run.id)))
        steps = {"agent": self._agent, "publish": self._publish}
        for name in wanted:
            self._job(run, name, steps[name])
        ends = self._on(
            lambda state: {job.conclusion for job in actions.jobs_of(state, state.get(Run, run.id))}
        )
        return "success" if ends == {"success"} else "failure"

    def _job(self, run: Waiting, name: str, work: Callable[[Waiting, int], None]) -> str:
        permissions = PERMISSIONS[name]
        job = self._open(run, name, permissions)
        try:
            work(run, job)
        except (JobFault, Died, Refused, GitHubError, httpx.HTTPError) as error:
            said = f"##[error]{error!r}"
            self._on(lambda state: actions.log_of(state, state.get(Job, job)).append_line(said))
            conclusion = "failure"
        else:
            conclusion = "success"
        self._close(job, conclusion)
        return conclusion

    # -- the jobs' steps -----------------------------------------------------------------------------------
    def _agent(self, run: Waiting, job: int) -> None:
        inputs = self._inputs(run, "agent")
        token = self._on(lambda state: _job_token(state, state.get(Job, job)))
        shutil.rmtree(inputs.checkout, ignore_errors=True)
        inputs.checkout.mkdir(parents=True)
        git = Git(inputs.checkout, authorised(inputs.server, token))
        git.output("clone", "--quiet", f"{inputs.server}/{NAME}.git", ".")
        try:
            with self._at("prepare", run), self._connect(inputs, token, httpx.HTTPTransport()) as github:
                prepare(inputs, github, token)
            with self._at("agent", run):
                run_agent(inputs, self._secrets)
        except Died:
            raise
        except Exception:
            self._hand_over(run, inputs)
            raise
        self._hand_over(run, inputs)

    def _hand_over(self, run: Waiting, inputs: Inputs) -> None:
        """The upload, which the workflow does `if: always()`, as long as there is a machine."""
        if inputs.out.exists():
            with self._at("upload", run):
                self._upload(run, inputs.out)

    def _publish(self, run: Waiting, job: int) -> None:
        inputs = self._inputs(run, "publish")
        shutil.rmtree(inputs.folder, ignore_errors=True)
        self._download(run, inputs.artifact)
        artifact = read_artifact(inputs)
        with self._at("publish", run):
            identity = self._on(
                lambda state: oidc.sign(state, state.get(Job, job), f"{inputs.server}/_oidc", AUDIENCE)
            )
            token = self._grant(identity, inputs.token)
            with self._connect(inputs, token, self._transport()) as github:
                clone = self._clone(inputs.folder / "clone", inputs, token)
                publish(Publishing(inputs, artifact, github, clone))

    @contextmanager
    def _at(self, point: Point, run: Waiting) -> Iterator[None]:
        self._reached(point, run)
        yield
        self._passed(point, run)

    # -- what Actions does ---------------------------------------------------------------------------------
    def _inputs(self, run: Waiting, job: str) -> Inputs:
        name = read_run_name(run.title)
        assert name is not None
        bead, role, attempt, token = name
        folder = self._loop.folder / "jobs" / f"{run.id}-{job}"
        forge = self._loop.forge
        return Inputs(
            bead=bead,
            role=role,
            attempt=attempt,
            token=token,
            repository=NAME,
            run_id=run.id,
            run_attempt=self._on(lambda state: state.get(Run, run.id).attempt),
            api=forge.api_url,
            graphql=f"{forge.base_url}/api/graphql",
            server=forge.base_url,
            checkout=folder / "checkout",
            folder=folder / "temp" / "beadwright",
        )

    def _connect(self, inputs: Inputs, token: str, transport: httpx.BaseTransport) -> RunnerApi:
        client = httpx.Client(base_url=f"{inputs.api}/", timeout=60, transport=transport)
        return RunnerApi(client, inputs.graphql, NAME, token)

    def _open(self, run: Waiting, name: str, permissions: dict[str, str]) -> int:
        def start(state: State) -> int:
            job = actions.open_job(state, state.get(Run, run.id), name, name, permissions)
            actions.begin_job(state, job)
            return job.id

        return self._on(start)

    def _close(self, job: int, conclusion: str) -> None:
        self._on(lambda state: actions.finish_job(state, state.get(Job, job), conclusion))

    def _upload(self, run: Waiting, folder: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        content = packed.getvalue()

        def put(state: State) -> None:
            record = state.get(Run, run.id)
            artifact = Artifact(
                id=state.new_id(),
                repo_id=record.repo_id,
                run_id=run.id,
                name="beadwright",
                size=len(content),
                digest="sha256:" + hashlib.sha256(content).hexdigest(),
                finalized=True,
                created_at=state.now(),
                expires_at=state.now() + timedelta(days=90),
            )
            results.blob_path(state, artifact).write_bytes(content)
            state.put(artifact)

        self._on(put)

    def _download(self, run: Waiting, folder: Path) -> None:
        def read(state: State) -> bytes:
            found = state.find(Artifact, run_id=run.id)
            if not found:
                raise JobFault("there is no artifact to download")
            return results.blob_path(state, found[0]).read_bytes()

        content = self._on(read)
        folder.mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)

    def _on(self, work: Callable[[State], T]) -> T:
        return self._loop.forge.on(work)


PERMISSIONS = {
    "agent": {"contents": "read", "issues": "read", "pull-requests": "read"},
    "publish": {"actions": "read", "contents": "read", "id-token": "write"},
}


def _wanted(run: Run) -> list[str]:
    """The jobs that the run's present attempt runs."""
    return run.partly.get(run.attempt, list(PERMISSIONS))


def _job_token(state: State, job: Job) -> str:
    app = actions.actions_app(state)
    permissions = {name.replace("-", "_"): level for name, level in job.permissions.items()}
    return issue_token(
        state,
        "job",
        state.get(Account, app.bot_id),
        app_id=app.id,
        run_id=job.run_id,
        job_id=job.id,
        repository_ids=[job.repo_id],
        permissions={"metadata": "read", **permissions},
        expires_at=state.now() + HOUR,
    ).value
