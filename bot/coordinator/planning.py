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
role, goes this way: `settle` shows it, `approve` lets it be made below `target_of`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.beads.body import with_planned
from bot.beads.commands import Command, Misread, Name
from bot.beads.comments import without_comments
from bot.beads.digest import digest
from bot.beads.labels import Labels
from bot.beads.model import PLANNING, BeadType, Role
from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_check import check_beads, check_plan
from bot.beads.plan_facts import OpenBead, PlanFacts
from bot.beads.plan_fault import PlanFault
from bot.beads.report import Report
from bot.coordinator import direction
from bot.coordinator.actions import Say, SetBody, SetLabels
from bot.coordinator.admission import Admission
from bot.coordinator.claims import Answer, Claim, History, Planning
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import labels_of, nodes_of
from bot.coordinator.making import Making, Target, keep_back, make, planned_labels, without
from bot.coordinator.plan_comment import (
    PLAN,
    Proposal,
    ended_text,
    made_text,
    proposal_of,
    proposal_text,
    refused_text,
)
from bot.coordinator.quoting import quoted_line
from bot.coordinator.release import Release, releases_in
from bot.coordinator.said import Said
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import Comment, Issue, Run, Snapshot
from bot.coordinator.status import LIMIT
from bot.coordinator.voices import voices_of

SOON = timedelta(seconds=5)
LATE = timedelta(minutes=10)
"""How soon it is looked again for what could not be made, at the earliest and at the latest."""
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
            draft.say(issue.number, State.RUNNING, "a proposal is being made")
        else:
            draft.say(issue.number, State.READY, f"a proposal is made as soon as it can be: {refused}")
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
    faults = _faults(snapshot, issue, planning, proposal.plan)
    if faults:
        text = refused_text(snapshot, faults)
        why = f"what was planned may not be made: {len(faults)} finding{'s' if len(faults) > 1 else ''}"
        return _say_ended(issue, planning, known, why, text, draft)
    text = proposal_text(
        snapshot, issue, proposal, target_of(snapshot, issue, planning, proposal), draft.claims
    )
    if len(text) > LIMIT:
        why = f"what was planned is {len(text):,} characters long, and a comment holds {LIMIT:,}"
        told = "What is approved must have been shown whole: fewer beads, or shorter texts, are needed."
        return _ended(snapshot, issue, planning, known, why, [told], draft)
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
    return _say_ended(issue, planning, known, why, ended_text(snapshot, said), draft)


def _say_ended(
    issue: Issue, planning: Planning, known: History, why: str, text: str, draft: Draft
) -> History:
    draft.before.append(Say(issue.number, issue.id, PLAN, clipped_to_limit(text)))
    why = f"{why}; our comment on the plan says all of it"
    stopped = planning.model_copy(update={"stage": "asked", "stopped": why, "said": ""})
    return known.model_copy(update={"planning": stopped})


def clipped_to_limit(text: str) -> str:
    """A text that fits into a comment."""
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}\n\n…"


