"""A bead in the graph: every edge that can hold it back, whoever drew it."""

from __future__ import annotations

from bot.beads.graph import Node
from bot.beads.labels import Labels
from bot.coordinator.snapshot import Issue


def node_of(issue: Issue, labels: Labels) -> Node:
    """The bead as the graph sees it."""
    return Node(
        number=issue.number,
        open=issue.open,
        priority=labels.priority,
        created_at=issue.created_at,
        blocked_by=labels.blocked_by,
        parent=issue.parent,
        hold=labels.hold,
        defer=labels.defer,
        malformed=any(problem.blocks for problem in labels.problems),
    )
