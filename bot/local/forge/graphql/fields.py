"""Which function answers which field: `@field("Issue.labels")` above a resolver, `plain` for attributes.

A resolver is graphql-core's: `(source, info, **arguments)`, with arguments in snake case. `source` is a
record, or one of the few things that have none (`Ref`, `GitThing`, `Connection`, …).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TypeVar

from bot.local.forge.graphql.ask import Info

F = TypeVar("F", bound=Callable[..., object])
RESOLVERS: dict[str, Callable[..., object]] = {}


def field(*names: str) -> Callable[[F], F]:
    """Register a resolver for fields, each named `Type.field`."""

    def register(resolver: F) -> F:
        for name in names:
            if name in RESOLVERS:
                raise ValueError(f"{name} has a resolver")
            RESOLVERS[name] = resolver
        return resolver

    return register


def plain(type_name: str, **attributes: str) -> None:
    """Fields that are attributes (dotted paths) of the source."""
    for name, path in attributes.items():
        field(f"{type_name}.{name}")(_attribute(path))


def constant(type_name: str, **values: object) -> None:
    """Fields that are the same for every source."""
    for name, value in values.items():
        field(f"{type_name}.{name}")(_constant(value))


def _attribute(path: str) -> Callable[..., object]:
    get = attrgetter(path)

    def resolve(source: object, info: Info) -> object:  # noqa: ARG001
        return get(source)

    return resolve


def _constant(value: object) -> Callable[..., object]:
    def resolve(source: object, info: Info, **arguments: object) -> object:  # noqa: ARG001
        return value

    return resolve
