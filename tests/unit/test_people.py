"""Who is told that a bead needs a person, when, and how often."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.beads.authority import Permission
from bot.coordinator.actions import Assign, Say, Unsay
from bot.coordinator.claims import Claims
from bot.coordinator.history import Word
from bot.coordinator.people import as_remembered
from bot.coordinator.snapshot import Edit, Snapshot
from tests.unit.snapshots import NOW, OTHER, OWN, PERSON, issue, look, pull, remembered, run_decide, said


def needy(**history: object) -> Snapshot:
    """A bead that a person has to look at."""
    return look(issue(1), claims=remembered(1, stopped="3 attempts failed", **history))


def test_who_released_a_bead_is_told_once_that_it_needs_a_person() -> None:
    first = run_decide(needy())
    (comment,) = said(first)
    assert (comment.number, comment.marker) == (1, "person-1")
    assert comment.body == f"@{PERSON}: this bead needs a person:\n\n- 3 attempts failed"
    assert Assign(1, (PERSON,)) in first.before
    assert first.claims is not None
    again = run_decide(replace(needy(), claims=first.claims))
    assert again.before == ()
    assert again.claims is None


def test_nobody_is_called_where_a_bot_released_the_bead() -> None:
    helper = "helper[bot]"
    bead, may = replace(issue(1), released_by=helper), {helper: Permission.WRITE}
    stopped = remembered(1, stopped="3 attempts failed")
    decision = run_decide(look(bead, claims=stopped, authority=may))
    (comment,) = said(decision)
    assert "@" not in comment.body
    assert not any(isinstance(action, Assign) for action in decision.before)


def test_who_released_an_epic_or_said_ready_is_who_is_told() -> None:
    epic = issue(2, "epic", children=(1,))
    child = issue(1, released=False, parent=2)
    stopped = remembered(1, stopped="3 attempts failed")
    assert said(run_decide(look(child, epic, claims=stopped)))[0].body.startswith(f"@{PERSON}: ")
    word = Word(by="bea", at=NOW)
    by_command, may = replace(issue(1), released_by=OWN), {"bea": Permission.WRITE}
    told = said(run_decide(look(by_command, claims=stopped.remember(1, release=word), authority=may)))
    assert told[0].body.startswith("@bea: ")


def test_who_released_a_bead_is_told_that_an_edit_ended_that() -> None:
    edited = replace(issue(1), edits=(Edit("sam", NOW),))
    decision = run_decide(look(edited))
    assert said(decision)[0].body.startswith(f"@{PERSON}: this bead needs a person:")
    assert Assign(1, (PERSON,)) in decision.before


def test_a_need_that_is_over_is_said_so_and_the_next_one_is_a_new_comment() -> None:
    asked = {"told": "an old need", "asked": 1}
    over = run_decide(look(issue(1), claims=remembered(1, **asked)))
    assert said(over) == [Say(1, "I_1", "person-1", "This bead needs nobody any more.")]
    assert over.claims is not None
    assert over.claims.of(1).over == NOW
    again = run_decide(needy(over=NOW, **asked))
    assert again.before[0] == Unsay(1, "I_1", "person-1")
    assert [say.marker for say in said(again)] == ["person-2"]
    assert again.claims is not None
    assert (again.claims.of(1).asked, again.claims.of(1).over) == (2, None)


def test_a_bead_that_somebody_closes_needs_nobody() -> None:
    asked = remembered(1, told="an old need", asked=2)
    decision = run_decide(look(claims=asked, gone={1: "I_1"}))
    assert said(decision) == [Say(1, "I_1", "person-2", "This bead needs nobody any more.")]
    assert decision.claims == Claims()


def test_the_same_need_within_minutes_is_no_new_one() -> None:
    first = run_decide(needy())
    assert first.claims is not None
    known = first.claims.remember(1, over=NOW)
    back = run_decide(replace(needy(), claims=known), NOW + timedelta(minutes=9))
    assert back.before == tuple(said(first))
    later = run_decide(replace(needy(), claims=known), NOW + timedelta(minutes=10))
    assert [say.marker for say in said(later)] == ["person-2"]


def test_nobody_else_is_called_whom_a_reason_names() -> None:
    merged = pull(8, 1, state="merged", merge_commit=OTHER, on_base=True, merged_by="bea")
    (comment,) = said(run_decide(look(issue(1), pulls=(merged,))))
    assert re.findall(r"@(?=\w)\w+", comment.body) == [f"@{PERSON}"]
    assert "bea merged #8" in comment.body


def test_a_need_that_changes_while_it_lasts_is_the_same_comment() -> None:
    decision = run_decide(needy(told="2 attempts failed", asked=1))
    assert decision.before == (
        Say(1, "I_1", "person-1", f"@{PERSON}: this bead needs a person:\n\n- 3 attempts failed"),
    )


def test_a_comment_of_a_lost_race_goes_or_says_what_the_claims_remember() -> None:
    doubted = Say(1, "I_1", "person-2", "something")
    now = remembered(1, told="as it is", asked=2)
    assert as_remembered(doubted, now) == (replace(doubted, body="as it is"),)
    first = Say(1, "I_1", "person-1", "as it was")
    gone = Unsay(1, "I_1", "person-2")
    assert as_remembered(doubted, remembered(1, told="as it was", asked=1)) == (gone, first)
    assert as_remembered(doubted, remembered(1, told="as it was", asked=1, over=NOW)) == (gone,)
    assert as_remembered(doubted, Claims()) == (gone,)


def test_wrong_labels_and_a_wrong_policy_call_nobody() -> None:
    labelled = run_decide(look(issue(1, "P1", "P2")))
    assert said(labelled) == []
    assert any("P1" in note for note in labelled.notes[1])
    faulty = run_decide(look(issue(1), policy_fault="beadwright.yml: line 3: no"))
    assert said(faulty) == []
    assert faulty.verdicts[1].reasons == ("beadwright.yml: line 3: no",)
