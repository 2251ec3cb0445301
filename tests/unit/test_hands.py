"""A bead that a person takes over, and gives back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.coordinator.actions import CancelRun, Close, Merge, OpenPull, PublishAgain, Reopen, Say, UpdateBranch
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Verdict, Word
from bot.coordinator.snapshot import Run, Snapshot
from tests.unit.snapshots import (
    HEAD,
    LIVE,
    NOW,
    OTHER,
    approved,
    claimed,
    comment,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
)
from tests.unit.test_hear import declined, heard, replies, signs

ANN = Word(by="ann", at=NOW, comment=3)
BRANCH = (("bead/1", HEAD),)


def known(decision: Decision, bead: int = 1) -> History:
    assert decision.claims is not None
    return decision.claims.of(bead)


def pushed(head: str = OTHER, login: str = "ann", **changes: object) -> Snapshot:
    """Bead #1 whose branch and pull request are at a person's commit."""
    facts: dict[str, object] = {
        "pulls": (pull(8, 1, head=head),),
        "branches": (("bead/1", head),),
        "pushers": {"bead/1": login},
        "claims": approved(1),
    }
    return look(issue(1), **(facts | changes))


def taken(**changes: object) -> Snapshot:
    """Bead #1, taken over by @ann, with an approved pull request."""
    claims = approved(1).remember(1, taken=ANN)
    return look(issue(1), **({"pulls": (pull(8, 1),), "branches": BRANCH, "claims": claims} | changes))


def touched(decision: Decision) -> list[object]:
    """What a decision does to a bead's branch, pull request or run."""
    kinds = (UpdateBranch, Merge, OpenPull, PublishAgain)
    return [*dispatches(decision), *(one for one in decision.after if isinstance(one, kinds))]


# -- taken over ---------------------------------------------------------------------------------------------
def test_a_persons_commit_on_its_branch_takes_a_bead_over() -> None:
    decision = run_decide(pushed())
    word = known(decision).taken
    assert word is not None
    assert (word.by, word.head, word.comment) == ("ann", OTHER, None)
    assert touched(decision) == []
    assert decision.verdicts[1].state is State.HELD
    assert decision.verdicts[1].reasons == (
        "@ann has taken it over (by a commit); `/bead give` gives it back",
    )


def test_a_person_without_an_account_takes_it_over_as_well() -> None:
    assert "somebody has taken it over" in run_decide(pushed(login="")).verdicts[1].reasons[0]


def test_a_branch_without_a_pull_request_is_taken_over_in_the_same_way() -> None:
    for attempts in (0, 1):
        decision = run_decide(pushed(pulls=(), claims=remembered(1, attempts=attempts)))
        assert known(decision).taken is not None
        assert touched(decision) == []


@pytest.mark.parametrize(
    "claims",
    [
        remembered(1, attempts=2, head=OTHER),
        claimed(1).advance(1, LIVE, outcome="pr", head=OTHER, run_id=5),
    ],
    ids=["settled", "published"],
)
def test_what_a_run_of_ours_published_is_ours_whoever_committed_it(claims: Claims) -> None:
    running = ended(done=False, conclusion=None, report=None)
    decision = run_decide(pushed(claims=claims, runs=(running,)))
    assert decision.claims is None or known(decision).taken is None


def test_what_a_worker_published_is_remembered_as_ours() -> None:
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=OTHER, run_id=5)
    decision = run_decide(pushed(claims=claims, runs=(ended(),), pushers={}))
    assert known(decision).head == OTHER


def test_a_person_who_closes_its_pull_request_takes_it_over() -> None:
    closed = pull(8, 1, state="closed", closed_by="ann")
    decision = run_decide(look(issue(1), pulls=(closed,), claims=approved(1)))
    assert decision.verdicts[1].state is State.HELD
    assert "@ann has taken it over (by closing #8)" in decision.verdicts[1].reasons[0]
    by_a_bot = run_decide(look(issue(1), pulls=(replace(closed, closed_by=None),), claims=approved(1)))
    assert by_a_bot.verdicts[1].state is State.NEEDS_HUMAN
    assert "`/bead give`" in by_a_bot.verdicts[1].reasons[0]


def test_take_takes_it_over_once() -> None:
    decision = run_decide(heard(comment("/bead take"), pulls=(pull(8, 1),), claims=approved(1)))
    assert touched(decision) == [(2, "worker")]
    word = known(decision).taken
    assert word is not None
    assert (word.by, word.comment) == ("ada", 7)
    assert "`/bead give`" in replies(decision)[0]
    assert declined(heard(comment("/bead take"), claims=remembered(1, taken=ANN))) == (
        "`@ann` has taken it over already; `/bead give` gives it back."
    )


