"""An epic that one worker does whole: one claim, one branch, one pull request; its beads end with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.authority import Permission
from bot.beads.digest import digest_all
from bot.beads.policy import Budget, Policy
from bot.coordinator.actions import Close, CreateBead, DeleteRef
from bot.coordinator.claims import Claim, Claims
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Lead, Planning, Verdict, Word
from bot.coordinator.snapshot import Edit, Issue, Snapshot
from tests.unit.snapshots import (
    BASE,
    HEAD,
    LIVE,
    NOW,
    RELEASED,
    comment,
    dispatches,
    ended,
    issue,
    look,
    pull,
    report,
    run_decide,
    statuses,
)
from tests.unit.test_hear import replies, signs

WORD = Word(by="ada", at=NOW - timedelta(hours=1), comment=5)
LED = History(lead=Lead(word=WORD, beads=(2, 3, 4)))
EPIC, FIRST, SECOND, THIRD = 1, 2, 3, 4


def family(*labels: str, **changes: object) -> list[Issue]:
    """A released epic of three beads in a chain."""
    return [
        replace(issue(EPIC, "epic", children=(2, 3, 4)), **changes),  # type: ignore[arg-type]
        issue(FIRST, released=False, parent=EPIC),
        issue(SECOND, "blocked-by:#2", *labels, released=False, parent=EPIC),
        issue(THIRD, "blocked-by:#3", released=False, parent=EPIC),
    ]


def led(*beads: Issue, known: History = LED, **changes: object) -> Snapshot:
    """One worker does the epic."""
    claims = changes.pop("claims", Claims())
    assert isinstance(claims, Claims)
    claims = claims.model_copy(update={"history": {**claims.history, EPIC: known}})
    return look(*(beads or family()), claims=claims, **changes)


def saying(text: str, *beads: Issue, claims: Claims | None = None, **changes: object) -> Decision:
    """What comes of a comment on the epic."""
    snapshot = look(*(beads or family()), claims=claims or Claims(), heard_until=NOW, **changes)
    return run_decide(replace(snapshot, comments=(comment(text, EPIC),)))


def why(decision: Decision, bead: int) -> str:
    return "; ".join(decision.verdicts[bead].reasons)


def given(decision: Decision) -> Lead | None:
    assert decision.claims is not None
    return decision.claims.of(EPIC).lead


def worker(*, bead: int = 9, places: int = 1) -> Claims:
    claim = Claim(role="worker", attempt=1, token=LIVE, base=BASE, since=NOW, places=places)
    return Claims().claim(bead, claim)


# -- the command --------------------------------------------------------------------------------------------
def test_an_epic_is_given_to_one_worker_with_the_beads_that_it_has_then_in_their_order() -> None:
    decision = saying("/bead lead", *family()[::-1])
    assert given(decision) == Lead(word=replace_word(decision), beads=(2, 3, 4))
    assert "One worker does #2, #3 and #4, in this order" in replies(decision)[0]
    assert dispatches(decision) == [(EPIC, "worker")]


def replace_word(decision: Decision) -> Word:
    known = given(decision)
    assert known is not None
    assert known.word.by == "ada"
    return known.word


def test_what_reconciles_and_reports_is_no_part_of_it() -> None:
    beads = family(children=(2, 3, 4, 5, 6))
    beads += [
        issue(5, "reconcile", "blocked-by:#4", released=False, parent=EPIC),
        issue(6, "report", "blocked-by:#5", released=False, parent=EPIC),
    ]
    decision = saying("/bead lead", *beads)
    known = given(decision)
    assert known is not None
    assert known.beads == (2, 3, 4)
    assert decision.verdicts[5].state is State.BLOCKED
    assert why(decision, 5) == "goes on after the lead of #1"


def test_it_is_refused_with_the_reason_where_it_cannot_be() -> None:
    nested = [*family(children=(2, 3, 4, 5)), issue(5, released=False, parent=EPIC, children=(6,))]
    many = [issue(EPIC, "epic", children=tuple(range(2, 10)))]
    many += [issue(number, released=False, parent=EPIC) for number in range(2, 10)]
    circle = family("blocked-by:#4")
    planning = Planning(role="writer", word=WORD, yes=WORD, stage="approved", run_id=5, chosen=(1, 2, 3, 4))
    half_made = History(planning=planning)
    planned = History(planning=Planning(role="writer", word=WORD))
    shown = History(planning=Planning(role="writer", word=WORD, stage="shown", run_id=5, said="0" * 16))
    refused = {
        "Its beads are only proposed: `/bead approve`": saying(
            "/bead lead", issue(EPIC), claims=Claims(history={EPIC: shown})
        ),
        "None of its beads is open.": saying("/bead lead", issue(EPIC, "epic", children=(2, 3))),
        "It has no sub-issues: `/bead ready`": saying("/bead lead", issue(EPIC)),
        "#5 has sub-issues too": saying("/bead lead", *nested),
        "It has 8 open beads, and one worker is given at most 7": saying("/bead lead", *many),
        "#2, #3 and #4 wait for each other": saying("/bead lead", *circle),
        "#3 has begun already": saying("/bead lead", claims=worker(bead=SECOND)),
        "#2 has begun already": saying("/bead lead", pulls=(pull(12, FIRST),)),
        "#3 is being planned": saying("/bead lead", claims=Claims(history={SECOND: planned})),
        "Its beads are being made": saying("/bead lead", claims=Claims(history={EPIC: half_made})),
    }
    for reply, decision in refused.items():
        assert signs(decision)[-1] == "refused", reply
        assert reply in replies(decision)[0]
        assert decision.claims is None or decision.claims.of(EPIC).lead is None


def test_saying_it_again_counts_anew_until_it_has_begun_and_changes_nothing_then() -> None:
    beads = [*family(children=(2, 3, 4, 5)), issue(5, released=False, parent=EPIC)]
    again = saying("/bead lead", *beads, claims=Claims(history={EPIC: LED}))
    known = given(again)
    assert known is not None
    assert set(known.beads) == {2, 3, 4, 5}
    begun = saying("/bead lead", *beads, claims=run_claims(), runs=(running(),))
    assert "One worker does it already" in replies(begun)[0]


def test_unlead_lets_the_beads_go_each_by_itself_until_the_lead_has_begun() -> None:
    decision = saying("/bead unlead", claims=Claims(history={EPIC: LED}))
    assert given(decision) is None
    assert dispatches(decision) == [(FIRST, "worker")]
    busy = saying("/bead unlead", claims=run_claims(), runs=(running(),))
    assert "`/bead stop` ends that" in replies(busy)[0]
    published = saying("/bead unlead", claims=Claims(history={EPIC: LED}), pulls=(pull(12, EPIC),))
    assert "#12 is open: close it first" in replies(published)[0]
    assert "No worker has all of it" in replies(saying("/bead unlead"))[0]


# -- one claim ----------------------------------------------------------------------------------------------
def run_claims(**changes: object) -> Claims:
    claim = Claim.model_validate(
        {"role": "worker", "attempt": 1, "token": LIVE, "base": BASE, "since": NOW - timedelta(minutes=1)}
        | {"places": 3, "reserved": 3_000_000, "beads": (2, 3, 4)}
        | changes
    )
    claims = Claims(history={EPIC: LED})
    return claims.claim(EPIC, claim)


def running() -> object:
    return ended(done=False, conclusion=None, report=None, artifacts_read=False)


def test_the_epic_is_claimed_as_one_on_as_many_places_as_it_has_beads() -> None:
    decision = run_decide(led(*family(), issue(9)))
    assert dispatches(decision) == [(EPIC, "worker")]
    assert decision.claims is not None
    claim = decision.claims.live[EPIC]
    texts = [(f"Bead {number}", "") for number in (1, 2, 3, 4)]
    assert (claim.places, claim.beads, claim.reserved) == (3, (2, 3, 4), 3_000_000)
    assert claim.digest == digest_all(texts)
    assert why(decision, 9) == "all 3 workers are busy"
    for bead in (2, 3, 4):
        assert decision.verdicts[bead].state is State.RUNNING
        assert why(decision, bead) == "done by the lead of #1"


def test_it_takes_all_workers_where_there_are_fewer_than_beads() -> None:
    decision = run_decide(led(policy=Policy(workers=2)))
    assert decision.claims is not None
    assert decision.claims.live[EPIC].places == 2


def test_it_waits_for_its_places_and_no_bead_behind_it_takes_them() -> None:
    urgent = issue(8, "P1")
    decision = run_decide(led(*family(), urgent, issue(9), claims=worker(bead=7)))
    assert dispatches(decision) == [(8, "worker")]
    assert why(decision, EPIC) == "it takes 3 of the 3 workers, of whom 1 are free"
    assert why(decision, 9) == "the next workers that are free go to the lead of #1"
    assert decision.verdicts[FIRST].state is State.BLOCKED


def test_one_that_a_whole_day_has_no_money_for_says_what_to_do_and_keeps_no_bead_waiting() -> None:
    poor = Policy(budget=Budget(day=2.5, run=1.0))
    decision = run_decide(led(*family(), issue(8, "P3"), claims=worker(bead=7), policy=poor))
    assert "`budget.day`" in why(decision, EPIC)
    assert "`/bead unlead`" in why(decision, EPIC)
    assert dispatches(decision) == [(8, "worker")]


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("hold", "#3: the label `hold`"),
        ("defer:2027-01-01", "#3: deferred until 2027-01-01"),
        ("blocked-by:#9", "#3: blocked by #9, which is open"),
    ],
)
def test_what_holds_one_of_its_beads_back_holds_it(label: str, reason: str) -> None:
    decision = run_decide(led(*family(label), issue(9, "hold")))
    assert dispatches(decision) == []
    assert why(decision, EPIC) == reason


def test_an_edit_of_one_of_its_beads_by_somebody_without_authority_ends_its_release() -> None:
    epic, first, second, third = family()
    edited = replace(second, edits=(Edit("mallory", RELEASED + timedelta(hours=1)),))
    decision = run_decide(led(epic, first, edited, third))
    assert dispatches(decision) == []
    assert decision.verdicts[EPIC].state is State.NEEDS_HUMAN
    assert why(decision, EPIC).startswith("#3: @mallory, who has no authority here, edited it")
    trusted = replace(second, edits=(Edit("maya", RELEASED + timedelta(hours=1)),))
    assert dispatches(run_decide(led(epic, first, trusted, third))) == [(EPIC, "worker")]


def test_an_epic_that_nobody_has_released_is_led_by_nobody_yet() -> None:
    epic, *beads = family()
    unreleased = replace(epic, labels=("bead", "epic"), released_by=None, ready_at=None)
    decision = run_decide(led(unreleased, *beads))
    assert dispatches(decision) == []
    assert decision.verdicts[EPIC].state is State.PLANNED


def test_a_bead_that_is_put_below_it_later_waits_unless_the_lead_waits_for_it() -> None:
    beads = [*family(children=(2, 3, 4, 5)), issue(5, released=False, parent=EPIC)]
    decision = run_decide(led(*beads))
    assert dispatches(decision) == [(EPIC, "worker")]
    assert why(decision, 5) == "goes on after the lead of #1"
    needed = [*family("blocked-by:#5", children=(2, 3, 4, 5)), issue(5, released=False, parent=EPIC)]
    assert dispatches(run_decide(led(*needed))) == [(5, "worker")]


# -- one pull request ---------------------------------------------------------------------------------------
def test_its_pull_request_is_reviewed_on_one_place_with_the_beads_as_well() -> None:
    decision = run_decide(led(pulls=(pull(12, EPIC),)))
    assert dispatches(decision) == [(EPIC, "reviewer")]
    assert decision.claims is not None
    claim = decision.claims.live[EPIC]
    assert (claim.places, claim.beads) == (1, (2, 3, 4))
    assert decision.verdicts[SECOND].state is State.IN_REVIEW


def test_a_correction_takes_one_place() -> None:
    known = LED.model_copy(update={"attempts": 2, "verdict": Verdict(head=HEAD, approve=False, run_id=5)})
    decision = run_decide(led(known=known, pulls=(pull(12, EPIC),), claims=worker(places=2)))
    assert dispatches(decision) == [(EPIC, "worker")]
    assert decision.claims is not None
    assert decision.claims.live[EPIC].places == 1


def merged(*beads: Issue, **history: object) -> Decision:
    """Its pull request is merged, after a review."""
    verdict = Verdict(head=HEAD, approve=True, run_id=5)
    known = LED.model_copy(update={"attempts": 2, "spent": 750_000, "verdict": verdict} | history)
    done = pull(12, EPIC, state="merged", merge_commit=BASE, merged_by="beadwright[bot]", on_base=True)
    return run_decide(led(*beads, known=known, pulls=(done,), branches=(("bead/1", HEAD),)))


def closed(decision: Decision) -> list[int]:
    return [action.number for action in decision.before if isinstance(action, Close)]


def test_when_it_is_merged_its_beads_are_closed_each_told_by_which_pull_request() -> None:
    decision = merged()
    assert closed(decision) == [2, 3, 4]
    assert DeleteRef("refs/heads/bead/1", HEAD) in decision.before
    told = statuses(decision)
    for bead in (2, 3, 4):
        assert told[bead].startswith("**Done** · merged by #12 as aaaaaaaaaaaa, with its epic #1")
    assert "Merged at" in told[12]
    assert "bead #1 · $0.75 so far" in told[12]
    assert decision.claims is not None
    known = decision.claims.of(EPIC)
    assert (known.lead, known.past, known.verdict) == (None, (12,), None)
    assert not set(decision.claims.history) & {2, 3, 4}


def test_then_the_epic_ends_as_any_other_once_nothing_below_it_is_open() -> None:
    decision = merged()
    assert decision.claims is not None
    done = pull(12, EPIC, state="merged", merge_commit=BASE, on_base=True)
    after = run_decide(look(family()[0], claims=decision.claims, pulls=(done,)))
    assert closed(after) == [EPIC]
    assert after.verdicts[EPIC].state is State.DONE


def test_what_reconciles_goes_on_by_itself_after_the_merge() -> None:
    reconcile = issue(5, "reconcile", "blocked-by:#4", released=False, parent=EPIC)
    decision = merged(*family(children=(2, 3, 4, 5)), reconcile)
    assert closed(decision) == [2, 3, 4]
    assert decision.claims is not None
    epic = family(children=(2, 3, 4, 5))[0]
    done = pull(12, EPIC, state="merged", merge_commit=BASE, on_base=True)
    after = run_decide(
        look(epic, reconcile, claims=decision.claims, pulls=(done,), closed=frozenset({2, 3, 4}))
    )
    assert closed(after) == []
    assert [bead for bead, _ in dispatches(after)] == [5]


def test_the_change_that_its_epic_was_planned_by_is_archived_when_nothing_else_is_left() -> None:
    reconcile = issue(5, "reconcile", "blocked-by:#4", released=False, parent=EPIC)
    decision = merged(*family(children=(2, 3, 4, 5)), reconcile, change="greet-in-german")
    assert not [one for one in decision.before if isinstance(one, CreateBead)]
    assert decision.claims is not None
    assert decision.claims.of(EPIC).change == "greet-in-german"


def test_what_a_crash_left_open_is_closed_by_the_next_look() -> None:
    epic, *beads = family()
    decision = merged(epic, *beads[1:])
    assert closed(decision) == [3, 4]
    assert closed(merged(epic)) == []


def test_a_failed_attempt_of_it_is_tried_again_on_its_places() -> None:
    decision = run_decide(led(claims=Claims(), known=LED.model_copy(update={"attempts": 1, "failures": 1})))
    assert decision.claims is not None
    assert (decision.claims.live[EPIC].attempt, decision.claims.live[EPIC].places) == (2, 3)


def test_an_edit_while_it_is_claimed_charges_no_attempt() -> None:
    claims = run_claims(digest=digest_all((f"Bead {number}", "") for number in (1, 2, 3, 4)))
    epic, first, second, third = family()
    edited = replace(second, edits=(Edit("maya", NOW),), title="Said otherwise")
    run = ended(report=report(bead=EPIC, worker=None, head=None, failure="edited", edited=True))
    snapshot = look(epic, first, edited, third, claims=claims, runs=(run,))
    decision = run_decide(snapshot)
    assert decision.claims is not None
    assert decision.claims.of(EPIC).failures == 0
    assert decision.claims.live[EPIC].attempt == 2


def test_its_beads_are_nobodys_to_take_but_it_is() -> None:
    claims = Claims(history={EPIC: LED})
    snapshot = look(*family(), claims=claims, heard_until=NOW)
    below = run_decide(replace(snapshot, comments=(comment("/bead take", SECOND),)))
    assert "The lead of #1 does it" in replies(below)[0]
    whole = run_decide(replace(snapshot, comments=(comment("/bead take", EPIC),)))
    assert whole.verdicts[EPIC].state is State.HELD
    assert dispatches(whole) == []


def test_its_beads_are_not_planned_while_it_does_them() -> None:
    for command in ("plan", "propose", "checkin"):
        beads = [replace(one, body="Days are files.") for one in family()]
        snapshot = led(*beads, heard_until=NOW, comments=(comment(f"/bead {command}", SECOND),))
        decision = run_decide(snapshot)
        assert "The lead of #1 does it" in replies(decision)[0]
        assert decision.claims is not None
        assert decision.claims.of(SECOND).planning is None


def test_its_merge_is_undone_by_hand() -> None:
    done = pull(12, EPIC, state="merged", merge_commit=BASE, on_base=True)
    over = replace(family()[0], open=False, labels=("bead", "epic"))
    asks = comment("/bead undo", EPIC, open=False, permission=Permission.ADMIN)
    snapshot = look(over=(over,), pulls=(done,), focus=frozenset({EPIC}), heard_until=NOW)
    decision = run_decide(replace(snapshot, comments=(asks,)))
    assert f"#12 did all the beads of an epic: revert `{BASE}` by hand" in replies(decision)[0]


def test_a_proposal_for_its_epic_is_made_first() -> None:
    known = LED.model_copy(update={"planning": Planning(role="checkin", word=WORD)})
    assert dispatches(run_decide(led(known=known))) == [(EPIC, "checkin")]
