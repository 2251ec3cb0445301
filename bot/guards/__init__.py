"""Merge guards (R6), one file each: pure functions from `PullFacts` to a `GuardResult`."""

from __future__ import annotations

from bot.guards import (
    approvals,
    base_current,
    base_green,
    blocking_label,
    changes_requested,
    cool_down,
    draft,
    merge_state,
    minimum_checks,
    open,
    required_checks,
    reviewed_head,
    rules,
    single_head,
    threads,
)
from bot.guards.facts import CheckFact, CoolDown, PullFacts, Required
from bot.guards.result import GuardReport, GuardResult

__all__ = ["CheckFact", "CoolDown", "GuardReport", "GuardResult", "PullFacts", "Required", "evaluate"]

GUARDS = (
    open.guard,
    draft.guard,
    reviewed_head.guard,
    base_current.guard,
    threads.guard,
    required_checks.guard,
    minimum_checks.guard,
    changes_requested.guard,
    approvals.guard,
    merge_state.guard,
    blocking_label.guard,
    base_green.guard,
    cool_down.guard,
    single_head.guard,
    rules.guard,
)


def evaluate(facts: PullFacts) -> GuardReport:
    """Every guard's answer about a pull request; all are asked, also after one has failed."""
    return GuardReport(tuple(guard(facts) for guard in GUARDS))
