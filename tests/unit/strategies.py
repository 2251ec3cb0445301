"""What hypothesis draws: labels and graphs of beads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot.beads.graph import Node
from bot.beads.labels import PROJECTED, Labels, parse_labels
from bot.beads.model import BeadType, Complexity, Priority

TODAY = date(2026, 11, 24)
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)
GHOST = 99
"""A number that no drawn bead has."""


def is_foreign(name: str) -> bool:
    """Whether a label is none of ours."""
    return parse_labels([name]).foreign == (name,)


foreign_names = (
    st.text("abcdefgh XYZ/-", min_size=1, max_size=12)
    .filter(lambda name: name.strip() == name)
    .filter(is_foreign)
)

labels = st.builds(
    Labels,
    bead=st.booleans(),
    review=st.booleans(),
    ready=st.booleans(),
    hold=st.booleans(),
    type=st.sampled_from(BeadType),
    priority=st.sampled_from(Priority),
    complexity=st.none() | st.sampled_from(Complexity),
    blocked_by=st.frozensets(st.integers(1, 10**10 - 1), max_size=6),
    defer=st.none() | st.dates(),
    generation=st.integers(1, 9),
    projected=st.frozensets(st.sampled_from(PROJECTED)),
    foreign=st.lists(foreign_names, unique_by=str.lower, max_size=4).map(sorted).map(tuple),
)

label_texts = st.lists(
    st.sampled_from(
        [
            *("bead", "Ready", "HOLD", "bug", "Epic", "P0", "p4", "P5", "complexity:low", "complexity:vast"),
            *("blocked-by:#3", "blocked-by:#4", "blocked-by:3", "blocked by #3", "defer:2026-12-24"),
            *("defer:2026-12-25", "defer:Christmas", "bead:running", "area/web", "gen-2"),
        ]
    )
    | st.text(max_size=20)
    | st.from_regex(r"(?i)(blocked-by|defer|complexity)[:# ]{0,3}[0-9a-z#-]{0,6}", fullmatch=True),
    max_size=8,
)


@st.composite
def beads(draw: st.DrawFn, *, acyclic: bool = False) -> list[Node]:
    """Up to nine beads, some closed, with every kind of edge.

    `acyclic`: an epic has a lower number than its children, and a blocker is a lower number below the same
    epic, so that nothing can wait for itself.
    """
    numbers = list(range(1, draw(st.integers(1, 9)) + 1))
    nodes: list[Node] = []
    for number in numbers:
        before = [other for other in numbers if other < number] if acyclic else numbers
        parents = st.none() | st.sampled_from(before) if before else st.none()
        parent = draw(parents)
        if acyclic:
            before = [node.number for node in nodes if node.parent == parent]
        blockers = st.frozensets(st.sampled_from([*before, GHOST]), max_size=2)
        nodes.append(
            Node(
                number=number,
                priority=draw(st.integers(0, 4)),
                created_at=BIRTH + timedelta(days=draw(st.integers(0, 3))),
                open=draw(st.sampled_from([True, True, True, False])),
                blocked_by=draw(blockers),
                parent=parent,
                hold=draw(st.sampled_from([False, False, True])),
                defer=draw(st.none() | st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2))),
                malformed=draw(st.sampled_from([False, False, False, True])),
            )
        )
    return nodes


def with_blocker(nodes: list[Node], number: int, blocker: int) -> list[Node]:
    """The same beads with one more `blocked-by`."""
    return [
        replace(node, blocked_by=node.blocked_by | {blocker}) if node.number == number else node
        for node in nodes
    ]


def with_parent(nodes: list[Node], number: int, parent: int) -> list[Node]:
    """The same beads with one in another epic."""
    return [replace(node, parent=parent) if node.number == number else node for node in nodes]
