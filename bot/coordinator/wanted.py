"""What has to be read again, because somebody who may do so asks for it: reports, and what our own comments
say that show a proposal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.beads.commands import FORMS, Command, Name, read_commands
from bot.coordinator.history import Planning
from bot.coordinator.snapshot import Comment, Snapshot


def runs_to_read(snapshot: Snapshot) -> frozenset[int]:
    """The runs with what is to be filed, with a draft or proposal that is to be used, or with beads that are
    being made."""
    found = {planning.run_id for planning in _approved(snapshot)}
    for comment, name in _asked(snapshot):
        assert comment.bead is not None, "about a bead"
        known = snapshot.claims.of(comment.bead)
        if name is Name.FILE:
            found |= {one.run_id for one in known.unfiled}
        elif name is Name.ANSWER and known.question is not None and known.question.draft is not None:
            found.add(known.question.draft.run_id)
        elif name is Name.APPROVE and known.planning is not None and known.planning.stage == "shown":
            found.add(known.planning.run_id)
    return frozenset(run_id for run_id in found if run_id is not None)


def proposals_to_read(snapshot: Snapshot) -> dict[int, str]:
    """The open beads whose proposal somebody approves, and their nodes: what our comment shows there is read
    right before that counts."""
    nodes = {issue.number: issue.id for issue in snapshot.issues}
    return {
        comment.bead: nodes[comment.bead]
        for comment, name in _asked(snapshot)
        if name is Name.APPROVE and comment.bead in nodes
        if (planning := snapshot.claims.of(comment.bead).planning) is not None and planning.stage == "shown"
    }


def _approved(snapshot: Snapshot) -> Iterator[Planning]:
    for issue in snapshot.issues:
        planning = snapshot.claims.of(issue.number).planning
        if planning is not None and planning.stage == "approved":
            yield planning


def _asked(snapshot: Snapshot) -> Iterator[tuple[Comment, Name]]:
    """The commands of comments on beads that are not answered yet, by who may give them."""
    for comment in snapshot.comments:
        if comment.bead is None or comment.database_id in snapshot.claims.answers:
            continue
        for command in read_commands(comment.body):
            if isinstance(command, Command) and comment.permission >= snapshot.policy.authority.needed(
                FORMS[command.name].right
            ):
                yield comment, command.name
