"""Making beads that were planned, whole, and at most one of each.

`make` is called in every pass until all of them are there, and does what is still missing. What makes that
safe however often it is interrupted, and wherever:

- A bead is made once the ones that it waits for have numbers, so it carries its edges from its first moment.
- Each carries a marker: where it was planned, by which run, at which place. It is looked for before it is
  made, and of twins, which a lost answer can make, the lowest number stays (`decide.py`).
- Until the claims say that all are there none of them is judged, so none starts, whoever has released the
  epic. The claims are read in the same request as the beads.

Callers other than the writer's plan give `make` their beads by place and a `Target`, in every pass in which
the claims that were read say that these are approved; they go on once `Making.missing` is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.beads.body import render_body
from bot.beads.labels import LabelNames, missing_labels
from bot.beads.model import BeadType, Priority
from bot.beads.plan import PlannedBead
from bot.beads.planned_body import body_of
from bot.coordinator.actions import CreateBead, SetLabels
from bot.coordinator.comment_parts import run_page
from bot.coordinator.decision import Draft, State
from bot.coordinator.quoting import harmless, quoted_title
from bot.coordinator.snapshot import Issue, Snapshot


@dataclass(frozen=True, slots=True)
class Target:
    """Where planned beads go.

    Args:
        origin: the issue on which they were proposed, and
        run_id: the run that proposed them; both are in their markers.
        parent: the epic that they are put below; None for beads that stand alone.
        labels: what each carries besides what its plan says.
        criteria: what `covers` counts; the ones that a bead covers are told in its text, as numbered in
        criteria_of: the issue that asks for them, where one does.
    """

    origin: int
    run_id: int
    parent: Issue | None = None
    labels: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    criteria_of: int | None = None

    @property
    def prefix(self) -> str:
        """What the markers of all its beads begin with."""
        return f"{self.origin}-{self.run_id}-p"


@dataclass(frozen=True, slots=True)
class Making:
    """How far it is: the numbers of the beads that are there, by place, and the places where something is
    still missing of what was planned."""

    numbers: Mapping[int, int]
    missing: tuple[int, ...]


def make(planned: Mapping[int, PlannedBead], target: Target, snapshot: Snapshot, draft: Draft) -> Making:
    """Do what is missing of these beads; `after` of each names places among them alone."""
    there = _made_of(target, snapshot)
    missing: list[int] = []
    for place, bead in planned.items():
        if any(one not in there for one in bead.after):
            missing.append(place)
            continue
        edges = {*bead.blocked_by, *(there[one].number for one in bead.after)} - snapshot.closed
        labels = (*planned_labels(bead, snapshot.policy.spelling, edges), *target.labels)
        issue = there.get(place)
        if issue is None or (target.parent is not None and issue.parent is None):
            title, text = quoted_title(snapshot, bead.title), text_of(bead, target, snapshot)
            parent = target.parent.number if target.parent is not None else None
            marker = f"{target.prefix}{place}"
            draft.before.append(CreateBead(target.origin, marker, title, text, labels, parent=parent))
            missing.append(place)
        elif add := missing_labels(labels, issue.labels):
            draft.before.append(SetLabels(issue.number, issue.id, add=add))
            missing.append(place)
    return Making({place: issue.number for place, issue in there.items()}, tuple(missing))


def keep_back(target: Target, snapshot: Snapshot, draft: Draft, *, going_on: bool) -> None:
    """Judge none of the beads of this target: they are being made, or wait until a person has that `going_on`
    again; then each says so, as the issue of the plan is closed."""
    state = State.BLOCKED if going_on else State.NEEDS_HUMAN
    why = (
        "the plan that it is part of is being made"
        if going_on
        else f"it is part of a plan whose other beads are missing, and #{target.origin}, on which that was"
        " approved, is closed or no bead any more: open it again, and they are made; or close this as well"
    )
    for issue in snapshot.issues:
        if any(marker.startswith(f"bead={target.prefix}") for marker in issue.markers):
            draft.rewired.add(issue.number)
            if issue.number not in draft.verdicts:
                draft.say(issue.number, state, why)


def _made_of(target: Target, snapshot: Snapshot) -> dict[int, Issue]:
    """The open beads of this target by place; of twins the one that stays."""
    found: dict[int, Issue] = {}
    for issue in sorted(snapshot.issues, key=lambda one: one.number):
        for marker in issue.markers:
            place = marker.removeprefix(f"bead={target.prefix}")
            if place != marker and place.isdigit():
                found.setdefault(int(place), issue)
    return found


def text_of(bead: PlannedBead, target: Target, snapshot: Snapshot) -> str:
    """The text of a planned bead, as it is shown and as it is made."""
    body = body_of(bead, target.criteria, target.criteria_of, partial(harmless, snapshot))
    run = run_page(snapshot, target.run_id)
    return f"{render_body(body)}\n---\nPlanned on #{target.origin} ([run]({run}))."


def planned_labels(bead: PlannedBead, spelling: LabelNames, edges: set[int]) -> tuple[str, ...]:
    """What a planned bead is labelled with, its edges to these numbers among it."""
    return (
        spelling.bead,
        dict(spelling.types)[BeadType(bead.type)],
        dict(spelling.priorities)[Priority[bead.priority]],
        f"{spelling.complexity}{bead.complexity}",
        *(f"{spelling.blocked_by}{number}" for number in sorted(edges)),
    )
