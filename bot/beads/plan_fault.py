"""What can be wrong with a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    """The kinds of faults; tests and reports know them by these names."""

    EMPTY = "empty"
    DECLINED = "declined-with-beads"


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One fault: its kind, the places of the beads that have it (none where it is the plan's), and one
    sentence that says what is wrong and what to do."""

    code: FaultCode
    places: tuple[int, ...]
    text: str

    def __str__(self) -> str:
        return self.text


def listed(faults: Iterable[PlanFault]) -> str:
    """Faults as a Markdown list, each with its code."""
    return "\n".join(f"- `{fault.code}`: {fault.text}" for fault in faults)
