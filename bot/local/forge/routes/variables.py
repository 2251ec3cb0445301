"""Actions variables of a repository.

https://docs.github.com/en/rest/actions/variables; an App's permission for them is called `actions_variables`.
"""

from __future__ import annotations

import re

from bot.local.forge import actions, render_actions
from bot.local.forge.http import (
    Answer,
    Call,
    Need,
    Refused,
    invalid,
    not_found,
    operation,
    page,
    writes,
)
from bot.local.forge.records import Variable

BASE = "/repos/{owner}/{repo}/actions/variables"
PERMISSION = "actions_variables"
# Reading wants a collaborator, also where the repository is public.
READS = Need((PERMISSION,), "read", role="write")
NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")
MAX_VALUE_BYTES = 48 * 1024
MAX_VARIABLES = 500


def _variable(call: Call) -> Variable:
    found = call.state.one(Variable, repo_id=call.repo.id, name=call.params["name"].upper())
    if found is None:
        raise not_found()
    return found


def _may_read(call: Call) -> None:
    token = call.caller.token
    if token and token.permissions is not None and PERMISSION not in token.permissions:
        raise Refused(403, "Resource not accessible by integration")


def _text(call: Call, name: str) -> str | None:
    value = call.body.get(name) if isinstance(call.body, dict) else None
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.")
    return value


def _checked(name: str | None, value: str | None) -> None:
    if name is not None and (len(name) > 255 or not NAME.fullmatch(name.upper())):
        raise invalid("Variable names have letters, digits and _, and begin with no digit and no GITHUB_.")
    if value is not None and len(value.encode()) > MAX_VALUE_BYTES:
        raise invalid("Variable value exceeds 48 KB.")


@operation("actions/list-repo-variables", "GET", BASE, READS)
def list_variables(call: Call) -> Answer:
    """All of them, by name."""
    _may_read(call)
    found = sorted(call.state.find(Variable, repo_id=call.repo.id), key=lambda record: record.name)
    shown = [render_actions.variable(call.state, call.base_url, record) for record in found]
    return page(call, shown, wrap="variables")


@operation("actions/get-repo-variable", "GET", BASE + "/{name}", READS)
def get_variable(call: Call) -> Answer:
    """One of them."""
    _may_read(call)
    return Answer(200, render_actions.variable(call.state, call.base_url, _variable(call)))


@operation("actions/create-repo-variable", "POST", BASE, writes(PERMISSION))
def create_variable(call: Call) -> Answer:
    """Make one. 409 when its name is taken."""
    name, value = _text(call, "name"), _text(call, "value")
    if name is None or value is None:
        raise invalid('Invalid request.\n\n"name" and "value" are required.')
    _checked(name, value)
    present = actions.variables(call.state, call.repo)
    if name.upper() in present:
        raise Refused(409, "Already exists - Variable already exists")
    if len(present) >= MAX_VARIABLES:
        raise invalid("A repository has at most 500 variables.")
    actions.set_variable(call.state, call.repo, name, value)
    return Answer(201, {})


@operation("actions/update-repo-variable", "PATCH", BASE + "/{name}", writes(PERMISSION))
def update_variable(call: Call) -> Answer:
    """Change its value, its name, or both."""
    found = _variable(call)
    name, value = _text(call, "name"), _text(call, "value")
    _checked(name, value)
    if name is not None and name.upper() != found.name:
        if name.upper() in actions.variables(call.state, call.repo):
            raise Refused(409, "Already exists - Variable already exists")
        found.name = name.upper()
    found.value = found.value if value is None else value
    found.updated_at = call.state.now()
    call.state.put(found)
    return Answer(204)


@operation("actions/delete-repo-variable", "DELETE", BASE + "/{name}", writes(PERMISSION))
def delete_variable(call: Call) -> Answer:
    """Forget it."""
    call.state.drop(_variable(call))
    return Answer(204)
