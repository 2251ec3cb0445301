"""Proposals of beads on their way: asked for, shown, approved or not, made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.beads.authority import Authority, Permission
from bot.beads.body import parse_body
from bot.beads.model import Role
from bot.beads.plan import PlanAnswer
from bot.beads.policy import Policy
from bot.coordinator.actions import Close, CreateBead, Dispatch, Say, SetBody, SetLabels
from bot.coordinator.claims import Checkins, Claims
from bot.coordinator.comment_parts import LIMIT
from bot.coordinator.decision import State
from bot.coordinator.history import History, Planning
from bot.coordinator.people import as_remembered
from bot.coordinator.plan_comment import PLAN, proposal_of
from bot.coordinator.snapshot import Edit, Issue, ShownText, Snapshot
from bot.coordinator.wanted import proposals_to_read, runs_to_read
from tests.unit.planned import (
    ASKED,
    GOAL,
    ONE,
    RUN,
    SEVEN,
    SHOWN,
    after,
    answer,
    answered,
    bead,
    goal,
    made,
    planning,
    proposed,
    reply,
    says,
    shown,
    to_the_end,
    waiting,
    written,
)
from tests.unit.snapshots import (
    NOW,
    OWN,
    RELEASED,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
    statuses,
)

TITLES = [one.title for one in SEVEN.beads]
OTHER_TEXT = ShownText("0" * 16, SHOWN)


# -- asking -------------------------------------------------------------------------------------------------
def test_what_is_no_bead_becomes_one_that_is_planned_and_not_released() -> None:
    plain = says("/bead plan", bead=None)
    decision = run_decide(look(comments=(plain,)))
    assert [one for one in decision.before if isinstance(one, SetLabels)] == [
        SetLabels(1, "I_1", add=("bead",))
    ]
    assert planning(decision).role == "writer"
    assert dispatches(run_decide(look(goal(), claims=decision.claims))) == [(1, "writer")]


def test_a_released_bead_is_planned_before_it_is_worked_on() -> None:
    released = replace(issue(1), body=GOAL)
    decision = answered(look(released), "/bead plan")
    assert dispatches(decision) == [(1, "writer")]


def test_an_epic_without_children_is_planned_as_well() -> None:
    assert dispatches(answered(look(goal(1, "epic")), "/bead plan")) == [(1, "writer")]


LIVE_PLAN = claimed(1, "writer").remember(1, planning=Planning(role="writer", word=ASKED))
MAKING = remembered(1, planning=Planning(role="writer", word=ASKED, run_id=RUN, stage="approved", yes=ASKED))


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        (look(goal(), claims=claimed(1)), "It is being worked on right now; `/bead stop` ends that."),
        (look(goal(), claims=LIVE_PLAN), "It is being planned right now; `/bead stop` ends that."),
        (look(goal(), pulls=(pull(8, 1),)), "It is worked on already: #8 is there."),
        (look(replace(goal(), children=(2, 3))), "It has sub-issues already (#2, #3): plan one of them"),
        (look(goal(1, "reconcile")), "It is there to reconcile an epic"),
        (look(goal(body="<!-- what? -->\n")), "Its text is empty: write what is to be true"),
        (look(goal(), claims=remembered(1, taken=ASKED)), "`@maya` has it; `/bead give`"),
        (look(goal(), claims=MAKING), "is approved, and its beads are being made"),
    ],
    ids=["work", "plan", "pull", "children", "reconcile", "empty", "taken", "making"],
)
def test_what_cannot_be_planned_is_refused_with_what_to_do(snapshot: Snapshot, why: str) -> None:
    decision = answered(snapshot, "/bead plan")
    assert why in reply(decision)
    assert not any(isinstance(one, Dispatch) for one in decision.after)


@pytest.mark.parametrize("command", ["plan", "propose"])
def test_nothing_is_planned_on_the_issue_that_tells_check_ins(command: str) -> None:
    decision = answered(look(goal(), claims=Claims(checkins=Checkins(issue=1))), f"/bead {command}")
    assert "nothing is built here" in reply(decision)
    assert not any(isinstance(one, Dispatch) for one in decision.after)


def test_a_closed_issue_is_not_planned() -> None:
    decision = run_decide(look(comments=(says("/bead plan", open=False),)))
    assert "is closed: reopen it" in reply(decision)


def test_an_empty_text_is_told_where_it_is_seen_only_when_the_issue_has_become_a_bead() -> None:
    claims = remembered(1, planning=Planning(role="writer", word=ASKED))
    decision = run_decide(look(goal(body=""), claims=claims))
    assert dispatches(decision) == []
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "Its text is empty" in decision.verdicts[1].reasons[0]


# -- what came of it ----------------------------------------------------------------------------------------
def test_a_plan_is_shown_whole_before_the_claims_say_so_and_nothing_is_made() -> None:
    decision = proposed(SEVEN)
    text = shown(decision)
    assert text.startswith("**7 beads are proposed** · [run](https://github.com/octo/sample/actions/runs/5)")
    assert "| 4 | Sum what days hold | task | P2 | medium | 2, 3 |  |" in text
    assert "  p2 --> p4" in text
    assert "- waves, each of what can go at the same time: 1 → 2, 3 → 4 → 5 → 6 → 7" in text
    assert "- longest chain: 6 (1 → 2 → 4 → 5 → 6 → 7)" in text
    assert "- expected cost: up to $10.00; too few beads have been worked on here to know" in text
    assert "<details><summary>3. Read days back</summary>\n\n> ## Outcome\n>\n> Read days back: that" in text
    assert (planning(decision).stage, planning(decision).run_id) == ("shown", RUN)
    assert not any(isinstance(one, CreateBead | SetBody) for one in decision.before)
    assert decision.verdicts[1].state is State.NEEDS_HUMAN


def test_who_asked_is_told_that_it_waits_for_them() -> None:
    (told,) = [one for one in proposed(ONE).before if isinstance(one, Say) and one.marker == "person-1"]
    assert told.body.startswith("@maya: this bead needs a person:")
    assert "waits for `/bead approve`" in told.body


def test_what_is_shown_says_how_it_is_dropped_and_what_cannot_be_made_not_to_approve_it_again() -> None:
    assert "Taking the label `bead` off drops it" in statuses(proposed(ONE))[1]
    stuck = statuses(run_decide(replace(approved(), reports={})))[1]
    assert "/bead approve" not in stuck


def test_what_beads_have_cost_here_tells_what_others_will() -> None:
    tried = {"attempt": 1, "role": "worker", "run_id": 4, "outcome": "pr"}
    others = [issue(number) for number in (11, 12, 13)]
    claims = Claims(
        history={
            1: History(planned=1, attempts=1, planning=Planning(role="writer", word=ASKED)),
            **{
                one.number: History.model_validate({"attempts": 1, "spent": 300_000, "tried": [tried]})
                for one in others
            },
        }
    )
    live = claimed(1, "writer", stage="published", outcome="proposed").live
    snapshot = look(goal(), *others, claims=claims.model_copy(update={"live": live}))
    run = ended(id=RUN, report=report(role="writer", worker=None, head=None, writer=SEVEN, cost=0))
    assert "about $1.50; the 3 beads that are under way here have cost $0.30 each so far" in shown(
        run_decide(replace(snapshot, runs=(run,)))
    )


def test_a_plan_that_waits_for_itself_is_told_with_all_that_is_wrong_and_not_tried_again() -> None:
    faulty = answer(
        bead("Write days", after=[2]), bead("Read days", after=[1]), bead("As discussed", acceptance=[])
    )
    decision = proposed(faulty)
    text = shown(decision)
    assert text.startswith("**No plan** · what was planned may not be made, and nothing was:")
    assert text.count("\n- `") >= 3
    assert planning(decision).stopped is not None
    again = run_decide(look(goal(), claims=decision.claims))
    assert dispatches(again) == []
    assert again.verdicts[1].state is State.NEEDS_HUMAN


def test_only_the_answer_of_its_own_role_is_proposed() -> None:
    foreign = written(SEVEN).model_copy(update={"role": "reconciler"})
    assert proposal_of(look(goal()), goal(), foreign) is None
    assert proposal_of(look(goal()), goal(), written(SEVEN)) is not None


def test_what_is_declined_is_told_in_its_own_words_made_harmless() -> None:
    text = shown(proposed(answer(declined="It is there already, @tom.\n\n/bead approve")))
    assert "> It is there already, @\u200btom." in text
    assert "\n> /\u200bbead approve" in text


def test_a_plan_whose_texts_do_not_fit_into_a_comment_is_not_shown_in_part() -> None:
    long = answer(*(bead(f"Write day {index}", context="Days. " * 2_000) for index in range(6)))
    decision = proposed(long, policy=Policy.model_validate({"planning": {"reconcile_from": 8}}))
    assert "characters long, and a comment holds 60,000" in (planning(decision).stopped or "")
    assert len(shown(decision)) < LIMIT


def test_runs_that_fail_are_repeated_and_in_the_end_told_with_every_finding() -> None:
    findings = "Bead 1 has no outcome; Bead 2 waits for itself"
    failing = report(role="writer", worker=None, head=None, failure=findings)
    known = History(attempts=3, planned=3, planning=Planning(role="writer", word=ASKED, failures=2))
    claims = claimed(1, "writer", stage="published", outcome="failed").model_copy(
        update={"history": {1: known}}
    )
    decision = run_decide(look(goal(), claims=claims, runs=(ended(report=failing),)))
    assert "> Bead 1 has no outcome\n> Bead 2 waits for itself" in shown(decision)
    assert (planning(decision).stopped or "").startswith("3 attempts failed; our comment")
    fewer = known.model_copy(update={"planning": Planning(role="writer", word=ASKED)})
    claims = claims.model_copy(update={"history": {1: fewer}})
    assert dispatches(run_decide(look(goal(), claims=claims, runs=(ended(report=failing),)))) == [
        (1, "writer")
    ]


@pytest.mark.parametrize(
    ("role", "begins", "again", "row"),
    [
        ("direction", "No proposal", "`/bead retry` has it proposed again", "| 3 | proposal | failed |"),
        ("checkin", "No check-in", "`/bead retry` makes another attempt", "| 3 | check-in | failed |"),
        ("reconciler", "Not reconciled", "`/bead retry` has it reconciled again", "| 3 | reconciliation |"),
    ],
)
def test_what_did_not_come_is_called_by_its_name(role: Role, begins: str, again: str, row: str) -> None:
    known = History(attempts=3, planned=3, planning=Planning(role=role, word=ASKED, failures=2))
    claims = claimed(1, role, stage="published", outcome="failed", attempt=3)
    claims = claims.model_copy(update={"history": {1: known}})
    failing = report(role=role, worker=None, head=None, failure="no answer came")
    decision = run_decide(look(goal(), claims=claims, runs=(ended(report=failing),)))
    text = shown(decision)
    assert text.startswith(
        f"**{begins}** · nothing was made, and this is why:\n\n> no answer came\n\n{again}"
    )
    assert f'3 attempts failed; our comment "{begins}" says all of it' in statuses(decision)[1]
    assert row in statuses(decision)[1]


def test_a_release_after_a_plan_that_came_to_nothing_lets_the_bead_do_without() -> None:
    stopped = Planning(role="writer", word=ASKED, stopped="nothing is planned")
    claims = remembered(1, attempts=1, planned=1, planning=stopped)
    before = replace(issue(1), body=GOAL)
    assert dispatches(run_decide(look(before, claims=claims))) == []
    later = replace(before, ready_at=NOW - timedelta(minutes=1))
    assert dispatches(run_decide(look(later, claims=claims))) == [(1, "worker")]


# -- an answer ----------------------------------------------------------------------------------------------
def test_a_yes_is_recorded_first_and_makes_nothing_in_the_same_pass() -> None:
    decision = answered(waiting(SEVEN), "/bead approve")
    assert (planning(decision).stage, planning(decision).chosen) == ("approved", (1, 2, 3, 4, 5, 6, 7))
    assert not any(isinstance(one, CreateBead | SetBody) for one in decision.before)
    assert decision.next_look == NOW


def test_the_proposal_and_its_report_are_read_for_a_yes_of_who_may_give_it() -> None:
    snapshot = waiting(SEVEN)
    yes = says("/bead approve")
    assert runs_to_read(replace(snapshot, comments=(yes,))) == {RUN}
    assert proposals_to_read(replace(snapshot, comments=(yes,))) == {1: "I_1"}
    for other in (replace(yes, permission=Permission.READ), says("Nice."), says("/bead why")):
        assert runs_to_read(replace(snapshot, comments=(other,))) == set()
        assert proposals_to_read(replace(snapshot, comments=(other,))) == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"issues": (goal(body="Days are to be rows."),)}, "Its text was edited after this was planned"),
        ({"reports": {}}, "The report that holds it is not kept any more; `/bead plan`"),
        ({"proposals": {1: OTHER_TEXT}}, "was edited or deleted by somebody else"),
        ({"proposals": {}}, "was edited or deleted by somebody else"),
    ],
    ids=["text", "report", "comment", "deleted"],
)
def test_a_yes_to_anything_but_what_was_shown_makes_nothing(changes: dict[str, object], why: str) -> None:
    decision = answered(replace(waiting(SEVEN), **changes), "/bead approve")  # type: ignore[arg-type]
    assert why in reply(decision)
    assert planning(decision).stage == "shown"


def test_a_yes_that_was_said_before_the_proposal_was_shown_makes_nothing() -> None:
    snapshot = waiting(SEVEN)
    early = answered(snapshot, "/bead approve", at=SHOWN - timedelta(seconds=1))
    assert reply(early).startswith("You said that before our comment showed this proposal")
    assert planning(early).stage == "shown"
    assert planning(answered(snapshot, "/bead approve", at=SHOWN)).stage == "approved"


def test_what_has_no_room_in_the_issue_is_not_offered_for_a_yes() -> None:
    decision = proposed(ONE, on=goal(body="Days. " * 10_900))
    assert shown(decision).startswith("**No plan**")
    assert "and GitHub takes 65,536" in decision.verdicts[1].reasons[0]


def test_a_comment_that_somebody_changed_says_again_what_was_proposed() -> None:
    snapshot = waiting(SEVEN)
    original = shown(proposed(SEVEN))
    decision = answered(replace(snapshot, proposals={1: OTHER_TEXT}), "/bead approve")
    assert shown(decision) == original
    assert planning(answered(snapshot, "/bead approve")).stage == "approved"


def test_a_part_of_the_list_is_made_when_it_stands_alone() -> None:
    plan = answer(*(bead(f"Write day {index}") for index in range(1, 4)))
    assert planning(answered(waiting(plan), "/bead approve 1, 3")).chosen == (1, 3)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("/bead approve 1 4", "4 waits for 2, 3: approve those as well (`/bead approve 1 2 3 4`)"),
        ("/bead approve 9", "What is proposed has 7 beads, and none at 9: `/bead approve` makes all of it."),
        ("/bead approve 1 2 3 4", "4 beads end in one that reconciles them: approve 6 as well."),
    ],
)
def test_a_part_that_does_not_stand_alone_is_refused_with_the_places(said: str, why: str) -> None:
    decision = answered(waiting(SEVEN), said)
    assert why in reply(decision)
    assert planning(decision).stage == "shown"


def test_what_reconciles_waits_for_those_of_its_siblings_that_are_made() -> None:
    end = to_the_end(after(waiting(SEVEN), answered(waiting(SEVEN), "/bead approve 1 2 6")))
    numbers = {title: one.number for title, one in made(end).items()}
    assert list(numbers) == [TITLES[0], TITLES[1], TITLES[5]]
    waits = {label for label in made(end)[TITLES[5]].labels if label.startswith("blocked-by")}
    assert waits == {f"blocked-by:#{numbers[TITLES[0]]}", f"blocked-by:#{numbers[TITLES[1]]}"}


def test_nothing_is_approved_where_nothing_is_shown() -> None:
    assert "Nothing is proposed here" in reply(answered(look(goal()), "/bead approve"))
    asked = remembered(1, planned=1, planning=Planning(role="writer", word=ASKED))
    assert "It is being planned" in reply(answered(look(goal(), claims=asked), "/bead approve"))


def test_who_may_not_release_approves_nothing_that_would_begin_at_once() -> None:
    policy = Policy(authority=Authority(release="maintain"))
    released = replace(goal(1, "ready"), released_by="octo", ready_at=RELEASED)
    both = {"octo": Permission.ADMIN, "maya": Permission.WRITE}
    snapshot = waiting(SEVEN, on=released, policy=policy, authority=both)
    assert "#1 is released, so what you approve would begin at once" in reply(
        answered(snapshot, "/bead approve")
    )
    edited = answered(snapshot, "/bead approve", login="octo", permission=Permission.WRITE)
    assert planning(edited).stage == "shown"  # by somebody who may not
    trusted = answered(snapshot, "/bead approve", login="octo", permission=Permission.ADMIN)
    assert planning(trusted).stage == "approved"


def test_a_revision_has_it_planned_anew_with_what_was_said() -> None:
    decision = answered(waiting(SEVEN), "/bead revise leave the report out")
    asked = planning(decision)
    assert (asked.stage, asked.text, asked.run_id) == ("asked", "leave the report out", None)
    assert dispatches(decision) == [(1, "writer")]


def test_what_is_shown_is_planned_anew_when_somebody_asks_again() -> None:
    assert dispatches(answered(waiting(SEVEN), "/bead plan")) == [(1, "writer")]


def test_a_hold_keeps_a_proposal_from_nothing_but_its_run() -> None:
    held = replace(waiting(SEVEN), issues=(goal(1, "hold"),))
    assert run_decide(held).verdicts[1].state is State.HELD
    assert planning(answered(held, "/bead approve")).stage == "approved"
    asked = remembered(1, planning=Planning(role="writer", word=ASKED))
    assert dispatches(run_decide(look(goal(1, "hold"), claims=asked))) == []


def test_a_proposal_on_an_issue_that_is_closed_or_no_bead_any_more_is_forgotten() -> None:
    snapshot = replace(waiting(SEVEN), issues=())
    decision = run_decide(snapshot, NOW + timedelta(hours=1))
    assert decision.claims is not None
    assert decision.claims.history == {}


def test_an_answer_waits_for_the_pass_that_counts_the_run_whose_proposal_people_see_already() -> None:
    claims = claimed(1, "writer", stage="published", outcome="proposed").remember(
        1, planned=1, attempts=1, planning=Planning(role="writer", word=ASKED)
    )
    run = ended(id=RUN, report=report(role="writer", worker=None, head=None, writer=SEVEN))
    decision = answered(look(goal(), claims=claims, runs=(run,)), "/bead approve")
    assert decision.claims is not None
    assert (decision.claims.answers, planning(decision).stage) == ({}, "shown")
    under_way = answered(look(goal(), claims=claims, runs=(replace(run, done=False),)), "/bead approve")
    assert "It is being planned" in reply(under_way)


def test_who_lost_a_race_says_a_proposal_again_only_where_it_is_the_one_that_is_remembered() -> None:
    snapshot = waiting(SEVEN)
    said = Say(1, "I_1", PLAN, shown(proposed(SEVEN)))
    assert as_remembered(said, snapshot.claims) == (said,)
    assert as_remembered(replace(said, body="An older one."), snapshot.claims) == ()
    assert as_remembered(said, Claims()) == ()


# -- making -------------------------------------------------------------------------------------------------
def approved(plan: PlanAnswer = SEVEN, on: Issue | None = None) -> Snapshot:
    """The look after a yes."""
    snapshot = waiting(plan, on=on)
    return after(snapshot, answered(snapshot, "/bead approve"))


def test_beads_are_made_when_what_they_wait_for_has_numbers_so_never_without_an_edge() -> None:
    snapshot = approved()
    waves: list[list[str]] = []
    while made(snapshot).keys() != set(TITLES):
        decision = run_decide(snapshot)
        waves.append([one.title for one in decision.before if isinstance(one, CreateBead)])
        snapshot = after(snapshot, decision)
    assert waves == [TITLES[:1], TITLES[1:3], TITLES[3:4], TITLES[4:5], TITLES[5:6], TITLES[6:]]
    numbers = {title: one.number for title, one in made(snapshot).items()}
    assert made(snapshot)[TITLES[3]].labels == (
        *("bead", "task", "P2", "complexity:medium"),
        *(f"blocked-by:#{numbers[one]}" for one in TITLES[1:3]),
    )


def test_the_issue_becomes_the_epic_its_text_completed_once_and_its_comment_names_the_beads() -> None:
    end = to_the_end(approved(on=goal(1, "bug")))
    epic = end.issues[0]
    assert epic.labels == ("bead", "epic")
    assert epic.body.startswith(f"{GOAL}\n\n## Outcome\n\nDays are files.\n\n## Acceptance criteria\n\n1.")
    assert [one.parent for one in made(end).values()] == [1] * 7
    assert end.claims.of(1).planning is None


def test_the_last_pass_says_what_was_made_before_it_forgets_the_proposal() -> None:
    snapshot = approved()
    while (decision := run_decide(snapshot)).claims is None or decision.claims.of(1).planning is not None:
        snapshot = after(snapshot, decision)
    text = shown(decision)
    assert text.startswith("**Approved** · 7 beads are made.")
    assert "The label `ready` on this issue lets all of them be worked on, on a bead that one." in text
    assert "| #5 | Sum what days hold | task | P2 | medium | #3, #4 |  |" in text


def test_none_begins_before_all_are_there_whoever_has_released_the_epic() -> None:
    released = replace(goal(1, "ready"), released_by="octo", ready_at=RELEASED)
    snapshot = approved(on=released)
    begun: list[int] = []
    told: list[str] = []
    while snapshot.claims.of(1).planning is not None:
        decision = run_decide(snapshot)
        begun += [number for number, _ in dispatches(decision)]
        told += [one.body for one in decision.before if isinstance(one, Say)]
        snapshot = after(snapshot, decision)
    assert begun == []
    assert any("#1 is released, so they begin by themselves" in text for text in told)
    assert dispatches(run_decide(snapshot)) == [(made(snapshot)[TITLES[0]].number, "worker")]


def test_an_interruption_anywhere_costs_a_pass_and_makes_nothing_twice() -> None:
    undisturbed = to_the_end(approved())
    snapshot = approved()
    moments = [snapshot]
    while snapshot.claims.of(1).planning is not None:
        snapshot = after(snapshot, run_decide(snapshot))
        moments.append(snapshot)
    for moment, _ in pairwise(moments):
        decision = run_decide(moment)
        for done in range(len(decision.before) + 1):
            end = to_the_end(after(moment, decision, done))
            assert [one.title for one in end.issues] == [one.title for one in undisturbed.issues]
            assert end.issues[0].body == undisturbed.issues[0].body
            assert [one.labels for one in end.issues] == [one.labels for one in undisturbed.issues]


def test_a_bead_that_got_no_parent_is_put_there() -> None:
    snapshot = approved()
    snapshot = after(snapshot, run_decide(snapshot))
    orphan = replace(snapshot.issues[1], parent=None)
    again = run_decide(replace(snapshot, issues=(snapshot.issues[0], orphan)))
    assert TITLES[0] in [one.title for one in again.before if isinstance(one, CreateBead)]


def test_an_edge_that_somebody_takes_off_meanwhile_is_put_on_again() -> None:
    snapshot = approved()
    for _ in range(2):
        snapshot = after(snapshot, run_decide(snapshot))
    second = made(snapshot)[TITLES[1]]
    bare = replace(second, labels=tuple(one for one in second.labels if not one.startswith("blocked-by")))
    others = tuple(bare if one.number == second.number else one for one in snapshot.issues)
    decision = run_decide(replace(snapshot, issues=others))
    edge = f"blocked-by:#{made(snapshot)[TITLES[0]].number}"
    assert SetLabels(second.number, second.id, add=(edge,)) in decision.before


def test_of_twins_the_first_stays_and_is_waited_for_and_neither_begins() -> None:
    snapshot = approved()
    snapshot = after(snapshot, run_decide(snapshot))
    (first,) = made(snapshot).values()
    twin = replace(first, number=9, id="I_9", database_id=1009)
    decision = run_decide(replace(snapshot, issues=(*snapshot.issues, twin)))
    assert Close(9, "I_9", twin=True) in decision.before
    edges = [one.labels[-1] for one in decision.before if isinstance(one, CreateBead)]
    assert edges == [f"blocked-by:#{first.number}"] * 2
    assert dispatches(decision) == []


def test_a_plan_of_one_bead_is_the_issue_itself() -> None:
    end = to_the_end(approved(ONE, on=goal(1, "P4")))
    (one,) = end.issues
    assert one.labels == ("bead", "task", "P2", "complexity:medium")
    body = parse_body(one.body)
    assert one.body.startswith(GOAL)
    assert body.outcome == "Write days as files: that is done."
    assert (body.scope, body.files) == ("Only `days/`.", ("`days.py`",))


def test_an_edit_of_the_issue_while_its_text_is_completed_is_not_overwritten() -> None:
    snapshot = approved(ONE)
    decision = run_decide(snapshot)
    (change,) = [one for one in decision.before if isinstance(one, SetBody)]
    edited = replace(snapshot, issues=(goal(body="Days are to be rows."),))
    (again,) = [one for one in run_decide(edited).before if isinstance(one, SetBody)]
    assert change.was != again.was
    assert again.body.startswith("Days are to be rows.")


def test_a_text_that_we_have_completed_is_not_completed_again() -> None:
    snapshot = approved(ONE)
    ours = replace(goal(), edits=(edit_by_us(),))
    assert not any(isinstance(one, SetBody) for one in run_decide(replace(snapshot, issues=(ours,))).before)


def test_beads_whose_origin_is_closed_meanwhile_are_kept_back_until_it_is_opened_again() -> None:
    snapshot = approved()
    snapshot = after(snapshot, run_decide(snapshot))
    closed = replace(snapshot, issues=snapshot.issues[1:])
    decision = run_decide(closed, NOW + timedelta(hours=1))
    assert dispatches(decision) == []
    assert made(to_the_end(snapshot)).keys() == set(TITLES)


def test_beads_that_are_kept_back_say_which_issue_has_to_be_opened_again() -> None:
    snapshot = approved()
    snapshot = after(snapshot, run_decide(snapshot))
    decision = run_decide(replace(snapshot, issues=snapshot.issues[1:]))
    assert decision.verdicts[2].reasons == (
        "it is part of a plan whose other beads are missing, and #1, on which that was approved, is closed or"
        " no bead any more: open it again, and they are made; or close this as well",
    )
    status = statuses(decision)[2]
    assert status.startswith("**Needs a person** · a person has to act")
    assert f"- {decision.verdicts[2].reasons[0]}" in status


def test_what_cannot_be_made_for_long_is_told_with_its_places() -> None:
    snapshot = approved()
    snapshot = after(snapshot, run_decide(snapshot))
    closed = replace(snapshot, issues=snapshot.issues[:1])  # somebody has closed the one that was made
    soon, late = run_decide(closed), run_decide(closed, NOW + timedelta(hours=1))
    assert soon.verdicts[1].state is State.BLOCKED
    assert late.verdicts[1].state is State.NEEDS_HUMAN
    (why,) = late.verdicts[1].reasons
    assert "1, 2, 3, 4, 5, 6, 7 of its list are not there" in why
    assert "open it again" in why


def test_what_cannot_be_made_because_its_report_is_gone_is_told() -> None:
    decision = run_decide(replace(approved(), reports={}))
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "the report of run 5 is not kept any more" in decision.verdicts[1].reasons[0]


def test_while_beads_are_made_the_report_is_read_in_every_look() -> None:
    assert runs_to_read(approved()) == {RUN}


def test_it_is_looked_again_sooner_for_what_was_approved_just_now() -> None:
    late = NOW + timedelta(hours=2)
    assert run_decide(approved()).next_look == NOW + timedelta(seconds=15)
    assert run_decide(approved(), late).next_look == late + timedelta(minutes=10)


def test_what_waits_for_an_issue_that_is_there_carries_that_edge_unless_it_is_closed() -> None:
    plan = answer(bead("Write days", blocked_by=[20]), bead("Read days", covers=[1]))
    other = issue(20, released=False)
    snapshot = waiting(plan, other)
    snapshot = after(snapshot, answered(snapshot, "/bead approve"))
    (first, _) = [one for one in run_decide(snapshot).before if isinstance(one, CreateBead)]
    assert "blocked-by:#20" in first.labels
    without = replace(snapshot, issues=snapshot.issues[:1], closed=frozenset({20}))
    (first, _) = [one for one in run_decide(without).before if isinstance(one, CreateBead)]
    assert "blocked-by:#20" not in first.labels


def test_criteria_are_told_as_the_epic_numbers_them() -> None:
    asked = goal(body=f"{GOAL}\n\n## Acceptance criteria\n\n1. Days are never lost.\n")
    snapshot = approved(SEVEN, on=asked)
    (first,) = [one for one in run_decide(snapshot).before if isinstance(one, CreateBead)]
    assert "- #1.2: Each day is a file." in first.body
    end = to_the_end(snapshot)
    assert parse_body(end.issues[0].body).acceptance == ("Days are never lost.", "Each day is a file.")
    assert "- #1.2: Each day is a file." in made(end)[TITLES[4]].body


def edit_by_us() -> Edit:
    return Edit(OWN, NOW)
