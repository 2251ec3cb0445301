"""The second lane: open pull requests on their way to an approval; what comes then is in `merging`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.beads.model import Role
from bot.coordinator.actions import UpdateBranch
from bot.coordinator.admission import Admission
from bot.coordinator.decision import Draft, State
from bot.coordinator.merging import CHECK, LOOK_AGAIN
from bot.coordinator.release import Release
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot, Thread


def advance(
    snapshot: Snapshot,
    issue: Issue,
    pull: PullRequest,
    now: datetime,
    admission: Admission,
    release: Release,
    draft: Draft,
) -> bool:
    """The next step of one open pull request that nobody holds: update, review, correct, or wait.

    Gives True when it is approved and nothing has to be corrected: then only merging is left, which needs no
    release any more: what was reviewed is what was released.
    """
    bead = issue.number
    work = _Work(issue, pull, release, admission, draft)
    history = draft.claims.of(bead)
    verdict = history.verdict if history.verdict and history.verdict.head == pull.head else None
    stops = admission.stops(bead, draft)
    behind = pull.behind and not snapshot.rules.merge_queue  # which tests it on the newest base itself
    if history.stopped:
        draft.say(bead, State.NEEDS_HUMAN, history.stopped)
    elif pull.draft:
        draft.say(bead, State.IN_REVIEW, f"#{pull.number} is a draft; mark it ready for review")
    elif pull.mergeable == "conflict":
        _correct(work, f"#{pull.number} conflicts with {pull.base_ref}")
    elif verdict is not None and not verdict.approve:
        _correct(work, f"the review of {pull.head[:12]} asks for corrections")
    elif verdict is not None and any(admission.voices.hears(thread) for thread in _unresolved(pull)):
        _correct(work, "an unresolved thread asks for an answer")
    elif verdict is not None and (behind or not (red := _red(pull))):
        if not (strange := _unresolved(pull)):
            return True
        draft.say_all(bead, State.NEEDS_HUMAN, [_strange(thread) for thread in strange])
    elif verdict is not None:
        _correct(work, _failed(red))
    elif pull.mergeable == "unknown" or pull.behind is None:
        draft.say(bead, State.IN_REVIEW, "GitHub has not computed yet whether it merges")
        draft.looks.append(now + LOOK_AGAIN)
    elif behind and not history.updated and stops:
        draft.say_all(bead, State.IN_REVIEW, stops)
    elif behind and not history.updated:
        _update(issue, pull, draft)
    else:
        _before_review(snapshot, work)
    return False


@dataclass(frozen=True, slots=True)
class _Work:
    """A pull request that a run may be started for."""

    issue: Issue
    pull: PullRequest
    release: Release
    admission: Admission
    draft: Draft

    def start(self, role: Role, *, correction: bool = False) -> str | None:
        """Start a run; gives why not, or None."""
        if self.release.problem is not None:
            return self.release.problem
        return self.admission.claim(self.issue, role, self.draft, self.pull, correction=correction)

    def say(self, state: State, *reasons: str) -> None:
        """Set the bead's verdict; what is not released waits for a person."""
        waits = State.NEEDS_HUMAN if self.release.problem is not None else state
        self.draft.say(self.issue.number, waits, *reasons)


def _unresolved(pull: PullRequest) -> list[Thread]:
    return [thread for thread in pull.threads if not thread.resolved]


def _strange(thread: Thread) -> str:
    by = f"@{thread.login}, who has no authority here" if thread.login else "somebody without authority here"
    return f"a thread at `{thread.path}` is by {by}: reply in it to have it worked on, or resolve it"


def _red(pull: PullRequest) -> list[str]:
    return sorted(check.name for check in pull.checks if check.state == "red" and not check.ours)


def _failed(red: list[str]) -> str:
    return "checks failed: " + ", ".join(red)


def _update(issue: Issue, pull: PullRequest, draft: Draft) -> None:
    """Once for what a worker published: a verdict is carried over later updates, so that a base which keeps
    moving neither starts CI again and again nor keeps the review away."""
    draft.after.append(UpdateBranch(pull.number, pull.head))
    draft.say(
        issue.number, State.IN_REVIEW, f"#{pull.number} is being brought up to date with {pull.base_ref}"
    )
    known = draft.claims.of(issue.number).model_copy(update={"updated": True})
    draft.claims = draft.claims.model_copy(update={"history": {**draft.claims.history, issue.number: known}})


def _before_review(snapshot: Snapshot, work: _Work) -> None:
    checks = [check for check in work.pull.checks if not check.ours]
    waiting = [check.name for check in checks if check.state == "waiting"]
    present = {check.name for check in checks}
    waiting += [
        need.name for need in snapshot.rules.checks if need.name not in present and need.name != CHECK
    ]
    if red := _red(work.pull):
        _correct(work, _failed(red))
    elif waiting:
        said = "waits for checks: " + ", ".join(sorted(set(waiting)))
        work.draft.say(work.issue.number, State.IN_REVIEW, said)
    else:
        refused = work.start("reviewer")
        work.say(State.IN_REVIEW, refused or f"a fresh review of {work.pull.head[:12]} starts")


def _correct(work: _Work, why: str) -> None:
    draft, bead = work.draft, work.issue.number
    rounds = draft.claims.of(bead).rounds
    if rounds >= work.admission.policy.rounds:
        stopped = f"after {rounds} correction rounds: {why}"
        draft.claims = draft.claims.remember(bead, stopped=stopped)
        draft.say(bead, State.NEEDS_HUMAN, stopped)
        return
    refused = work.start("worker", correction=True)
    work.say(State.CORRECTING, *((why,) if refused is None else (why, refused)))
