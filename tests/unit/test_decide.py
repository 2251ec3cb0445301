"""What the coordinator decides, from snapshots that are written out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.policy import Budget, MergePolicy, Policy
from bot.beads.report import Blocker, FollowUp, WorkerAnswer
from bot.coordinator.actions import (
    Assign,
    Close,
    CreateBead,
    DeleteRef,
    Dispatch,
    Merge,
    OpenPull,
    PostCheck,
    PublishAgain,
    Say,
    SetLabels,
    UpdateBranch,
)
from bot.coordinator.claims import Claims
from bot.coordinator.decision import State
from bot.coordinator.history import History, Verdict
from bot.coordinator.snapshot import Check, Issue, PullRequest, RequiredCheck, Rules, Run, Snapshot, Thread
from tests.unit.snapshots import (
    BASE,
    HEAD,
    LIVE,
    NOW,
    OTHER,
    OWN,
    RULES,
    approved,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
    unshown,
)

# -- ready work -------------------------------------------------------------------------------------------


def test_a_released_bead_is_claimed_and_dispatched_with_the_same_token() -> None:
    decision = run_decide(look(issue(1)))
    assert decision.claims is not None
    claim = decision.claims.live[1]
    assert Dispatch(1, "worker", 1, claim.token, NOW + timedelta(minutes=1)) in decision.after
    assert (claim.base, claim.attempt, claim.reserved) == (BASE, 1, 1_000_000)
    assert SetLabels(1, "I_1", add=("bead:running",)) in decision.after


def test_equal_snapshots_give_equal_decisions() -> None:
    snapshot = look(issue(1), issue(2, "blocked-by:#1"), issue(3, "P0"))
    assert run_decide(snapshot) == run_decide(snapshot)


def test_the_cap_holds_and_the_best_beads_go_first() -> None:
    beads = [issue(n) for n in range(1, 6)] + [issue(6, "P0"), issue(7, "blocked-by:#2")]
    decision = run_decide(look(*beads))
    assert dispatches(decision) == [(6, "worker"), (2, "worker"), (1, "worker")]
    assert decision.verdicts[3].state is State.READY
    assert decision.verdicts[3].reasons == ("all 3 workers are busy",)


def test_a_days_ceiling_stops_dispatch_and_says_so() -> None:
    policy = Policy(budget=Budget(day=2.5, run=1.0))
    spent = Claims(spent={NOW.date(): 1_000_000})
    decision = run_decide(look(issue(1), issue(2), policy=policy, claims=spent))
    assert dispatches(decision) == [(1, "worker")]
    assert "the day's ceiling of $2.50" in decision.verdicts[2].reasons[0]
    tomorrow = run_decide(look(issue(1), issue(2), policy=policy, claims=spent), NOW + timedelta(days=1))
    assert len(dispatches(tomorrow)) == 2


@pytest.mark.parametrize(
    ("bead", "state", "why"),
    [
        (issue(1, released=False), State.PLANNED, "not released"),
        (issue(1, "blocked-by:#9"), State.BLOCKED, "blocked by #9"),
        (issue(1, "defer:2026-11-25"), State.BLOCKED, "deferred until 2026-11-25"),
        (issue(1, "blocked-by:9"), State.BLOCKED, "names no issue"),
        (issue(1, "hold"), State.HELD, "hold"),
        (issue(1, "epic"), State.PLANNED, "without children"),
    ],
)
def test_what_holds_a_bead_back_is_said(bead: Issue, state: State, why: str) -> None:
    verdict = run_decide(look(bead, issue(9, released=False))).verdicts[1]
    assert verdict.state is state
    assert any(why in reason for reason in verdict.reasons)


def test_ready_on_an_epic_releases_its_children_and_the_epic_closes_after_the_last() -> None:
    epic = issue(1, "epic", children=(2, 3))
    decision = run_decide(look(epic, issue(2, released=False, parent=1), closed=frozenset({3})))
    assert dispatches(decision) == [(2, "worker")]
    assert decision.verdicts[1].reasons[0] == "1 of 2 children are closed"
    done = run_decide(look(epic, closed=frozenset({2, 3})))
    assert unshown(done.before) == (Close(1, "I_1"),)
    assert done.verdicts[1].state is State.DONE


def test_a_wrong_configuration_starts_nothing() -> None:
    decision = run_decide(look(issue(1), policy_fault="beadwright.yml: line 3: no"))
    assert dispatches(decision) == []
    assert decision.verdicts[1].reasons == ("beadwright.yml: line 3: no",)


# -- claims -----------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_is_left_alone_however_long_it_takes() -> None:
    run = ended(done=False, conclusion=None, report=None, artifacts_read=False)
    decision = run_decide(look(issue(1), claims=claimed(1), runs=(run,)), NOW + timedelta(hours=5))
    assert decision.claims is None
    assert decision.verdicts[1].state is State.RUNNING


def test_a_dispatch_that_shows_no_run_is_released_after_its_grace_and_made_anew() -> None:
    early = run_decide(look(issue(1), claims=claimed(1)))
    assert early.claims is None
    assert early.next_look == NOW + timedelta(minutes=1)
    late = run_decide(look(issue(1), claims=claimed(1)), NOW + timedelta(minutes=2))
    assert late.claims is not None
    assert (late.claims.live[1].attempt, late.claims.of(1).failures) == (2, 0)
    assert late.claims.live[1].token != LIVE


def test_a_report_that_is_not_visible_yet_is_waited_for() -> None:
    run = ended(report=None, artifacts_read=False)
    decision = run_decide(look(issue(1), claims=claimed(1), runs=(run,)))
    assert decision.claims is None
    assert decision.next_look is not None


def test_a_published_result_is_settled_with_its_cost() -> None:
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    decision = run_decide(look(issue(1), claims=claims, runs=(ended(),), pulls=(pull(8, 1, behind=True),)))
    assert decision.claims is not None
    assert decision.claims.live == {}
    assert decision.claims.spent == {NOW.date(): 250_000}
    assert UpdateBranch(8, HEAD) in decision.after


def test_a_run_without_a_usable_result_is_tried_again_up_to_the_cap_and_then_a_person_is_asked() -> None:
    run = ended(conclusion="failure", report=report(failure="the engine timed out", worker=None))
    once = run_decide(look(issue(1), claims=claimed(1), runs=(run,)))
    assert once.claims is not None
    assert dispatches(once) == [(1, "worker")]
    assert once.claims.of(1).failures == 1
    worn = claimed(1)
    worn = worn.model_copy(update={"history": {1: History(attempts=3, failures=2)}})
    last = run_decide(look(issue(1), claims=worn, runs=(run,)))
    assert dispatches(last) == []
    assert last.verdicts[1].state is State.NEEDS_HUMAN
    assert "the engine timed out" in last.verdicts[1].reasons[0]


def test_taking_ready_off_answers_a_stop() -> None:
    stopped = remembered(1, attempts=3, failures=3, stopped="3 attempts failed")
    waiting = run_decide(look(issue(1), claims=stopped))
    assert waiting.verdicts[1].state is State.NEEDS_HUMAN
    answered = run_decide(look(issue(1, released=False), claims=stopped))
    assert answered.claims is not None
    assert answered.claims.of(1) == History(attempts=3)


def test_a_stop_holds_a_bead_that_only_its_epic_releases() -> None:
    stopped = remembered(2, attempts=3, failures=3, stopped="3 attempts failed")
    child = issue(2, released=False, parent=1)
    decision = run_decide(look(issue(1, "epic", children=(2,)), child, claims=stopped))
    assert dispatches(decision) == []
    assert decision.verdicts[2].state is State.NEEDS_HUMAN


def test_found_work_becomes_beads_before_the_claim_is_settled() -> None:
    answer = WorkerAnswer(status="pr", follow_ups=(FollowUp(title="Tidy the parser"),))
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    runs = (ended(report=report(worker=answer)),)
    decision = run_decide(look(issue(1), claims=claims, runs=runs, policy=Policy(follow_ups="file")))
    (created,) = [action for action in decision.before if isinstance(action, CreateBead)]
    assert (created.title, created.origin, created.labels) == (
        "Tidy the parser",
        1,
        ("bead", "blocked-by:#1"),
    )


def test_a_worker_that_waits_for_what_waits_for_its_bead_calls_a_person_and_nothing_is_wired() -> None:
    answer = WorkerAnswer(
        status="blocked",
        blockers=(Blocker(unblocked_when="#4 is closed", bead=4), Blocker(unblocked_when="a parser")),
    )
    claims = claimed(1).advance(1, LIVE, outcome="blocked", head=None, run_id=5)
    issues = (issue(1), issue(4, released=False), issue(5, "blocked-by:#1", parent=4))
    runs = (ended(report=report(worker=answer)),)
    decision = run_decide(look(*issues, claims=claims, runs=runs))
    assert not [action for action in decision.before if isinstance(action, CreateBead)]
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert decision.verdicts[1].reasons[0] == (
        "its worker waits for #4, and then they would wait for each other for ever: #1 is blocked by #4,"
        " #4 waits for its child #5, #5 is blocked by #1"
    )


def test_a_blocked_worker_wires_its_blockers() -> None:
    answer = WorkerAnswer(
        status="blocked",
        blockers=(
            Blocker(unblocked_when="#4 is closed", bead=4),
            Blocker(unblocked_when="there is a parser"),
        ),
    )
    claims = claimed(1).advance(1, LIVE, outcome="blocked", head=None, run_id=5)
    decision = run_decide(look(issue(1), claims=claims, runs=(ended(report=report(worker=answer)),)))
    assert SetLabels(1, "I_1", add=("blocked-by:#4",)) in decision.before
    assert [action.blocks for action in decision.before if isinstance(action, CreateBead)] == [1]
    assert dispatches(decision) == []


def test_a_late_workers_token_does_nothing() -> None:
    late = ended(token="0" * 32)
    decision = run_decide(look(issue(1), claims=claimed(1), runs=(late,)))
    assert decision.claims is None


# -- the review lane --------------------------------------------------------------------------------------


def test_a_current_green_pull_request_gets_a_fresh_review() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=remembered(1, attempts=1)))
    assert dispatches(decision) == [(1, "reviewer")]
    assert decision.verdicts[1].state is State.IN_REVIEW


def test_the_review_lane_goes_before_ready_work() -> None:
    beads = [issue(1, "P4"), issue(2, "P0"), issue(3, "P0"), issue(4, "P0")]
    decision = run_decide(look(*beads, pulls=(pull(8, 1),), claims=remembered(1, attempts=1)))
    assert dispatches(decision)[0] == (1, "reviewer")
    assert len(dispatches(decision)) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"checks": ()}, "waits for checks: test"),
        ({"checks": (Check("test", "waiting"),)}, "waits for checks: test"),
        ({"mergeable": "unknown"}, "not computed"),
        ({"behind": None}, "not computed"),
        ({"draft": True}, "draft"),
    ],
)
def test_a_review_waits_for_what_would_make_it_useless(changes: dict[str, object], reason: str) -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, **changes),), claims=remembered(1, attempts=1)))
    assert dispatches(decision) == []
    assert reason in decision.verdicts[1].reasons[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": (Check("test", "red"),)},
        {"mergeable": "conflict"},
    ],
)
def test_what_the_worker_can_mend_goes_back_to_it(changes: dict[str, object]) -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, **changes),), claims=remembered(1, attempts=1)))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.verdicts[1].state is State.CORRECTING
    assert decision.claims is not None
    assert decision.claims.of(1).rounds == 1


def test_findings_go_back_to_the_worker_and_after_the_last_round_to_a_person() -> None:
    verdict = Verdict(head=HEAD, approve=False, run_id=5)
    first = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=remembered(1, attempts=2, verdict=verdict)))
    assert dispatches(first) == [(1, "worker")]
    tired = remembered(1, attempts=6, rounds=2, verdict=verdict)
    last = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=tired))
    assert dispatches(last) == []
    assert last.verdicts[1].state is State.NEEDS_HUMAN
    assert "after 2 correction rounds" in last.verdicts[1].reasons[0]


def test_a_verdict_expires_when_the_head_moves() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1, OTHER)))
    assert dispatches(decision) == [(1, "reviewer")]


def test_an_approved_head_is_merged_at_exactly_that_head_after_the_facts_are_read_again() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1)))
    (merge,) = [action for action in decision.after if isinstance(action, Merge)]
    assert (merge.pull, merge.head) == (8, HEAD)
    assert decision.focus == {1}
    assert decision.verdicts[1].state is State.MERGING
    assert any(isinstance(action, PostCheck) for action in decision.after)


def test_our_own_required_check_is_posted_first_and_merged_only_when_it_is_seen() -> None:
    rules = Rules(protected=True, checks=(RequiredCheck("test"), RequiredCheck("beadwright")))
    first = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1), rules=rules))
    assert not any(isinstance(action, Merge) for action in first.after)
    posted = pull(8, 1, checks=(Check("test", "green"), Check("beadwright", "green", ours=True)))
    second = run_decide(look(issue(1), pulls=(posted,), claims=approved(1), rules=rules))
    assert any(isinstance(action, Merge) for action in second.after)


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": Rules(known=False)},
        {"base_state": "red"},
        {"policy": Policy(merge=MergePolicy(min_checks=2))},
        {"rules": Rules()},
        {"rules": Rules(protected=True, checks=(RequiredCheck("test"), RequiredCheck("lint")))},
        {"rules": replace(RULES, approvals=1)},
    ],
)
def test_nothing_merges_while_a_guard_does_not_pass(changes: dict[str, object]) -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1), **changes))
    assert not any(isinstance(action, Merge) for action in decision.after)
    assert decision.verdicts[1].reasons


def test_an_unresolved_thread_on_an_approved_head_goes_back_to_the_worker() -> None:
    thread = Thread("T_1", "a.py", 1, resolved=False, voices=(OWN,))
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, threads=(thread,)),), claims=approved(1)))
    assert dispatches(decision) == [(1, "worker")]


def test_answers_that_changed_nothing_are_judged_by_a_fresh_review() -> None:
    """The thread stays open until a reviewer has read what the worker said in it."""
    answered = claimed(1, stage="published", outcome="pr", head=HEAD, correction=True)
    known = answered.remember(1, rounds=1, verdict=Verdict(head=HEAD, approve=True, run_id=5))
    asked = pull(8, 1, threads=(Thread("T_1", "a.py", 3, False, "octo", ("octo",)),))
    decision = run_decide(look(issue(1), claims=known, runs=(ended(),), pulls=(asked,)))
    assert dispatches(decision) == [(1, "reviewer")]


def test_a_closed_pull_request_means_hands_off() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, state="closed"),), claims=approved(1)))
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert unshown(decision.after) == (SetLabels(1, "I_1", add=("bead:needs-human",)),)


# -- closing ----------------------------------------------------------------------------------------------


def merged(**changes: object) -> PullRequest:
    return pull(
        8, 1, **({"state": "merged", "merge_commit": OTHER, "on_base": True, "merged_by": "ann"} | changes)
    )


def test_what_dead_runs_staged_and_closed_beads_left_is_deleted() -> None:
    live, dead = f"refs/beadwright/staging/{LIVE}", f"refs/beadwright/staging/{'e' * 32}"
    unfinished = "refs/beadwright/partial/"
    staged = [(f"{live}/0", HEAD), (f"{dead}/0", HEAD), (f"{dead}/claims", OTHER)]
    partial = [(f"{unfinished}{name}", HEAD) for name in ("1", "2", "x")]
    kept = (*staged, *partial)
    decision = run_decide(look(issue(1), claims=claimed(1), kept=kept))
    deleted = [action for action in decision.after if isinstance(action, DeleteRef)]
    assert deleted == [
        DeleteRef(f"{dead}/0", HEAD),
        DeleteRef(f"{dead}/claims", OTHER),
        DeleteRef(f"{unfinished}2", HEAD),
    ]


def test_a_merged_bead_is_closed_on_proof_last_of_all_and_forgotten() -> None:
    shown = issue(1, "bead:in-review")
    snapshot = look(shown, pulls=(merged(),), claims=approved(1), branches=(("bead/1", HEAD),))
    decision = run_decide(snapshot)
    assert [type(action) for action in decision.before] == [Say, Say, SetLabels, DeleteRef, Close]
    assert not decision.after
    assert decision.claims is not None
    assert 1 not in decision.claims.history
    assert decision.verdicts[1].state is State.DONE


@pytest.mark.parametrize(
    ("changes", "claims", "why"),
    [
        ({"on_base": False}, approved(1), "is not on main"),
        ({"on_base": None}, approved(1), "is not on main"),
        ({"changed_files": 0}, approved(1), "changed nothing"),
        ({}, approved(1, OTHER), "no review approved"),
        ({}, Claims(), "@ann merged #8"),
    ],
)
def test_what_is_not_proved_is_not_closed(changes: dict[str, object], claims: Claims, why: str) -> None:
    decision = run_decide(look(issue(1), pulls=(merged(**changes),), claims=claims))
    assert [type(action) for action in decision.before] == [Assign, Say]
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert any(why in reason for reason in decision.verdicts[1].reasons)


def test_a_published_branch_without_a_pull_request_gets_one() -> None:
    decision = run_decide(look(issue(1), claims=remembered(1, attempts=1), branches=(("bead/1", HEAD),)))
    assert [action.head_ref for action in decision.after if isinstance(action, OpenPull)] == ["bead/1"]
    assert dispatches(decision) == []


def test_labels_that_show_an_old_state_are_taken_off() -> None:
    decision = run_decide(look(issue(1, "bead:running", "bead:needs-human", "hold")))
    assert SetLabels(1, "I_1", remove=("bead:needs-human", "bead:running")) in decision.after


def test_nothing_to_do_changes_nothing() -> None:
    decision = run_decide(look(issue(1, released=False)))
    assert (decision.before, decision.claims, decision.after) == ((), None, ())


# -- claims that are settled in passing -------------------------------------------------------------------


def plain(**changes: object) -> Snapshot:
    """A worker's attempt that published and ended, whose report holds nothing else; its CI still runs."""
    claims = claimed(1, stage="published", outcome="pr", head=HEAD, run_id=5, cost=250_000)
    waits = pull(9, 1, checks=(Check("test", "waiting"),))
    run = ended(report=None, ended_at=NOW - timedelta(minutes=1))
    return look(issue(1), **{"claims": claims, "runs": (run,), "pulls": (waits,), **changes})


