"""What a writer hands back: a plan of beads, before it is anything but a proposal.

A bead of a plan is known by its place, from 1. What it waits for are places of the plan (`after`) and issues
that are there (`blocked_by`). `plan_check.py` says all that is wrong with one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Text, faults

MOST = 50
"""How many entries a list of a bead may have; who needs more plans too much at once."""

PlannedType = Literal["task", "bug", "feature", "chore", "reconcile", "report"]


class PlannedBead(Part):
    """One bead of a plan, with all that its worker will ever read."""

    title: Line = Field(description="Imperative, under 72 characters.")
    type: PlannedType = "task"
    priority: Literal["P0", "P1", "P2", "P3", "P4"] = "P2"
    complexity: Literal["low", "medium", "high"] = "medium"
    outcome: Text = Field(default="", description="One testable thing that is true afterwards.")
    context: Text = Field(default="", description="All that the worker has to know; it stands alone.")
    acceptance: tuple[Line, ...] = Field(
        default=(), max_length=MOST, description="What a reviewer checks, one line each."
    )
    scope: Text = Field(default="", description="What it touches, and what it leaves alone.")
    verification: Text = Field(default="", description="Commands or steps that show that it is done.")
    files: tuple[Line, ...] = Field(
        default=(), max_length=MOST, description="Files that it likely changes; they exist."
    )
    creates: tuple[Line, ...] = Field(default=(), max_length=MOST, description="Files that it adds.")
    interfaces: tuple[Line, ...] = Field(
        default=(),
        max_length=MOST,
        description="New interfaces that it brings or rests on, shared with other beads.",
    )
    specs: tuple[Line, ...] = Field(
        default=(), max_length=MOST, description="Exact sections of specs that it serves, as `path#heading`."
    )
    covers: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="Numbers of the plan's acceptance criteria that it serves."
    )
    after: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="Places in this plan that it waits for."
    )
    blocked_by: tuple[int, ...] = Field(
        default=(), max_length=MOST, description="Numbers of open issues that it waits for."
    )

    @property
    def works(self) -> bool:
        """Whether it does some of what its plan is for, and not only reconciles or reports it."""
        return self.type not in ("reconcile", "report")


class PlanAnswer(Part):
    """What a writer says. `declined` tells why there is nothing to plan; then there are no beads."""

    summary: Text = ""
    outcome: Text = Field(default="", description="What is true when all of it is done.")
    acceptance: tuple[Line, ...] = Field(
        default=(), max_length=MOST, description="What the whole is checked by; numbered from 1."
    )
    verification: Text = ""
    beads: tuple[PlannedBead, ...] = Field(default=(), max_length=1_000)
    declined: Text = ""


def load_plan_answer(text: str | bytes) -> PlanAnswer:
    """A writer engine's answer from its JSON. Raises ReportError."""
    try:
        return PlanAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the writer's answer", error)) from error
