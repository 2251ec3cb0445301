"""What a check-in may say: every side once, and nothing without lines that are there."""

from __future__ import annotations

import pytest

from bot.beads.answer_parts import ReportError
from bot.beads.checkin import CATEGORIES, CheckinAnswer, load_checkin_answer
from bot.beads.checkin_check import check_checkin, check_import, check_reading, without_unfound
from tests.unit.checkins import LINES, scored

NO_EVIDENCE = "scores: specs: 5 without evidence; name lines, or score 0 where there is nothing"
NO_LINE = "scores: specs: no such line is in the repository: "
UNHELD = "scores: doctrine: the review holds no 5"
UNNAMED = "scores: doctrine: the review does not name src/a.txt:1"


def changed(category: str, /, **values: object) -> CheckinAnswer:
    """A good answer with one score changed."""
    whole = scored()
    scores = tuple(one.model_copy(update=values) if one.category == category else one for one in whole.scores)
    return whole.model_copy(update={"scores": scores})


def test_every_side_scored_with_lines_that_are_there_is_a_check_in() -> None:
    assert check_checkin(scored(), LINES) == []
    assert check_checkin(scored(evidence="src/a.txt:1-3"), LINES) == []


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (
            {"evidence": ()},
            NO_EVIDENCE,
        ),
        ({"evidence": ("gone.md:1",)}, f"{NO_LINE}gone.md:1"),
        ({"evidence": ("src/a.txt:4",)}, f"{NO_LINE}src/a.txt:4"),
        ({"evidence": ("src/a.txt:2-4",)}, f"{NO_LINE}src/a.txt:2-4"),
        ({"evidence": ("src/a.txt:3-2",)}, f"{NO_LINE}src/a.txt:3-2"),
        ({"evidence": ("../a.txt:1",)}, f"{NO_LINE}../a.txt:1"),
        ({"evidence": ("/etc/passwd:1",)}, f"{NO_LINE}/etc/passwd:1"),
        (
            {"score": 0, "evidence": ("gone.md:1",)},
            f"{NO_LINE}gone.md:1",
        ),
        ({"category": "tests"}, "scores: tests: scored more than once"),
    ],
)
def test_a_score_that_nothing_stands_behind_is_refused(values: dict[str, object], fault: str) -> None:
    assert fault in check_checkin(changed("specs", **values), LINES)


def test_where_there_is_nothing_zero_needs_no_lines() -> None:
    assert check_checkin(changed("specs", score=0, evidence=()), LINES) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    few = scored(5, 5)
    found = check_checkin(few, {})
    assert found[0] == f"scores: {', '.join(CATEGORIES[2:])}: not scored; every side is, once"
    assert len(found) == 3


@pytest.mark.parametrize(
    ("score", "place"),
    [
        ({"score": 11}, "scores.0.score"),
        ({"score": -1}, "scores.0.score"),
        ({"category": "morale"}, "scores.0.category"),
        ({"reason": ""}, "scores.0.reason"),
        ({"evidence": ["src/a.txt"]}, "scores.0.evidence.0"),
        ({"evidence": ["src/a.txt:0"]}, "scores.0.evidence.0"),
        ({"evidence": ["src/a.txt:one"]}, "scores.0.evidence.0"),
    ],
)
def test_what_has_not_the_form_of_a_score_is_refused_by_its_place(
    score: dict[str, object], place: str
) -> None:
    whole = scored(5).model_dump(mode="json")
    whole["scores"][0] |= score
    with pytest.raises(ReportError, match=place):
        load_checkin_answer(CheckinAnswer.model_construct(**whole).model_dump_json(warnings=False))


# -- reviews that were made elsewhere -----------------------------------------------------------------------
def test_an_imported_review_may_leave_sides_out_but_not_score_one_twice() -> None:
    assert check_import(scored(5, 6)) == []
    assert check_import(CheckinAnswer()) == ["scores: the review scores no side of the project"]
    assert check_import(changed("specs", category="tests")) == ["scores: tests: scored more than once"]


def test_what_an_imported_review_names_in_vain_counts_for_nothing() -> None:
    answer = without_unfound(changed("specs", evidence=("gone.md:1", "src/a.txt:2")), LINES)
    assert answer.unfound == ("gone.md:1",)
    assert answer.scores[1].evidence == ("src/a.txt:2",)


@pytest.mark.parametrize(
    ("review", "faults"),
    [
        ("Doctrine is a 5/10, see src/a.txt:1.", []),
        ("Doctrine: 5 (`src/a.txt`, line 1)", []),
        ("Doctrine is **5**: [src/a.txt#L1]", []),
        ("Doctrine is a 15, see src/a.txt:1.", [UNHELD]),
        ("Doctrine is 5.5, see src/a.txt:1.", [UNHELD]),
        ("Doctrine is 5, see src/a.txt:12.", [UNNAMED]),
        ("Doctrine is 5, see lib/src/a.txt:1.", [UNNAMED]),
        (
            "",
            [
                UNHELD,
                UNNAMED,
            ],
        ),
    ],
)
def test_whoever_reads_a_review_adds_no_number_and_no_place(review: str, faults: list[str]) -> None:
    assert check_reading(scored(5), review) == faults
