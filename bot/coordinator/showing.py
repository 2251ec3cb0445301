"""When people are shown what: which comments and check runs are written, because they say something else now.

A status comment appears when its bead is first claimed, when it needs a person, or when somebody asked for
it; on an epic when it is released and has children; on a pull request when that is opened. From then on it is
kept true until the bead closes, whoever closes it, and its last text says how it ended.

It is written in the same request as labels, and only when `snapshot.shown` does not hold its digest. What a
process does not know (it has just started, or its memory of a comment was too old) is looked up when it has
something to say there. With several coordinators each knows what it wrote itself and reads the comments again
every few minutes (`github/known.py`), so a text that two of them wrote in the wrong order is put right by
the next regular look, ten minutes later at most. A coordinator that writes minutes late may leave the last
text of a bead that was closed meanwhile behind the truth; the pull request's record is right all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.beads.graph import Graph
from bot.beads.labels import Labels
from bot.coordinator import check_run, direction, pace
from bot.coordinator.actions import Action, Enqueue, Merge, Say, UpdateBranch
from bot.coordinator.decision import Draft, State
from bot.coordinator.epic_status import epic_status, led_status
from bot.coordinator.merging import guard_report
from bot.coordinator.pulls import latest_pulls
from bot.coordinator.release import Releases
from bot.coordinator.shown import comment_key, shown_digest
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.coordinator.status import View, bead_status, last_status, pull_status

STATUS = "status"
"""Marks the status comment."""


def show(
    snapshot: Snapshot,
    issues: dict[int, Issue],
    labels: Mapping[int, Labels],
    graph: Graph,
    releases: Releases,
    now: datetime,
    draft: Draft,
) -> None:
    """Add to a finished draft what people are to be shown of it."""
    view = View(snapshot, draft.claims, draft.verdicts, draft.over, draft.notes, now)
    pulls = latest_pulls(snapshot.pulls, draft.claims) | draft.merged
    moving = {action.pull for action in draft.after if isinstance(action, UpdateBranch)}
    checks: list[Action] = []
    for number in sorted(draft.verdicts):
        issue, pull = issues.get(number), pulls.get(number)
        if issue is None or _passes_by(view, number, pull):
            continue
        if issue.children and view.history(number).lead is None:
            if _appears(view, issue) or releases.of(number).holds:
                _say(view, number, issue.number, issue.id, epic_status(view, issue, graph, issues), draft)
            continue
        if _appears(view, issue) or (issue.children and releases.of(number).holds):
            fresh = number not in snapshot.claims.history
            said = bead_status(view, issue, pull)
            if issue.children:
                said = led_status(view, issue, pull, graph, issues)
            _say(view, number, issue.number, issue.id, said, draft, fresh=fresh)
        if pull is None:
            continue
        if view.history(number).proposes:
            post = direction.check(snapshot, pull) if pull.state == "open" else None
            checks += [post] if post is not None else []
            continue
        mends = pace.mends(labels[number])
        report = guard_report(snapshot, pull, view.history(number), now, mends_base=mends)
        text = pull_status(view, issue, pull, report)
        _say(view, number, pull.number, pull.id, text, draft, fresh=_is_new(view, number))
        if pull.state == "open" and pull.number not in moving:
            check = check_run.of(view, issue, pull, report)
            if check is not None:
                checks.append(check)
    for number, node_id in snapshot.gone.items():
        if _is_forgotten(view, number):
            text = last_status(view, number, pulls.get(number))
            draft.before.append(Say(number, node_id, STATUS, text))
    # With labels and comments in one request; what guards say is posted before anything is merged.
    merges = [action for action in draft.after if isinstance(action, Merge | Enqueue)]
    others = [action for action in draft.after if not isinstance(action, Merge | Enqueue)]
    draft.after[:] = [*others, *checks, *merges]


def _appears(view: View, issue: Issue) -> bool:
    """Whether a bead has a status comment; one whose merge was undone has one that says it is done."""
    known, state = view.history(issue.number), view.verdict(issue.number).state
    there = comment_key(issue.number, STATUS) in view.snapshot.shown
    return there or known.shown or known.attempts > 0 or bool(known.past) or state is State.NEEDS_HUMAN


def _is_forgotten(view: View, number: int) -> bool:
    """Whether this is the decision that forgets a bead which somebody closed, and which had its comment."""
    if number in view.claims.live or not view.snapshot.claims.of(number).attempts:
        return False
    return number not in view.claims.history or view.claims.of(number).closed is not None


def _passes_by(view: View, number: int, pull: PullRequest | None) -> bool:
    """Whether it is the state of a moment, over by the next look: GitHub still computes whether it merges."""
    if pull is None or pull.state != "open" or number in view.claims.live:
        return False
    computing = pull.mergeable == "unknown" or pull.behind is None
    return computing and view.verdict(number).state in (State.IN_REVIEW, State.MERGING)


def _is_new(view: View, number: int) -> bool:
    """Whether its pull request was opened by what is settled now, so that nothing of ours is on it yet."""
    settled = view.snapshot.claims.live.get(number)
    before = view.snapshot.claims.of(number).tried
    worked = settled is not None and settled.role == "worker"
    return worked and not any(one.role == "worker" and one.outcome == "pr" for one in before)


def _say(
    view: View, bead: int, number: int, node_id: str, text: str, draft: Draft, *, fresh: bool = False
) -> None:
    if view.snapshot.shown.get(comment_key(number, STATUS)) == shown_digest(text):
        return
    say = Say(number, node_id, STATUS, text, fresh=fresh)
    if view.verdict(bead).state is State.DONE:
        draft.before.insert(0, say)  # once it is closed nobody looks at it any more
    else:
        draft.after.append(say)
