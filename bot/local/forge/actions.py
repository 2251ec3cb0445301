"""Actions, the half that a server does: workflows, runs and jobs as records, and what each step of their life
tells the world. The machine that executes jobs is `bot.local.runner`; it calls the functions at the end.

A run owns a check suite of the App "github-actions", a job owns a check run in it. Jobs come into being when
what they need is done, as on GitHub; a re-run keeps the run and its suite and counts `attempt` up.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from bot.local.forge import workflow_files
from bot.local.forge.http import Refused, invalid, not_found
from bot.local.forge.records import (
    Account,
    App,
    Artifact,
    CheckRun,
    CheckSuite,
    Job,
    Pull,
    Repository,
    Run,
    Variable,
    Workflow,
)
from bot.local.forge.state import Signal, State
from bot.local.runner import workflow as files
from bot.local.runner.expressions import Scope, Value

APP_SLUG = "github-actions"
MAX_INPUTS = 25
MAX_INPUT_CHARACTERS = 65_535
MAX_ATTEMPTS = 51  # the first and fifty re-runs

CANCEL_REQUESTED = "run_cancel_requested"
"""A signal for the runner only: no webhook event has this name."""


def actions_app(state: State) -> App:
    """The App "github-actions", whose check runs are the jobs' and whose bot account acts for job tokens."""
    found = state.one(App, slug=APP_SLUG)
    if found is not None:
        return found
    owner = state.one(Account, login="github") or state.put(
        Account(id=state.new_id(), login="github", type="Organization", name="GitHub")
    )
    bot = state.put(Account(id=state.new_id(), login=f"{APP_SLUG}[bot]", type="Bot"))
    return state.put(
        App(
            id=state.new_id(),
            slug=APP_SLUG,
            name="GitHub Actions",
            client_id="Iv1.github-actions",
            owner_id=owner.id,
            bot_id=bot.id,
            public_key="",
            permissions={"actions": "write", "checks": "write", "contents": "write"},
            created_at=state.now(),
        )
    )


# -- variables --------------------------------------------------------------------------------------------
def variables(state: State, repository: Repository) -> dict[str, str]:
    """The repository's Actions variables."""
    return {found.name: found.value for found in state.find(Variable, repo_id=repository.id)}


def set_variable(state: State, repository: Repository, name: str, value: str) -> Variable:
    """Make or change a variable; its name is kept in upper case."""
    now = state.now()
    found = state.one(Variable, repo_id=repository.id, name=name.upper())
    if found is None:
        found = Variable(
            id=state.new_id(),
            repo_id=repository.id,
            name=name.upper(),
            value=value,
            created_at=now,
            updated_at=now,
        )
    found.value, found.updated_at = value, now
    return state.put(found)


# -- workflows --------------------------------------------------------------------------------------------
def workflows(state: State, repository: Repository) -> list[Workflow]:
    """The workflows of the default branch's tip (records are made for files seen for the first time)."""
    sha = workflow_files.resolve(state, repository, f"refs/heads/{repository.default_branch}")
    if sha is None:
        return []
    return [register(state, repository, sha, path) for path in workflow_files.paths(state, repository, sha)]


def register(state: State, repository: Repository, sha: str, path: str) -> Workflow:
    """The workflow's record, its name brought up to date with the file at a commit."""
    try:
        name = files.parse(workflow_files.read(state, repository, sha, path) or "", path).name
    except files.WorkflowError:
        name = path
    now = state.now()
    found = state.one(Workflow, repo_id=repository.id, path=path)
    if found is None:
        found = Workflow(
            id=state.new_id(), repo_id=repository.id, path=path, name=name, created_at=now, updated_at=now
        )
        return state.put(found)
    if found.name != name:
        found.name, found.updated_at = name, now
        state.put(found)
    return found


def find_workflow(state: State, repository: Repository, id_or_file: str) -> Workflow:
    """A workflow by its id or its file's name. Raises Refused(404)."""
    for workflow in [*workflows(state, repository), *state.find(Workflow, repo_id=repository.id)]:
        if id_or_file in (str(workflow.id), workflow.path, workflow.path.rpartition("/")[2]):
            return workflow
    raise not_found()


