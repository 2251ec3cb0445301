"""What a run on direction came to, on the issue, and what people make of the change that it proposes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.beads.authority import Permission
from bot.beads.direction import Direction, DirectionAnswer, Judged
from bot.coordinator.actions import (
    Assign,
    Close,
    CreateBead,
    DeleteRef,
    Dispatch,
    Merge,
    OpenPull,
    PostCheck,
    React,
    Say,
    SetBody,
    SetLabels,
    UpdateBranch,
)
from bot.coordinator.archiving import CLI
from bot.coordinator.claims import Claims, History, Planning, Word
from bot.coordinator.decision import Decision, State
from bot.coordinator.direction_comment import direction_text
from bot.coordinator.snapshot import Comment, MergeGroup, Snapshot
from bot.jobs.engine_program import LOCKS
from tests.unit import snapshots as of
from tests.unit.changes import SOUND
from tests.unit.snapshots import HEAD, NOW, look, pull, remembered, run_decide

WORD = Word(by="maya", at=NOW)
PROPOSED = Planning(role="direction", word=WORD, stage="shown", run_id=9)
BRANCH = (("bead/1", HEAD),)


def proposal(**changes: object) -> Snapshot:
    """A change is proposed for #1, which nobody has released."""
    claims = remembered(1, attempts=1, planned=1, planning=PROPOSED, change="greet-in-german")
    known = look(of.issue(1, released=False), claims=claims, branches=BRANCH, pulls=(pull(8, 1),))
    return replace(known, **changes)  # type: ignore[arg-type]


def answer(**changes: object) -> DirectionAnswer:
    known = DirectionAnswer(
        summary="It greets @octo, fixes #3.",
        really="One line.",
        next="Go on.",
        stop="Nothing.",
        judged=(
            Judged(what="Greeting", judgement="aligned", reason="It does.", evidence=("greet.py:1",)),
            Judged(what="A web page", judgement="rejected", reason="Nobody asks.", evidence=("README.md:3",)),
        ),
        disagreements=("One took the README at its word.",),
        change=SOUND["adds"],
    )
    return known.model_copy(update=changes)


def settled(came_to: Direction, **changes: object) -> Decision:
    claims = of.claimed(1, "direction", stage="published", outcome="proposed", run_id=9, head=HEAD)
    asked = Planning(role="direction", word=WORD)
    report = of.report(role="direction", worker=None, head=None, direction=came_to)
    run = of.ended(report=report)
    known = look(
        of.issue(1, released=False),
        claims=claims.remember(1, planning=asked),
        runs=(run,),
        branches=BRANCH,
    )
    return run_decide(replace(known, **changes))  # type: ignore[arg-type]


def says(decision: Decision, marker: str) -> list[str]:
    return [say.body for say in of.said(decision) if say.marker.startswith(marker)]


def said(decision: Decision, marker: str) -> str:
    (found,) = says(decision, marker)
    return found


def replied(command: str, snapshot: Snapshot) -> tuple[str, str]:
    """Our reaction to a command of maya's on #1, and what we say to it."""
    comment = Comment("IC_1", 77, 1, "I_1", False, 1, "maya", Permission.WRITE, f"/bead {command}", NOW)
    after = run_decide(replace(snapshot, comments=(comment,))).after
    (sign,) = [one.sign for one in after if isinstance(one, React)]
    return sign, "".join(one.body for one in after if isinstance(one, Say) and one.marker == "answer-77")


def test_what_a_run_came_to_is_said_and_its_change_waits_for_a_person() -> None:
    decision = settled(Direction(answer=answer(), surveys=2, reviews=2, objections=("Too big.",)))
    text = said(decision, "direction-")
    assert "2 independent surveys, 2 independent reviews" in text
    assert "<summary>Aligned: 1</summary>" in text
    assert "- **A web page**: Nobody asks.\n  - README.md:3" in text
    assert "One took the README at its word." in text
    assert "- Too big." in text
    assert text.index("really is") < text.index("do next") < text.index("stop pretending")
    assert "@octo" not in text
    known = after(decision)
    assert known.proposes
    assert known.change == "greet-in-german"


def after(decision: Decision) -> History:
    assert decision.claims is not None
    return decision.claims.of(1)


