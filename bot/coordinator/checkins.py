"""Check-ins: asked for by a command or due by the policy, told on one issue, each compared with the last.

The issue on which `/bead checkin` was said last is the check-in issue; where none is open and one is due, we
open one, marked, once. It is a bead, so that runs can be made for it and their proposals approved like all
others, but nothing is ever built on it. The claims remember which issue it is, when a check-in was last asked
for (a review that was made elsewhere does not count), and the scores of the last one: an ordinary pass needs
no request to know whether one is due, nor telling one to know how it compares. All of them are kept on a
branch (`jobs/publish_checkin.py`).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Literal

from bot.beads.checkin_import import import_note, is_import_note, pasted
from bot.beads.checkin_record import scores_of
from bot.beads.report import Report
from bot.coordinator import pace
from bot.coordinator.actions import CreateBead, Say, SetLabels
from bot.coordinator.checkin_comment import checkin_text
from bot.coordinator.claims import Answer, CheckinScores, Claim
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import History, Planning, Word
from bot.coordinator.leading import leader
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Run, Snapshot

MARKER = "checkin-"
"""What the marker of a check-in issue of ours begins with; the day follows."""
TITLE = "Check in on the project"
BODY = """\
How this project stands, from what it is for to its code, is looked at here by an independent session: on \
the schedule of `.github/beadwright.yml`, and whenever somebody comments `/bead checkin`. A review that was \
made elsewhere can be pasted below `/bead checkin import`. Nothing is built on this issue; what is found is \
proposed as beads of their own."""
WAITS = "`/bead checkin` asks for the next check-in"
NOTHING_PASTED = "Nothing is pasted: `/bead checkin import` reads a review in the lines below it."


# -- asking -------------------------------------------------------------------------------------------------
def checkin(said: Said, draft: Draft) -> Answer:
    """`/bead checkin [import]`: the project scored, or a review of somebody else's read."""
    number = said.issue.number if said.issue is not None else said.comment.number
    refused = _refusal(said, number, draft)
    if refused is not None:
        return Answer(done=False, reply=refused)
    note = ""
    if said.command.text:
        review = pasted(said.comment.body)
        if not review:
            return Answer(done=False, reply=NOTHING_PASTED)
        note = import_note(review)
    if said.issue is None:
        draft.before.append(SetLabels(number, said.comment.subject, add=(said.spelling.bead,)))
    _ask(number, Planning(role="checkin", word=said.word(), text=note), said.now, draft)
    return Answer(done=True)


def schedule(snapshot: Snapshot, issues: dict[int, Issue], now: datetime, draft: Draft) -> None:
    """Ask for a check-in where one is due by the policy, on the check-in issue; where none is open, open
    it."""
    every = snapshot.policy.planning.checkin
    if every == "never" or pace.standstill(snapshot, draft.claims.going):
        return
    asked = draft.claims.checkins.asked
    if asked is not None and now < (due := next_after(asked, every)):
        draft.looks.append(due)
        return
    issue = _check_in_issue(issues, draft)
    if issue is None:
        spelling = snapshot.policy.spelling
        marker = f"{MARKER}{now:%Y-%m-%d}"
        draft.before.append(CreateBead(0, marker, TITLE, BODY, (spelling.bead,)))
        return
    known = draft.claims.of(issue.number)
    if issue.number in draft.claims.live or _under_way(known) or known.stopped is not None:
        return
    _ask(issue.number, Planning(role="checkin", word=Word(by="", at=now)), now, draft)


def next_after(asked: datetime, every: Literal["weekly", "monthly"]) -> datetime:
    """When the next check-in is due: a week later, or on the same day of the next month, or its last."""
    if every == "weekly":
        return asked + timedelta(weeks=1)
    year, month = (asked.year, asked.month + 1) if asked.month < 12 else (asked.year + 1, 1)
    return asked.replace(year=year, month=month, day=min(asked.day, monthrange(year, month)[1]))


def keeps(snapshot: Snapshot, number: int, draft: Draft) -> bool:
    """Whether this is the check-in issue, on which nothing is built; says so."""
    kept = draft.claims.checkins
    if number != kept.issue:
        return False
    every = snapshot.policy.planning.checkin
    due = next_after(kept.asked, every) if kept.asked is not None and every != "never" else None
    when = f", which is due on {due:%Y-%m-%d}" if due is not None else ""
    draft.say(number, State.BLOCKED, f"nothing is built here; {WAITS}{when}")
    return True


# -- telling ------------------------------------------------------------------------------------------------
def tell(snapshot: Snapshot, issue: Issue, claim: Claim, run: Run, report: Report, draft: Draft) -> None:
    """Say what a check-in came to, by a comment of its own, and remember its scores for the next one."""
    if report.role != "checkin" or report.checkin is None:
        return
    planning = draft.claims.of(issue.number).planning
    imported = planning is not None and is_import_note(planning.text)
    scores = CheckinScores(
        at=claim.since,
        by=planning.word.by if planning is not None and imported else "",
        scores=scores_of(report.checkin.scores),
    )
    text = checkin_text(snapshot, report.checkin, claim, run.id, scores, draft.claims.checkins.last)
    draft.before.append(Say(issue.number, issue.id, f"{MARKER}{run.id}", text))
    kept = draft.claims.checkins.model_copy(update={"last": scores})
    draft.claims = draft.claims.model_copy(update={"checkins": kept})


# -- the check-in issue -------------------------------------------------------------------------------------
def _ask(number: int, planning: Planning, now: datetime, draft: Draft) -> None:
    draft.claims = draft.claims.remember(number, planning=planning, stopped=None)
    kept = draft.claims.checkins
    asked = kept.asked if planning.text else now
    kept = kept.model_copy(update={"issue": number, "asked": asked})
    draft.claims = draft.claims.model_copy(update={"checkins": kept})


def _check_in_issue(issues: dict[int, Issue], draft: Draft) -> Issue | None:
    """The check-in issue, while it is open; else the first that we opened for that."""
    kept = draft.claims.checkins.issue
    if kept is not None and kept in issues:
        return issues[kept]
    ours = (
        issue
        for issue in issues.values()
        if any(marker.startswith(f"bead={MARKER}") for marker in issue.markers)
    )
    return min(ours, key=lambda issue: issue.number, default=None)


def _under_way(known: History) -> bool:
    return known.planning is not None and known.planning.goes_on


def _refusal(said: Said, number: int, draft: Draft) -> str | None:
    """Why an issue cannot be the check-in issue, or not now; None when it can."""
    known = draft.claims.of(number)
    other = "write `/bead checkin` on an issue of its own"
    if said.pull is not None:
        return f"This is a bead with work of its own: {other}."
    if number in draft.claims.live or _under_way(known):
        return "Something is being done on it right now; ask again when that is over."
    if said.issue is None or number == draft.claims.checkins.issue:
        return None
    if (epic := leader(said, draft)) is not None:
        return f"The lead of #{epic} does it: {other}."
    if said.issue.children:
        return f"It has sub-issues: {other}."
    labels = {label.lower() for label in said.issue.labels}
    if said.spelling.ready.lower() in labels or known.release is not None:
        return f"It is released to be worked on: {other}."
    return None
