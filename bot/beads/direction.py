"""What a session on direction hands back: what the project is for, where specs and code drift apart, and one
change that is worth making."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Text, faults

ChangeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", max_length=60)]


class Judged(Part):
    """Work that is or might be done, and what is to be thought of it, with evidence by file and line."""

    what: Line
    judgement: Literal["aligned", "misaligned", "premature", "deferred", "infeasible", "rejected"]
    reason: Text
    evidence: tuple[Line, ...] = Field(default=(), max_length=20)


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
    """What a session on direction says. `questions` are asked where nothing says what the project is for."""

    summary: Text = ""
    really: Text = Field(default="", description="What the project really is.")
    next: Text = Field(default="", description="What to do next.")
    stop: Text = Field(default="", description="What to stop pretending.")
    judged: tuple[Judged, ...] = Field(default=(), max_length=100)
    change: Change | None = None
    questions: tuple[Line, ...] = Field(default=(), max_length=10)


def load_direction_answer(text: str | bytes) -> DirectionAnswer:
    """A direction engine's answer from its JSON. Raises ReportError."""
    try:
        return DirectionAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the answer on direction", error)) from error
