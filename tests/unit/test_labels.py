"""Labels: what they say is read, whatever way they are written."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.labels import (
    DEFAULT,
    LABEL_LOOKS,
    LATER,
    NAME_LIMIT,
    PROJECTED,
    LabelNames,
    Labels,
    parse_labels,
)
from bot.beads.model import BeadType, Complexity, Priority
from tests.unit.strategies import label_texts, labels

OTHERS = LabelNames(
    bead="work",
    ready="go",
    blocked_by="Waits for #",
    defer="not before ",
    complexity="size/",
    generation="round ",
    types=tuple((kind, f"kind/{kind}") for kind in BeadType),
    priorities=tuple((level, f"prio-{level.value}") for level in Priority),
)


def format_labels(said: Labels, spelling: LabelNames = DEFAULT) -> tuple[str, ...]:
    """The labels that say this, sorted; the default type and priority are written out too."""
    names = [dict(spelling.types)[said.type], dict(spelling.priorities)[said.priority]]
    names += [spelling.bead] * said.bead + [spelling.review] * said.review
    names += [spelling.ready] * said.ready + [spelling.hold] * said.hold
    names += [f"{spelling.blocked_by}{number}" for number in said.blocked_by]
    if said.complexity is not None:
        names.append(f"{spelling.complexity}{said.complexity.value}")
    if said.defer is not None:
        names.append(f"{spelling.defer}{said.defer.isoformat()}")
    if said.generation > 1:
        names.append(f"{spelling.generation}{said.generation}")
    shown = dict(zip(PROJECTED, spelling.projected, strict=True))
    names += [shown[name] for name in said.projected]
    return tuple(sorted([*names, *said.foreign]))


@given(labels)
def test_what_is_written_is_read_back(said: Labels) -> None:
    names = format_labels(said)
    assert parse_labels(names) == said
    assert all(len(name) <= NAME_LIMIT for name in names)


@given(label_texts)
def test_what_is_read_without_a_problem_is_written_back(names: list[str]) -> None:
    read = parse_labels(names)
    if not read.problems:
        written = format_labels(read)
        assert parse_labels(written) == read
        assert {name.lower() for name in written} - {"task", "p2"} == (
            {name.lower() for name in names} - {"task", "p2"}
        )


@given(labels.filter(lambda said: not said.foreign))
def test_a_repository_may_spell_every_name_its_own_way(said: Labels) -> None:
    assert parse_labels(format_labels(said, OTHERS), OTHERS) == said


@given(labels, st.randoms(use_true_random=False))
def test_neither_order_nor_case_of_our_labels_matters(said: Labels, random: Random) -> None:
    names = list(format_labels(said))
    random.shuffle(names)
    shouted = [name if name in said.foreign else name.upper() for name in names]
    assert parse_labels(shouted) == said


@given(label_texts, st.randoms(use_true_random=False))
def test_no_label_is_lost_and_the_answer_does_not_depend_on_order(names: list[str], random: Random) -> None:
    read = parse_labels(names)
    for name in names:
        alone = parse_labels([name])
        assert alone != Labels() or name.lower() in ("task", "p2")
        assert alone.blocked_by <= read.blocked_by
        assert set(alone.foreign) <= set(read.foreign)
        assert set(alone.problems) <= set(read.problems)
    random.shuffle(names)
    assert parse_labels(names) == read


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("blocked-by:12", "`blocked-by:#12`"),
        ("blocked-by #12", "`blocked-by:#12`"),
        ("Blocked by: 7", "`blocked-by:#7`"),
        ("blocked_by#7", "`blocked-by:#7`"),
        ("blocked-by:#0", "`blocked-by:#12`"),
        ("blocked-by:#", "`blocked-by:#12`"),
        ("Blocked-By: #3", "`blocked-by:#3`"),
        ("blocked-by:#1x", "`blocked-by:#1`"),
        ("blocked-by:#12345678901", "`blocked-by:#1234567890`"),
        ("blocked-by:the release", "`blocked-by:#12`"),
        ("defer:soon", "`defer:2027-01-31`"),
        ("defer:2026-13-01", "`defer:2027-01-31`"),
        ("defer:2026-1-1", "`defer:2027-01-31`"),
        ("defer 2026-12-01", "`defer:2027-01-31`"),
        ("defer:", "`defer:2027-01-31`"),
    ],
)
def test_an_edge_that_cannot_be_read_is_said_once_and_keeps_the_bead_from_running(
    name: str, right: str
) -> None:
    read = parse_labels(["bead", name])
    (problem,) = read.problems
    assert (problem.label, problem.blocks) == (name, True)
    assert right in problem.message
    assert (read.foreign, read.blocked_by, read.defer) == ((), frozenset(), None)


@pytest.mark.parametrize(
    "name",
    ["blocked-by-a-customer", "deferred", "blocked", "P", "p1-candidate", "on hold", "gen-ai", "gen-1"],
)
def test_a_label_that_only_sounds_like_ours_is_somebody_elses(name: str) -> None:
    assert parse_labels([name]) == Labels(foreign=(name,))


@pytest.mark.parametrize(
    ("names", "first", "read"),
    [
        (["P3", "P1", "P2"], "P1", Labels(priority=Priority.P1)),
        (["P0", "P4"], "P0", Labels(priority=Priority.P0)),
        (["chore", "bug"], "bug", Labels(type=BeadType.BUG)),
        (["complexity:low", "complexity:high"], "complexity:high", Labels(complexity=Complexity.HIGH)),
        (["defer:2026-01-01", "defer:2027-01-01"], "defer:2027-01-01", Labels(defer=date(2027, 1, 1))),
        (["gen-2", "gen-3"], "gen-3", Labels(generation=3)),
    ],
)
def test_a_contradiction_is_one_problem_and_the_safer_label_counts(
    names: list[str], first: str, read: Labels
) -> None:
    for order in (names, names[::-1]):
        said = parse_labels(order)
        (problem,) = said.problems
        assert (problem.label, problem.blocks) == (first, False)
        assert all(f"`{name}`" in problem.message for name in names)
        assert (said.priority, said.type) == (read.priority, read.type)
        assert (said.complexity, said.defer) == (read.complexity, read.defer)


@pytest.mark.parametrize(
    ("name", "right"), [("complexity:huge", "low, medium, high or epic"), ("P5", "P0 to P4")]
)
def test_a_wrong_size_or_priority_is_said_but_holds_nothing(name: str, right: str) -> None:
    (problem,) = parse_labels([name]).problems
    assert right in problem.message
    assert not problem.blocks


@pytest.mark.parametrize(
    "spelling",
    [
        {"ready": "HOLD"},
        {"hold": "bead:running"},
        {"hold": "defer:ever"},
        {"defer": "blocked-by:"},
        {"blocked_by": "#"},
        {"bead": ""},
        {"bead": "x" * 51},
        {"complexity": "x" * 45},
        {"generation": "complexity:"},
        {"types": ()},
        {"priorities": ((Priority.P0, "urgent"),)},
    ],
)
def test_a_spelling_in_which_labels_could_be_mistaken_is_refused(spelling: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"mistaken|is no|needs one label"):
        LabelNames(**spelling)  # type: ignore[arg-type]


def test_a_bare_issue_is_a_task_of_the_default_priority() -> None:
    assert parse_labels([]) == Labels(type=BeadType.TASK, priority=Priority.P2)


def test_every_label_of_ours_has_a_look_that_github_takes() -> None:
    fixed = {"bead", "review", "ready", "hold", *PROJECTED}
    fixed |= {kind.value for kind in BeadType} | {level.name for level in Priority}
    fixed |= {f"gen-{number}" for number in LATER}
    assert set(LABEL_LOOKS) == fixed | {f"complexity:{size}" for size in Complexity}
    for colour, description in LABEL_LOOKS.values():
        assert len(bytes.fromhex(colour)) == 3
        assert 0 < len(description) <= 100
