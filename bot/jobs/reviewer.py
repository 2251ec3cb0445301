"""What a reviewer left behind: a verdict on exactly the head that it was shown."""

from __future__ import annotations

from bot.beads.answer_parts import ReportError
from bot.beads.report import Report, load_reviewer_answer
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan
from bot.jobs.worker import Repository


def changes(plan: Plan, enclosure: Enclosure) -> list[str]:
    """What is wrong where the checkout was only to be read. Raises JobFault when that cannot be told."""
    if plan.wall != "none":  # behind the wall it was read-only
        return []
    repository = Repository(enclosure)
    head = repository.text("rev-parse", "--verify", "HEAD^{commit}")
    changed = head != plan.start or repository.text("status", "--porcelain", "--untracked-files=no")
    return ["it changed the checkout that it should only read"] if changed else []


def judge_review(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of a review. Raises JobFault when the checkout cannot be read any more."""
    faults: list[str] = []
    answer = None
    if outcome.missing is not None or outcome.answer is None:
        faults.append(outcome.missing or "it left no answer")
    else:
        try:
            answer = load_reviewer_answer(outcome.answer)
        except ReportError as error:
            faults.append(str(error))
    faults += changes(plan, enclosure)
    if answer is not None:
        unanswered = set(plan.owed) - {thread.thread for thread in answer.threads}
        unknown = {thread.thread for thread in answer.threads} - set(plan.owed)
        if unknown:
            faults.append(f"it answers threads that are not open: {', '.join(sorted(unknown))}")
        if unanswered and answer.verdict == "approve":
            faults.append(f"it approves and leaves threads without a word: {', '.join(sorted(unanswered))}")
    return Report(
        bead=inputs.bead,
        role="reviewer",
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        head=plan.start,
        reviewer=answer if not faults else None,
        failure="; ".join(faults) or None,
        cost=outcome.cost,
    )
