"""The run on direction: what its sessions are shown, and what is reported of them.

Between the two `direction_passes.py` has the sessions work, and a change of the specs tried.
"""

from __future__ import annotations

import re

from bot.beads.answer_parts import ReportError
from bot.beads.direction import load_direction
from bot.beads.openspec import ROOT, open_changes, specifications
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.beads.visible_text import reveal
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import JobFacts
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.checkout import stand_at
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.material import bead_text, guidance, quotation
from bot.jobs.openspec_tree import openspec_tree
from bot.jobs.plan import Plan, Survey, reading_plan, schema_text
from bot.jobs.planning_material import base_files, documents
from bot.jobs.repair import judged
from bot.prompts import render_prompt

SAYS_SOMETHING = re.compile(r"^(?!\s*#)[^\n]*\w", re.MULTILINE)
"""A document that is nothing but headings says nothing."""
DOCTRINE = 60_000
"""Characters of what says what the project is for."""
LONGEST = 330
"""Minutes that all sessions together may take, as the policy lets one."""
SPECS = 40_000
"""Characters of the inventory of specs."""


def plan_direction(inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git) -> Plan:
    """The prepared run. Raises JobFault."""
    stand_at(git, claim.base)
    engine = policy.engine_for("direction")
    files = base_files(git, claim.base)
    named = documents(git, claim.base, files, policy.planning.doctrine, DOCTRINE)
    doctrine = [document for document in named if SAYS_SOMETHING.search(document.text)]
    specs = openspec_tree(git, claim.base)
    asked = facts.claims.of(inputs.bead).planning
    prompt = render_prompt(
        "direction",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "focus": quotation(asked.text) if asked is not None and asked.text else "",
            "doctrine": doctrine,
            "guidance": guidance(git, claim.base, facts.body),
            "has_specs": bool(specs),
            "specs": _inventory(specs),
            "schema": schema_text("direction", engine),
        },
    )
    survey = Survey(
        specs=specs, files=frozenset(files), has_doctrine=bool(doctrine), passes=policy.planning.passes
    )
    sessions = policy.sessions_of("direction")
    # What the job has time for, a little left for what comes after the engine.
    patient = engine.model_copy(update={"minutes": min(LONGEST, sessions * engine.minutes)})
    plan = reading_plan(facts.title, patient, policy, claim.base)
    return plan.model_copy(update={"prompt": prompt, "survey": survey, "budget": sessions * plan.budget})


def _inventory(specs: dict[str, str]) -> str:
    """What the specifications say, by requirement and scenario, and what open changes make of them."""
    lines: list[str] = []
    for name, requirements in sorted(specifications(specs).items()):
        lines.append(f"- `{ROOT}specs/{name}/spec.md`")
        for one in requirements:
            scenarios = "; ".join(scenario.name for scenario in one.scenarios)
            lines.append(f"  - line {one.line}: {one.name}" + (f" ({scenarios})" if scenarios else ""))
    for name, deltas in sorted(open_changes(specs).items()):
        touched = [f"{spec}: {one}" for spec, delta in deltas.items() for one in delta.touched]
        lines.append(f"- the open change `{ROOT}changes/{name}` changes {', '.join(touched) or 'nothing'}")
    return reveal("\n".join(lines))[:SPECS]


def judge_direction(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of it. Raises JobFault when the checkout cannot be read any more."""
    report, answer = judged(inputs, plan, outcome, enclosure, _examine)
    return report if answer is None else report.model_copy(update={"direction": load_direction(answer)})


def _examine(_inputs: Inputs, _plan: Plan, text: str) -> list[str]:
    try:
        load_direction(text)
    except ReportError as error:
        return [str(error)]
    return []
