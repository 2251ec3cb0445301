"""Check runs and check suites over REST: everybody who reads sees them, only Apps write them.

https://docs.github.com/en/rest/checks
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from bot.local.forge import checks, git, render_pull
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    Refused,
    invalid,
    not_found,
    operation,
    page,
    reads,
    writes,
)
from bot.local.forge.records import App, CheckRun, CheckSuite
from bot.local.forge.state import Signal

REPO = "/repos/{owner}/{repo}"
RUN = REPO + "/check-runs/{check_run_id}"
SUITE = REPO + "/check-suites/{check_suite_id}"
COMMIT = REPO + "/commits/{ref:path}"
READ, WRITE = reads("checks"), writes("checks")


class Annotation(Body):
    """A remark at a place in a file."""

    path: str
    start_line: int
    end_line: int
    start_column: int | None = None
    end_column: int | None = None
    annotation_level: Literal["notice", "warning", "failure"]
    message: str
    title: str | None = None
    raw_details: str | None = None


class Output(Body):
    """What people read of a check."""

    title: str | None = None
    summary: str
    text: str | None = None
    annotations: list[Annotation] = Field(default_factory=list)


class Action(Body):
    """A button."""

    label: str
    description: str
    identifier: str


class ChangedRun(Body):
    """`checks/update`."""

    name: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    status: Literal["queued", "in_progress", "completed"] | None = None
    started_at: str | None = None
    conclusion: str | None = None
    completed_at: str | None = None
    output: Output | None = None
    actions: list[Action] | None = None


class NewRun(ChangedRun):
    """`checks/create`."""

    name: str
    head_sha: str


class NewSuite(Body):
    """`checks/create-suite`."""

    head_sha: str


@operation("checks/create", "POST", REPO + "/check-runs", WRITE)
def create(call: Call) -> Answer:
    """Make a check run of the calling App."""
    new, app = call.read(NewRun), _app(call)
    made = checks.create_run(call.state, app.id, call.repo, new.head_sha, new.name, **_fields(new))
    shape = render_pull.check_run(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("checks/get", "GET", RUN, READ)
def get(call: Call) -> Answer:
    """One check run."""
    return Answer(200, render_pull.check_run(call.state, call.base_url, _run(call)))


@operation("checks/update", "PATCH", RUN, WRITE)
def update(call: Call) -> Answer:
    """Change a check run of the calling App."""
    run, new = _run(call), call.read(ChangedRun)
    if _app(call).id != run.app_id:
        raise Refused(403, "A check run can only be modified by the GitHub App that created it.")
    fields = _fields(new)
    if new.name is not None:
        fields["name"] = new.name
    checks.update_run(call.state, run, **fields)
    return Answer(200, render_pull.check_run(call.state, call.base_url, run))


@operation("checks/list-annotations", "GET", RUN + "/annotations", READ)
def list_annotations(call: Call) -> Answer:
    """A run's remarks."""
    call.only()
    run = _run(call)
    found = [
        render_pull.annotation(call.state, call.base_url, run, one) for one in range(len(run.annotations))
    ]
    return page(call, found)


@operation("checks/rerequest-run", "POST", RUN + "/rerequest", WRITE)
def rerequest(call: Call) -> Answer:
    """Ask the check's App to run it again."""
    checks.rerequest_run(call.state, call.me, _run(call))
    return Answer(201, {})


@operation("checks/list-for-ref", "GET", COMMIT + "/check-runs", READ)
def list_for_ref(call: Call) -> Answer:
    """The check runs of a commit; of each App's of one name the newest, unless `filter=all`."""
    call.only("check_name", "status", "filter", "app_id")
    return _listed(call, call.state.find(CheckRun, repo_id=call.repo.id, head_sha=_sha(call)))


@operation("checks/list-for-suite", "GET", SUITE + "/check-runs", READ)
def list_for_suite(call: Call) -> Answer:
    """The check runs of a suite."""
    call.only("check_name", "status", "filter")
    return _listed(call, call.state.find(CheckRun, suite_id=_suite(call).id))


