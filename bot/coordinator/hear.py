"""What people say in comments: each of their commands takes effect once, and is answered.

- A comment is taken whole or refused whole: with one command in it that cannot be done nothing of it is.
- A command that moves something takes effect in the same move of the claims that records its answer, so once,
  however often its comment is met and by however many coordinators. What it does to labels and runs happens
  before that move and is safe to repeat; the reply and our reaction follow it. They are repeated until the
  reaction is seen: a comment that carries it is not met any more.
- A command that only asks changes nothing. Neither does one that is refused for what it says or who says it,
  not even the claims; answering it twice says the same twice, in one comment.
- An answer is forgotten once its comment is too old to be met again: `MARGIN` before `heard_until`, which
  never passes a comment that waits for its answer.
- A button of our check run is a command without a comment: it is done by who may, and not answered.
- Storms: of one person's comments with commands in an hour only so many are answered
  (`policy.commands_per_hour`); what is beyond gets our refusing reaction alone. Whoever has less than triage
  permission has one reply of ours on an issue, which is edited; and a bot that is not let in has none.

Accepted: a coordinator that falls behind within its pass may set a label that a person has just taken off,
because of a command that another coordinator has answered by then; only for the moment in which both look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.beads.authority import Permission
from bot.beads.command_help import help_text
from bot.beads.commands import FORMS, Command, Misread, Name, read_commands
from bot.coordinator import (
    approving,
    asked,
    checkins,
    found,
    hands,
    leading,
    merging,
    pace,
    planning,
    questions,
    reconciling,
    shaping,
    start_stop,
    steer,
    undo,
)
from bot.coordinator.actions import Action, React, Say, SetLabels, ShowEdge
from bot.coordinator.claims import Answer
from bot.coordinator.cleanup import is_over
from bot.coordinator.decision import Draft
from bot.coordinator.pulls import latest_pulls
from bot.coordinator.said import Effect, Said
from bot.coordinator.snapshot import Comment, Issue, Press, Snapshot

MARGIN = timedelta(hours=1)
"""How long before `heard_until` comments are looked at again: they may show late, and are counted."""


def _help(said: Said, _: Draft) -> Answer:
    return Answer(done=True, reply=help_text(said.snapshot.policy.authority))


EFFECTS: dict[Name, Effect] = {
    Name.READY: start_stop.ready,
    Name.HOLD: start_stop.hold,
    Name.UNHOLD: start_stop.unhold,
    Name.RETRY: start_stop.retry,
    Name.STOP: start_stop.stop,
    Name.REVIEW: start_stop.review,
    Name.PRIORITY: steer.priority,
    Name.COMPLEXITY: steer.complexity,
    Name.TYPE: steer.kind,
    Name.DEFER: steer.defer,
    Name.BLOCKED_BY: steer.blocked_by,
    Name.UNBLOCK: steer.unblock,
    Name.SHAPE: shaping.shape,
    Name.ANSWER: questions.answer,
    Name.FILE: found.file,
    Name.MERGE: merging.merge,
    Name.TAKE: hands.take,
    Name.GIVE: hands.give,
    Name.UNDO: undo.undo,
    Name.PLAN: planning.plan,
    Name.APPROVE: approving.approve,
    Name.REVISE: planning.revise,
    Name.PROPOSE: planning.propose,
    Name.CHECKIN: checkins.checkin,
    Name.LEAD: leading.lead,
    Name.UNLEAD: leading.unlead,
    Name.ACCEPT: reconciling.accept,
    Name.PAUSE: pace.pause,
    Name.RESUME: pace.resume,
    Name.RUN: pace.run,
    Name.STATUS: asked.status,
    Name.WHY: asked.why,
    Name.COST: asked.cost,
    Name.HELP: _help,
}
"""What every command does. Those whose right is `ask` are called when all verdicts are known."""


BUTTONS = {"review": Name.REVIEW, "hold": Name.HOLD}
"""What the buttons of our check run do, by their identifiers."""


@dataclass(slots=True)
class Hearing:
    """What became of the comments of one look. `snapshot` is that look with the labels as they will be;
    `asked` waits for the verdicts: comments, their questions, and the answer to what else they say. `pressed`
    are buttons that wait until the claims are settled."""

    snapshot: Snapshot
    now: datetime
    asked: list[tuple[Comment, tuple[Command, ...], Answer | None]] = field(default_factory=list)
    answered: list[tuple[Comment, Answer]] = field(default_factory=list)
    pressed: list[tuple[Comment, Command]] = field(default_factory=list)


def hear(snapshot: Snapshot, now: datetime, draft: Draft) -> Hearing:
    """Do what comments say, in the order in which they were written; questions are left for `reply`."""
    hearing = Hearing(snapshot, now)
    for press in snapshot.presses:
        _press(hearing, press, draft)
    for comment in sorted(snapshot.comments, key=lambda one: (one.at, one.database_id)):
        recorded = draft.claims.answers.get(comment.database_id)
        if recorded is not None:
            hearing.answered.append((comment, recorded))
            continue
        read = read_commands(comment.body)
        if not read or (comment.bead is None and comment.number in _made(snapshot, draft.before)):
            continue  # what has just become a bead is one in the next look
        commands = tuple(one for one in read if isinstance(one, Command))
        refused = _refusal(hearing.snapshot, comment, read)
        if refused is not None:
            hearing.answered.append((comment, refused))
            continue
        if comment.bead is not None and _waits(commands) and is_over(snapshot, comment.bead, draft):
            # People see the end of a run before the claims say so: this pass writes it down, and does no more
            # about the bead before they are heard.
            draft.hurried.add(comment.bead)
            draft.rewired.add(comment.bead)
            draft.looks.append(now)
            continue
        if not comment.taken:
            draft.before.append(React(comment.id, "taken"))
        answer = _do(hearing, comment, commands, draft)
        asks = tuple(one for one in commands if FORMS[one.name].right == "ask")
        if asks and (answer is None or answer.done):
            hearing.asked.append((comment, asks, answer))
        elif answer is not None:
            _record(hearing, comment, answer, draft)
    return hearing


def hear_late(hearing: Hearing, draft: Draft) -> None:
    """Do what waited for the claims to be settled."""
    for comment, command in hearing.pressed:
        _do(hearing, comment, (command,), draft)


def reply(hearing: Hearing, draft: Draft) -> None:
    """Answer: questions by what is known now, then every comment by a reply and our reaction."""
    for comment, asks, answer in hearing.asked:
        told = [_effect(hearing, comment, one, draft) for one in asks]
        texts = [answer.reply] if answer is not None else []
        texts += [one.reply for one in told]
        whole = Answer(done=answer is not None or all(one.done for one in told), reply=_joined(texts))
        if answer is not None:
            _record(hearing, comment, whole, draft)
        else:
            hearing.answered.append((comment, whole))
    for comment, answer in hearing.answered:
        if answer.reply:
            draft.after.append(Say(comment.number, comment.subject, _marker(comment), answer.reply))
        draft.after.append(React(comment.id, "done" if answer.done else "refused"))
    _note(hearing, draft)


def _press(hearing: Hearing, press: Press, draft: Draft) -> None:
    """Do what a button says, on the head that its check run is on; who may not, or is too late, does nothing:
    a check run has no place for an answer."""
    snapshot = hearing.snapshot
    pull = next((one for one in snapshot.pulls if one.head == press.head and one.state == "open"), None)
    bead = next(
        (bead for bead, one in latest_pulls(snapshot.pulls, draft.claims).items() if one is pull), None
    )
    name = BUTTONS.get(press.button)
    if pull is None or bead is None or name is None:
        return
    permission = snapshot.authority.get(press.login, Permission.NONE)
    pressed = Comment(
        id="",
        database_id=0,
        number=pull.number,
        subject=pull.id,
        on_pull=True,
        bead=bead,
        login=press.login,
        permission=permission,
        body="",
        at=hearing.now,
    )
    command = Command(name)
    if _refusal(snapshot, pressed, (command,)) is not None:
        return
    if name is Name.REVIEW and is_over(snapshot, bead, draft):
        # Unlike a comment it cannot wait for the next pass, which does not know of it.
        draft.hurried.add(bead)
        hearing.pressed.append((pressed, command))
        return
    _do(hearing, pressed, (command,), draft)


def _do(hearing: Hearing, comment: Comment, commands: tuple[Command, ...], draft: Draft) -> Answer | None:
    """Carry out what moves something, all of it or nothing; None when the comment only asks."""
    saved = draft.saved()
    replies: list[str] = []
    moving = [one for one in commands if FORMS[one.name].right != "ask"]
    before = hearing.snapshot
    for command in moving:
        done = len(draft.before)
        answer = _effect(hearing, comment, command, draft)
        if not answer.done:
            draft.restore(saved)
            hearing.snapshot = before
            rest = " Nothing else of this comment was done." if len(commands) > 1 else ""
            return answer.model_copy(update={"reply": answer.reply + rest})
        hearing.snapshot = _labelled(hearing.snapshot, draft.before[done:], hearing.now)
        replies.append(answer.reply)
    if not moving:
        return None
    draft.looks.append(hearing.now)
    return Answer(done=True, reply=_joined(replies))


def _effect(hearing: Hearing, comment: Comment, command: Command, draft: Draft) -> Answer:
    issue = _bead(hearing.snapshot, comment)
    pulls = latest_pulls(hearing.snapshot.pulls, draft.claims)
    pull = pulls.get(comment.bead) if comment.bead is not None else None
    return EFFECTS[command.name](Said(comment, command, hearing.snapshot, issue, pull, hearing.now), draft)


def _record(hearing: Hearing, comment: Comment, answer: Answer, draft: Draft) -> None:
    dated = answer.model_copy(update={"at": max(hearing.now, comment.at)})  # clocks differ
    answers = {**draft.claims.answers, comment.database_id: dated}
    draft.claims = draft.claims.model_copy(update={"answers": answers})
    hearing.answered.append((comment, dated))


def _waits(commands: Iterable[Command]) -> bool:
    """Whether commands are about what a run comes to, and so wait for its end to be written down. Those that
    choose among what a run has left open do not: what it leaves open by its end nobody had read."""
    names = [one.name for one in commands]
    if Name.ANSWER in names or Name.ACCEPT in names:
        return False
    return any(FORMS[name].right != "ask" and FORMS[name].where != "anywhere" for name in names)


# -- refusals -----------------------------------------------------------------------------------------------
def _refusal(snapshot: Snapshot, comment: Comment, read: tuple[Command | Misread, ...]) -> Answer | None:
    """Why nothing of a comment is done, by what it says, who says it, and where; None when it may be."""
    silent = comment.earlier >= snapshot.policy.commands_per_hour
    if silent or (comment.permission is Permission.NONE and comment.login.endswith("[bot]")):
        return Answer(done=False)
    faults = [one.line for one in read if isinstance(one, Misread)]
    for command in read:
        if isinstance(command, Command):
            fault = _not_allowed(snapshot, comment, command) or _misplaced(snapshot, comment, command)
            faults += [fault] if fault is not None else []
    if not faults:
        return None
    rest = ["Nothing of this comment was done."] if len(read) > 1 else []
    return Answer(done=False, reply=_joined([*dict.fromkeys(faults), *rest]))


def _not_allowed(snapshot: Snapshot, comment: Comment, command: Command) -> str | None:
    needed = snapshot.policy.authority.needed(FORMS[command.name].right)
    if comment.permission >= needed:
        return None
    has = comment.permission.name.lower()
    return (
        f"`/bead {command.name}` needs {needed.name.lower()} permission on this repository; you, or whoever"
        f" edited your comment, have {'none' if comment.permission is Permission.NONE else has}."
    )


def _misplaced(snapshot: Snapshot, comment: Comment, command: Command) -> str | None:
    where = FORMS[command.name].where
    if where == "anywhere" or (where == "merged" and comment.bead is not None):
        return None
    if comment.bead is not None and _bead(snapshot, comment) is not None:
        return None
    if comment.bead is not None and (comment.on_pull or not comment.open):
        return f"Bead #{comment.bead} is closed: reopen it, then `/bead {command.name}` works."
    if comment.on_pull:
        return "This pull request is of no bead: only one from a branch `bead/N` is."
    if not comment.open:
        return f"This issue is closed: reopen it, then `/bead {command.name}` works."
    if where == "issue":
        return None
    if command.name in (Name.APPROVE, Name.REVISE):
        return planning.NOTHING
    label = snapshot.policy.spelling.bead
    return f"This is no bead: label it `{label}`, or write `/bead ready` in a comment of its own."


# -- what else ----------------------------------------------------------------------------------------------
def _bead(snapshot: Snapshot, comment: Comment) -> Issue | None:
    return next((issue for issue in snapshot.issues if issue.number == comment.bead), None)


def _made(snapshot: Snapshot, actions: Iterable[Action]) -> set[int]:
    """The issues that these actions make beads."""
    bead = snapshot.policy.spelling.bead
    return {one.number for one in actions if isinstance(one, SetLabels) and bead in one.add}


def _labelled(snapshot: Snapshot, actions: Iterable[Action], now: datetime) -> Snapshot:
    """The look with the labels that these actions set, and without the dependencies that they take away."""
    issues = {issue.number: issue for issue in snapshot.issues}
    for one in actions:
        if isinstance(one, SetLabels) and one.number in issues:
            issue = issues[one.number]
            kept = [label for label in issue.labels if label not in one.remove]
            issues[one.number] = issue = replace(issue, labels=tuple(dict.fromkeys([*kept, *one.add])))
            if snapshot.policy.spelling.ready in one.add:
                issues[one.number] = replace(issue, released_by=snapshot.own, ready_at=now)
        elif isinstance(one, ShowEdge) and not one.add and one.number in issues:
            issue = issues[one.number]
            left = tuple(edge for edge in issue.native if edge.id != one.blocker)
            issues[one.number] = replace(issue, native=left)
    return replace(snapshot, issues=tuple(issues.values()))


def _marker(comment: Comment) -> str:
    """Marks our reply: one a comment, and for who has no say here one on each issue."""
    if comment.permission >= Permission.TRIAGE:
        return f"answer-{comment.database_id}"
    return "answer-to-" + re.sub("[^a-z0-9]+", ".", comment.login.lower()).strip(".")


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _note(hearing: Hearing, draft: Draft) -> None:
    """How far all comments are heard, and which answers are needed no more: together with another move of the
    claims, or when it is long overdue."""
    heard = hearing.snapshot.heard_until
    known = draft.claims.heard_until
    if heard is None:
        return
    heard = min([heard, *(comment.at for comment in hearing.snapshot.comments)])
    if known is not None and heard <= known:
        heard = known
    moves = draft.claims not in (hearing.snapshot.claims, draft.unhurried)
    if not moves and known is not None and heard - known < MARGIN:
        return
    answers = {
        comment: answer
        for comment, answer in draft.claims.answers.items()
        if answer.at is None or answer.at > heard - MARGIN
    }
    draft.claims = draft.claims.model_copy(update={"heard_until": heard, "answers": answers})
