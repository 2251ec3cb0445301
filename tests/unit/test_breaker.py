"""The provider breaker: one by one what it promises, then all of it over drawn histories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.beads.policy import Budget, Engine, Policy
from bot.beads.report import ProviderFault, WorkerAnswer
from bot.coordinator.actions import Dispatch, Say
from bot.coordinator.breaker import LONGEST, WAITS
from bot.coordinator.claims import Breaker, Claims, read_claims, write_claims
from bot.coordinator.decide import decide
from bot.coordinator.decision import Decision, State
from bot.coordinator.history import History, Verdict
from bot.coordinator.snapshot import Issue, Run, Snapshot
from tests.unit.snapshots import (
    BASE,
    HEAD,
    LIVE,
    NOW,
    PERSON,
    approved,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    remembered,
    report,
    run_decide,
)

RESET = NOW + timedelta(hours=5, minutes=5)
ENGINE = "command"
MARKER = f"provider-{ENGINE}"


def fault(kind: str = "limit", until: datetime | None = None, detail: str = "429") -> ProviderFault:
    return ProviderFault.model_validate({"kind": kind, "until": until, "detail": detail})


def stopped_run(told: ProviderFault, **changes: object) -> Run:
    return ended(report=report(worker=None, failure="its provider refused", provider=told, **changes))


def running(bead: int = 1, **changes: object) -> Claims:
    return claimed(bead, "worker", engine=ENGINE, **changes)


def tripped(bead: int = 1, **changes: object) -> Claims:
    known = Breaker.model_validate(
        {"kind": "limit", "detail": "429", "bead": bead, "until": RESET, "told": "so"} | changes
    )
    return Claims(breakers={ENGINE: known})


def provider_comments(decision: Decision) -> list[Say]:
    return [one for one in decision.before if isinstance(one, Say) and one.marker == MARKER]


# -- opening ----------------------------------------------------------------------------------------------


def test_what_a_provider_refused_charges_no_attempt_and_books_its_cost() -> None:
    claims = running().model_copy(update={"history": {1: History(attempts=1, failures=2)}})
    decision = run_decide(look(issue(1), claims=claims, runs=(stopped_run(fault(until=RESET)),)))
    assert decision.claims is not None
    known = decision.claims.of(1)
    assert (known.attempts, known.failures, known.spent) == (1, 2, 250_000)
    assert [(one.attempt, one.outcome) for one in known.tried] == [(1, "provider")]
    assert decision.claims.spent == {NOW.date(): 250_000}
    opened = decision.claims.breakers[ENGINE]
    assert (opened.kind, opened.until, opened.trips, opened.bead) == ("limit", RESET, 1, 1)


@pytest.mark.parametrize("stage", ["claimed", "published"])
def test_it_is_the_same_whether_publish_came_that_far_or_not(stage: str) -> None:
    claims = running()
    if stage == "published":
        claims = claims.advance(1, LIVE, outcome="failed", head=None, run_id=5)
    decision = run_decide(look(issue(1), claims=claims, runs=(stopped_run(fault()),)))
    assert decision.claims is not None
    assert (decision.claims.of(1).failures, list(decision.claims.breakers)) == (0, [ENGINE])


def test_a_corrections_round_is_given_back() -> None:
    verdict = Verdict(head=HEAD, approve=False, run_id=4)
    claims = running(correction=True)
    claims = claims.model_copy(update={"history": {1: History(attempts=3, rounds=2, verdict=verdict)}})
    run = stopped_run(fault(until=RESET))
    decision = run_decide(look(issue(1), claims=claims, runs=(run,), pulls=(pull(8, 1),)))
    assert decision.claims is not None
    known = decision.claims.of(1)
    assert (known.attempts, known.rounds, known.verdict) == (3, 1, verdict)
    assert decision.verdicts[1].state is State.CORRECTING


def test_a_correction_whose_dispatch_got_lost_gives_its_round_back() -> None:
    verdict = Verdict(head=HEAD, approve=False, run_id=4)
    claims = running(correction=True)
    claims = claims.model_copy(update={"history": {1: History(attempts=2, rounds=1, verdict=verdict)}})
    decision = run_decide(look(issue(1), claims=claims, pulls=(pull(8, 1),)), NOW + timedelta(minutes=2))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.claims is not None
    assert decision.claims.of(1).rounds == 1


def test_work_that_was_published_counts_whatever_its_report_says_of_the_provider() -> None:
    claims = running().advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    run = ended(report=report(provider=fault()))
    decision = run_decide(look(issue(1), claims=claims, runs=(run,), pulls=(pull(8, 1),)))
    assert decision.claims is not None
    assert decision.claims.breakers == {}


def test_the_engine_is_the_claims_own_whatever_the_report_names() -> None:
    run = stopped_run(fault(), engine="forged")
    decision = run_decide(look(issue(1), claims=running(), runs=(run,)))
    assert decision.claims is not None
    assert list(decision.claims.breakers) == [ENGINE]
    assert dispatches(decision) == []


def test_a_fault_without_a_reset_waits_twice_as_long_each_time_up_to_the_last_wait() -> None:
    waits = []
    for trips in range(12):
        claims = tripped(trips=trips, trial=LIVE, until=NOW)
        claims = running().model_copy(update={"breakers": claims.breakers if trips else {}})
        decision = run_decide(look(issue(1), claims=claims, runs=(stopped_run(fault("outage")),)))
        assert decision.claims is not None
        waits.append(decision.claims.breakers[ENGINE].until - NOW)
    first, last = WAITS["outage"]
    assert waits == [min(last, first * 2**trips) for trips in range(12)]


@pytest.mark.parametrize(
    ("said", "until"),
    [
        (NOW - timedelta(days=1), NOW + WAITS["limit"][0]),
        (NOW, NOW + WAITS["limit"][0]),
        (RESET, RESET),
        (NOW + timedelta(days=3650), NOW + LONGEST),
    ],
)
def test_a_reset_counts_within_bounds(said: datetime, until: datetime) -> None:
    decision = run_decide(look(issue(1), claims=running(), runs=(stopped_run(fault(until=said)),)))
    assert decision.claims is not None
    assert decision.claims.breakers[ENGINE].until == until


# -- open -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("limit", "the provider of command limits us, until 14:05 UTC"),
        ("outage", "the provider of command does not serve, until 14:05 UTC"),
        ("key", "the provider of command refuses our key, until 14:05 UTC"),
    ],
)
def test_nothing_is_dispatched_while_it_is_open_and_the_next_look_is_the_reset(kind: str, why: str) -> None:
    snapshot = look(issue(1), issue(2), pulls=(pull(8, 2),), claims=tripped(kind=kind))
    decision = run_decide(snapshot)
    assert dispatches(decision) == []
    assert decision.verdicts[1].reasons == decision.verdicts[2].reasons == (why,)
    assert decision.next_look == RESET


def test_another_day_is_named() -> None:
    decision = run_decide(look(issue(1), claims=tripped(until=RESET + timedelta(days=1))))
    assert "until 2026-11-25 14:05 UTC" in decision.verdicts[1].reasons[0]


def test_worker_and_reviewer_wait_for_their_own_engines_provider() -> None:
    policy = Policy(reviewer=Engine(name="codex"))
    (known,) = tripped().breakers.values()
    both = (issue(1), issue(2))
    waiting = look(*both, pulls=(pull(8, 2),), claims=Claims(breakers={ENGINE: known}), policy=policy)
    assert dispatches(run_decide(waiting)) == [(2, "reviewer")]
    other = replace(waiting, claims=Claims(breakers={"codex": known}))
    assert dispatches(run_decide(other)) == [(1, "worker")]


def test_merging_and_closing_go_on_while_it_is_open() -> None:
    claims = approved(1).model_copy(update={"breakers": tripped().breakers})
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=claims))
    assert decision.verdicts[1].state is State.MERGING


# -- half open --------------------------------------------------------------------------------------------


def test_after_the_reset_one_run_is_let_through() -> None:
    decision = run_decide(look(issue(1), issue(2), issue(3), claims=tripped()), RESET)
    assert dispatches(decision) == [(1, "worker")]
    assert decision.claims is not None
    assert decision.claims.breakers[ENGINE].trial == decision.claims.live[1].token
    assert decision.verdicts[2].reasons == ("the provider of command limits us; one run tries it now",)


def half_open() -> Claims:
    return running().model_copy(update={"breakers": tripped(2, trial=LIVE, until=NOW).breakers})


def test_an_answer_of_the_trial_closes_it_and_all_go_on() -> None:
    claims = half_open().advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    snapshot = look(issue(1, "hold"), issue(2), issue(3), claims=claims, runs=(ended(),))
    decision = run_decide(snapshot)
    assert decision.claims is not None
    assert decision.claims.breakers == {}
    assert dispatches(decision) == [(2, "worker"), (3, "worker")]
    (comment,) = provider_comments(decision)
    assert (comment.number, comment.body.startswith("This is over")) == (2, True)


def test_a_trial_whose_work_fails_proves_that_its_provider_serves() -> None:
    run = ended(report=report(failure="the gate 'test' fails"))
    decision = run_decide(look(issue(1), issue(2), claims=half_open(), runs=(run,)))
    assert decision.claims is not None
    assert (decision.claims.breakers, decision.claims.of(1).failures) == ({}, 1)


def test_a_trial_that_ends_without_an_answer_proves_nothing_and_the_next_one_goes() -> None:
    run = ended(report=report(worker=None, failure="the clock stopped it"))
    decision = run_decide(look(issue(1), issue(2), claims=half_open(), runs=(run,)))
    assert decision.claims is not None
    assert decision.claims.of(1).failures == 1
    (live,) = decision.claims.live.values()
    assert decision.claims.breakers[ENGINE].trial == live.token


def test_an_answer_of_a_run_from_before_closes_nothing() -> None:
    claims = running().advance(1, LIVE, outcome="pr", head=HEAD, run_id=5)
    claims = claims.model_copy(update={"breakers": tripped(2).breakers})
    decision = run_decide(look(issue(1), issue(2), claims=claims, runs=(ended(),)))
    assert decision.claims is not None
    assert ENGINE in decision.claims.breakers


# -- what people are told ---------------------------------------------------------------------------------


def test_it_is_recorded_first_and_told_in_the_next_pass() -> None:
    snapshot = look(issue(1), claims=running(), runs=(stopped_run(fault(until=RESET)),))
    first = run_decide(snapshot)
    assert provider_comments(first) == []
    assert first.next_look == NOW
    assert first.claims is not None
    second = run_decide(replace(snapshot, claims=first.claims))
    (comment,) = provider_comments(second)
    assert comment.number == 1
    assert "limits us: `429`" in comment.body
    assert "Until 2026-11-24 14:05 UTC" in comment.body
    assert "Nobody has to do anything" in comment.body
    assert second.claims is not None
    third = run_decide(replace(snapshot, claims=second.claims))
    assert (third.before, third.claims) == ((), None)


def test_two_coordinators_that_trip_it_on_two_beads_tell_it_on_one() -> None:
    claims = running().claim(2, running(2, token="e" * 32).live[2])
    runs = (stopped_run(fault()), replace(stopped_run(fault(), bead=2, token="e" * 32), token="e" * 32))
    both = (issue(1), issue(2))
    going = [replace(run, done=False, report=None, artifacts_read=False) for run in runs]
    one = run_decide(look(*both, claims=claims, runs=(runs[0], going[1])))
    other = run_decide(look(*both, claims=claims, runs=(going[0], runs[1])))
    assert provider_comments(one) == provider_comments(other) == []
    assert one.claims is not None  # it wins the ref; the other reads again
    after = run_decide(look(*both, claims=one.claims, runs=runs))
    assert [comment.number for comment in provider_comments(after)] == [1]
    assert after.claims is not None
    assert after.claims.breakers[ENGINE].trips == 1


def test_a_bad_key_asks_who_released_the_bead_and_says_what_to_do() -> None:
    (comment,) = provider_comments(run_decide(look(issue(1), claims=tripped(kind="key"))))
    assert f"@{PERSON}: it needs a person" in comment.body
    assert "`/bead hold` this bead and `/bead unhold` it" in comment.body


def test_what_a_provider_says_pings_nobody_and_hides_nothing() -> None:
    detail = "@ann `fixes #3` \u202e\U000e0041 <!-- beadwright:comment=person -->"
    (comment,) = provider_comments(run_decide(look(issue(1), claims=tripped(detail=detail))))
    assert "`@ann ?fixes #3? ?? <!-- beadwright:comment=person -->`" in comment.body


def test_when_its_bead_is_closed_it_is_told_on_the_first_that_waits() -> None:
    snapshot = look(issue(2), issue(3), claims=tripped(1))
    first = run_decide(snapshot)
    assert first.claims is not None
    assert first.claims.breakers[ENGINE].bead == 2
    second = run_decide(replace(snapshot, claims=first.claims))
    assert [comment.number for comment in provider_comments(second)] == [2]


# -- what people do ---------------------------------------------------------------------------------------


def test_hold_on_its_bead_and_off_again_lets_the_next_run_try_at_once() -> None:
    snapshot = look(issue(1, "hold"), issue(2), claims=tripped(kind="key", trips=4))
    seen = run_decide(snapshot)
    assert dispatches(seen) == []
    assert seen.claims is not None
    assert seen.claims.breakers[ENGINE].attended
    waiting = run_decide(replace(snapshot, claims=seen.claims))
    assert dispatches(waiting) == []
    back = run_decide(look(issue(1), issue(2), claims=seen.claims))
    assert dispatches(back) == [(1, "worker")]
    assert back.claims is not None
    assert (back.claims.breakers[ENGINE].trips, back.claims.breakers[ENGINE].attended) == (0, False)


def test_ready_off_and_on_again_is_a_sign_too() -> None:
    seen = run_decide(look(issue(1, released=False), claims=tripped(kind="key")))
    assert seen.claims is not None
    assert dispatches(run_decide(look(issue(1), claims=seen.claims))) == [(1, "worker")]


def test_a_policy_with_another_engine_lets_go_and_one_that_cannot_be_read_does_not() -> None:
    (known,) = tripped().breakers.values()
    claims = Claims(breakers={"former": known})
    decision = run_decide(look(issue(1), claims=claims))
    assert decision.claims is not None
    assert decision.claims.breakers == {}
    assert any(isinstance(one, Say) and one.marker == "provider-former" for one in decision.before)
    unreadable = run_decide(look(issue(1), claims=claims, policy_fault="line 3: no"))
    assert unreadable.claims is None or "former" in unreadable.claims.breakers


# -- the document -----------------------------------------------------------------------------------------


def test_documents_from_before_there_were_breakers_are_read() -> None:
    live = {"role": "worker", "attempt": 1, "token": LIVE, "base": BASE, "since": NOW.isoformat()}
    old = json.dumps({"version": 1, "nonce": "n", "live": {"1": live}, "history": {"1": {"attempts": 1}}})
    claims = read_claims(old)
    assert (claims.breakers, claims.live[1].engine, claims.live[1].correction) == ({}, "", False)
    run = stopped_run(fault(), engine=ENGINE)
    decision = run_decide(look(issue(1), claims=claims, runs=(run,)))
    assert decision.claims is not None
    assert list(decision.claims.breakers) == [ENGINE]


def test_a_breaker_is_read_as_it_was_written() -> None:
    claims = tripped(trial=LIVE, attended=True)
    assert read_claims(write_claims(claims, "n")) == claims.model_copy(update={"nonce": "n"})


# -- all of it, over time ---------------------------------------------------------------------------------


class World:
    """A repository whose runs end as a test says, seen through pass after pass of `decide`."""

    def __init__(self, *issues: Issue, **changes: object) -> None:
        self.now = NOW
        self.snapshot: Snapshot = look(*issues, **changes)
        self.claims = self.snapshot.claims
        self.runs: dict[str, Run] = {}
        self.tokens: Iterator[str] = (f"{index:032x}" for index in range(1, 10_000))
        self.dispatched = 0
        self.created: list[int] = []
        self.comments: dict[int, str] = {}
        self.cost = 0
        self.episodes = 0
        self.trials: set[str] = set()

    def look(self) -> None:
        """Passes until nothing is left to do at this moment."""
        while True:
            tokens = [next(self.tokens) for _ in range(3)]
            snapshot = replace(self.snapshot, claims=self.claims, runs=tuple(self.runs.values()))
            decision = decide(snapshot, self.now, tokens)
            before, after = self.claims, decision.claims or self.claims
            for comment in provider_comments(decision):
                self.created += [comment.number] if comment.number not in self.comments else []
                self.comments[comment.number] = comment.body
            started = {after.live[one.bead].token for one in decision.after if isinstance(one, Dispatch)}
            if ENGINE in after.breakers:
                self.episodes += ENGINE not in before.breakers
                assert self.now >= after.breakers[ENGINE].until or not started
                self.trials |= started
            self.claims = after
            self.dispatched += len(started)
            self.runs |= {token: Run(7, token, done=False, conclusion=None) for token in started}
            self.next_look = decision.next_look
            if decision.claims is None or self.next_look is None or self.next_look > self.now:
                return

    def end(self, bead: int, told: ProviderFault | None) -> None:
        """The bead's run ends: with a fault of its provider, or with an answer that is published."""
        claim = self.claims.live[bead]
        changes: dict[str, object] = {"bead": bead, "token": claim.token, "attempt": claim.attempt}
        if told is None:
            self.claims = self.claims.advance(bead, claim.token, outcome="pr", head=HEAD, run_id=7)
            said = report(worker=WorkerAnswer(status="pr"), **changes)
        else:
            said = report(worker=None, failure="refused", provider=told, engine=ENGINE, **changes)
        self.cost += said.cost
        self.runs[claim.token] = ended(token=claim.token, report=said)


