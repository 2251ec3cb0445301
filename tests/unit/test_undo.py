"""A merge that is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.coordinator.actions import DeleteRef, Reopen, Revert, Say, SetLabels
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Word
from bot.coordinator.snapshot import Issue, NativeEdge, Snapshot
from bot.coordinator.undo import PATIENCE
from tests.unit.snapshots import (
    HEAD,
    NOW,
    OTHER,
    approved,
    claimed,
    comment,
    dispatches,
    issue,
    look,
    pull,
    run_decide,
)
from tests.unit.test_hear import declined, replies, signs

MERGED = pull(8, 1, state="merged", merge_commit="d" * 40, on_base=True)
ASKED = Word(by="ada", at=NOW, comment=7, head=HEAD)


def done(**changes: object) -> Issue:
    """Bead #1 as it is once it is closed."""
    return replace(issue(1), open=False, **changes)  # type: ignore[arg-type]


def merged(*open_beads: Issue, **changes: object) -> Snapshot:
    """Bead #1 is closed and merged; the look was made for it."""
    facts: dict[str, object] = {"over": (done(),), "pulls": (MERGED,), "focus": frozenset({1})}
    return look(*open_beads, **(facts | changes))


def undoing(*open_beads: Issue, **changes: object) -> Snapshot:
    """The same, when somebody has asked to undo it and the pull request that does is seen."""
    facts: dict[str, object] = {"claims": Claims(history={1: History(undo=ASKED)}), "reverts": {8: 20}}
    return merged(*open_beads, **(facts | changes))


def known(decision: Decision, bead: int = 1) -> History:
    assert decision.claims is not None
    return decision.claims.of(bead)


