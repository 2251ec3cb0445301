"""However much an engine says, and whatever it hides: the pass goes on, and GitHub takes what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.beads.body import parse_body
from bot.beads.digest import digest
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.coordinator.actions import CreateBead, Say, SetBody
from bot.coordinator.history import History, Word
from bot.coordinator.quoting import TAKEN
from bot.coordinator.snapshot import Snapshot
from tests.unit.planned import says
from tests.unit.snapshots import HEAD, LIVE, NOW, claimed, ended, issue, look, report, run_decide

HIDDEN, MENTION, FENCE = "\u200b", "@a", "```\n"
MARKER = 250
"""How many characters a marker may have that is put below a text."""
OPTIONS = [{"key": key, "text": HIDDEN * 250} for key in "abcd"]


def text(of: str, longest: int = 20_000) -> str:
    return (of * longest)[:longest]


def shaped(of: str) -> dict[str, Any]:
    return {"outcome": text(of), "acceptance": ["One."], "scope": text(of), "verification": text(of)}


def reconciled(of: str) -> dict[str, Any]:
    return {
        "summary": text(of),
        "matrix": [{"source": "#3.1", "status": "missing", "evidence": text(of, 900)}],
    }


def blocked(of: str) -> dict[str, Any]:
    found = {"title": text(of, 250).replace("\n", " "), "body": text(of)}
    return {
        "status": "blocked",
        "follow_ups": [found],
        "blockers": [{"unblocked_when": "It is so.", **found}],
    }


def asking(of: str) -> dict[str, Any]:
    question = {
        "text": text(of, 4_000),
        "options": OPTIONS,
        "recommended": "a",
        "default": "b",
        "gate": "money",
    }
    return {"status": "blocked", "question": question}


def counted(role: str, answer: dict[str, Any]) -> tuple[Snapshot, Report]:
    """The look in which a run with such an answer is over."""
    came = report(**{"role": role, "bead": 2, "worker": None, "head": None, role: answer})
    outcome = "blocked" if role == "worker" else "proposed"
    labels = ("reconcile",) if role == "reconciler" else ()
    bead = replace(issue(2, *labels, parent=3), body="It is to be.")
    known = History(attempts=1, shape=Word(by="octo", at=NOW) if role == "shaper" else None)
    claims = claimed(
        2, role, stage="published", outcome=outcome, digest=digest(bead.title, bead.body), head=HEAD
    ).model_copy(update={"history": {2: known}})
    policy = Policy.model_validate({"follow_ups": "file"})
    beads = (bead, issue(3, "epic", children=(2,)))
    return look(*beads, claims=claims, runs=(ended(report=came),), policy=policy), came


@pytest.mark.parametrize(
    ("role", "answer"),
    [
        ("reconciler", reconciled(HIDDEN)),
        ("worker", blocked(HIDDEN)),
        ("worker", blocked(FENCE)),
        ("worker", asking(HIDDEN)),
        ("shaper", shaped(HIDDEN)),
        ("shaper", shaped(MENTION)),
    ],
    ids=["a summary", "what is found", "what leaves a fence open", "a question", "a draft", "calls"],
)
def test_the_pass_goes_on_and_says_no_more_than_github_takes(role: str, answer: dict[str, Any]) -> None:
    snapshot, came = counted(role, answer)
    decision = run_decide(snapshot)
    assert decision.claims is not None
    assert LIVE not in {claim.token for claim in decision.claims.live.values()}
    yes = says("/bead answer yes", 2)
    later = replace(snapshot, claims=decision.claims, runs=(), reports={5: came}, comments=(yes,))
    for action in (*decision.before, *decision.after, *run_decide(later).before):
        if isinstance(action, Say | CreateBead | SetBody):
            assert len(action.body) <= TAKEN - MARKER
        if isinstance(action, CreateBead) and "## Outcome" in action.body:
            assert parse_body(action.body).outcome  # nothing before it has swallowed it