def test_an_epic_is_not_taken_over() -> None:
    epic = look(issue(1, children=(2,)), issue(2, released=False, parent=1))
    assert "epic" in declined(replace(epic, comments=(comment("/bead take"),)))


def test_while_it_is_taken_nothing_touches_it() -> None:
    unknown = pull(8, 1, head=OTHER)
    for one in (pull(8, 1), pull(8, 1, behind=True), pull(8, 1, mergeable="conflict"), unknown):
        assert touched(run_decide(taken(pulls=(one,)))) == []
    assert touched(run_decide(taken(pulls=()))) == []
    assert touched(run_decide(taken(pulls=(), branches=()))) == []


# -- a run under way ----------------------------------------------------------------------------------------
RUNNING = ended(done=False, conclusion=None, report=None, artifacts_read=False)


def cancels(decision: Decision) -> list[int]:
    return [one.run_id for one in (*decision.before, *decision.after) if isinstance(one, CancelRun)]


def test_its_run_is_asked_to_end_and_the_bead_waits_for_that() -> None:
    decision = run_decide(heard(comment("/bead take"), claims=claimed(1), runs=(RUNNING,)))
    assert cancels(decision) == [5]
    assert decision.verdicts[1].state is State.HELD
    assert "@ada has taken it over; its run is asked to end" in decision.verdicts[1].reasons[0]
    assert "no failed attempt" in replies(decision)[0]
    by_a_commit = run_decide(pushed(claims=claimed(1), runs=(RUNNING,)))
    assert cancels(by_a_commit) == [5]


def test_a_run_that_only_tells_what_it_published_is_let_end() -> None:
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=HEAD, run_id=5).remember(1, taken=ANN)
    assert cancels(run_decide(look(issue(1), claims=claims, runs=(RUNNING,)))) == []


@pytest.mark.parametrize(
    "run",
    [
        ended(conclusion="cancelled", report=None),
        ended(conclusion="failure", report=report(failure="the branch moved", cost=250_000)),
        ended(conclusion="failure", report=report(cost=250_000), unpublished=77),
    ],
    ids=["cancelled", "failed", "not published"],
)
def test_how_its_run_ends_is_no_failed_attempt(run: Run) -> None:
    claims = claimed(1, correction=True).remember(1, rounds=1, failures=2, taken=ANN)
    decision = run_decide(look(issue(1), claims=claims, runs=(run,)))
    assert touched(decision) == []
    assert decision.claims is not None
    assert not decision.claims.live
    assert (known(decision).failures, known(decision).rounds, known(decision).stopped) == (2, 0, None)
    assert decision.claims.going.failures == 0
    assert sum(decision.claims.spent.values()) == (250_000 if run.report else 0)


def test_a_dispatch_that_has_not_shown_up_loses_its_claim_at_once() -> None:
    decision = run_decide(look(issue(1), claims=claimed(1).remember(1, taken=ANN)))
    assert decision.claims is not None
    assert not decision.claims.live
    assert decision.verdicts[1].state is State.HELD


# -- a merge by hand ----------------------------------------------------------------------------------------
MERGED = pull(8, 1, state="merged", head=OTHER, merged_by="ann", merge_commit="d" * 40, on_base=True)


def test_whoever_took_it_over_may_merge_it_and_that_closes_the_bead() -> None:
    decision = run_decide(taken(pulls=(MERGED,)))
    assert decision.verdicts[1].state is State.DONE
    assert decision.verdicts[1].reasons == ("merged by @ann in #8 as dddddddddddd",)
    assert any(isinstance(one, Close) for one in decision.before)
    (status,) = (one.body for one in decision.before if isinstance(one, Say) and one.number == 8)
    assert "`ann` had taken it over" in status


@pytest.mark.parametrize("unproved", [{"on_base": False}, {"on_base": None}, {"changed_files": 0}])
def test_a_merge_that_is_not_on_the_base_or_changed_nothing_closes_no_bead(
    unproved: dict[str, object],
) -> None:
    decision = run_decide(taken(pulls=(replace(MERGED, **unproved),)))  # type: ignore[arg-type]
    assert decision.verdicts[1].state is State.NEEDS_HUMAN


def test_without_having_taken_it_over_a_merge_that_no_review_approved_closes_no_bead() -> None:
    decision = run_decide(look(issue(1), pulls=(MERGED,), claims=approved(1)))
    assert decision.verdicts[1].state is State.NEEDS_HUMAN


# -- given back ---------------------------------------------------------------------------------------------
def given(claims: Claims, **changes: object) -> Snapshot:
    facts: dict[str, object] = {"pulls": (pull(8, 1),), "branches": BRANCH, "claims": claims}
    return heard(comment("/bead give"), **(facts | changes))


