"""What a reconciler hands back: which requirement is met by which bead, pull request, test and commit, and
the beads that would close the gaps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Text, faults
from bot.beads.plan import PlannedBead

Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{7,40}$")]


class Coverage(Part):
    """One requirement or acceptance criterion, and what shows that it is met.

    `source` is where it is asked for: ``#N.K`` (criterion K of issue N) or ``path#heading``.
    """

    source: Line
    text: Line
    status: Literal["met", "partly", "missing"]
    beads: tuple[int, ...] = Field(default=(), max_length=50)
    pulls: tuple[int, ...] = Field(default=(), max_length=50)
    tests: tuple[Line, ...] = Field(default=(), max_length=50, description="As `path` or `path::name`.")
    commits: tuple[Commit, ...] = Field(default=(), max_length=50)
    evidence: Text = ""


class CoverageAnswer(Part):
    """What a reconciler says. `gaps` are beads for what is not met, as of a plan; `after` names their own
    places."""

    summary: Text = ""
    matrix: tuple[Coverage, ...] = Field(default=(), max_length=500)
    gaps: tuple[PlannedBead, ...] = Field(default=(), max_length=100)


def load_coverage_answer(text: str | bytes) -> CoverageAnswer:
    """A reconciler engine's answer from its JSON. Raises ReportError."""
    try:
        return CoverageAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the reconciler's answer", error)) from error
