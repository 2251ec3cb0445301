"""Approved pull requests on their way into a base branch that has a merge queue.

The queue brings each up to date, tests it on what will be there and merges it, so there is nothing to take
turns for: whatever could be merged now is put into it, pinned to its head. What comes out unmerged goes in
once more, since what it was tested with may have been to blame; the second time a person is asked, and at
once where somebody took it out by hand.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/
configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.coordinator.actions import Dequeue, Enqueue
from bot.coordinator.admission import Admission
from bot.coordinator.decision import Draft, State
from bot.coordinator.merging import LOOK_LATER, Approved, is_allowed, judge, wait, would_merge
from bot.coordinator.snapshot import Issue, PullRequest, Removal, Snapshot

TRIES = 2
LOOK_AT_QUEUE = timedelta(minutes=5)
BY_HAND = "MANUAL"
WORDS = {
    "CI_FAILURE": "a required check failed on what it would have merged",
    "CI_TIMEOUT": "a required check did not answer in time",
    "MERGE_CONFLICT": "it conflicts with what is before it",
    BY_HAND: "somebody took it out",
}


def queue_up(
    snapshot: Snapshot,
    lane: Sequence[tuple[Issue, PullRequest]],
    now: datetime,
    admission: Admission,
    draft: Draft,
) -> None:
    """The next step of every approved pull request, as `merging.merge_in_turn` without a queue."""
    for issue, pull in lane:
        one = judge(snapshot, issue, pull, now, admission, draft)
        stops = admission.stops(issue.number, draft)
        if pull.queued is not None and one.settles:
            tested = f", tested as {pull.queued.group[:12]}" if pull.queued.group else ""
            place = f"#{pull.number} is in the merge queue at place {pull.queued.position}{tested}"
            draft.say(issue.number, State.MERGING, place)
            draft.looks.append(now + LOOK_AT_QUEUE)
        elif stops:
            draft.say(issue.number, State.MERGING, *stops, *one.report.reasons)
        elif not one.report.merges:
            wait(one, now, draft)
        elif not one.wanted:
            draft.say(issue.number, State.NEEDS_HUMAN, would_merge(snapshot, pull))
        else:
            _enqueue(snapshot, one, now, draft)


def withdraw(snapshot: Snapshot, pulls: Mapping[int, PullRequest], draft: Draft) -> None:
    """Take out what we put in, where it should not be merged any more: held, taken over, objected to."""
    for bead, pull in pulls.items():
        verdict = draft.verdicts.get(bead)
        ours = pull.queued is not None and pull.queued.by == snapshot.own
        if ours and verdict is not None and verdict.state not in (State.MERGING, State.DONE):
            draft.after.append(Dequeue(pull.number, pull.id))


def _enqueue(snapshot: Snapshot, one: Approved, now: datetime, draft: Draft) -> None:
    pull, removals = one.pull, _removals(snapshot, one.pull)
    last = f"it left the merge queue: {_why(removals[-1])}" if removals else ""
    if removals and (len(removals) >= TRIES or removals[-1].reason == BY_HAND):
        times = f" ({len(removals)} times)" if len(removals) > 1 else ""
        ask = f"#{pull.number}{times}: {last}. Put it into the queue by hand, or push what mends it"
        draft.say(one.issue.number, State.NEEDS_HUMAN, ask)
        return
    if is_allowed(snapshot, pull):
        draft.after.append(Enqueue(pull.number, pull.id, pull.head))
        draft.focus.add(one.issue.number)
        draft.looks.append(now + LOOK_LATER)
    else:
        draft.looks.append(now)
    step = f"every guard passes: #{pull.number} goes into the merge queue"
    draft.say(one.issue.number, State.MERGING, *([step, last] if last else [step]))


def _removals(snapshot: Snapshot, pull: PullRequest) -> list[Removal]:
    """How this very head has left the queue, the last time last; that we took it out ourselves is none."""
    return [
        one
        for one in pull.removals
        if pull.pushed_at is None or one.at >= pull.pushed_at
        if (one.reason, one.by) != (BY_HAND, snapshot.own)
    ]


def _why(removal: Removal) -> str:
    return WORDS.get(removal.reason, f"GitHub says {removal.reason}")
