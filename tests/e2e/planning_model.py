"""The model of a CLI while a plan is seen through: what `planning_agent.py` does, with the CLI's own tools.

It knows its role by the heading of its prompt alone, as a model does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.beads.model import Role
from bot.engines.answer_schema import ANSWERS
from tests.e2e.planning_agent import APPROVED, COMPLETE, plan, reconcile, work
from tests.llm.conversation import Answer, Conversation, Read, Replace, Run, Turn, Write

HEADINGS: Mapping[str, Role] = {
    "Plan for #": "writer",
    "Bead #": "worker",
    "Review of bead #": "reviewer",
    "Reconcile epic #": "reconciler",
}


def sees_through(seen: Conversation) -> Turn:
    """The next step of whichever role the prompt gives."""
    match role_of(seen.prompt):
        case "worker":
            return _work(seen)
        case "writer":
            return _look(seen) or _answer("writer", plan())
        case "reviewer":
            return _look(seen) or _answer("reviewer", APPROVED)
        case role:
            complete = re.findall(r"work/part-\d\.txt", _told(seen))
            return _look(seen) or _answer(role, reconcile(seen.prompt, complete))


def role_of(prompt: str) -> Role:
    """The role that a prompt's first heading gives."""
    for heading, role in HEADINGS.items():
        if prompt.lstrip().startswith(f"# {heading}"):
            return role
    raise AssertionError(f"a prompt that gives no role: {prompt[:200]}")


def _look(seen: Conversation) -> Turn | None:
    """What one who changes nothing looks at; None when that is seen."""
    if seen.results:
        return None
    looks = {
        "writer": "git ls-files",
        "reviewer": "git log -1 --stat",
        "reconciler": f"grep -lx {COMPLETE} work/*.txt",
    }
    return Run(looks[role_of(seen.prompt)])


def _work(seen: Conversation) -> Turn:
    """Look whether the file is there, write or complete it, answer."""
    path, text, answer = work(seen.prompt)
    first, _, rest = text.partition("\n")
    match len(seen.results):
        case 0:
            return Read(path)
        case 1 if first in _told(seen):
            return Replace(path, f"{first}\n", f"{first}\n{rest}")
        case 1:
            return Write(path, text)
    return _answer("worker", answer)


def _told(seen: Conversation) -> str:
    return seen.results[0].text if seen.results else ""


def _answer(role: Role, value: Mapping[str, object]) -> Answer:
    """An answer with every field that its schema has, as strict schemas want it."""
    return Answer(ANSWERS[role].model_validate(value).model_dump(mode="json"))
