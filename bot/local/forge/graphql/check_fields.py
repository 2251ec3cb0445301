"""What a commit's checks say: the rollup, check runs, statuses, suites and the workflow runs behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.local.forge import checks, protection
from bot.local.forge.git import object_node_id
from bot.local.forge.graphql.account_fields import account_or_none, path_of
from bot.local.forge.graphql.ask import Ask, GitThing, Info, Ref, failure, find_node
from bot.local.forge.graphql.commit_fields import commit_thing
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.graphql.repository_fields import home_of, html_url
from bot.local.forge.http import reads
from bot.local.forge.records import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Issue,
    Pull,
    Repository,
    Run,
    Workflow,
)

WORKFLOW_STATES = {"active": "ACTIVE", "disabled_manually": "DISABLED_MANUALLY"}


@dataclass(frozen=True, slots=True)
class Rollup:
    """All that is said of a commit: its newest check runs, then its newest statuses."""

    commit: GitThing
    contexts: tuple[CheckRun | CommitStatus, ...]


def rollup_of(ask: Ask, home: Repository, oid: str) -> Rollup | None:
    """What is said of a commit, as far as the caller may know; null when nothing is."""
    runs = checks.runs_of(ask.state, home, oid) if ask.may(home, reads("checks")) else []
    statuses = checks.statuses_of(ask.state, home, oid) if ask.may(home, reads("statuses")) else []
    return Rollup(commit_thing(home, oid), (*runs, *statuses)) if runs or statuses else None


@field("Commit.statusCheckRollup")
def commit_rollup(source: GitThing, info: Info) -> Rollup | None:
    """What is said of the commit."""
    return rollup_of(info.context, source.repository, source.oid)


plain("StatusCheckRollup", commit="commit")


@field("StatusCheckRollup.id")
def rollup_id(source: Rollup, _info: Info) -> str:
    """Made of the commit."""
    return object_node_id("StatusCheckRollup", source.commit.repository, source.commit.oid)


@field("StatusCheckRollup.state")
def rollup_state(source: Rollup, _info: Info) -> str:
    """The worst of all: ERROR and FAILURE, then PENDING, then SUCCESS."""
    verdicts = [
        checks.run_verdict(one) if isinstance(one, CheckRun) else checks.status_verdict(one)
        for one in source.contexts
    ]
    if "failing" in verdicts:
        return "FAILURE"
    return "PENDING" if "pending" in verdicts else "SUCCESS"


@field("StatusCheckRollup.contexts")
def contexts(source: Rollup, info: Info, **page: Any) -> Connection:
    """Each check run and status."""
    return connect(info, source.contexts, **page)


# -- check runs and statuses ------------------------------------------------------------------------------
plain(
    "CheckRun",
    databaseId="id",
    name="name",
    externalId="external_id",
    startedAt="started_at",
    completedAt="completed_at",
    title="title",
    summary="summary",
    text="text",
)


@field("CheckRun.status")
def check_status(run: CheckRun, _info: Info) -> str:
    """QUEUED, IN_PROGRESS or COMPLETED."""
    return run.status.upper()


@field("CheckRun.conclusion")
def conclusion(run: CheckRun, _info: Info) -> str | None:
    """How it ended, null while it has not."""
    return run.conclusion.upper() if run.conclusion and run.status == "completed" else None


@field("CheckRun.url", "CheckRun.permalink")
def check_url(run: CheckRun, info: Info) -> str:
    """Its page."""
    return f"{html_url(info.context, home_of(run, info))}/runs/{run.id}"


@field("CheckRun.detailsUrl")
def details_url(run: CheckRun, info: Info) -> str:
    """Where its App shows more; its own page when the App named none."""
    return run.details_url or check_url(run, info)


@field("CheckRun.resourcePath")
def check_path(run: CheckRun, info: Info) -> str:
    """Its page's path."""
    return path_of(check_url(run, info))


@field("CheckRun.checkSuite")
def suite_of_run(run: CheckRun, info: Info) -> CheckSuite:
    """The suite that it is in."""
    return info.context.state.get(CheckSuite, run.suite_id)


plain(
    "StatusContext",
    context="context",
    description="description",
    targetUrl="target_url",
    createdAt="created_at",
)


@field("StatusContext.state")
def status_state(status: CommitStatus, _info: Info) -> str:
    """ERROR, FAILURE, PENDING or SUCCESS."""
    return status.state.upper()


@field("StatusContext.creator")
def status_creator(status: CommitStatus, info: Info) -> Account | None:
    """Who set it."""
    return account_or_none(info, status.creator_id)


@field("StatusContext.commit")
def status_commit(status: CommitStatus, info: Info) -> GitThing:
    """The commit that it is about."""
    return commit_thing(home_of(status, info), status.sha)


@field("CheckRun.isRequired", "StatusContext.isRequired")
def is_required(
    source: CheckRun | CommitStatus,
    info: Info,
    pull_request_id: str | None = None,
    pull_request_number: int | None = None,
) -> bool:
    """Whether the base branch of that pull request asks for a check of this name (and of this App)."""
    ask = info.context
    home = home_of(source, info)
    pull: object = None
    if pull_request_id is not None:
        pull = find_node(ask, pull_request_id)
    elif pull_request_number is not None:
        issue = ask.state.one(Issue, repo_id=home.id, number=pull_request_number)
        pull = ask.state.get(Pull, issue.pull_id) if issue is not None and issue.pull_id is not None else None
    if not isinstance(pull, Pull):
        raise failure("NOT_FOUND", "A pull request ID or pull request number must be provided.")
    if isinstance(source, CheckRun):
        name, app_id = source.name, source.app_id
    else:
        app = ask.state.one(App, bot_id=source.creator_id)
        name, app_id = source.context, app.id if app else -1
    required = protection.required_checks(ask.state, home, pull.base_ref)
    return (name, None) in required or (name, app_id) in required


