"""Proposals of beads: asked for by a command, drawn up by a run, shown, and made when a person says so.

`/bead plan`, `/bead propose` and `/bead checkin` each ask for a run of their role. What it proposes is shown
on the issue and is nothing but a proposal until `/bead approve`. `Planning` in the claims says how far it is:

- ``asked``: a run is wanted, or under way. One that fails is repeated, as often as the policy lets attempts
  fail.
- ``shown``: a comment of ours shows what came, and the claims remember the digest of that comment. What may
  not be made (`check_plan`) is never shown, and not tried again by itself either: the engine has had its
  second round in the run, and a person may know better what to say to it.
- ``approved``: bound to what was shown. It is refused where the issue has another text than was planned upon,
  where our comment is not the one that we wrote, where the report is gone. What is made comes from the report
  of the run, never from the comment; what becomes of either after that changes nothing. The first beads are
  made in the pass after the one that recorded the approval, so a lost race has made none.

Where no plan came, or none that may be made, it is ``stopped`` and the comment says why: a person has it
planned again, or releases the issue as it is.

Once all is made nothing is remembered of it: beads are beads. What comes out of `proposal_of`, for whichever
role, goes this way: `settle` shows it, and `approving.py` lets it be made below `target_of`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.beads.body import with_planned
from bot.beads.comments import without_comments
from bot.beads.labels import Labels
from bot.beads.model import BeadType, Role
from bot.beads.plan import PlanAnswer
from bot.beads.plan_check import check_beads, check_plan
from bot.beads.plan_facts import OpenBead, PlanFacts
from bot.beads.plan_fault import PlanFault
from bot.beads.report import Report
from bot.coordinator import direction
from bot.coordinator.actions import Say, SetLabels
from bot.coordinator.admission import Admission
from bot.coordinator.claims import Answer, Claim
from bot.coordinator.comment_parts import LIMIT
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import labels_of, nodes_of
from bot.coordinator.history import History, Planning
from bot.coordinator.leading import leader
from bot.coordinator.making import Target
from bot.coordinator.plan_comment import (
    NONE,
    PLAN,
    Proposal,
    ended_text,
    proposal_of,
    proposal_text,
    refused_text,
)
from bot.coordinator.quoting import TAKEN
from bot.coordinator.release import Release
from bot.coordinator.said import Said
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import Issue, Run, Snapshot
from bot.coordinator.status import DOING

NOTHING = "Nothing is proposed here: `/bead plan` has it planned."


# -- asking -------------------------------------------------------------------------------------------------
def plan(said: Said, draft: Draft) -> Answer:
    """`/bead plan`: a writer proposes beads for it."""
    issue = said.issue
    if issue is not None:
        fault = _not_planned(issue, labels_of(issue, said.snapshot.policy))
        if fault is not None:
            return Answer(done=False, reply=fault)
    return _ask(said, "writer", draft)


def propose(said: Said, draft: Draft) -> Answer:
    """`/bead propose [FOCUS]`: where the project stands, and one change of its specs."""
    return direction.refusal(said, draft) or _ask(said, "direction", draft)


def revise(said: Said, draft: Draft) -> Answer:
    """`/bead revise TEXT`: it is proposed anew, with this in mind."""
    bead = said.bead.number
    planning = draft.claims.of(bead).planning
    if planning is None:
        return Answer(done=False, reply=NOTHING)
    refused = _under_way(said, draft)
    if refused is not None:
        return refused
    return _asked(said, planning.role, draft, generation=planning.generation)


def _ask(said: Said, role: Role, draft: Draft) -> Answer:
    if said.issue is None:
        draft.before.append(SetLabels(said.comment.number, said.comment.subject, add=(said.spelling.bead,)))
    if said.issue is not None and said.issue.number == draft.claims.checkins.issue:
        return Answer(
            done=False, reply="Check-ins are told on it, and nothing is built here: say that on another."
        )
    refused = _under_way(said, draft)
    return refused or _asked(said, role, draft)


def _asked(said: Said, role: Role, draft: Draft, *, generation: int = 1) -> Answer:
    number = said.issue.number if said.issue is not None else said.comment.number
    planning = Planning(role=role, word=said.word(), text=said.command.text, generation=generation)
    draft.claims = draft.claims.remember(number, planning=planning, stopped=None)
    return Answer(done=True)


def _under_way(said: Said, draft: Draft) -> Answer | None:
    """Why nothing may be planned on it now, or None."""
    if said.issue is None:
        return None
    number, pull = said.issue.number, said.pull
    known, live = draft.claims.of(number), draft.claims.live.get(number)
    if live is not None:
        doing = "planned" if known.planning is not None and known.planning.role == live.role else "worked on"
        return Answer(done=False, reply=f"It is being {doing} right now; `/bead stop` ends that.")
    if pull is not None:
        went = "is there" if pull.state == "open" else "was there"
        return Answer(
            done=False,
            reply=f"It is worked on already: #{pull.number} {went}. Plan what is left in a new issue.",
        )
    if (epic := leader(said, draft)) is not None:
        return Answer(done=False, reply=f"The lead of #{epic} does it; `/bead unlead` there ends that.")
    if known.taken is not None:
        return Answer(done=False, reply=f"{known.taken.quiet_who} has it; `/bead give` gives it back.")
    if known.question is not None and known.question.draft is None:
        return Answer(done=False, reply="It waits for an answer first: `/bead why` says to what.")
    if known.planning is not None and known.planning.stage == "approved":
        return Answer(done=False, reply="What was proposed is approved, and its beads are being made.")
    return None


def _not_planned(issue: Issue, labels: Labels) -> str | None:
    """Why an issue cannot be planned, whatever is done with it, or None."""
    if issue.children:
        below = ", ".join(f"#{child}" for child in issue.children[:10])
        return f"It has sub-issues already ({below}): plan one of them, or what is missing in a new issue."
    if labels.type in (BeadType.RECONCILE, BeadType.REPORT):
        return f"It is there to {labels.type} an epic; plan what is missing in a new issue."
    if not without_comments(issue.body).strip():
        return "Its text is empty: write what is to be true when it is done, then `/bead plan`."
    return None


# -- a run --------------------------------------------------------------------------------------------------
def waits(number: int, draft: Draft) -> bool:
    """Whether a proposal for the issue is wanted or there, and so nothing else goes on with it."""
    return draft.claims.of(number).planning is not None


def start(issue: Issue, labels: Labels, release: Release, admission: Admission, draft: Draft) -> bool:
    """Have a run made where somebody asked for a proposal; whether it is in hand and nothing else goes on."""
    known = draft.claims.of(issue.number)
    planning = known.planning
    if planning is None:
        return False
    if planning.stage == "asked" and planning.role == "writer" and not known.planned:
        # What was no bead when it was asked for is read only now.
        fault = _not_planned(issue, labels)
        if fault is not None:
            planning = planning.model_copy(update={"stopped": fault})
            draft.claims = draft.claims.remember(issue.number, planning=planning)
    if planning.stopped is not None:
        if release.holds and release.since is not None and release.since > planning.word.at:
            draft.claims = draft.claims.remember(issue.number, planning=None)
            return False
        draft.say(issue.number, State.NEEDS_HUMAN, planning.stopped)
    elif planning.stage == "shown":
        draft.say(issue.number, State.NEEDS_HUMAN, "what is proposed for it waits for `/bead approve`")
    else:
        refused = admission.claim(issue, planning.role, draft)
        if refused is None:
            draft.say(issue.number, State.RUNNING, DOING[planning.role])
        else:
            draft.say(issue.number, State.READY, f"that begins as soon as it can: {refused}")
    return True


def settle(
    snapshot: Snapshot, issue: Issue, claim: Claim, run: Run, report: Report, known: History, draft: Draft
) -> History:
    """The history with what a run has proposed, shown to people, or the reason why nothing is."""
    planning = known.planning
    if planning is None:
        return known
    planning = planning.model_copy(update={"run_id": run.id, "digest": claim.digest, "failures": 0})
    declined = report.writer.declined if report.writer is not None else ""
    proposal = proposal_of(snapshot, issue, report)
    if declined and proposal is None:
        return _ended(snapshot, issue, planning, known, "nothing is planned", [declined], draft)
    if proposal is None:
        return known.model_copy(update={"planning": None})
    faults = faults_of(snapshot, issue, planning, proposal.plan)
    if faults:
        text = refused_text(snapshot, faults, planning.role)
        why = f"what was planned may not be made: {len(faults)} finding{'s' if len(faults) > 1 else ''}"
        return _say_ended(issue, planning, known, why, text, draft)
    text = proposal_text(
        snapshot, issue, proposal, target_of(snapshot, issue, planning, proposal), draft.claims
    )
    if len(text) > LIMIT:
        why = f"what was planned is {len(text):,} characters long, and a comment holds {LIMIT:,}"
        told = "What is approved must have been shown whole: fewer beads, or shorter texts, are needed."
        return _ended(snapshot, issue, planning, known, why, [told], draft)
    own = len(with_planned(issue.body, proposal.own)) if proposal.own is not None else 0
    if own > TAKEN:
        why = f"with what was planned its text would have {own:,} characters, and GitHub takes {TAKEN:,}"
        return _ended(snapshot, issue, planning, known, why, [f"{why}: shorten it."], draft)
    draft.before.append(Say(issue.number, issue.id, PLAN, text))
    planning = planning.model_copy(update={"stage": "shown", "said": shown_digest(text)})
    return known.model_copy(update={"planning": planning})


def give_up(
    snapshot: Snapshot, issue: Issue, why: str, said: Sequence[str], known: History, draft: Draft
) -> History:
    """The history when as many runs have failed as may; `said` is all that the last one left to say."""
    assert known.planning is not None, "a run that plans, and nobody has asked for it"
    return _ended(snapshot, issue, known.planning, known, why, said, draft)


def _ended(
    snapshot: Snapshot,
    issue: Issue,
    planning: Planning,
    known: History,
    why: str,
    said: Sequence[str],
    draft: Draft,
) -> History:
    return _say_ended(issue, planning, known, why, ended_text(snapshot, said, planning.role), draft)


def _say_ended(
    issue: Issue, planning: Planning, known: History, why: str, text: str, draft: Draft
) -> History:
    draft.before.append(Say(issue.number, issue.id, PLAN, _cut_to_limit(text)))
    why = f'{why}; our comment "{NONE[planning.role]}" says all of it'
    stopped = planning.model_copy(update={"stage": "asked", "stopped": why, "said": ""})
    return known.model_copy(update={"planning": stopped})


def _cut_to_limit(text: str) -> str:
    """A text that fits into a comment."""
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}\n\n…"


def faults_of(
    snapshot: Snapshot, issue: Issue, planning: Planning, plan: PlanAnswer, *, whole: bool = True
) -> tuple[PlanFault, ...]:
    """What is wrong with beads that are proposed, as far as the graph tells; gaps, findings and what is left
    of a plan are judged one by one and between each other."""
    issues = {one.number: one for one in snapshot.issues}
    labels = {number: labels_of(one, snapshot.policy) for number, one in issues.items()}
    beads = tuple(OpenBead(node, issues[node.number].title) for node in nodes_of(issues, labels))
    facts = PlanFacts(
        issue=issue.number if planning.role == "writer" else issue.parent or issue.number,
        beads=beads,
        closed=snapshot.closed,
        reconcile_from=snapshot.policy.planning.reconcile_from,
    )
    return (check_plan if whole and planning.role == "writer" else check_beads)(plan, facts)


def target_of(snapshot: Snapshot, issue: Issue, planning: Planning, proposal: Proposal) -> Target:
    """Where the beads go that were proposed on an issue: what a writer planned below that, what a reconciler
    found open below the epic that it reconciles, as a later generation, anything else nowhere."""
    assert planning.run_id is not None, "proposed by a run"
    parent: Issue | None = None
    if planning.role == "writer":
        parent = issue
    elif planning.role == "reconciler":
        parent = next((one for one in snapshot.issues if one.number == issue.parent), None)
    prefix = snapshot.policy.spelling.generation
    labels = (f"{prefix}{planning.generation}",) if planning.generation > 1 else ()
    asked_in = issue.number if planning.role == "writer" else None
    return Target(issue.number, planning.run_id, parent, labels, proposal.criteria, asked_in)
