"""Everything in the loop that changes the world, seen one by one, and one of them interrupted.

An *effect* is the smallest change that happens or does not: one write by REST, one field of a mutation that
carries several, one push, one step of a job. It is met on the wire or at the step, never in our own code, so
what is interrupted is what really happens. `Interrupter` counts the effects; told of one, it lets a fault
happen there:

- ``before``: the process or machine dies, and the effect does not happen;
- ``after``: it dies when the effect has happened;
- ``lost``: the effect has happened, but whoever asked for it hears nothing, and lives on;
- ``refused``: GitHub answers with a 502 and nothing has happened; whoever asked cannot tell it from ``lost``;
- ``twin``: ``lost``, and the next look at that place is one from before it (a search index that lags behind).

Of a mutation with several fields GitHub has carried out those before the one that is interrupted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from graphql import FieldNode, OperationDefinitionNode, parse

from bot.beads.model import ROLES

Fault = Literal["before", "after", "lost", "refused", "twin"]


@dataclass(frozen=True)
class Effect:
    """What changes the world.

    `what` is an action of the coordinator's, ``claims``, or a step of a job (``worker agent``); `how` the
    request, when there are several; `amid` what else is being done, so that two of the same kind that meet
    the world in different states are told apart.
    """

    what: str
    how: str
    amid: str = ""

    @property
    def of_a_job(self) -> bool:
        """Whether a job does it, and not the coordinator."""
        return self.what.startswith(tuple(f"{role} " for role in ROLES))

    @property
    def kind(self) -> tuple[str, ...]:
        """What is alike in other circumstances; the beads of a plan are made otherwise than one alone."""
        planned = self.what == "CreateBead" and "planned" in self.amid
        return (self.what, self.how, *(["planned"] if planned else []))

    def __str__(self) -> str:
        parts = [self.what, *([self.how] if self.how else []), *([f"amid {self.amid}"] if self.amid else [])]
        return re.sub(r"[^\w+>-]+", "_", " ".join(parts))


@dataclass(frozen=True)
class Case:
    """A fault at the first effect that is like this one."""

    effect: Effect
    fault: Fault

    def __str__(self) -> str:
        return f"{self.effect}-{self.fault}"


@dataclass
class Interrupter:
    """Meets every effect; `seen` are all, and `always` says which fail whenever they come."""

    case: Case | None = None
    always: Callable[[Effect], Fault | None] = lambda _effect: None
    seen: list[Effect] = field(default_factory=list)
    fired: bool = False

    def meet(self, effect: Effect) -> Fault | None:
        """The fault that happens at this effect, if any."""
        self.seen.append(effect)
        standing = self.always(effect)
        if standing is not None:
            return standing
        if self.case is not None and not self.fired and effect == self.case.effect:
            self.fired = True
            return self.case.fault
        return None


def mutation_fields(document: str) -> list[str]:
    """The names of a mutation's fields in their order; none for a query."""
    (operation,) = (one for one in parse(document).definitions if isinstance(one, OperationDefinitionNode))
    if operation.operation.value != "mutation":
        return []
    return [one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode)]
