"""What the prepare step hands to the agent step: everything that needed a token, so that it needs none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.beads.coverage_check import Built
from bot.beads.model import Role
from bot.beads.plan_facts import PlanFacts
from bot.beads.policy import DOLLAR, Engine, Gate, Policy
from bot.beads.report import Report
from bot.beads.report_page import Page
from bot.engines.answer_schema import answer_schema
from bot.jobs.inputs import Inputs


class Survey(BaseModel):
    """What a run on direction rests on.

    `specs` are the texts below `openspec/` on the base, by path; empty where the repository keeps none.
    `files` are the paths of the base. `has_doctrine` tells that something says what the project is for.
    `passes` is how many independent sessions look at each stage.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    specs: dict[str, str]
    files: frozenset[str]
    has_doctrine: bool
    passes: int


class Plan(BaseModel):
    """One prepared run.

    `base` is the claim's base commit, `start` the commit that the checkout is at, `published` what people see
    already: the branch's head, or the base. `merging` tells that a merge of the base is under way, with
    `conflicts` left in the tree. `restored` are paths of agent configuration that show the base's content
    although the branch has another. `owed` are threads that want an answer, or what a bead's
    text lacks. `facts` are what a plan of beads is checked against. `built` is what a reconciliation is held
    against, `page` what an epic's report must be. Of a check-in, `lines` are those of every file of the base
    and `review` is what was made elsewhere. `answer` is there where there is nothing to ask an engine for:
    then none is started.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    prompt: str
    engine: Engine
    wall: Literal["namespace", "none"]
    gates: tuple[Gate, ...]
    budget: int = 0
    base: str
    start: str
    published: str
    merging: bool = False
    conflicts: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    built: Built | None = None
    page: Page | None = None
    lines: dict[str, int] = {}
    review: str | None = None
    facts: PlanFacts | None = None
    answer: str | None = None
    survey: Survey | None = None


def reading_plan(title: str, engine: Engine, policy: Policy, base: str) -> Plan:
    """A run that looks at the base and changes nothing; what is asked of it, and what its answer is held
    against, are still to be said."""
    return Plan(
        title=title,
        prompt="",
        engine=engine,
        wall=policy.wall,
        gates=(),
        budget=run_budget(policy),
        base=base,
        start=base,
        published=base,
    )


def write_report(inputs: Inputs, report: Report) -> None:
    """Put the report where it is uploaded from."""
    inputs.out.mkdir(parents=True, exist_ok=True)
    (inputs.out / "report.json").write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")


def failed(inputs: Inputs, base: str, why: str, *, seconds: float = 0.0, edited: bool = False) -> Report:
    """The report of a run without a usable answer; `edited`: the bead was not what its claim was made for."""
    return Report(
        bead=inputs.bead,
        role=inputs.role,
        attempt=inputs.attempt,
        token=inputs.token,
        base=base,
        failure=why[:20_000],
        edited=edited,
        seconds=seconds,
    )


def run_budget(policy: Policy) -> int:
    """What one run may cost, in millionths of a dollar."""
    return round(policy.budget.run * DOLLAR)


def schema_text(role: Role, engine: Engine) -> str | None:
    """What a prompt says about the answer's form; None where the engine is told it by other means."""
    if engine.name != "command":
        return None
    return json.dumps(answer_schema(role), separators=(",", ":"))


def plan_path(inputs: Inputs) -> Path:
    """Where the plan lies between the two steps."""
    return inputs.folder / "plan.json"
