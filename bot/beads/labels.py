"""The grammar of labels: text that people and the bot put on issues, to and from one value.

GitHub compares label names without regard to case; so does this. A label that looks like ours and is wrong
is a problem, never silence: one that may hide an edge (`blocked-by`, `defer`) keeps the bead from running.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from bot.beads.model import BeadType, Complexity, Priority

NAME_LIMIT = 50
PROJECTED = ("bead:running", "bead:in-review", "bead:needs-human")


@dataclass(frozen=True, slots=True)
class LabelNames:
    """How a repository spells our labels; the three prefixes are followed by a value."""

    bead: str = "bead"
    review: str = "review"
    ready: str = "ready"
    hold: str = "hold"
    blocked_by: str = "blocked-by:#"
    defer: str = "defer:"
    complexity: str = "complexity:"
    types: tuple[tuple[BeadType, str], ...] = tuple((kind, kind.value) for kind in BeadType)
    priorities: tuple[tuple[Priority, str], ...] = tuple((level, level.name) for level in Priority)


DEFAULT = LabelNames()


@dataclass(frozen=True, slots=True)
class LabelProblem:
    """A label that is wrong, and what would be right. `blocks`: it may hide an edge, so the bead waits."""

    label: str
    message: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What an issue's labels say. `foreign` are the labels that are not ours, as they are spelled."""

    bead: bool = False
    review: bool = False
    ready: bool = False
    hold: bool = False
    type: BeadType = BeadType.TASK
    priority: Priority = Priority.P2
    complexity: Complexity | None = None
    blocked_by: frozenset[int] = frozenset()
    defer: date | None = None
    projected: frozenset[str] = frozenset()
    foreign: tuple[str, ...] = ()
    problems: tuple[LabelProblem, ...] = ()


@dataclass(slots=True)
class _Reading:
    types: list[BeadType] = field(default_factory=list)
    priorities: list[Priority] = field(default_factory=list)
    complexities: list[Complexity] = field(default_factory=list)
    defers: list[date] = field(default_factory=list)
    blocked_by: set[int] = field(default_factory=set)
    projected: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    foreign: list[str] = field(default_factory=list)
    problems: list[LabelProblem] = field(default_factory=list)


def parse_labels(names: Iterable[str], spelling: LabelNames = DEFAULT) -> Labels:
    """What these labels say.

    Two types, priorities, complexities or dates are a problem: the most urgent, the first in the order of
    their kinds, the hardest and the latest one count, so that the answer does not depend on order.
    """
    found = _Reading()
    flags = {spelling.bead.lower(): "bead", spelling.review.lower(): "review"}
    flags |= {spelling.ready.lower(): "ready", spelling.hold.lower(): "hold"}
    types = {name.lower(): kind for kind, name in spelling.types}
    priorities = {name.lower(): level for level, name in spelling.priorities}
    for name in sorted(set(names)):
        key = name.lower()
        if key in flags:
            found.flags.add(flags[key])
        elif key in types:
            found.types.append(types[key])
        elif key in priorities:
            found.priorities.append(priorities[key])
        elif key in PROJECTED:
            found.projected.add(key)
        elif not _valued(name, key, spelling, found):
            found.foreign.append(name)
    return _resolve(found)


def _valued(name: str, key: str, spelling: LabelNames, found: _Reading) -> bool:
    stem = spelling.blocked_by.lower().rstrip("#")
    if key.startswith(stem):
        value = key.removeprefix(spelling.blocked_by.lower())
        if key.startswith(spelling.blocked_by.lower()) and re.fullmatch(r"[1-9][0-9]{0,9}", value):
            found.blocked_by.add(int(value))
        else:
            right = f"`{name}` names no issue; write `{spelling.blocked_by}12`"
            found.problems.append(LabelProblem(name, right, blocks=True))
        return True
    if key.startswith(spelling.defer.lower()):
        value = key.removeprefix(spelling.defer.lower())
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                raise ValueError(value)
            found.defers.append(date.fromisoformat(value))
        except ValueError:
            right = f"`{name}` is no date; write `{spelling.defer}2027-01-31`"
            found.problems.append(LabelProblem(name, right, blocks=True))
        return True
    if key.startswith(spelling.complexity.lower()):
        value = key.removeprefix(spelling.complexity.lower())
        try:
            found.complexities.append(Complexity(value))
        except ValueError:
            right = f"`{name}` is no complexity; write low, medium, high or epic behind the colon"
            found.problems.append(LabelProblem(name, right))
        return True
    return False


def _resolve(found: _Reading) -> Labels:
    order, sizes = list(BeadType), list(Complexity)
    problems = list(found.problems)
    for what, count in (
        ("types", len(set(found.types))),
        ("priorities", len(set(found.priorities))),
        ("complexities", len(set(found.complexities))),
        ("`defer` dates", len(set(found.defers))),
    ):
        if count > 1:
            problems.append(LabelProblem(what, f"it has {count} {what}; leave one"))
    return Labels(
        bead="bead" in found.flags,
        review="review" in found.flags,
        ready="ready" in found.flags,
        hold="hold" in found.flags,
        type=min(found.types, key=order.index, default=BeadType.TASK),
        priority=min(found.priorities, default=Priority.P2),
        complexity=max(found.complexities, key=sizes.index, default=None),
        blocked_by=frozenset(found.blocked_by),
        defer=max(found.defers, default=None),
        projected=frozenset(found.projected),
        foreign=tuple(found.foreign),
        problems=tuple(problems),
    )


def format_labels(labels: Labels, spelling: LabelNames = DEFAULT) -> tuple[str, ...]:
    """The labels that say this, sorted; the default type and priority are written out too."""
    names = [dict(spelling.types)[labels.type], dict(spelling.priorities)[labels.priority]]
    names += [spelling.bead] * labels.bead + [spelling.review] * labels.review
    names += [spelling.ready] * labels.ready + [spelling.hold] * labels.hold
    names += [f"{spelling.blocked_by}{number}" for number in labels.blocked_by]
    if labels.complexity is not None:
        names.append(f"{spelling.complexity}{labels.complexity.value}")
    if labels.defer is not None:
        names.append(f"{spelling.defer}{labels.defer.isoformat()}")
    return tuple(sorted([*names, *labels.projected, *labels.foreign]))


LABEL_LOOKS: dict[str, tuple[str, str]] = {
    "bead": ("5319e7", "A bead: one testable outcome"),
    "review": ("5319e7", "A bead's pull request"),
    "ready": ("0e8a16", "Released: it may run as soon as nothing holds it back"),
    "hold": ("b60205", "It waits until this label is gone"),
    "bead:running": ("fbca04", "A worker has it (shown by the bot)"),
    "bead:in-review": ("1d76db", "Its pull request is on its way (shown by the bot)"),
    "bead:needs-human": ("d93f0b", "A person is needed (shown by the bot)"),
    "epic": ("3e4b9e", "A bead whose children are beads"),
}
"""Colour and description of labels that the bot creates; others get GitHub's default grey."""
