"""Workflow runs and their jobs: list, get, cancel, re-run, delete, logs.

https://docs.github.com/en/rest/actions/workflow-runs and …/workflow-jobs
"""

from __future__ import annotations

from bot.local.forge import actions, render_actions, results
from bot.local.forge.date_range import within
from bot.local.forge.http import Answer, Call, Refused, invalid, not_found, operation, page, reads, writes
from bot.local.forge.records import Account, Job, Run
from bot.local.runner.workflow import WorkflowError

BASE = "/repos/{owner}/{repo}/actions"
FILTERS = {
    "actor", "branch", "event", "status", "created", "head_sha", "check_suite_id", "exclude_pull_requests",
    "per_page", "page",
}  # fmt: skip


def _run(call: Call) -> Run:
    number = call.number("run_id")
    if not call.state.has(Run, number) or call.state.get(Run, number).repo_id != call.repo.id:
        raise not_found()
    return call.state.get(Run, number)


def _job(call: Call) -> Job:
    number = call.number("job_id")
    if not call.state.has(Job, number) or call.state.get(Job, number).repo_id != call.repo.id:
        raise not_found()
    return call.state.get(Job, number)


# -- runs -------------------------------------------------------------------------------------------------
@operation("actions/list-workflow-runs-for-repo", "GET", BASE + "/runs", reads("actions"))
def list_runs(call: Call) -> Answer:
    """The repository's runs, newest first."""
    return _listed(call, call.state.find(Run, repo_id=call.repo.id))


@operation("actions/list-workflow-runs", "GET", BASE + "/workflows/{workflow_id}/runs", reads("actions"))
def list_workflow_runs(call: Call) -> Answer:
    """A workflow's runs, newest first."""
    workflow = actions.find_workflow(call.state, call.repo, call.params["workflow_id"])
    return _listed(call, call.state.find(Run, workflow_id=workflow.id))


def _listed(call: Call, runs: list[Run]) -> Answer:
    unknown = sorted(set(call.query) - FILTERS)
    if unknown:
        raise Refused(501, f"A filter is not implemented by this forge: {unknown[0]}")
    found = [run for run in reversed(runs) if _wanted(call, run)]
    pulls = call.query.get("exclude_pull_requests") != "true"
    # Only what is on the page is rendered: a run shows its commit, which git is asked for.
    answer = page(call, found, wrap="workflow_runs")
    answer.body["workflow_runs"] = [
        render_actions.run(call.state, call.base_url, run, pulls=pulls)
        for run in answer.body["workflow_runs"]
    ]
    return answer


def _wanted(call: Call, run: Run) -> bool:
    query = call.query
    actor = call.state.get(Account, run.actor_id).login
    return (
        query.get("actor", actor).lower() == actor.lower()
        and query.get("branch", run.head_branch) == run.head_branch
        and query.get("event", run.event) == run.event
        and query.get("head_sha", run.head_sha) == run.head_sha
        and query.get("check_suite_id", str(run.suite_id)) == str(run.suite_id)
        and query.get("status", run.status) in (run.status, run.conclusion)
        and ("created" not in query or within(query["created"], run.created_at, "created"))
    )


@operation("actions/get-workflow-run", "GET", BASE + "/runs/{run_id}", reads("actions"))
def get_run(call: Call) -> Answer:
    """One run."""
    pulls = call.query.get("exclude_pull_requests") != "true"
    return Answer(200, render_actions.run(call.state, call.base_url, _run(call), pulls=pulls))


@operation("actions/delete-workflow-run", "DELETE", BASE + "/runs/{run_id}", writes("actions"))
def delete_run(call: Call) -> Answer:
    """Forget a finished run."""
    actions.delete_run(call.state, _run(call))
    return Answer(204)


@operation("actions/cancel-workflow-run", "POST", BASE + "/runs/{run_id}/cancel", writes("actions"))
def cancel_run(call: Call) -> Answer:
    """Ask for its end."""
    actions.cancel(call.state, _run(call))
    return Answer(202, {})


@operation("actions/re-run-workflow", "POST", BASE + "/runs/{run_id}/rerun", writes("actions"))
def rerun(call: Call) -> Answer:
    """Start its next attempt."""
    if isinstance(call.body, dict) and call.body.get("enable_debug_logging"):
        raise Refused(501, "A parameter is not implemented by this forge: enable_debug_logging")
    actions.rerun(call.state, call.me, _run(call))
    return Answer(201, {})


@operation("actions/download-workflow-run-logs", "GET", BASE + "/runs/{run_id}/logs", reads("actions"))
def run_logs(call: Call) -> Answer:
    """A redirect to the logs of its last attempt, as a zip."""
    run = _run(call)
    return _redirect(call, f"runs/{run.id}/{run.attempt}")


@operation("actions/re-run-job-for-workflow-run", "POST", BASE + "/jobs/{job_id}/rerun", writes("actions"))
def rerun_job(call: Call) -> Answer:
    """Start the next attempt of its run with this job and those that need it."""
    if isinstance(call.body, dict) and call.body.get("enable_debug_logging"):
        raise Refused(501, "A parameter is not implemented by this forge: enable_debug_logging")
    job = _job(call)
    run = call.state.get(Run, job.run_id)
    try:
        wanted = actions.parsed_workflow(call.state, run).needing(job.key)
    except WorkflowError as error:
        raise Refused(403, str(error)) from None
    actions.rerun(call.state, call.me, run, jobs=wanted)
    return Answer(201, {})


# -- jobs -------------------------------------------------------------------------------------------------
@operation("actions/list-jobs-for-workflow-run", "GET", BASE + "/runs/{run_id}/jobs", reads("actions"))
def list_jobs(call: Call) -> Answer:
    """The jobs of the latest attempt, or of all (`filter=all`)."""
    run = _run(call)
    wanted = call.query.get("filter", "latest")
    if wanted not in ("latest", "all"):
        raise invalid(f"filter must be latest or all, it is {wanted}")
    jobs = call.state.find(Job, run_id=run.id) if wanted == "all" else actions.jobs_of(call.state, run)
    return _jobs(call, jobs)


@operation(
    "actions/list-jobs-for-workflow-run-attempt",
    "GET",
    BASE + "/runs/{run_id}/attempts/{attempt_number}/jobs",
    reads("actions"),
)
def list_attempt_jobs(call: Call) -> Answer:
    """The jobs of one attempt."""
    run, attempt = _run(call), call.number("attempt_number")
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    return _jobs(call, actions.jobs_of(call.state, run, attempt=attempt))


def _jobs(call: Call, jobs: list[Job]) -> Answer:
    return page(call, [render_actions.job(call.state, call.base_url, job) for job in jobs], wrap="jobs")


@operation("actions/get-job-for-workflow-run", "GET", BASE + "/jobs/{job_id}", reads("actions"))
def get_job(call: Call) -> Answer:
    """One job."""
    return Answer(200, render_actions.job(call.state, call.base_url, _job(call)))


@operation(
    "actions/download-job-logs-for-workflow-run", "GET", BASE + "/jobs/{job_id}/logs", reads("actions")
)
def job_logs(call: Call) -> Answer:
    """A redirect to its log as plain text."""
    return _redirect(call, f"jobs/{_job(call).id}")


def _redirect(call: Call, path: str) -> Answer:
    """302 to a signed address. GitHub wants a signed-in caller here, even for what is public."""
    if call.caller.account is None:
        raise Refused(403, "Must have admin rights to Repository.")
    return Answer(302, None, {"Location": results.signed_url(call.state, call.base_url, "GET", path)})
