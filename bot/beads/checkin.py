"""What a check-in hands back: a score for each side of the project, with evidence, and what to mend."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Text, faults
from bot.beads.plan import PlannedBead

Category = Literal[
    "doctrine", "specs", "architecture", "code", "tests", "docs", "security", "operations", "delivery"
]
CATEGORIES: tuple[Category, ...] = get_args(Category)
FINDINGS = 20
"""How many beads a check-in may propose: what people can read and say yes to."""
PLACE = r"^[^\s:][^:\r\n]*:[1-9][0-9]{0,8}(?:-[1-9][0-9]{0,8})?$"
Place = Annotated[str, StringConstraints(pattern=PLACE, max_length=250)]


class Score(Part):
    """How one side of the project stands, from 0 to 10. `evidence` is `path:line` or `path:line-line`."""

    category: Category
    score: int = Field(ge=0, le=10)
    reason: Line
    evidence: tuple[Place, ...] = Field(
        default=(), max_length=20, description="Places in files of the repository: `path:line`."
    )


class CheckinAnswer(Part):
    """What a check-in says. `findings` are beads as of a plan; `unfound` is filled in by code."""

    summary: Text = ""
    scores: tuple[Score, ...] = Field(default=(), max_length=len(CATEGORIES))
    findings: tuple[PlannedBead, ...] = Field(default=(), max_length=FINDINGS)
    unfound: tuple[Place, ...] = Field(
        default=(),
        max_length=200,
        description="Leave it empty: places that a review made elsewhere names and that are not there.",
    )


def load_checkin_answer(text: str | bytes) -> CheckinAnswer:
    """A check-in's answer from its JSON. Raises ReportError."""
    try:
        return CheckinAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the check-in's answer", error)) from error