def test_what_a_plain_attempt_came_to_costs_no_move_of_its_own() -> None:
    decision = run_decide(plain())
    assert decision.claims is None
    assert decision.verdicts[1].reasons == ("waits for checks: test",)


def test_it_is_written_down_with_the_next_claim() -> None:
    decision = run_decide(plain(pulls=(pull(9, 1),)))
    assert dispatches(decision) == [(1, "reviewer")]
    assert decision.claims is not None
    assert decision.claims.spent == {NOW.date(): 250_000}
    assert decision.claims.live[1].role == "reviewer"


def test_it_is_written_down_when_it_has_waited_long() -> None:
    decision = run_decide(plain(), NOW + timedelta(minutes=10))
    assert decision.claims is not None
    assert (decision.claims.live, decision.claims.spent) == ({}, {NOW.date(): 250_000})


def test_a_failed_attempt_is_written_down_at_once() -> None:
    failed = claimed(1, stage="published", outcome="failed", run_id=5)
    decision = run_decide(plain(claims=failed, pulls=()))
    assert decision.claims is not None
    assert decision.claims.of(1).failures == 1


# -- a publish job that died ------------------------------------------------------------------------------


def died(**changes: object) -> Run:
    return ended(**{"conclusion": "failure", "unpublished": 44, **changes})


