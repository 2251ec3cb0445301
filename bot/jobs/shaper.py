"""What a shaper left behind: a draft of what the bead's text lacks."""

from __future__ import annotations

from bot.beads.answer_parts import ReportError
from bot.beads.body import HEADINGS, NEEDED
from bot.beads.report import Report, ShaperAnswer, load_shaper_answer
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan
from bot.jobs.reviewer import changes


def judge_shape(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of a draft. Raises JobFault when the checkout cannot be read any more."""
    faults = changes(plan, enclosure)
    answer = None
    if outcome.missing is not None or outcome.answer is None:
        faults.append(outcome.missing or "it left no answer")
    else:
        try:
            answer = load_shaper_answer(outcome.answer)
            faults += [f"it drafts no {name}" for name in plan.owed if name not in _drafted(answer)]
        except ReportError as error:
            faults.append(str(error))
    return Report(
        bead=inputs.bead,
        role="shaper",
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        shaper=answer if not faults else None,
        failure="; ".join(faults) or None,
        cost=outcome.cost,
    )


def _drafted(answer: ShaperAnswer) -> set[str]:
    """The headings of the sections that it has something for."""
    return {HEADINGS[name] for name in NEEDED if getattr(answer, name)}
