"""One more round for an answer that code finds wrong: the same engine, told of every fault at once.

A role gets it by a case in `examiner_of` of `roles.py`: a function that is given the run's inputs, the
prepared plan and the answer's text, and gives everything that the engine itself can mend, one sentence each,
empty when there is nothing. What it judges by is in the plan, where the prepare step has put it, or in git
objects of `plan.base`: never in the work tree, which the engine may have changed where there is no wall. The
role's judge asks the same function again, and what it still finds is the failure that a person reads
(`judged`).

An answer that is not JSON is such a fault. No answer at all is none: a program that was stopped, or a
provider that does not serve, would be no better for being asked again.

Both rounds share the run's wall clock and its budget; cost and transcript are of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.beads.report import Report
from bot.beads.visible_text import one_line, reveal
from bot.engines.outcome import Enclosure, Outcome, Task
from bot.engines.told import shorten
from bot.jobs.inputs import Inputs
from bot.jobs.material import fenced
from bot.jobs.plan import Plan
from bot.jobs.reviewer import changes
from bot.prompts import render_prompt

Examine = Callable[[Inputs, Plan, str], Sequence[str]]
SECONDS_PER_MINUTE = 60.0
LEAST_MINUTES = 0.25  # less is no time for an answer
ANSWER = 60_000  # characters of the first answer that the second round is shown
FINDINGS = 35  # that are told, to the engine and to people: all of them have room in a report's `failure`
FINDING = 500  # characters of one
FAILURE = 20_000  # characters of a failure in a report


def with_repair(
    inputs: Inputs, plan: Plan, task: Task, examine: Examine, run: Callable[[Task], Outcome]
) -> Outcome:
    """Run a task, and once more when its answer has faults; the outcome of both.

    It is the second round's, or the first's with the cost of both when the second left no answer; then the
    faults of the first are what there is to say. What a provider refuses is told as what it is.

    Args:
        inputs: the run.
        plan: what it was prepared with.
        task: the first round; its clock and budget are those of both.
        examine: see the top of this module.
        run: runs the engine.
    """
    first = run(task)
    if first.missing is not None or first.answer is None:
        return first
    found = examine(inputs, plan, first.answer)
    minutes = task.minutes - first.ended.seconds / SECONDS_PER_MINUTE
    spent = task.budget > 0 and first.cost >= task.budget
    if not found or minutes < LEAST_MINUTES or spent:
        return first
    prompt = render_prompt(
        "repair",
        {
            "prompt": task.prompt.rstrip(),
            "findings": told(found),
            "answer": fenced(shorten(first.answer, ANSWER), "json"),
        },
    )
    budget = task.budget - first.cost if task.budget else 0
    second = run(replace(task, prompt=prompt, minutes=minutes, budget=budget))
    last = second if second.provider is not None or second.missing is None else first
    ended = replace(last.ended, seconds=first.ended.seconds + second.ended.seconds)
    return replace(
        last, ended=ended, cost=first.cost + second.cost, transcript=_both(first, told(found), second)
    )


def judged(
    inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure, examine: Examine
) -> tuple[Report, str | None]:
    """The report of a run that was to read and to answer, without its answer; and that answer, where nothing
    is wrong with it. Raises JobFault when the checkout cannot be read any more."""
    found = changes(plan, enclosure)
    if outcome.missing is not None or outcome.answer is None:
        found.append(outcome.missing or "it left no answer")
    else:
        found += told(examine(inputs, plan, outcome.answer))
    report = Report(
        bead=inputs.bead,
        role=inputs.role,
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        failure="; ".join(found)[:FAILURE] or None,
        cost=outcome.cost,
    )
    return report, None if found else outcome.answer


def told(findings: Sequence[str]) -> list[str]:
    """Findings, each in one line of a bearable length, and how many more there are."""
    shown = [one_line(reveal(finding), FINDING) for finding in findings[:FINDINGS]]
    more = len(findings) - len(shown)
    return [*shown, f"and {more} more"] if more > 0 else shown


def _both(first: Outcome, findings: Sequence[str], second: Outcome) -> str:
    listed = "\n".join(f"- {finding}" for finding in findings)
    missing = f"\n[no answer: {second.missing}]" if second.missing else ""
    between = f"[its answer has faults; it is asked once more]\n{listed}"
    return f"{_said(first)}\n\n{between}\n\n{_said(second)}{missing}"


def _said(outcome: Outcome) -> str:
    return outcome.transcript or outcome.ended.output.strip()
