"""What a session on direction hands back: what the project is for, where specs and code drift apart, and one
change that is worth making."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Text, faults

ChangeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", max_length=60)]


class Judged(Part):
    """Work that is or might be done, and what is to be thought of it."""

    what: Line
    judgement: Literal["aligned", "misaligned", "premature", "deferred", "infeasible", "rejected"]
    reason: Text
    evidence: tuple[Line, ...] = Field(
        default=(),
        max_length=20,
        description="Where it can be seen: each begins with a file's path, `path:line` where a line says it.",
    )


class ChangeFile(Part):
    """A file of the change below its folder: `proposal.md`, `design.md`, `tasks.md`, `specs/NAME/spec.md`."""

    path: Line
    text: Text


class Change(Part):
    """One OpenSpec change."""

    name: ChangeName
    title: Line
    files: tuple[ChangeFile, ...] = Field(default=(), max_length=40)


class DirectionAnswer(Part):
    """What a session on direction says. Which parts are wanted of it says its prompt."""

    summary: Text = ""
    really: Text = Field(default="", description="What the project really is.")
    next: Text = Field(default="", description="What to do next.")
    stop: Text = Field(default="", description="What to stop pretending.")
    judged: tuple[Judged, ...] = Field(default=(), max_length=100)
    disagreements: tuple[Line, ...] = Field(
        default=(), max_length=50, description="Where the independent passes disagreed, and which was right."
    )
    change: Change | None = None
    objections: tuple[Line, ...] = Field(
        default=(),
        max_length=50,
        description="What a review finds wrong with the change; empty when nothing.",
    )
    questions: tuple[Line, ...] = Field(
        default=(), max_length=10, description="What people have to say first about what the project is for."
    )


class Direction(Part):
    """What a run on direction came to.

    `surveys` and `reviews` are how many independent sessions looked at the project and at the drafted change,
    `objections` what the reviews had against the draft, before it was revised.
    """

    answer: DirectionAnswer
    surveys: int = Field(default=0, ge=0)
    reviews: int = Field(default=0, ge=0)
    objections: tuple[Line, ...] = Field(default=(), max_length=300)


def load_direction_answer(text: str | bytes) -> DirectionAnswer:
    """A direction session's answer from its JSON. Raises ReportError."""
    try:
        return DirectionAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the answer on direction", error)) from error


def load_direction(text: str | bytes) -> Direction:
    """What a run on direction came to, from its JSON. Raises ReportError."""
    try:
        return Direction.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the answer on direction", error)) from error
