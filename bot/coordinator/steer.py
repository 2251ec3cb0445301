"""Commands that change what a bead is, or what it waits for: they say it in labels, as people would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.beads.graph import Graph
from bot.beads.labels import LabelNames, parse_labels
from bot.coordinator.actions import SetLabels
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.edges import node_of
from bot.coordinator.said import Said

SPELLING = LabelNames()


def priority(said: Said, draft: Draft) -> Answer:
    """Give it this priority in place of any other."""
    every = {level.name.lower() for level, _ in SPELLING.priorities}
    return _instead(said, draft, said.command.text, lambda label: label in every)


def kind(said: Said, draft: Draft) -> Answer:
    """Give it this type in place of any other."""
    every = {name for _, name in SPELLING.types}
    return _instead(said, draft, said.command.text, lambda label: label in every)


def complexity(said: Said, draft: Draft) -> Answer:
    """Give it this complexity in place of any other."""
    prefix = SPELLING.complexity
    return _instead(said, draft, f"{prefix}{said.command.text}", lambda label: label.startswith(prefix))


def defer(said: Said, draft: Draft) -> Answer:
    """Let it wait until a day, in place of any other; a day that is here lets it wait no more."""
    day = said.command.day
    assert day is not None
    waits = [label for label in said.bead.labels if label.lower().startswith(SPELLING.defer)]
    if day > said.now.date():
        wanted = f"{SPELLING.defer}{day.isoformat()}"
        return _instead(said, draft, wanted, lambda label: label.startswith(SPELLING.defer))
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
    labels = {one.number: parse_labels(one.labels) for one in said.snapshot.issues}
    nodes = {one.number: node_of(one, labels[one.number]) for one in said.snapshot.issues}
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
        add.append(f"{SPELLING.blocked_by}{number}")
    if add:
        draft.before.append(SetLabels(issue.number, issue.id, add=tuple(add)))
    return Answer(done=True)


def unblock(said: Said, draft: Draft) -> Answer:
    """Let it wait for issues no more."""
    issue = said.bead
    names = {label: parse_labels((label,)).blocked_by for label in issue.labels}
    wanted = set(said.command.numbers)
    absent = sorted(wanted.difference(*[set(numbers) for numbers in names.values()]))
    native = {edge.number for edge in issue.native if edge.repository is None}
    if absent:
        listed = ", ".join(f"#{number}" for number in absent)
        where = " by a label" if native.intersection(absent) else ""
        own = "; GitHub's own dependency is removed in the issue's side bar" if where else ""
        return Answer(done=False, reply=f"It is not blocked by {listed}{where}{own}.")
    gone = tuple(label for label, numbers in names.items() if numbers & wanted)
    draft.before.append(SetLabels(issue.number, issue.id, remove=gone))
    return Answer(done=True)


def _instead(said: Said, draft: Draft, wanted: str, other: Callable[[str], bool]) -> Answer:
    """One label in place of all others of its kind; `other` knows them in lower case."""
    issue = said.bead
    gone = tuple(label for label in issue.labels if other(label.lower()) and label.lower() != wanted.lower())
    new = () if wanted.lower() in {label.lower() for label in issue.labels} else (wanted,)
    if new or gone:
        draft.before.append(SetLabels(issue.number, issue.id, add=new, remove=gone))
    return Answer(done=True)
