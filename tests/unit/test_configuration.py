"""A policy at fault: shown once, where it was broken, and until it is mended nothing starts."""

from __future__ import annotations

from bot.beads.policy import POLICY_PATH
from bot.beads.policy_file import PolicyFault
from bot.coordinator.actions import Annotation, DeleteLabel, PostCheck
from bot.coordinator.claims import Claims
from bot.coordinator.configuration import NAME
from bot.coordinator.decision import Decision, State
from tests.unit.snapshots import BASE, HEAD, dispatches, issue, look, run_decide

FAULT = PolicyFault(3, 5, "workers: Input should be a valid integer")
SAID = f"{POLICY_PATH}: {FAULT}"


def broken(**changes: object) -> Decision:
    facts = {"policy_faults": (FAULT,), "policy_fault": SAID, "policy_commit": HEAD}
    return run_decide(look(issue(1), **(facts | changes)))


def checks(decision: Decision) -> list[PostCheck]:
    return [action for action in (*decision.before, *decision.after) if isinstance(action, PostCheck)]


def test_a_fault_is_shown_on_the_commit_that_broke_the_file_at_its_line() -> None:
    decision = broken()
    (check,) = checks(decision)
    assert (check.name, check.head, check.conclusion, check.pull) == (NAME, HEAD, "failure", 0)
    assert check.annotations == (Annotation(POLICY_PATH, 3, "Configuration", FAULT.message, "failure"),)
    assert str(FAULT) in check.summary
    assert decision.claims is not None
    assert decision.claims.misconfigured == HEAD


def test_it_is_shown_once_and_again_only_on_another_commit_that_leaves_it_broken() -> None:
    assert checks(broken(claims=Claims(misconfigured=HEAD))) == []
    (check,) = checks(broken(claims=Claims(misconfigured=BASE)))
    assert check.head == HEAD


def test_while_the_file_is_at_fault_nothing_starts_and_the_place_is_named() -> None:
    decision = broken()
    assert not dispatches(decision)
    assert decision.verdicts[1].state is State.READY
    assert "line 3, column 5" in decision.verdicts[1].reasons[0]


def test_the_commit_that_mends_the_file_says_so_once() -> None:
    facts = {"policy_commit": HEAD, "claims": Claims(misconfigured=BASE)}
    decision = run_decide(look(issue(1), **facts))
    (check,) = checks(decision)
    assert (check.name, check.head, check.conclusion) == (NAME, HEAD, "success")
    assert decision.claims is not None
    assert decision.claims.misconfigured is None
    assert checks(run_decide(look(issue(1), policy_commit=HEAD))) == []


def test_while_it_is_not_known_which_commit_broke_it_nothing_is_shown() -> None:
    decision = broken(policy_commit=None)
    assert checks(decision) == []
    assert not dispatches(decision)


def test_labels_that_nobody_needs_are_deleted() -> None:
    decision = run_decide(look(issue(1), unused_labels=("blocked-by:#4",)))
    assert DeleteLabel("blocked-by:#4") in decision.after
