"""What is told to who asks: `/bead status`, `/bead why` and `/bead cost`.

They are answered when every verdict of the pass is known, and from nothing else: what `why` says is what the
code acted on, with the fact behind each reason.
"""

from __future__ import annotations

from datetime import timedelta

from bot.beads.graph import Graph
from bot.beads.model import Role
from bot.beads.policy import DOLLAR
from bot.coordinator import breaker, pace
from bot.coordinator.claims import Answer
from bot.coordinator.comment_parts import bullets, clipped, dollars, folded
from bot.coordinator.decision import Draft
from bot.coordinator.edges import labels_of, nodes_of
from bot.coordinator.epic_status import epic_first_line
from bot.coordinator.merging import guard_report
from bot.coordinator.quoting import listed_line
from bot.coordinator.release import releases_in
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue
from bot.coordinator.status import NAMES, View, first_line, notes_of, now_lines, reasons_of, run_line
from bot.guards.result import MARKS, quoted


def status(said: Said, draft: Draft) -> Answer:
    """`/bead status`: its status comment is there from now on; the reply is that comment's first line."""
    issue = said.bead
    if not draft.claims.of(issue.number).shown:
        draft.claims = draft.claims.remember(issue.number, shown=True)
    where = f" on #{issue.number}" if said.comment.number != issue.number else ""
    line = _first_line(said, _view(said, draft), issue)
    return Answer(done=True, reply=f"{line}\n\nThe status comment{where} says more, and is kept true.")


def cost(said: Said, draft: Draft) -> Answer:
    """`/bead cost`: what the bead has cost and its run may still cost; its epics, the day and its ceiling."""
    issue, claims = said.bead, draft.claims
    live = claims.live.get(issue.number)
    lines = [f"#{issue.number}: {dollars(claims.of(issue.number).spent)} so far"]
    if live is not None:
        lines[0] += f", and {dollars(live.reserved)} are reserved for its run"
    lines += [
        f"its epic #{epic.number}: {dollars(claims.of(epic.number).spent)} so far"
        for epic in _epics(said, issue)
    ]
    lines.append(_budget(said, draft))
    return Answer(done=True, reply=bullets(lines))


def why(said: Said, draft: Draft) -> Answer:
    """`/bead why`: every reason, and the facts that they rest on."""
    issue, view = said.bead, _view(said, draft)
    now, notes = now_lines(view, issue.number), notes_of(view, issue.number)
    lines = list(dict.fromkeys([*now, *reasons_of(view, issue.number), *notes]))
    parts = [_first_line(said, view, issue), bullets(lines)]
    if issue.children:
        parts.append("Its children:\n\n" + bullets(_children(view, issue)))
    parts.append("What that rests on:\n\n" + bullets(_facts(said, draft, issue)))
    if said.pull is not None and said.pull.state == "open":
        mends = pace.mends(labels_of(issue, said.snapshot.policy))
        known = draft.claims.of(issue.number)
        report = guard_report(said.snapshot, said.pull, known, said.now, mends_base=mends)
        open_ones = [
            f"{MARKS[one.state]} {one.name}: {one.reason}" for one in report.results if one.state != "pass"
        ]
        parts.append(f"Guards of #{said.pull.number}:\n\n" + bullets(open_ones or ["every guard passes"]))
        parts.append(folded("Every guard", report.table()))
    return Answer(done=True, reply=clipped(parts))


def _first_line(said: Said, view: View, issue: Issue) -> str:
    """How its status comment begins."""
    if issue.children and view.history(issue.number).lead is None:
        return epic_first_line(view, issue, _graph(said))
    return first_line(view, issue, said.pull)


def _view(said: Said, draft: Draft) -> View:
    return View(said.snapshot, draft.claims, draft.verdicts, draft.over, draft.notes, said.now)


def _issues(said: Said) -> dict[int, Issue]:
    return {issue.number: issue for issue in said.snapshot.issues}


def _epics(said: Said, issue: Issue) -> list[Issue]:
    """The open epics above a bead, the nearest first."""
    issues, found = _issues(said), [issue]
    while (parent := issues.get(found[-1].parent or 0)) is not None and parent not in found:
        found.append(parent)
    return found[1:]


