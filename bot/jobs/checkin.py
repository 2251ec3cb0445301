"""A check-in's run: what it is shown, and what it left behind, scores with evidence.

It looks for itself: of earlier check-ins it is shown nothing, and the branch that keeps them is out of its
checkout's sight. Where somebody has brought a review that was made elsewhere, that is read instead: by code
where it has the documented form, else by a session, which may add nothing to it.
"""

from __future__ import annotations

from bot.beads.answer_parts import ReportError
from bot.beads.checkin import CATEGORIES, CheckinAnswer, load_checkin_answer
from bot.beads.checkin_check import check_checkin, check_import, check_reading, without_unfound
from bot.beads.checkin_import import LONGEST, import_note, is_import_note, pasted, read_review
from bot.beads.checkin_record import CHECKINS_BRANCH
from bot.beads.plan import PlanAnswer
from bot.beads.plan_check import check_beads
from bot.beads.plan_facts import PlanFacts
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.beads.visible_text import reveal
from bot.coordinator.claims import Claim
from bot.coordinator.history import Planning
from bot.coordinator.job_port import Edited, JobFacts, JobGitHub
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.checkout import stand_at
from bot.jobs.git import Git, GitFault
from bot.jobs.inputs import Inputs
from bot.jobs.material import bead_text, guidance, quotation
from bot.jobs.plan import Plan, reading_plan, schema_text
from bot.jobs.planning_material import base_files, bead_list, open_beads, read_headings
from bot.jobs.repair import judged
from bot.prompts import render_prompt


def plan_checkin(
    inputs: Inputs, facts: JobFacts, claim: Claim, policy: Policy, git: Git, github: JobGitHub
) -> Plan:
    """The prepared run. Raises JobFault."""
    git.output("update-ref", "-d", f"refs/remotes/origin/{CHECKINS_BRANCH}")
    stand_at(git, claim.base)
    engine = policy.engine_for("checkin")
    planning = facts.claims.of(inputs.bead).planning
    review = _brought(planning, github)
    beads = open_beads(github.open_beads(policy.spelling.bead), policy)
    files = base_files(git, claim.base)
    against = PlanFacts(
        issue=inputs.bead,
        beads=beads,
        files=frozenset(files),
        specs=read_headings(git, claim.base, files),
    )
    plan = reading_plan(facts.title, engine, policy, claim.base).model_copy(
        update={"lines": count_lines(git, claim.base), "review": review, "facts": against}
    )
    known = {
        "bead": inputs.bead,
        "beads": bead_list(beads, inputs.bead, f"{facts.title}\n{facts.body}"),
        "schema": schema_text("checkin", engine),
    }
    if review is not None:
        about = {"review": quotation(reveal(review)), "categories": ", ".join(CATEGORIES)}
        plan = plan.model_copy(update={"prompt": render_prompt("checkin_import", {**known, **about})})
        given = read_review(review)
        if given is None or _faults(plan, given):
            return plan
        return plan.model_copy(update={"answer": given.model_dump_json()})
    prompt = render_prompt(
        "checkin",
        {
            **known,
            "title": reveal(facts.title),
            "body": quotation(bead_text(facts)),
            "base": claim.base,
            "doctrine": _named(policy.planning.doctrine),
            "specs": _named(policy.planning.specs),
            "wanted": quotation(reveal(planning.text).strip()) if planning is not None else "",
            "by": planning.word.by if planning is not None else "",
            "guidance": guidance(git, claim.base, facts.body),
        },
    )
    return plan.model_copy(update={"prompt": prompt})


def examine_checkin(_inputs: Inputs, plan: Plan, text: str) -> list[str]:
    """Everything that whoever checked in can mend in an answer."""
    try:
        answer = load_checkin_answer(text)
    except ReportError as error:
        return str(error).split("; ")
    return _faults(plan, answer)


def judge_checkin(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of it. Raises JobFault when the checkout cannot be read any more."""
    report, text = judged(inputs, plan, outcome, enclosure, examine_checkin)
    if text is None:
        return report
    answer = load_checkin_answer(text).model_copy(update={"unfound": ()})
    if plan.review is not None:
        answer = without_unfound(answer, plan.lines)
    return report.model_copy(update={"checkin": answer})


def count_lines(git: Git, commit: str) -> dict[str, int]:
    """How many lines each text file of a commit has; a file without any is not in it."""
    try:
        raw = git.output("grep", "--count", "--full-name", "-I", "-z", "-e", "", commit)
    except GitFault:  # also where there is no line in any file
        return {}
    counts: dict[str, int] = {}
    for row in raw.split(b"\n"):
        path, _, count = row.partition(b"\0")
        if count:
            counts[path.decode("utf-8", errors="replace").removeprefix(f"{commit}:")] = int(count)
    return counts


def _brought(planning: Planning | None, github: JobGitHub) -> str | None:
    """The review that was pasted for this run; None where it looks itself. Raises JobFault."""
    if planning is None or not is_import_note(planning.text) or planning.word.comment is None:
        return None
    review = pasted(github.comment_text(planning.word.comment))[:LONGEST]
    if import_note(review) != planning.text:
        raise Edited("the review was edited after it was brought: nothing is done; bring it once more")
    return review


def _faults(plan: Plan, answer: CheckinAnswer) -> list[str]:
    """What is wrong with the scores, and with the beads that would mend what was found."""
    assert plan.facts is not None, "a check-in says what its findings are checked against"
    if plan.review is None:
        found = check_checkin(answer, plan.lines)
    else:
        found = check_import(answer) + check_reading(answer, plan.review)
    return found + [f"findings: {one}" for one in check_beads(PlanAnswer(beads=answer.findings), plan.facts)]


def _named(places: tuple[str, ...]) -> str:
    return ", ".join(f"`{place}`" for place in places) or "nothing is named"
