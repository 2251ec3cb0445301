"""A check-in as it is kept: one JSON file each, on a branch of its own, and how two of them compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from bot.beads.answer_parts import Line, Part, Sha, Text
from bot.beads.checkin import CATEGORIES, Category, CheckinAnswer, Place, Score

CHECKINS_BRANCH = "beadwright/checkins"
CHART = "checkins.svg"
NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[1-9][0-9]{0,18}\.json")
"""What the file of a check-in is called."""
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(?:\[bot\])?$", max_length=100)]


class CheckinRecord(Part):
    """One check-in. `at` is when its run was started, `run` that run, `base` the commit that was looked at.

    `imported_by` is who brought a review that was made elsewhere; None: a session of ours looked itself.
    `findings` are the titles of the beads that it proposed.
    """

    version: Literal[1] = 1
    at: AwareDatetime
    issue: int = Field(ge=1)
    run: int = Field(ge=1)
    base: Sha
    engine: Annotated[str, StringConstraints(max_length=60)] = ""
    imported_by: Login | None = None
    summary: Text = ""
    scores: tuple[Score, ...] = Field(default=(), max_length=len(CATEGORIES))
    findings: tuple[Line, ...] = ()
    unfound: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        """The file that it is kept in: one a run."""
        return f"{self.at:%Y-%m-%d}-{self.run}.json"

    @property
    def by_category(self) -> dict[Category, int]:
        """Its scores."""
        return scores_of(self.scores)

    def text(self) -> str:
        """The file's text."""
        return self.model_dump_json(indent=2, exclude_defaults=True) + "\n"


def scores_of(scores: Iterable[Score]) -> dict[Category, int]:
    """The numbers alone."""
    return {score.category: score.score for score in scores}


def record_of(answer: CheckinAnswer, **about: object) -> CheckinRecord:
    """An answer as it is kept; `about` are the other fields. Raises ValueError."""
    return CheckinRecord.model_validate(
        {
            "summary": answer.summary,
            "scores": answer.scores,
            "findings": tuple(one.title for one in answer.findings),
            "unfound": answer.unfound,
            **about,
        }
    )


def read_records(files: Mapping[str, bytes]) -> list[CheckinRecord]:
    """The check-ins among the files of the branch, oldest first; what a person put there besides is none."""
    found = []
    for name, content in files.items():
        try:
            record = CheckinRecord.model_validate_json(content)
        except ValidationError:
            continue
        if record.name == name:
            found.append(record)
    return sorted(found, key=lambda one: (one.at, one.run))


def average(scores: Mapping[Category, int]) -> float | None:
    """The mean of what is scored; None where nothing is."""
    return sum(scores.values()) / len(scores) if scores else None


def changed(now: Mapping[Category, int], before: Mapping[Category, int]) -> dict[Category, int]:
    """By how much each side that both score has changed."""
    return {one: now[one] - before[one] for one in CATEGORIES if one in now and one in before}


def signed(change: float, digits: int = 0) -> str:
    """A change as people write it: +2, -1, ±0."""
    rounded = round(change, digits)
    sign = "±" if rounded == 0 else "+" if rounded > 0 else "-"
    return f"{sign}{abs(rounded):.{digits}f}"