def test_it_is_given_back_as_it_is_and_a_persons_commit_is_reviewed() -> None:
    claims = approved(1).remember(1, taken=ANN, stopped="3 attempts failed", failures=3, rounds=2)
    theirs: dict[str, object] = {
        "pulls": (pull(8, 1, head=OTHER),),
        "branches": (("bead/1", OTHER),),
        "pushers": {"bead/1": "ann"},
    }
    decision = run_decide(given(claims, **theirs))
    assert (1, "reviewer") in dispatches(decision)
    found = known(decision)
    assert (found.taken, found.head, found.stopped, found.failures) == (None, OTHER, None, 0)
    assert signs(decision) == ["taken", "done"]
    assert decision.claims is not None
    # Their commit takes it over no more; another one would.
    settled = decision.claims.release(1)
    again = run_decide(look(issue(1), **theirs, claims=settled))
    assert again.claims is None or known(again).taken is None
    another = {"branches": (("bead/1", "e" * 40),), "pulls": (pull(8, 1, head="e" * 40),)}
    assert known(run_decide(look(issue(1), **(theirs | another), claims=settled))).taken is not None


def test_what_nobody_has_is_not_given_back_nor_what_still_runs() -> None:
    assert "Nobody has taken it over" in declined(given(approved(1)))
    ending = claimed(1).remember(1, taken=ANN)
    assert "has not ended yet" in declined(given(ending, runs=(RUNNING,)))


PUBLISHED = claimed(1, stage="published", cost=0, outcome="pr", head=HEAD)


@pytest.mark.parametrize("claims", [PUBLISHED, claimed(1)], ids=["published", "cancelled"])
def test_it_is_given_back_as_soon_as_its_run_has_ended_though_the_claims_say_so_later(claims: Claims) -> None:
    theirs: dict[str, object] = {"pulls": (pull(8, 1, head=OTHER),), "branches": (("bead/1", OTHER),)}
    snapshot = given(claims.remember(1, taken=ANN), issues=(issue(1),), runs=(ended(ended_at=NOW),), **theirs)
    first = run_decide(snapshot)
    assert signs(first) == []
    assert first.next_look == NOW
    assert first.claims is not None
    assert first.claims.live == {}
    second = run_decide(replace(snapshot, claims=first.claims))
    assert signs(second) == ["taken", "done"]
    assert known(second).taken is None
    # A question moves nothing, and waits for nothing.
    assert len(replies(run_decide(replace(snapshot, comments=(comment("/bead why"),))))) == 1


CLOSED = pull(8, 1, state="closed", closed_by="ann")


def reopens(decision: Decision) -> list[Reopen]:
    return [one for one in decision.after if isinstance(one, Reopen)]


@pytest.mark.parametrize("word", [ANN, None], ids=["taken", "closed by a bot"])
def test_a_closed_pull_request_is_opened_again_while_its_branch_is_there(word: Word | None) -> None:
    closed = CLOSED if word else replace(CLOSED, closed_by=None)
    decision = run_decide(given(approved(1).remember(1, taken=word), pulls=(closed,)))
    assert reopens(decision) == [Reopen(8, "PR_8", pull=True)]
    assert touched(decision) == [(2, "worker")]
    assert (known(decision).taken, known(decision).past) == (None, (8,))
    # Where it was not opened again another one is.
    lost = run_decide(look(issue(1), pulls=(closed,), branches=BRANCH, claims=decision.claims))
    assert [type(one) for one in touched(lost)] == [OpenPull]


def test_a_pull_request_that_is_open_again_speaks_for_its_bead_and_may_be_closed_again() -> None:
    claims = approved(1).remember(1, past=(4, 8))
    reopened = run_decide(look(issue(1), pulls=(pull(8, 1),), branches=BRANCH, claims=claims))
    assert known(reopened).past == (4,)
    again = run_decide(look(issue(1), pulls=(CLOSED,), branches=BRANCH, claims=reopened.claims))
    assert known(again).taken is not None


def test_without_its_branch_the_bead_begins_anew() -> None:
    decision = run_decide(given(approved(1).remember(1, taken=ANN), pulls=(CLOSED,), branches=()))
    assert reopens(decision) == []
    assert (1, "worker") in dispatches(decision)
    assert "begins anew" in replies(decision)[0]


def test_an_approval_of_another_head_is_worth_nothing_after_it_was_given_back() -> None:
    verdict = Verdict(head=HEAD, approve=True, run_id=5)
    claims = remembered(1, attempts=2, verdict=verdict, head=OTHER)
    decision = run_decide(pushed(claims=claims))
    assert dispatches(decision) == [(1, "reviewer")]
