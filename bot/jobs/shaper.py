"""What a shaper left behind: a draft of what the bead's text lacks."""

from __future__ import annotations

from bot.beads.answer_parts import ReportError
from bot.beads.body import HEADINGS, NEEDED
from bot.beads.report import Report, ShaperAnswer, load_shaper_answer
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan
from bot.jobs.repair import judged


def judge_shape(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of a draft. Raises JobFault when the checkout cannot be read any more."""
    report, answer = judged(inputs, plan, outcome, enclosure, _examine)
    return report if answer is None else report.model_copy(update={"shaper": load_shaper_answer(answer)})


def _examine(_inputs: Inputs, plan: Plan, text: str) -> list[str]:
    try:
        answer = load_shaper_answer(text)
    except ReportError as error:
        return [str(error)]
    return [f"it drafts no {name}" for name in plan.owed if name not in _drafted(answer)]


def _drafted(answer: ShaperAnswer) -> set[str]:
    """The headings of the sections that it has something for."""
    return {HEADINGS[name] for name in NEEDED if getattr(answer, name)}
