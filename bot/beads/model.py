"""What a bead is: its type, priority and complexity; and in which roles runs work on one."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal, get_args

Role = Literal["worker", "reviewer", "shaper", "writer", "reconciler", "direction", "checkin"]
"""What a run is there for."""

ROLES: tuple[Role, ...] = get_args(Role)
PLANNING: frozenset[Role] = frozenset({"writer", "reconciler", "direction", "checkin"})
"""The roles that plan. They have places of their own, so that delivery never waits for them."""


class BeadType(StrEnum):
    """What kind of outcome a bead has."""

    TASK = "task"
    BUG = "bug"
    FEATURE = "feature"
    CHORE = "chore"
    EPIC = "epic"
    RECONCILE = "reconcile"
    REPORT = "report"


class Priority(IntEnum):
    """How urgent a bead is; lower goes first."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class Complexity(StrEnum):
    """How hard a bead is thought to be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    EPIC = "epic"
