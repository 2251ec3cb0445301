"""What a document costs, before it runs: possible nodes, points, and the hourly budget.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api: the nodes of
a connection are its page times the pages around it; the points are the requests needed to fill every
connection once for each possible parent, divided by 100 and rounded, at least one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from bot.local.forge.http import Caller
from bot.local.forge.state import State

MAX_NODES = 500_000
HOURLY = {"installation": 5000, "job": 1000}


@dataclass(slots=True)
class Weight:
    """The possible nodes of a document, and the requests to fill its connections."""

    nodes: int = 0
    requests: int = 0

    @property
    def cost(self) -> int:
        """Points of the hourly budget."""
        return max(1, (self.requests + 50) // 100)


def weigh(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, object]
) -> Weight:
    """The weight of one operation of a valid document."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    weight = Weight()

    def walk(selections: SelectionSetNode | None, parents: int) -> None:
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                walk(fragments[node.name.value].selection_set, parents)
            elif isinstance(node, InlineFragmentNode):
                walk(node.selection_set, parents)
            elif isinstance(node, FieldNode):
                page = _page(node, variables)
                if page is not None:
                    weight.nodes += parents * page
                    weight.requests += parents
                walk(node.selection_set, parents * (page or 1))

    walk(operation.selection_set, 1)
    return weight


def _page(node: FieldNode, variables: Mapping[str, object]) -> int | None:
    for argument in node.arguments or ():
        value = _value(argument.value, variables)
        if argument.name.value in ("first", "last") and isinstance(value, int):
            return max(0, value)
        if node.name.value == "nodes" and argument.name.value == "ids" and isinstance(value, list):
            return len(value)
    return None


def _value(node: ValueNode, variables: Mapping[str, object]) -> object:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, IntValueNode):
        return int(node.value)
    return list(node.values) if isinstance(node, ListValueNode) else None


@dataclass(slots=True)
class Budget:
    """The points that each credential has used in its hour."""

    used: dict[str, tuple[int, int]] = field(default_factory=dict)

    def spend(self, caller: Caller, cost: int) -> tuple[int, int, int]:
        """Take `cost` off. Returns the limit, what is used, and when the hour is over (epoch seconds)."""
        key = caller.token.value if caller.token else caller.label
        now = int(time.time())
        used, reset = self.used.get(key, (0, now + 3600))
        if reset <= now:
            used, reset = 0, now + 3600
        self.used[key] = used + cost, reset
        return HOURLY.get(caller.label, 5000), used + cost, reset

    def exhaust(self, token: str) -> None:
        """Let a token's hour be spent."""
        self.used[token] = max(HOURLY.values()), int(time.time()) + 3600


_BUDGETS: WeakKeyDictionary[State, Budget] = WeakKeyDictionary()


def budget_of(state: State) -> Budget:
    """The budgets of a forge; like GitHub's they are not kept over a restart."""
    return _BUDGETS.setdefault(state, Budget())
