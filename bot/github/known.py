"""What a process remembers of a repository between two looks, so that it need not ask again.

What our comments say is read again every few minutes, what our check runs say in every look: people can
change them, and another process can have written them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.beads.authority import Permission
from bot.beads.labels import DEFAULT, LabelNames
from bot.beads.markers import unmark
from bot.coordinator.merging import CHECK
from bot.coordinator.shown import check_key, number_of, shown_digest
from bot.github.answers import RepositoryNode
from bot.github.past_beads import PastBeads
from bot.github.pulls import OwnCheck, own_check_runs
from bot.github.queues import vouched_runs

SAID_KEPT = timedelta(minutes=3)
"""After so long a look reads again what our comments say."""
SAID_AT_ONCE = 100
"""Of how many in one look; GitHub takes no more ids."""


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment of ours, and when we last knew what it says."""

    id: str
    seen: datetime


@dataclass(slots=True)
class Known:
    """What a process remembers of a repository; all of it can be asked again. `shown` holds the digests of
    what our comments and check runs say, by their keys (`coordinator/shown.py`), `comments` the comments,
    `signed` the comments of people that carry our final reaction, or cannot. `older` tells that this GitHub
    knows no dependencies of issues in GraphQL."""

    default_branch: str | None = None
    standings: frozenset[int] = frozenset()
    authority: dict[str, tuple[Permission, datetime]] = field(default_factory=dict)
    on_base: dict[tuple[str, str], bool] = field(default_factory=dict)
    label_ids: dict[str, str] = field(default_factory=dict)
    own_checks: dict[tuple[str, str], OwnCheck] = field(default_factory=dict)
    comments: dict[str, OwnComment] = field(default_factory=dict)
    heads: frozenset[str] = frozenset()
    held: frozenset[int] = frozenset()
    open: frozenset[int] = frozenset()
    undoing: frozenset[int] = frozenset()
    workflow_enabled: bool = True
    repository_id: str = ""
    spelling: LabelNames = DEFAULT
    older: bool = False
    refused_edges: set[tuple[int, int]] = field(default_factory=set)
    past: PastBeads = field(default_factory=PastBeads)
    shown: dict[str, str] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)

    def remember(self, node: RepositoryNode, app: int) -> None:
        """Remember what a look found: beads, labels, heads, and our check runs on those, as the app `app`."""
        self.repository_id = node.id
        self.open = frozenset(bead.number for bead in node.issues.nodes)
        self.label_ids = {label.name.lower(): label.id for label in node.labels.nodes}
        foreign = vouched_runs(node)
        heads = foreign.keys() | {branch.target.oid for branch in node.branches.nodes}
        gone, self.heads = self.heads - heads, frozenset(heads)
        seen = {(head, CHECK): run for head, run in foreign.items() if run is not None}
        seen |= {
            (branch.target.oid, name): run
            for branch in node.branches.nodes
            for name, run in own_check_runs(branch.target, app).items()
        }
        kept = {key: run for key, run in self.own_checks.items() if key[0] not in gone}
        for key, run in seen.items():
            if key not in kept or run.follows(kept[key]):  # else this look is from before our last write
                kept[key] = run
        self.own_checks = kept
        for head in gone:
            self.shown.pop(check_key(head), None)
        for (head, name), run in kept.items():
            if name == CHECK:
                self.shown[check_key(head)] = run.digest

    def comments_to_check(self, now: datetime) -> dict[str, str]:
        """Our comments whose text is to be read again, by their keys: those that were not for the longest."""
        due = now - SAID_KEPT
        old = sorted((one.seen, key) for key, one in self.comments.items() if one.seen <= due)
        return {key: self.comments[key].id for _, key in old[:SAID_AT_ONCE]}

    def check_comments(self, asked: Mapping[str, str], bodies: Sequence[str | None], now: datetime) -> None:
        """What our comments say now: one that is gone is looked for anew when there is something to say."""
        for key, body in zip(asked, bodies, strict=True):
            if body is None:
                self.comments.pop(key, None)
                self.shown.pop(key, None)
            else:
                self.comments[key] = OwnComment(asked[key], now)
                self.shown[key] = shown_digest(unmark(body, "comment"))

    def forget_comments(self, numbers: set[int]) -> None:
        """Forget those on what is not open any more."""
        for key in [key for key in self.comments if number_of(key) not in numbers]:
            del self.comments[key]
            self.shown.pop(key, None)
