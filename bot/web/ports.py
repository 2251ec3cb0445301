"""What the web needs of the other rooms; `cli.py` puts it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.coordinator.ports import EVERYTHING, Told

Wake = Callable[[str, Told], None]
"""Look at this repository (``owner/name``) soon, and there at what was told of; must return at once."""


class Refusal(Exception):
    """A request that is turned away: the status, and one clear sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Notice:
    """Where a delivery says to look, whose installation says so, and what it tells of."""

    installation: int | None
    repositories: tuple[str, ...]
    told: Told = EVERYTHING


@dataclass(frozen=True, slots=True)
class Granted:
    """A token for publish, and when it ends."""

    token: str
    expires_at: datetime


class Webhooks(Protocol):
    """What is GitHub's about a delivery."""

    def signed(self, body: bytes, signature: str | None) -> bool:
        """Whether the signature is of these raw bytes."""
        ...

    def notice(self, event: str, body: bytes) -> Notice:
        """Where it says to look. Raises Refusal for a payload that is none."""
        ...

    async def installed(self, installation: int) -> bool:
        """Whether this is an installation of our App."""
        ...


Grant = Callable[[str, str], Awaitable[Granted]]
"""From a job's identity token and its claim's token to a write token. Raises Refusal."""