@pytest.mark.parametrize("published", [{}, {"stage": "published", "outcome": "pr", "head": HEAD}])
def test_work_that_is_there_is_published_again_and_no_attempt_is_charged(
    published: dict[str, object],
) -> None:
    decision = run_decide(look(issue(1), claims=claimed(1, "worker", **published), runs=(died(),)))
    assert PublishAgain(1, 44) in decision.after
    assert decision.claims is not None
    assert (decision.claims.live[1].reruns, decision.claims.of(1).failures) == (1, 0)


def test_a_rerun_that_was_recorded_and_does_not_show_is_asked_for_again_and_given_up_in_the_end() -> None:
    claims = claimed(1, reruns=1, rerun_at=NOW)
    again = run_decide(look(issue(1), claims=claims, runs=(died(),)))
    assert PublishAgain(1, 44) in again.after
    assert again.claims is None
    late = run_decide(look(issue(1), claims=claims, runs=(died(),)), NOW + timedelta(minutes=2))
    assert late.claims is not None
    assert late.claims.of(1).failures == 1


def test_a_publish_job_that_always_dies_is_a_failed_attempt_unless_the_refs_moved() -> None:
    run = died(attempt=3)
    unmoved = run_decide(look(issue(1), claims=claimed(1, reruns=2, rerun_at=NOW), runs=(run,)))
    assert unmoved.claims is not None
    assert unmoved.claims.of(1).failures == 1
    moved = claimed(1, reruns=2, rerun_at=NOW, stage="published", outcome="pr", head=HEAD)
    kept = run_decide(look(issue(1), claims=moved, runs=(run,), branches=(("bead/1", HEAD),)))
    assert any(isinstance(action, OpenPull) for action in kept.after)