def _faults(
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


# -- a yes --------------------------------------------------------------------------------------------------
def comes_now(snapshot: Snapshot, comment: Comment, read: Sequence[Command | Misread]) -> bool:
    """Whether a comment answers a proposal whose run is over and not counted yet: people see a proposal
    before the claims say that it is there."""
    claim = snapshot.claims.live.get(comment.bead or 0)
    if claim is None or claim.role not in PLANNING:
        return False
    answers = any(isinstance(one, Command) and one.name in (Name.APPROVE, Name.REVISE) for one in read)
    return answers and any(run.token == claim.token and run.done for run in snapshot.runs)


def approve(said: Said, draft: Draft) -> Answer:
    """`/bead approve [PLACES]`: what is proposed is made, all of it or the beads at these places."""
    issue = said.bead
    planning = draft.claims.of(issue.number).planning
    if planning is None or planning.stopped is not None:
        return Answer(done=False, reply=NOTHING)
    if planning.role == "direction" and planning.stage == "shown":
        return Answer(done=False, reply="A change of the specs is proposed: merge its pull request.")
    if planning.stage != "shown":
        doing = "planned" if planning.stage == "asked" else "made"
        return Answer(done=False, reply=f"It is being {doing}: there is nothing to approve right now.")
    report = said.snapshot.reports.get(planning.run_id or 0)
    proposal = proposal_of(said.snapshot, issue, report) if report is not None else None
    if proposal is None:
        return Answer(
            done=False,
            reply="The report that holds it is not kept any more; `/bead plan` has it planned anew.",
        )
    refused = _other_text(said, planning) or _may_not_begin(said, planning, proposal, draft)
    if refused is not None:
        return Answer(done=False, reply=refused)
    places = _places(planning, proposal, said.command.numbers)
    refused = _not_whole(proposal, places, said.snapshot.policy.planning.reconcile_from)
    if refused is not None:
        return Answer(done=False, reply=refused)
    beads = tuple(_renumbered(chosen_beads(proposal.plan.beads, places)))
    part = proposal.plan.model_copy(update={"beads": beads})
    faults = _faults(said.snapshot, issue, planning, part, whole=len(places) == len(proposal.beads))
    if faults:
        rows = "\n".join(f"- {quoted_line(said.snapshot, fault.text)}" for fault in faults)
        return Answer(done=False, reply=f"It may not be made as things are now:\n\n{rows}")
    yes = planning.model_copy(update={"stage": "approved", "yes": said.word(), "chosen": places})
    draft.claims = draft.claims.remember(issue.number, planning=yes)
    return Answer(done=True)


def _other_text(said: Said, planning: Planning) -> str | None:
    """Why what a person reads now is not what would be made, or None."""
    issue = said.bead
    if planning.role == "writer" and digest(issue.title, issue.body) != planning.digest:
        return "Its text was edited after this was planned; `/bead plan` plans upon the text that it has now."
    if said.snapshot.proposals.get(issue.number) != planning.said:
        return (
            "The comment that shows what is proposed was edited or deleted by somebody else, so it is not"
            " known what you read. It says again what was proposed: read it, then `/bead approve`."
        )
    return None


def _may_not_begin(said: Said, planning: Planning, proposal: Proposal, draft: Draft) -> str | None:
    """What would begin at once, because its epic is released, needs a yes of somebody who may release it."""
    parent = target_of(said.snapshot, said.bead, planning, proposal).parent
    if parent is None or voices_of(said.snapshot).counts(said.comment.login):
        return None
    if not releases_in(said.snapshot, draft.claims).of(parent.number).holds:
        return None
    return (
        f"#{parent.number} is released, so what you approve would begin at once, and you may not release it:"
        f" somebody who may has to approve, or to take `{said.spelling.ready}` off first."
    )


def _places(planning: Planning, proposal: Proposal, named: Sequence[int]) -> tuple[int, ...]:
    """What is approved: all of it where nothing is named. Gaps never without what reconciles them."""
    if not named:
        return tuple(range(1, len(proposal.beads) + 1))
    ends = [place for place, bead in enumerate(proposal.beads, start=1) if not bead.works]
    return tuple(sorted({*named, *(ends if planning.role == "reconciler" else ())}))


def _not_whole(proposal: Proposal, places: Sequence[int], reconcile_from: int) -> str | None:
    """Why these places cannot be made without others, or None."""
    absent = [place for place in places if place > len(proposal.beads)]
    if absent:
        return f"Its list ends at {len(proposal.beads)}; {absent[0]} is no place of it."
    open_ends = {
        place: [one for one in proposal.beads[place - 1].after if one not in places]
        for place in places
        if proposal.beads[place - 1].works
    }
    lacking = [f"{place} waits for {', '.join(map(str, ends))}" for place, ends in open_ends.items() if ends]
    working = sum(proposal.beads[place - 1].works for place in places)
    ends = [place for place, bead in enumerate(proposal.beads, start=1) if bead.type == "reconcile"]
    if not lacking and working >= reconcile_from and not set(ends) <= set(places):
        return f"{working} beads end in one that reconciles them: approve {ends[0]} as well."
    if not lacking:
        return None
    more = " ".join(map(str, sorted({*places, *(one for ends in open_ends.values() for one in ends)})))
    return f"{'; '.join(lacking)}: approve those as well (`/bead approve {more}`), or have it revised."


def chosen_beads(planned: Sequence[PlannedBead], places: Sequence[int]) -> dict[int, PlannedBead]:
    """The beads at these places. What is at the end of an epic waits for those of its siblings that are
    made."""
    beads = {place: planned[place - 1] for place in places}
    return {
        place: bead.model_copy(update={"after": tuple(one for one in bead.after if one in beads)})
        for place, bead in beads.items()
    }


def _renumbered(beads: Mapping[int, PlannedBead]) -> list[PlannedBead]:
    places = {place: new for new, place in enumerate(beads, start=1)}
    return [
        bead.model_copy(update={"after": tuple(places[one] for one in bead.after)}) for bead in beads.values()
    ]


# -- making -------------------------------------------------------------------------------------------------
def go_on(snapshot: Snapshot, issues: dict[int, Issue], now: datetime, draft: Draft) -> None:
    """Make what is approved, and show again what somebody else has made of our comment."""
    for number, known in draft.claims.history.items():
        planning = known.planning
        if planning is None or planning.run_id is None:
            continue
        if planning.stage == "approved":
            keep_back(Target(number, planning.run_id).prefix, snapshot, draft)
        issue = issues.get(number)
        report = snapshot.reports.get(planning.run_id)
        proposal = proposal_of(snapshot, issue, report) if issue is not None and report is not None else None
        if issue is None:
            continue
        if planning.stage == "approved":
            draft.rewired.add(number)
            _go_on(snapshot, issue, planning, proposal, now, draft)
        elif planning.stage == "shown" and proposal is not None:
            _show_again(snapshot, issue, planning, proposal, draft)


def _go_on(
    snapshot: Snapshot,
    issue: Issue,
    planning: Planning,
    proposal: Proposal | None,
    now: datetime,
    draft: Draft,
) -> None:
    number = issue.number
    draft.say(number, State.BLOCKED, "what was approved is being made")
    if snapshot.claims.of(number).planning != planning:
        draft.looks.append(now)
        return  # approved just now: it may still come to nothing
    assert planning.yes is not None, "approved by somebody"
    if proposal is None:
        run = planning.run_id
        gone = f"what was approved cannot be made: the report of run {run} is not kept any more; close it"
        draft.say(number, State.NEEDS_HUMAN, f"{gone}, and what was made of it, and plan anew")
        return
    beads = chosen_beads(proposal.beads, planning.chosen)
    before = len(draft.before)
    target = target_of(snapshot, issue, planning, proposal)
    if proposal.single:
        (bead,) = beads.values()
        wanted = planned_labels(bead, snapshot.policy.spelling, set(bead.blocked_by) - snapshot.closed)
        _complete(snapshot, issue, planning, proposal, wanted, draft)
        making = Making({1: number}, () if len(draft.before) == before else (1,))
    else:
        if planning.role == "writer":
            epic = dict(snapshot.policy.spelling.types)[BeadType.EPIC]
            _complete(snapshot, issue, planning, proposal, (epic,), draft)
        making = make(beads, target, snapshot, draft)
    if making.missing or len(draft.before) > before:
        draft.looks.append(now + max(SOON, min((now - planning.yes.at) / 2, LATE)))
        return
    draft.before.append(Say(number, issue.id, PLAN, made_text(snapshot, proposal, beads, making.numbers)))
    draft.claims = draft.claims.remember(number, planning=None)
    draft.looks.append(now)


def _complete(
    snapshot: Snapshot,
    issue: Issue,
    planning: Planning,
    proposal: Proposal,
    wanted: tuple[str, ...],
    draft: Draft,
) -> None:
    """The issue itself with what its plan says of it: its text once, its labels in place of others of their
    kinds."""
    assert planning.yes is not None, "approved by somebody"
    add = without(wanted, issue)
    kinds = (snapshot.policy.spelling.types, snapshot.policy.spelling.priorities)
    names = [{name.lower() for _, name in kind} for kind in kinds]
    given = [kind for kind in names if kind & {label.lower() for label in wanted}]
    keep = {label.lower() for label in wanted}
    size = snapshot.policy.spelling.complexity.lower()
    sized = any(label.startswith(size) for label in keep)
    remove = tuple(
        label
        for label in issue.labels
        if label.lower() not in keep
        if any(label.lower() in kind for kind in given) or (sized and label.lower().startswith(size))
    )
    if add or remove:
        draft.before.append(SetLabels(issue.number, issue.id, add=add, remove=remove))
    assert proposal.own is not None, "of the issue itself"
    body = with_planned(issue.body, proposal.own)
    done = any(edit.login == snapshot.own and edit.at >= planning.yes.at for edit in issue.edits)
    if body != issue.body and not done:
        draft.before.append(SetBody(issue.number, issue.id, digest(issue.title, issue.body), body))


def _show_again(
    snapshot: Snapshot, issue: Issue, planning: Planning, proposal: Proposal, draft: Draft
) -> None:
    """Our comment as it was, where somebody approves one that is another or gone."""
    if snapshot.proposals.get(issue.number) == planning.said:
        return
    text = proposal_text(
        snapshot, issue, proposal, target_of(snapshot, issue, planning, proposal), draft.claims
    )
    draft.before.append(Say(issue.number, issue.id, PLAN, text))
    shown = planning.model_copy(update={"said": shown_digest(text)})
    draft.claims = draft.claims.remember(issue.number, planning=shown)
