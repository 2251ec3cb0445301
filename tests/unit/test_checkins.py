"""Check-ins on their issue: asked for, due, told, compared with the last."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from bot.beads.checkin import CheckinAnswer
from bot.beads.checkin_import import import_note
from bot.beads.digest import digest
from bot.beads.policy import Planning as PlanningPolicy
from bot.beads.policy import Policy
from bot.coordinator.actions import CreateBead, Say, SetLabels
from bot.coordinator.checkins import checkin, next_after
from bot.coordinator.claims import Checkins, CheckinScores, Claims, Going, read_claims, write_claims
from bot.coordinator.decision import Decision, Draft, State
from bot.coordinator.history import Planning, Word
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Snapshot
from tests.unit.checkins import scored
from tests.unit.snapshots import (
    BASE,
    HEAD,
    NOW,
    claimed,
    dispatches,
    ended,
    issue,
    look,
    pull,
    report,
    run_decide,
    saying,
)

WEEKLY = Policy(planning=PlanningPolicy(checkin="weekly"))
PLAIN = replace(issue(1, released=False), title="Check in")
WORD = Word(by="maya", at=NOW - timedelta(minutes=5), comment=9)


def kept(**changes: object) -> Claims:
    return Claims(checkins=Checkins.model_validate(changes))


def on(asked: Said, bead: object = PLAIN, body: str = "/bead checkin") -> Said:
    """The command on another issue, or on what is none of ours."""
    return replace(asked, issue=bead, comment=replace(asked.comment, body=body))  # type: ignore[arg-type]


def made(decision: Decision) -> list[CreateBead]:
    return [one for one in decision.before if isinstance(one, CreateBead)]


# -- asked for ----------------------------------------------------------------------------------------------
def test_an_issue_on_which_a_check_in_is_asked_for_becomes_the_check_in_issue() -> None:
    draft = Draft(Claims())
    assert checkin(on(saying("checkin"), None), draft).done
    assert draft.before == [SetLabels(1, "I_1", add=("bead",))]
    assert draft.claims.checkins == Checkins(issue=1, asked=NOW)
    decision = run_decide(look(PLAIN, claims=draft.claims))
    assert dispatches(decision) == [(1, "checkin")]


def test_nothing_is_built_on_the_check_in_issue_whoever_releases_it() -> None:
    claims = kept(issue=1, asked=NOW - timedelta(days=3))
    decision = run_decide(look(issue(1), issue(2), claims=claims, policy=WEEKLY))
    assert dispatches(decision) == [(2, "worker")]
    assert decision.verdicts[1].state is State.BLOCKED
    assert decision.verdicts[1].reasons == (
        "nothing is built here; `/bead checkin` asks for the next check-in, which is due on 2026-11-28",
    )


@pytest.mark.parametrize(
    ("bead", "claims", "why"),
    [
        (issue(1), Claims(), "It is released to be worked on"),
        (issue(1, released=False, children=(2,)), Claims(), "It has sub-issues"),
        (PLAIN, claimed(1), "being done on it right now"),
    ],
)
def test_what_has_work_of_its_own_is_no_check_in_issue(bead: object, claims: Claims, why: str) -> None:
    draft = Draft(claims)
    refused = checkin(on(saying("checkin"), bead), draft)
    assert not refused.done
    assert why in refused.reply
    assert draft.claims == claims


def test_what_has_a_pull_request_is_no_check_in_issue() -> None:
    refused = checkin(replace(on(saying("checkin")), pull=pull(8, 1)), Draft(Claims()))
    assert "a bead with work of its own" in refused.reply


def test_of_a_pasted_review_only_its_digest_is_remembered() -> None:
    draft = Draft(kept(asked=NOW - timedelta(days=3)))
    said = on(saying("checkin", "import"), body="/bead checkin import\n\nTests: 4 of 10.")
    assert checkin(said, draft).done
    planning = draft.claims.of(1).planning
    assert planning is not None
    assert planning.text == import_note("Tests: 4 of 10.")
    assert "Tests" not in write_claims(draft.claims, "n")
    assert draft.claims.checkins == Checkins(issue=1, asked=NOW - timedelta(days=3))


def test_an_import_of_nothing_is_refused() -> None:
    refused = checkin(on(saying("checkin", "import"), body="/bead checkin import"), Draft(Claims()))
    assert (refused.done, "Nothing is pasted" in refused.reply) == (False, True)


# -- due ----------------------------------------------------------------------------------------------------
def test_a_first_check_in_that_the_policy_wants_opens_its_issue_once() -> None:
    (wanted,) = made(run_decide(look(policy=WEEKLY)))
    assert (wanted.marker, wanted.labels) == ("checkin-2026-11-24", ("bead",))
    there = replace(PLAIN, markers=("bead=checkin-2026-11-24",))
    decision = run_decide(look(there, policy=WEEKLY))
    assert made(decision) == []
    assert decision.claims is not None
    assert decision.claims.checkins == Checkins(issue=1, asked=NOW)
    assert dispatches(decision) == [(1, "checkin")]


@pytest.mark.parametrize(("ago", "asked"), [(timedelta(days=7), True), (timedelta(days=6, hours=23), False)])
def test_the_next_one_is_asked_for_a_week_after_the_last(ago: timedelta, asked: bool) -> None:
    decision = run_decide(look(PLAIN, claims=kept(issue=1, asked=NOW - ago), policy=WEEKLY))
    assert (dispatches(decision) == [(1, "checkin")]) is asked
    assert asked or decision.next_look == NOW - ago + timedelta(days=7)


def test_a_check_in_issue_that_was_closed_is_followed_by_another_when_one_is_due() -> None:
    claims = kept(issue=5, asked=NOW - timedelta(days=8))
    assert len(made(run_decide(look(PLAIN, claims=claims, policy=WEEKLY)))) == 1


def quiet(**changes: object) -> Snapshot:
    claims = kept(issue=1, asked=NOW - timedelta(days=8))
    return replace(look(PLAIN, claims=claims, policy=WEEKLY), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "snapshot",
    [
        quiet(policy=Policy()),
        quiet(policy_fault="it cannot be read"),
        quiet(claims=quiet().claims.model_copy(update={"going": Going(paused=WORD)})),
        quiet(claims=quiet().claims.remember(1, stopped="3 attempts failed")),
        quiet(issues=(issue(1, "hold", released=False),)),
    ],
    ids=["not wanted", "no policy", "paused", "stopped", "held"],
)
def test_no_check_in_is_made_where_it_is_not_wanted_or_nothing_may_go_on(snapshot: Snapshot) -> None:
    decision = run_decide(snapshot)
    assert (dispatches(decision), made(decision)) == ([], [])


def test_one_that_is_under_way_is_not_asked_for_again() -> None:
    asked = Planning(role="checkin", word=WORD)
    claims = claimed(1, "checkin").remember(1, planning=asked)
    claims = claims.model_copy(update={"checkins": Checkins(issue=1, asked=NOW - timedelta(days=8))})
    decision = run_decide(look(PLAIN, claims=claims, policy=WEEKLY))
    assert (decision.claims or claims).of(1).planning == asked


@pytest.mark.parametrize(
    ("asked", "every", "due"),
    [
        ("2026-11-24", "weekly", "2026-12-01"),
        ("2026-11-24", "monthly", "2026-12-24"),
        ("2026-12-31", "monthly", "2027-01-31"),
        ("2027-01-31", "monthly", "2027-02-28"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(
    asked: str, every: Literal["weekly", "monthly"], due: str
) -> None:
    before = datetime.fromisoformat(asked).replace(tzinfo=UTC)
    assert f"{next_after(before, every):%Y-%m-%d}" == due


# -- told ---------------------------------------------------------------------------------------------------
def told(answer: CheckinAnswer, note: str = "", **checkins: object) -> tuple[str, Claims]:
    """The comment on a check-in that has been published, and the claims after it."""
    claims = claimed(
        1, "checkin", stage="published", outcome="proposed", head=HEAD, digest=digest("Check in", "")
    )
    claims = claims.remember(1, planning=Planning(role="checkin", word=WORD, text=note))
    claims = claims.model_copy(update={"checkins": Checkins.model_validate({"issue": 1, **checkins})})
    said = report(role="checkin", worker=None, head=None, checkin=json.loads(answer.model_dump_json()))
    decision = run_decide(look(PLAIN, claims=claims, runs=(ended(report=said),)))
    (comment,) = (one.body for one in decision.before if isinstance(one, Say) and one.marker == "checkin-5")
    assert decision.claims is not None
    return comment, read_claims(write_claims(decision.claims, "n"))


def test_a_check_in_is_told_with_reasons_evidence_and_the_chart_of_its_commit() -> None:
    comment, claims = told(scored(7, 3))
    assert "**Check-in** · 5.0 of 10 on average · [run](" in comment
    place = f"[`src/a.txt:1`](https://github.com/octo/sample/blob/{BASE}/src/a.txt#L1)"
    assert f"| doctrine | 7 | doctrine stand so. | {place} |" in comment
    assert f"(https://github.com/octo/sample/blob/{HEAD}/checkins.svg?raw=true)" in comment
    last = claims.checkins.last
    assert last is not None
    assert (last.scores, last.by) == ({"doctrine": 7, "specs": 3}, "")


def test_a_check_in_is_compared_with_the_last_by_code() -> None:
    before = CheckinScores(at=NOW - timedelta(days=7), scores={"doctrine": 5, "specs": 6, "tests": 9})
    comment, _ = told(scored(7, 3, 4), last=before)
    assert " · -0.5 since 2026-11-17 · [run](" in comment
    assert "| side | score | 2026-11-17 | why | where |\n|---|--:|--:|---|---|" in comment
    assert "| doctrine | 7 | 5 (+2) | " in comment
    assert "| specs | 3 | 6 (-3) | " in comment
    assert "| architecture | 4 | – | " in comment  # noqa: RUF001
    assert "| tests | – | 9 | not scored |  |" in comment  # noqa: RUF001


def test_a_review_made_elsewhere_says_who_brought_it_and_what_it_names_in_vain() -> None:
    answer = scored(7).model_copy(update={"unfound": ("gone.md:3",)})
    comment, claims = told(answer, import_note("x"))
    assert comment.startswith("**A review made elsewhere**, brought by `maya` · 7.0 of 10")
    assert f"What it names and is not there at {BASE[:12]}" in comment
    assert "`gone.md:3`" in comment
    assert claims.checkins.last is not None
    assert claims.checkins.last.by == "maya"


def test_what_a_check_in_says_calls_nobody_and_breaks_no_table() -> None:
    score = {"category": "tests", "score": 4, "reason": "| @maya fixes #3 <!-- x --> |"}
    places = ["a|b](evil.example).md:1", "`x`.md:1"]
    answer = CheckinAnswer.model_validate(
        {"summary": "/bead approve\n```\n@maya", "scores": [{**score, "evidence": places}]}
    )
    comment, _ = told(answer)
    (row,) = (line for line in comment.split("\n") if line.startswith("| tests"))
    assert row.replace("\\|", "").count("|") == 5
    assert "@maya" not in comment
    assert row.endswith(" | `a\\|b](evil.example).md:1`, `x .md:1` |")
    assert "\n/bead" not in comment
    assert "\n> ```" in comment
