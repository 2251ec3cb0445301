"""Beads of a plan that are there already under a name that is nearly the same.

Two titles are near when they have the same words: without small words and endings, in any order, four of five
of them. Numbers have to be the same. Where both say an outcome, these must have half of their words in common
too: `Mend the flaky test` may well be said twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.beads.plan import PlanAnswer
from bot.beads.plan_facts import PlanFacts
from bot.beads.plan_fault import FaultCode, PlanFault

SMALL = frozenset(
    (
        *("a", "an", "and", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "its"),
        *("of", "on", "or", "so", "that", "the", "then", "to", "when", "with"),
    )
)
TITLES = 0.8
OUTCOMES = 0.5


@dataclass(frozen=True, slots=True)
class _Said:
    title: frozenset[str]
    outcome: frozenset[str]


def twin_faults(plan: PlanAnswer, facts: PlanFacts) -> Iterator[PlanFault]:
    """Beads that an open bead, or an earlier bead of the plan, says already."""
    there = [
        (bead.node.number, bead.title, _said(bead.title, bead.outcome))
        for bead in facts.beads
        if bead.node.number != facts.issue
    ]
    before: list[tuple[int, _Said]] = []
    for place, bead in enumerate(plan.beads, start=1):
        if not bead.works:
            continue  # they are called the same in every epic
        said = _said(bead.title, bead.outcome)
        for number, title, other in there:
            if _near(said, other):
                text = (
                    f"Bead {place} is there already as #{number} (`{title}`): leave it out, and wait for that"
                )
                yield PlanFault(FaultCode.DUPLICATE, (place,), f"{text} in `blocked_by` where it is needed.")
        for earlier, other in before:
            if _near(said, other):
                text = f"Beads {earlier} and {place} say the same: make them one, or tell them apart."
                yield PlanFault(FaultCode.DUPLICATE, (earlier, place), text)
        before.append((place, said))


def _said(title: str, outcome: str) -> _Said:
    return _Said(_words(title), _words(outcome))


def _near(one: _Said, other: _Said) -> bool:
    if _share(one.title, other.title) < TITLES or _numbers(one.title) != _numbers(other.title):
        return False
    return not one.outcome or not other.outcome or _share(one.outcome, other.outcome) >= OUTCOMES


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of all their words two texts share."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if re.search("[0-9]", word))


def _words(text: str) -> frozenset[str]:
    found = re.findall(r"\w+(?:[.-]\w+)*", text.casefold())
    return frozenset(_stem(word) for word in found if word not in SMALL)


def _stem(word: str) -> str:
    """A word without its ending, roughly: `retries` and `retry` are one."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return re.sub(r"(?<=\w{3})(?:ing|ed|es|s|e)$", "", word)
