"""The second lane: open pull requests on their way to a merge."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.coordinator.actions import Merge, PostCheck, UpdateBranch
from bot.coordinator.admission import Admission
from bot.coordinator.decision import Draft, State
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.guards import evaluate
from bot.guards.facts import CheckFact, CoolDown, PullFacts, Required
from bot.guards.result import GuardReport

CHECK = "beadwright"
LOOK_AGAIN = timedelta(seconds=5)


def advance(
    snapshot: Snapshot, issue: Issue, pull: PullRequest, now: datetime, admission: Admission, draft: Draft
) -> None:
    """The next step of one open pull request that nobody holds: update, review, correct, merge, or wait."""
    bead = issue.number
    history = draft.claims.of(bead)
    if history.stopped:
        draft.say(bead, State.NEEDS_HUMAN, history.stopped)
        return
    if pull.draft:
        draft.say(bead, State.IN_REVIEW, f"#{pull.number} is a draft; mark it ready for review")
        return
    if pull.mergeable == "conflict":
        _correct(issue, f"#{pull.number} conflicts with {pull.base_ref}", admission, draft)
        return
    if pull.mergeable == "unknown" or pull.behind is None:
        draft.say(bead, State.IN_REVIEW, "GitHub has not computed yet whether it merges")
        draft.looks.append(now + LOOK_AGAIN)
        return
    if pull.behind:
        draft.after.append(UpdateBranch(pull.number, pull.head))
        draft.say(bead, State.IN_REVIEW, f"#{pull.number} is being brought up to date with {pull.base_ref}")
        return
    verdict = history.verdict
    if verdict is None or verdict.head != pull.head:
        _before_review(snapshot, issue, pull, admission, draft)
    elif not verdict.approve:
        _correct(issue, f"the review of {pull.head[:12]} asks for corrections", admission, draft)
    elif any(not thread.resolved for thread in pull.threads):
        _correct(issue, "an unresolved thread asks for an answer", admission, draft)
    else:
        _merge(snapshot, issue, pull, now, draft)


def _before_review(
    snapshot: Snapshot, issue: Issue, pull: PullRequest, admission: Admission, draft: Draft
) -> None:
    checks = [check for check in pull.checks if not check.ours]
    red = [check.name for check in checks if check.state == "red"]
    waiting = [check.name for check in checks if check.state == "waiting"]
    present = {check.name for check in checks}
    waiting += [
        need.name for need in snapshot.rules.checks if need.name not in present and need.name != CHECK
    ]
    if red:
        _correct(issue, "checks failed: " + ", ".join(sorted(red)), admission, draft)
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


def pull_facts(
    snapshot: Snapshot, pull: PullRequest, reviewed: str | None, approve: bool, now: datetime
) -> PullFacts:
    """The facts about one pull request that the guards look at."""
    merge = snapshot.policy.merge
    cool_down = tuple(
        CoolDown(
            login=login,
            policy="advisory",
            seconds_left=max(0, int(seconds - (now - pull.pushed_at).total_seconds()))
            if pull.pushed_at
            else seconds,
            spoken=login in pull.reviewed_by,
        )
        for login, seconds in sorted(merge.cool_down.items())
    )
    return PullFacts(
        open=pull.state == "open",
        draft=pull.draft,
        head=pull.head,
        reviewed_head=reviewed,
        approved=approve,
        behind=pull.behind,
        unresolved_threads=sum(not thread.resolved for thread in pull.threads),
        required=tuple(Required(need.name, need.app_id) for need in snapshot.rules.checks),
        checks=tuple(
            CheckFact(check.name, check.state, check.app_id, check.ours, check.skipped_after_failure)
            for check in pull.checks
        ),
        min_checks=merge.min_checks,
        changes_requested_by=tuple(r.login for r in pull.reviews if r.state == "changes-requested"),
        approvals=sum(review.state == "approved" and not review.ours for review in pull.reviews),
        required_approvals=snapshot.rules.approvals,
        mergeable=pull.mergeable,
        blocking_labels=tuple(label for label in pull.labels if label in merge.blocking_labels),
        base_state=snapshot.base_state,
        cool_down=cool_down,
        twin_pulls=pull.twin_heads,
        rules_known=snapshot.rules.known,
        own_check=CHECK,
    )


def _merge(snapshot: Snapshot, issue: Issue, pull: PullRequest, now: datetime, draft: Draft) -> None:
    verdict = draft.claims.of(issue.number).verdict
    assert verdict is not None
    report = evaluate(pull_facts(snapshot, pull, verdict.head, verdict.approve, now))
    if not report.merges:
        state = State.NEEDS_HUMAN if report.state == "block" else State.MERGING
        draft.say_all(issue.number, state, report.reasons)
        draft.looks.append(now + LOOK_AGAIN * 6)
        return
    posted = any(check.ours and check.name == CHECK and check.state == "green" for check in pull.checks)
    if not posted:
        draft.after.append(_check(pull, report))
    if not (snapshot.rules.protected and snapshot.rules.checks):
        draft.say(
            issue.number,
            State.NEEDS_HUMAN,
            f"I would merge #{pull.number}: {pull.base_ref} has no required checks, so a person merges",
        )
        return
    draft.say(issue.number, State.MERGING, "every guard passes")
    # Our own check may be required: it is posted first, and what is true then is read again.
    if posted or all(need.name != CHECK for need in snapshot.rules.checks):
        title = f"{issue.title} (#{pull.number})"
        draft.after.append(Merge(pull.number, pull.head, snapshot.policy.merge.method, title))
        draft.focus.add(issue.number)
    else:
        draft.looks.append(now)


def _check(pull: PullRequest, report: GuardReport) -> PostCheck:
    return PostCheck(pull.number, pull.head, "success", "Every guard passes", report.table())
