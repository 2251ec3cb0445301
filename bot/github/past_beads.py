"""What the closed beads of open epics said, and what was merged of each, for the epic's status comment.

A closed bead changes no more, so each is asked for once, as a rule in the same request as everything else:
one whose pull request was seen merged is about to be closed. Those that come as a surprise (a person closed
one, the process has just started) take one request more, `AT_ONCE` in a look; the rest follow in later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.beads.trace_facts import TracedBead, TracedPull, is_test, traced_bead
from bot.beads.visible_text import reveal
from bot.coordinator.snapshot import Past, Snapshot
from bot.github.answers import Connection, Oid, RepositoryNode, Shape

AT_ONCE = 50
BRANCH = "bead/"


class _File(Shape):
    path: str
    change_type: str


class _Merged(Shape):
    number: int
    title: str
    merge_commit: Oid | None = None
    files: Connection[_File] | None = None


class _Closed(Shape):
    number: int
    title: str
    body: str
    closed: bool


class PastBeads:
    """What one process remembers of them."""

    def __init__(self) -> None:
        self._known: dict[int, Past] = {}
        self._ending: frozenset[int] = frozenset()

    @property
    def foreseen(self) -> frozenset[int]:
        """Those that may be closed by the next look."""
        return frozenset(sorted(self._ending)[:AT_ONCE])

    def take(self, fields: Mapping[str, object]) -> None:
        """Remember what the aliased fields of `documents.past_fields` say of those that are closed."""
        for key, value in fields.items():
            if key[:1] == "c" and key[1:].isdigit() and value:
                said = _Closed.model_validate(value)
                merged = Connection[_Merged].model_validate(fields.get(f"g{said.number}") or {}).nodes
                if said.closed:
                    pull = _pull(said.number, merged[0]) if merged else None
                    self._known[said.number] = Past(_bead(said), pull)

    def unknown(self, node: RepositoryNode) -> tuple[int, ...]:
        """The closed beads of open epics of which nothing is known yet, as many as are asked for at once;
        what belongs to no open epic any more is forgotten."""
        closed = sorted(
            {
                child.number
                for bead in node.issues.nodes
                for child in bead.sub_issues.nodes
                if child.state == "CLOSED" and child.repository == bead.repository
            }
        )
        self._known = {number: self._known[number] for number in closed if number in self._known}
        return tuple(number for number in closed if number not in self._known)[:AT_ONCE]

    def of(self, snapshot: Snapshot) -> Mapping[int, Past]:
        """What is known; and see which beads are about to be closed."""
        children = {child for issue in snapshot.issues for child in issue.children}
        merged = {pull.head_ref for pull in snapshot.pulls if pull.state == "merged"}
        self._ending = frozenset(
            issue.number
            for issue in snapshot.issues
            if issue.number in children and f"{BRANCH}{issue.number}" in merged
        )
        return dict(self._known)


def _bead(said: _Closed) -> TracedBead:
    return traced_bead(said.number, said.title, reveal(said.body), open=False)


def _pull(bead: int, node: _Merged) -> TracedPull:
    return TracedPull(
        number=node.number,
        title=node.title,
        state="merged",
        bead=bead,
        files=tuple(_tests(node.files.nodes if node.files else ())),
        commit=node.merge_commit.oid if node.merge_commit else None,
    )


def _tests(files: Iterable[_File]) -> Iterable[str]:
    return (one.path for one in files if one.change_type != "DELETED" and is_test(one.path))
