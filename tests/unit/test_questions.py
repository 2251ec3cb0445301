"""Decisions that a worker leaves to a person."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.answer_parts import ReportError
from bot.beads.report import load_worker_answer
from bot.coordinator.actions import React, Say
from bot.coordinator.claims import Answer, Verdict
from bot.coordinator.decision import Draft, State
from bot.coordinator.questions import answer
from bot.coordinator.snapshot import Snapshot
from tests.unit.snapshots import (
    HEAD,
    NOW,
    OTHER,
    PERSON,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    report,
    run_decide,
    said,
    saying,
)

ASKED = {
    "text": "Drop the table, @maya?",
    "options": [{"key": "keep", "text": "Keep it"}, {"key": "drop", "text": "Drop it"}],
    "recommended": "drop",
    "default": "keep",
    "gate": "irreversible",
}


def asking(*, correction: bool = False) -> Snapshot:
    """A worker's run is over, and it asks."""
    claims = claimed(1, stage="published", outcome="blocked", correction=correction)
    run = ended(report=report(head=None, worker={"status": "blocked", "question": ASKED}))
    return look(issue(1), claims=claims, runs=(run,))


def test_a_question_waits_for_a_person_who_is_asked_once_with_its_options() -> None:
    decision = run_decide(asking())
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    (comment,) = said(decision)
    assert comment.body.startswith(
        f"@{PERSON}: this bead waits for a decision:\n\n> Drop the table, @\u200bmaya?"
    )
    assert "- **keep**: Keep it (safe default)\n- **drop**: Drop it (recommended)" in comment.body
    assert "`/bead answer keep`, `/bead answer drop`" in comment.body
    assert "because it cannot be undone. Until then nothing happens" in comment.body
    assert decision.claims is not None
    again = run_decide(look(issue(1), claims=decision.claims), NOW + timedelta(days=99))
    assert (again.before, again.claims, dispatches(again)) == ((), None, [])


def test_what_was_said_before_a_question_was_shown_is_no_answer_to_it() -> None:
    early = saying("answer", "drop").comment
    first = run_decide(replace(asking(), comments=(early,)))
    assert first.claims is not None
    assert not first.claims.of(1).decided
    assert "Nothing was asked on #1 when you said that." in [
        one.body for one in first.after if isinstance(one, Say)
    ]
    assert any(isinstance(one, React) and one.sign == "refused" for one in first.after)


def test_a_question_is_no_round_of_corrections() -> None:
    snapshot = asking(correction=True)
    snapshot = replace(snapshot, claims=snapshot.claims.remember(1, rounds=2))
    decision = run_decide(snapshot)
    assert decision.claims is not None
    assert decision.claims.of(1).rounds == 1


def test_a_question_on_a_pull_request_holds_it_until_it_is_over_anyway() -> None:
    asked = run_decide(asking()).claims
    assert asked is not None
    waits = run_decide(look(issue(1), claims=asked, pulls=(pull(8, 1),)))
    assert waits.verdicts[1].state is State.NEEDS_HUMAN
    assert dispatches(waits) == []
    approval = asked.remember(1, verdict=Verdict(head=HEAD, approve=True, run_id=5))
    done = pull(8, 1, state="merged", merge_commit=OTHER, on_base=True)
    over = run_decide(look(issue(1), claims=approval, pulls=(done,)))
    assert over.verdicts[1].state is State.DONE


def test_an_answer_lets_the_bead_go_on_and_is_kept_for_its_worker() -> None:
    asked = run_decide(asking()).claims
    assert asked is not None
    draft = Draft(asked)
    assert answer(saying("answer", "DROP"), draft) == Answer(done=True)
    (decided,) = draft.claims.of(1).decided
    assert (decided.answer, decided.answered_by) == ("drop", "ann")
    decision = run_decide(look(issue(1), claims=draft.claims))
    assert dispatches(decision) == [(1, "worker")]
    assert answer(saying("answer", "drop"), draft).done is False


def test_an_answer_that_was_not_offered_is_told_what_was() -> None:
    asked = run_decide(asking()).claims
    assert asked is not None
    draft = Draft(asked)
    refused = answer(saying("answer", "maybe"), draft)
    assert not refused.done
    assert "`/bead answer keep`, `/bead answer drop`" in refused.reply
    assert draft.claims == asked


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"recommended": "burn"}, "recommended: 'burn' is no option's key"),
        ({"options": [{"key": "a", "text": "x"}, {"key": "A", "text": "y"}]}, "two options have one key"),
        ({"options": [{"key": "keep", "text": "x"}]}, "at least 2"),
        ({"options": [{"key": "/bead", "text": "x"}, {"key": "b", "text": "y"}]}, "options.0.key"),
        ({"gate": "taste"}, "question.gate"),
    ],
)
def test_a_question_that_nobody_could_answer_is_refused(changes: dict[str, object], fault: str) -> None:
    asked = json.dumps({"status": "blocked", "question": {**ASKED, **changes}})
    with pytest.raises(ReportError, match=re.escape(fault)):
        load_worker_answer(asked)


def test_a_question_goes_with_no_other_status() -> None:
    with pytest.raises(ReportError, match="its status is 'pr'"):
        load_worker_answer(json.dumps({"status": "pr", "question": ASKED}))
