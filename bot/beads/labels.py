"""The grammar of labels: text that people and the bot put on issues, as one value.

GitHub compares label names without regard to case; so does this. A label that looks like ours and is wrong
is a problem, never silence: one that may hide an edge (`blocked-by`, `defer`) keeps the bead from running.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TypeVar

from bot.beads.model import BeadType, Complexity, Priority

NAME_LIMIT = 50
"""How many characters GitHub lets a label's name have."""

PROJECTED = ("bead:running", "bead:in-review", "bead:needs-human")
"""What the bot shows on a bead, as it is called by default; never an input."""

VALUE_LIMIT = 11
"""The longest value behind a prefix: an issue's number, a date, a complexity."""

LATER = (2, 3)
"""The generations of an epic's beads that a label names; a bead without one is of the first."""


@dataclass(frozen=True, slots=True)
class LabelNames:
    """How a repository spells our labels; the four prefixes are followed by a value.

    Raises ValueError for a spelling in which two labels could be mistaken for each other.
    """

    bead: str = "bead"
    review: str = "review"
    ready: str = "ready"
    hold: str = "hold"
    blocked_by: str = "blocked-by:#"
    defer: str = "defer:"
    complexity: str = "complexity:"
    generation: str = "gen-"
    types: tuple[tuple[BeadType, str], ...] = tuple((kind, kind.value) for kind in BeadType)
    priorities: tuple[tuple[Priority, str], ...] = tuple((level, level.name) for level in Priority)
    running: str = PROJECTED[0]
    in_review: str = PROJECTED[1]
    needs_human: str = PROJECTED[2]

    @property
    def projected(self) -> tuple[str, str, str]:
        """The three labels that only show something, in the order of `PROJECTED`."""
        return self.running, self.in_review, self.needs_human

    def __post_init__(self) -> None:
        prefixes = (self.blocked_by, self.defer, self.complexity, self.generation)
        names = [self.bead, self.review, self.ready, self.hold, *self.projected]
        names += [name for _, name in self.types] + [name for _, name in self.priorities]
        if {kind for kind, _ in self.types} != set(BeadType):
            raise ValueError("types: each type needs one label")
        if {level for level, _ in self.priorities} != set(Priority):
            raise ValueError("priorities: each priority needs one label")
        for name in names:
            if name != name.strip() or not 0 < len(name) <= NAME_LIMIT:
                raise ValueError(f"`{name}` is no name for a label: it needs 1 to {NAME_LIMIT} characters")
        for prefix in prefixes:
            if not prefix.strip(" #") or len(prefix) + VALUE_LIMIT > NAME_LIMIT:
                raise ValueError(
                    f"`{prefix}` is no prefix: it needs 1 to {NAME_LIMIT - VALUE_LIMIT} characters"
                )
        # The `#` may be forgotten, so a prefix claims what stands before it.
        claims = [*(name.lower() for name in names), *(prefix.lower().rstrip("#") for prefix in prefixes)]
        for index, one in enumerate(claims):
            for place, other in enumerate(claims):
                is_prefix = place >= len(names)
                if index != place and (one == other or (is_prefix and one.startswith(other))):
                    raise ValueError(f"`{one}` and `{other}` could be mistaken for each other")


DEFAULT = LabelNames()