def labelled(decision: Decision, number: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [
        (one.add, one.remove)
        for one in decision.before
        if isinstance(one, SetLabels) and one.number == number
    ]


def told(decision: Decision) -> str:
    (said,) = (one for one in decision.before if isinstance(one, Say))
    assert (said.number, said.marker) == (1, "undo-8")
    return said.body


def reverts(decision: Decision) -> list[Revert]:
    return [one for one in decision.after if isinstance(one, Revert)]


# -- the command --------------------------------------------------------------------------------------------
UNDO = (comment("/bead undo"),)


def test_it_is_decided_on_what_was_read_for_just_that() -> None:
    decision = run_decide(merged(comments=UNDO, focus=frozenset()))
    assert decision.focus == {1}
    assert reverts(decision) == []


def test_it_asks_for_a_pull_request_that_takes_the_merge_back_and_remembers_who_wanted_that() -> None:
    decision = run_decide(merged(comments=UNDO))
    (revert,) = reverts(decision)
    assert (revert.pull, revert.node_id, revert.marker) == (8, "PR_8", "8")
    assert revert.title == 'Revert "Bead 1"'
    assert revert.body == "Reverts #8, as `@ada` asked for on bead #1."
    assert known(decision).undo == ASKED
    assert signs(decision) == ["taken", "done"]
    assert decision.next_look is not None


def test_the_comment_may_be_on_its_pull_request() -> None:
    there = comment("/bead undo", number=8, subject="PR_8", on_pull=True, bead=1)
    assert len(reverts(run_decide(merged(comments=(there,))))) == 1


@pytest.mark.parametrize(
    "pulls",
    [(), (pull(8, 1),), (pull(8, 1, state="closed"),)],
    ids=["none", "open", "closed"],
)
def test_what_is_not_merged_cannot_be_undone(pulls: tuple[object, ...]) -> None:
    assert "nothing to undo" in declined(merged(comments=UNDO, pulls=pulls))


def test_what_was_undone_is_not_undone_again() -> None:
    past = Claims(history={1: History(past=(8,))})
    assert "nothing to undo" in declined(merged(comments=UNDO, claims=past))
    under_way = Claims(history={1: History(undo=ASKED)})
    assert "being undone already" in declined(merged(comments=UNDO, claims=under_way))


def test_what_is_worked_on_is_not_undone() -> None:
    assert "`/bead stop`" in declined(merged(issue(1), comments=UNDO, claims=claimed(1)))


# -- step by step -------------------------------------------------------------------------------------------
def test_it_is_asked_for_until_it_is_seen() -> None:
    waiting = undoing(reverts={})
    assert len(reverts(run_decide(waiting))) == 1
    decision = run_decide(waiting, NOW + PATIENCE - timedelta(seconds=1))
    assert len(reverts(decision)) == 1
    assert decision.before == ()
    assert decision.claims is None


def test_the_bead_is_opened_again_and_not_released() -> None:
    decision = run_decide(undoing())
    assert Reopen(1, "I_1") in decision.before
    assert labelled(decision, 1) == [((), ("ready",))]
    assert known(decision) == History(past=(8,))
    assert "`@ada` asked to undo this. #20 takes #8 back" in told(decision)
    assert reverts(decision) == []


def test_what_its_branch_still_holds_of_the_merge_goes() -> None:
    decision = run_decide(undoing(branches=(("bead/1", HEAD),)))
    assert DeleteRef("refs/heads/bead/1", HEAD) in decision.before
    moved = run_decide(undoing(branches=(("bead/1", OTHER),)))
    assert not any(isinstance(one, DeleteRef) for one in moved.before)


def test_where_github_makes_no_such_pull_request_people_are_told_to_revert_by_hand() -> None:
    decision = run_decide(undoing(reverts={}), NOW + PATIENCE)
    assert "revert `dddddd" in told(decision)
    assert Reopen(1, "I_1") in decision.before
    assert known(decision).past == (8,)


def test_below_an_open_epic_it_is_held_because_that_may_release_it() -> None:
    below = done(parent=9)
    decision = run_decide(undoing(issue(9, "epic", children=(1, 2)), over=(below,)))
    assert labelled(decision, 1) == [(("hold",), ("ready",))]
    assert "`/bead unhold`" in told(decision)
    assert decision.verdicts.get(9) is None  # its child is open again, so it is not over


def test_what_waits_for_it_is_held_with_the_reason() -> None:
    native = replace(issue(3), native=(NativeEdge(1, open=False),))
    elsewhere = replace(issue(4), native=(NativeEdge(1, open=False, repository="octo/other"),))
    beads = (issue(2, "blocked-by:#1"), native, elsewhere, issue(5, "blocked-by:#1", "hold"))
    snapshot = undoing(*beads, closed=frozenset({1}))
    decision = run_decide(snapshot)
    assert [labelled(decision, number) for number in (2, 3, 5)] == [[(("hold",), ())], [(("hold",), ())], []]
    assert dispatches(decision) == [(4, "worker")]
    hold = known(decision, 2).hold
    assert hold is not None
    assert (hold.by, hold.reason) == ("ada", "#1, which it waited for, was undone")
    held = run_decide(look(issue(2, "hold"), claims=decision.claims))
    assert held.verdicts[2].state is State.HELD
    assert held.verdicts[2].reasons == ("@ada holds it: #1, which it waited for, was undone",)


def test_when_nothing_of_it_is_to_be_seen_any_more_it_is_let_go() -> None:
    assert known(run_decide(undoing(pulls=()))) == History()


def test_it_is_asked_for_again_when_the_look_was_not_made_for_it() -> None:
    decision = run_decide(undoing(focus=frozenset()))
    assert decision.focus == {1}
    assert decision.claims is None


# -- afterwards ---------------------------------------------------------------------------------------------
def reopened(*labels: str, **changes: object) -> Snapshot:
    claims = Claims(history={1: History(past=(8,))})
    return look(issue(1, *labels), pulls=(MERGED,), claims=claims, **changes)


def test_the_old_merge_proves_nothing_and_a_release_is_a_new_attempt() -> None:
    decision = run_decide(reopened())
    assert dispatches(decision) == [(1, "worker")]
    assert decision.claims is not None
    assert decision.claims.live[1].attempt == 1
    waiting = replace(reopened(), issues=(issue(1, released=False),))
    assert run_decide(waiting).verdicts[1].state is State.PLANNED


def test_its_next_merge_is_proved_like_any_other_and_its_past_stays_known() -> None:
    again = replace(MERGED, number=21, id="PR_21", head=OTHER)
    claims = approved(1, OTHER).remember(1, past=(8,))
    decision = run_decide(look(issue(1), pulls=(MERGED, again), claims=claims))
    assert decision.verdicts[1].state is State.DONE
    assert known(decision) == History(past=(8,))
    assert run_decide(look(issue(2, released=False), claims=decision.claims)).claims is None


def test_the_claims_of_a_bead_that_is_being_undone_are_not_forgotten_while_it_is_closed() -> None:
    decision = run_decide(undoing(issue(2), reverts={}))
    assert known(decision).undo == ASKED
    assert replies(decision) == []
