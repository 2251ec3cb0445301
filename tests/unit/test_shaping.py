"""What a bead must say before it is worked on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.authority import Permission
from bot.beads.body import missing, parse_body
from bot.beads.digest import digest
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.coordinator import start_stop
from bot.coordinator.actions import Assign, SetBody, SetLabels
from bot.coordinator.claims import Answer, Claims
from bot.coordinator.decision import Decision, Draft, State
from bot.coordinator.history import History, Planning, Word
from bot.coordinator.questions import answer
from bot.coordinator.said import Said
from bot.coordinator.shaping import shape
from bot.coordinator.snapshot import Snapshot
from bot.coordinator.wanted import runs_to_read
from tests.unit.snapshots import (
    NOW,
    PERSON,
    WHOLE,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
    said,
    saying,
)


def test_a_bead_that_lacks_what_it_must_say_waits_where_the_policy_enforces_it() -> None:
    enforced = Policy(gate="enforce")
    shaped = replace(issue(2), body=WHOLE)
    decision = run_decide(look(issue(1), shaped, policy=enforced))
    assert dispatches(decision) == [(2, "worker")]
    assert decision.verdicts[1].state is State.BLOCKED
    assert "it lacks Outcome, Acceptance criteria, Scope, Verification" in decision.verdicts[1].reasons[0]


def test_a_bead_that_was_let_through_is_told_what_it_lacks_and_calls_nobody() -> None:
    decision = run_decide(look(replace(issue(1), body="## Outcome\n\nx1\n")))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.notes[1] == (
        "it lacks Acceptance criteria, Scope, Verification; what is assumed instead is written down",
    )
    assert said(decision) == []


# -- drafts -----------------------------------------------------------------------------------------------

WORD = Word(by="ann", at=NOW)
UNSHAPED = replace(issue(1, released=False), body="Soon.")


def drafted() -> Report:
    """The report of a draft."""
    shaper = {
        "outcome": "It is there, @maya.",
        "acceptance": ["One.", "Two."],
        "scope": "All.",
        "verification": "Look.",
    }
    return report(role="shaper", worker=None, head=None, shaper=shaper)


def offered() -> Claims:
    """The claims when a draft waits for a yes."""
    known = History(attempts=1, shape=WORD)
    claims = claimed(1, "shaper", stage="published", outcome="proposed", digest=digest("Bead 1", "Soon."))
    claims = claims.model_copy(update={"history": {1: known}})
    decision = run_decide(look(UNSHAPED, claims=claims, runs=(ended(report=drafted()),)))
    assert decision.claims is not None
    return decision.claims


def on(said: Said, **changes: object) -> Said:
    """The command where the bead is the one that is drafted for."""
    bead = replace(UNSHAPED, **changes)  # type: ignore[arg-type]
    return replace(said, issue=bead, snapshot=replace(said.snapshot, issues=(bead,)))


def test_what_a_bead_lacks_is_drafted_on_somebodys_word_before_it_is_released() -> None:
    draft = Draft(Claims())
    assert shape(on(saying("shape")), draft) == Answer(done=True)
    decision = run_decide(look(UNSHAPED, claims=draft.claims))
    assert dispatches(decision) == [(1, "shaper")]
    assert decision.verdicts[1].state is State.RUNNING


def test_what_is_no_bead_becomes_one() -> None:
    draft = Draft(Claims())
    shape(replace(saying("shape"), issue=None), draft)
    assert draft.before == [SetLabels(1, "I_1", add=("bead",))]
    assert draft.claims.of(1).shape is not None
    assert draft.claims.of(1).release is None


PROPOSED = Planning(role="writer", word=Word(by="maya", at=NOW), stage="shown", run_id=5)


@pytest.mark.parametrize(
    ("claims", "changes", "why"),
    [
        (claimed(1), {}, "worked on already, upon"),
        (Claims(), {"body": WHOLE}, "says all"),
        (remembered(1, planning=PROPOSED), {}, "`/bead approve` or"),
    ],
)
def test_what_needs_no_draft_gets_none(claims: Claims, changes: dict[str, object], why: str) -> None:
    draft = Draft(claims)
    refused = shape(on(saying("shape"), **changes), draft)
    assert not refused.done
    assert why in refused.reply
    assert draft.claims == claims


def test_nothing_is_drafted_beside_a_pull_request() -> None:
    draft = Draft(Claims())
    assert not shape(replace(on(saying("shape")), pull=pull(8, 1)), draft).done


def test_a_draft_that_is_not_needed_any_more_is_not_made() -> None:
    whole = replace(UNSHAPED, body=WHOLE)
    decision = run_decide(look(whole, claims=remembered(1, shape=WORD)))
    assert dispatches(decision) == []
    assert decision.claims is not None
    assert decision.claims.of(1).shape is None


@pytest.mark.parametrize("released", [True, False])
def test_a_draft_that_cannot_be_made_is_told_and_done_without_after_a_retry(*, released: bool) -> None:
    known = History(attempts=3, failures=2, shape=WORD)
    claims = claimed(1, "shaper", stage="published", outcome="failed")
    claims = claims.model_copy(update={"history": {1: known}})
    runs = (ended(report=report(role="shaper", worker=None, head=None, failure="no answer")),)
    bead = issue(1, released=released)
    decision = run_decide(look(bead, claims=claims, runs=runs))
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "`/bead shape` drafts anew" in decision.verdicts[1].reasons[0]
    assert decision.claims is not None
    later = run_decide(look(bead, claims=decision.claims))
    assert later.verdicts[1] == decision.verdicts[1]
    retried = replace(saying("retry", claims=decision.claims), issue=bead)
    draft = Draft(decision.claims)
    assert start_stop.retry(retried, draft).done
    assert dispatches(run_decide(look(bead, claims=draft.claims))) == ([(1, "worker")] if released else [])


def test_a_draft_is_shown_whole_to_who_asked_for_it() -> None:
    claims = offered()
    known = claims.of(1)
    assert (known.shape, known.asked) == (None, 1)
    assert known.told.startswith("@ann: this bead waits for a decision:")
    assert (
        "> ## Outcome\n>\n> It is there, @\u200bmaya.\n>\n> ## Acceptance criteria\n>\n> 1. One."
        in known.told
    )
    assert known.question is not None
    assert known.question.draft is not None
    assert known.question.draft.digest == digest("Bead 1", "Soon.")
    waits = run_decide(look(UNSHAPED, claims=claims), NOW + timedelta(days=9))
    assert (waits.before, waits.claims) == ((), None)
    assert waits.verdicts[1].reasons == (
        "a draft for its text waits for a yes or no: `/bead answer yes`, `/bead answer no`",
    )


def test_a_yes_adds_the_draft_as_it_was_shown_and_nothing_starts_upon_the_old_text() -> None:
    draft = Draft(offered())
    done = answer(on(saying("answer", "yes", reports={5: drafted()})), draft)
    assert done == Answer(done=True)
    (change,) = [action for action in draft.before if isinstance(action, SetBody)]
    assert (change.number, change.was) == (1, digest("Bead 1", "Soon."))
    assert change.body.startswith("Soon.\n\n## Outcome\n\nIt is there, @\u200bmaya.")
    assert missing(parse_body(change.body)) == ()
    assert draft.rewired == {1}
    assert (draft.claims.of(1).question, draft.claims.of(1).decided) == (None, ())


def test_a_yes_to_what_is_there_already_is_done() -> None:
    draft = Draft(offered())
    whole = WHOLE
    assert answer(on(saying("answer", "yes"), body=whole), draft) == Answer(done=True)
    assert draft.before == []


def test_a_no_leaves_the_text_as_it_is() -> None:
    draft = Draft(offered())
    assert answer(on(saying("answer", "no")), draft) == Answer(done=True)
    assert draft.before == []
    assert draft.claims.of(1).question is None


@pytest.mark.parametrize(
    ("changes", "reports", "why"),
    [({"body": "Later."}, {5: drafted()}, "edited after this was drafted"), ({}, {}, "not kept any more")],
)
def test_a_yes_to_another_text_or_to_a_draft_that_is_gone_changes_nothing(
    changes: dict[str, object], reports: dict[int, Report], why: str
) -> None:
    draft = Draft(offered())
    refused = answer(on(saying("answer", "yes", reports=reports), **changes), draft)
    assert not refused.done
    assert why in refused.reply
    assert draft.before == []
    assert draft.claims.of(1).question is not None


def test_the_draft_is_read_again_for_an_answer_of_who_may_give_it() -> None:
    comment = saying("answer", "yes").comment
    snapshot: Snapshot = look(UNSHAPED, claims=offered(), comments=(comment,))
    assert runs_to_read(snapshot) == {5}
    assert runs_to_read(replace(snapshot, comments=(replace(comment, permission=Permission.READ),))) == set()


def test_who_asked_is_assigned_and_nobody_else() -> None:
    claims = claimed(1, "shaper", stage="published", outcome="proposed").model_copy(
        update={"history": {1: History(attempts=1, shape=WORD)}}
    )
    decision: Decision = run_decide(look(issue(1), claims=claims, runs=(ended(report=drafted()),)))
    assert [action for action in decision.before if isinstance(action, Assign)] == [Assign(1, ("ann",))]
    assert PERSON not in said(decision)[0].body
