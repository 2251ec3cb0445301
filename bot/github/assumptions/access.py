"""Where the probe looks, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Provoke(Protocol):
    """Faults on demand: only a GitHub of our own can be told to fail."""

    def lose(self, method: str, path: str, *, after: bool, cut: bool = False) -> None:
        """Answer the next such request 502 (or cut its connection), before or after its effect."""
        ...

    def limit(self, method: str, path: str, *, retry_after: int | None) -> None:
        """Answer the next such request with a secondary limit."""
        ...

    def exhaust(self, token: str) -> None:
        """Spend all points that a token has for GraphQL in this hour."""
        ...


@dataclass(frozen=True, slots=True)
class AppKey:
    """A GitHub App that is installed on the scratch repository; `key` is PEM."""

    id: int
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """One repository of one GitHub, and who may be spoken as.

    `api` is the root of REST, `graphql` the address of GraphQL, `server` where git and pages are;
    `actions` says whether anything runs jobs there.
    """

    api: str
    graphql: str
    server: str
    repository: str
    token: str = field(repr=False)
    reader: str | None = field(default=None, repr=False)
    app: AppKey | None = None
    actions: bool = True
    provoke: Provoke | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a probe may do: writes, seconds, and the seconds between two writes.

    `patience` scales how long is waited for what GitHub does in the background.
    """

    writes: int = 1200
    seconds: float = 3600.0
    pause: float = 1.0
    patience: float = 1.0
