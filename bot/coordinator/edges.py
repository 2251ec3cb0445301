"""A bead in the graph: every edge that can hold it back, whoever drew it; and edges shown natively."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.beads.graph import Node
from bot.beads.labels import Labels, parse_labels
from bot.beads.model import BeadType
from bot.beads.policy import Policy
from bot.coordinator.actions import ShowEdge
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import Issue, NativeEdge, Snapshot

MOST_NATIVE = 50
"""How many dependencies GitHub lets an issue have in each direction."""

ENDS = (BeadType.RECONCILE, BeadType.REPORT)
"""Beads that end an epic."""

SHOWN_AT_ONCE = 5
"""How many are shown in one pass: each is a request of its own."""

SHOW_MORE = timedelta(seconds=30)


def labels_of(issue: Issue, policy: Policy) -> Labels:
    """What a bead's labels say, as its repository spells them. Without a label for it the bead's type is that
    of its issue type, where the policy has one for it."""
    kind = policy.issue_types.get(issue.type or "", BeadType.TASK)
    return parse_labels(issue.labels, policy.spelling, kind)


def nodes_of(issues: Mapping[int, Issue], labels: Mapping[int, Labels]) -> list[Node]:
    """All open beads as the graph sees them."""
    before = _siblings_before(issues, labels)
    return [node_of(one, labels[number], before.get(number, frozenset())) for number, one in issues.items()]


def _siblings_before(issues: Mapping[int, Issue], labels: Mapping[int, Labels]) -> dict[int, frozenset[int]]:
    """What a bead at the end of an epic waits for whatever its labels say: one that reconciles for every open
    bead of the epic that does its work, one that reports for the reconciliation as well."""
    found: dict[int, frozenset[int]] = {}
    for number, issue in issues.items():
        kind = labels[number].type
        epic = issues.get(issue.parent) if issue.parent is not None else None
        if kind not in ENDS or epic is None:
            continue
        later = ENDS if kind is BeadType.RECONCILE else (BeadType.REPORT,)
        siblings = (child for child in epic.children if child in issues)
        found[number] = frozenset(child for child in siblings if labels[child].type not in later)
    return found


def node_of(issue: Issue, labels: Labels, before: frozenset[int] = frozenset()) -> Node:
    """The bead as the graph sees it: it waits for what a label names, for every open issue that GitHub's own
    dependencies name, another repository's as well, and for what is `before` it anyway."""
    waiting = [edge for edge in issue.native if edge.open]
    native = frozenset(edge.number for edge in waiting if edge.repository is None)
    return Node(
        number=issue.number,
        open=issue.open,
        priority=labels.priority,
        created_at=issue.created_at,
        blocked_by=labels.blocked_by | native | before,
        parent=issue.parent,
        hold=labels.hold,
        defer=labels.defer,
        malformed=any(problem.blocks for problem in labels.problems),
        native=native,
        native_only=native - labels.blocked_by - before,
        elsewhere=tuple(_elsewhere(edge) for edge in waiting if edge.repository is not None),
    )


def open_nodes(snapshot: Snapshot) -> dict[int, Node]:
    """All open beads of a look as the graph sees them, by number."""
    issues = {issue.number: issue for issue in snapshot.issues}
    labels = {number: labels_of(issue, snapshot.policy) for number, issue in issues.items()}
    return {node.number: node for node in nodes_of(issues, labels)}


def _elsewhere(edge: NativeEdge) -> str:
    if not edge.repository:
        return "an issue of a repository that this App may not see"
    return f"{edge.repository}#{edge.number}, which is open"


def show_natively(
    snapshot: Snapshot, issues: Mapping[int, Issue], labels: Mapping[int, Labels], now: datetime, draft: Draft
) -> None:
    """Show as GitHub's own dependencies what labels say between open beads, a few at a time.

    Never the other way round: nobody knows any more who has made a dependency first, so none is taken away
    because a label is gone; it holds its bead until a person, or `/bead unblock`, removes it.
    """
    if not snapshot.knows_native:
        return
    missing = [
        (number, blocker)
        for number, issue in issues.items()
        for blocker in sorted(labels[number].blocked_by)
        if blocker in issues and not _shown(issue, issues[blocker], snapshot)
    ]
    if len(missing) > SHOWN_AT_ONCE:
        draft.looks.append(now + SHOW_MORE)
    for number, blocker in missing[:SHOWN_AT_ONCE]:
        draft.after.append(ShowEdge(number, issues[blocker].database_id, add=True))


def _shown(issue: Issue, blocker: Issue, snapshot: Snapshot) -> bool:
    """Whether GitHub shows it, or would not: it refuses itself, a circle of two and the 51st of an issue."""
    refused = (issue.number, blocker.database_id) in snapshot.refused_edges
    both_ways = any(edge.id == issue.database_id for edge in blocker.native)
    there = any(edge.id == blocker.database_id for edge in issue.native)
    return there or refused or both_ways or issue is blocker or len(issue.native) >= MOST_NATIVE
