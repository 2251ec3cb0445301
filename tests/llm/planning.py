"""A scripted model that plans: it looks at the files, gives a plan, and another when it is told of faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.llm.conversation import Answer, Conversation, Run, Scenario, Turn

LOOKS = "git ls-files"
FAULTS = "## Your answer had faults"

Plan = Mapping[str, Any]


def bead(title: str, **parts: object) -> dict[str, Any]:
    """A bead of a plan that says all that it must, with every field that the schema has."""
    whole: dict[str, Any] = {
        "title": title,
        "type": "task",
        "priority": "P2",
        "complexity": "low",
        "outcome": f"It is so: {title}.",
        "context": "Nothing else is to be known.",
        "acceptance": [f"A test shows it: {title}."],
        "scope": "The files that are named.",
        "verification": "`make test` passes.",
        "files": [],
        "creates": [],
        "interfaces": [],
        "specs": [],
        "covers": [],
        "after": [],
        "blocked_by": [],
    }
    return {**whole, **parts}


def plan(*beads: Plan, **parts: object) -> dict[str, Any]:
    """A plan of these beads, with every field that the schema has."""
    whole: dict[str, Any] = {
        "summary": "As small as it can be.",
        "outcome": "",
        "acceptance": [],
        "verification": "",
        "beads": list(beads),
        "declined": "",
    }
    return {**whole, **parts}


def plans(first: Plan, then: Plan | None = None) -> Scenario:
    """Look at the files, give the first plan; asked once more, the other one (the first again without it)."""

    def scenario(seen: Conversation) -> Turn:
        if not seen.results:
            return Run(LOOKS)
        again = FAULTS in seen.prompt and then is not None
        return Answer(then if again and then is not None else first)

    return scenario
