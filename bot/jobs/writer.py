"""The writer's run: what it is shown, and what it left behind, a plan of beads."""

from __future__ import annotations

from bot.beads.answer_parts import ReportError
from bot.beads.plan import load_plan_answer
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.beads.visible_text import reveal
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import JobFacts
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.material import bead_text, guidance, quotation
from bot.jobs.plan import Plan, run_budget, schema_text
from bot.jobs.repair import failure_of
from bot.jobs.reviewer import changes
from bot.prompts import render_prompt


def plan_writing(inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git) -> Plan:
    """The prepared run. Raises JobFault."""
    git.output("checkout", "--force", "--detach", claim.base)
    git.output("clean", "-ffdq")
    engine = policy.engine_for("writer")
    prompt = render_prompt(
        "writer",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "guidance": guidance(git, claim.base, facts.body),
            "schema": schema_text("writer", engine),
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
    )


def examine_plan(_plan: Plan, answer: str) -> list[str]:
    """Everything that the writer can mend in its answer."""
    try:
        load_plan_answer(answer)
    except ReportError as error:
        return str(error).split("; ")
    return []


def judge_plan(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of it. Raises JobFault when the checkout cannot be read any more."""
    found = changes(plan, enclosure)
    if outcome.missing is not None or outcome.answer is None:
        found.append(outcome.missing or "it left no answer")
    else:
        found += examine_plan(plan, outcome.answer)
    return Report(
        bead=inputs.bead,
        role="writer",
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        writer=None if found or outcome.answer is None else load_plan_answer(outcome.answer),
        failure=failure_of(found),
        cost=outcome.cost,
    )
