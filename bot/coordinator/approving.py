"""A person's yes to a proposal, what it is bound to, and what is made on it.

`/bead approve` is recorded by the move of the claims that answers it; from then on `go_on` makes what is
missing, pass after pass, until all is there (`making.py`). See `planning.py` for what comes before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.beads.body import with_planned
from bot.beads.digest import digest
from bot.beads.labels import missing_labels
from bot.beads.model import BeadType
from bot.beads.plan import PlannedBead
from bot.coordinator.actions import Say, SetBody, SetLabels
from bot.coordinator.claims import Answer
from bot.coordinator.comment_parts import bullets
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import Planning
from bot.coordinator.making import Making, Target, keep_back, make, planned_labels
from bot.coordinator.plan_comment import PLAN, Proposal, made_text, proposal_of, proposal_text
from bot.coordinator.planning import NOTHING, faults_of, target_of
from bot.coordinator.quoting import quoted_line
from bot.coordinator.release import releases_in
from bot.coordinator.said import Said
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import Issue, Snapshot

SOON = timedelta(seconds=5)
LATE = timedelta(minutes=10)
"""How soon it is looked again for what could not be made, at the earliest and at the latest."""
PATIENCE = timedelta(hours=1)
"""How long it may take before a person is told; an outage of ours right after a yes is no reason to."""


# -- a yes --------------------------------------------------------------------------------------------------
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
    refused = (
        _other_epic(said, planning, draft)
        or _other_text(said, planning)
        or _may_not_begin(said, planning, proposal, draft)
    )
    if refused is not None:
        return Answer(done=False, reply=refused)
    places = _places(planning, proposal, said.command.numbers)
    refused = _not_whole(proposal, places, said.snapshot.policy.planning.reconcile_from)
    if refused is not None:
        return Answer(done=False, reply=refused)
    beads = tuple(_renumbered(_chosen_beads(proposal.plan.beads, places)))
    part = proposal.plan.model_copy(update={"beads": beads})
    faults = faults_of(said.snapshot, issue, planning, part, whole=len(places) == len(proposal.beads))
    if faults:
        rows = bullets(quoted_line(said.snapshot, fault.text) for fault in faults)
        return Answer(done=False, reply=f"It may not be made as things are now:\n\n{rows}")
    yes = planning.model_copy(update={"stage": "approved", "yes": said.word(), "chosen": places})
    draft.claims = draft.claims.remember(issue.number, planning=yes)
    return Answer(done=True)


def _other_text(said: Said, planning: Planning) -> str | None:
    """Why what a person reads now is not what would be made, or None."""
    issue = said.bead
    if planning.role == "writer" and digest(issue.title, issue.body) != planning.digest:
        return "Its text was edited after this was planned; `/bead plan` plans upon the text that it has now."
    text = said.snapshot.proposals.get(issue.number)
    if text is None or text.digest != planning.said:
        return (
            "The comment that shows what is proposed was edited or deleted by somebody else, so it is not"
            " known what you read. It says again what was proposed: read it, then `/bead approve`."
        )
    if text.since is None or said.comment.at < text.since:
        return "You said that before our comment showed this proposal: read it, then `/bead approve`."
    return None


def _other_epic(said: Said, planning: Planning, draft: Draft) -> str | None:
    """Gaps are made below the epic in which they were found."""
    if planning.role != "reconciler":
        return None
    epic = said.bead.parent
    found = draft.claims.of(epic).reconciliation if epic is not None else None
    if found is not None and found.run_id == planning.run_id:
        return None
    return "This was found for another epic than it is below now: `/bead revise TEXT` looks anew."


def _may_not_begin(said: Said, planning: Planning, proposal: Proposal, draft: Draft) -> str | None:
    """What would begin at once, because its epic is released, needs a yes of somebody who may release it."""
    parent = target_of(said.snapshot, said.bead, planning, proposal).parent
    needed = said.snapshot.policy.authority.needed("release")
    if parent is None or said.comment.permission >= needed:  # of all whose words the comment may be
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
        count = "one bead" if len(proposal.beads) == 1 else f"{len(proposal.beads)} beads"
        return f"What is proposed has {count}, and none at {absent[0]}: `/bead approve` makes all of it."
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


def _chosen_beads(planned: Sequence[PlannedBead], places: Sequence[int]) -> dict[int, PlannedBead]:
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
        issue = issues.get(number)
        if planning.stage == "approved":
            keep_back(Target(number, planning.run_id), snapshot, draft, going_on=issue is not None)
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
    beads = _chosen_beads(proposal.beads, planning.chosen)
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
    if making.missing and now - planning.yes.at >= PATIENCE:
        draft.say(number, State.NEEDS_HUMAN, _lacking(making.missing))
    if making.missing or len(draft.before) > before:
        draft.looks.append(now + max(SOON, min((now - planning.yes.at) / 2, LATE)))
        return
    parent = target.parent
    holds = parent is not None and releases_in(snapshot, draft.claims).of(parent.number).holds
    released = parent.number if parent is not None and holds else None
    text = made_text(snapshot, proposal, beads, making.numbers, released)
    draft.before.append(Say(number, issue.id, PLAN, text))
    draft.claims = draft.claims.remember(number, planning=None)
    draft.looks.append(now)


def _lacking(places: Sequence[int]) -> str:
    listed = ", ".join(map(str, places))
    are = "is" if len(places) == 1 else "are"
    return (
        f"what was approved is not made whole for long now: {listed} of its list {are} not there as planned."
        " What was made of it and closed again keeps it waiting: open it again; or close this issue and all"
        " that was made of it, and plan anew in another"
    )


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
    add = missing_labels(wanted, issue.labels)
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
    there = snapshot.proposals.get(issue.number)
    if there is not None and there.digest == planning.said:
        return
    text = proposal_text(
        snapshot, issue, proposal, target_of(snapshot, issue, planning, proposal), draft.claims
    )
    draft.before.append(Say(issue.number, issue.id, PLAN, text))
    shown = planning.model_copy(update={"said": shown_digest(text)})
    draft.claims = draft.claims.remember(issue.number, planning=shown)
