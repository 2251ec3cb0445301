"""What the status comment of a bead says, and that of its pull request. Pure, and rendered from nothing but
the verdict, the claims and the snapshot that the code itself acted on.

Nothing in it changes while nothing happens: no present time, no state of a run beside that it is there. So a
comment is edited when there is something to tell, and only then. A run's own page is told once it has gone on
for a while; before that, and of short ones, the page of all runs will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.beads.model import Role
from bot.coordinator.claims import Claim, Claims
from bot.coordinator.comment_parts import bullets, clipped, dollars, folded, run_page, workflow_page
from bot.coordinator.decision import BeadVerdict, State
from bot.coordinator.found import listing
from bot.coordinator.history import History, Tried
from bot.coordinator.pace import standstill
from bot.coordinator.pulls import merged_as
from bot.coordinator.quoting import listed_line
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.guards.result import GuardReport, quoted

LINGERS = timedelta(minutes=2)
"""A run that has gone on for so long has its own page told."""

NAMES = {
    State.PLANNED: "Planned",
    State.BLOCKED: "Blocked",
    State.HELD: "Held",
    State.READY: "Ready",
    State.RUNNING: "Running",
    State.IN_REVIEW: "In review",
    State.CORRECTING: "Being corrected",
    State.MERGING: "Merging",
    State.DONE: "Done",
    State.NEEDS_HUMAN: "Needs a person",
}
NEXT = {
    State.PLANNED: "Label it `{ready}`, or comment `/bead ready`.",
    State.BLOCKED: "It goes on by itself as soon as nothing holds it any more.",
    State.HELD: "`/bead unhold` lets it go on.",
    State.READY: "It starts by itself as soon as there is room.",
    State.RUNNING: "A pull request, which an independent session reviews.",
    State.IN_REVIEW: "When its checks are green a fresh session reviews it; what it finds is corrected.",
    State.CORRECTING: "The corrected pull request is reviewed again.",
    State.MERGING: "It is merged as soon as every guard passes.",
    State.NEEDS_HUMAN: "It goes on by itself once that is done; `/bead help` lists what you can tell it.",
}
PROPOSED = "`/bead approve` has it made, `/bead revise TEXT` has it planned anew with that in mind."
DROPPED = " Taking the label `{bead}` off drops it."
RECONCILED = " `/bead accept` lets the epic end with what is open."
AGAIN: Mapping[Role, str] = {
    "writer": "`/bead retry` has it planned again, `/bead revise TEXT` with that in mind; `/bead ready` does"
    " without.",
    "direction": "`/bead retry` has it proposed again, `/bead revise TEXT` with that in mind.",
    "checkin": "`/bead retry` makes another attempt.",
    "reconciler": "`/bead retry` has it reconciled again, `/bead revise TEXT` with that in mind.",
}
"""What can be said where no proposal came, by the role that was to make it."""
DOING: Mapping[Role, str] = {
    "reviewer": "a fresh session reviews it",
    "shaper": "what its text lacks is drafted",
    "writer": "it is being planned",
    "direction": "it is looked at where the project stands",
    "checkin": "the project is being scored",
    "reconciler": "what its epic asks for is held against what was merged",
}
"""What a run does, by its role."""
KINDS: Mapping[Role, str] = {
    "worker": "work",
    "reviewer": "review",
    "shaper": "draft",
    "writer": "plan",
    "direction": "proposal",
    "checkin": "check-in",
    "reconciler": "reconciliation",
}
"""What an attempt was, by its role."""
OUTCOMES = {
    "pr": "published its work",
    "direct": "published its work",
    "approve": "approved",
    "correct": "asked for corrections",
    "blocked": "found it blocked",
    "proposed": "gave its answer",
    "nothing-to-do": "found nothing to do",
    "invalid-context": "could not use the bead as it is",
    "failed": "failed",
    "stopped": "stopped by a person",
    "provider": "stopped by the model's provider; not counted",
}


@dataclass(frozen=True, slots=True)
class View:
    """What texts are rendered from: the facts, the claims as they will be, the verdicts, what was remembered
    of beads that are over now, and what is said beside the verdicts."""

    snapshot: Snapshot
    claims: Claims
    verdicts: Mapping[int, BeadVerdict]
    over: Mapping[int, History]
    notes: Mapping[int, tuple[str, ...]]
    now: datetime

    def history(self, bead: int) -> History:
        """What is remembered of a bead."""
        return self.over.get(bead) or self.claims.of(bead)

    def verdict(self, bead: int) -> BeadVerdict:
        """Its state and reasons."""
        return self.verdicts.get(bead, BeadVerdict(State.PLANNED))


def bead_status(view: View, issue: Issue, pull: PullRequest | None) -> str:
    """The status comment of a bead that is no epic."""
    known = view.history(issue.number)
    lines = now_lines(view, issue.number)
    if pull is not None and pull.state == "open":
        lines.append(f"pull request #{pull.number}")
    lines += notes_of(view, issue.number)
    parts = [first_line(view, issue, pull), bullets(lines)]
    parts.append(listing(view.snapshot, issue.number, known))
    parts += [next_step(view, issue.number), _attempts(view, known)]
    return clipped(parts)


def last_status(view: View, bead: int, pull: PullRequest | None) -> str:
    """The last text on a bead that was closed before we saw to it: by a person, or by us when what came after
    got lost."""
    known = view.snapshot.claims.of(bead)
    taken = known.taken is not None
    approved = known.verdict is not None and known.verdict.approve
    how = "**Closed** · it is worked on no more"
    if pull is not None and pull.state == "merged" and (taken or approved):
        how = f"**Done** · {listed_line(view.snapshot, merged_as(pull, taken=taken))}"
    found = listing(view.snapshot, bead, known)
    return clipped([f"{how} · it cost {dollars(known.spent)}", found, _attempts(view, known)])


def pull_status(view: View, issue: Issue, pull: PullRequest, report: GuardReport) -> str:
    """The status comment of a bead's pull request: the same state, what was reviewed, and every guard."""
    known = view.history(issue.number)
    parts = [
        first_line(view, issue, pull, about=f" · bead #{issue.number}"),
        bullets([*now_lines(view, issue.number), *_reviewed(view, pull, known)]),
        next_step(view, issue.number),
    ]
    if pull.state != "merged":
        passed = sum(result.state == "pass" for result in report.results)
        parts.append(folded(f"{passed} of {len(report.results)} guards pass", report.table()))
    parts.append(folded("Record", f"```json\n{_record(view, issue, pull, known, report)}\n```"))
    return clipped(parts)


