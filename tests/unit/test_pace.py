"""How fast the repository goes: what people, the policy, failures and a red base keep from going on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.beads.policy import Pace, Policy
from bot.beads.policy_file import PolicyError, load_policy
from bot.coordinator.actions import Merge, Say, UpdateBranch
from bot.coordinator.claims import Claims, Going
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Word
from bot.coordinator.snapshot import PullRequest, Snapshot
from tests.unit.snapshots import (
    HEAD,
    LIVE,
    NOW,
    approved,
    claimed,
    comment,
    dispatches,
    ended,
    issue,
    look,
    pull,
    run_decide,
)
from tests.unit.test_hear import heard, replies, signs

PAUSED = Word(by="ada", at=NOW - timedelta(minutes=1), comment=7, reason="the release is out")
BERLIN: dict[str, object] = {"time_zone": "Europe/Berlin"}


def going(decision: Decision) -> Going:
    assert decision.claims is not None
    return decision.claims.going


def paced(pace: Mapping[str, object], claims: Claims | None = None, beads: int = 3) -> Snapshot:
    """Released beads, and this pace."""
    policy = Policy(workers=beads, pace=Pace.model_validate(dict(pace)))
    ready = (issue(number) for number in range(1, beads + 1))
    return look(*ready, policy=policy, claims=claims or Claims())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def updates_and_merges(decision: Decision) -> list[int]:
    return [action.pull for action in decision.after if isinstance(action, UpdateBranch | Merge)]


def why(decision: Decision, bead: int = 1) -> str:
    return "; ".join(decision.verdicts[bead].reasons)


# -- pause and resume ---------------------------------------------------------------------------------------
def test_a_pause_stops_claims_updates_and_merges_from_the_pass_that_hears_it_on() -> None:
    behind = pull(13, 3, behind=True, head="c" * 40)
    lane = heard(
        comment("/bead pause the release is out"),
        pulls=(pull(12, 2), behind),
        claims=Claims(history={2: approved(2).of(2), 3: History(attempts=1)}),
    )
    decision = run_decide(lane)
    assert dispatches(decision) == []
    assert updates_and_merges(decision) == []
    assert "paused by @ada (the release is out); `/bead resume`" in why(decision)
    assert "paused by @ada" in why(decision, 2)
    assert "paused by @ada" in why(decision, 3)
    assert going(decision).paused == PAUSED
    assert signs(decision) == ["taken", "done"]
    quiet = run_decide(replace(lane, comments=()))
    assert updates_and_merges(quiet) == [13, 12]


def test_what_runs_goes_on_to_its_end_and_is_settled_while_it_is_paused() -> None:
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    claims = claims.model_copy(update={"going": Going(paused=PAUSED)})
    running = ended(done=False, conclusion=None, report=None)
    assert run_decide(look(issue(1), claims=claims, runs=(running,))).verdicts[1].state is State.RUNNING
    over = run_decide(look(issue(1), claims=claims, runs=(ended(),)))
    assert over.claims is not None
    assert not over.claims.live


def test_a_merge_that_happened_closes_its_bead_while_it_is_paused() -> None:
    merged = pull(8, 1, state="merged", on_base=True, merge_commit="d" * 40)
    claims = approved(1).model_copy(update={"going": Going(paused=PAUSED)})
    assert run_decide(look(issue(1), pulls=(merged,), claims=claims)).verdicts[1].state is State.DONE


def test_resume_takes_back_the_pause_the_count_and_the_failures() -> None:
    stopped = Claims(going=Going(paused=PAUSED, left=0, failures=2, begun={NOW.date(): 4}))
    decision = run_decide(heard(comment("/bead resume"), claims=stopped))
    assert dispatches(decision) == [(1, "worker"), (2, "worker")]
    assert (going(decision).paused, going(decision).left, going(decision).failures) == (None, None, 0)
    assert going(decision).begun == {NOW.date(): 6}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"workflow_enabled": False}, "the workflow is disabled"),
        ({"policy_fault": "beadwright.yml: line 3: no"}, "beadwright.yml: line 3: no"),
    ],
)
def test_what_else_stops_the_repository_stops_merges_too_and_resume_says_so(
    changes: dict[str, object], said: str
) -> None:
    lane = heard(comment("/bead resume"), pulls=(pull(12, 2),), claims=approved(2), **changes)
    decision = run_decide(lane)
    assert dispatches(decision) == []
    assert updates_and_merges(decision) == []
    assert said in why(decision)
    assert said in why(decision, 2)
    assert said in replies(decision)[0]


# -- this many, then stop -----------------------------------------------------------------------------------
def test_run_lets_this_many_beads_begin_and_then_no_other() -> None:
    decision = run_decide(heard(comment("/bead run 1")))
    assert dispatches(decision) == [(1, "worker")]
    assert going(decision).left == 0
    assert "1 more bead begins" in replies(decision)[0]
    assert decision.verdicts[2].state is State.READY
    assert "`/bead run" in why(decision, 2)


def test_run_ends_a_pause() -> None:
    paused = Claims(going=Going(paused=PAUSED, failures=3))
    decision = run_decide(heard(comment("/bead run 2"), claims=paused))
    assert dispatches(decision) == [(1, "worker"), (2, "worker")]
    assert (going(decision).paused, going(decision).left, going(decision).failures) == (None, 0, 0)


@pytest.mark.parametrize(
    "pace",
    [
        {"quiet": ("00:00-23:59",)},
        {"beads_per_day": 4},
        {},
    ],
    ids=["quiet hours", "the day's number", "run"],
)
def test_what_has_begun_is_retried_corrected_reviewed_and_merged(pace: dict[str, object]) -> None:
    begun = Going(left=0, begun={NOW.date(): 4})
    red = pull(12, 2, head="c" * 40, mergeable="conflict")
    fresh = pull(13, 3, head="d" * 40)
    claims = Claims(
        going=begun,
        history={
            1: History(attempts=1, failures=1),
            2: History(attempts=2),
            3: History(attempts=1),
            4: approved(4).of(4),
        },
    )
    lane = paced(pace, claims, beads=5)
    decision = run_decide(replace(lane, pulls=(red, fresh, pull(14, 4))))
    assert sorted(dispatches(decision)) == [(1, "worker"), (2, "worker"), (3, "reviewer")]
    assert updates_and_merges(decision) == [14]
    assert decision.verdicts[5].state is State.READY


# -- quiet hours --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "quiet", "until"),
    [
        # In winter Berlin is an hour ahead.
        ("2026-11-24 20:59", ("22:00-07:00",), None),
        ("2026-11-24 21:00", ("22:00-07:00",), "2026-11-25 06:00"),
        ("2026-11-24 23:30", ("22:00-07:00",), "2026-11-25 06:00"),
        ("2026-11-25 05:59", ("22:00-07:00",), "2026-11-25 06:00"),
        ("2026-11-25 06:00", ("22:00-07:00",), None),
        # In summer two.
        ("2026-07-01 19:59", ("22:00-07:00",), None),
        ("2026-07-01 20:00", ("22:00-07:00",), "2026-07-02 05:00"),
        # Two that follow each other are one.
        ("2026-11-24 12:30", ("13:00-14:00", "14:00-15:30"), "2026-11-24 14:30"),
        # On 28 March 2027 the clock goes from 02:00 to 03:00, so the night is an hour shorter.
        ("2027-03-27 22:00", ("22:00-07:00",), "2027-03-28 05:00"),
        ("2027-03-28 00:30", ("01:00-02:30",), "2027-03-28 01:00"),
        ("2027-03-28 01:00", ("02:00-03:00",), None),
        # On 25 October 2026 it goes from 03:00 back to 02:00: an hour is there twice.
        ("2026-10-24 21:00", ("22:00-07:00",), "2026-10-25 06:00"),
        ("2026-10-25 00:15", ("02:00-02:30",), "2026-10-25 00:30"),
        ("2026-10-25 01:15", ("02:00-02:30",), "2026-10-25 01:30"),
        ("2026-10-25 00:45", ("02:00-02:30",), None),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(
    now: str, quiet: tuple[str, ...], until: str | None
) -> None:
    decision = run_decide(paced({"quiet": quiet, **BERLIN}), at(now))
    if until is None:
        assert len(dispatches(decision)) == 3
        return
    assert dispatches(decision) == []
    assert decision.next_look == at(until)
    assert "quiet hours, until" in why(decision)


def test_the_end_of_the_quiet_hours_is_told_in_the_time_zone_of_the_policy() -> None:
    decision = run_decide(paced({"quiet": ("22:00-07:00",), **BERLIN}), at("2026-11-24 22:30"))
    assert "until 2026-11-25 07:00 (Europe/Berlin)" in why(decision)


# -- beads per day ------------------------------------------------------------------------------------------
def test_only_so_many_beads_begin_on_one_day() -> None:
    decision = run_decide(paced({"beads_per_day": 2}))
    assert dispatches(decision) == [(1, "worker"), (2, "worker")]
    assert going(decision).begun == {NOW.date(): 2}
    assert "2 beads have begun today" in why(decision, 3)
    assert decision.next_look == at("2026-11-25 00:00")


def test_a_day_begins_at_midnight_of_the_time_zone() -> None:
    full = Claims(going=Going(begun={date(2026, 11, 24): 1}))
    before = run_decide(paced({"beads_per_day": 1, **BERLIN}, full), at("2026-11-24 22:59"))
    assert dispatches(before) == []
    assert before.next_look == at("2026-11-24 23:00")
    after = run_decide(paced({"beads_per_day": 1, **BERLIN}, full), at("2026-11-24 23:00"))
    assert dispatches(after) == [(1, "worker")]
    assert going(after).begun == {date(2026, 11, 24): 1, date(2026, 11, 25): 1}


def test_days_before_yesterday_are_forgotten() -> None:
    days = {NOW.date() - timedelta(days=ago): 1 for ago in (1, 2, 30)}
    decision = run_decide(paced({}, Claims(going=Going(begun=days))))
    assert going(decision).begun == {NOW.date() - timedelta(days=1): 1, NOW.date(): 3}


def test_a_second_attempt_begins_no_bead() -> None:
    tried = Claims(history={1: History(attempts=1, failures=1)})
    decision = run_decide(paced({}, tried, beads=1))
    assert dispatches(decision) == [(1, "worker")]
    assert going(decision).begun == {}


# -- failures -----------------------------------------------------------------------------------------------
def failed(bead: int, failures: int, **history: object) -> Snapshot:
    """A bead whose attempt has just failed, after so many others, and one that is ready."""
    claims = claimed(bead).model_copy(update={"going": Going(failures=failures)})
    claims = claims.remember(bead, **history)
    run = ended(report=None, conclusion="failure")
    return look(issue(bead), issue(9), claims=claims, runs=(run,))


def test_three_failed_attempts_in_a_row_pause_the_repository_and_are_told_once() -> None:
    decision = run_decide(failed(1, 2))
    paused = going(decision).paused
    assert dispatches(decision) == []
    assert paused is not None
    assert (paused.by, going(decision).failures, going(decision).bead) == ("", 3, 1)
    assert decision.verdicts[1].state is State.NEEDS_HUMAN
    assert "3 attempts in a row failed" in why(decision, 9)
    (told,) = [action for action in decision.before if isinstance(action, Say)]
    assert told.number == 1
    assert "3 attempts in a row failed, the last one of #1" in told.body
    assert "`/bead resume`" in told.body
    again = run_decide(look(issue(1), issue(9), claims=decision.claims))
    assert [action for action in again.before if isinstance(action, Say)] == []
    assert again.claims is None


def test_fewer_failures_pause_nothing_and_a_success_begins_the_count_anew() -> None:
    decision = run_decide(failed(1, 1))
    assert (going(decision).paused, going(decision).failures) == (None, 2)
    claims = claimed(1).advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    claims = claims.model_copy(update={"going": Going(failures=2)})
    better = run_decide(look(issue(1), issue(9), claims=claims, runs=(ended(),)))
    assert going(better).failures == 0


def test_a_pause_of_ours_is_told_elsewhere_when_its_bead_is_closed() -> None:
    paused = Word(by="", at=NOW, reason="3 attempts in a row failed, the last one of #1")
    claims = Claims(going=Going(paused=paused, failures=3, bead=1))
    decision = run_decide(look(issue(4), issue(9), claims=claims))
    assert going(decision).bead == 4
    assert decision.verdicts[4].state is State.NEEDS_HUMAN
    assert decision.verdicts[9].state is State.READY


def test_after_a_resume_the_bead_says_that_it_needs_nobody_for_that() -> None:
    first = run_decide(failed(1, 2)).claims
    assert first is not None
    decision = run_decide(heard(comment("/bead resume"), claims=first))
    bodies = [action.body for action in decision.before if isinstance(action, Say)]
    assert bodies == ["This bead needs nobody any more."]
    assert (1, "worker") in dispatches(decision)


# -- a red base ---------------------------------------------------------------------------------------------
def on_red(*pulls: PullRequest, **changes: object) -> Snapshot:
    """A bead that mends (#1), one that does not (#2), both released, on a red base branch."""
    return look(issue(1, "bug", "P0"), issue(2), base_state="red", pulls=pulls, **changes)


def test_on_a_red_base_only_the_bead_that_mends_it_begins() -> None:
    decision = run_decide(on_red())
    assert dispatches(decision) == [(1, "worker")]
    assert "main is red: until it is green only a bead labelled `bug` and `P0`" in why(decision, 2)
    waiting = run_decide(replace(on_red(), base_state="waiting"))
    assert dispatches(waiting) == [(1, "worker"), (2, "worker")]


@pytest.mark.parametrize("labels", [("bug",), ("P0",), ("bug", "P1"), ("chore", "P0")])
def test_a_bead_mends_a_red_base_only_by_both_labels(labels: tuple[str, ...]) -> None:
    assert dispatches(run_decide(look(issue(1, *labels), base_state="red"))) == []


def test_whoever_is_not_released_mends_nothing() -> None:
    stranger = issue(1, "bug", "P0", released=False)
    assert dispatches(run_decide(look(stranger, base_state="red"))) == []


def test_only_what_mends_a_red_base_is_updated_reviewed_and_merged() -> None:
    both = Claims(history={1: approved(1).of(1), 2: approved(2).of(2)})
    decision = run_decide(on_red(pull(11, 1), pull(12, 2), claims=both))
    assert updates_and_merges(decision) == [11]
    assert decision.verdicts[2].state is State.MERGING
    fresh = run_decide(on_red(pull(11, 1), pull(12, 2)))
    assert dispatches(fresh) == [(1, "reviewer")]
    behind = run_decide(on_red(pull(11, 1, behind=True), pull(12, 2, behind=True)))
    assert updates_and_merges(behind) == [11]


# -- the policy ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("quiet: ['25:00-07:00']", "must be hours like 22:00-07:00"),
        ("quiet: ['22-7']", "must be hours like 22:00-07:00"),
        ("quiet: ['07:00-07:00']", "begins when it ends"),
        ("quiet: ['07:00-19:00', '18:00-07:00']", "leave no minute of the day"),
        ("time_zone: Europe/Berln", "'Europe/Berln' is no time zone; write an IANA name like Europe/Berlin"),
        ("time_zone: Europe", "is no time zone"),
        ("time_zone: ../../etc/passwd", "is no time zone"),
        ("time_zone: ''", "is no time zone"),
    ],
)
def test_a_pace_that_cannot_be_is_refused_with_what_would_be(text: str, fault: str) -> None:
    with pytest.raises(PolicyError, match="pace") as refused:
        load_policy(f"pace: {{{text}}}")
    assert fault in str(refused.value)