def _children(view: View, issue: Issue) -> list[str]:
    """Each child with its state and the first of its reasons."""
    lines: list[str] = []
    for child in issue.children:
        verdict = view.verdicts.get(child)
        if verdict is None:
            is_open = any(one.number == child for one in view.snapshot.issues)
            lines.append(f"#{child} {'waits to be looked at' if is_open else 'is closed'}")
            continue
        reasons = now_lines(view, child)
        lines.append(f"#{child} {NAMES[verdict.state].lower()}" + (f": {reasons[0]}" if reasons else ""))
    return lines


# -- facts --------------------------------------------------------------------------------------------------
def _facts(said: Said, draft: Draft, issue: Issue) -> list[str]:
    snapshot, known = said.snapshot, draft.claims.of(issue.number)
    labels = labels_of(issue, said.snapshot.policy)
    facts = [_release(said, draft, issue), *_edges(said, issue)]
    if labels.hold:
        facts.append(f"hold: the label `{said.spelling.hold}` is on it")
    standing = pace.standstill(snapshot, draft.claims.going)
    facts += [f"pace: {reason}" for reason in standing] or ["pace: nothing stops the repository"]
    if not known.begun:
        facts += [f"pace: {why}" for why in pace.not_yet(snapshot.policy.pace, Draft(draft.claims), said.now)]
    red = pace.red_base(snapshot, labels)
    facts.append(f"base: {red or f'{snapshot.default_branch} is {snapshot.base_state}'}")
    facts.append(f"workers: {draft.claims.places(planning=False)} of {snapshot.policy.workers} are busy")
    roles: list[Role] = ["worker", "reviewer"]
    if known.planning is not None:
        roles.append(known.planning.role)
        taken = draft.claims.places(planning=True)
        facts.append(f"planning: {taken} of {snapshot.policy.planning.places} places are taken")
    facts.append(f"budget: {_budget(said, draft)}")
    for engine in dict.fromkeys(map(snapshot.policy.engine_of, roles)):
        waits = breaker.refusal(Draft(draft.claims), engine, issue.number, said.now)
        if waits is not None:
            facts.append(f"provider: {waits}")
    if known.attempts:
        policy = snapshot.policy
        facts.append(
            f"attempts: {known.attempts} so far, {known.failures} failed in a row (at {policy.attempts} it "
            f"stops), {known.rounds} of {policy.rounds} rounds of corrections"
        )
    live = draft.claims.live.get(issue.number)
    if live is not None:
        facts.append(f"run: {run_line(_view(said, draft), live, linger=timedelta())}")
    return [fact if fact.startswith("run: ") else listed_line(snapshot, fact) for fact in facts]


def _release(said: Said, draft: Draft, issue: Issue) -> str:
    """Who released it, by which label or word; or why nobody has."""
    release = releases_in(said.snapshot, draft.claims).of(issue.number)
    if not release.holds:
        return f"release: {release.problem}"
    where = "" if labels_of(issue, said.snapshot.policy).ready else " with its epic"
    when = f" at {release.since:%Y-%m-%d %H:%M} UTC" if release.since else ""
    return f"release: {quoted([release.by])} released it{where}{when}"


def _edges(said: Said, issue: Issue) -> list[str]:
    """Every edge that holds it back, and whose it is."""
    graph = _graph(said)
    if issue.number not in graph.nodes:
        return []
    held = graph.edges(issue.number, said.now.date())
    if not held:
        return ["edges: no open blocker, child, date or hold holds it back"]
    return [f"edge `{edge.kind}`: {edge.reason}" for edge in held]


def _graph(said: Said) -> Graph:
    issues = _issues(said)
    labels = {number: labels_of(one, said.snapshot.policy) for number, one in issues.items()}
    return Graph(nodes_of(issues, labels), closed=said.snapshot.closed, hold=said.spelling.hold)


def _budget(said: Said, draft: Draft) -> str:
    policy, day = said.snapshot.policy.budget, said.now.date()
    spent, reserved = draft.claims.spent.get(day, 0), draft.claims.reserved()
    return (
        f"today {dollars(spent)} are spent and {dollars(reserved)} reserved, of ${policy.day:.2f}; "
        f"a run reserves {dollars(int(policy.run * DOLLAR))}"
    )
