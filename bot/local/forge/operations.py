"""Performing an operation of the table for somebody: REST finds it by method and address, pages by its name.

Whoever asks, and however: the same need is checked and the same handler runs.
"""

from __future__ import annotations

from urllib.parse import unquote

from bot.local.forge.access import can_see, find_account, find_repository
from bot.local.forge.http import OPERATIONS, Answer, Call, Caller, Operation, Refused, allowed, not_found
from bot.local.forge.records import Repository
from bot.local.forge.state import State


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation at an address below the API's root, and the parameters in its path."""
    found = [
        (row, match) for row in OPERATIONS if row.method == method and (match := row.pattern.match(path))
    ]
    if not found:
        return None
    # /issues/comments is no /issues/{issue_number}: the most literal address is meant.
    row, match = min(found, key=lambda one: (one[0].template.count("{"), -len(one[0].template)))
    return row, {key: unquote(value) for key, value in match.groupdict().items()}


def named(name: str) -> Operation:
    """The operation of that id (``issues/create``). Raises KeyError."""
    for row in OPERATIONS:
        if row.name == name:
            return row
    raise KeyError(name)


def perform(row: Operation, call: Call) -> Answer:
    """Do it, if the caller may; finds the repository that the path names. Raises Refused, Missing."""
    caller, params = call.caller, call.params
    if row.need.app:
        if caller.app is None:
            raise Refused(401, "A JSON web token could not be decoded")
    elif caller.app is not None:
        raise Refused(403, "You must authenticate with an installation access token to call this endpoint")
    elif row.need.user and caller.account is None:
        raise Refused(401, "Requires authentication")
    if "owner" in params and "repo" in params:
        call.repository = visible_repository(call.state, caller, params["owner"], params["repo"])
        if not row.need.app and not allowed(call.state, caller, call.repository, row.need):
            raise _forbidden(caller)
        if row.need.access != "read" and caller.account is None:
            raise Refused(401, "Requires authentication")
        if _is_frozen(row, call.repository):
            raise Refused(403, "Repository was archived so is read-only.")
    return row.handler(call)


def admits(state: State, caller: Caller, repository: Repository, name: str) -> bool:
    """Whether `perform` lets the caller through to the handler (which may ask for more: see each)."""
    row = named(name)
    if row.need.access != "read" and (caller.account is None or _is_frozen(row, repository)):
        return False
    return allowed(state, caller, repository, row.need)


def visible_repository(state: State, caller: Caller, owner: str, name: str) -> Repository:
    """The repository of that name. Raises Refused(404) when there is none that the caller may see."""
    account = find_account(state, owner)
    repository = find_repository(state, account, name) if account else None
    if repository is None or not can_see(state, caller, repository):
        raise not_found()
    return repository


def _is_frozen(row: Operation, repository: Repository) -> bool:
    """An archived repository can be changed back by its settings alone."""
    return row.need.access != "read" and repository.archived and row.name != "repos/update"


def _forbidden(caller: Caller) -> Refused:
    if caller.account is None:
        return Refused(401, "Requires authentication")
    if caller.token is not None and caller.token.permissions is not None:
        return Refused(403, "Resource not accessible by integration")
    return Refused(403, "Must have push access to repository.")
