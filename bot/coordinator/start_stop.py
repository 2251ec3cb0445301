"""Commands that let a bead go on, or keep it from that."""

from __future__ import annotations

from bot.beads.labels import LabelNames, missing_labels
from bot.coordinator import direction
from bot.coordinator.actions import SetLabels
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.said import Said


def ready(said: Said, draft: Draft) -> Answer:
    """Release it. What is no bead yet becomes one: its labels are put on by us, and whose word that was is
    remembered."""
    comment, issue = said.comment, said.issue
    number = issue.number if issue is not None else comment.number
    node = issue.id if issue is not None else comment.subject
    have = issue.labels if issue is not None else ()
    missing = missing_labels((said.spelling.bead, said.spelling.ready), have)
    if missing:
        draft.before.append(SetLabels(number, node, add=missing))
    draft.claims = draft.claims.remember(number, release=said.word())
    planning = draft.claims.of(number).planning
    if planning is not None and planning.stopped is not None:
        draft.claims = draft.claims.remember(number, planning=None)  # it does without
    hold = said.spelling.hold
    if not missing_labels((hold,), have):
        return Answer(
            done=True, reply=f"It is released, and `{hold}` is still on it: `/bead unhold` lets it go on."
        )
    if draft.claims.of(number).stopped:
        return Answer(
            done=True, reply="It is released, and still stopped: `/bead retry` lets it be tried again."
        )
    return Answer(done=True)


def hold(said: Said, draft: Draft) -> Answer:
    """Keep it from going on; what runs ends as it would."""
    _hold(said, draft)
    if said.bead.number in draft.claims.live:
        return Answer(
            done=True, reply="Its run ends as it would, and then it waits; `/bead stop` ends the run now."
        )
    return Answer(done=True)


def held_because(bead: int, spelling: LabelNames, draft: Draft) -> str:
    """Why a bead with the label `hold` is held."""
    word = draft.claims.of(bead).hold
    if word is None:
        return f"the label `{spelling.hold}` is on it"
    return f"@{word.by} holds it" + (f": {word.reason}" if word.reason else "")


def forget_hold(bead: int, draft: Draft) -> None:
    """Whoever takes the label off lets the bead go on, by whatever hand."""
    if draft.claims.of(bead).hold is not None:
        draft.claims = draft.claims.remember(bead, hold=None)


def unhold(said: Said, draft: Draft) -> Answer:
    """Take the hold off, whoever put it on."""
    issue = said.bead
    held = tuple(label for label in issue.labels if label.lower() == said.spelling.hold.lower())
    if not held and draft.claims.of(issue.number).hold is None:
        return Answer(done=False, reply="Nothing holds it: `/bead why` says what it waits for.")
    if held:
        draft.before.append(SetLabels(issue.number, issue.id, remove=held))
    draft.claims = draft.claims.remember(issue.number, hold=None)
    return Answer(done=True)


def retry(said: Said, draft: Draft) -> Answer:
    """Forget what stopped it: counting starts again. A draft that could not be made is done without."""
    issue = said.bead
    known = draft.claims.of(issue.number)
    if issue.number in draft.claims.live:
        return Answer(done=False, reply="It is being worked on right now.")
    planning = known.planning
    if planning is not None and (planning.failures or planning.stopped is not None):
        planning = planning.model_copy(update={"stopped": None, "failures": 0})
    elif known.stopped is None and not known.failures and not known.rounds:
        return Answer(done=False, reply="Nothing has stopped it: `/bead why` says what it waits for.")
    shape = None if known.stopped is not None else known.shape
    draft.claims = draft.claims.remember(
        issue.number, stopped=None, failures=0, rounds=0, planning=planning, shape=shape
    )
    return Answer(done=True)


def stop(said: Said, draft: Draft) -> Answer:
    """End its run and hold it. The claim says so, and as long as it does its run is asked to end."""
    issue = said.bead
    claim = draft.claims.live.get(issue.number)
    runs = {run.token: run for run in said.snapshot.runs}
    if claim is None or (claim.token in runs and runs[claim.token].done):
        return Answer(done=False, reply="Nothing of it runs; `/bead hold` keeps it from going on.")
    draft.claims = draft.claims.stop(issue.number)
    _hold(said, draft)
    over = claim.stage == "published"
    ends = "Its run has handed over its work and ends by itself" if over else "Its run is asked to end"
    return Answer(done=True, reply=f"{ends}; it is held, and `/bead unhold` lets it go on.")


def review(said: Said, draft: Draft) -> Answer:
    """Forget the verdict, so that a fresh one is asked for."""
    issue, pull = said.bead, said.pull
    claim = draft.claims.live.get(issue.number)
    if pull is None or pull.state != "open":
        return Answer(done=False, reply="It has no open pull request that could be reviewed.")
    if draft.claims.of(issue.number).proposes:
        return Answer(done=False, reply=f"#{pull.number} {direction.NOT_OURS}.")
    if claim is not None:
        doing = "reviewed" if claim.role == "reviewer" else "worked on"
        return Answer(done=False, reply=f"It is being {doing} right now.")
    if draft.claims.of(issue.number).verdict is None:
        return Answer(done=False, reply="No review of it is known, so one comes as soon as it can.")
    draft.claims = draft.claims.remember(issue.number, verdict=None)
    return Answer(done=True)


def _hold(said: Said, draft: Draft) -> None:
    issue = said.bead
    if missing := missing_labels((said.spelling.hold,), issue.labels):
        draft.before.append(SetLabels(issue.number, issue.id, add=missing))
    draft.claims = draft.claims.remember(issue.number, hold=said.word())
