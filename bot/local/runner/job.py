"""One job from its condition to its end: token, room, `act`, log, conclusion."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bot.local.forge import actions as forge_actions
from bot.local.forge import oidc, results
from bot.local.forge.auth import issue_token
from bot.local.forge.records import Account, Job, Repository, Run, Token, Workflow
from bot.local.forge.state import State
from bot.local.runner import process, room
from bot.local.runner import workflow as files
from bot.local.runner.expressions import Scope, Unsupported, as_text, condition
from bot.local.runner.log import LogReader, Masker

MAX_LOG_BYTES = 64 * 1024 * 1024
GRACE = timedelta(minutes=5)  # tokens outlive the time-out by the time that ending takes


class JobRunner:
    """Runs jobs; see `Runner` for the arguments. `rooms` is where the jobs' folders are made."""

    def __init__(
        self,
        state: State,
        base_url: str,
        *,
        actions: Mapping[str, Path],
        tool_cache: Path,
        path: str,
        act: Path,
        rooms: Path,
        secrets: Mapping[str, str],
    ) -> None:
        self._state = state
        self._base_url = base_url
        self._actions = actions
        self._tool_cache = tool_cache
        self._path = path
        self._act = act
        self._rooms = rooms
        self._secrets = secrets

    async def run(
        self,
        run: Run,
        workflow: files.Workflow,
        key: str,
        results_so_far: Mapping[str, str],
        cancelled: asyncio.Event,
    ) -> str:
        """Run one job whose needs are done; its conclusion."""
        state = self._state
        needs = {need: results_so_far[need] for need in workflow.jobs[key].needs}
        scope = forge_actions.run_scope(
            state,
            run,
            needs=needs,
            before=_ancestors(workflow, key, results_so_far),
            cancelled=cancelled.is_set(),
        )
        try:
            name = workflow.job_name(key, scope)
            permissions = workflow.permissions(key)
            wanted = _wanted(workflow, key, scope)
            minutes = workflow.timeout_minutes(key, scope)
            one_job = files.one_job(workflow, key)
            actions = room.find_actions(workflow.jobs[key].definition["steps"], self._actions)
        except files.WorkflowError as error:
            return self._refused(run, key, str(error))
        job = forge_actions.open_job(state, run, key, name, permissions)
        state.commit()
        if not wanted:
            return self._finish(job, "cancelled" if cancelled.is_set() else "skipped")
        forge_actions.begin_job(state, job)
        token = self._issue_token(run, job, timedelta(minutes=minutes) + GRACE)
        runtime = room.Runtime(
            f"{self._base_url}/", results.issue_runtime_token(state, job, timedelta(minutes=minutes) + GRACE)
        )
        identity = oidc.issue_request_token(state, job) if permissions.get("id-token") == "write" else None
        state.commit()
        folder = self._rooms / str(job.id)
        record = state.get(Repository, run.repo_id)
        contents = room.JobFiles(
            workflow=one_job,
            event=run.payload,
            sha=run.checkout_sha,
            secrets={**self._secrets, "GITHUB_TOKEN": token.value},
            variables=forge_actions.variables(state, record),
            environment=self._environment(run, scope, identity),
        )
        reader = LogReader(workflow.name)
        masked = [token.value, runtime.token, *([identity] if identity else []), *self._secrets.values()]
        keep = _Log(state, job, reader, folder, masked)
        conclusion = "failure"
        try:
            placed = room.furnish(folder, contents, actions, runtime, self._tool_cache)
            conclusion = await self._execute(run, folder, placed, keep, minutes, cancelled)
        except (OSError, subprocess.CalledProcessError) as error:
            keep.say(f"##[error]The runner could not run the job: {error}")
        except asyncio.CancelledError:
            keep.say("##[error]The runner has received a shutdown signal.")
            raise
        finally:
            process.sweep(folder)
            shutil.rmtree(folder, ignore_errors=True)
            reader.close(state.now())
            if state.has(Token, token.id):
                state.drop(token)
            if reader.summary:
                summary = keep.masker.mask(reader.summary)
                (state.folder / "logs" / f"{job.id}.summary.md").write_text(summary, encoding="utf-8")
            self._finish(job, conclusion, reader)
        return conclusion

    async def _execute(
        self,
        run: Run,
        folder: Path,
        placed: Mapping[str, Path],
        keep: _Log,
        minutes: float,
        cancelled: asyncio.Event,
    ) -> str:
        actor = self._state.get(Account, run.actor_id).login
        program = await process.start(
            self._act,
            room.act_arguments(folder, run.event, actor, placed),
            room.act_environment(folder, self._path),
            folder,
        )
        reading = asyncio.create_task(process.read_lines(program, keep.take))
        exiting = asyncio.create_task(program.wait())
        cancelling = asyncio.create_task(cancelled.wait())
        stopped = False
        try:
            done, _ = await asyncio.wait(
                {exiting, cancelling}, timeout=minutes * 60, return_when=asyncio.FIRST_COMPLETED
            )
            if exiting not in done:
                stopped = True
                if not done:
                    keep.say(
                        f"##[error]The job has exceeded the maximum execution time of {minutes:g} minutes."
                    )
                keep.say("##[error]The operation was canceled.")
                await process.end(program, folder)
            # Nothing of the job outlives it; then nobody holds the output open either.
            process.sweep(folder)
            await reading
        finally:
            process.kill(program, folder)
            for task in (reading, exiting, cancelling):
                task.cancel()
            await asyncio.gather(reading, exiting, cancelling, return_exceptions=True)
        if stopped:
            return "cancelled"
        if keep.reader.unsupported_platform:
            keep.say("##[error]This runner has no machine for what `runs-on` asks for.")
            return "failure"
        return "success" if program.returncode == 0 else "failure"

    def _issue_token(self, run: Run, job: Job, lifetime: timedelta) -> Token:
        app = forge_actions.actions_app(self._state)
        permissions = {
            name.replace("-", "_"): level for name, level in job.permissions.items() if name != "id-token"
        }
        return issue_token(
            self._state,
            "job",
            self._state.get(Account, app.bot_id),
            app_id=app.id,
            run_id=run.id,
            job_id=job.id,
            repository_ids=[run.repo_id],
            permissions={"metadata": "read", **permissions},
            expires_at=self._state.now() + lifetime,
        )

    def _environment(self, run: Run, scope: Scope, identity: str | None) -> dict[str, str]:
        """What steps find in their environment besides what `act` sets by itself."""
        github = scope.contexts["github"]
        assert isinstance(github, Mapping)
        path = self._state.get(Workflow, run.workflow_id).path
        found = {
            f"GITHUB_{name.upper()}": as_text(value) for name, value in github.items() if name != "event"
        }
        found |= {
            "ACTIONS_RESULTS_URL": f"{self._base_url}/",
            "GITHUB_API_URL": f"{self._base_url}/api/v3",
            "GITHUB_GRAPHQL_URL": f"{self._base_url}/api/graphql",
            "GITHUB_SERVER_URL": self._base_url,
            "GITHUB_WORKFLOW_REF": f"{github['repository']}/{path}@{run.ref}",
            "GITHUB_WORKFLOW_SHA": run.checkout_sha,
            "RUNNER_ENVIRONMENT": "self-hosted",
            "RUNNER_NAME": "beadwright-local",
            # `act` gives every step a terminal, which GitHub does not: a pager would wait for a key for ever.
            "GIT_PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "PAGER": "cat",
        }
        if identity is not None:
            found["ACTIONS_ID_TOKEN_REQUEST_URL"] = oidc.request_url(self._base_url)
            found["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = identity
        return found

    def _refused(self, run: Run, key: str, reason: str) -> str:
        job = forge_actions.open_job(self._state, run, key, key, {})
        forge_actions.begin_job(self._state, job)
        forge_actions.log_of(self._state, job).append_line(f"##[error]{reason}")
        forge_actions.finish_job(self._state, job, "failure", title="The job is refused", summary=reason)
        self._state.commit()
        return "failure"

    def _finish(self, job: Job, conclusion: str, reader: LogReader | None = None) -> str:
        forge_actions.finish_job(self._state, job, conclusion, steps=reader.steps if reader else None)
        self._state.commit()
        return conclusion


class _Log:
    """Takes the lines of a job's output: masked, read, written."""

    def __init__(self, state: State, job: Job, reader: LogReader, folder: Path, secrets: list[str]) -> None:
        self._state = state
        self._log = forge_actions.log_of(state, job)
        self._folder = folder
        self._bytes = 0
        self.reader = reader
        self.masker = Masker(secrets)

    def take(self, line: str) -> None:
        started = self.reader.started
        text = self.reader.read(self.masker.mask(line), self._state.now())
        if self.reader.started and not started:
            room.forget_secrets(self._folder)
        self.say(text)

    def say(self, text: str) -> None:
        if self._bytes > MAX_LOG_BYTES:
            return
        self._bytes += len(text)
        over = self._bytes > MAX_LOG_BYTES
        self._log.append_line("##[error]The log is too long; the rest is left out." if over else text)


def _wanted(workflow: files.Workflow, key: str, scope: Scope) -> bool:
    """Whether the job's `if` holds. Raises WorkflowError."""
    try:
        return condition(workflow.jobs[key].definition.get("if"), scope)
    except Unsupported as error:
        raise files.WorkflowError(f"jobs.{key}.if: {error}") from None


def _ancestors(workflow: files.Workflow, key: str, done: Mapping[str, str]) -> dict[str, str]:
    """The results of all that a job needs, directly or not: `success()` looks at all of them."""
    found: dict[str, str] = {}
    todo = list(workflow.jobs[key].needs)
    while todo:
        need = todo.pop()
        if need not in found:
            found[need] = done[need]
            todo += workflow.jobs[need].needs
    return found
