"""The JSON of Actions: workflows, runs, jobs, artifacts and variables, for REST and for webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.local.forge import actions, render, workflow_files
from bot.local.forge.addresses import api_url
from bot.local.forge.records import Account, Artifact, Issue, Job, Pull, Repository, Run, Variable, Workflow
from bot.local.forge.state import State

Json = dict[str, Any]
RUNNER_ID = 1
RUNNER_NAME = "beadwright-local"


def time(moment: datetime) -> str:
    """A time as GitHub writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else time(moment)


def _urls(state: State, base_url: str, repo_id: int) -> tuple[str, str]:
    """The repository's API address and its page's."""
    repository = state.get(Repository, repo_id)
    name = f"{state.get(Account, repository.owner_id).login}/{repository.name}"
    return f"{api_url(base_url)}/repos/{name}", f"{base_url}/{name}"


def workflow(state: State, base_url: str, record: Workflow) -> Json:
    """`workflow` of the OpenAPI description."""
    api, html = _urls(state, base_url, record.repo_id)
    branch = state.get(Repository, record.repo_id).default_branch
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "name": record.name,
        "path": record.path,
        "state": record.state,
        "created_at": time(record.created_at),
        "updated_at": time(record.updated_at),
        "url": f"{api}/actions/workflows/{record.id}",
        "html_url": f"{html}/blob/{branch}/{record.path}",
        "badge_url": f"{html}/actions/workflows/{record.path.rpartition('/')[2]}/badge.svg",
    }


def run(state: State, base_url: str, record: Run, *, pulls: bool = True) -> Json:
    """`workflow-run`; without its pull requests where `exclude_pull_requests` asks for that."""
    api, html = _urls(state, base_url, record.repo_id)
    repository = state.get(Repository, record.repo_id)
    of = state.get(Workflow, record.workflow_id)
    url = f"{api}/actions/runs/{record.id}"
    suite = record.suite_id
    rendered_repository = render.minimal_repository(state, base_url, repository)
    previous = f"{url}/attempts/{record.attempt - 1}" if record.attempt > 1 else None
    return {
        "id": record.id,
        "name": of.name,
        "node_id": state.node_id(record),
        "head_branch": record.head_branch,
        "head_sha": record.head_sha,
        "path": of.path,
        "display_title": record.display_title,
        "run_number": record.number,
        "event": record.event,
        "status": record.status,
        "conclusion": record.conclusion,
        "workflow_id": of.id,
        "check_suite_id": suite,
        "check_suite_node_id": actions.suite_node_id(state, record),
        "url": url,
        "html_url": f"{html}/actions/runs/{record.id}",
        "pull_requests": _pulls(state, api, record) if pulls else [],
        "created_at": time(record.created_at),
        "updated_at": time(record.updated_at),
        "actor": render.account(state, base_url, state.get(Account, record.actor_id)),
        "run_attempt": record.attempt,
        "referenced_workflows": [],
        "run_started_at": time(record.started_at or record.created_at),
        "triggering_actor": render.account(state, base_url, state.get(Account, record.triggering_actor_id)),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": previous,
        "workflow_url": f"{api}/actions/workflows/{of.id}",
        "head_commit": _head_commit(state, repository, record.head_sha),
        "repository": rendered_repository,
        "head_repository": rendered_repository,
    }


def job(state: State, base_url: str, record: Job) -> Json:
    """`job`, which is also a webhook's `workflow_job`."""
    api, html = _urls(state, base_url, record.repo_id)
    of = state.get(Run, record.run_id)
    taken = record.status != "queued"
    return {
        "id": record.id,
        "run_id": of.id,
        "workflow_name": state.get(Workflow, of.workflow_id).name,
        "head_branch": of.head_branch,
        "run_url": f"{api}/actions/runs/{of.id}",
        "run_attempt": record.attempt,
        "node_id": state.node_id(record),
        "head_sha": of.head_sha,
        "url": f"{api}/actions/jobs/{record.id}",
        "html_url": f"{html}/actions/runs/{of.id}/job/{record.id}",
        "status": record.status,
        "conclusion": record.conclusion,
        "created_at": time(record.created_at),
        "started_at": time(record.started_at or record.created_at),
        "completed_at": _optional(record.completed_at),
        "name": record.name,
        "steps": record.steps,
        "check_run_url": f"{api}/check-runs/{actions.check_run_of(state, record).id}",
        "labels": ["self-hosted"],
        "runner_id": RUNNER_ID if taken else None,
        "runner_name": RUNNER_NAME if taken else None,
        "runner_group_id": 1 if taken else None,
        "runner_group_name": "Default" if taken else None,
    }


def artifact(state: State, base_url: str, record: Artifact) -> Json:
    """`artifact`."""
    api, _ = _urls(state, base_url, record.repo_id)
    of = state.get(Run, record.run_id)
    url = f"{api}/actions/artifacts/{record.id}"
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "name": record.name,
        "size_in_bytes": record.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": record.expires_at <= state.now(),
        "digest": record.digest,
        "created_at": time(record.created_at),
        "expires_at": time(record.expires_at),
        "updated_at": time(record.created_at),
        "workflow_run": {
            "id": of.id,
            "repository_id": of.repo_id,
            "head_repository_id": of.repo_id,
            "head_branch": of.head_branch,
            "head_sha": of.head_sha,
        },
    }


def variable(_state: State, _base_url: str, record: Variable) -> Json:
    """`actions-variable`."""
    return {
        "name": record.name,
        "value": record.value,
        "created_at": time(record.created_at),
        "updated_at": time(record.updated_at),
    }


def _pulls(state: State, api: str, record: Run) -> list[Json]:
    """The open pull requests from the run's branch."""
    repository = state.get(Repository, record.repo_id)
    repo = {"id": repository.id, "url": api, "name": repository.name}
    return [
        {
            "id": pull.id,
            "number": pull.number,
            "url": f"{api}/pulls/{pull.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": repo},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo},
        }
        for pull in state.find(Pull, repo_id=record.repo_id, head_ref=record.head_branch)
        if state.get(Issue, pull.issue_id).state == "open"
    ]


def _head_commit(state: State, repository: Repository, sha: str) -> Json | None:
    head = workflow_files.head(state, repository, sha)
    if head is None:
        return None
    people = {
        role: {"name": name, "email": email}
        for role, (name, email) in (("author", head.author), ("committer", head.committer))
    }
    return {"id": sha, "tree_id": head.tree, "message": head.message, "timestamp": head.at, **people}
