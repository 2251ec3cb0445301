"""Epics that end in a bead which reconciles them: held against what was merged, until no gap is left.

A bead of type ``reconcile`` below an epic is done by a run of its own role once all the epic's other beads
are closed. What it finds is told there and on the epic, kept in git, and remembered of the epic:

- All is met: the bead is closed, and the epic with its last child.
- Something is not: beads that would close the gaps are proposed, as any plan is (`planning.py`). Approved,
  they become the next generation of the epic's beads, with a new bead that reconciles it when they are done;
  that one speaks for the epic from then on, and the old one is closed.
- After as many generations as the policy allows nothing more is proposed. A person accepts what is left open,
  here as at any time before (`/bead accept`), or mends it by beads of their own and releases the bead anew.

What is accepted is written down: on the epic, in the claims, and in the epic's report if it has one.

A bead that reconciles proves something only by its run. Closed by hand it has proved nothing, and the epic
waits for a person: no epic is closed because somebody closed the bead that was to tell whether it is done.
An epic that never had such a bead needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.beads.labels import Labels
from bot.beads.model import BeadType
from bot.beads.report import Report
from bot.coordinator import archiving, planning
from bot.coordinator.actions import Close, Say
from bot.coordinator.claims import Answer, Claim
from bot.coordinator.coverage_comment import ACCEPTED, COVERAGE, epic_text, matrix_text
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import labels_of
from bot.coordinator.history import History, Planning, Reconciliation, Word
from bot.coordinator.quoting import quoted_line
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Run, Snapshot
from bot.guards.result import quoted as code

LEFT = 10
SOURCE = 100
"""How many sources of what is not met are remembered, and how much of each."""
ALONE = "it reconciles no epic: make it a sub-issue of one"


def notice(issues: Mapping[int, Issue], labels: Mapping[int, Labels], draft: Draft) -> None:
    """Remember of every epic which bead reconciles it, so that it is known once that bead is closed."""
    for number, issue in issues.items():
        epic = issue.parent
        if labels[number].type is not BeadType.RECONCILE or epic is None or epic not in issues:
            continue
        known = draft.claims.of(epic).reconciliation
        generation = labels[number].generation
        left_alone = known is not None and known.run_id is None and known.bead not in issues
        if known is None or generation > known.generation or (left_alone and generation == known.generation):
            fresh = Reconciliation(bead=number, generation=generation)
            draft.claims = draft.claims.remember(epic, reconciliation=fresh, accepted=None)


def alone(issue: Issue, labels: Labels, issues: Mapping[int, Issue]) -> str | None:
    """Why a bead that reconciles has nothing to reconcile, or None."""
    return ALONE if labels.type is BeadType.RECONCILE and issue.parent not in issues else None


def settle(
    snapshot: Snapshot,
    issues: Mapping[int, Issue],
    issue: Issue,
    claim: Claim,
    run: Run,
    report: Report,
    known: History,
    now: datetime,
    draft: Draft,
) -> History:
    """The history of a bead whose run has reconciled its epic; what it found is told, and remembered of the
    epic."""
    answer = report.reconciler
    assert answer is not None, "a reconciliation with an answer"
    known = known.model_copy(update={"failures": 0})
    epic = issues.get(issue.parent) if issue.parent is not None else None
    if epic is None:
        return known.model_copy(update={"stopped": ALONE})
    if issue.parent_since is not None and issue.parent_since >= claim.since:
        return known  # it is about another epic: it was put below this one meanwhile, and is done anew for it
    generation = labels_of(issue, snapshot.policy).generation
    left = tuple(row.source for row in answer.unmet.values())
    before = draft.claims.of(epic.number).reconciliation
    found = Reconciliation(
        bead=issue.number,
        generation=generation,
        run_id=run.id,
        rows=len(answer.matrix),
        open=len(left),
        left=tuple(source[:SOURCE] for source in left[:LEFT]),
        about=claim.about,
        ends=before.ends if before is not None else (),
    )
    draft.claims = draft.claims.remember(epic.number, reconciliation=found, accepted=None)
    table = matrix_text(snapshot, answer, run.id, epic.number)
    draft.before.append(Say(issue.number, issue.id, COVERAGE, table))
    draft.before.append(
        Say(epic.number, epic.id, COVERAGE, epic_text(snapshot, answer, run.id, issue.number))
    )
    draft.looks.append(now)
    if found.proved:
        return known.model_copy(update={"planning": None})
    word = known.planning.word if known.planning is not None else Word(by="", at=now)
    proposed = Planning(role="reconciler", word=word, generation=generation + 1)
    if generation >= snapshot.policy.planning.generations:
        why = (
            f"{_open(found)}, and no further generation is planned: `/bead accept` lets the epic end like"
            f" this; beads of your own below it, and `{snapshot.policy.spelling.ready}` put on again here,"
            " have it reconciled anew"
        )
        ended = proposed.model_copy(update={"stopped": why, "word": Word(by=word.by, at=now)})
        return known.model_copy(update={"planning": ended})
    return planning.settle(
        snapshot, issue, claim, run, report, known.model_copy(update={"planning": proposed}), draft
    )


def close(snapshot: Snapshot, issue: Issue, labels: Labels, now: datetime, draft: Draft) -> bool:
    """Close a bead that has reconciled its epic: all is met, what is not is accepted, or another one does it
    by now. Not before the claims say so: a lost race has closed nothing."""
    if labels.type is not BeadType.RECONCILE or issue.parent is None:
        return False
    epic = draft.claims.of(issue.parent)
    found, waits = epic.reconciliation, draft.claims.of(issue.number).planning
    if found is None:
        return False
    if found.generation > labels.generation:
        if waits is not None and waits.goes_on:
            return False
        why = f"#{found.bead} reconciles its epic now"
    elif found.bead == issue.number and found.proved:
        why = "all that its epic asks for is met"
    elif found.bead == issue.number and epic.accepted is not None:
        why = f"{_open(found)}, which {epic.accepted.who} accepted"
    else:
        return False
    draft.looks.append(now)
    if snapshot.claims.of(issue.parent) != epic:
        draft.say(issue.number, State.MERGING, why)
        return True
    draft.before.append(Close(issue.number, issue.id))
    draft.forget(issue.number)
    draft.say(issue.number, State.DONE, why)
    return True


def unproved(epic: int, draft: Draft) -> str | None:
    """Why an epic whose children are all closed is not closed for that, or None."""
    known = draft.claims.of(epic)
    found = known.reconciliation
    if found is None or found.proved or known.accepted is not None:
        return None
    left = f" with {_open(found)}" if found.run_id is not None else ""
    return (
        f"#{found.bead}, which reconciles it, was closed or moved by hand{left}: nothing is proved. Put it"
        " back, or accept what is open by `/bead accept`"
    )


def outcome(epic: int, draft: Draft) -> tuple[str, ...]:
    """What is said of an epic that was reconciled and is closed."""
    known = draft.claims.of(epic)
    found = known.reconciliation
    if found is None:
        return ()
    if found.proved:
        return (f"all that it asks for is met (#{found.bead})",)
    left = _open(found) if found.run_id is not None else "nothing is proved of it"
    return (f"{left}, which {known.accepted.who if known.accepted is not None else 'somebody'} accepted",)


def accept(said: Said, draft: Draft) -> Answer:
    """`/bead accept [REASON]`: the epic may end with what is left open."""
    if (ended := archiving.accept(said, draft)) is not None:
        return ended
    issue = said.bead
    number = issue.number if draft.claims.of(issue.number).reconciliation is not None else issue.parent
    found = draft.claims.of(number).reconciliation if number is not None else None
    epic = next((one for one in said.snapshot.issues if one.number == number), None)
    if found is None or epic is None or issue.number not in (epic.number, found.bead):
        return Answer(done=False, reply="Nothing that a reconciliation left open waits for a yes here.")
    there = any(one.number == found.bead for one in said.snapshot.issues)
    waits = draft.claims.of(found.bead).planning
    if found.proved:
        return Answer(done=False, reply=f"Nothing is open: #{found.bead} has shown that all is met.")
    if there and found.run_id is None:
        return Answer(done=False, reply=f"It is not known yet what is open: #{found.bead} finds that out.")
    if found.bead in draft.claims.live or (waits is not None and waits.goes_on):
        return Answer(
            done=False, reply=f"#{found.bead} is at it again: `/bead why` there says how far it is."
        )
    word = said.word()
    draft.claims = draft.claims.remember(epic.number, accepted=word)
    if there:
        draft.claims = draft.claims.remember(found.bead, planning=None)
    draft.before.append(Say(epic.number, epic.id, ACCEPTED, _accepted(said.snapshot, found, word)))
    return Answer(done=True)


def _accepted(snapshot: Snapshot, found: Reconciliation, word: Word) -> str:
    reason = f": {quoted_line(snapshot, word.reason)}" if word.reason else ""
    more = f" and {found.open - len(found.left)} more" if found.open > len(found.left) else ""
    left = f"{_open(found)}: {code(found.left)}{more}" if found.left else "nothing is proved of it"
    return f"**Accepted** · {word.quiet_who} lets this epic end as it is{reason}\n\nOpen: {left}."


def _open(found: Reconciliation) -> str:
    return f"{found.open} of {found.rows} that the epic asks for are not met"
