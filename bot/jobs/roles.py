"""What the agent step does with what an engine leaves, by role.

A run has one role, so what the others need is not imported: their models would double the time that the step
takes to start.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.beads.model import Role
from bot.beads.report import Report
from bot.engines.outcome import Enclosure, Outcome
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan
from bot.jobs.repair import Examine

Judge = Callable[[Inputs, Plan, Outcome, Enclosure], Report]


def judge_of(role: Role) -> Judge:
    """What makes the report of a run in that role."""
    match role:
        case "worker":
            from bot.jobs.worker import judge_work

            return judge_work
        case "reviewer":
            from bot.jobs.reviewer import judge_review

            return judge_review
        case "shaper":
            from bot.jobs.shaper import judge_shape

            return judge_shape
        case "writer":
            from bot.jobs.writer import judge_plan

            return judge_plan
        case "reconciler":
            from bot.jobs.reconciler import judge_coverage

            return judge_coverage
        case "direction":
            from bot.jobs.direction import judge_direction

            return judge_direction
        case "checkin":
            from bot.jobs.checkin import judge_checkin

            return judge_checkin


def examiner_of(role: Role) -> Examine | None:
    """What examines an answer in that role, which is asked for once more where it has faults; None for a role
    that is asked once. `repair.py` says how."""
    match role:
        case "writer":
            from bot.jobs.writer import examine_plan

            return examine_plan
        case "reconciler":
            from bot.jobs.reconciler import examine_coverage

            return examine_coverage
        case "checkin":
            from bot.jobs.checkin import examine_checkin

            return examine_checkin
        case _:
            return None
