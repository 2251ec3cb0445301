"""What comments do: who may say what, where, once, and what is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.authority import Authority, Permission
from bot.beads.commands import Name
from bot.beads.policy import Policy
from bot.beads.policy_file import load_policy
from bot.coordinator.actions import Action, CancelRun, Dispatch, Merge, React, Say, SetLabels, ShowEdge
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Decision, State
from bot.coordinator.hear import EFFECTS
from bot.coordinator.snapshot import Comment, NativeEdge, Press, Run, Snapshot
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
    run_decide,
    unshown,
)


def heard(*comments: Comment, **changes: object) -> Snapshot:
    """Three beads, the first two released, and these comments."""
    known = look(issue(1), issue(2), issue(3, released=False), heard_until=NOW)
    return replace(known, comments=comments, **changes)  # type: ignore[arg-type]


def replies(decision: Decision) -> list[str]:
    return [one.body for one in decision.after if isinstance(one, Say) and one.marker.startswith("answer-")]


def signs(decision: Decision) -> list[str]:
    return [one.sign for one in (*decision.before, *decision.after) if isinstance(one, React)]


def labelled(actions: tuple[Action, ...]) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    ours = ("bead:running", "bead:in-review", "bead:needs-human")
    return [
        (one.number, one.add, one.remove)
        for one in actions
        if isinstance(one, SetLabels) and not set(ours) & {*one.add, *one.remove}
    ]


def refused(snapshot: Snapshot) -> list[str]:
    """The replies of a decision that does nothing but refuse."""
    decision = run_decide(snapshot)
    quiet = run_decide(replace(snapshot, comments=()))
    assert signs(decision) == ["refused"] * len(snapshot.comments)
    assert decision.verdicts == quiet.verdicts
    assert decision.before == quiet.before
    assert (decision.claims or Claims()).history == (quiet.claims or Claims()).history
    return replies(decision)


def declined(snapshot: Snapshot) -> str:
    """The reply of a decision that finds a command out of place, and does nothing of it."""
    decision = run_decide(snapshot)
    quiet = run_decide(replace(snapshot, comments=()))
    assert signs(decision)[-1] == "refused"
    assert decision.verdicts == quiet.verdicts
    assert (decision.claims or snapshot.claims).history == (quiet.claims or snapshot.claims).history
    (reply,) = replies(decision)
    return reply


# -- once ---------------------------------------------------------------------------------------------------
def test_a_command_takes_effect_with_the_record_of_its_answer() -> None:
    decision = run_decide(heard(comment("/bead hold the API changes")))
    assert decision.claims is not None
    assert labelled(decision.before) == [(1, ("hold",), ())]
    word = decision.claims.of(1).hold
    assert word is not None
    assert (word.by, word.comment, word.reason) == ("ada", 7, "the API changes")
    assert decision.claims.answers[7].done
    assert signs(decision) == ["taken", "done"]
    assert dispatches(decision) == [(2, "worker")]  # it holds in this very pass


def test_a_command_that_is_met_again_is_answered_again_and_does_nothing() -> None:
    first = run_decide(heard(comment("/bead hold", taken=True)))
    assert first.claims is not None
    # A person has taken the label off in between; nobody has seen our reaction yet.
    again = run_decide(heard(comment("/bead hold", taken=True), claims=first.claims))
    assert labelled(again.before) == []
    assert signs(again) == ["done"]
    assert 1 in {bead for bead, _ in dispatches(again)}


def test_an_answer_is_forgotten_when_its_comment_is_met_no_more() -> None:
    first = run_decide(heard(comment("/bead priority P1")))
    assert first.claims is not None
    assert first.claims.heard_until == NOW - timedelta(minutes=1)
    soon = NOW + timedelta(minutes=59)
    kept = run_decide(replace(heard(claims=first.claims), heard_until=soon), NOW + timedelta(hours=3))
    assert kept.claims is not None
    assert set(kept.claims.answers) == {7}
    late = NOW + timedelta(minutes=61)
    gone = run_decide(replace(heard(claims=first.claims), heard_until=late), NOW + timedelta(hours=3))
    assert gone.claims is not None
    assert not gone.claims.answers


def test_where_nothing_else_moves_what_was_heard_is_recorded_once_an_hour() -> None:
    idle = look(issue(1, released=False), claims=Claims(heard_until=NOW))
    assert run_decide(replace(idle, heard_until=NOW + timedelta(minutes=59))).claims is None
    recorded = run_decide(replace(idle, heard_until=NOW + timedelta(minutes=60))).claims
    assert recorded is not None
    assert recorded.heard_until == NOW + timedelta(minutes=60)


def test_a_comment_that_waits_for_its_answer_is_not_passed() -> None:
    old = comment("/bead why", at=NOW - timedelta(hours=5), permission=Permission.NONE)
    decision = run_decide(heard(old))
    assert decision.claims is not None
    assert decision.claims.heard_until == old.at


def test_comments_are_heard_in_the_order_in_which_they_were_written() -> None:
    late = comment("/bead unhold", id="IC_9", database_id=9, at=NOW)
    decision = run_decide(heard(late, comment("/bead hold")))
    assert labelled(decision.before) == [(1, ("hold",), ()), (1, (), ("hold",))]
    assert decision.claims is not None
    assert decision.claims.of(1).hold is None


def test_with_one_bad_command_nothing_of_a_comment_is_done() -> None:
    assert refused(heard(comment("/bead hold\n/bead redy"))) == [
        "`/bead redy` is no command; did you mean `/bead ready`?\n\nNothing of this comment was done."
    ]


def test_with_one_command_that_cannot_be_done_nothing_of_a_comment_is_done() -> None:
    decision = run_decide(heard(comment("/bead hold\n/bead stop")))
    assert signs(decision) == ["taken", "refused"]
    assert labelled(decision.before) == []
    assert decision.claims is not None
    assert decision.claims.of(1).hold is None
    assert replies(decision) == [
        "Nothing of it runs; `/bead hold` keeps it from going on. Nothing else of this comment was done."
    ]


def test_several_commands_of_a_comment_are_one_change() -> None:
    body = "/bead priority P0\n/bead type bug\n/bead blocked-by #2"
    decision = run_decide(heard(comment(body)))
    assert labelled(decision.before) == [(1, ("P0",), ()), (1, ("bug",), ()), (1, ("blocked-by:#2",), ())]
    assert dispatches(decision) == [(2, "worker")]
    assert signs(decision) == ["taken", "done"]
    assert decision.next_look == NOW  # what the labels say is read back


def test_a_question_moves_no_claims() -> None:
    snapshot = heard(
        comment("/bead help"), issues=(issue(3, released=False),), claims=Claims(heard_until=NOW)
    )
    decision = run_decide(snapshot)
    assert decision.claims is None
    (told,) = replies(decision)
    assert "| `/bead hold [REASON]` | triage |" in told


def test_every_command_has_an_effect() -> None:
    assert set(EFFECTS) == set(Name)


# -- who ----------------------------------------------------------------------------------------------------
def test_the_policy_says_what_permission_a_command_needs() -> None:
    said = comment("/bead ready", permission=Permission.TRIAGE, number=3)
    assert refused(heard(said)) == [
        "`/bead ready` needs write permission on this repository; you, or whoever edited your comment, have"
        " triage."
    ]
    lax = Policy(authority=Authority(release="triage"))
    assert signs(run_decide(heard(said, policy=lax))) == ["taken", "done"]
    held = run_decide(heard(comment("/bead hold", permission=Permission.TRIAGE)))
    assert signs(held) == ["taken", "done"]


def test_what_a_stranger_says_moves_nothing_and_has_one_reply_on_an_issue() -> None:
    first = comment("/bead hold", permission=Permission.READ, login="eve")
    second = replace(first, id="IC_8", database_id=8, body="/bead merge")
    decision = run_decide(heard(first, second, claims=Claims(heard_until=NOW)))
    assert signs(decision) == ["refused", "refused"]
    markers = {one.marker for one in unshown(decision.after) if isinstance(one, Say)}
    assert markers == {"answer-to-eve"}
    assert (decision.claims or Claims()).answers == {}


def test_a_bot_that_is_not_let_in_has_no_reply() -> None:
    said = comment("/bead hold", permission=Permission.NONE, login="helper[bot]")
    assert refused(heard(said)) == []


def test_of_one_persons_comments_in_an_hour_only_so_many_are_answered() -> None:
    last = comment("/bead hold", earlier=29)
    assert signs(run_decide(heard(last))) == ["taken", "done"]
    assert refused(heard(replace(last, earlier=30))) == []


# -- where --------------------------------------------------------------------------------------------------
def test_an_issue_that_is_no_bead_is_told_how_it_becomes_one() -> None:
    said = comment("/bead hold", number=9, bead=None)
    assert refused(heard(said)) == [
        "This is no bead: label it `bead`, or write `/bead ready` in a comment of its own."
    ]


def test_a_yes_where_nothing_was_planned_is_told_how_it_is_planned() -> None:
    for said in ("/bead approve", "/bead revise leave the report out"):
        found = heard(comment(said, number=9, bead=None))
        assert refused(found) == ["Nothing is proposed here: `/bead plan` has it planned."]


def test_ready_makes_any_open_issue_a_released_bead() -> None:
    decision = run_decide(heard(comment("/bead ready", number=9, bead=None)))
    assert labelled(decision.before) == [(9, ("bead", "ready"), ())]
    assert decision.claims is not None
    word = decision.claims.of(9).release
    assert word is not None
    assert word.by == "ada"
    # It may take a moment until it shows as a bead.
    assert run_decide(heard(claims=decision.claims)).claims != Claims()
    closed = comment("/bead ready", number=9, bead=None, open=False)
    assert refused(heard(closed)) == ["This issue is closed: reopen it, then `/bead ready` works."]


def test_what_is_said_to_an_issue_that_has_just_become_a_bead_waits_for_the_next_look() -> None:
    made = comment("/bead ready", number=9, bead=None)
    more = replace(made, id="IC_8", database_id=8, body="/bead priority P0", at=NOW)
    decision = run_decide(heard(more, made))
    assert signs(decision) == ["taken", "done"]
    assert decision.next_look == NOW
    # It carries the label by then, also when the list of beads does not show it yet.
    again = run_decide(heard(replace(more, bead=9)))
    assert replies(again) == [
        "This is no bead: label it `bead`, or write `/bead ready` in a comment of its own."
    ]
    shown = run_decide(heard(replace(more, bead=9), issues=(issue(9),)))
    assert labelled(shown.before) == [(9, ("P0",), ())]


def test_a_bead_that_is_released_by_a_command_runs_in_the_same_pass() -> None:
    said = comment("/bead ready", number=3, bead=3)
    decision = run_decide(heard(said, authority={"ada": Permission.MAINTAIN}, own="beadwright[bot]"))
    assert labelled(decision.before) == [(3, ("ready",), ())]
    assert (3, "worker") in dispatches(decision)


def test_on_a_pull_request_a_command_is_about_its_bead() -> None:
    said = comment("/bead hold", number=20, subject="PR_20", on_pull=True, bead=1)
    decision = run_decide(heard(said, pulls=(pull(20, 1),)))
    assert labelled(decision.before) == [(1, ("hold",), ())]
    foreign = replace(said, bead=None)
    assert refused(heard(foreign)) == ["This pull request is of no bead: only one from a branch `bead/N` is."]
    over = replace(said, bead=8)
    assert refused(heard(over)) == ["Bead #8 is closed: reopen it, then `/bead hold` works."]


def test_a_command_in_a_quote_is_not_answered() -> None:
    decision = run_decide(heard(comment("> /bead hold")))
    assert signs(decision) == []
    assert replies(decision) == []


# -- the beads ----------------------------------------------------------------------------------------------
def test_hold_says_that_a_run_goes_on_and_stop_ends_it() -> None:
    claims = claimed(1)
    held = run_decide(heard(comment("/bead hold"), claims=claims))
    assert replies(held) == ["Its run ends as it would, and then it waits; `/bead stop` ends the run now."]
    stopped = run_decide(heard(comment("/bead stop"), claims=claims))
    assert stopped.claims is not None
    assert 1 not in stopped.claims.live  # no run has shown up: it ends in its first step


def test_a_run_that_was_stopped_is_nobodys_failure() -> None:
    claims = claimed(1)
    run = Run(id=5, token=LIVE, done=False, conclusion=None)
    decision = run_decide(heard(comment("/bead stop"), claims=claims, runs=(run,)))
    assert CancelRun(5) in decision.after
    assert decision.claims is not None
    assert 1 in decision.claims.live  # until the run has ended
    over = ended(conclusion="cancelled", report=None)
    after = run_decide(heard(issues=(issue(1, "hold"),), claims=decision.claims, runs=(over,)))
    assert after.claims is not None
    assert 1 not in after.claims.live
    assert after.claims.of(1).failures == 0
    assert after.verdicts[1].state is State.HELD


def test_whoever_takes_the_label_off_ends_the_hold() -> None:
    claims = run_decide(heard(comment("/bead hold for the API"))).claims
    assert claims is not None
    held = run_decide(heard(issues=(issue(1, "hold"),), claims=claims))
    assert held.verdicts[1].reasons == ("@ada holds it: for the API",)
    free = run_decide(heard(claims=claims))
    assert free.claims is not None
    assert free.claims.of(1).hold is None
    assert (1, "worker") in dispatches(free)


def test_review_forgets_what_was_found() -> None:
    claims = approved(1)
    decision = run_decide(heard(comment("/bead review"), claims=claims, pulls=(pull(20, 1),)))
    assert decision.claims is not None
    assert decision.claims.of(1).verdict is None
    assert (1, "reviewer") in dispatches(decision)


def test_retry_begins_counting_again() -> None:
    claims = remembered(1, attempts=3, failures=3, stopped="3 attempts failed")
    decision = run_decide(heard(comment("/bead retry"), claims=claims))
    assert (1, "worker") in dispatches(decision)
    told = run_decide(heard(comment("/bead retry")))
    assert replies(told) == ["Nothing has stopped it: `/bead why` says what it waits for."]


def test_a_cycle_over_an_epic_is_refused_too() -> None:
    issues = (issue(1, parent=2), issue(2, released=False), issue(3, "blocked-by:#2"))
    for blocker, cycle in (
        (2, "#1 is blocked by #2, #2 waits for its child #1"),
        (3, "#1 is blocked by #3, #3 is blocked by #2, #2 waits for its child #1"),
    ):
        decision = run_decide(heard(comment(f"/bead blocked-by #{blocker}"), issues=issues))
        assert replies(decision) == [f"They would wait for each other for ever: {cycle}."]


def test_a_cycle_is_refused_and_written_out() -> None:
    issues = (issue(1), issue(2, "blocked-by:#1"), issue(3, "blocked-by:#2"))
    decision = run_decide(heard(comment("/bead blocked-by #3"), issues=issues))
    (told,) = replies(decision)
    assert told.startswith("They would wait for each other for ever: ")
    assert all(f"#{number}" in told for number in (1, 2, 3))
    assert signs(decision) == ["taken", "refused"]


def test_a_cycle_over_two_comments_is_refused_too() -> None:
    one = comment("/bead blocked-by #2")
    other = comment("/bead blocked-by #1", number=2, id="IC_8", database_id=8, at=NOW)
    decision = run_decide(heard(one, other))
    assert labelled(decision.before) == [(1, ("blocked-by:#2",), ())]
    assert len(replies(decision)) == 1


def test_unblock_takes_away_the_label_and_githubs_own_dependency() -> None:
    edges = (NativeEdge(2, open=True, id=1002), NativeEdge(40, open=True, id=1040))
    bead = replace(issue(1, "blocked-by:#2"), native=edges)
    decision = run_decide(heard(comment("/bead unblock #2 #40"), issues=(bead, issue(2))))
    assert SetLabels(1, "I_1", remove=("blocked-by:#2",)) in decision.before
    gone = [one for one in decision.before if isinstance(one, ShowEdge)]
    assert gone == [ShowEdge(1, 1002, add=False), ShowEdge(1, 1040, add=False)]
    assert (1, "worker") in dispatches(decision)
    assert not any(isinstance(one, ShowEdge) for one in decision.after)


def test_commands_write_the_labels_as_the_repository_calls_them() -> None:
    policy = load_policy(
        "labels: {bead: work, ready: go, hold: wait, blocked_by: 'after #', defer: 'not before ',"
        " complexity: size/, types: {bug: kind/bug}, priorities: {P0: urgent}}"
    )
    beads = tuple(replace(issue(number), labels=("work", "go")) for number in (1, 2))
    said = "/bead type bug\n/bead priority P0\n/bead complexity high\n/bead blocked-by #2\n/bead hold"
    decision = run_decide(heard(comment(said), issues=beads, policy=policy))
    added = {name for _, names, _ in labelled(decision.before) for name in names}
    assert added == {"kind/bug", "urgent", "size/high", "after #2", "wait"}


def test_a_command_that_waits_for_the_end_of_a_run_is_not_overtaken_by_a_later_one() -> None:
    claims = claimed(1, stage="published", cost=0, outcome="pr", head=HEAD)
    first, later = comment("/bead pause"), comment("/bead resume", 2, id="IC_8", database_id=8, at=NOW)
    known = heard(first, later, claims=claims, pulls=(pull(20, 1),), runs=(ended(ended_at=NOW, report=None),))
    decision = run_decide(known)
    assert decision.claims is not None
    assert decision.claims.going.paused is None
    assert {7, 8} == set(decision.claims.answers)


@pytest.mark.parametrize("role", ["worker", "reviewer"])
def test_nothing_begins_on_a_bead_and_nothing_of_it_is_merged_while_a_command_waits(role: str) -> None:
    outcome = "approve" if role == "reviewer" else "pr"
    claims = claimed(1, role, stage="published", cost=0, outcome=outcome, head=HEAD)
    known = heard(claims=claims, pulls=(pull(20, 1),), runs=(ended(ended_at=NOW, report=None),))
    moved = (Merge, Dispatch)
    assert any(isinstance(one, moved) and of_one(one) for one in run_decide(known).after)
    held = run_decide(replace(known, comments=(comment("/bead hold"),)))
    assert not any(isinstance(one, moved) and of_one(one) for one in held.after)
    assert held.claims is not None
    later = run_decide(replace(known, comments=(comment("/bead hold"),), claims=held.claims))
    assert labelled(later.before) == [(1, ("hold",), ())]
    assert not any(isinstance(one, moved) and of_one(one) for one in later.after)


def of_one(action: Action) -> bool:
    return (isinstance(action, Merge) and action.pull == 20) or (
        isinstance(action, Dispatch) and action.bead == 1
    )


def test_a_pause_counts_no_run_that_has_ended() -> None:
    claims = claimed(1, stage="published", cost=0, outcome="pr", head=HEAD)
    known = heard(comment("/bead pause", 2), claims=claims, runs=(ended(ended_at=NOW, report=None),))
    assert "under way" not in replies(run_decide(known))[0]
    assert "1 under way ends" in replies(run_decide(replace(known, runs=())))[0]


# -- buttons ------------------------------------------------------------------------------------------------
def pressed(button: str, permission: Permission = Permission.WRITE, head: str = HEAD) -> Decision:
    return run_decide(
        heard(
            claims=approved(1),
            pulls=(pull(20, 1),),
            presses=(Press(head, button, "ada"),),
            authority={**look().authority, "ada": permission},
        )
    )


def test_a_button_is_a_command_of_whoever_pressed_it() -> None:
    again = pressed("review")
    assert (1, "reviewer") in dispatches(again)
    held = pressed("hold", Permission.TRIAGE)
    assert labelled(held.before) == [(1, ("hold",), ())]
    assert held.claims is not None
    word = held.claims.of(1).hold
    assert word is not None
    assert (word.by, word.comment) == ("ada", None)
    assert signs(held) == []
    assert held.claims.answers == {}


def test_a_button_is_heard_though_the_claims_say_only_later_that_the_review_has_ended() -> None:
    claims = claimed(1, "reviewer", stage="published", cost=0, outcome="approve", head=HEAD)
    known = heard(
        claims=claims,
        pulls=(pull(20, 1),),
        runs=(ended(ended_at=NOW, report=None),),
        authority={**look().authority, "ada": Permission.WRITE},
    )
    assert (1, "reviewer") not in dispatches(run_decide(known))
    again = run_decide(replace(known, presses=(Press(HEAD, "review", "ada"),)))
    assert (1, "reviewer") in dispatches(again)


def test_a_button_does_nothing_for_who_may_not_or_on_another_head() -> None:
    quiet = run_decide(
        heard(
            claims=approved(1), pulls=(pull(20, 1),), authority={**look().authority, "ada": Permission.WRITE}
        )
    )
    for decision in (
        pressed("hold", Permission.READ),
        pressed("review", Permission.TRIAGE),
        pressed("hold", head=OTHER),
        pressed("merge"),
    ):
        assert decision == quiet
