"""Labels: text to model and back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.labels import DEFAULT, NAME_LIMIT, PROJECTED, Labels, format_labels, parse_labels
from bot.beads.model import BeadType, Complexity, Priority

OURS = {"bead", "review", "ready", "hold", *(kind.value for kind in BeadType), *(p.name.lower() for p in Priority)}

foreign = st.text("abcdefgh XYZ/-", min_size=1, max_size=12).filter(
    lambda name: name.strip() == name and name.lower() not in OURS
)
values = st.builds(
    Labels,
    bead=st.booleans(),
    review=st.booleans(),
    ready=st.booleans(),
    hold=st.booleans(),
    type=st.sampled_from(BeadType),
    priority=st.sampled_from(Priority),
    complexity=st.none() | st.sampled_from(Complexity),
    blocked_by=st.frozensets(st.integers(1, 10**9), max_size=6),
    defer=st.none() | st.dates(date(1000, 1, 1)),
    projected=st.frozensets(st.sampled_from(PROJECTED)),
    foreign=st.lists(foreign, unique=True, max_size=4).map(sorted).map(tuple),
)


@given(values)
def test_what_is_written_is_read_back(labels: Labels) -> None:
    names = format_labels(labels)
    assert parse_labels(names) == labels
    assert all(len(name) <= NAME_LIMIT for name in names)


@given(values, st.randoms())
def test_neither_order_nor_case_of_our_labels_matters(labels: Labels, random: object) -> None:
    names = list(format_labels(labels))
    random.shuffle(names)  # type: ignore[attr-defined]
    shouted = [name if name in labels.foreign else name.upper() for name in names]
    assert parse_labels(shouted) == labels


@pytest.mark.parametrize(
    "name",
    ["blocked-by:12", "blocked-by:#0", "blocked-by:#", "Blocked-By: #3", "blocked-by:#1x", "defer:soon"]
    + ["defer:2026-13-01", "defer:2026-1-1", "defer:"],
)
def test_an_edge_that_cannot_be_read_is_said_and_keeps_the_bead_from_running(name: str) -> None:
    labels = parse_labels(["bead", name])
    assert [(problem.label, problem.blocks) for problem in labels.problems] == [(name, True)]
    assert labels.foreign == ()


def test_contradictions_are_said_and_resolved_the_same_way_in_any_order() -> None:
    names = ["P3", "P1", "bug", "chore", "complexity:low", "complexity:high"]
    labels = parse_labels(names)
    assert labels == parse_labels(reversed(names))
    assert (labels.priority, labels.type, labels.complexity) == (Priority.P1, BeadType.BUG, Complexity.HIGH)
    assert sorted(problem.label for problem in labels.problems) == ["complexities", "priorities", "types"]
    assert not any(problem.blocks for problem in labels.problems)


def test_an_unknown_complexity_is_said_but_holds_nothing() -> None:
    (problem,) = parse_labels(["complexity:huge"]).problems
    assert "low, medium, high or epic" in problem.message
    assert not problem.blocks


def test_a_bare_issue_is_a_task_of_the_default_priority() -> None:
    assert parse_labels([]) == Labels(type=BeadType.TASK, priority=Priority.P2)
    assert DEFAULT.bead == "bead"
