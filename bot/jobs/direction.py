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
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.material import DOCUMENT, Document, bead_text, guidance, quotation
from bot.jobs.openspec_tree import openspec_tree
from bot.jobs.plan import Plan, Survey, run_budget, schema_text
from bot.jobs.reviewer import changes
from bot.prompts import render_prompt

TEXT = re.compile(r"\.(?:md|rst|txt|adoc)$", re.IGNORECASE)
SAYS_SOMETHING = re.compile(r"^(?!\s*#)[^\n]*\w", re.MULTILINE)
DOCTRINE = 8
"""How many documents on what the project is for are shown; the others are named."""
SPECS = 40_000
"""Characters of the inventory of specs."""


def plan_direction(inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git) -> Plan:
    """The prepared run. Raises JobFault."""
    git.output("checkout", "--force", "--detach", claim.base)
    git.output("clean", "-ffdq")
    engine = policy.engine_for("direction")
    shown, more = doctrine(git, claim.base, policy.planning.doctrine)
    specs = openspec_tree(git, claim.base)
    asked = facts.claims.of(inputs.bead).planning
    prompt = render_prompt(
        "direction",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "focus": quotation(asked.text) if asked is not None and asked.text else "",
            "doctrine": shown,
            "more_doctrine": more,
            "guidance": guidance(git, claim.base, facts.body),
            "has_specs": bool(specs),
            "specs": inventory(specs),
            "schema": schema_text("direction", engine),
        },
    )
    return Plan(
        title=facts.title,
        prompt=prompt,
        engine=engine,
        wall=policy.wall,
        gates=(),
        budget=run_budget(policy),
        base=claim.base,
        start=claim.base,
        published=claim.base,
        survey=Survey(specs=specs, has_doctrine=bool(shown), passes=policy.planning.passes),
    )


def doctrine(git: Git, base: str, places: tuple[str, ...]) -> tuple[list[Document], list[str]]:
    """The documents that say what the project is for, in the order of the policy's places, and the names of
    those that are too many to be shown. A document that is nothing but headings says nothing."""
    found: list[Document] = []
    more: list[str] = []
    for place in places:
        for path in git.text("ls-tree", "-r", "-z", "--name-only", base, "--", place).split("\0"):
            if not TEXT.search(path) or any(path == known.name for known in found):
                continue
            text = git.output("cat-file", "blob", f"{base}:{path}").decode("utf-8", errors="replace")
            if not SAYS_SOMETHING.search(reveal(text)):
                continue
            if len(found) < DOCTRINE:
                found.append(Document(path, reveal(text)[:DOCUMENT].rstrip()))
            else:
                more.append(path)
    return found, more


def inventory(specs: dict[str, str]) -> str:
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
    found = changes(plan, enclosure)
    direction = None
    if outcome.missing is not None or outcome.answer is None:
        found.append(outcome.missing or "it left no answer")
    else:
        try:
            direction = load_direction(outcome.answer)
        except ReportError as error:
            found.append(str(error))
    return Report(
        bead=inputs.bead,
        role="direction",
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        direction=direction if not found else None,
        failure="; ".join(found)[:20_000] or None,
        cost=outcome.cost,
    )