def test_without_a_change_the_issue_is_as_it_was() -> None:
    decision = settled(Direction(answer=answer(change=None), surveys=2))
    assert "No change of the specs is proposed." in said(decision, "direction-")
    assert (after(decision).planning, after(decision).change) == (None, "")


def test_questions_are_asked_where_nothing_says_what_it_is_for() -> None:
    text = direction_text(look(), 9, Direction(answer=DirectionAnswer(questions=("For whom, @octo?",))))
    assert "`about/`, `README.md`" in text
    assert "1. For whom, @\u200bocto?" in text
    assert "/bead propose` once more" in text


@pytest.mark.parametrize(
    "circumstances",
    [
        {},
        {"pulls": (pull(8, 1, behind=True),)},
        {"pulls": (pull(8, 1, mergeable="conflict"),)},
        {"pushers": {"bead/1": "maya"}},
        {"issues": (of.issue(1),)},
        {"issues": (of.issue(1, "hold"),)},
    ],
    ids=["open", "behind", "in conflict", "a person pushed", "released", "held"],
)
def test_a_proposal_is_for_people_alone(circumstances: dict[str, object]) -> None:
    decision = run_decide(proposal(**circumstances))
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "#8 proposes the change `greet-in-german`" in decision.verdicts[1].reasons[0]
    everything = (*decision.before, *decision.after)
    assert not [one for one in everything if isinstance(one, Dispatch | UpdateBranch | Merge | Close)]
    (check,) = [one for one in everything if isinstance(one, PostCheck)]
    assert (check.head, check.conclusion) == (HEAD, "success")
    assert [one.logins for one in everything if isinstance(one, Assign)] == [("maya",)]
    assert after(decision).taken is None


def test_a_merged_proposal_is_offered_to_be_planned_and_its_branch_goes() -> None:
    merged = pull(8, 1, state="merged", on_base=True, merge_commit="d" * 40, merged_by="octo")
    decision = run_decide(proposal(pulls=(merged,)))
    assert "`/bead plan` has beads planned that build it by" in said(decision, "proposal-8")
    assert DeleteRef("refs/heads/bead/1", HEAD) in decision.before
    (body,) = [one for one in decision.before if isinstance(one, SetBody)]
    assert "`openspec/changes/greet-in-german`" in body.body
    known = after(decision)
    assert (known.planning, known.change, known.past) == (None, "greet-in-german", (8,))
    assert not [one for one in decision.after if isinstance(one, Dispatch | OpenPull)]
    claims = decision.claims
    assert claims is not None
    goal = replace(of.issue(1, released=False), body="It greets in German.")
    sign, _ = replied("plan", look(goal, pulls=(merged,), claims=claims))
    assert sign == "done"


def test_a_merge_that_is_not_on_the_base_offers_nothing() -> None:
    decision = run_decide(proposal(pulls=(pull(8, 1, state="merged", on_base=False),)))
    assert decision.verdicts[1].reasons == ("#8 is merged, and its commit is not on main",)
    assert says(decision, "proposal-") == []


def test_a_closed_proposal_is_no_more_and_nobody_has_taken_anything_over() -> None:
    decision = run_decide(proposal(pulls=(pull(8, 1, state="closed", closed_by="maya"),)))
    assert "nothing is proposed any more" in said(decision, "proposal-8")
    assert DeleteRef("refs/heads/bead/1", HEAD) in decision.before
    known = after(decision)
    assert (known.planning, known.change, known.past, known.taken) == (None, "", (8,), None)


def test_what_a_person_did_to_a_proposal_before_its_run_was_counted_is_seen_as_that() -> None:
    came_to = Direction(answer=answer(), surveys=2, reviews=2)
    closed = after(settled(came_to, pulls=(pull(8, 1, state="closed", closed_by="maya"),)))
    assert (closed.planning, closed.change, closed.past, closed.taken) == (None, "", (8,), None)
    merged = settled(came_to, pulls=(pull(8, 1, state="merged", on_base=True),))
    assert merged.verdicts[1].state is State.PLANNED
    assert (after(merged).planning, after(merged).change) == (None, "greet-in-german")
    pushed = settled(
        came_to,
        pulls=(pull(8, 1, head="c" * 40),),
        branches=(("bead/1", "c" * 40),),
        pushers={"bead/1": "ann"},
    )
    assert after(pushed).taken is None


