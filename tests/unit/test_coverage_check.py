"""A matrix of what is met is held against git and GitHub: each fault is named, and all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.beads.coverage import CoverageAnswer
from bot.beads.coverage_check import Built, completed, coverage_faults, places_of
from bot.beads.requirements import Requirement

MERGED = "1234567" + "0" * 33
BUILT = Built(
    epic=3,
    asked=(
        Requirement(source="#3.1", text="It counts."),
        Requirement(source="#4.1", text="It adds."),
        Requirement(source="specs/tally.md#sums", text="Sums"),
    ),
    pulls={4: (14,), 5: (15, 16)},
    commits=(MERGED, "a" * 40),
    files=("src/add.py", "tests/test_add.py"),
)
TEXTS = {"tests/test_add.py": "def test_add(two):\n    assert two\n", "src/add.py": "one\ntwo\n"}
MET: dict[str, Any] = {"status": "met", "beads": [4], "pulls": [14], "tests": ["tests/test_add.py::test_add"]}
GAP: dict[str, Any] = {"title": "Add the sums", "covers": [3], "acceptance": ["It sums."]}


def rows(**changes: Any) -> list[dict[str, Any]]:
    """Three rows that hold; `changes` are of the second."""
    return [
        {"source": "#3.1", **MET},
        {"source": "#4.1", **MET, **changes},
        {"source": "specs/tally.md#sums", **MET},
    ]


def faults(matrix: list[dict[str, Any]], *gaps: dict[str, Any], texts: bool = True) -> list[str]:
    answer = CoverageAnswer.model_validate({"matrix": matrix, "gaps": list(gaps)})
    return list(coverage_faults(answer, BUILT, TEXTS if texts else None))


def open_row(**changes: Any) -> list[dict[str, Any]]:
    """The third row is not met."""
    unmet = {"source": "specs/tally.md#sums", "status": "missing", "evidence": "Nothing sums."}
    return [*rows()[:2], {**unmet, **changes}]


def test_a_matrix_that_holds_has_no_faults() -> None:
    every = {"commits": ["1234567", "a" * 40], "files": ["src/add.py:2", "src/add.py:1-2", "src/add.py"]}
    assert faults(rows(beads=[4, 5], pulls=[14, 15, 16], **every)) == []
    assert faults(rows(tests=["tests/test_add.py::test_add[one-two]", "tests/test_add.py"])) == []
    assert faults(rows(tests=[], files=["src/add.py"])) == []
    assert faults(open_row(), GAP) == []
    assert faults(open_row(status="partly"), GAP) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"beads": [4, 9]}, "#4.1: #9 is no bead of the epic #3"),
        ({"pulls": [14, 99]}, "#4.1: #99 is no merged pull request of a bead of the epic #3"),
        ({"commits": ["fffffff"]}, "#4.1: fffffff is no commit of the base branch"),
        (
            {"tests": ["tests/test_sub.py::test_sub"]},
            "#4.1: the test `tests/test_sub.py::test_sub` is not there: the base has no file"
            " `tests/test_sub.py`",
        ),
        (
            {"tests": ["tests/test_add.py::TestAll::test_sub[one]"]},
            "#4.1: the test `tests/test_add.py::TestAll::test_sub[one]` is not there: `tests/test_add.py`"
            " does not name `test_sub`",
        ),
        ({"files": ["src/sub.py:1"]}, "#4.1: the base has no file `src/sub.py`"),
        ({"files": ["src/add.py:x"]}, "#4.1: the base has no file `src/add.py:x`"),
        ({"files": ["src/add.py:40"]}, "#4.1: `src/add.py` has 3 lines, and `src/add.py:40` names another"),
        ({"pulls": []}, "#4.1 is said to be met and names no merged pull request"),
        ({"tests": []}, "#4.1 is said to be met and names neither a test nor a file that shows it"),
        (
            {"source": "#4.2"},
            "#4.2 has a row and was not asked for: give the sources exactly as they are listed",
        ),
        ({"source": "#4.2"}, "#4.1 has no row in the matrix: It adds."),
        ({"source": "#3.1"}, "#3.1 has 2 rows: give it one"),
        ({"status": "missing"}, "#4.1 is not met, and `evidence` does not say what is missing"),
        (
            {"status": "partly", "evidence": " "},
            "#4.1 is not met, and `evidence` does not say what is missing",
        ),
        ({"status": "missing", "evidence": "x"}, "#4.1 is not met, and no gap covers its row 2"),
    ],
)
def test_what_a_row_may_not_say(changes: dict[str, Any], fault: str) -> None:
    assert fault in faults(rows(**changes))


@pytest.mark.parametrize(
    ("gap", "fault"),
    [
        ({"covers": []}, "gap 1 covers nothing that is not met: name rows of the matrix in `covers`"),
        ({"covers": [1]}, "gap 1 covers #3.1, which is met"),
        ({"covers": [3, 4]}, "gap 1 covers row 4, and the matrix has 3"),
        ({"covers": [3, 0]}, "gap 1 covers row 0, and the matrix has 3"),
        ({"covers": []}, "specs/tally.md#sums is not met, and no gap covers its row 3"),
        ({"type": "reconcile"}, "gap 1 is a bead of type `reconcile`: those are made by themselves"),
        ({"type": "report"}, "gap 1 is a bead of type `report`: those are made by themselves"),
    ],
)
def test_what_a_gap_may_not_say(gap: dict[str, Any], fault: str) -> None:
    assert fault in faults(open_row(), {**GAP, **gap})


def test_where_all_is_met_there_are_no_gaps() -> None:
    assert "gap 1 covers specs/tally.md#sums, which is met" in faults(rows(), GAP)


def test_an_empty_answer_names_everything_that_was_asked_for() -> None:
    assert faults([]) == [
        "#3.1 has no row in the matrix: It counts.",
        "#4.1 has no row in the matrix: It adds.",
        "specs/tally.md#sums has no row in the matrix: Sums",
    ]


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(rows(beads=[9], pulls=[99], commits=["fffffff"], tests=["x.py"], files=["y.py"]))) == 5


def test_what_files_say_is_not_judged_before_they_were_read() -> None:
    named = rows(tests=["tests/test_add.py::test_sub"], files=["src/add.py:40"])
    assert faults(named, texts=False) == []
    assert len(faults(named)) == 2


def test_each_file_that_is_named_is_read_once() -> None:
    matrix = rows(tests=["a.py::one", "a.py::two[x:1]"], files=["b.py:3", "b.py:4-5", "c.py"])
    answer = CoverageAnswer.model_validate({"matrix": matrix})
    assert places_of(answer) == ("tests/test_add.py", "a.py", "b.py", "c.py")


def test_what_is_kept_has_the_words_in_which_it_was_asked_for() -> None:
    matrix = [{**row, "text": "Believe me."} for row in reversed(rows())]
    kept = completed(CoverageAnswer.model_validate({"matrix": matrix}), BUILT)
    assert [(row.source, row.text) for row in kept] == [
        (one.source, one.text) for one in reversed(BUILT.asked)
    ]
