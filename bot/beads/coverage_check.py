"""Whether a reconciliation may be believed: everything that is wrong with it, at once.

A model says what is met and by what; code holds each name that it gives against git and GitHub. What cannot
be shown is not met. The job checks with what it knew before the engine ran (`Built`); publish checks again in
a clone that no engine has touched, where it also reads the files that are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.beads.answer_parts import Part
from bot.beads.coverage import Coverage, CoverageAnswer
from bot.beads.requirements import Requirement

PLACE = re.compile(r"(?P<path>[^:]+)(?::(?P<line>[1-9][0-9]{0,6})(?:-[0-9]{1,7})?)?")


class Built(Part):
    """What an epic asks for, and what was built for it.

    Args:
        epic: its number.
        asked: all that it asks for.
        pulls: it and its beads, with their merged pull requests.
        commits: commits of the base branch, all or the last ones; whole names.
        files: the paths of the base commit.
    """

    epic: int
    asked: tuple[Requirement, ...]
    pulls: dict[int, tuple[int, ...]]
    commits: tuple[str, ...]
    files: tuple[str, ...]


def places_of(answer: CoverageAnswer) -> tuple[str, ...]:
    """The paths of all files that an answer names, each once."""
    named = (_path(one) for row in answer.matrix for one in (*row.tests, *row.files))
    return tuple(dict.fromkeys(named))


def coverage_faults(
    answer: CoverageAnswer, built: Built, texts: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """All that is wrong with a matrix and its gaps, one sentence each; nothing where it may be believed.

    Args:
        answer: what the reconciler says.
        built: what is true.
        texts: what the files that it names (`places_of`) say; None where they were not read.
    """
    return (
        *_rows(answer, built),
        *(fault for row in _checks(answer, built, texts) for fault in row),
        *_gaps(answer),
    )


def completed(answer: CoverageAnswer, built: Built) -> tuple[Coverage, ...]:
    """The matrix, each row in the words in which it was asked for, whatever the model has written there."""
    words = {one.source: one.text for one in built.asked}
    return tuple(row.model_copy(update={"text": words[row.source]}) for row in answer.matrix)


def _rows(answer: CoverageAnswer, built: Built) -> Iterator[str]:
    asked = {one.source: one.text for one in built.asked}
    told = [row.source for row in answer.matrix]
    for source, text in asked.items():
        if source not in told:
            yield f"{source} has no row in the matrix: {text}"
    for source in dict.fromkeys(told):
        if source not in asked:
            yield f"{source} has a row and was not asked for: give the sources exactly as they are listed"
        elif told.count(source) > 1:
            yield f"{source} has {told.count(source)} rows: give it one"


@dataclass(frozen=True, slots=True)
class _Known:
    pulls: frozenset[int]
    files: frozenset[str]
    commits: tuple[str, ...]


def _checks(answer: CoverageAnswer, built: Built, texts: Mapping[str, str] | None) -> Iterator[Iterator[str]]:
    every = frozenset(number for numbers in built.pulls.values() for number in numbers)
    known = _Known(every, frozenset(built.files), tuple(sorted(built.commits)))
    for row in answer.matrix:
        yield _row(row, built, known, texts)


def _row(row: Coverage, built: Built, known: _Known, texts: Mapping[str, str] | None) -> Iterator[str]:
    at = row.source
    for bead in row.beads:
        if bead not in built.pulls:
            yield f"{at}: #{bead} is no bead of the epic #{built.epic}"
    for pull in row.pulls:
        if pull not in known.pulls:
            yield f"{at}: #{pull} is no merged pull request of a bead of the epic #{built.epic}"
    for commit in row.commits:
        if not any(one.startswith(commit) for one in known.commits):
            yield f"{at}: {commit} is no commit of the base branch"
    for test in row.tests:
        yield from _named(at, test, known, texts)
    for file in row.files:
        yield from _seen(at, file, known, texts)
    if row.status == "met":
        if not row.pulls:
            yield f"{at} is said to be met and names no merged pull request"
        if not row.tests and not row.files:
            yield f"{at} is said to be met and names neither a test nor a file that shows it"
    elif not row.evidence.strip():
        yield f"{at} is not met, and `evidence` does not say what is missing"


def _named(at: str, test: str, known: _Known, texts: Mapping[str, str] | None) -> Iterator[str]:
    path, _, name = test.partition("::")
    if path not in known.files:
        yield f"{at}: the test `{test}` is not there: the base has no file `{path}`"
    elif name and texts is not None:
        last = re.split(r"[\[(]", name)[0].split("::")[-1].strip()
        if last not in texts.get(path, ""):
            yield f"{at}: the test `{test}` is not there: `{path}` does not name `{last}`"


def _seen(at: str, file: str, known: _Known, texts: Mapping[str, str] | None) -> Iterator[str]:
    place = PLACE.fullmatch(file)
    path = _path(file)
    if place is None or path not in known.files:
        yield f"{at}: the base has no file `{path}`"
    elif texts is not None and place["line"]:
        lines = texts.get(path, "").count("\n") + 1
        if int(place["line"]) > lines:
            yield f"{at}: `{path}` has {lines} lines, and `{file}` names another"


def _gaps(answer: CoverageAnswer) -> Iterator[str]:
    unmet = answer.unmet
    covered: set[int] = set()
    for place, gap in enumerate(answer.gaps, start=1):
        if gap.type in ("reconcile", "report"):
            yield f"gap {place} is a bead of type `{gap.type}`: those are made by themselves"
        if not unmet.keys() & set(gap.covers):
            yield f"gap {place} covers nothing that is not met: name rows of the matrix in `covers`"
        for row in gap.covers:
            if not 1 <= row <= len(answer.matrix):
                yield f"gap {place} covers row {row}, and the matrix has {len(answer.matrix)}"
            elif row not in unmet:
                yield f"gap {place} covers {answer.matrix[row - 1].source}, which is met"
        covered |= set(gap.covers)
    for row, one in unmet.items():
        if row not in covered:
            yield f"{one.source} is not met, and no gap covers its row {row}"


def _path(named: str) -> str:
    path = named.partition("::")[0]
    place = PLACE.fullmatch(path)
    return place["path"] if place is not None else path
