"""An epic that one worker does whole: one claim on as many places as it has beads, one branch, one PR.

`/bead lead` on an epic gives its open beads, as they are then, to one worker. From there on the epic itself
is what is worked on, like a bead: it is claimed, reviewed, corrected and merged, and what holds one of its
beads back holds all of them. Nobody else begins them, and they are closed when its pull request is merged.

- Reconciling and reporting are not part of it: they are about what was done, and follow.
- What is put below the epic later is not part of it either: it goes by itself, afterwards, or before where a
  bead of the lead waits for it.
- Epic and beads are released together: an edit of any of them by somebody without authority ends that.
- The places that it takes are those of its first worker; a correction and a review take one, as ever. While
  it waits for so many, no bead behind it begins (`admission.py`).
- The pull request is past once it is merged: whatever comes below the epic after that goes its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from graphlib import CycleError, TopologicalSorter

from bot.beads.graph import EdgeKind, Graph
from bot.beads.model import BeadType
from bot.coordinator.actions import Close
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import labels_of, node_of
from bot.coordinator.history import Lead
from bot.coordinator.pulls import latest_pulls, merged_as
from bot.coordinator.release import Release, Releases
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot

MOST = 7
"""How many beads one worker is given; a plan has no more."""
AFTERWARDS = frozenset({BeadType.RECONCILE, BeadType.REPORT})
UNDER_WAY = frozenset({State.RUNNING, State.IN_REVIEW, State.CORRECTING, State.MERGING})


class Leads:
    """The leads that hold, each with its beads that are still open, in the order of their edges.

    Args:
        snapshot: the facts.
        issues: the open beads.
        graph: their edges.
        draft: its claims hold who leads; a lead that has nothing left to do is over.
    """

    def __init__(self, snapshot: Snapshot, issues: Mapping[int, Issue], graph: Graph, draft: Draft) -> None:
        self._graph = graph
        self._beads: dict[int, tuple[Issue, ...]] = {}
        for epic, known in draft.claims.history.items():
            if known.lead is None or epic not in issues:
                continue
            beads = [one for one in known.lead.beads if one in issues and issues[one].parent == epic]
            if beads or epic in draft.claims.live or epic in latest_pulls(snapshot.pulls, draft.claims):
                self._beads[epic] = tuple(issues[one] for one in in_order(beads, graph) or beads)
            else:
                draft.claims = draft.claims.remember(epic, lead=None)

    def __contains__(self, epic: int) -> bool:
        return epic in self._beads

    def of(self, epic: int) -> tuple[Issue, ...]:
        """The beads that its lead does; none where it has no lead."""
        return self._beads.get(epic, ())

    def holds(self, issue: Issue) -> str | None:
        """Why a bead does not go by itself: the lead of its epic does it, or comes first; or None."""
        epic = issue.parent
        if epic is None or epic not in self._beads:
            return None
        beads = {one.number for one in self._beads[epic]}
        if issue.number in beads:
            return f"done by the lead of #{epic}"
        first = any(issue.number in self._graph.nodes[one].blocked_by for one in (epic, *beads))
        return None if first else f"goes on after the lead of #{epic}"

    def release(self, number: int, releases: Releases) -> Release:
        """Whether a bead, or an epic with all that its lead does, is released."""
        own = releases.of(number)
        if not own.holds:
            return own
        for bead in self.of(number):
            below = releases.of(bead.number)
            if not below.holds:
                problem = f"#{bead.number}: {below.problem}"
                return replace(own, problem=problem, ended=below.ended)
        return own

    def waits(self, number: int, today: date, draft: Draft) -> list[str]:
        """Every fact that holds a bead back today; of an epic with a lead, also those of its beads."""
        edges = self._graph.edges(number, today)
        if number not in self:
            return [edge.reason for edge in edges]
        reasons = [edge.reason for edge in edges if edge.kind is not EdgeKind.CHILD]
        beads = {one.number for one in self.of(number)}
        for bead in sorted(beads):
            own = [edge for edge in self._graph.edges(bead, today) if edge.via is None]
            reasons += [f"#{bead}: {edge.reason}" for edge in own if edge.target not in beads]
            taken = draft.claims.of(bead).taken
            reasons += [f"#{bead}: {taken.who} has taken it over"] if taken is not None else []
        return reasons

    def show(self, draft: Draft) -> None:
        """Give every bead that a lead does the state that the lead has, once that is known."""
        for epic, beads in self._beads.items():
            verdict = draft.verdicts.get(epic)
            state = verdict.state if verdict is not None and verdict.state in UNDER_WAY else State.BLOCKED
            for bead in beads:
                known = draft.verdicts.get(bead.number)
                if known is None or known.state is not State.DONE:
                    draft.say(bead.number, state, f"done by the lead of #{epic}")


def in_order(beads: Sequence[int], graph: Graph) -> list[int] | None:
    """These beads, each after those that it waits for; None where they wait for each other."""
    mine = set(beads)
    waits = {one: sorted(mine & graph.nodes[one].blocked_by) for one in sorted(mine)}
    try:
        return list(TopologicalSorter(waits).static_order())
    except CycleError:
        return None


def close(snapshot: Snapshot, issue: Issue, pull: PullRequest, lead: Lead, draft: Draft) -> None:
    """The beads of a lead whose pull request is merged are done. Its epic ends as any other does, once
    nothing below it is open: the next look sees to that."""
    known = draft.claims.of(issue.number)
    how = merged_as(pull, taken=known.taken is not None)
    for bead in snapshot.issues:
        if bead.number in lead.beads and bead.parent == issue.number:
            draft.claims = draft.claims.remember(bead.number, shown=True)  # how it ended is told there
            draft.before.append(Close(bead.number, bead.id))
            draft.forget(bead.number)
            draft.say(bead.number, State.DONE, f"{how}, with its epic #{issue.number}")
    draft.over[issue.number], draft.merged[issue.number] = known, pull
    draft.claims = draft.claims.remember(
        issue.number,
        lead=None,
        past=(*known.past, pull.number),
        taken=None,
        verdict=None,
        merge=None,
        turn=None,
        head=None,
        updated=False,
        failures=0,
        rounds=0,
    )
    draft.say(issue.number, State.BLOCKED, f"{how}: the beads that its lead did are closed")


# -- the commands -----------------------------------------------------------------------------------------
def lead(said: Said, draft: Draft) -> Answer:
    """`/bead lead`: the epic's open beads go to one worker."""
    epic = said.bead
    planning = draft.claims.of(epic.number).planning
    if planning is not None and planning.role == "writer" and planning.stage == "shown":
        return Answer(
            done=False, reply="Its beads are only proposed: `/bead approve` makes them, then say it again."
        )
    if planning is not None and planning.stage == "approved":
        return Answer(done=False, reply="Its beads are being made: say it again when all of them are there.")
    if not epic.children:
        return Answer(done=False, reply="It has no sub-issues: `/bead ready` gives it to one worker anyway.")
    if draft.claims.of(epic.number).lead is not None and _has_begun(said, epic.number, draft):
        return Answer(done=False, reply="One worker does it already: `/bead why` says how far that is.")
    issues = {one.number: one for one in said.snapshot.issues}
    labels = {
        child: labels_of(issues[child], said.snapshot.policy) for child in epic.children if child in issues
    }
    beads = [child for child, one in labels.items() if one.type not in AFTERWARDS]
    graph = Graph(node_of(issues[child], one) for child, one in labels.items())
    ordered = in_order(beads, graph)
    nested = [one for one in beads if issues[one].children or labels[one].type is BeadType.EPIC]
    begun = [one for one in beads if _has_begun(said, one, draft)]
    planned = [one for one in beads if draft.claims.of(one).planning is not None]
    refused = None
    if not beads:
        refused = "None of its beads is open."
    elif nested:
        refused = f"{_listed(nested)} {_have(nested)} sub-issues too: one worker is given beads, and no epic."
    elif begun:
        refused = f"{_listed(begun)} {_have(begun)} begun already: what is left goes by itself as well."
    elif planned:
        are = "is" if len(planned) == 1 else "are"
        refused = f"{_listed(planned)} {are} being planned: `/bead why` there says what that waits for."
    elif len(beads) > MOST:
        refused = f"It has {len(beads)} open beads, and one worker is given at most {MOST}: split it."
    elif ordered is None:
        refused = f"{_listed(beads)} wait for each other: `/bead unblock` takes an edge away."
    if refused is not None or ordered is None:
        return Answer(done=False, reply=refused or "")
    draft.claims = draft.claims.remember(epic.number, lead=Lead(word=said.word(), beads=tuple(ordered)))
    what = f"One worker does {_listed(ordered)}, in this order, on one branch and in one pull request"
    return Answer(
        done=True, reply=f"{what}, once #{epic.number} is released. `/bead unlead` takes that back."
    )