def set_workflow_state(state: State, workflow: Workflow, *, enabled: bool) -> None:
    """Enable or disable a workflow."""
    workflow.state = "active" if enabled else "disabled_manually"
    workflow.updated_at = state.now()
    state.put(workflow)


# -- runs -------------------------------------------------------------------------------------------------
def dispatch(
    state: State,
    actor: Account,
    repository: Repository,
    workflow: Workflow,
    ref: str,
    inputs: Mapping[str, Any],
    *,
    payload: Mapping[str, Any] | None = None,
) -> Run:
    """Start a run by `workflow_dispatch`.

    Args:
        ref: a branch's or tag's name, short or full.
        inputs: as the API got them; they are checked against the file at `ref`.
        payload: what the event file has besides `inputs`, `ref` and `workflow` (repository and sender).

    Raises Refused(422) as GitHub words it.
    """
    if workflow.state != "active":
        raise invalid("Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    full, sha = _resolve(state, repository, ref)
    _has_dispatch(state, repository, f"refs/heads/{repository.default_branch}", workflow.path)
    parsed = _has_dispatch(state, repository, sha, workflow.path)
    given = _checked_inputs(parsed, inputs)
    event = {**(payload or {}), "inputs": given, "ref": full, "workflow": workflow.path}
    state.signal(
        Signal(
            "workflow_dispatch",
            None,
            repository.id,
            actor.id,
            {},
            {"inputs": given, "ref": full, "workflow": workflow.path},
        )
    )
    return start_run(
        state,
        actor,
        repository,
        workflow,
        event="workflow_dispatch",
        ref=full,
        checkout_sha=sha,
        head_sha=sha,
        head_branch=full.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        payload=event,
        inputs=given,
    )


def start_run(
    state: State,
    actor: Account,
    repository: Repository,
    workflow: Workflow,
    *,
    event: str,
    ref: str,
    checkout_sha: str,
    head_sha: str,
    head_branch: str | None,
    payload: Mapping[str, Any],
    inputs: Mapping[str, str] | None = None,
    pull: Pull | None = None,
    title: str | None = None,
) -> Run:
    """Make a queued run; a file that is wrong or asks for what is not implemented makes a failed one.

    `title` is the display title where the file has no `run-name` (a commit's subject, a PR's title).
    """
    now = state.now()
    number = repository.next_run_number.get(workflow.id, 1)
    repository.next_run_number[workflow.id] = number + 1
    state.put(repository)
    suite = state.put(
        CheckSuite(
            id=state.new_id(),
            repo_id=repository.id,
            app_id=actions_app(state).id,
            head_sha=head_sha,
            head_branch=head_branch,
            created_at=now,
            updated_at=now,
        )
    )
    run = Run(
        id=state.new_id(),
        repo_id=repository.id,
        workflow_id=workflow.id,
        suite_id=suite.id,
        number=number,
        event=event,
        display_title=title or workflow.name,
        head_branch=head_branch,
        head_sha=head_sha,
        actor_id=actor.id,
        triggering_actor_id=actor.id,
        ref=ref,
        checkout_sha=checkout_sha,
        payload=dict(payload),
        inputs=dict(inputs or {}),
        pull_numbers=[pull.number] if pull else [],
        created_at=now,
        started_at=now,
        updated_at=now,
    )
    suite.run_id = run.id
    state.put(suite)
    state.put(run)
    _tell_run(state, run, "requested")
    try:
        parsed = parsed_workflow(state, run)
        scope = run_scope(state, run)
        run.display_title = parsed.title(scope) or run.display_title
        group = parsed.concurrency(scope)
    except files.WorkflowError as error:
        refuse_run(state, run, str(error))
        return run
    if group is not None:
        run.concurrency, run.cancel_in_progress = group.group, group.cancel_in_progress
    return state.put(run)


def parsed_workflow(state: State, run: Run) -> files.Workflow:
    """The workflow file at the run's commit. Raises WorkflowError."""
    repository = state.get(Repository, run.repo_id)
    path = state.get(Workflow, run.workflow_id).path
    text = workflow_files.read(state, repository, run.checkout_sha, path)
    if text is None:
        raise files.WorkflowError(f"{path} is not in {run.checkout_sha}")
    return files.parse(text, path)


def run_scope(
    state: State,
    run: Run,
    *,
    needs: Mapping[str, str] | None = None,
    before: Mapping[str, str] | None = None,
    cancelled: bool = False,
) -> Scope:
    """What expressions of a run see.

    `needs` maps the jobs that one needs to their results, `before` those that it needs indirectly as well.
    """
    repository = state.get(Repository, run.repo_id)
    owner = state.get(Account, repository.owner_id).login
    payload = run.payload
    pull = payload.get("pull_request")
    typed: dict[str, Value] = dict(run.inputs)
    try:
        declared = parsed_workflow(state, run).inputs
    except files.WorkflowError:
        declared = ()
    for known in declared:
        if known.type == "boolean" and known.name in typed:
            typed[known.name] = typed[known.name] == "true"
    github: dict[str, Value] = {
        "actor": state.get(Account, run.actor_id).login,
        "actor_id": str(run.actor_id),
        "base_ref": pull["base"]["ref"] if pull else "",
        "event": payload,
        "event_name": run.event,
        "head_ref": pull["head"]["ref"] if pull else "",
        "ref": run.ref,
        "ref_name": ref_name(run.ref),
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "repository": f"{owner}/{repository.name}",
        "repository_id": str(repository.id),
        "repository_owner": owner,
        "repository_owner_id": str(repository.owner_id),
        "run_attempt": str(run.attempt),
        "run_id": str(run.id),
        "run_number": str(run.number),
        "sha": run.checkout_sha,
        "triggering_actor": state.get(Account, run.triggering_actor_id).login,
        "workflow": state.get(Workflow, run.workflow_id).name,
    }
    results = before or needs or {}
    return Scope(
        contexts={
            "github": github,
            "inputs": typed,
            "vars": dict(variables(state, repository)),
            "needs": {key: {"result": result} for key, result in (needs or {}).items()},
        },
        needs_failed="failure" in results.values(),
        needs_skipped=any(result in ("skipped", "cancelled") for result in results.values()),
        cancelled=cancelled,
    )


def ref_name(ref: str) -> str:
    """A ref's short name, as GITHUB_REF_NAME has it."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("refs/pull/")


def cancel(state: State, run: Run) -> None:
    """Ask for a run's end; one that has no job under way ends at once. Raises Refused(409)."""
    if run.status == "completed":
        raise Refused(409, "Cannot cancel a workflow run that is completed.")
    run.cancel_requested = True
    state.put(run)
    if run.status in ("queued", "pending"):
        finish_run(state, run, "cancelled")
    else:
        state.signal(Signal(CANCEL_REQUESTED, None, run.repo_id, run.actor_id, {"run": run.id}))


def rerun(state: State, actor: Account, run: Run, *, jobs: Sequence[str] | None = None) -> None:
    """Start the next attempt of a finished run: all of it, or `jobs` by their keys. Raises Refused(403)."""
    if run.status != "completed":
        raise Refused(403, "This workflow is already running")
    if run.attempt >= MAX_ATTEMPTS:
        raise Refused(403, "This workflow run has been re-run too many times")
    run.attempt += 1
    if jobs is not None:
        run.partly[run.attempt] = list(jobs)
    run.status, run.conclusion, run.cancel_requested = "queued", None, False
    run.triggering_actor_id = actor.id
    run.started_at = run.updated_at = state.now()
    state.put(run)
    _tell_run(state, run, "requested")
    try:
        parsed_workflow(state, run)
    except files.WorkflowError as error:
        refuse_run(state, run, str(error))


def delete_run(state: State, run: Run) -> None:
    """Forget a finished run with its jobs, logs and artifacts. Raises Refused(403) while it runs."""
    if run.status != "completed":
        raise Refused(403, "Cannot delete a workflow run that is not completed")
    for job in state.find(Job, run_id=run.id):
        if job.log:
            (state.folder / "logs" / job.log).unlink(missing_ok=True)
        state.drop(job)
    for artifact in state.find(Artifact, run_id=run.id):
        delete_artifact(state, artifact)
    state.drop(run)


def delete_artifact(state: State, artifact: Artifact) -> None:
    """Forget an artifact and its bytes."""
    (state.folder / "artifacts" / f"{artifact.id}.zip").unlink(missing_ok=True)
    state.drop(artifact)


# -- what the runner reports ------------------------------------------------------------------------------
def hold_run(state: State, run: Run) -> None:
    """The run waits for its concurrency group."""
    if run.status == "queued":
        run.status, run.updated_at = "pending", state.now()
        state.put(run)


def begin_run(state: State, run: Run) -> None:
    """The run's first job is about to be made."""
    run.status, run.updated_at = "in_progress", state.now()
    state.put(run)
    _tell_run(state, run, "in_progress")


def finish_run(state: State, run: Run, conclusion: str) -> None:
    """The run is over, and with it its check suite."""
    run.status, run.conclusion, run.updated_at = "completed", conclusion, state.now()
    state.put(run)
    suite = state.get(CheckSuite, run.suite_id)
    suite.updated_at = run.updated_at
    state.put(suite)
    _tell_run(state, run, "completed")
    sender = actions_app(state).bot_id
    state.signal(Signal("check_suite", "completed", run.repo_id, sender, {"check_suite": suite.id}))


def refuse_run(state: State, run: Run, reason: str) -> None:
    """The run fails before it starts, with one failed job whose log says why."""
    begin_run(state, run)
    job = open_job(state, run, "workflow", state.get(Workflow, run.workflow_id).name, {})
    begin_job(state, job)
    log_of(state, job).append_line(f"##[error]{reason}")
    finish_job(state, job, "failure", title="The workflow file is refused", summary=reason)
    finish_run(state, run, "failure")


def open_job(state: State, run: Run, key: str, name: str, permissions: Mapping[str, str]) -> Job:
    """Make a queued job of the run's present attempt, and its check run."""
    now = state.now()
    app = actions_app(state)
    job = Job(
        id=state.new_id(),
        repo_id=run.repo_id,
        run_id=run.id,
        attempt=run.attempt,
        key=key,
        name=name,
        permissions=dict(permissions),
        created_at=now,
    )
    job.log = f"{job.id}.log"
    state.put(job)
    check = state.put(
        CheckRun(
            id=state.new_id(),
            repo_id=run.repo_id,
            suite_id=run.suite_id,
            app_id=app.id,
            head_sha=run.head_sha,
            name=name,
            job_id=job.id,
            external_id=str(job.id),
            started_at=now,
        )
    )
    _tell_job(state, job, "queued")
    state.signal(Signal("check_run", "created", run.repo_id, app.bot_id, {"check_run": check.id}))
    return job


def begin_job(state: State, job: Job) -> None:
    """A machine has taken the job."""
    job.status, job.started_at = "in_progress", state.now()
    state.put(job)
    check = check_run_of(state, job)
    check.status, check.started_at = "in_progress", job.started_at
    state.put(check)
    _tell_job(state, job, "in_progress")


def finish_job(
    state: State,
    job: Job,
    conclusion: str,
    *,
    steps: list[dict[str, Any]] | None = None,
    title: str | None = None,
    summary: str | None = None,
) -> None:
    """The job is over. `steps` as `render_actions.job` shows them; title and summary go to its check run."""
    now = state.now()
    job.status, job.conclusion, job.completed_at = "completed", conclusion, now
    job.started_at = job.started_at or now
    job.steps = steps if steps is not None else job.steps
    state.put(job)
    check = check_run_of(state, job)
    check.status, check.conclusion, check.completed_at = "completed", conclusion, now
    check.title, check.summary = title, summary
    state.put(check)
    _tell_job(state, job, "completed")
    sender = actions_app(state).bot_id
    state.signal(Signal("check_run", "completed", job.repo_id, sender, {"check_run": check.id}))


def check_run_of(state: State, job: Job) -> CheckRun:
    """The job's check run."""
    check = state.one(CheckRun, job_id=job.id)
    assert check is not None
    return check


def suite_node_id(state: State, run: Run) -> str:
    """The global id of the run's check suite."""
    return state.node_id(state.get(CheckSuite, run.suite_id))


def jobs_of(state: State, run: Run, *, attempt: int | None = None) -> list[Job]:
    """The jobs of one attempt (the present one by default), by id; of one that ran some jobs only, the
    others as the attempt before left them."""
    wanted = attempt or run.attempt
    found = [job for job in state.find(Job, run_id=run.id) if job.attempt == wanted]
    if wanted in run.partly:
        before = jobs_of(state, run, attempt=wanted - 1)
        found = [job for job in before if job.key not in run.partly[wanted]] + found
    return found


def log_of(state: State, job: Job) -> JobLog:
    """The job's log file."""
    return JobLog(state, job)


class JobLog:
    """Appends lines to a job's log, each after the time, as GitHub's logs have it."""

    def __init__(self, state: State, job: Job) -> None:
        self._state = state
        self.path = state.folder / "logs" / (job.log or f"{job.id}.log")

    def append_line(self, line: str) -> None:
        """Write one line at the end."""
        with self.path.open("a", encoding="utf-8") as log:
            log.write(f"{self._state.now().isoformat().replace('+00:00', 'Z')} {line}\n")

    def read(self) -> bytes:
        """All that was written so far."""
        return self.path.read_bytes() if self.path.exists() else b""


def logs_zip(state: State, run: Run, attempt: int) -> bytes:
    """The logs of an attempt's jobs as a zip, one file a job."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, job in enumerate(jobs_of(state, run, attempt=attempt)):
            name = "".join(c if c.isprintable() and c not in '/\\:<>|*?"' else "_" for c in job.name)
            archive.writestr(f"{index}_{name}.txt", JobLog(state, job).read())
    return buffer.getvalue()


# -- inside -----------------------------------------------------------------------------------------------
def _tell_run(state: State, run: Run, action: str) -> None:
    about = {"run": run.id, "workflow": run.workflow_id}
    state.signal(Signal("workflow_run", action, run.repo_id, run.triggering_actor_id, about))


def _tell_job(state: State, job: Job, action: str) -> None:
    run = state.get(Run, job.run_id)
    about = {"job": job.id, "run": run.id}
    state.signal(Signal("workflow_job", action, job.repo_id, run.triggering_actor_id, about))


def _resolve(state: State, repository: Repository, ref: str) -> tuple[str, str]:
    names = [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]
    for name in names:
        sha = workflow_files.resolve(state, repository, name)
        if sha is not None and name.startswith(("refs/heads/", "refs/tags/")):
            return name, sha
    raise invalid(f"No ref found for: {ref}")


def _has_dispatch(state: State, repository: Repository, revision: str, path: str) -> files.Workflow:
    text = workflow_files.read(state, repository, revision, path)
    if text is None:
        raise not_found()
    try:
        parsed = files.parse(text, path)
    except files.WorkflowError as error:
        raise invalid(f"failed to parse workflow: {error}") from None
    if "workflow_dispatch" not in parsed.triggers:
        raise invalid("Workflow does not have 'workflow_dispatch' trigger")
    return parsed


def _checked_inputs(parsed: files.Workflow, inputs: Mapping[str, Any]) -> dict[str, str]:
    if len(inputs) > MAX_INPUTS:
        raise invalid(f"you may only define up to {MAX_INPUTS} `inputs` for a `workflow_dispatch` event")
    declared = {known.name: known for known in parsed.inputs}
    unexpected = [name for name in inputs if name not in declared]
    if unexpected:
        names = ", ".join(f'"{name}"' for name in unexpected)
        raise invalid(f"Unexpected inputs provided: [{names}]")
    given: dict[str, str] = {}
    for name, value in inputs.items():
        if isinstance(value, dict | list) or value is None:
            raise invalid(f"For 'inputs.{name}', {value!r} is not a string.")
        given[name] = str(value).lower() if isinstance(value, bool) else str(value)
    if sum(len(name) + len(value) for name, value in given.items()) > MAX_INPUT_CHARACTERS:
        raise invalid("inputs are too large.")
    for name, known in declared.items():
        if name not in given or (known.required and not given[name]):
            if known.default is not None:
                given[name] = known.default
            elif known.required:
                raise invalid(f"Required input '{name}' not provided")
            else:
                given[name] = "false" if known.type == "boolean" else ""
        value = given[name]
        wrong = (
            (known.type == "choice" and value not in known.options)
            or (known.type == "boolean" and value not in ("true", "false"))
            or (known.type == "number" and value and not _is_number(value))
        )
        if wrong:
            raise invalid(f"Provided value '{value}' for input '{name}' not in the list of allowed values")
    return given


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
