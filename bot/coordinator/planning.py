"""Proposals of beads: asked for by a command, drawn up by a run, shown, and made when a person says so.

`/bead plan`, `/bead propose` and `/bead checkin` each ask for a run of their role. What it proposes is shown
on the issue and is nothing but a proposal until `/bead approve`.
"""

from __future__ import annotations

from bot.beads.model import Role
from bot.beads.report import Report
from bot.coordinator.actions import SetLabels
from bot.coordinator.admission import Admission
from bot.coordinator.claims import Answer, Claim, History, Planning
from bot.coordinator.decision import Draft, State
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Run, Snapshot


def plan(said: Said, draft: Draft) -> Answer:
    """`/bead plan`: a writer proposes beads for it."""
    return _ask(said, "writer", draft)


def propose(said: Said, draft: Draft) -> Answer:
    """`/bead propose [FOCUS]`: where the project stands, and one change of its specs."""
    return _ask(said, "direction", draft)


def checkin(said: Said, draft: Draft) -> Answer:
    """`/bead checkin [import]`: the project scored, or a review of somebody else's read."""
    return _ask(said, "checkin", draft)


def approve(_said: Said, _draft: Draft) -> Answer:
    """`/bead approve [PLACES]`: what is proposed is made."""
    return Answer(done=False, reply="Nothing is proposed here: `/bead plan` has it planned.")


def revise(_said: Said, _draft: Draft) -> Answer:
    """`/bead revise TEXT`: it is proposed anew."""
    return Answer(done=False, reply="Nothing is proposed here: `/bead plan` has it planned.")


def accept(_said: Said, _draft: Draft) -> Answer:
    """`/bead accept [REASON]`: the epic may end with what is left open."""
    return Answer(done=False, reply="Nothing that its reconciliation left open waits for a yes.")


def start(issue: Issue, admission: Admission, draft: Draft) -> bool:
    """Have a run made where somebody asked for a proposal; whether it is in hand and nothing else goes on."""
    planning = draft.claims.of(issue.number).planning
    if planning is None or draft.claims.of(issue.number).stopped is not None:
        return False
    if planning.stopped is not None:
        draft.say(issue.number, State.NEEDS_HUMAN, planning.stopped)
    elif planning.stage == "asked":
        refused = admission.claim(issue, planning.role, draft)
        if refused is None:
            draft.say(issue.number, State.RUNNING, "a proposal is being made")
        else:
            draft.say(issue.number, State.READY, f"a proposal is made as soon as it can be: {refused}")
    return True


def settle(
    _snapshot: Snapshot, _issue: Issue, claim: Claim, run: Run, _report: Report, known: History
) -> History:
    """The history with what a run that plans has proposed, ready to be shown."""
    if known.planning is None:
        return known
    update = {"stage": "shown", "run_id": run.id, "digest": claim.digest, "failures": 0}
    return known.model_copy(update={"planning": known.planning.model_copy(update=update)})


def _ask(said: Said, role: Role, draft: Draft) -> Answer:
    bead = said.comment.number
    if said.issue is None:
        draft.before.append(SetLabels(bead, said.comment.subject, add=(said.spelling.bead,)))
    elif bead in draft.claims.live or said.pull is not None:
        return Answer(done=False, reply="It is worked on already.")
    planning = Planning(role=role, word=said.word(), text=said.command.text)
    draft.claims = draft.claims.remember(bead, planning=planning)
    return Answer(done=True)
