"""Snapshots written out: the smallest facts about a bead, its pull request, claim and run, to be varied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.beads.authority import Permission
from bot.beads.commands import Command, Name
from bot.beads.policy import Policy
from bot.beads.report import Report, WorkerAnswer
from bot.coordinator.actions import Action, Dispatch, PostCheck, Say
from bot.coordinator.claims import Claim, Claims
from bot.coordinator.decide import decide
from bot.coordinator.decision import Decision
from bot.coordinator.history import History, Verdict
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Check, Comment, Issue, PullRequest, RequiredCheck, Rules, Run, Snapshot

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
TOKENS = [f"{index:032x}" for index in range(1, 9)]
LIVE = "f" * 32
PERSON, OWN = "octo", "beadwright[bot]"
RELEASED = NOW - timedelta(days=1)
WHOLE = "## Outcome\n\nx1\n\n## Acceptance\n\n1. x1\n\n## Scope\n\nx1\n\n## Verification\n\nx1\n"
"""A text that says all that a bead has to."""
RULES = Rules(protected=True, checks=(RequiredCheck("test"),))


def issue(
    number: int,
    *labels: str,
    released: bool = True,
    parent: int | None = None,
    children: tuple[int, ...] = (),
) -> Issue:
    return Issue(
        number=number,
        id=f"I_{number}",
        database_id=1000 + number,
        title=f"Bead {number}",
        body="",
        open=True,
        created_at=NOW - timedelta(days=30) + timedelta(hours=number),
        labels=("bead", *(("ready",) if released else ()), *labels),
        parent=parent,
        children=children,
        released_by=PERSON if released else None,
        ready_at=RELEASED if released else None,
    )


def pull(number: int, bead: int, **changes: object) -> PullRequest:
    known = PullRequest(
        number=number,
        id=f"PR_{number}",
        state="open",
        head_ref=f"bead/{bead}",
        head=HEAD,
        base_ref="main",
        base=BASE,
        mergeable="clean",
        behind=False,
        checks=(Check("test", "green"),),
        changed_files=2,
        labels=("bead", "review"),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def look(*issues: Issue, **changes: object) -> Snapshot:
    known = Snapshot(
        repository="octo/sample",
        repository_id="R_1",
        default_branch="main",
        base=BASE,
        base_state="green",
        claims=Claims(),
        claims_commit=None,
        policy=Policy(),
        rules=RULES,
        issues=issues,
        authority={PERSON: Permission.WRITE, "maya": Permission.WRITE},
        own=OWN,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def run_decide(snapshot: Snapshot, now: datetime = NOW) -> Decision:
    return decide(snapshot, now, TOKENS)


def claimed(bead: int, role: str = "worker", **changes: object) -> Claims:
    claim = Claim.model_validate(
        {"role": role, "attempt": 1, "token": LIVE, "base": BASE, "since": NOW - timedelta(minutes=1)}
        | {"reserved": 1_000_000}
        | changes
    )
    return Claims().claim(bead, claim)


def remembered(bead: int, **history: object) -> Claims:
    return Claims(history={bead: History.model_validate(history)})


def approved(bead: int, head: str = HEAD) -> Claims:
    return remembered(bead, attempts=2, verdict=Verdict(head=head, approve=True, run_id=5))


def report(**changes: object) -> Report:
    return Report.model_validate(
        {
            "bead": 1,
            "role": "worker",
            "attempt": 1,
            "token": LIVE,
            "base": BASE,
            "head": HEAD,
            "cost": 250_000,
        }
        | {"worker": WorkerAnswer(status="pr")}
        | changes
    )


def ended(**changes: object) -> Run:
    known = Run(id=5, token=LIVE, done=True, conclusion="success", artifacts_read=True, report=report())
    return replace(known, **changes)  # type: ignore[arg-type]


def unshown(actions: Iterable[Action]) -> tuple[Action, ...]:
    """What is done beside status comments and check runs."""
    return tuple(
        one
        for one in actions
        if not (isinstance(one, PostCheck) or (isinstance(one, Say) and one.marker == "status"))
    )


def statuses(decision: Decision) -> dict[int, str]:
    """The status comments that are written, by the issue or pull request."""
    every = (*decision.before, *decision.after)
    return {one.number: one.body for one in every if isinstance(one, Say) and one.marker == "status"}


def checks(decision: Decision) -> list[PostCheck]:
    return [one for one in decision.after if isinstance(one, PostCheck)]


def dispatches(decision: Decision) -> list[tuple[int, str]]:
    return [(action.bead, action.role) for action in decision.after if isinstance(action, Dispatch)]


def said(decision: Decision) -> list[Say]:
    return [action for action in decision.before if isinstance(action, Say)]


def comment(body: str, number: int = 1, **changes: object) -> Comment:
    """A maintainer's comment on bead #1, a minute ago."""
    known = Comment(
        id="IC_7",
        database_id=7,
        number=number,
        subject=f"I_{number}",
        on_pull=False,
        bead=number,
        login="ada",
        permission=Permission.MAINTAIN,
        body=body,
        at=NOW - timedelta(minutes=1),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def saying(name: str, text: str = "", numbers: tuple[int, ...] = (), **changes: object) -> Said:
    """A command on bead 1 by ann."""
    spoken = Comment("IC_1", 77, 1, "I_1", False, 1, "ann", Permission.WRITE, f"/bead {name} {text}", NOW)
    return Said(spoken, Command(Name(name), text, numbers), look(issue(1), **changes), issue(1), None, NOW)
