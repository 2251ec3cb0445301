"""Plans in every state, and a snapshot that does what a decision says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.beads.authority import Permission
from bot.beads.digest import digest
from bot.beads.plan import PlanAnswer
from bot.beads.report import Report
from bot.coordinator.actions import Action, CreateBead, Say, SetBody, SetLabels
from bot.coordinator.decision import Decision
from bot.coordinator.history import History, Planning, Word
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import Comment, Issue, ShownText, Snapshot
from tests.unit.snapshots import NOW, OWN, claimed, comment, ended, issue, look, report, run_decide

GOAL = "Days are to be files."
RUN = 5
SHOWN = NOW - timedelta(minutes=1)
ASKED = Word(by="maya", at=NOW - timedelta(hours=1), comment=3)


def goal(number: int = 1, *labels: str, body: str = GOAL) -> Issue:
    """An issue that is to be planned."""
    return replace(issue(number, *labels, released=False), body=body)


def bead(title: str, **changes: object) -> dict[str, object]:
    """A bead of a plan that says all that it has to."""
    known = {
        "title": title,
        "outcome": f"{title}: that is done.",
        "context": "Days are written below `days/`.",
        "acceptance": [f"A test shows that the outcome of {title} is there."],
        "scope": "Only `days/`.",
        "verification": "`make test` passes.",
        "covers": [1],
    }
    return known | changes


def answer(*beads: dict[str, object], **changes: object) -> PlanAnswer:
    """A plan of these beads."""
    known = {
        "summary": "Step by step.",
        "outcome": "Days are files.",
        "acceptance": ["Each day is a file."],
        "verification": "`ls days` lists them.",
        "beads": list(beads),
    }
    return PlanAnswer.model_validate(known | changes)


SEVEN = answer(
    bead("Write the first day"),
    bead("Write the second day", after=[1], creates=["days/second.txt"]),
    bead("Read days back", after=[1], priority="P1"),
    bead("Sum what days hold", after=[2, 3]),
    bead("Show days to people", after=[4], type="feature", complexity="high"),
    bead("Hold days against the goal", after=[1, 2, 3, 4, 5], type="reconcile"),
    bead("Report on days", after=[6], type="report"),
)
ONE = answer(bead("Write days as files", files=["days.py"]))


def written(plan: PlanAnswer, **changes: object) -> Report:
    """The report that holds a plan."""
    return report(role="writer", worker=None, head=None, writer=plan, **changes)


def proposed(plan: PlanAnswer, *others: Issue, on: Issue | None = None, **changes: object) -> Decision:
    """The pass that counts the run in which a plan was made."""
    on = on or goal()
    claims = claimed(
        on.number, "writer", stage="published", outcome="proposed", digest=digest(on.title, on.body)
    )
    asked = Planning(role="writer", word=ASKED)
    known = {on.number: History(attempts=1, planned=1, planning=asked)}
    claims = claims.model_copy(update={"history": known})
    runs = (ended(id=RUN, report=written(plan, bead=on.number)),)
    return run_decide(look(on, *others, claims=claims, runs=runs, **changes))


def planning(decision: Decision, number: int = 1) -> Planning:
    """How far a proposal is after a decision."""
    assert decision.claims is not None
    found = decision.claims.of(number).planning
    assert found is not None
    return found


def shown(decision: Decision) -> str:
    """What our comment on the proposal says after a decision."""
    (said,) = [one.body for one in decision.before if isinstance(one, Say) and one.marker == PLAN]
    return said


def says(body: str, number: int = 1, **changes: object) -> Comment:
    """A comment of maya's, who asked for it."""
    hers = {"id": "IC_9", "database_id": 9, "login": "maya", "permission": Permission.WRITE}
    return comment(body, number, **{**hers, "at": NOW - timedelta(seconds=30), **changes})


def waiting(plan: PlanAnswer, *others: Issue, on: Issue | None = None, **changes: object) -> Snapshot:
    """A look in which a plan is shown, and everything of it that can be read is there."""
    on = on or goal()
    decision = proposed(plan, *others, on=on, **changes)
    text = shown(decision)
    assert decision.claims is not None
    known = look(
        on,
        *others,
        claims=decision.claims,
        reports={RUN: written(plan, bead=on.number)},
        proposals={on.number: ShownText(shown_digest(text), SHOWN)},
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def answered(snapshot: Snapshot, body: str, **changes: object) -> Decision:
    """The pass in which somebody says this on the issue of the proposal."""
    comment = says(body, snapshot.issues[0].number, **changes)
    return run_decide(replace(snapshot, comments=(comment,)))


def reply(decision: Decision) -> str:
    """What was answered to the one comment."""
    (said,) = [one.body for one in decision.after if isinstance(one, Say) and "answer-" in one.marker]
    return said


def after(snapshot: Snapshot, decision: Decision, done: int | None = None) -> Snapshot:
    """The look after a decision's actions, or after only the first `done` of those before the claims."""
    actions = decision.before if done is None else decision.before[:done]
    moved = done is None and decision.claims is not None
    claims = decision.claims if moved and decision.claims is not None else snapshot.claims
    rest = () if done is not None else decision.after
    changed = _applied(snapshot.issues, (*actions, *rest))
    return replace(snapshot, issues=changed, claims=claims, comments=())


def _applied(issues: tuple[Issue, ...], actions: Iterable[Action]) -> tuple[Issue, ...]:
    there = {one.number: one for one in issues}
    for action in actions:
        if isinstance(action, SetLabels):
            one = there[action.number]
            kept = [label for label in one.labels if label not in action.remove]
            there[one.number] = replace(one, labels=tuple(dict.fromkeys([*kept, *action.add])))
        elif isinstance(action, SetBody):
            one = there[action.number]
            assert digest(one.title, one.body) == action.was
            there[one.number] = replace(one, body=action.body)
        elif isinstance(action, CreateBead):
            _create(there, action)
    return tuple(there.values())


def _create(there: dict[int, Issue], action: CreateBead) -> None:
    if any(f"bead={action.marker}" in one.markers for one in there.values()):
        return
    number = max(there) + 1
    there[number] = replace(
        issue(number, *action.labels, released=False),
        title=action.title,
        body=action.body,
        labels=action.labels,
        markers=(f"bead={action.marker}",),
        author=OWN,
        created_at=NOW,
        parent=action.parent,
        parent_by=OWN if action.parent else None,
        parent_since=NOW if action.parent else None,
    )
    if action.parent is not None:
        epic = there[action.parent]
        there[epic.number] = replace(epic, children=(*epic.children, number))


def made(snapshot: Snapshot) -> dict[str, Issue]:
    """What was made, by title."""
    return {one.title: one for one in snapshot.issues if one.markers}


def to_the_end(snapshot: Snapshot, passes: int = 12) -> Snapshot:
    """Pass after pass until nothing is being made any more."""
    for _ in range(passes):
        snapshot = after(snapshot, run_decide(snapshot))
        if not any(known.planning for known in snapshot.claims.history.values()):
            return snapshot
    raise AssertionError(f"it is still being made: {snapshot.claims}")