FAULTS = st.builds(
    lambda kind, minutes: (kind, minutes),
    st.sampled_from(["limit", "outage", "key"]),
    st.none() | st.integers(-60, 600),
)
CORRECTED = 1


class ProviderFaults(RuleBasedStateMachine):
    """Five beads, one of them with corrections to make; runs answer, are refused, or never show up."""

    def __init__(self) -> None:
        super().__init__()
        verdict = Verdict(head=HEAD, approve=False, run_id=4)
        self.world = World(
            *(issue(number) for number in range(1, 6)),
            pulls=(pull(8, CORRECTED),),
            claims=remembered(CORRECTED, attempts=1, verdict=verdict),
            policy=Policy(rounds=10, budget=Budget(day=100_000)),
        )
        self.corrections = 0
        self.world.look()

    def live(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.world.claims.live)))

    def is_corrected(self) -> bool:
        """Whether a worker has the bead, and not the reviewer of what it did."""
        claim = self.world.claims.live.get(CORRECTED)
        return claim is not None and claim.role == "worker"

    @precondition(lambda self: self.world.claims.live)
    @rule(data=st.data(), drawn=FAULTS)
    def a_run_is_refused(self, data: st.DataObject, drawn: tuple[str, int | None]) -> None:
        kind, minutes = drawn
        until = None if minutes is None else self.world.now + timedelta(minutes=minutes)
        self.world.end(self.live(data), fault(kind, until))
        self.world.look()

    @precondition(lambda self: self.world.claims.live)
    @rule(drawn=FAULTS)
    def all_runs_are_refused_at_once(self, drawn: tuple[str, int | None]) -> None:
        kind, minutes = drawn
        until = None if minutes is None else self.world.now + timedelta(minutes=minutes)
        for bead in self.world.claims.live:
            self.world.end(bead, fault(kind, until))
        self.world.look()

    @precondition(lambda self: self.world.claims.live)
    @rule(data=st.data())
    def a_run_answers(self, data: st.DataObject) -> None:
        bead = self.live(data)
        correction = self.is_corrected() and bead == CORRECTED
        if correction and self.corrections == 9:
            return  # one more would ask for a person, as it should
        self.corrections += correction
        self.world.end(bead, None)
        self.world.look()

    @precondition(lambda self: self.world.claims.live)
    @rule(data=st.data())
    def a_dispatch_gets_lost(self, data: st.DataObject) -> None:
        self.world.runs.pop(self.world.claims.live[self.live(data)].token)
        self.world.now += timedelta(minutes=3)
        self.world.look()

    @rule(minutes=st.integers(1, 180))
    def time_goes_by(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)
        self.world.look()

    @precondition(lambda self: self.world.next_look is not None)
    @rule()
    def the_next_look_comes(self) -> None:
        assert self.world.next_look is not None
        self.world.now = max(self.world.now, self.world.next_look)
        self.world.look()

    @invariant()
    def no_attempt_is_charged(self) -> None:
        claims = self.world.claims
        assert all(known.failures == 0 and not known.stopped for known in claims.history.values())
        assert claims.of(CORRECTED).rounds == self.corrections + self.is_corrected()

    @invariant()
    def every_cost_is_booked(self) -> None:
        pending = sum(
            run.report.cost
            for token, run in self.world.runs.items()
            if run.report and token in {claim.token for claim in self.world.claims.live.values()}
        )
        assert sum(self.world.claims.spent.values()) == self.world.cost - pending

    @invariant()
    def one_trial_at_a_time(self) -> None:
        if ENGINE in self.world.claims.breakers:
            live = {claim.token for claim in self.world.claims.live.values()}
            assert len(live & self.world.trials) <= 1
        else:
            self.world.trials.clear()

    @invariant()
    def it_is_told_once_and_what_is_over_is_said_to_be(self) -> None:
        assert len(self.world.created) <= self.world.episodes
        known = self.world.claims.breakers.get(ENGINE)
        for number, said in self.world.comments.items():
            assert said.startswith("This is over") != (known is not None and known.bead == number)
        assert known is None or self.world.comments[known.bead or 0] == known.told

    @invariant()
    def the_repository_never_stands_still_without_a_next_look(self) -> None:
        claims = self.world.claims
        assert claims.live or self.world.next_look is not None


ProviderFaults.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestProviderFaults = ProviderFaults.TestCase


@pytest.mark.parametrize(("kind", "most"), [("limit", 12), ("outage", 12), ("key", 1)])
@pytest.mark.parametrize("forged", [None, timedelta(days=-1), timedelta(0)])
def test_a_fault_without_an_end_costs_a_few_runs_a_day(
    kind: str, most: int, forged: timedelta | None
) -> None:
    world = World(*(issue(number) for number in range(1, 9)))
    world.look()
    days = 10
    while world.now < NOW + timedelta(days=days):
        for bead in world.claims.live:
            world.end(bead, fault(kind, None if forged is None else world.now + forged))
        world.now += timedelta(seconds=10)
        world.look()
        if not world.claims.live:
            assert world.next_look is not None
            world.now = world.next_look
            world.look()
    # Three at first, the shorter waits, then the last wait again and again.
    assert world.dispatched <= 3 + 7 + most * days
    assert world.created == [1]
