"""Artifacts: list, get, download, delete.

https://docs.github.com/en/rest/actions/artifacts
"""

from __future__ import annotations

from bot.local.forge import actions, render_actions, results
from bot.local.forge.http import Answer, Call, Refused, not_found, operation, page, reads, writes
from bot.local.forge.records import Artifact, Run

BASE = "/repos/{owner}/{repo}/actions"


def _artifact(call: Call) -> Artifact:
    number = call.number("artifact_id")
    if not call.state.has(Artifact, number):
        raise not_found()
    found = call.state.get(Artifact, number)
    if found.repo_id != call.repo.id or not found.finalized:
        raise not_found()
    return found


@operation("actions/list-artifacts-for-repo", "GET", BASE + "/artifacts", reads("actions"))
def list_artifacts(call: Call) -> Answer:
    """The repository's artifacts, newest first."""
    return _listed(call, call.state.find(Artifact, repo_id=call.repo.id)[::-1])


@operation("actions/list-workflow-run-artifacts", "GET", BASE + "/runs/{run_id}/artifacts", reads("actions"))
def list_run_artifacts(call: Call) -> Answer:
    """A run's artifacts, newest first unless `direction=asc`."""
    number = call.number("run_id")
    if not call.state.has(Run, number) or call.state.get(Run, number).repo_id != call.repo.id:
        raise not_found()
    found = call.state.find(Artifact, run_id=number)
    return _listed(call, found if call.query.get("direction") == "asc" else found[::-1])


def _listed(call: Call, found: list[Artifact]) -> Answer:
    name = call.query.get("name")
    shown = [
        render_actions.artifact(call.state, call.base_url, record)
        for record in found
        if record.finalized and name in (None, record.name)
    ]
    return page(call, shown, wrap="artifacts")


@operation("actions/get-artifact", "GET", BASE + "/artifacts/{artifact_id}", reads("actions"))
def get_artifact(call: Call) -> Answer:
    """One artifact."""
    return Answer(200, render_actions.artifact(call.state, call.base_url, _artifact(call)))


@operation(
    "actions/download-artifact",
    "GET",
    BASE + "/artifacts/{artifact_id}/{archive_format}",
    reads("actions"),
)
def download_artifact(call: Call) -> Answer:
    """A redirect to the zip; GitHub wants a signed-in caller, even for what is public."""
    found = _artifact(call)
    if call.params["archive_format"] != "zip":
        raise not_found()
    if call.caller.account is None:
        raise Refused(401, "Requires authentication")
    if found.expires_at <= call.state.now():
        raise Refused(410, "Artifact has expired")
    url = results.signed_url(call.state, call.base_url, "GET", f"artifacts/{found.id}")
    return Answer(302, None, {"Location": url})


@operation("actions/delete-artifact", "DELETE", BASE + "/artifacts/{artifact_id}", writes("actions"))
def delete_artifact(call: Call) -> Answer:
    """Forget an artifact."""
    actions.delete_artifact(call.state, _artifact(call))
    return Answer(204)
