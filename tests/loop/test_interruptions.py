"""That the generated cases leave nothing out: each action, each stage of the jobs, each kind of fault."""

from __future__ import annotations

from typing import get_args

from bot.coordinator.actions import (
    Action,
    CancelRun,
    DeleteLabel,
    Dequeue,
    Enqueue,
    Unsay,
)
from tests.loop.cases import CREATES, Record
from tests.loop.runner import POINTS

ALWAYS = {"before", "after", "lost"}
UNMET = {CancelRun, DeleteLabel, Dequeue, Enqueue, Unsay}
"""What no history does yet; docs/design/interruptions.md names them too."""


def faults(undisturbed: Record) -> dict[tuple[str, str], set[str]]:
    """By what and how, every fault that some case has."""
    found: dict[tuple[str, str], set[str]] = {}
    for cases in undisturbed.cases().values():
        for case in cases:
            found.setdefault((case.effect.what, case.effect.how), set()).add(case.fault)
    return found


def test_every_action_is_met_by_a_history_and_interrupted_in_every_way(undisturbed: Record) -> None:
    met = {action for played in undisturbed.played.values() for action in played.actions}
    assert met == set(get_args(Action)) - UNMET
    interrupted = faults(undisturbed)
    for action in met:
        ways = [found for (what, _), found in interrupted.items() if what == action.__name__]
        assert ways, f"no case interrupts {action.__name__}"
        assert all(found >= ALWAYS for found in ways)
    assert interrupted["claims", "ref"] >= ALWAYS
    assert all("twin" in interrupted[creates] for creates in CREATES)


def test_every_stage_of_both_jobs_is_interrupted_in_every_way(undisturbed: Record) -> None:
    interrupted = faults(undisturbed)
    stages = [(f"{role} {point}", "") for role in ("worker", "reviewer") for point in POINTS]
    stages += [("worker publish", how) for how in ("grant", "push", "refs", "pull", "labels", "reply")]
    stages += [("reviewer publish", how) for how in ("grant", "push", "refs", "review", "reply+resolve")]
    for stage in stages:
        assert interrupted[stage] >= ALWAYS, stage


def test_a_case_has_a_name_of_its_own(undisturbed: Record) -> None:
    for cases in undisturbed.cases().values():
        assert len({str(case) for case in cases}) == len(cases)