# -- the first line -----------------------------------------------------------------------------------------
def first_line(view: View, issue: Issue, pull: PullRequest | None, *, about: str = "") -> str:
    """State, who must act, what it has cost so far."""
    verdict = view.verdict(issue.number)
    spent = dollars(view.history(issue.number).spent)
    if verdict.state is State.DONE:
        return " · ".join(["**Done**", *reasons_of(view, issue.number), f"it cost {spent}"]) + about
    live = view.claims.live.get(issue.number)
    may_cost = f", up to {dollars(live.reserved)} more for this run" if live and live.reserved else ""
    name = NAMES[verdict.state]
    return f"**{name}** · {who_acts(view, issue, pull)}{about} · {spent} so far{may_cost}"


def needs_person(view: View, issue: Issue, pull: PullRequest | None) -> bool:
    """Whether it does not go on before a person acts on it."""
    state = view.verdict(issue.number).state
    if state is State.IN_REVIEW:
        return pull is not None and pull.draft and issue.number not in view.claims.live
    return state in (State.NEEDS_HUMAN, State.PLANNED, State.HELD)


def who_acts(view: View, issue: Issue, pull: PullRequest | None) -> str:
    """Whose turn it is, in words that mention nobody."""
    if needs_person(view, issue, pull):
        match view.verdict(issue.number).state:
            case State.PLANNED:
                return "somebody has to release it"
            case State.HELD if (taken := view.history(issue.number).taken) is not None:
                return f"{quoted([taken.by]) if taken.by else 'a person'} has it"
            case State.HELD:
                return "somebody has to take the hold off"
            case State.IN_REVIEW:
                return "somebody has to mark it ready for review"
            case _:
                return f"{_person(view, issue)} has to act"
    if issue.number not in view.claims.live and standstill(view.snapshot, view.claims.going):
        return "somebody has to let the repository go on"
    return "nobody has to act"


def _person(view: View, issue: Issue) -> str:
    """Who released the bead, or an epic above it."""
    issues = {one.number: one for one in view.snapshot.issues}
    current: Issue | None = issue
    seen: set[int] = set()
    while current is not None and current.number not in seen:
        seen.add(current.number)
        word = view.history(current.number).release
        login = word.by if word is not None else current.released_by
        if login:
            return quoted([login])
        current = issues.get(current.parent) if current.parent is not None else None
    return "a person"


# -- the parts ----------------------------------------------------------------------------------------------
def now_lines(view: View, bead: int) -> list[str]:
    """What is so now: a run that is under way, else every reason of the verdict; of what is over nothing."""
    live = view.claims.live.get(bead)
    if live is not None:
        return [run_line(view, live)]
    return [] if view.verdict(bead).state is State.DONE else reasons_of(view, bead)


def reasons_of(view: View, bead: int) -> list[str]:
    """Every reason of the verdict, harmless and each in one line."""
    return [listed_line(view.snapshot, reason) for reason in view.verdict(bead).reasons]


def notes_of(view: View, bead: int) -> list[str]:
    """What is said beside its verdict; of what is over nothing."""
    if view.verdict(bead).state is State.DONE:
        return []
    return [listed_line(view.snapshot, note) for note in view.notes.get(bead, ())]


def run_line(view: View, claim: Claim, *, linger: timedelta = LINGERS) -> str:
    """A run that is under way: what it does, since when, where it can be seen."""
    run = next((run for run in view.snapshot.runs if run.token == claim.token), None)
    where = f"[runs]({workflow_page(view.snapshot)})"
    if run is not None and run.url and view.now - claim.since >= linger:
        where = f"[run]({run.url})"
    what = DOING.get(claim.role) or ("a worker corrects it" if claim.correction else "a worker has it")
    what = what[0].upper() + what[1:]
    again = "; its publish job died and was started again" if claim.reruns else ""
    since = f"{claim.since:%Y-%m-%d %H:%M} UTC"
    return f"{what}, attempt {claim.attempt}, since {since}: {where}{again}"


