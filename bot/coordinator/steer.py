"""Commands that change what a bead is, or what it waits for: they say it in labels, as people would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.beads.graph import Graph
from bot.beads.labels import missing_labels, parse_labels
from bot.coordinator.actions import SetLabels, ShowEdge
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.edges import open_nodes
from bot.coordinator.said import Said


def priority(said: Said, draft: Draft) -> Answer:
    """Give it this priority in place of any other."""
    names = {level.name: name for level, name in said.spelling.priorities}
    every = {name.lower() for name in names.values()}
    return _instead(said, draft, names[said.command.text], lambda label: label in every)


def kind(said: Said, draft: Draft) -> Answer:
    """Give it this type in place of any other."""
    names = {kind.value: name for kind, name in said.spelling.types}
    every = {name.lower() for name in names.values()}
    return _instead(said, draft, names[said.command.text], lambda label: label in every)


def complexity(said: Said, draft: Draft) -> Answer:
    """Give it this complexity in place of any other."""
    prefix = said.spelling.complexity
    wanted = f"{prefix}{said.command.text}"
    return _instead(said, draft, wanted, lambda label: label.startswith(prefix.lower()))


def defer(said: Said, draft: Draft) -> Answer:
    """Let it wait until a day, in place of any other; a day that is here lets it wait no more."""
    day = said.command.day
    assert day is not None
    prefix = said.spelling.defer
    waits = [label for label in said.bead.labels if label.lower().startswith(prefix.lower())]
    if day > said.now.date():
        wanted = f"{prefix}{day.isoformat()}"
        return _instead(said, draft, wanted, lambda label: label.startswith(prefix.lower()))
    if not waits:
        today = said.now.date().isoformat()
        return Answer(
            done=False, reply=f"It is {today} (UTC), so until {day.isoformat()} nothing would wait."
        )
    draft.before.append(SetLabels(said.bead.number, said.bead.id, remove=tuple(waits)))
    return Answer(done=True)


def blocked_by(said: Said, draft: Draft) -> Answer:
    """Let it wait for issues. Refused with the cycle written out when beads would wait for each other."""
    issue = said.bead
    nodes = open_nodes(said.snapshot)
    add: list[str] = []
    for number in said.command.numbers:
        if number == issue.number:
            return Answer(done=False, reply=f"#{number} cannot wait for itself.")
        if number in said.snapshot.closed:
            return Answer(done=False, reply=f"#{number} is closed, so nothing would wait for it.")
        node = nodes[issue.number]
        if number in node.blocked_by:
            continue
        cycle = Graph(nodes.values(), closed=said.snapshot.closed).would_close_cycle(
            issue.number, blocked_by=number
        )
        if cycle is not None:
            return Answer(done=False, reply=f"They would wait for each other for ever: {cycle.witness}.")
        nodes[issue.number] = replace(node, blocked_by=node.blocked_by | {number})
        add.append(f"{said.spelling.blocked_by}{number}")
    if add:
        draft.before.append(SetLabels(issue.number, issue.id, add=tuple(add)))
    return Answer(done=True)


def unblock(said: Said, draft: Draft) -> Answer:
    """Let it wait for issues no more, whoever made it wait: a label, or a dependency of GitHub's own."""
    issue = said.bead
    names = {label: parse_labels((label,), said.spelling).blocked_by for label in issue.labels}
    native = {edge.number: edge.id for edge in issue.native if edge.repository is None}
    wanted = set(said.command.numbers)
    absent = sorted(wanted.difference(native, *names.values()))
    if absent:
        listed = ", ".join(f"#{number}" for number in absent)
        return Answer(done=False, reply=f"It is not blocked by {listed}.")
    gone = tuple(label for label, numbers in names.items() if numbers & wanted)
    if gone:
        draft.before.append(SetLabels(issue.number, issue.id, remove=gone))
    for number in sorted(wanted & native.keys()):
        draft.before.append(ShowEdge(issue.number, native[number], add=False))
    return Answer(done=True)


def _instead(said: Said, draft: Draft, wanted: str, other: Callable[[str], bool]) -> Answer:
    """One label in place of all others of its kind; `other` knows them in lower case."""
    issue = said.bead
    gone = tuple(label for label in issue.labels if other(label.lower()) and label.lower() != wanted.lower())
    new = missing_labels((wanted,), issue.labels)
    if new or gone:
        draft.before.append(SetLabels(issue.number, issue.id, add=new, remove=gone))
    return Answer(done=True)
