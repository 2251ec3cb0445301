"""Actions: the list of runs, a workflow with its switch, a run with its jobs, steps, logs and artifacts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from bot.local.forge import actions, workflow_files
from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages import parts
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Artifact, Issue, Job, Pull, Run, Workflow

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00) ")
COMMAND = re.compile(r"##\[(?P<kind>error|warning|notice|group|endgroup|section|command|debug)\]")
MAX_LOG_LINES = 2000
RUN = "/{owner}/{repo}/actions/runs/{id}"


@dataclass(frozen=True, slots=True)
class Line:
    """One run in a list."""

    run: Run
    workflow: Workflow
    mark: Markup
    actor: Markup


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log: what the runner says of it, when, and the text."""

    kind: str
    at: str
    text: str


@page("/{owner}/{repo}/actions")
def list_runs(visit: Visit) -> Response:
    """The runs of all workflows, newest first."""
    return _list(visit, visit.state.find(Run, repo_id=visit.repository.id), None)


@page("/{owner}/{repo}/actions/workflows/{file}")
def show_workflow(visit: Visit) -> Response:
    """The runs of one workflow, and whether it may run."""
    workflow = actions.find_workflow(visit.state, visit.repository, visit.params["file"])
    return _list(visit, visit.state.find(Run, workflow_id=workflow.id), workflow)


@page("/{owner}/{repo}/actions/workflows/{file}/state", "POST")
def set_state(visit: Visit) -> Response:
    """Let a workflow run, or not."""
    file = visit.params["file"]
    wanted = {"enable": "actions/enable-workflow", "disable": "actions/disable-workflow"}.get(
        visit.text("then")
    )
    if wanted is None:
        raise Refused(422, "A workflow can be enabled or disabled")
    visit.perform(wanted, workflow_id=file)
    return visit.go(f"{visit.home}/actions/workflows/{file}")


@page(RUN)
def show_run(visit: Visit) -> Response:
    """A run: its jobs with their steps, and its artifacts."""
    return _show(visit, _run(visit), None)


@page(RUN + "/job/{job}")
def show_job(visit: Visit) -> Response:
    """A job of it: its steps and its log."""
    run, job = _run(visit), visit.state.get(Job, visit.number("job"))
    if job.run_id != run.id:
        raise not_found()
    return _show(visit, run, job)


@page(RUN + "/job/{job}/log")
def show_log(visit: Visit) -> Response:
    """The whole log, as plain text."""
    job = visit.state.get(Job, visit.number("job"))
    if job.run_id != _run(visit).id:
        raise not_found()
    return Response(actions.log_of(visit.state, job).read(), media_type="text/plain; charset=utf-8")


@page(RUN + "/artifacts/{artifact}")
def download(visit: Visit) -> Response:
    """On to an artifact's bytes, for whoever REST gives them to."""
    artifact = visit.state.get(Artifact, visit.number("artifact"))
    if artifact.run_id != _run(visit).id:
        raise not_found()
    answer = visit.perform("actions/download-artifact", artifact_id=artifact.id, archive_format="zip")
    return visit.go(answer.headers["Location"])


@page(RUN + "/rerun", "POST")
def rerun(visit: Visit) -> Response:
    """Start its next attempt."""
    run = _run(visit)
    visit.perform("actions/re-run-workflow", run_id=run.id)
    return visit.go(f"{visit.home}/actions/runs/{run.id}")


@page(RUN + "/cancel", "POST")
def cancel(visit: Visit) -> Response:
    """Ask for its end."""
    run = _run(visit)
    visit.perform("actions/cancel-workflow-run", run_id=run.id)
    return visit.go(f"{visit.home}/actions/runs/{run.id}")


def _list(visit: Visit, runs: list[Run], workflow: Workflow | None) -> Response:
    newest = list(reversed(runs))
    part, number, last = parts.pages_of(len(newest), visit.query.get("page"))
    return visit.show(
        "actions.html.j2",
        lines=[_line(visit, run) for run in newest[part]],
        total=len(newest),
        number=number,
        last=last,
        workflow=workflow,
        workflows=actions.workflows(visit.state, visit.repository),
        may_switch=visit.may("actions/disable-workflow"),
        file_of=file_of,
    )


def _line(visit: Visit, run: Run) -> Line:
    workflow = visit.state.get(Workflow, run.workflow_id)
    mark = parts.verdict_mark(run.status, run.conclusion)
    return Line(run, workflow, mark, parts.person_of(visit, run.triggering_actor_id))


def file_of(workflow: Workflow) -> str:
    """The name of its file, by which its page is addressed."""
    return workflow.path.rpartition("/")[2]


def _run(visit: Visit) -> Run:
    run = visit.state.get(Run, visit.number("id"))
    if run.repo_id != visit.repository.id:
        raise not_found()
    return run


def _show(visit: Visit, run: Run, job: Job | None) -> Response:
    state = visit.state
    jobs = actions.jobs_of(state, run)
    shown = job or (jobs[0] if len(jobs) == 1 else None)
    lines = _log(actions.log_of(state, shown).read()) if shown is not None else []
    commit = workflow_files.head(state, visit.repository, run.head_sha)
    return visit.show(
        "run.html.j2",
        run=run,
        workflow=state.get(Workflow, run.workflow_id),
        line=_line(visit, run),
        word=parts.word_of(run.status, run.conclusion),
        jobs=jobs,
        job=shown,
        mark=lambda one: parts.verdict_mark(one.status, one.conclusion),
        step_mark=lambda step: parts.verdict_mark(step["status"], step["conclusion"]),
        summary=parts.markdown(visit, actions.check_run_of(state, shown).summary) if shown else "",
        log=lines[-MAX_LOG_LINES:],
        left_out=max(0, len(lines) - MAX_LOG_LINES),
        artifacts=[one for one in state.find(Artifact, run_id=run.id) if one.finalized],
        commit_subject=commit.message.partition("\n")[0] if commit is not None else "",
        pulls=[
            _issue_of(visit, one)
            for one in state.find(Pull, repo_id=run.repo_id)
            if one.number in run.pull_numbers
        ],
        may_rerun=run.status == "completed" and visit.may("actions/re-run-workflow"),
        may_cancel=run.status != "completed" and visit.may("actions/cancel-workflow-run"),
        file_of=file_of,
    )


def _issue_of(visit: Visit, pull: Pull) -> Issue:
    return visit.state.get(Issue, pull.issue_id)


def _log(raw: bytes) -> list[LogLine]:
    return [_log_line(line) for line in raw.decode(errors="replace").splitlines()]


def _log_line(line: str) -> LogLine:
    stamp = STAMP.match(line)
    text = ANSI.sub("", line[stamp.end() :] if stamp else line)
    command = COMMAND.match(text)
    kind = command["kind"] if command else ""
    return LogLine(kind, stamp[0][11:19] if stamp else "", text[command.end() :] if command else text)
