"""What people and bots may do in a repository, as GitHub says, kept for five minutes.

- A person has what REST answers for them. `author_association` is never asked: it lies for private members,
  and calls everybody who may only read a COLLABORATOR.
- Of an App's bot the same call always answers ``none``, whatever its installation may do
  (pytorch/test-infra#8208, anthropics/claude-code-action#351), and nobody is told where another App is
  installed. But GitHub lets a bot act only where its App is installed, and within what it was granted there.
  So a bot counts by what it did, being a `Bot` by its type, where the policy names it; and then like somebody
  who may write.
- Our own App's bot never counts: what it does rests on a person's word, which is looked up instead.
- Whoever is neither has nothing: a mannequin of an import may bear anybody's login, who is gone has none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import BaseModel

from bot.beads.authority import Permission, permission_of
from bot.github.actors import GHOST
from bot.github.installation import Installation

KEPT = timedelta(minutes=5)


class _Answer(BaseModel):
    permission: str
    role_name: str = ""


class Permissions:
    """Looks permissions up in one repository (``owner/name``).

    Args:
        installation: whose calls these are.
        repository: where.
        kept: what was answered for whom and when; shared with whoever asks about the same repository.
    """

    def __init__(
        self, installation: Installation, repository: str, kept: dict[str, tuple[Permission, datetime]]
    ) -> None:
        self._github = installation
        self._repository = repository
        self._kept = kept

    async def of(self, logins: Iterable[str], bots: Collection[str], own: str) -> dict[str, Permission]:
        """What each of them may do; one request for a person who was not asked for in five minutes.

        Args:
            logins: as `actors.login_of` spells them.
            bots: those that the policy lets in, as ``name[bot]``.
            own: our own App's bot.
        """
        let_in = {bot.lower() for bot in bots} - {own.lower()}
        found: dict[str, Permission] = {}
        for login in sorted(set(logins)):
            if login.endswith("]") or login in ("", GHOST):
                bot = login.endswith("[bot]") and login.lower() in let_in
                found[login] = Permission.WRITE if bot else Permission.NONE
            else:
                found[login] = await self._person(login)
        return found

    async def _person(self, login: str) -> Permission:
        now = self._github.app.clock()
        known = self._kept.get(login)
        if known is None or now - known[1] >= KEPT:
            path = f"/repos/{self._repository}/collaborators/{quote(login, safe='')}/permission"
            answer = await self._github.get(path)
            known = (Permission.NONE, now)  # 404: nobody has that name, or it is no user's
            if answer.status != 404:
                told = answer.read(_Answer)
                known = (permission_of(told.permission, told.role_name), now)
            self._kept[login] = known
        return known[0]
