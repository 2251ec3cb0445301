"""Checks: those of a pull request with what is required of them, and the page of one check run."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from bot.local.forge import checks, protection
from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages import parts
from bot.local.forge.pages.pull_frame import frame
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import App, CheckRun, Job, Pull

COLOR_OF_LEVEL = {"failure": "red", "warning": "amber", "notice": "blue"}
STATUS_OF = {"pending": ("in_progress", None), "success": ("completed", "success")}


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a commit: a check run, a status, or one that is required and not there yet."""

    name: str
    app: str
    mark: Markup
    word: str
    said: str
    required: bool
    address: str | None
    run: CheckRun | None = None


@page("/{owner}/{repo}/runs/{id}")
def show_run(visit: Visit) -> Response:
    """What an App says of a commit, with its buttons; a job's is the job's page."""
    run = _run(visit)
    if run.job_id is not None:
        job = visit.state.get(Job, run.job_id)
        return visit.go(f"{visit.home}/actions/runs/{job.run_id}/job/{job.id}")
    pulls_here = [one for one in visit.state.find(Pull, repo_id=run.repo_id) if one.head_sha == run.head_sha]
    return visit.show(
        "check_run.html.j2",
        run=run,
        app=visit.state.get(App, run.app_id),
        mark=parts.check_mark(run),
        word=parts.word_of(run.status, run.conclusion),
        summary=parts.markdown(visit, run.summary, breaks=False),
        text=parts.markdown(visit, run.text, breaks=False),
        pulls=pulls_here,
        colors=COLOR_OF_LEVEL,
    )


@page("/{owner}/{repo}/runs/{id}/action", "POST")
def press(visit: Visit) -> Response:
    """Press one of a check's buttons: its App is told, and what follows is the App's to do."""
    run = _run(visit)
    if visit.viewer is None:
        raise Refused(401, "Requires authentication")
    if visit.repository.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    checks.request_action(visit.state, visit.viewer, run, visit.text("action"))
    return visit.go(f"{visit.home}/runs/{run.id}")


@page("/{owner}/{repo}/pull/{number}/checks")
def show_checks(visit: Visit) -> Response:
    """The checks of a pull request's head."""
    pull = visit.pull()
    return visit.show("pull_checks.html.j2", checks=checks_of(visit, pull), **frame(visit, pull, "checks"))


def checks_of(visit: Visit, pull: Pull) -> list[Check]:
    """The newest check runs and statuses of the head, and what the base branch requires besides."""
    state, home = visit.state, visit.repository
    required = protection.required_checks(state, home, pull.base_ref)

    def is_required(name: str, app_id: int | None) -> bool:
        return any(context == name and pinned in (None, app_id) for context, pinned in required)

    found = []
    for run in checks.runs_of(state, home, pull.head_sha):
        app = state.get(App, run.app_id)
        address = f"{visit.home}/runs/{run.id}"
        found.append(
            Check(
                run.name,
                app.name,
                parts.check_mark(run),
                parts.word_of(run.status, run.conclusion),
                run.title or "",
                is_required(run.name, run.app_id),
                address,
                run,
            )
        )
    for status in checks.statuses_of(state, home, pull.head_sha):
        author = state.one(App, bot_id=status.creator_id)
        begun, end = STATUS_OF.get(status.state, ("completed", "failure"))
        needed = is_required(status.context, author.id if author else None)
        mark = parts.verdict_mark(begun, end)
        found.append(Check(status.context, "", mark, status.state, status.description or "", needed, None))
    for context, app_id in required:
        if checks.verdict(state, home, pull.head_sha, context, app_id) == "expected":
            by = state.get(App, app_id).name if app_id is not None and state.has(App, app_id) else ""
            mark = parts.verdict_mark("expected", None)
            found.append(Check(context, by, mark, "expected", "Waiting for it to be reported", True, None))
    return found


def _run(visit: Visit) -> CheckRun:
    run = visit.state.get(CheckRun, visit.number("id"))
    if run.repo_id != visit.repository.id:
        raise not_found()
    return run
