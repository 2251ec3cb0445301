"""How approved pull requests reach the base branch: verdicts that are carried over, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.beads.policy import MergePolicy, Policy
from bot.coordinator.actions import Close, Merge, PostCheck, UpdateBranch
from bot.coordinator.claims import Claims
from bot.coordinator.decide import decide
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Verdict, Word
from bot.coordinator.merging import CHECK, TURN
from bot.coordinator.snapshot import Check, PullRequest, RequiredCheck, Review, Rules, Snapshot, Thread
from tests.unit.snapshots import (
    HEAD,
    NOW,
    OTHER,
    OWN,
    RULES,
    approved,
    comment,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
    statuses,
    unshown,
)
from tests.unit.test_hear import declined, replies

LATER = "d" * 40
OBJECTION = Review("ann", "changes-requested", HEAD)


def updates(decision: Decision) -> list[int]:
    return [action.pull for action in decision.after if isinstance(action, UpdateBranch)]


def merges(decision: Decision) -> list[int]:
    return [action.pull for action in decision.after if isinstance(action, Merge)]


def verdict_of(decision: Decision, bead: int = 1) -> Verdict | None:
    assert decision.claims is not None
    return decision.claims.of(bead).verdict


def all_approved(*beads: int, **history: object) -> Claims:
    known = {"attempts": 2, "verdict": Verdict(head=HEAD, approve=True, run_id=5)} | history
    return Claims(history={bead: History.model_validate(known) for bead in beads})


def lane(*pulls: PullRequest, **changes: object) -> Snapshot:
    """Approved pull requests 11, 12, … of beads 1, 2, …"""
    beads = [one.number - 10 for one in pulls]
    facts: dict[str, object] = {"claims": all_approved(*beads)} | changes
    return look(*(issue(bead) for bead in beads), pulls=pulls, **facts)


def behind(number: int, **changes: object) -> PullRequest:
    return pull(number, number - 10, **{"behind": True, **changes})


# -- verdicts that are carried over -----------------------------------------------------------------------


def test_an_approval_follows_our_own_update_of_the_same_patch_and_says_where_it_comes_from() -> None:
    updated = pull(8, 1, head=OTHER, same_patch_as=HEAD, checks=())
    decision = run_decide(look(issue(1), pulls=(updated,), claims=approved(1)))
    assert verdict_of(decision) == Verdict(head=OTHER, approve=True, run_id=5, reviewed=HEAD)
    assert dispatches(decision) == []


def test_it_follows_step_by_step_and_what_was_really_reviewed_stays() -> None:
    carried = remembered(1, verdict=Verdict(head=OTHER, approve=True, run_id=5, reviewed=HEAD))
    updated = pull(8, 1, head=LATER, same_patch_as=OTHER)
    decision = run_decide(look(issue(1), pulls=(updated,), claims=carried))
    assert verdict_of(decision) == Verdict(head=LATER, approve=True, run_id=5, reviewed=HEAD)


@pytest.mark.parametrize("known", [None, LATER])
def test_another_head_needs_another_review(known: str | None) -> None:
    moved = pull(8, 1, head=OTHER, same_patch_as=known)
    decision = run_decide(look(issue(1), pulls=(moved,), claims=approved(1)))
    assert dispatches(decision) == [(1, "reviewer")]


def test_only_an_approval_is_carried_over() -> None:
    verdict = Verdict(head=HEAD, approve=False, run_id=5)
    moved = pull(8, 1, head=OTHER, same_patch_as=HEAD)
    decision = run_decide(look(issue(1), pulls=(moved,), claims=remembered(1, verdict=verdict)))
    assert dispatches(decision) == [(1, "reviewer")]


@pytest.mark.parametrize("checks", [(), (Check("test", "waiting"),)])
def test_ci_runs_again_on_the_new_head_before_it_is_merged(checks: tuple[Check, ...]) -> None:
    updated = pull(8, 1, head=OTHER, same_patch_as=HEAD, checks=checks)
    decision = run_decide(look(issue(1), pulls=(updated,), claims=approved(1)))
    assert merges(decision) == []
    assert any("required-checks" in reason for reason in decision.verdicts[1].reasons)


def test_what_ci_finds_on_the_new_head_goes_to_the_worker() -> None:
    updated = pull(8, 1, head=OTHER, same_patch_as=HEAD, checks=(Check("test", "red"),))
    decision = run_decide(look(issue(1), pulls=(updated,), claims=approved(1)))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.verdicts[1].reasons == ("checks failed: test",)


def test_a_thread_on_the_new_head_goes_to_the_worker() -> None:
    open_one = (Thread("T_1", "a.py", 1, resolved=False, voices=(OWN,)),)
    updated = pull(8, 1, head=OTHER, same_patch_as=HEAD, threads=open_one)
    assert dispatches(run_decide(look(issue(1), pulls=(updated,), claims=approved(1)))) == [(1, "worker")]


def test_a_merge_at_a_carried_head_is_proved_and_the_audit_names_both() -> None:
    over = pull(8, 1, state="merged", head=OTHER, same_patch_as=HEAD, merge_commit=LATER, on_base=True)
    decision = run_decide(look(issue(1), pulls=(over,), claims=approved(1)))
    assert unshown(decision.before) == (Close(1, "I_1"),)
    audit = statuses(decision)[8]
    assert f"Reviewed at `{HEAD}` by [run 5]" in audit
    assert f"Carried over to `{OTHER}`" in audit
    assert f"Merged at `{OTHER}` as `{LATER}`" in audit


# -- before the review ------------------------------------------------------------------------------------


def test_what_was_published_is_brought_up_to_date_once_and_then_reviewed_as_it_is() -> None:
    snapshot = look(issue(1), pulls=(behind(11),), claims=remembered(1, attempts=1))
    first = run_decide(snapshot)
    assert updates(first) == [11]
    assert first.claims is not None
    again = run_decide(replace(snapshot, claims=first.claims))
    assert (updates(again), dispatches(again)) == ([], [(1, "reviewer")])


def test_corrections_are_made_before_anything_is_brought_up_to_date() -> None:
    verdict = Verdict(head=HEAD, approve=False, run_id=5)
    decision = run_decide(look(issue(1), pulls=(behind(11),), claims=remembered(1, verdict=verdict)))
    assert (updates(decision), dispatches(decision)) == ([], [(1, "worker")])


# -- whose turn it is -------------------------------------------------------------------------------------


def test_of_all_that_are_behind_only_the_first_of_the_lane_is_brought_up_to_date() -> None:
    decision = run_decide(lane(behind(11), behind(12), behind(13)))
    assert updates(decision) == [11]
    assert decision.verdicts[2].reasons[0] == "#11 goes first"
    assert decision.claims is not None
    assert [decision.claims.of(bead).turn for bead in (1, 2, 3)] == [NOW, None, None]


def test_who_waits_for_ci_keeps_the_turn() -> None:
    testing = pull(12, 2, checks=(Check("test", "waiting"),))
    claims = Claims(history={**all_approved(1).history, **all_approved(2, turn=NOW).history})
    decision = run_decide(lane(behind(11), testing, claims=claims), NOW + timedelta(minutes=50))
    assert updates(decision) == []
    assert decision.verdicts[1].reasons[0] == "#12 goes first"


def test_what_can_be_merged_at_once_goes_before_who_has_the_turn() -> None:
    claims = Claims(history={**all_approved(1, turn=NOW).history, **all_approved(2).history})
    decision = run_decide(lane(behind(11), pull(12, 2), claims=claims))
    assert (updates(decision), merges(decision)) == ([], [12])


def test_one_is_merged_in_a_pass_because_the_next_is_behind_then() -> None:
    decision = run_decide(lane(pull(11, 1), pull(12, 2)))
    assert merges(decision) == [11]


def test_a_merge_that_github_refuses_is_not_tried_again_at_once() -> None:
    decision = run_decide(lane(pull(11, 1)))
    assert merges(decision) == [11]
    assert decision.next_look == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("changes", [{"reviews": (OBJECTION,)}, {"labels": ("do-not-merge",)}])
def test_what_waits_for_a_person_holds_nobody_up(changes: dict[str, object]) -> None:
    decision = run_decide(lane(behind(11, **changes), behind(12)))
    assert updates(decision) == [12]


def test_a_red_base_is_merged_into_nothing_and_nothing_into_it() -> None:
    decision = run_decide(lane(behind(11), pull(12, 2), base_state="red"))
    assert (updates(decision), merges(decision)) == ([], [])


def test_where_a_person_merges_each_is_offered_and_the_rest_is_brought_up_to_date() -> None:
    decision = run_decide(lane(pull(11, 1), behind(12), rules=Rules()))
    assert (updates(decision), merges(decision)) == ([12], [])
    assert "I would merge #11" in decision.verdicts[1].reasons[0]
    assert any(isinstance(action, PostCheck) for action in decision.after)


def test_a_turn_that_came_to_nothing_goes_to_the_next_and_a_person_is_told() -> None:
    claims = Claims(history={**all_approved(1, turn=NOW).history, **all_approved(2).history})
    stuck = lane(behind(11), behind(12), claims=claims)
    early, late = run_decide(stuck), run_decide(stuck, NOW + TURN)
    assert (updates(early), early.next_look) == ([11], NOW + TURN)
    assert updates(late) == [12]
    alone = run_decide(lane(pull(11, 1), claims=all_approved(1, turn=NOW)), NOW + TURN)
    assert merges(alone) == [11]
    assert alone.verdicts[1].state is State.NEEDS_HUMAN
    assert "has not come about for an hour" in alone.verdicts[1].reasons[0]


def test_a_new_verdict_is_a_new_turn() -> None:
    known = History(attempts=3, turn=NOW, verdict=Verdict(head=OTHER, approve=True, run_id=4))
    claims = Claims(history={1: known})
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=claims))
    assert dispatches(decision) == [(1, "reviewer")]
    assert decision.claims is not None
    token = decision.claims.live[1].token
    published = decision.claims.advance(1, token, outcome="approve", head=HEAD, run_id=6)
    said = report(role="reviewer", worker=None, token=token, attempt=4)
    run = ended(token=token, report=said)
    after = decide(
        look(issue(1), pulls=(pull(8, 1),), claims=published, runs=(run,)), NOW + TURN * 3, ["9" * 32]
    )
    assert after.claims is not None
    assert after.claims.of(1).turn == NOW + TURN * 3


class Lane:
    """Approved pull requests whose updates, CI and merges take place where nothing is wrong with them."""

    def __init__(self, count: int, *, refused: frozenset[int], hanging: frozenset[int]) -> None:
        self.now = NOW
        self.pulls = {number: behind(number) for number in range(11, 11 + count)}
        self.refused, self.hanging = refused, hanging
        self.claims = all_approved(*(number - 10 for number in self.pulls))
        self.ci: dict[int, datetime] = {}
        self.merged: list[int] = []
        self.updates = 0

    def step(self) -> None:
        """One pass, and what follows from it; then time goes by."""
        for number, ends in self.ci.items():
            if self.now >= ends and number in self.pulls and number not in self.hanging:
                self.pulls[number] = replace(self.pulls[number], checks=(Check("test", "green"),))
        snapshot = lane(*self.pulls.values(), claims=self.claims)
        decision = decide(snapshot, self.now, ["1" * 32, "2" * 32, "3" * 32])
        self.claims = decision.claims or self.claims
        for number in updates(decision):
            self.updates += 1
            if number not in self.refused:
                fresh = replace(self.pulls[number], behind=False, checks=(Check("test", "waiting"),))
                self.pulls[number] = fresh
                self.ci[number] = self.now + timedelta(minutes=10)
        for number in merges(decision):
            del self.pulls[number]
            self.merged.append(number)
            self.pulls = {key: replace(one, behind=True) for key, one in self.pulls.items()}
        self.now += timedelta(minutes=5)


@pytest.mark.parametrize("count", [1, 4, 8, 20])
def test_each_is_brought_up_to_date_once_in_the_lanes_order(count: int) -> None:
    one = Lane(count, refused=frozenset(), hanging=frozenset())
    while one.pulls:
        one.step()
    assert one.merged == list(range(11, 11 + count))
    assert one.updates == count


def test_what_is_stuck_costs_the_others_an_hour_and_no_more() -> None:
    one = Lane(8, refused=frozenset({11, 14}), hanging=frozenset({12}))
    healthy = {13, 15, 16, 17, 18}
    while not healthy <= set(one.merged):
        one.step()
        assert one.now < NOW + TURN * 3 + timedelta(minutes=15) * (len(healthy) + 3)
    assert set(one.merged) == healthy


def test_our_own_required_check_is_part_of_the_turn() -> None:
    rules = replace(RULES, checks=(RequiredCheck("test"), RequiredCheck(CHECK)))
    first = run_decide(lane(pull(11, 1), behind(12), rules=rules))
    assert (updates(first), merges(first), first.next_look) == ([], [], NOW)
    posted = pull(11, 1, checks=(Check("test", "green"), Check(CHECK, "green", ours=True)))
    assert merges(run_decide(lane(posted, behind(12), rules=rules))) == [11]


# -- a person's yes ---------------------------------------------------------------------------------------
YES = (comment("/bead merge"),)
NEVER = Policy(merge=MergePolicy(by_itself="never"))


def yes(head: str = HEAD) -> Claims:
    return approved(1, head).remember(1, merge=Word(by="ada", at=NOW, comment=7, head=head))


@pytest.mark.parametrize("changes", [{"rules": Rules()}, {"policy": NEVER}], ids=["unprotected", "never"])
def test_where_the_policy_waits_for_a_person_it_says_so_and_their_yes_merges(
    changes: dict[str, object],
) -> None:
    waiting = run_decide(lane(pull(11, 1), **changes))
    assert merges(waiting) == []
    assert "I would merge #11" in waiting.verdicts[1].reasons[0]
    assert "`/bead merge`" in waiting.verdicts[1].reasons[0]
    said = run_decide(lane(pull(11, 1), comments=YES, **changes))
    assert merges(said) == [11]
    assert replies(said) == []
    assert said.claims is not None
    merge = said.claims.of(1).merge
    assert merge is not None
    assert (merge.by, merge.comment, merge.head) == ("ada", 7, HEAD)
    later = run_decide(lane(pull(11, 1), claims=yes(), **changes))
    assert merges(later) == [11]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"checks": (Check("test", "waiting"),)}, "minimum-checks"),
        ({"labels": ("bead", "review", "do-not-merge")}, "blocking-label"),
        ({"reviews": (OBJECTION,)}, "changes-requested"),
    ],
)
def test_a_yes_bypasses_no_guard_and_is_answered_with_what_is_missing(
    changes: dict[str, object], missing: str
) -> None:
    decision = run_decide(lane(pull(11, 1, **changes), comments=YES, rules=Rules()))
    assert merges(decision) == []
    (reply,) = replies(decision)
    assert "once every guard passes" in reply
    assert missing in reply


def test_a_yes_before_the_review_waits_for_it() -> None:
    decision = run_decide(lane(pull(11, 1), claims=Claims(), comments=YES, rules=Rules()))
    assert (merges(decision), dispatches(decision)) == ([], [(1, "reviewer")])
    assert "reviewed-head" in replies(decision)[0]


def test_a_yes_is_to_one_head_and_to_our_own_updates_of_it() -> None:
    moved = lane(pull(11, 1, head=OTHER), rules=Rules(), claims=approved(1, OTHER))
    stale = yes().remember(1, verdict=Verdict(head=OTHER, approve=True, run_id=6))
    assert merges(run_decide(replace(moved, claims=stale))) == []
    updated = lane(pull(11, 1, head=OTHER, same_patch_as=HEAD), rules=Rules(), claims=yes())
    carried = run_decide(updated)
    assert merges(carried) == [11]
    assert carried.claims is not None
    merge = carried.claims.of(1).merge
    assert merge is not None
    assert merge.head == OTHER


def test_what_a_person_said_yes_to_is_brought_up_to_date_in_its_turn() -> None:
    decision = run_decide(lane(behind(11), rules=Rules(), claims=yes()))
    assert updates(decision) == [11]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "merged by itself"),
        ({"rules": Rules(), "pulls": ()}, "no open pull request"),
        ({"rules": Rules(), "pulls": (pull(11, 1, state="closed"),)}, "no open pull request"),
        (
            {"rules": Rules(), "claims": approved(1).remember(1, taken=Word(by="ann", at=NOW))},
            "`@ann` has taken it over: merge #11 by hand",
        ),
    ],
)
def test_a_yes_that_changes_nothing_is_refused(changes: dict[str, object], why: str) -> None:
    assert why in declined(replace(lane(pull(11, 1), comments=YES), **changes))  # type: ignore[arg-type]


def test_an_approval_that_only_classic_protection_demands_is_waited_for_and_said() -> None:
    waiting = pull(8, 1, review_required=True)
    decision = run_decide(look(issue(1), pulls=(waiting,), claims=approved(1)))
    assert not any(isinstance(action, Merge) for action in decision.after)
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "0 of 1 required" in decision.verdicts[1].reasons[0]
    one_more = replace(waiting, reviews=(Review("ann", "approved", HEAD),))
    decision = run_decide(look(issue(1), pulls=(one_more,), claims=approved(1)))
    assert "1 of 2 required" in decision.verdicts[1].reasons[0]


@pytest.mark.parametrize(("method", "says"), [("merge", "Bead: #1"), ("squash", ""), ("rebase", "")])
def test_a_merge_commit_names_its_bead_and_pull_request_and_others_keep_their_commits_messages(
    method: str, says: str
) -> None:
    policy = Policy.model_validate({"merge": {"method": method}})
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1), policy=policy))
    (merge,) = [action for action in decision.after if isinstance(action, Merge)]
    assert (merge.title, merge.message) == ("Bead 1 (#8)", says)