@dataclass(frozen=True, slots=True)
class LabelProblem:
    """A label that is wrong, and what would be right. `blocks`: it may hide an edge, so the bead waits."""

    label: str
    message: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What an issue's labels say. `foreign` are the labels that are not ours, as they are spelled;
    `generation` is that of the plan that it was made by, from 1; `projected` those of `PROJECTED` that are
    there, whatever the repository calls them."""

    bead: bool = False
    review: bool = False
    ready: bool = False
    hold: bool = False
    type: BeadType = BeadType.TASK
    priority: Priority = Priority.P2
    complexity: Complexity | None = None
    blocked_by: frozenset[int] = frozenset()
    defer: date | None = None
    generation: int = 1
    projected: frozenset[str] = frozenset()
    foreign: tuple[str, ...] = ()
    problems: tuple[LabelProblem, ...] = ()


Choice = TypeVar("Choice", BeadType, Priority, Complexity, date, int)


@dataclass(slots=True)
class _Reading:
    flags: set[str] = field(default_factory=set)
    types: dict[BeadType, str] = field(default_factory=dict)
    priorities: dict[Priority, str] = field(default_factory=dict)
    complexities: dict[Complexity, str] = field(default_factory=dict)
    defers: dict[date, str] = field(default_factory=dict)
    generations: dict[int, str] = field(default_factory=dict)
    blocked_by: set[int] = field(default_factory=set)
    projected: set[str] = field(default_factory=set)
    foreign: list[str] = field(default_factory=list)
    problems: list[LabelProblem] = field(default_factory=list)


def parse_labels(
    names: Iterable[str], spelling: LabelNames = DEFAULT, kind: BeadType = BeadType.TASK
) -> Labels:
    """What these labels say; `kind` is the type where none of them names one.

    Two types, priorities, complexities, dates or generations are a problem: the most urgent, the first in the
    order of their kinds, the hardest and the latest one count, so that the answer does not depend on order.
    """
    return _parse(tuple(names), spelling, kind)


# Nearly every bead of a pass has the labels that it had in the pass before.
@lru_cache(maxsize=1 << 14)
def _parse(names: tuple[str, ...], spelling: LabelNames, kind: BeadType) -> Labels:
    known = _grammar(spelling)
    found = _Reading()
    for name in sorted(set(names)):
        key = name.lower()
        match known.names.get(key):
            case BeadType() as named:
                found.types[named] = name
            case Priority() as level:
                found.priorities[level] = name
            case str() as shown if shown in PROJECTED:
                found.projected.add(shown)
            case str() as flag:
                found.flags.add(flag)
            case None if not _valued(name, key, known, found):
                found.foreign.append(name)
    return _resolve(found, kind)


@dataclass(frozen=True, slots=True)
class _Grammar:
    spelling: LabelNames
    names: dict[str, BeadType | Priority | str]
    blocked_by: re.Pattern[str]
    defer: re.Pattern[str]
    complexity: str
    generation: re.Pattern[str]
    like_blocked_by: re.Pattern[str]
    like_defer: re.Pattern[str]
    like_priority: re.Pattern[str] | None


@lru_cache(maxsize=64)
def _grammar(spelling: LabelNames) -> _Grammar:
    names: dict[str, BeadType | Priority | str] = {
        spelling.bead.lower(): "bead",
        spelling.review.lower(): "review",
        spelling.ready.lower(): "ready",
        spelling.hold.lower(): "hold",
    }
    names |= {name.lower(): kind for kind, name in spelling.types}
    names |= {name.lower(): level for level, name in spelling.priorities}
    names |= {name.lower(): shown for shown, name in zip(PROJECTED, spelling.projected, strict=True)}
    return _Grammar(
        spelling=spelling,
        names=names,
        blocked_by=re.compile(re.escape(spelling.blocked_by.lower()) + r"([1-9][0-9]{0,9})"),
        defer=re.compile(re.escape(spelling.defer.lower()) + r"([0-9]{4}-[0-9]{2}-[0-9]{2})"),
        complexity=spelling.complexity.lower(),
        generation=re.compile(re.escape(spelling.generation.lower()) + r"([2-9])"),
        like_blocked_by=_like(spelling.blocked_by.rstrip("#"), r"[0-9]+"),
        like_defer=_like(spelling.defer, r"[0-9][0-9./-]*"),
        like_priority=re.compile(r"p[0-9]+") if spelling.priorities == DEFAULT.priorities else None,
    )


def _like(prefix: str, value: str) -> re.Pattern[str]:
    """What was meant to have this prefix: it has, or its spaces and signs are others or forgotten."""
    loosely = r"[\W_]*".join([*re.findall(r"[^\W_]+", prefix.lower()), value])
    return re.compile(f"(?:{re.escape(prefix.lower())}.*|{loosely})", re.DOTALL)


def _valued(name: str, key: str, known: _Grammar, found: _Reading) -> bool:
    """Read a label with a value, or one that was meant to have one; False when it is not ours."""
    spelling = known.spelling
    if value := known.blocked_by.fullmatch(key):
        found.blocked_by.add(int(value[1]))
    elif known.like_blocked_by.fullmatch(key):
        meant = re.search(r"[1-9][0-9]{0,9}", key)
        right = f"`{name}` names no issue; write `{spelling.blocked_by}{meant[0] if meant else 12}`"
        found.problems.append(LabelProblem(name, right, blocks=True))
    elif known.like_defer.fullmatch(key):
        day = _day(known.defer.fullmatch(key))
        if day is not None:
            found.defers[day] = name
        else:
            right = f"`{name}` is no date; write `{spelling.defer}2027-01-31`"
            found.problems.append(LabelProblem(name, right, blocks=True))
    elif key.startswith(known.complexity):
        try:
            found.complexities[Complexity(key.removeprefix(known.complexity))] = name
        except ValueError:
            right = f"`{name}` is no complexity; write low, medium, high or epic behind the colon"
            found.problems.append(LabelProblem(name, right))
    elif made := known.generation.fullmatch(key):
        found.generations[int(made[1])] = name
    elif known.like_priority is not None and known.like_priority.fullmatch(key):
        found.problems.append(LabelProblem(name, f"`{name}` is no priority; write P0 to P4"))
    else:
        return False
    return True


def _day(value: re.Match[str] | None) -> date | None:
    try:
        return date.fromisoformat(value[1]) if value else None
    except ValueError:
        return None


def _resolve(found: _Reading, kind: BeadType) -> Labels:
    problems = found.problems
    priority = _one(found.priorities, problems, lambda level: level)
    return Labels(
        bead="bead" in found.flags,
        review="review" in found.flags,
        ready="ready" in found.flags,
        hold="hold" in found.flags,
        type=_one(found.types, problems, list(BeadType).index) or kind,
        priority=Priority.P2 if priority is None else priority,  # P0 is falsy
        complexity=_one(found.complexities, problems, lambda size: -list(Complexity).index(size)),
        blocked_by=frozenset(found.blocked_by),
        defer=_one(found.defers, problems, lambda day: -day.toordinal()),
        generation=_one(found.generations, problems, lambda number: -number) or 1,
        projected=frozenset(found.projected),
        foreign=tuple(found.foreign),
        problems=tuple(problems),
    )


def _one(
    chosen: dict[Choice, str], problems: list[LabelProblem], rank: Callable[[Choice], int]
) -> Choice | None:
    """The first of what was chosen, by rank; that more was chosen is a problem."""
    if len(chosen) < 2:
        return next(iter(chosen), None)
    ranked = sorted(chosen, key=rank)
    names = ", ".join(f"`{chosen[choice]}`" for choice in ranked)
    first = chosen[ranked[0]]
    message = f"{names} contradict each other; leave one (`{first}` counts until then)"
    problems.append(LabelProblem(first, message))
    return ranked[0]


def missing_labels(wanted: Iterable[str], there: Iterable[str]) -> tuple[str, ...]:
    """Those of the wanted labels that are not there yet."""
    have = {label.lower() for label in there}
    return tuple(label for label in wanted if label.lower() not in have)


@lru_cache(maxsize=64)
def label_looks(spelling: LabelNames = DEFAULT) -> Mapping[str, tuple[str, str]]:
    """Colour and description of the labels that the bot makes, by their names in lower case; others get
    GitHub's default grey."""
    own = {
        "bead": spelling.bead,
        "review": spelling.review,
        "ready": spelling.ready,
        "hold": spelling.hold,
        **dict(zip(PROJECTED, spelling.projected, strict=True)),
        **{kind.value: name for kind, name in spelling.types},
        **{level.name: name for level, name in spelling.priorities},
        **{f"{DEFAULT.complexity}{size}": f"{spelling.complexity}{size}" for size in Complexity},
        **{f"{DEFAULT.generation}{number}": f"{spelling.generation}{number}" for number in LATER},
    }
    return {own[name].lower(): looks for name, looks in LABEL_LOOKS.items()}


