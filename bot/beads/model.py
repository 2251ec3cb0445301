"""What a bead is: its type, priority and complexity."""

from __future__ import annotations

from enum import IntEnum, StrEnum


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
