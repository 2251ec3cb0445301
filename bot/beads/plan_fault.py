"""What can be wrong with a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    """The kinds of faults, by the names under which tests and reports know them."""

    # of the plan
    EMPTY = "empty"
    DECLINED = "declined-with-beads"
    TOO_MANY = "too-many-beads"
    UNSAID = "unsaid"
    UNCOVERED = "uncovered"
    COVERS = "covers-nothing"
    NO_RECONCILIATION = "no-reconciliation"
    NOT_LAST = "not-last"
    # of what a bead says
    TITLE = "title"
    REFERENCE = "refers-to-nothing"
    COMMAND = "command"
    HIDDEN = "hidden"
    FORM = "form"
    TOO_LONG = "too-long"
    DUPLICATE = "duplicate"
    # of what it waits for
    PLACE = "no-such-place"
    ISSUE = "no-such-issue"
    CYCLE = "cycle"
    STUCK = "stuck"
    # of what it touches
    PATH = "path"
    FILE = "no-such-file"
    CREATED = "created-already"
    SPEC = "no-such-section"
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One fault: its kind, the places of the beads that have it (none where it is the plan's own), and one
    sentence that says what is wrong and what to do."""

    code: FaultCode
    places: tuple[int, ...]
    text: str

    def __str__(self) -> str:
        return self.text


def listed(faults: Iterable[PlanFault]) -> str:
    """Faults as a Markdown list, each with its code."""
    return "\n".join(f"- `{fault.code}`: {fault.text}" for fault in faults)


def beads(places: Iterable[int]) -> str:
    """Places of beads in words, such as ``beads 1, 2 and 4``."""
    *first, last = (str(place) for place in places)
    return f"beads {', '.join(first)} and {last}" if first else f"bead {last}"