def test_a_proposal_stays_one_when_its_issue_is_closed_or_no_bead_for_a_while() -> None:
    away = run_decide(proposal(issues=()))
    claims = away.claims if away.claims is not None else proposal().claims
    back = run_decide(proposal(issues=(of.issue(1),), claims=claims))
    assert not [one for one in (*back.before, *back.after) if isinstance(one, Dispatch | Merge)]
    assert "merge it, or close it" in back.verdicts[1].reasons[0]


def test_a_change_that_came_when_its_issue_was_closed_is_a_proposal_all_the_same() -> None:
    decision = settled(Direction(answer=answer(), surveys=2, reviews=2), issues=(), pulls=(pull(8, 1),))
    assert after(decision).proposes
    assert not says(decision, "direction-")


def test_a_proposal_that_is_over_is_forgotten_with_its_issue() -> None:
    decision = run_decide(proposal(issues=(), pulls=(pull(8, 1, state="closed"),)))
    assert after(decision).planning is None


def test_a_proposal_without_a_pull_request_gets_it_and_one_without_a_branch_is_no_more() -> None:
    assert run_decide(proposal(pulls=())).focus == {1}  # it is looked for first
    opened = run_decide(proposal(pulls=(), focus=frozenset({1})))
    (action,) = [one for one in opened.after if isinstance(one, OpenPull)]
    assert action.title == "Propose: greet-in-german"
    unlabelled = run_decide(proposal(pulls=(pull(8, 1, labels=()),)))
    assert SetLabels(8, "PR_8", add=("bead",)) in unlabelled.after
    gone = run_decide(proposal(pulls=(), branches=(), focus=frozenset({1})))
    assert (after(gone).planning, after(gone).change) == (None, "")


def test_a_merge_queue_may_test_a_proposal_that_a_person_put_into_it() -> None:
    group = MergeGroup(pull=8, head=HEAD, commit="e" * 40, bead=1)
    decision = run_decide(proposal(groups=(group,)))
    (check,) = [one for one in decision.after if isinstance(one, PostCheck) and one.head == "e" * 40]
    assert check.conclusion == "success"


@pytest.mark.parametrize("command", ["merge", "review", "approve"])
def test_no_command_has_us_review_or_merge_a_proposal(command: str) -> None:
    sign, reply = replied(command, proposal())
    assert sign == "refused"
    assert "of the specs" in reply


def test_an_epic_and_an_issue_that_has_its_change_are_no_place_for_a_proposal() -> None:
    _, reply = replied("propose", look(of.issue(1, children=(2,)), of.issue(2, parent=1)))
    assert reply == "It has sub-issues already: propose in an issue of its own."
    accepted = remembered(1, attempts=1, planned=1, change="greet-in-german")
    _, reply = replied("propose the importer", look(of.issue(1), claims=accepted))
    assert "`greet-in-german` already" in reply


def test_when_all_of_an_epic_is_done_its_change_is_archived_by_one_more_bead_and_then_it_closes() -> None:
    claims = remembered(1, change="greet-in-german")
    epic = of.issue(1, "epic", children=(2,))
    decision = run_decide(look(epic, closed=frozenset({2}), claims=claims))
    (made,) = [one for one in decision.before if isinstance(one, CreateBead)]
    assert (made.marker, made.parent) == ("1-archive", 1)
    assert "openspec@1.13.2 archive greet-in-german --yes" in made.body
    assert not [one for one in decision.before if isinstance(one, Close)]
    assert after(decision).change == ""
    later = run_decide(look(epic, closed=frozenset({2}), claims=Claims()))
    assert [one for one in later.before if isinstance(one, Close)]


def test_what_one_bead_has_built_is_archived_as_well() -> None:
    claims = of.approved(1).remember(1, change="greet-in-german")
    merged = pull(8, 1, state="merged", on_base=True, merge_commit="d" * 40)
    decision = run_decide(look(of.issue(1), claims=claims, pulls=(merged,)))
    (made,) = [one for one in decision.before if isinstance(one, CreateBead)]
    assert (made.marker, made.parent) == ("1-archive", None)
    assert [one for one in decision.before if isinstance(one, Close)]


def test_the_bead_that_archives_names_the_version_that_the_change_was_checked_with() -> None:
    wanted = json.loads((LOCKS / "openspec" / "package.json").read_bytes())["dependencies"]
    assert f"npx --yes @fission-ai/openspec@{wanted['@fission-ai/openspec']}" == CLI
