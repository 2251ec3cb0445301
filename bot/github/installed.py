"""Where an App is installed: what a coordinator looks at when it starts."""

from __future__ import annotations

from pydantic import BaseModel

from bot.github.client import App
from bot.github.installation import Installation

PAGE = 100


class _Installed(BaseModel):
    id: int
    app_slug: str = ""
    suspended_at: str | None = None


class _Repository(BaseModel):
    full_name: str
    archived: bool = False


class _Repositories(BaseModel):
    repositories: list[_Repository]


async def installed_repositories(app: App) -> dict[str, int]:
    """Every repository (``owner/name``) that the App may work on, and its installation.

    Raises GitHubError, Limited.
    """
    found: dict[str, int] = {}
    page = 1
    while True:
        answer = await app.call("GET", f"/app/installations?per_page={PAGE}&page={page}", safe=True)
        installations = answer.read(list[_Installed])
        for one in installations:
            app.slug = one.app_slug
            if one.suspended_at is None:
                found |= dict.fromkeys(await _repositories(Installation(app, one.id)), one.id)
        if len(installations) < PAGE:
            return found
        page += 1


async def _repositories(installation: Installation) -> list[str]:
    names: list[str] = []
    page = 1
    while True:
        answer = await installation.get("/installation/repositories", per_page=PAGE, page=page)
        repositories = answer.read(_Repositories).repositories
        names += [one.full_name for one in repositories if not one.archived]
        if len(repositories) < PAGE:
            return names
        page += 1
