"""What is wrong with a check-in, by code alone: a score that nothing stands behind is none.

Of a session of ours every side of the project is scored once, and each score names lines that are there; only
where there is nothing at all (0) is there nothing to name. A review that somebody made elsewhere may leave
sides out and name no lines; what it names and is not there is told of, and counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.beads.checkin import CATEGORIES, CheckinAnswer, Score

SHOWN = 20
"""How many places of one kind a fault names."""


def check_checkin(answer: CheckinAnswer, lines: Mapping[str, int]) -> list[str]:
    """Everything that is wrong with the scores of our own check-in; an empty list is a pass.

    Args:
        answer: what the session says.
        lines: how many lines each file of the base commit has that the evidence is in; others are not there.
    """
    faults = _twice(answer)
    scored = {score.category for score in answer.scores}
    lacking = [category for category in CATEGORIES if category not in scored]
    if lacking:
        faults.append(f"scores: {', '.join(lacking)}: not scored; every side is, once")
    for score in answer.scores:
        faults += _evidence_faults(score, lines)
    return faults


def check_import(answer: CheckinAnswer) -> list[str]:
    """Everything that is wrong with the scores of a review that was made elsewhere."""
    return _twice(answer) + ([] if answer.scores else ["scores: the review scores no side of the project"])


def check_reading(answer: CheckinAnswer, review: str) -> list[str]:
    """What a session says that read a review, and that is not in the text of it: numbers and places.

    The text is in reach of everybody, so a number that is in it may still stand for another side; what is
    not in it was made up for certain.
    """
    faults = []
    text = " ".join(review.split()).casefold()
    for score in answer.scores:
        if not re.search(rf"(?<![\w.]){score.score}(?!\w|\.[0-9])", text):
            faults.append(f"scores: {score.category}: the review holds no {score.score}")
        made_up = [place for place in score.evidence if not _named(place, text)]
        if made_up:
            faults.append(f"scores: {score.category}: the review does not name {_listed(made_up)}")
    return faults


def without_unfound(answer: CheckinAnswer, lines: Mapping[str, int]) -> CheckinAnswer:
    """The answer with what its evidence names in vain under `unfound`."""
    unfound = [place for score in answer.scores for place in score.evidence if not _is_there(place, lines)]
    kept = tuple(
        score.model_copy(
            update={"evidence": tuple(place for place in score.evidence if _is_there(place, lines))}
        )
        for score in answer.scores
    )
    return answer.model_copy(update={"scores": kept, "unfound": tuple(dict.fromkeys(unfound))})


def _twice(answer: CheckinAnswer) -> list[str]:
    named = [score.category for score in answer.scores]
    twice = [category for category in CATEGORIES if named.count(category) > 1]
    return [f"scores: {', '.join(twice)}: scored more than once"] if twice else []


def _evidence_faults(score: Score, lines: Mapping[str, int]) -> list[str]:
    where = f"scores: {score.category}"
    if not score.evidence:
        nothing = score.score == 0
        said = f"{where}: {score.score} without evidence; name lines, or score 0 where there is nothing"
        return [] if nothing else [said]
    wrong = [place for place in score.evidence if not _is_there(place, lines)]
    return [f"{where}: no such line is in the repository: {_listed(wrong)}"] if wrong else []


def _is_there(place: str, lines: Mapping[str, int]) -> bool:
    first, last = _span(place)
    return first <= last <= lines.get(_path(place), 0)


def _path(place: str) -> str:
    return place.rpartition(":")[0]


def _span(place: str) -> tuple[int, int]:
    first, _, last = place.rpartition(":")[2].partition("-")
    return int(first), int(last or first)


def _named(place: str, text: str) -> bool:
    """Whether a text names a file and, right behind it, the first of its lines, however that is written."""
    path, (first, _) = _path(place).casefold(), _span(place)
    spelled = rf"(?<![\w/.-]){re.escape(path)}\W{{0,4}}(?:#?l|lines?)?\W{{0,2}}{first}(?![0-9])"
    return re.search(spelled, text) is not None


def _listed(places: Iterable[str]) -> str:
    every = list(places)
    more = [f"and {len(every) - SHOWN} more"] if len(every) > SHOWN else []
    return ", ".join([*every[:SHOWN], *more])
