"""The coordinator's port `GitHub`, over one repository of one installation."""

from __future__ import annotations

from bot.beads.labels import LabelNames
from bot.coordinator.actions import Action
from bot.coordinator.claims import Claims
from bot.coordinator.ports import EVERYTHING, Told
from bot.coordinator.snapshot import Snapshot
from bot.github.claims_ref import ClaimsRef
from bot.github.effects import Effects
from bot.github.installation import Installation
from bot.github.known import Known
from bot.github.observe import Observer


class RepositoryPort:
    """Implements `bot.coordinator.ports.GitHub`.

    Args:
        installation: whose calls these are.
        repository: ``owner/name``.
    """

    def __init__(self, installation: Installation, repository: str) -> None:
        known = Known()
        self._known = known
        self._observer = Observer(installation, repository, known)
        self._effects = Effects(installation, repository, known)
        self._claims = ClaimsRef(installation, repository)

    @property
    def spelling(self) -> LabelNames | None:
        """How the repository spells the labels, as of the last look; None before the first."""
        return self._known.spelling if self._known.repository_id else None

    async def observe(self, focus: frozenset[int] = frozenset(), *, told: Told = EVERYTHING) -> Snapshot:
        """See the port. Raises GitHubError, Limited, ClaimsError."""
        return await self._observer.look(focus, told)

    async def move_claims(self, before: str | None, claims: Claims) -> str:
        """See the port. Raises ClaimsMoved, GitHubError, Limited."""
        return await self._claims.move(before, claims)

    async def apply(self, actions: tuple[Action, ...]) -> tuple[str | None, ...]:
        """See the port. Raises Limited: the actions after it were not tried."""
        return await self._effects.apply(actions)
