"""Who is told that a bead needs a person, and when: whoever released it, once, and nobody else.

An edit of a comment notifies nobody, so each need is told by a new comment, which mentions whoever released
the bead and comes with an assignment; it is the only mention that we ever write. While a need lasts its
comment is edited to what is true; when it is over the comment says so, and when there is another the new
comment takes its place: there is one such comment at most.

A need that comes back within minutes exactly as it was (GitHub computes and computes again) is the same need:
its comment is edited back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.beads.labels import Labels
from bot.coordinator.actions import Assign, Say, Unsay
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import History
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.questions import question_text, reason
from bot.coordinator.quoting import quoted
from bot.coordinator.release import Releases, releaser
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import Issue, Snapshot

PERSON = "person-"
"""Marks the comments that ask for a person; the count follows."""
SAME_NEED = timedelta(minutes=10)
NOBODY = "This bead needs nobody any more."


def tell(
    snapshot: Snapshot, issues: Mapping[int, Issue], releases: Releases, now: datetime, draft: Draft
) -> None:
    """Ask for a person on every bead that has come to need one, and say so where that is over, also because
    somebody closed it."""
    for number, verdict in draft.verdicts.items():
        if number not in issues:
            continue
        over = verdict.state is State.DONE
        # Of a bead that is closed now the draft knows no more.
        known = (snapshot.claims if over else draft.claims).of(number)
        if verdict.state is State.NEEDS_HUMAN:
            who = _asked_by(known) or releaser(releases.of(number))
            _ask(issues[number], who, _needs(snapshot, verdict.reasons, known, who), now, draft)
        elif known.told and known.over is None:
            # Before all else: a closed bead is looked at no more.
            draft.before.insert(0, Say(number, issues[number].id, marker(known.asked), NOBODY))
            if not over:
                draft.claims = draft.claims.remember(number, over=now)
    for number, node_id in snapshot.gone.items():
        known = snapshot.claims.of(number)
        if known.told and known.over is None and not draft.claims.of(number).told:  # it is forgotten now
            draft.before.append(Say(number, node_id, marker(known.asked), NOBODY))


def note(issues: Mapping[int, Issue], labels: Mapping[int, Labels], draft: Draft) -> None:
    """What is wrong with a bead's labels and holds nothing back is said beside its verdict, to nobody."""
    for number, verdict in draft.verdicts.items():
        if number in issues:
            wrong = [problem.message for problem in labels[number].problems]
            draft.note(number, *(message for message in wrong if message not in verdict.reasons))


def marker(count: int) -> str:
    """The marker of the comment that asks for a person the `count`th time."""
    return f"{PERSON}{count}"


def as_remembered(say: Say, claims: Claims) -> tuple[Say | Unsay, ...]:
    """A comment that asks for a person, as the claims remember it: there and right, or not there at all."""
    if say.marker == PLAN:
        # One that shows a proposal: another is there by now, or it is made, unless it is this very one.
        planning = claims.of(say.number).planning
        return (say,) if planning is not None and planning.said == shown_digest(say.body) else ()
    if not say.marker.startswith(PERSON):
        return (say,)
    known = claims.of(say.number)
    last = marker(known.asked)
    right = Say(say.number, say.node_id, last, known.told if known.over is None else NOBODY)
    if say.marker == last:
        return (right,)
    gone = Unsay(say.number, say.node_id, say.marker)
    # Whoever said it may have taken the last one away for it.
    return (gone, right) if known.told and known.over is None else (gone,)


def _ask(issue: Issue, who: str | None, text: str, now: datetime, draft: Draft) -> None:
    number, known = issue.number, draft.claims.of(issue.number)
    if text == known.told and known.over is None:
        return
    back = text == known.told and known.over is not None and now - known.over < SAME_NEED
    count = known.asked
    if not back and (known.over is not None or not known.told):
        if known.told:
            draft.before.append(Unsay(number, issue.id, marker(count)))
        count += 1
        if who is not None:
            draft.before.append(Assign(number, (who,)))
    draft.before.append(Say(number, issue.id, marker(count), text))
    draft.claims = draft.claims.remember(number, told=text, asked=count, over=None)


def _asked_by(known: History) -> str | None:
    """Who asked for what waits for a yes, or came to nothing; None where nobody did."""
    if known.question is not None and known.question.draft is not None:
        return known.question.draft.asked_by
    return known.planning.word.by if known.planning is not None and known.question is None else None


def _needs(snapshot: Snapshot, reasons: tuple[str, ...], known: History, who: str | None) -> str:
    called = f"@{who}: this" if who else "This"
    if known.question is not None and reasons == (reason(known.question),):
        return f"{called} bead waits for a decision:\n\n{question_text(known.question)}"
    # Who else is named in a reason is not called.
    listed = "\n".join(f"- {quoted(snapshot, one)}" for one in reasons)
    return f"{called} bead needs a person:\n\n{listed}"
