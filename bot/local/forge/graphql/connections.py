"""Pages of lists as GraphQL has them: `first`/`after`, `last`/`before`, cursors, `nodes` and `edges`.

A cursor is the place of an item in its list, like GitHub's: what is added or removed between two pages can
shift them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import FieldNode

from bot.local.forge.graphql.ask import Info, failure
from bot.local.forge.graphql.fields import RESOLVERS

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Edge:
    """One item of a page. `about` is what the edge says of it (a collaborator's permission)."""

    node: object
    cursor: str
    about: object = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A page: items `start` to `stop` of `everything`."""

    everything: Sequence[object]
    start: int
    stop: int

    @property
    def nodes(self) -> list[object]:
        """The items of the page."""
        return list(self.everything[self.start : self.stop])

    @property
    def edges(self) -> list[Edge]:
        """The items with their cursors."""
        return [Edge(node, _cursor(self.start + place)) for place, node in enumerate(self.nodes)]


def connect(
    info: Info,
    items: Sequence[object],
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection:
    """The page of `items` that the arguments ask for. Raises what GitHub says to bounds that are none.

    Who asks for nothing but counts needs no bounds.
    """
    if first is None and last is None and _only_counts(info):
        return Connection(items, 0, 0)
    check_bounds(info.field_name, first, last)
    start = 0 if after is None else _place(after) + 1
    stop = len(items) if before is None else min(len(items), _place(before))
    start = min(start, stop)
    if first is not None:
        stop = min(stop, start + first)
    if last is not None:
        start = max(start, stop - last)
    return Connection(items, start, stop)


def _only_counts(info: Info) -> bool:
    selected = [
        node.name.value if isinstance(node, FieldNode) else ""
        for parent in info.field_nodes
        if parent.selection_set
        for node in parent.selection_set.selections
    ]
    return all(name.endswith("Count") or name == "__typename" for name in selected)


def check_bounds(name: str, first: int | None, last: int | None) -> None:
    """One of `first` and `last`, from 1 to 100."""
    if first is None and last is None:
        raise failure(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
    for bound, value in (("first", first), ("last", last)):
        if value is not None and value < 0:
            raise failure("ARGUMENT_ERROR", f"`{bound}` on the `{name}` connection cannot be less than zero.")
        if value is not None and value > MAX_PAGE:
            raise failure(
                "EXCESSIVE_PAGINATION",
                f"Requesting {value} records on the `{name}` connection exceeds the `{bound}` limit of "
                f"{MAX_PAGE} records.",
            )


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word == "cursor":
            return int(number)
    except ValueError:
        pass
    raise failure("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.")


def resolve_connections(types: Mapping[str, Iterable[str]]) -> None:
    """Register what connections and edges share, where a field of theirs has no resolver of its own.

    `types` are their names, each with its fields.
    """
    shared = {
        "nodes": lambda page, _info: page.nodes,
        "edges": lambda page, _info: page.edges,
        "totalCount": lambda page, _info: len(page.everything),
        "pageInfo": lambda page, _info: page,
        "node": lambda edge, _info: edge.node,
        "cursor": lambda edge, _info: edge.cursor,
    }
    for type_name, fields in types.items():
        for name in shared.keys() & set(fields):
            RESOLVERS.setdefault(f"{type_name}.{name}", shared[name])


RESOLVERS["PageInfo.startCursor"] = lambda page, _info: (
    _cursor(page.start) if page.stop > page.start else None
)
RESOLVERS["PageInfo.endCursor"] = lambda page, _info: (
    _cursor(page.stop - 1) if page.stop > page.start else None
)
RESOLVERS["PageInfo.hasNextPage"] = lambda page, _info: page.stop < len(page.everything)
RESOLVERS["PageInfo.hasPreviousPage"] = lambda page, _info: page.start > 0
