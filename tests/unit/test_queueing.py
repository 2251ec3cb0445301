"""How approved pull requests reach a base branch that has a merge queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.coordinator.actions import Dequeue, Enqueue, Merge, PostCheck, UpdateBranch
from bot.coordinator.decision import Decision, State
from bot.coordinator.merging import CHECK
from bot.coordinator.snapshot import (
    Check,
    PullRequest,
    QueuePlace,
    Removal,
    RequiredCheck,
    Rules,
    Snapshot,
    Thread,
)
from tests.unit.snapshots import (
    HEAD,
    NOW,
    OTHER,
    RULES,
    approved,
    dispatches,
    issue,
    look,
    pull,
    run_decide,
)

QUEUE = replace(RULES, merge_queue=True)


def queued_up(decision: Decision) -> list[Enqueue]:
    return [action for action in decision.after if isinstance(action, Enqueue)]


def ready(rules: Rules = QUEUE, **changes: object) -> Snapshot:
    """Bead 1 with the approved pull request 8."""
    return look(issue(1), pulls=(pull(8, 1, **changes),), claims=approved(1), rules=rules)


def removed(*reasons: str, minutes: int = 5) -> tuple[Removal, ...]:
    return tuple(Removal(NOW - timedelta(minutes=minutes), reason) for reason in reasons)


@pytest.mark.parametrize("behind", [False, True])
def test_what_passes_every_guard_goes_into_the_queue_as_it_is(behind: bool) -> None:
    decision = run_decide(ready(behind=behind))
    assert queued_up(decision) == [Enqueue(8, "PR_8", HEAD)]
    assert not any(isinstance(action, Merge | UpdateBranch) for action in decision.after)
    assert decision.verdicts[1].state is State.MERGING
    table = next(action.summary for action in decision.after if isinstance(action, PostCheck))
    assert "the merge queue tests it on the newest base" in table


def test_a_review_starts_on_a_head_that_is_behind() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, behind=True),), rules=QUEUE))
    assert dispatches(decision) == [(1, "reviewer")]
    assert decision.after[-1] not in [UpdateBranch(8, HEAD)]


def test_several_are_queued_at_once() -> None:
    pulls: tuple[PullRequest, ...] = (pull(8, 1), pull(9, 2))
    both = approved(1).model_copy(update={"history": {**approved(1).history, **approved(2).history}})
    decision = run_decide(look(issue(1), issue(2), pulls=pulls, claims=both, rules=QUEUE))
    assert [action.pull for action in queued_up(decision)] == [8, 9]


def test_our_own_required_check_is_posted_before_and_read_again() -> None:
    rules = Rules(protected=True, checks=(RequiredCheck("test"), RequiredCheck(CHECK)), merge_queue=True)
    decision = run_decide(ready(rules))
    assert queued_up(decision) == []
    assert decision.next_look == NOW
    posted = (Check("test", "green"), Check(CHECK, "green", ours=True))
    assert [action.head for action in queued_up(run_decide(ready(rules, checks=posted)))] == [HEAD]


def test_what_is_in_the_queue_is_waited_for_and_says_where_it_is() -> None:
    decision = run_decide(ready(queued=QueuePlace(2, OTHER)))
    assert queued_up(decision) == []
    assert decision.verdicts[1].state is State.MERGING
    assert decision.verdicts[1].reasons == (f"#8 is in the merge queue at place 2, tested as {OTHER[:12]}",)


def test_what_left_the_queue_once_goes_in_again_and_says_why_it_left() -> None:
    decision = run_decide(ready(removals=removed("CI_FAILURE")))
    assert len(queued_up(decision)) == 1
    assert any("a required check failed" in reason for reason in decision.verdicts[1].reasons)


OWN = "beadwright[bot]"


def test_what_is_held_is_taken_out_again_but_not_what_a_person_put_in() -> None:
    for by, taken in ((OWN, [Dequeue(8, "PR_8")]), ("ann", [])):
        place = pull(8, 1, queued=QueuePlace(1, OTHER, by))
        held = look(issue(1, "hold"), pulls=(place,), claims=approved(1), rules=QUEUE, own=OWN)
        assert [action for action in run_decide(held).after if isinstance(action, Dequeue)] == taken


def test_an_objection_takes_it_out_and_ci_that_runs_again_does_not() -> None:
    place = QueuePlace(1, OTHER, OWN)
    labels = ("bead", "review", "do-not-merge")
    objected = replace(ready(queued=place, labels=labels), own=OWN)
    assert Dequeue(8, "PR_8") in run_decide(objected).after
    waiting = replace(ready(queued=place, checks=(Check("test", "waiting"),)), own=OWN)
    assert Dequeue(8, "PR_8") not in run_decide(waiting).after


def test_that_we_took_it_out_ourselves_is_no_removal() -> None:
    ours = (Removal(NOW, "MANUAL", OWN),)
    assert len(queued_up(run_decide(replace(ready(removals=ours), own=OWN)))) == 1


@pytest.mark.parametrize("reasons", [("CI_FAILURE", "CI_TIMEOUT"), ("MANUAL",), ("CI_FAILURE", "MANUAL")])
def test_what_left_it_twice_or_by_hand_waits_for_a_person(reasons: tuple[str, ...]) -> None:
    decision = run_decide(ready(removals=removed(*reasons)))
    assert queued_up(decision) == []
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "it left the merge queue" in decision.verdicts[1].reasons[0]


def test_a_new_head_starts_afresh() -> None:
    old = removed("CI_FAILURE", "CI_FAILURE", minutes=60)
    decision = run_decide(ready(removals=old, pushed_at=NOW - timedelta(minutes=20)))
    assert len(queued_up(decision)) == 1


def test_a_guard_that_does_not_pass_keeps_it_out() -> None:
    snapshot = ready(checks=(Check("test", "waiting"),))
    assert queued_up(run_decide(snapshot)) == []
    open_one = (Thread("T_1", "a.py", 1, resolved=False),)
    assert queued_up(run_decide(ready(threads=open_one))) == []


def test_without_required_checks_it_waits_for_a_persons_yes() -> None:
    decision = run_decide(ready(Rules(protected=True, merge_queue=True)))
    assert queued_up(decision) == []
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "/bead merge" in decision.verdicts[1].reasons[0]


def test_a_red_check_is_corrected_also_when_the_head_is_behind() -> None:
    decision = run_decide(ready(behind=True, checks=(Check("test", "red"),)))
    assert dispatches(decision) == [(1, "worker")]
