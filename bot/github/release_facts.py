"""What an issue's timeline and edits tell of its release: facts, by whom and when. Pure.

GitHub keeps every version of a body (`userContentEdits`, the newest first; one whose text was deleted from
the history stays in it). The last edit alone (`lastEditedAt`, `editor`) would hide those before it. Titles
have events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.beads.labels import DEFAULT, LabelNames
from bot.coordinator.claims import Claims
from bot.coordinator.snapshot import Edit
from bot.github.actors import login_of
from bot.github.answers import BeadNode, TimelineItem


@dataclass(frozen=True, slots=True)
class Done:
    """Something that somebody did; `by` is None where it is not known who: then it was not after `at`."""

    by: str | None
    at: datetime


def readied(node: BeadNode, spelling: LabelNames = DEFAULT) -> Done | None:
    """Who put the label `ready` on last, and when; None while it is not on."""
    ready = spelling.ready.lower()
    if ready not in (label.name.lower() for label in (node.labels.nodes if node.labels else ())):
        return None
    for item in reversed(node.timeline_items.nodes):
        if item.label is not None and item.label.name.lower() == ready:
            return Done(login_of(item.actor), item.created_at)
    return _before_all(node)


def put_below(node: BeadNode) -> Done | None:
    """Who put an issue below its parent, and when; None for one without a parent in its repository."""
    parent = node.parent
    if parent is None or parent.repository != node.repository:
        return None
    for item in reversed(node.timeline_items.nodes):
        above = item.parent
        if above is not None and (above.number, above.repository) == (parent.number, parent.repository):
            return Done(login_of(item.actor), item.created_at)
    if node.timeline_items.page_info.has_previous_page:
        return _before_all(node)
    return Done(login_of(node.author), node.created_at)


def edits_of(node: BeadNode) -> tuple[tuple[Edit, ...], datetime | None]:
    """The edits of title and body, and since when these are all (None: ever)."""
    versions = node.user_content_edits
    bodies = [Edit(login_of(one.editor), one.edited_at) for one in (versions.nodes if versions else ())]
    titles = [
        Edit(login_of(item.actor), item.created_at)
        for item in node.timeline_items.nodes
        if item.typename == "RenamedTitleEvent"
    ]
    since: list[datetime] = []
    if versions is not None and versions.page_info.has_next_page:
        since.append(min(edit.at for edit in bodies))
    if node.timeline_items.page_info.has_previous_page:
        since.append(node.timeline_items.nodes[0].created_at)
    edits = sorted([*bodies, *titles], key=lambda edit: edit.at)
    return tuple(edits), max(since, default=None)


def resting_on(nodes: Sequence[BeadNode], claims: Claims, spelling: LabelNames = DEFAULT) -> frozenset[str]:
    """Everybody on whose word a release rests: who released, who edited since, who added a child since."""
    by_number = {node.number: node for node in nodes}
    logins: set[str] = set()
    for node in nodes:
        released = [_released(one, claims, spelling) for one in _line(node, by_number)]
        done = [one for some in released for one in some]
        if not done:
            continue
        since = min(one.at for one in done)
        logins |= {one.by for one in done if one.by is not None}
        logins |= {edit.login for edit in edits_of(node)[0] if edit.at >= since}
        added = put_below(node)
        if added is not None and added.by is not None and added.at >= since:
            logins.add(added.by)
    return frozenset(logins)


def _released(node: BeadNode, claims: Claims, spelling: LabelNames) -> Iterable[Done]:
    ready = readied(node, spelling)
    word = claims.of(node.number).release
    if ready is None:
        return ()
    return (ready,) if word is None else (ready, Done(word.by, word.at))


def _line(node: BeadNode, by_number: Mapping[int, BeadNode]) -> list[BeadNode]:
    """An issue and the open beads above it."""
    line = [node]
    while (parent := line[-1].parent) is not None and parent.repository == node.repository:
        above = by_number.get(parent.number)
        if above is None or above in line:
            break
        line.append(above)
    return line


def _before_all(node: BeadNode) -> Done:
    items: list[TimelineItem] = node.timeline_items.nodes
    return Done(None, items[0].created_at if items else node.created_at)
