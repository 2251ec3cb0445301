"""The first step of the agent job, the only one with a token: is this run wanted, and what is its prompt?

One request, two more where the bead's epic is needed, and where the run plans one more for a hundred open
beads. A run whose token is not live, or that was started again by hand, ends here, before it has cost
anything but seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from bot.beads.body import missing, parse_body
from bot.beads.digest import digest_all
from bot.beads.markers import read_marker
from bot.beads.policy import Engine, Policy
from bot.beads.policy_file import PolicyError, load_policy
from bot.beads.report_page import page_of
from bot.beads.visible_text import reveal
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import BeadText, Edited, EpicFacts, JobFacts, JobFault, JobGitHub
from bot.jobs.checkout import fetch_missing, needed, restore_configuration, stand_at, start_work
from bot.jobs.gates import choose_gates
from bot.jobs.git import Git, authorised
from bot.jobs.inputs import Inputs
from bot.jobs.material import (
    bead_text,
    decisions,
    fenced,
    guidance,
    part_texts,
    quotation,
    read_diff,
    remark_text,
    thread_texts,
)
from bot.jobs.plan import Plan, failed, plan_path, reading_plan, run_budget, schema_text, write_report
from bot.prompts import render_prompt

NO_BASE = "0" * 40


def prepare(inputs: Inputs, github: JobGitHub, token: str) -> Plan:
    """Check the claim, bring the checkout to its start, write the plan.

    Raises JobFault when the run is not wanted or cannot start; a report in the artifact then says why.
    """
    shutil.rmtree(inputs.folder, ignore_errors=True)
    inputs.folder.mkdir(parents=True)
    base = NO_BASE
    try:
        if inputs.run_attempt > 1:
            raise JobFault("this run was started again; a claim is good for one run: nothing is done")
        facts = github.facts(inputs.bead)
        claim = live_claim(inputs, facts)
        base = claim.base
        plan = _plan(inputs, github, facts, claim, token)
    except (JobFault, PolicyError) as error:
        write_report(inputs, failed(inputs, base, str(error), edited=isinstance(error, Edited)))
        raise JobFault(str(error)) from error
    plan_path(inputs).write_text(plan.model_dump_json(), encoding="utf-8")
    return plan


def live_claim(inputs: Inputs, facts: JobFacts) -> Claim:
    """The claim that this run works for. Raises JobFault when it is another run's, or nobody's."""
    claim = facts.claims.live.get(inputs.bead)
    mine = (inputs.token, inputs.role, inputs.attempt)
    if claim is None or (claim.token, claim.role, claim.attempt) != mine:
        raise JobFault(f"the claim on bead #{inputs.bead} is no longer this run's: nothing is done")
    return claim


def _plan(inputs: Inputs, github: JobGitHub, facts: JobFacts, claim: Claim, token: str) -> Plan:
    if claim.stage != "claimed":
        raise JobFault(f"attempt {claim.attempt} of bead #{inputs.bead} has been published: nothing is done")
    parts = github.bead_texts(claim.beads) if claim.beads else ()
    texts = [(facts.title, facts.body), *((part.title, part.body) for part in parts)]
    if digest_all(texts) != claim.digest:
        raise Edited(f"bead #{inputs.bead} was edited after it was claimed: nothing is done")
    policy = load_policy(facts.policy)
    git = Git(inputs.checkout, authorised(inputs.server, token))
    fetch_missing(git, needed(facts, inputs.bead, claim.base), inputs.server, inputs.repository)
    local = Git(inputs.checkout)
    match inputs.role:
        case "worker":
            epic = github.epic(inputs.bead) if claim.report else None
            return _worker_plan(inputs, facts, claim, parts, policy, local, epic)
        case "reviewer":
            return _reviewer_plan(inputs, facts, claim, parts, policy, local)
        case "shaper":
            return _shaper_plan(inputs, facts, claim, policy, local)
        case "writer":  # what only one role needs is imported for it alone: see `roles.py`
            from bot.jobs.writer import plan_writing

            return plan_writing(inputs, facts, claim, policy, local, github)
        case "reconciler":
            from bot.jobs.reconciler import plan_reconciliation

            return plan_reconciliation(inputs, facts, claim, policy, local, github)
        case "direction":
            from bot.jobs.direction import plan_direction

            return plan_direction(inputs, facts, claim, policy, local)
        case "checkin":
            from bot.jobs.checkin import plan_checkin

            return plan_checkin(inputs, facts, claim, policy, local, github)


def _worker_plan(
    inputs: Inputs,
    facts: JobFacts,
    claim: Claim,
    parts: Sequence[BeadText],
    policy: Policy,
    git: Git,
    epic: EpicFacts | None,
) -> Plan:
    start = start_work(git, facts, inputs.branch, claim.base)
    restored = restore_configuration(git, claim.base)
    gates = choose_gates(policy.gates, git, claim.base)
    threads = facts.pull.heard if facts.pull else ()
    report: Mapping[str, object] = {}
    if epic is not None:
        from bot.jobs.epic_report import report_material

        report = report_material(epic, facts.claims, policy, git, start.commit)
    prompt = render_prompt(
        "report" if epic is not None else "worker",
        {
            **report,
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "base": claim.base,
            "branch": inputs.branch,
            "body": bead_text(facts),
            "parts": part_texts(parts),
            "missing": _missing(facts, parts),
            "decided": decisions(facts.claims.of(inputs.bead).decided),
            "guidance": guidance(git, claim.base, _bodies(facts, parts)),
            "continued": start.continued,
            "conflicts": start.conflicts,
            "failed": [
                {"text": fenced(f"{check.name}\n\n{check.summary or '(no text)'}")}
                for check in (facts.pull.failed if facts.pull else ())
            ],
            "reviews": _own_reviews(facts),
            "threads": thread_texts(threads),
            "gates": [gate.run for gate in gates],
            "schema": schema_text("worker", policy.engine),
        },
    )
    return Plan(
        title=facts.title,
        prompt=prompt,
        engine=policy.engine,
        wall=policy.wall,
        gates=gates,
        budget=claim.places * run_budget(policy),
        base=claim.base,
        start=start.commit,
        published=facts.branch or claim.base,
        merging=start.merging,
        conflicts=start.conflicts,
        restored=restored,
        owed=tuple(thread.id for thread in threads),
        page=page_of(epic.number, epic.coverage) if epic is not None else None,
    )


def _reviewer_plan(
    inputs: Inputs, facts: JobFacts, claim: Claim, parts: Sequence[BeadText], policy: Policy, git: Git
) -> Plan:
    if facts.pull is None or facts.branch is None or facts.pull.head != facts.branch:
        raise JobFault(f"`{inputs.branch}` has no open pull request at its head: there is nothing to review")
    stand_at(git, facts.branch)
    restored = restore_configuration(git, claim.base)
    engine: Engine = policy.reviewer or policy.engine
    prompt = render_prompt(
        "reviewer",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "base": claim.base,
            "head": facts.branch,
            "body": bead_text(facts),
            "parts": part_texts(parts),
            "guidance": guidance(git, claim.base, _bodies(facts, parts)),
            "threads": thread_texts(facts.pull.heard),
            "diff": read_diff(git, claim.base, facts.branch),
            "schema": schema_text("reviewer", engine),
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
        start=facts.branch,
        published=facts.branch,
        restored=restored,
        owed=tuple(thread.id for thread in facts.pull.heard),
    )


def _shaper_plan(inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git) -> Plan:
    lacking = missing(parse_body(facts.body))
    if not lacking:
        raise JobFault(f"bead #{inputs.bead} says all that it has to: there is nothing to draft")
    stand_at(git, claim.base)
    prompt = render_prompt(
        "shaper",
        {
            "bead": inputs.bead,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "missing": lacking,
            "guidance": guidance(git, claim.base, facts.body),
            "schema": schema_text("shaper", policy.engine),
        },
    )
    plan = reading_plan(facts.title, policy.engine, policy, claim.base)
    return plan.model_copy(update={"prompt": prompt, "owed": lacking})


def _bodies(facts: JobFacts, parts: Sequence[BeadText]) -> str:
    return "\n".join([facts.body, *(part.body for part in parts)])


def _missing(facts: JobFacts, parts: Sequence[BeadText]) -> list[str]:
    """What the bead does not say; of an epic that one worker does, what its beads do not."""
    if not parts:
        return list(missing(parse_body(facts.body)))
    return [f"{lacks} (#{part.number})" for part in parts for lacks in missing(parse_body(part.body))]


def _own_reviews(facts: JobFacts) -> list[str]:
    """What our last review said in its body: findings that no line of the diff could carry."""
    reviews = facts.pull.reviews if facts.pull else ()
    ours = [
        review for review in reviews if review.authority == "trusted" and read_marker(review.body, "token")
    ]
    return [remark_text(review) for review in ours[-1:]]
