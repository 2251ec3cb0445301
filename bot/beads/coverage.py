"""What a reconciler hands back: which requirement is met by which bead, pull request, test and commit, and
the beads that would close the gaps; and the form in which that is kept in git.

Where something is asked for is its `source`:

- ``#N.K``: acceptance criterion K, from 1, of issue N (the epic, or a bead of it), as `parse_body` counts;
- ``#N``: issue N as a whole, where it names no criteria;
- ``path#anchor``: a requirement of a spec, by the anchor that GitHub gives its heading.

What the last reconciliation of an epic came to is kept at ``refs/beadwright/coverage/EPIC`` (`coverage_ref`):
a commit on the empty tree whose message is the JSON of a `KeptCoverage`, and whose parent is the one of the
generation before. Publish moves it together with the claim, so it is there exactly when the run counts. Its
texts are a model's: whoever shows them makes them harmless.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, ReportError, Sha, Text, faults
from bot.beads.plan import PlannedBead

COVERAGE = "refs/beadwright/coverage/"
MOST = 500
"""How many rows a matrix may have."""

ShortText = Annotated[str, StringConstraints(max_length=250)]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{7,40}$")]


def coverage_ref(epic: int) -> str:
    """Where it is kept what the last reconciliation of an epic came to."""
    return f"{COVERAGE}{epic}"


class Coverage(Part):
    """One requirement or acceptance criterion, and what shows that it is met."""

    source: Line = Field(description="As it was given: `#N.K`, `#N` or `path#anchor`.")
    text: ShortText = Field(default="", description="Leave it empty: it is filled in.")
    status: Literal["met", "partly", "missing"]
    beads: tuple[int, ...] = Field(default=(), max_length=50)
    pulls: tuple[int, ...] = Field(default=(), max_length=50)
    tests: tuple[Line, ...] = Field(default=(), max_length=50, description="As `path` or `path::name`.")
    files: tuple[Line, ...] = Field(
        default=(), max_length=50, description="Where it can be seen, as `path` or `path:line`."
    )
    commits: tuple[Commit, ...] = Field(default=(), max_length=50)
    evidence: Text = Field(default="", description="Why that shows it; or what is missing.")


class CoverageAnswer(Part):
    """What a reconciler says. `gaps` are beads for what is not met, as of a plan: `after` names their own
    places, `covers` rows of the matrix, from 1."""

    summary: Text = ""
    matrix: tuple[Coverage, ...] = Field(default=(), max_length=MOST)
    gaps: tuple[PlannedBead, ...] = Field(default=(), max_length=100)

    @property
    def unmet(self) -> dict[int, Coverage]:
        """The rows that are not met, by their number."""
        return {row: one for row, one in enumerate(self.matrix, start=1) if one.status != "met"}


class KeptCoverage(Part):
    """What a reconciliation came to. `bead` is the reconcile bead and `run_id` its run, `base` the commit of
    the base branch that was looked at."""

    version: Literal[1] = 1
    epic: int = Field(ge=1)
    bead: int = Field(ge=1)
    run_id: int = Field(ge=1)
    base: Sha
    summary: Text = ""
    matrix: tuple[Coverage, ...] = Field(default=(), max_length=MOST)


def load_coverage_answer(text: str | bytes) -> CoverageAnswer:
    """A reconciler engine's answer from its JSON. Raises ReportError."""
    try:
        return CoverageAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the reconciler's answer", error)) from error


def load_kept_coverage(text: str | bytes) -> KeptCoverage:
    """What is kept of an epic, from the message of its commit. Raises ReportError."""
    try:
        return KeptCoverage.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("what is kept of the epic's coverage", error)) from error