def unlead(said: Said, draft: Draft) -> Answer:
    """`/bead unlead`: the epic's beads go each by itself, as long as nobody has begun them."""
    epic = said.bead.number
    known = draft.claims.of(epic)
    if known.lead is None:
        return Answer(done=False, reply="No worker has all of it: its beads go each by itself.")
    if epic in draft.claims.live:
        return Answer(done=False, reply="It is being worked on right now; `/bead stop` ends that.")
    if said.pull is not None and said.pull.state == "open":
        number = said.pull.number
        return Answer(done=False, reply=f"#{number} is open: close it first, or let it be merged.")
    past = (*known.past, said.pull.number) if said.pull is not None else known.past
    draft.claims = draft.claims.remember(
        epic, lead=None, past=past, taken=None, stopped=None, question=None, failures=0, rounds=0
    )
    return Answer(done=True)


def leader(said: Said, draft: Draft) -> int | None:
    """The epic whose lead does this bead."""
    epic = said.bead.parent
    given = draft.claims.of(epic).lead if epic is not None else None
    return epic if given is not None and said.bead.number in given.beads else None


def _has_begun(said: Said, bead: int, draft: Draft) -> bool:
    known = draft.claims.of(bead)
    there = bead in draft.claims.live or bead in latest_pulls(said.snapshot.pulls, draft.claims)
    return there or known.taken is not None or (known.begun and not known.past)


def _listed(beads: Sequence[int]) -> str:
    *first, last = [f"#{one}" for one in beads]
    return f"{', '.join(first)} and {last}" if first else last


def _have(beads: Sequence[int]) -> str:
    return "has" if len(beads) == 1 else "have"
