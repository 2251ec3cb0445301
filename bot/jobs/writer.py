"""The writer's run: what it is shown, and what it left behind, a plan of beads."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.beads.answer_parts import ReportError
from bot.beads.body import is_empty, parse_body
from bot.beads.openspec import CHANGES
from bot.beads.plan import PlanAnswer, load_plan_answer
from bot.beads.plan_check import READ, check_plan
from bot.beads.plan_facts import PlanFacts
from bot.beads.plan_fault import FaultCode
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.beads.trace_facts import is_test
from bot.beads.visible_text import reveal
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import JobFacts, JobGitHub
from bot.coordinator.plan_comment import PLAN
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.checkout import stand_at
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.material import bead_text, guidance, quotation
from bot.jobs.plan import Plan, reading_plan, schema_text
from bot.jobs.planning_material import (
    DOCTRINE,
    base_files,
    bead_list,
    documents,
    file_list,
    heading_list,
    named,
    open_beads,
    read_headings,
)
from bot.jobs.repair import judged
from bot.prompts import render_prompt

EARLIER = 30_000
"""Characters of the plan that is to be revised."""

NO_GOAL = (
    "The issue does not say what it is for. Write in its text what is to be true when it is done, be it in a"
    " sentence, and ask for a plan again."
)
FILLERS = frozenset(
    {"bead", "beads", "goal", "idea", "issue", "new", "plan", "tbd", "test", "todo", "untitled"}
)


def plan_writing(
    inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git, github: JobGitHub
) -> Plan:
    """The prepared run. Where the issue says nothing no engine is asked. Raises JobFault."""
    stand_at(git, claim.base)
    engine = policy.engine_for("writer")
    planning = facts.claims.of(inputs.bead).planning
    wanted = reveal(planning.text).strip() if planning is not None else ""
    known = PlanFacts(issue=inputs.bead, reconcile_from=policy.planning.reconcile_from)
    plan = reading_plan(facts.title, engine, policy, claim.base).model_copy(update={"facts": known})
    if says_nothing(facts.title, facts.body) and not wanted:
        return plan.model_copy(update={"answer": PlanAnswer(declined=NO_GOAL).model_dump_json()})
    # What was shown is whole; the report that it came from is out of this job's reach.
    earlier = (github.shown(inputs.bead, PLAN, claim.trusted) or "") if wanted else ""
    beads = open_beads(github.open_beads(policy.spelling.bead), policy)
    files = base_files(git, claim.base)
    headings = read_headings(git, claim.base, files)
    specs = named(files, policy.planning.specs)
    sections = headings if headings is not None else read_headings(git, claim.base, specs) or {}
    about = f"{facts.title}\n{facts.body}\n{wanted}"
    change = facts.claims.of(inputs.bead).change
    built = documents(git, claim.base, files, (f"{CHANGES}{change}/",) if change else (), DOCTRINE * 2)
    shown = [*built, *guidance(git, claim.base, about)]
    names = {document.name for document in shown}
    doctrine = documents(
        git, claim.base, [path for path in files if path not in names], policy.planning.doctrine, DOCTRINE
    )
    prompt = render_prompt(
        "writer",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "wanted": quotation(wanted),
            "earlier": quotation(earlier[:EARLIER]),
            "change": f"{CHANGES}{change}" if built else "",
            "by": planning.word.by if planning is not None else "",
            "beads": bead_list(beads, inputs.bead, about),
            "files": file_list(files),
            "specs": heading_list({path: sections.get(path, ()) for path in specs}),
            "tests": any(map(is_test, files)),
            "doctrine": doctrine,
            "guidance": shown,
            "reconcile_from": policy.planning.reconcile_from,
            "schema": schema_text("writer", engine),
        },
    )
    known = replace(known, beads=beads, files=frozenset(files), specs=headings)
    return plan.model_copy(update={"prompt": prompt, "facts": known})


def says_nothing(title: str, body: str) -> bool:
    """Whether an issue names no goal: no text, and a title of one word or of none that says anything."""
    words = [word for word in re.findall(r"\w+", reveal(title).lower()) if word not in FILLERS]
    long = any(len(word) > 3 and not word.isascii() for word in words)  # not everybody writes spaces
    return is_empty(parse_body(body)) and len(words) < 2 and not long


def examine_plan(_inputs: Inputs, plan: Plan, answer: str) -> list[str]:
    """Everything that the writer can mend in its answer."""
    try:
        written = load_plan_answer(answer)
    except ReportError as error:
        return str(error).split("; ")
    assert plan.facts is not None, "what is prepared for a writer says what its plan is checked against"
    found = check_plan(written, plan.facts)
    # Of a plan that is too long to be read nothing else is worth saying.
    unread = [fault for fault in found if len(written.beads) > READ and fault.code is FaultCode.TOO_MANY]
    return [str(fault) for fault in unread or found]


def judge_plan(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of it. Raises JobFault when the checkout cannot be read any more."""
    report, answer = judged(inputs, plan, outcome, enclosure, examine_plan)
    return report if answer is None else report.model_copy(update={"writer": load_plan_answer(answer)})
