"""`decide`: from the facts of one moment to everything that should happen next. Pure.

Lanes in their order: what is over is cleaned up, open pull requests go on, ready work is claimed. Every bead
gets a verdict with all its reasons. Nothing here knows about an event: the same snapshot gives the same
decision whatever led to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.beads.graph import Graph
from bot.beads.labels import LabelNames, Labels, missing_labels
from bot.beads.model import BeadType, Role
from bot.coordinator import (
    approving,
    breaker,
    checkins,
    direction,
    found,
    hands,
    pace,
    people,
    planning,
    proof,
    questions,
    reconciling,
    shaping,
    undo,
)
from bot.coordinator.actions import Close, DeleteLabel, OpenPull, Reopen, SetLabels
from bot.coordinator.admission import Admission
from bot.coordinator.archiving import archive
from bot.coordinator.cleanup import close_merged, settle_claims, sweep
from bot.coordinator.configuration import show_faults
from bot.coordinator.decision import Decision, Draft, State
from bot.coordinator.edges import labels_of, nodes_of, show_natively
from bot.coordinator.hear import hear, hear_late, reply
from bot.coordinator.history import Word
from bot.coordinator.leading import Leads
from bot.coordinator.merging import carry_over, merge_in_turn
from bot.coordinator.pulls import latest_pulls
from bot.coordinator.queueing import queue_up, withdraw
from bot.coordinator.quoting import quoted_title
from bot.coordinator.release import Release, Releases, rearm
from bot.coordinator.review import advance
from bot.coordinator.showing import show
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.coordinator.start_stop import forget_hold, held_because
from bot.coordinator.voices import voices_of
from bot.coordinator.vouching import vouch

NEW = timedelta(minutes=10)


def decide(snapshot: Snapshot, now: datetime, tokens: Iterable[str]) -> Decision:
    """What to do about one repository.

    Args:
        snapshot: the facts.
        now: the present, aware UTC.
        tokens: fresh fencing tokens (32 hex digits), at least `policy.runs`.

    Returns:
        The decision; equal arguments give equal decisions.
    """
    draft = Draft(snapshot.claims)
    hearing = hear(snapshot, now, draft)
    snapshot = hearing.snapshot
    issues = {issue.number: issue for issue in snapshot.issues}
    hands.notice(snapshot, issues, now, draft)
    spelling = snapshot.policy.spelling
    labels = {issue.number: labels_of(issue, snapshot.policy) for issue in snapshot.issues}
    graph = Graph(nodes_of(issues, labels), closed=snapshot.closed, hold=spelling.hold)
    voices = voices_of(snapshot)
    leads = Leads(snapshot, issues, graph, draft)
    admission = Admission(snapshot, labels, now, iter(tokens), voices, leads)

    show_faults(snapshot, draft)
    settle_claims(snapshot, issues, now, draft)
    hear_late(hearing, draft)
    direction.notice(snapshot, issues, draft)  # of what is counted only now as well
    _close_twins(issues, labels, spelling, draft)
    undo.go_on(snapshot, issues, labels, now, draft)
    approving.go_on(snapshot, issues, now, draft)
    checkins.schedule(snapshot, issues, now, draft)
    reconciling.notice(issues, labels, draft)
    proof.remember_ends(issues, labels, draft)
    proof.take_back(snapshot, issues, draft)
    releases = Releases(issues, labels, voices, draft.claims)
    signs = [
        one.bead
        for one in draft.claims.breakers.values()
        if one.bead in issues and (labels[one.bead].hold or not releases.of(one.bead).holds)
    ]
    breaker.attend(draft, issues, signs, None if snapshot.policy_fault else snapshot.policy, now)
    settled = {number for number, verdict in draft.verdicts.items() if verdict.state is State.DONE}
    taken = {*draft.claims.live, *draft.rewired, *settled}
    free = [number for number in issues if number not in taken]
    order = graph.order(free)
    pulls = latest_pulls(snapshot.pulls, draft.claims)
    approved: list[tuple[Issue, PullRequest]] = []
    ready: list[int] = []
    for number in order:
        issue = issues[number]
        rearm(issue, labels[number], releases, draft)
        if not labels[number].hold:
            forget_hold(number, draft)
        if direction.goes_on(snapshot, issue, pulls.get(number), draft):
            continue
        is_epic = labels[number].type is BeadType.EPIC or bool(issue.children)
        if (led := leads.holds(issue)) is not None:
            draft.say(number, State.BLOCKED, led)
        elif is_epic and number not in leads and not planning.waits(number, draft):
            _epic(snapshot, issue, graph, now, issues, releases.of(number), draft)
        elif hands.keeps_off(snapshot, issue, pulls.get(number), now, draft):
            pass
        elif labels[number].hold:
            draft.say(number, State.HELD, held_because(number, spelling, draft))
        elif (asked := _question(number, pulls.get(number), releases, draft)) is not None:
            draft.say(number, State.NEEDS_HUMAN, asked)
        elif number not in pulls and (
            shaping.start(issue, admission, draft)
            or reconciling.close(snapshot, issue, labels[number], now, draft)
            or planning.start(issue, labels[number], releases.of(number), admission, draft)
            or checkins.keeps(snapshot, number, draft)
        ):
            pass
        elif number in pulls:
            release = leads.release(number, releases)
            if _pull(snapshot, issue, pulls[number], now, admission, release, draft):
                approved.append((issue, pulls[number]))
        elif _orphan_branch(snapshot, issue, draft):
            pass
        elif (alone := reconciling.alone(issue, labels[number], issues)) is not None:
            draft.say(number, State.BLOCKED, alone)
        elif _clear(issue, labels[number], leads, releases, now, draft):
            ready.append(number)
    go_on = queue_up if snapshot.rules.merge_queue else merge_in_turn
    go_on(snapshot, approved, now, admission, draft)
    for number in ready:
        reconciles = labels[number].type is BeadType.RECONCILE
        role: Role = "reconciler" if reconciles else "worker"
        # What could not start anyway is not read for it.
        refused = admission.refusal(number, role, draft)
        about = leads.of(number) or (issues[number],)
        lacking = None if reconciles or refused else shaping.gate(snapshot.policy, about)
        if lacking is not None:
            draft.say(number, State.BLOCKED, lacking)
            continue
        refused = admission.claim(issues[number], role, draft)
        if refused is None:
            draft.say(number, State.RUNNING, f"attempt {draft.claims.live[number].attempt} is dispatched")
            if draft.claims.live[number].attempt > 1:
                draft.focus.add(number)
        else:
            draft.say(number, State.READY, refused)
    leads.show(draft)
    withdraw(snapshot, pulls, draft)
    _forget_closed(issues, pulls, now, draft)
    sweep(snapshot, issues, draft)
    vouch(snapshot, draft)
    pace.tell(issues, draft)
    people.tell(snapshot, issues, releases, now, draft)
    people.note(issues, labels, draft)
    shaping.warn(snapshot.policy, issues, draft)
    breaker.tell(snapshot.claims, issues, releases, now, draft)
    _project(issues, spelling, draft)
    reply(hearing, draft)
    show(snapshot, issues, labels, graph, releases, now, draft)
    show_natively(snapshot, issues, labels, now, draft)
    draft.after += [DeleteLabel(name) for name in snapshot.unused_labels]
    return draft.finish(snapshot.claims)


def _close_twins(
    issues: dict[int, Issue], labels: dict[int, Labels], spelling: LabelNames, draft: Draft
) -> None:
    """Of beads that carry one marker the lowest number stays: a lost answer, or two coordinators at once, can
    make one twice. What waits for the twin waits for the one that stays."""
    first: dict[str, int] = {}
    for number in sorted(issues):
        for marker in issues[number].markers:
            stays = first.setdefault(marker, number)
            if not marker.startswith("bead=") or stays == number:
                continue
            for waiting in issues.values():
                if number in labels[waiting.number].blocked_by:
                    add, remove = f"{spelling.blocked_by}{stays}", f"{spelling.blocked_by}{number}"
                    draft.before.append(SetLabels(waiting.number, waiting.id, (add,), (remove,)))
                    draft.rewired.add(waiting.number)
            draft.before.append(Close(number, issues[number].id, twin=True))
            draft.say(number, State.DONE, f"it is a twin of #{stays}, made by a lost answer")


def _epic(
    snapshot: Snapshot,
    issue: Issue,
    graph: Graph,
    now: datetime,
    issues: dict[int, Issue],
    release: Release,
    draft: Draft,
) -> None:
    still_open = [child for child in issue.children if child in issues]
    held = graph.edges(issue.number, now.date())
    if issue.children and not still_open and not held:
        if (why := reconciling.unproved(issue.number, draft)) is not None:
            draft.say(issue.number, State.NEEDS_HUMAN, why)
            return
        if archive(snapshot, issue, now, draft):
            return
        closed = f"all its {len(issue.children)} children are closed"
        reasons = [closed, *reconciling.outcome(issue.number, draft)]
        draft.before.append(Close(issue.number, issue.id))
        draft.forget(issue.number)
        draft.say_all(issue.number, State.DONE, reasons)
    elif not issue.children:
        draft.say(issue.number, State.PLANNED, "an epic without children: add sub-issues")
    elif release.ended and release.problem:
        draft.say(issue.number, State.NEEDS_HUMAN, release.problem)
    else:
        done = len(issue.children) - len(still_open)
        reasons = [f"{done} of {len(issue.children)} children are closed"]
        draft.say_all(issue.number, State.BLOCKED, [*reasons, *(edge.reason for edge in held)])


def _pull(
    snapshot: Snapshot,
    issue: Issue,
    pull: PullRequest,
    now: datetime,
    admission: Admission,
    release: Release,
    draft: Draft,
) -> bool:
    """The next step of a bead's pull request; whether only merging is left for it."""
    carry_over(issue, pull, draft)
    if pull.state == "merged":
        close_merged(snapshot, issue, pull, now, draft)
    elif pull.state == "closed":
        reason = f"#{pull.number} was closed without a merge; `/bead give` lets the bead go on"
        draft.say(issue.number, State.NEEDS_HUMAN, reason)
    else:
        wanted = (snapshot.policy.spelling.bead, snapshot.policy.spelling.review)
        missing = missing_labels(wanted, pull.labels)
        if missing:  # whoever opened it died before they put them on
            draft.after.append(SetLabels(pull.number, pull.id, add=missing))
        return advance(snapshot, issue, pull, now, admission, release, draft)
    return False