LABEL_LOOKS: dict[str, tuple[str, str]] = {
    "bead": ("5319e7", "A bead: one testable outcome"),
    "review": ("5319e7", "A bead's pull request"),
    "ready": ("0e8a16", "Released: it may run as soon as nothing holds it back"),
    "hold": ("b60205", "It waits until this label is gone"),
    "bead:running": ("fbca04", "A worker has it (shown by the bot)"),
    "bead:in-review": ("1d76db", "Its pull request is on its way (shown by the bot)"),
    "bead:needs-human": ("d93f0b", "A person is needed (shown by the bot)"),
    "task": ("c5def5", "A bead of work that is none of the other types"),
    "bug": ("d73a4a", "A bead that mends something"),
    "feature": ("a2eeef", "A bead that adds something"),
    "chore": ("bfdadc", "A bead that keeps the house in order"),
    "epic": ("3e4b9e", "A bead whose children are beads"),
    "reconcile": ("d4c5f9", "A bead that holds an epic's requirements against what was merged"),
    "report": ("d4c5f9", "A bead that writes for people what an epic came to"),
    "P0": ("b60205", "Before everything else"),
    "P1": ("d93f0b", "Soon"),
    "P2": ("fbca04", "As usual; the priority of a bead without one"),
    "P3": ("c2e0c6", "Later"),
    "P4": ("e6e6e6", "When there is nothing else"),
    "complexity:low": ("c2e0c6", "The smallest model will do"),
    "complexity:medium": ("fef2c0", "It takes some care"),
    "complexity:high": ("f9d0c4", "It takes the strongest model"),
    "complexity:epic": ("e99695", "Too much for one bead"),
    "gen-2": ("bfd4f2", "Made for what the first reconciliation of its epic found open"),
    "gen-3": ("bfd4f2", "Made for what the second reconciliation of its epic found open"),
}
"""Colour and description by default name."""