def test_a_verdict_that_could_not_be_told_is_none() -> None:
    claims = claimed(1, "reviewer", reruns=2, rerun_at=NOW, stage="published", outcome="correct", head=HEAD)
    decision = run_decide(look(issue(1), claims=claims, runs=(died(attempt=3),), pulls=(pull(8, 1),)))
    assert decision.claims is not None
    assert (decision.claims.of(1).verdict, decision.claims.of(1).failures) == (None, 1)


@pytest.mark.parametrize(
    ("claim", "run"),
    [
        ({"stage": "published", "outcome": "failed"}, {}),
        ({}, {"report": None}),
        ({}, {"unpublished": None}),
    ],
)
def test_nothing_is_published_again_where_there_is_nothing_to_publish(
    claim: dict[str, object], run: dict[str, object]
) -> None:
    decision = run_decide(look(issue(1), claims=claimed(1, "worker", **claim), runs=(died(**run),)))
    assert not any(isinstance(action, PublishAgain) for action in decision.after)
    assert decision.claims is not None
    assert decision.claims.of(1).failures == 1


# -- twins ------------------------------------------------------------------------------------------------


def test_of_beads_with_one_marker_the_lowest_stays_and_nothing_runs_on_the_other() -> None:
    made, twin = (replace(issue(number), markers=("bead=1-ffff-b0",)) for number in (5, 6))
    decision = run_decide(look(made, twin, issue(7, "blocked-by:#6")))
    assert decision.before == (
        SetLabels(7, "I_7", add=("blocked-by:#5",), remove=("blocked-by:#6",)),
        Close(6, "I_6", twin=True),
    )
    assert dispatches(decision) == [(5, "worker")]


def test_beads_with_markers_of_their_own_are_no_twins() -> None:
    beads = [replace(issue(number), markers=(f"bead=1-ffff-b{number}", "comment=x")) for number in (5, 6)]
    assert not run_decide(look(*beads)).before


def test_a_pull_request_whose_labels_got_lost_gets_them() -> None:
    decision = run_decide(look(issue(1), pulls=(pull(8, 1, labels=("bead",)),), claims=approved(1)))
    assert SetLabels(8, "PR_8", add=("review",)) in decision.after