def _question(bead: int, pull: PullRequest | None, releases: Releases, draft: Draft) -> str | None:
    """The question that keeps a bead from going on, unless its pull request is over anyway. A worker's is
    asked while the bead is released."""
    waits = draft.claims.of(bead).question
    if waits is None or (pull is not None and pull.state != "open"):
        return None
    if waits.draft is None and not releases.of(bead).holds:
        return None
    return questions.reason(waits)


def _orphan_branch(snapshot: Snapshot, issue: Issue, draft: Draft) -> bool:
    """A branch without a pull request: publish died between the two; the pull request is opened now."""
    name = f"bead/{issue.number}"
    heads = dict(snapshot.branches)
    if name not in heads or not draft.claims.of(issue.number).begun:
        return False
    body = (
        f"Bead #{issue.number}. The branch was published without a pull request; this one was opened later."
    )
    title = quoted_title(snapshot, issue.title)
    draft.after.append(OpenPull(issue.number, name, snapshot.default_branch, title, body))
    draft.say(issue.number, State.IN_REVIEW, f"`{name}` has no pull request; one is being opened")
    return True


def _clear(
    issue: Issue, labels: Labels, leads: Leads, releases: Releases, now: datetime, draft: Draft
) -> bool:
    """Whether the bead can be claimed; if not, its verdict says every reason."""
    stopped = draft.claims.of(issue.number).stopped
    if stopped:
        draft.say(issue.number, State.NEEDS_HUMAN, stopped)
        return False
    release = leads.release(issue.number, releases)
    reasons = leads.waits(issue.number, now.date(), draft)
    reasons += [problem.message for problem in labels.problems if problem.blocks]
    if release.problem is not None:
        state = State.NEEDS_HUMAN if release.ended else State.PLANNED
        draft.say_all(issue.number, state, [release.problem, *reasons])
        return False
    if reasons:
        draft.say_all(issue.number, State.BLOCKED, reasons)
        return False
    return True