def _reviewed(view: View, pull: PullRequest, known: History) -> list[str]:
    """Who reviewed what at which commit, and what was merged."""
    lines: list[str] = []
    verdict = known.verdict
    if verdict is not None:
        page = run_page(view.snapshot, verdict.run_id)
        found = "approved" if verdict.approve else "asked for corrections"
        lines.append(
            f"Reviewed at `{verdict.reviewed or verdict.head}` by [run {verdict.run_id}]({page}), an "
            f"independent session: {found}."
        )
        if verdict.reviewed is not None:
            lines.append(f"Carried over to `{verdict.head}`, by updates that left the patch identical.")
        elif verdict.head != pull.head:
            lines.append(f"The head is `{pull.head}` now: that review does not count for it.")
    if pull.state == "merged" and known.taken is not None:
        who = quoted([known.taken.by]) if known.taken.by else "Somebody"
        lines.append(f"{who} had taken it over: that needs no review of ours.")
    if pull.state == "merged":
        who = f" by {quoted([pull.merged_by])}" if pull.merged_by else ""
        lines.append(f"Merged at `{pull.head}` as `{pull.merge_commit}`{who}.")
    return lines


def _attempts(view: View, known: History) -> str:
    if not known.tried:
        return ""
    rows = "\n".join(_attempt(view, one) for one in reversed(known.tried))
    count, first = len(known.tried), known.tried[0].attempt
    what = f"The last {count} attempts" if first > 1 else f"{count} attempt{'s' if count > 1 else ''} so far"
    table = f"| | what | came to | cost | |\n|---|---|---|---|---|\n{rows}"
    note = "The artifact `beadwright` of each run holds its transcript."
    return folded(what, f"{table}\n\n{note}")


def _attempt(view: View, one: Tried) -> str:
    outcome = OUTCOMES.get(one.outcome, quoted([one.outcome]))
    run = f"[run]({run_page(view.snapshot, one.run_id)})"
    return f"| {one.attempt} | {KINDS[one.role]} | {outcome} | {dollars(one.cost)} | {run} |"


def _record(view: View, issue: Issue, pull: PullRequest, known: History, report: GuardReport) -> str:
    verdict = known.verdict
    record = {
        "bead": issue.number,
        "pull": pull.number,
        "state": view.verdict(issue.number).state.value,
        "head": pull.head,
        "base": pull.base_ref,
        "review": None
        if verdict is None
        else {
            "approve": verdict.approve,
            "head": verdict.head,
            "reviewed": verdict.reviewed or verdict.head,
            "run": verdict.run_id,
        },
        "guards": {} if pull.state == "merged" else {one.name: one.state for one in report.results},
        "merged_as": pull.merge_commit if pull.state == "merged" else None,
        "merged_by": pull.merged_by if pull.state == "merged" else None,
        "cost": known.spent,
        "attempts": [one.model_dump() for one in known.tried],
    }
    return json.dumps(record, separators=(", ", ": "))


# -- the last line ------------------------------------------------------------------------------------------
def next_step(view: View, bead: int) -> str:
    """What comes next; nothing when it is over."""
    state, known = view.verdict(bead).state, view.history(bead)
    if state is State.DONE:
        return ""
    said = NEXT[state].format(ready=view.snapshot.policy.spelling.ready)
    if state is State.NEEDS_HUMAN and known.question is not None and known.question.answer is None:
        said = f"Answer its question, for example with `/bead answer {known.question.recommended}`."
    elif state is State.NEEDS_HUMAN and known.proposes:
        said = "Read its pull request and merge it, or close it; nobody else does."
    elif state is State.NEEDS_HUMAN and known.planning is not None and known.planning.stage != "approved":
        drops = PROPOSED + DROPPED.format(bead=view.snapshot.policy.spelling.bead)
        reconciles = known.planning.role == "reconciler"
        again = AGAIN[known.planning.role]
        said = again if known.planning.stopped is not None else PROPOSED if reconciles else drops
        said += RECONCILED if reconciles else ""
    elif state is State.NEEDS_HUMAN and known.stopped:
        said = "Once that is mended, `/bead retry` lets it be tried again."
    elif state is State.HELD and known.taken is not None:
        said = "`/bead give` gives it back."
    elif state is State.RUNNING and bead in view.claims.live and view.claims.live[bead].role == "reconciler":
        said = "What is met is told here; what is not is proposed as beads."
    elif (
        state in (State.RUNNING, State.READY)
        and known.planning is not None
        and known.planning.role == "checkin"
    ):
        said = "The scores are told here, and what would mend what was found is proposed as beads."
    elif state in (State.RUNNING, State.READY) and known.planning is not None:
        said = "What is proposed is shown here, and nothing of it is made before somebody says so."
    return f"**Next:** {said}"
