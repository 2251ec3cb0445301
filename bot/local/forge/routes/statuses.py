"""Commit statuses over REST. https://docs.github.com/en/rest/commits/statuses"""

from __future__ import annotations

from typing import Literal

from bot.local.forge import checks, git, render_pull
from bot.local.forge.http import Answer, Body, Call, operation, page, reads, writes
from bot.local.forge.records import CommitStatus

COMMIT = "/repos/{owner}/{repo}/commits/{ref:path}"
READ = reads("statuses")


class NewStatus(Body):
    """`repos/create-commit-status`."""

    state: Literal["error", "failure", "pending", "success"]
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


@operation("repos/create-commit-status", "POST", "/repos/{owner}/{repo}/statuses/{sha}", writes("statuses"))
def create(call: Call) -> Answer:
    """Say something of a commit."""
    new = call.read(NewStatus)
    made = checks.set_status(
        call.state,
        call.me,
        call.repo,
        call.params["sha"],
        new.state,
        context=new.context,
        description=new.description,
        target_url=new.target_url,
    )
    shape = render_pull.status(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("repos/get-combined-status-for-ref", "GET", COMMIT + "/status", READ)
def combined(call: Call) -> Answer:
    """The newest status of each context, and what they add up to."""
    call.only()
    sha = git.commit_of(git.open_git(call.state, call.repo), call.params["ref"])
    return Answer(200, render_pull.combined_status(call.state, call.base_url, call.repo, sha))


@operation("repos/list-commit-statuses-for-ref", "GET", COMMIT + "/statuses", READ)
def list_statuses(call: Call) -> Answer:
    """Every status ever set, newest first."""
    call.only()
    sha = git.commit_of(git.open_git(call.state, call.repo), call.params["ref"])
    found = reversed(call.state.find(CommitStatus, repo_id=call.repo.id, sha=sha))
    return page(call, [render_pull.status(call.state, call.base_url, one) for one in found])