def _forget_closed(
    issues: dict[int, Issue], pulls: dict[int, PullRequest], now: datetime, draft: Draft
) -> None:
    closed: list[int] = []
    opened = {action.number for action in draft.before if isinstance(action, Reopen) and not action.pull}
    for number, known in draft.claims.history.items():
        # An issue that a command has just made a bead may not show as one yet.
        words = (known.release, known.shape, known.planning.word if known.planning else None)
        new = not known.attempts and any(word is not None and _heard(word, now, draft) for word in words)
        if number in issues and known.closed is not None:  # somebody has opened it again
            draft.claims = draft.claims.remember(number, closed=None)
        elif known.undo is not None or number in opened:
            continue  # it is opened again, now or when that is done
        elif known.planning is not None and known.planning.stage == "approved":
            continue  # what was made of it is kept back until it is opened again and all is made
        elif known.proposes and number in pulls and pulls[number].state == "open":
            continue  # while its pull request is open nobody is to take that for a bead's work
        elif number not in issues and number not in draft.claims.live and not new:
            closed.append(number)
    found.forget(draft, closed, now)


def _heard(word: Word, now: datetime, draft: Draft) -> bool:
    """Whether a command was answered only just."""
    answer = draft.claims.answers.get(word.comment) if word.comment is not None else None
    return answer is not None and answer.at is not None and now - answer.at < NEW


def _project(issues: dict[int, Issue], spelling: LabelNames, draft: Draft) -> None:
    """The three labels that show a bead's state, where they are not as they should be."""
    shown = {
        State.RUNNING: spelling.running,
        State.CORRECTING: spelling.running,
        State.IN_REVIEW: spelling.in_review,
        State.MERGING: spelling.in_review,
        State.NEEDS_HUMAN: spelling.needs_human,
    }
    every = {name.lower(): name for name in spelling.projected}
    for number, verdict in draft.verdicts.items():
        issue = issues.get(number)
        if issue is None:
            continue
        want = {shown[verdict.state]} if verdict.state in shown else set()
        have = {every[label.lower()] for label in issue.labels if label.lower() in every}
        if want == have:
            continue
        labels = SetLabels(number, issue.id, tuple(sorted(want - have)), tuple(sorted(have - want)))
        if verdict.state is State.DONE:
            draft.before.insert(0, labels)  # once it is closed nobody looks at it any more
        else:
            draft.after.append(labels)
