"""The reconciler's run: what it is shown of an epic, and what it left behind, a matrix of what is met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.beads.answer_parts import ReportError
from bot.beads.body import parse_body
from bot.beads.coverage import MOST, load_coverage_answer
from bot.beads.coverage_check import completed, coverage_faults
from bot.beads.plan import PlanAnswer
from bot.beads.plan_check import check_beads
from bot.beads.plan_facts import PlanFacts
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.beads.visible_text import one_line, reveal
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import EpicBead, EpicFacts, JobFacts, JobFault, JobGitHub, MergedPull
from bot.engines.outcome import Enclosure, Outcome
from bot.engines.told import shorten
from bot.jobs.checkout import stand_at
from bot.jobs.epic import CLOSING, built, kind_of, working
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.material import guidance, quotation
from bot.jobs.plan import Plan, reading_plan, schema_text
from bot.jobs.planning_material import open_beads, read_headings
from bot.jobs.repair import judged
from bot.prompts import render_prompt

TEXTS = 60_000  # characters of all the beads' texts together
FILES = 60  # that are told of one pull request
LEAST = 1_000  # characters that a bead's text may have however many there are


@dataclass(frozen=True, slots=True)
class BeadText:
    """A bead of the epic as a prompt shows it."""

    number: int
    title: str
    body: str
    open: bool
    dropped: bool
    pulls: tuple[MergedPull, ...]


def plan_reconciliation(
    inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git, github: JobGitHub
) -> Plan:
    """The prepared run. Raises JobFault, also when nobody has worked on the epic."""
    epic = github.epic(inputs.bead)
    stand_at(git, claim.base)
    engine = policy.engine_for("reconciler")
    known = built(epic, policy, git, claim.base)
    if not working(epic, policy):
        raise JobFault(f"epic #{epic.number} has no bead that was worked on: there is nothing to reconcile")
    if len(known.asked) > MOST:
        raise JobFault(
            f"epic #{epic.number} asks for {len(known.asked)} things, more than one session can tell of"
            f" ({MOST}): let it and its beads cite sections of specs, not whole documents"
        )
    planning = facts.claims.of(inputs.bead).planning
    wanted = reveal(planning.text).strip() if planning is not None else ""
    prompt = render_prompt(
        "reconciler",
        {
            "epic": {"number": epic.number, "title": line(epic.title), "body": quotation(text_of(epic.body))},
            "pulls": _shown_pulls(epic.pulls),
            "wanted": quotation(wanted),
            "by": planning.word.by if planning is not None else "",
            "beads": bead_texts(epic, policy),
            "asked": known.asked,
            "base": claim.base,
            "guidance": guidance(git, claim.base, _cited_specs(epic)),
            "schema": schema_text("reconciler", engine),
        },
    )
    plan = reading_plan(facts.title, engine, policy, claim.base)
    against = PlanFacts(
        issue=epic.number,
        beads=open_beads(github.open_beads(policy.spelling.bead), policy),
        closed=frozenset(one.number for one in epic.beads if not one.open),
        files=frozenset(known.files),
        specs=read_headings(git, claim.base, known.files),
    )
    return plan.model_copy(update={"prompt": prompt, "built": known, "facts": against})


def examine_coverage(_inputs: Inputs, plan: Plan, text: str) -> list[str]:
    """All that the reconciler can mend in its answer."""
    assert plan.built is not None, "the plan of a reconciliation says what is asked for"
    try:
        answer = load_coverage_answer(text)
    except ReportError as error:
        return str(error).split("; ")
    gaps = check_beads(PlanAnswer(beads=answer.gaps), plan.facts) if plan.facts is not None else ()
    return [*coverage_faults(answer, plan.built), *(f"gaps: {fault}" for fault in gaps)]


def judge_coverage(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of it. Raises JobFault when the checkout cannot be read any more."""
    report, text = judged(inputs, plan, outcome, enclosure, examine_coverage)
    if text is None or plan.built is None:
        return report
    answer = load_coverage_answer(text)
    answer = answer.model_copy(update={"matrix": completed(answer, plan.built)})
    return report.model_copy(update={"reconciler": answer})


def bead_texts(epic: EpicFacts, policy: Policy) -> tuple[BeadText, ...]:
    """The beads that did the epic's work, or were to do it, each with its share of the room."""
    beads = [one for one in epic.beads if kind_of(one, policy) not in CLOSING]
    room = max(LEAST, TEXTS // max(1, len(beads)))
    return tuple(_bead_text(one, room) for one in beads)


def _shown_pulls(pulls: Iterable[MergedPull]) -> tuple[MergedPull, ...]:
    """Pull requests with so many of their files, in whose names nothing is hidden."""
    return tuple(replace(one, files=tuple(line(name) for name in one.files[:FILES])) for one in pulls)


def _cited_specs(epic: EpicFacts) -> str:
    """The specs that the epic and its beads cite, one a line."""
    bodies = (epic.body, *(one.body for one in epic.beads))
    return "\n".join(item for body in bodies for item in parse_body(body).specs)


def line(text: str) -> str:
    """A title as a prompt shows it."""
    return one_line(reveal(text))


def text_of(body: str) -> str:
    """A body as a prompt shows it."""
    return reveal(body).strip() or "(no text)"


def _bead_text(bead: EpicBead, room: int) -> BeadText:
    body = quotation(shorten(text_of(bead.body), room))
    return BeadText(bead.number, line(bead.title), body, bead.open, bead.dropped, _shown_pulls(bead.pulls))
