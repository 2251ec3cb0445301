"""Who did something, under one spelling of their name."""

from __future__ import annotations

from typing import Protocol

GHOST = "ghost"
"""What GitHub calls who is gone."""


class Acting(Protocol):
    """GraphQL's `Actor`: `typename` tells people (`User`), Apps' bots (`Bot`) and others apart."""

    @property
    def typename(self) -> str:
        """Its type."""
        ...

    @property
    def login(self) -> str:
        """Its name; of a bot without the suffix that REST gives it."""
        ...


def login_of(actor: Acting | None) -> str:
    """A person's login, or that of a bot with the suffix ``[bot]`` that REST gives it. Whoever is neither
    gets a suffix as well, which no login can have."""
    if actor is None:
        return GHOST
    if actor.typename == "User":
        return actor.login
    return f"{actor.login.removesuffix('[bot]')}[{actor.typename.lower()}]"
