"""Actions workflows: list, get, enable, disable, dispatch.

https://docs.github.com/en/rest/actions/workflows
"""

from __future__ import annotations

from bot.local.forge import actions, render, render_actions
from bot.local.forge.http import Answer, Call, invalid, operation, page, reads, writes
from bot.local.forge.records import Workflow

BASE = "/repos/{owner}/{repo}/actions/workflows"
DISPATCH_FIELDS = {"ref", "inputs", "return_run_details"}


def _named(call: Call) -> Workflow:
    return actions.find_workflow(call.state, call.repo, call.params["workflow_id"])


@operation("actions/list-repo-workflows", "GET", BASE, reads("actions"))
def list_workflows(call: Call) -> Answer:
    """All workflows of the default branch."""
    found = actions.workflows(call.state, call.repo)
    shown = [render_actions.workflow(call.state, call.base_url, record) for record in found]
    return page(call, shown, wrap="workflows")


@operation("actions/get-workflow", "GET", BASE + "/{workflow_id}", reads("actions"))
def get_workflow(call: Call) -> Answer:
    """One workflow, by its id or its file's name."""
    return Answer(200, render_actions.workflow(call.state, call.base_url, _named(call)))


@operation("actions/enable-workflow", "PUT", BASE + "/{workflow_id}/enable", writes("actions"))
def enable_workflow(call: Call) -> Answer:
    """Let it run again."""
    actions.set_workflow_state(call.state, _named(call), enabled=True)
    return Answer(204)


@operation("actions/disable-workflow", "PUT", BASE + "/{workflow_id}/disable", writes("actions"))
def disable_workflow(call: Call) -> Answer:
    """Let nothing start it."""
    actions.set_workflow_state(call.state, _named(call), enabled=False)
    return Answer(204)


@operation("actions/create-workflow-dispatch", "POST", BASE + "/{workflow_id}/dispatches", writes("actions"))
def create_dispatch(call: Call) -> Answer:
    """Start a run; with `return_run_details` the answer says which."""
    body = call.body if isinstance(call.body, dict) else {}
    unknown = sorted(set(body) - DISPATCH_FIELDS)
    if unknown:
        raise invalid(f'"{unknown[0]}" is not a permitted key.')
    ref, inputs, details = body.get("ref"), body.get("inputs") or {}, body.get("return_run_details", False)
    if not isinstance(ref, str) or not ref:
        raise invalid('Invalid request.\n\n"ref" wasn\'t supplied.')
    if not isinstance(inputs, dict):
        raise invalid(f"Invalid request.\n\nFor 'properties/inputs', {inputs!r} is not an object.")
    if not isinstance(details, bool):
        raise invalid(
            f"Invalid request.\n\nFor 'properties/return_run_details', {details!r} is not a boolean."
        )
    payload = {
        "repository": render.repository(call.state, call.base_url, call.repo),
        "sender": render.account(call.state, call.base_url, call.me),
    }
    run = actions.dispatch(call.state, call.me, call.repo, _named(call), ref, inputs, payload=payload)
    if not details:
        return Answer(204)
    shown = render_actions.run(call.state, call.base_url, run)
    return Answer(200, {"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]})