@operation("checks/list-suites-for-ref", "GET", COMMIT + "/check-suites", READ)
def list_suites(call: Call) -> Answer:
    """The check suites of a commit."""
    call.only("app_id", "check_name")
    found = call.state.find(CheckSuite, repo_id=call.repo.id, head_sha=_sha(call))
    if "app_id" in call.query:
        found = [one for one in found if str(one.app_id) == call.query["app_id"]]
    if "check_name" in call.query:
        name = call.query["check_name"]
        found = [
            one
            for one in found
            if any(run.name == name for run in call.state.find(CheckRun, suite_id=one.id))
        ]
    shapes = [render_pull.check_suite(call.state, call.base_url, one) for one in found]
    return page(call, shapes, wrap="check_suites")


@operation("checks/create-suite", "POST", REPO + "/check-suites", WRITE)
def create_suite(call: Call) -> Answer:
    """The calling App's suite of a commit: 201, or 200 when there is one."""
    new, app = call.read(NewSuite), _app(call)
    if git.open_git(call.state, call.repo).kind(new.head_sha) != "commit":
        raise invalid(f"No commit found for SHA: {new.head_sha}")
    known = {one.id for one in call.state.find(CheckSuite, repo_id=call.repo.id, head_sha=new.head_sha)}
    suite = checks.suite_of(call.state, call.repo, app, new.head_sha)
    shape = render_pull.check_suite(call.state, call.base_url, suite)
    return Answer(200 if suite.id in known else 201, shape)


@operation("checks/get-suite", "GET", SUITE, READ)
def get_suite(call: Call) -> Answer:
    """One check suite."""
    return Answer(200, render_pull.check_suite(call.state, call.base_url, _suite(call)))


@operation("checks/rerequest-suite", "POST", SUITE + "/rerequest", WRITE)
def rerequest_suite(call: Call) -> Answer:
    """Ask the suite's App to run all of it again."""
    suite = _suite(call)
    about = {"check_suite": suite.id}
    call.state.signal(Signal("check_suite", "rerequested", call.repo.id, call.me.id, about))
    return Answer(201, {})


def _app(call: Call) -> App:
    token = call.caller.token
    if token is None or token.app_id is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    return call.state.get(App, token.app_id)


def _run(call: Call) -> CheckRun:
    found = call.number("check_run_id")
    if not call.state.has(CheckRun, found) or call.state.get(CheckRun, found).repo_id != call.repo.id:
        raise not_found()
    return call.state.get(CheckRun, found)


def _suite(call: Call) -> CheckSuite:
    found = call.number("check_suite_id")
    if not call.state.has(CheckSuite, found) or call.state.get(CheckSuite, found).repo_id != call.repo.id:
        raise not_found()
    return call.state.get(CheckSuite, found)


def _sha(call: Call) -> str:
    return git.commit_of(git.open_git(call.state, call.repo), call.params["ref"])


def _fields(new: ChangedRun) -> dict[str, Any]:
    """The fields for `checks.update_run`."""
    fields: dict[str, Any] = {
        "details_url": new.details_url,
        "external_id": new.external_id,
        "status": new.status,
        "conclusion": new.conclusion,
        "started_at": _moment(new.started_at),
        "completed_at": _moment(new.completed_at),
    }
    if new.output is not None:
        fields |= {"title": new.output.title, "summary": new.output.summary, "text": new.output.text}
        fields["annotations"] = [one.model_dump(exclude_none=True) for one in new.output.annotations]
    if new.actions is not None:
        fields["actions"] = [one.model_dump() for one in new.actions]
    return fields


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid request.\n\n{text} is not a valid date-time.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _listed(call: Call, found: list[CheckRun]) -> Answer:
    query = call.query
    if query.get("filter", "latest") == "latest":
        found = checks.latest_runs(found)
    if "check_name" in query:
        found = [one for one in found if one.name == query["check_name"]]
    if "status" in query:
        found = [one for one in found if one.status == query["status"]]
    if "app_id" in query:
        found = [one for one in found if str(one.app_id) == query["app_id"]]
    shapes = [render_pull.check_run(call.state, call.base_url, one) for one in found]
    return page(call, shapes, wrap="check_runs")
