"""Which reports have to be read again, because somebody who may do so asks for what stands in them."""

from __future__ import annotations

from bot.beads.commands import FORMS, Command, Name, read_commands
from bot.coordinator.snapshot import Comment, Snapshot


def runs_to_read(snapshot: Snapshot) -> frozenset[int]:
    """The runs with what is to be filed, or with a draft that is to be used."""
    return frozenset(
        run_id
        for comment in snapshot.comments
        if comment.bead is not None and comment.database_id not in snapshot.claims.answers
        for run_id in _runs(snapshot, comment, comment.bead)
    )


def _runs(snapshot: Snapshot, comment: Comment, bead: int) -> set[int]:
    known, runs = snapshot.claims.of(bead), set[int]()
    for command in read_commands(comment.body):
        if not isinstance(command, Command):
            continue
        if comment.permission < snapshot.policy.authority.needed(FORMS[command.name].right):
            continue
        if command.name is Name.FILE:
            runs |= {one.run_id for one in known.unfiled}
        elif command.name is Name.ANSWER and known.question is not None and known.question.draft is not None:
            runs.add(known.question.draft.run_id)
    return runs