# -- suites and workflow runs -----------------------------------------------------------------------------
@field("Commit.checkSuites")
def check_suites(
    source: GitThing, info: Info, filter_by: dict[str, Any] | None = None, **page: Any
) -> Connection:
    """The suites of a commit; by App, by the name of a check in them."""
    ask = info.context
    wanted = filter_by or {}
    found = [
        suite
        for suite in ask.state.find(CheckSuite, repo_id=source.repository.id, head_sha=source.oid)
        if ask.may(source.repository, reads("checks"))
        and wanted.get("app_id") in (None, suite.app_id)
        and (wanted.get("check_name") is None or _has_check(ask, suite, wanted["check_name"]))
    ]
    return connect(info, found, **page)


def _has_check(ask: Ask, suite: CheckSuite, name: str) -> bool:
    return any(run.name == name for run in ask.state.find(CheckRun, suite_id=suite.id))


plain("CheckSuite", databaseId="id", createdAt="created_at", updatedAt="updated_at")


@field("CheckSuite.app")
def suite_app(suite: CheckSuite, info: Info) -> App | None:
    """Whose it is."""
    return info.context.state.get(App, suite.app_id)


@field("CheckSuite.commit")
def suite_commit(suite: CheckSuite, info: Info) -> GitThing:
    """The commit that it is about."""
    return commit_thing(home_of(suite, info), suite.head_sha)


@field("CheckSuite.branch")
def suite_branch(suite: CheckSuite, info: Info) -> Ref | None:
    """The branch whose push made it, as long as it is there."""
    return info.context.ref(home_of(suite, info), f"refs/heads/{suite.head_branch}")


@field("CheckSuite.status")
def suite_status(suite: CheckSuite, info: Info) -> str:
    """QUEUED, IN_PROGRESS or COMPLETED."""
    return checks.suite_state(info.context.state, suite)[0].upper()


@field("CheckSuite.conclusion")
def suite_conclusion(suite: CheckSuite, info: Info) -> str | None:
    """How it ended, null while it has not."""
    ended = checks.suite_state(info.context.state, suite)[1]
    return ended.upper() if ended else None


@field("CheckSuite.url")
def suite_url(suite: CheckSuite, info: Info) -> str:
    """Its page."""
    page = f"{html_url(info.context, home_of(suite, info))}/commit/{suite.head_sha}/checks"
    return f"{page}?check_suite_id={suite.id}"


@field("CheckSuite.resourcePath")
def suite_path(suite: CheckSuite, info: Info) -> str:
    """Its page's path."""
    return path_of(suite_url(suite, info))


@field("CheckSuite.checkRuns")
def suite_runs(
    suite: CheckSuite, info: Info, filter_by: dict[str, Any] | None = None, **page: Any
) -> Connection:
    """Its check runs, the newest of each name unless all are asked for."""
    wanted = filter_by or {}
    found = info.context.state.find(CheckRun, suite_id=suite.id)
    if wanted.get("check_type") != "ALL":
        found = checks.latest_runs(found)
    statuses = [*(wanted.get("statuses") or []), *([wanted["status"]] if wanted.get("status") else [])]
    kept = [
        run
        for run in found
        if wanted.get("app_id") in (None, run.app_id)
        and wanted.get("check_name") in (None, run.name)
        and (not statuses or run.status.upper() in statuses)
        and (not wanted.get("conclusions") or (run.conclusion or "").upper() in wanted["conclusions"])
    ]
    return connect(info, kept, **page)


@field("CheckSuite.workflowRun")
def workflow_run(suite: CheckSuite, info: Info) -> Run | None:
    """The workflow run that it belongs to, of Actions."""
    state = info.context.state
    return state.get(Run, suite.run_id) if suite.run_id is not None and state.has(Run, suite.run_id) else None


plain(
    "WorkflowRun",
    databaseId="id",
    runNumber="number",
    event="event",
    createdAt="created_at",
    updatedAt="updated_at",
)


@field("WorkflowRun.checkSuite")
def suite_of_workflow_run(run: Run, info: Info) -> CheckSuite:
    """Its suite."""
    return info.context.state.get(CheckSuite, run.suite_id)


@field("WorkflowRun.workflow")
def workflow_of(run: Run, info: Info) -> Workflow:
    """What was run."""
    return info.context.state.get(Workflow, run.workflow_id)


@field("WorkflowRun.url")
def run_url(run: Run, info: Info) -> str:
    """Its page."""
    return f"{html_url(info.context, home_of(run, info))}/actions/runs/{run.id}"


@field("WorkflowRun.resourcePath")
def run_path(run: Run, info: Info) -> str:
    """Its page's path."""
    return path_of(run_url(run, info))


plain("Workflow", databaseId="id", name="name", createdAt="created_at", updatedAt="updated_at")


@field("Workflow.state")
def workflow_state(workflow: Workflow, _info: Info) -> str:
    """ACTIVE or DISABLED_MANUALLY."""
    return WORKFLOW_STATES[workflow.state]


@field("Workflow.url")
def workflow_url(workflow: Workflow, info: Info) -> str:
    """The page of its runs."""
    file = workflow.path.rpartition("/")[2]
    return f"{html_url(info.context, home_of(workflow, info))}/actions/workflows/{file}"


@field("Workflow.resourcePath")
def workflow_path(workflow: Workflow, info: Info) -> str:
    """The page's path: `/OWNER/NAME/actions/workflows/FILE`."""
    return path_of(workflow_url(workflow, info))
