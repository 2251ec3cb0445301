"""Whether a plan may be made: everything that is wrong with it, at once.

Nothing here knows who wrote the plan or what is done about it. The job that has it written checks it with the
files of the base commit; the coordinator, which knows only the graph, checks it again before it shows it and
before it makes anything. docs/design/planning.md says what is refused and why.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.beads.plan import PlanAnswer
from bot.beads.plan_facts import PlanFacts
from bot.beads.plan_fault import FaultCode, PlanFault


def check_plan(plan: PlanAnswer, facts: PlanFacts) -> tuple[PlanFault, ...]:
    """All that is wrong with a plan; nothing where it may be made."""
    return (*_whole(plan, facts),)


def _whole(plan: PlanAnswer, _facts: PlanFacts) -> Iterator[PlanFault]:
    if plan.declined and plan.beads:
        text = "The plan declines and has beads: leave out the beads, or the reason to decline."
        yield PlanFault(FaultCode.DECLINED, (), text)
    if not plan.declined and not plan.beads:
        text = (
            "The plan has no bead and does not decline: plan one bead at least, or say in `declined` why not."
        )
        yield PlanFault(FaultCode.EMPTY, (), text)
