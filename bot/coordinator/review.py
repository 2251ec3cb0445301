"""The second lane: open pull requests on their way to an approval; what comes then is in `merging`."""

from __future__ import annotations

from datetime import datetime

from bot.coordinator.actions import UpdateBranch
from bot.coordinator.admission import Admission
from bot.coordinator.decision import Draft, State
from bot.coordinator.merging import CHECK, LOOK_AGAIN
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot


def advance(
    snapshot: Snapshot, issue: Issue, pull: PullRequest, now: datetime, admission: Admission, draft: Draft
) -> bool:
    """The next step of one open pull request that nobody holds: update, review, correct, or wait.

    Gives True when it is approved and nothing has to be corrected: then only merging is left.
    """
    bead = issue.number
    history = draft.claims.of(bead)
    verdict = history.verdict if history.verdict and history.verdict.head == pull.head else None
    stops = admission.stops(bead, draft)
    if history.stopped:
        draft.say(bead, State.NEEDS_HUMAN, history.stopped)
    elif pull.draft:
        draft.say(bead, State.IN_REVIEW, f"#{pull.number} is a draft; mark it ready for review")
    elif pull.mergeable == "conflict":
        _correct(issue, f"#{pull.number} conflicts with {pull.base_ref}", admission, draft)
    elif verdict is not None and not verdict.approve:
        _correct(issue, f"the review of {pull.head[:12]} asks for corrections", admission, draft)
    elif verdict is not None and any(not thread.resolved for thread in pull.threads):
        _correct(issue, "an unresolved thread asks for an answer", admission, draft)
    elif verdict is not None and (pull.behind or not (red := _red(pull))):
        return True
    elif verdict is not None:
        _correct(issue, _failed(red), admission, draft)
    elif pull.mergeable == "unknown" or pull.behind is None:
        draft.say(bead, State.IN_REVIEW, "GitHub has not computed yet whether it merges")
        draft.looks.append(now + LOOK_AGAIN)
    elif pull.behind and not history.updated and stops:
        draft.say_all(bead, State.IN_REVIEW, stops)
    elif pull.behind and not history.updated:
        _update(issue, pull, draft)
    else:
        _before_review(snapshot, issue, pull, admission, draft)
    return False


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


def _before_review(
    snapshot: Snapshot, issue: Issue, pull: PullRequest, admission: Admission, draft: Draft
) -> None:
    checks = [check for check in pull.checks if not check.ours]
    waiting = [check.name for check in checks if check.state == "waiting"]
    present = {check.name for check in checks}
    waiting += [
        need.name for need in snapshot.rules.checks if need.name not in present and need.name != CHECK
    ]
    if red := _red(pull):
        _correct(issue, _failed(red), admission, draft)
    elif waiting:
        draft.say(issue.number, State.IN_REVIEW, "waits for checks: " + ", ".join(sorted(set(waiting))))
    else:
        refused = admission.claim(issue, "reviewer", draft)
        draft.say(issue.number, State.IN_REVIEW, refused or f"a fresh review of {pull.head[:12]} starts")


def _correct(issue: Issue, why: str, admission: Admission, draft: Draft) -> None:
    history = draft.claims.of(issue.number)
    if history.rounds >= admission.policy.rounds:
        stopped = f"after {history.rounds} correction rounds: {why}"
        known = history.model_copy(update={"stopped": stopped})
        draft.claims = draft.claims.model_copy(
            update={"history": {**draft.claims.history, issue.number: known}}
        )
        draft.say(issue.number, State.NEEDS_HUMAN, stopped)
        return
    refused = admission.claim(issue, "worker", draft, correction=True)
    draft.say(issue.number, State.CORRECTING, *((why,) if refused is None else (why, refused)))
