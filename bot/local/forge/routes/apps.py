"""What an App asks for by its own JWT, and what an installation asks about itself.

https://docs.github.com/en/rest/apps/apps and …/apps/installations
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.local.forge import render
from bot.local.forge.auth import issue_token
from bot.local.forge.http import Answer, Body, Call, Need, Refused, invalid, not_found, operation, page
from bot.local.forge.records import Account, App, Installation, Repository

BY_APP = Need(app=True)
RANKS = ("", "read", "write", "admin")
TOKEN_LIFE = timedelta(hours=1)


class Narrowing(Body):
    """`apps/create-installation-access-token`."""

    repositories: list[str] | None = None
    repository_ids: list[int] | None = None
    permissions: dict[str, str] | None = None


@operation("apps/get-authenticated", "GET", "/app", BY_APP)
def get_app(call: Call) -> Answer:
    """The App itself."""
    app = _app(call)
    count = len(call.state.find(Installation, app_id=app.id))
    return Answer(200, render.app(call.state, call.base_url, app) | {"installations_count": count})


@operation("apps/list-installations", "GET", "/app/installations", BY_APP)
def list_installations(call: Call) -> Answer:
    """Where the App is installed."""
    call.only()
    found = call.state.find(Installation, app_id=_app(call).id)
    shapes = [render.installation(call.state, call.base_url, one) for one in found]
    for shape in shapes:
        del shape["client_id"]  # which only a single installation is described with
    return page(call, shapes)


@operation("apps/get-installation", "GET", "/app/installations/{installation_id}", BY_APP)
def get_installation(call: Call) -> Answer:
    """One installation."""
    return Answer(200, render.installation(call.state, call.base_url, _installation(call)))


@operation("apps/get-repo-installation", "GET", "/repos/{owner}/{repo}/installation", BY_APP)
def get_repo_installation(call: Call) -> Answer:
    """The App's installation on a repository."""
    for found in call.state.find(Installation, app_id=_app(call).id):
        if call.repo.id in found.repository_ids:
            return Answer(200, render.installation(call.state, call.base_url, found))
    raise not_found()


@operation(
    "apps/create-installation-access-token",
    "POST",
    "/app/installations/{installation_id}/access_tokens",
    BY_APP,
)
def create_token(call: Call) -> Answer:
    """A token for an hour, of no more than the installation was given."""
    state, installation, asked = call.state, _installation(call), call.read(Narrowing)
    app = _app(call)
    repositories = _narrowed(call, installation, asked)
    permissions = dict(installation.permissions)
    if asked.permissions is not None:
        for name, access in asked.permissions.items():
            if access not in RANKS[1:] or RANKS.index(access) > RANKS.index(permissions.get(name, "")):
                raise invalid("The permissions requested are not granted to this installation.")
        permissions = {"metadata": "read", **asked.permissions}
    token = issue_token(
        state,
        "installation",
        state.get(Account, app.bot_id),
        app_id=app.id,
        installation_id=installation.id,
        repository_ids=[one.id for one in repositories],
        permissions=permissions,
        expires_at=state.now() + TOKEN_LIFE,
    )
    assert token.expires_at is not None
    shape: dict[str, Any] = {
        "token": token.value,
        "expires_at": render.at(token.expires_at),
        "permissions": permissions,
        "repository_selection": "selected",
    }
    if asked.repositories is not None or asked.repository_ids is not None:
        shape["repositories"] = [render.repository(state, call.base_url, one) for one in repositories]
    return Answer(201, shape)


@operation("apps/list-repos-accessible-to-installation", "GET", "/installation/repositories", Need(user=True))
def list_repositories(call: Call) -> Answer:
    """What an installation's token reaches."""
    call.only()
    token = call.caller.token
    if token is None or token.kind != "installation":
        raise Refused(
            403, "You must authenticate with an installation access token in order to list repositories"
        )
    found = [call.state.get(Repository, one) for one in token.repository_ids or []]
    shapes = [render.repository(call.state, call.base_url, one) for one in found]
    answer = page(call, shapes, wrap="repositories")
    return Answer(200, {**answer.body, "repository_selection": "selected"}, answer.headers)


@operation("apps/revoke-installation-access-token", "DELETE", "/installation/token", Need(user=True))
def revoke_token(call: Call) -> Answer:
    """Make an installation's token worthless."""
    token = call.caller.token
    if token is None or token.kind != "installation":
        raise Refused(403, "You must authenticate with an installation access token")
    call.state.drop(token)
    return Answer(204)


def _narrowed(call: Call, installation: Installation, asked: Narrowing) -> list[Repository]:
    granted = [call.state.get(Repository, one) for one in installation.repository_ids]
    if asked.repositories is None and asked.repository_ids is None:
        return granted
    names = {name.lower() for name in asked.repositories or []}
    ids = set(asked.repository_ids or [])
    chosen = [one for one in granted if one.id in ids or one.name.lower() in names]
    if not (ids <= {one.id for one in chosen} and names <= {one.name.lower() for one in chosen}):
        raise invalid(
            "There is at least one repository that does not exist or is not accessible to the parent "
            "installation."
        )
    return chosen


def _app(call: Call) -> App:
    assert call.caller.app is not None, "the need is BY_APP"
    return call.caller.app


def _installation(call: Call) -> Installation:
    found = call.state.get(Installation, call.number("installation_id"))
    if found.app_id != _app(call).id:
        raise not_found()
    return found
