"""The first lane: what became of every live claim, and of every pull request that is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.beads.digest import digest_all
from bot.beads.model import PLANNING
from bot.beads.report import has_answer
from bot.coordinator import breaker, checkins, direction, found, leading, pace, planning, reconciling, shaping
from bot.coordinator.actions import CancelRun, Close, DeleteRef, PublishAgain
from bot.coordinator.archiving import archive
from bot.coordinator.claims import LOST_DISPATCH, Claim
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import History, Tried, Verdict
from bot.coordinator.job_port import PARTIAL, STAGING
from bot.coordinator.pulls import merged_as
from bot.coordinator.questions import ask
from bot.coordinator.quoting import quoted_line
from bot.coordinator.snapshot import Issue, PullRequest, Run, Snapshot

RERUNS = 2
TRIED = 10
"""How many runs of a bead are remembered for people."""
LOST_RERUN = timedelta(minutes=2)
ARTIFACT_DELAY = timedelta(seconds=3)
UNHURRIED = timedelta(minutes=10)
"""How long what a plain attempt came to may wait for the next move of the claims to be written down."""


def settle_claims(snapshot: Snapshot, issues: dict[int, Issue], now: datetime, draft: Draft) -> None:
    """Release or settle every live claim whose run is over, lost, or whose bead is closed.

    A healthy run is never touched: only the run itself says that it ended.

    What a plain attempt came to follows from its published claim and its run's end, now or in the next pass:
    when nothing else changes, and no comment waits for it, no move of the claims is spent on it alone for a
    while.
    """
    runs = {run.token: run for run in snapshot.runs}
    hurried = draft.claims != snapshot.claims
    for bead, claim in draft.claims.live.items():
        run = runs.get(claim.token)
        unwanted = _unwanted(claim, bead, draft)
        if run is None:
            if unwanted or now - claim.since >= LOST_DISPATCH:
                draft.claims = draft.claims.release(bead)
                hurried = True
            else:
                _running(draft, bead, claim, "dispatched; its run has not shown up yet")
                draft.looks.append(claim.since + LOST_DISPATCH)
        elif not run.done and unwanted and claim.stage == "claimed":
            draft.after.append(CancelRun(run.id))
            _running(draft, bead, claim, f"its run is asked to end: {run.url}")
        elif not run.done:
            _running(draft, bead, claim, f"attempt {claim.attempt} runs: {run.url}")
        elif not _is_told(run):
            _running(draft, bead, claim, "its run ended; the report is not visible yet")
            draft.looks.append(now + ARTIFACT_DELAY)
        elif not unwanted and _publish_again(bead, claim, run, now, draft):
            hurried = True
        else:
            before = draft.claims
            _settle(snapshot, issues, bead, claim, run, now, draft)
            hurried |= bead in draft.hurried
            hurried |= claim.cost is None or run.ended_at is None or now - run.ended_at >= UNHURRIED
            hurried |= draft.claims.breakers != before.breakers
    if not hurried:
        draft.unhurried = draft.claims


def is_over(snapshot: Snapshot, bead: int, draft: Draft) -> bool:
    """Whether this pass settles the bead's live claim, because its run has ended."""
    claim = draft.claims.live.get(bead)
    run = next((run for run in snapshot.runs if claim is not None and run.token == claim.token), None)
    if claim is None or run is None or not run.done or not _is_told(run):
        return False
    return run.unpublished is None or _unwanted(claim, bead, draft)


def _is_told(run: Run) -> bool:
    return run.report is not None or run.fault is not None or run.artifacts_read


def _unwanted(claim: Claim, bead: int, draft: Draft) -> bool:
    return claim.stop or draft.claims.of(bead).taken is not None


def _publish_again(bead: int, claim: Claim, run: Run, now: datetime, draft: Draft) -> bool:
    """The model's work is there and its publish job died: that job alone is started again, so nothing is paid
    twice and no attempt is charged. What publish has denied is published as failed: it is not tried again."""
    handed_over = run.report is not None or claim.cost is not None
    if run.unpublished is None or not handed_over or claim.outcome == "failed":
        return False
    if run.attempt > claim.reruns:
        if claim.reruns >= RERUNS:
            return False
        draft.claims = draft.claims.rerun(bead, now)
    elif claim.rerun_at is None or now - claim.rerun_at >= LOST_RERUN:
        return False
    # Asked for as long as it does not show: GitHub refuses a second time while it runs.
    draft.after.append(PublishAgain(bead, run.unpublished))
    draft.looks.append(now + ARTIFACT_DELAY)
    _running(draft, bead, claim, f"its publish job died and is started again: {run.url}")
    return True


def _running(draft: Draft, bead: int, claim: Claim, reason: str) -> None:
    taken = draft.claims.of(bead).taken
    if taken is not None:
        draft.say(bead, State.HELD, f"{taken.who} has taken it over; {reason}")
    elif claim.role == "reviewer":
        draft.say(bead, State.IN_REVIEW, reason)
    elif claim.role == "reconciler":
        draft.say(bead, State.RUNNING, f"its epic is held against what was merged; {reason}")
    elif claim.role in PLANNING:
        draft.say(bead, State.RUNNING, f"a proposal is being made; {reason}")
    elif claim.role == "shaper":
        draft.say(bead, State.RUNNING, f"what its text lacks is being drafted; {reason}")
    elif draft.claims.of(bead).rounds:
        draft.say(bead, State.CORRECTING, reason)
    else:
        draft.say(bead, State.RUNNING, reason)


def _settle(
    snapshot: Snapshot,
    issues: dict[int, Issue],
    bead: int,
    claim: Claim,
    run: Run,
    now: datetime,
    draft: Draft,
) -> None:
    issue = issues.get(bead)
    history = draft.claims.of(bead)
    report = run.report
    # A verdict whose findings nobody could read is none.
    untold = claim.role == "reviewer" and run.unpublished is not None
    failed = claim.stage != "published" or claim.outcome == "failed" or untold
    cost = report.cost if report is not None else claim.cost or 0
    if failed:
        if report is not None and report.provider is not None:
            draft.claims = draft.claims.release(bead)
            _book(issues, bead, _tried(draft.claims.of(bead), claim, run, "provider", cost), cost, now, draft)
            breaker.trip(draft, claim.engine or report.engine, bead, claim, report.provider, now)
            return
        if claim.stop or history.taken is not None:
            # A person has the bead, or has ended its run and holds it (`/bead stop`): nobody's failure.
            draft.claims = draft.claims.release(bead)
            _book(issues, bead, _tried(draft.claims.of(bead), claim, run, "stopped", cost), cost, now, draft)
            return
        if report is not None and report.edited and _edited(issues, bead, claim):
            draft.claims = draft.claims.release(bead)
            _book(issues, bead, _tried(draft.claims.of(bead), claim, run, "edited", cost), cost, now, draft)
            return
        history = _failed(snapshot, issue, history, claim, run, draft)
        if claim.role not in PLANNING:
            draft.claims = pace.count_failure(snapshot.policy.pace, draft.claims, bead, now)
    elif claim.role == "reviewer":
        assert claim.head is not None
        verdict = Verdict(head=claim.head, approve=claim.outcome == "approve", run_id=run.id)
        history = history.model_copy(update={"verdict": verdict, "failures": 0, "turn": None})
    elif claim.role == "shaper" and report is not None and report.shaper is not None:
        if issue is not None:
            history = shaping.offer(snapshot, issue, claim, run.id, report.shaper, history)
    elif claim.role == "reconciler" and report is not None and report.reconciler is not None:
        if issue is not None:
            history = reconciling.settle(snapshot, issues, issue, claim, run, report, history, now, draft)
    elif claim.role in PLANNING and report is not None and has_answer(report):
        if claim.role == "direction":
            history = direction.settle(snapshot, issue, run, history, draft)
        elif issue is not None:
            checkins.tell(snapshot, issue, claim, run, report, draft)
            history = planning.settle(snapshot, issue, claim, run, report, history, draft)
    elif claim.outcome in ("pr", "direct"):
        # A correction that answers and changes nothing is judged as well: the verdict knew no answers.
        judged = history.verdict is not None and history.verdict.head != claim.head
        update = {"failures": 0, "updated": False, "head": claim.head}
        history = history.model_copy(update=update if judged else {**update, "verdict": None})
    elif claim.outcome == "blocked" and report is not None and report.worker is not None:
        history = history.model_copy(update={"failures": 0})
        if report.worker.question is not None:
            # What it could not decide is no round of corrections.
            rounds = max(0, history.rounds - claim.correction)
            history = ask(snapshot, history.model_copy(update={"rounds": rounds}), report.worker.question)
        elif not report.worker.blockers:
            history = history.model_copy(
                update={"stopped": f"it says that it is blocked and names no blocker: {run.url}"}
            )
        elif issue is not None and (circle := found.circle(snapshot, issue, report.worker)) is not None:
            history = history.model_copy(update={"stopped": circle})
    else:
        said = quoted_line(snapshot, report.worker.summary) if report and report.worker else ""
        history = history.model_copy(
            update={"stopped": f"attempt {claim.attempt} ended as {claim.outcome} ({run.url}): {said}"}
        )
    if not failed and claim.role not in PLANNING:
        draft.claims = pace.count_success(draft.claims)
    answered = report is not None and has_answer(report)
    if claim.cost is not None or answered:
        breaker.close(draft, issues, claim.engine, claim)
    answer = report.worker if report is not None and claim.stage == "published" else None
    if answer is not None and issue is not None:
        finds = found.take(snapshot, issue, claim, run.id, answer, draft)
        history = history.model_copy(update={"found": finds})
    outcome = "failed" if failed else claim.outcome or ""
    _book(issues, bead, _tried(history, claim, run, outcome, cost), cost, now, draft)


def _tried(history: History, claim: Claim, run: Run, outcome: str, cost: int) -> History:
    """With one more run that is over."""
    one = Tried(attempt=claim.attempt, role=claim.role, run_id=run.id, outcome=outcome, cost=cost)
    tried = (*history.tried, one)[-TRIED:]
    return history.model_copy(update={"spent": history.spent + cost, "tried": tried})


def _book(
    issues: dict[int, Issue], bead: int, history: History, cost: int, now: datetime, draft: Draft
) -> None:
    """Settle the claim. What the run has cost counts for every epic above its bead as well."""
    draft.claims = draft.claims.settle(bead, history, day=now.date(), cost=cost)
    seen = {bead}
    parent = issues[bead].parent if bead in issues else None
    while cost and parent is not None and parent in issues and parent not in seen:
        seen.add(parent)
        draft.claims = draft.claims.remember(parent, spent=draft.claims.of(parent).spent + cost)
        parent = issues[parent].parent


def _edited(issues: Mapping[int, Issue], bead: int, claim: Claim) -> bool:
    """Whether a bead may have read otherwise than its claim says: no report is believed that alone."""
    about = [issues[one] for one in (bead, *claim.beads) if one in issues]
    if len(about) <= len(claim.beads):
        return True  # one of them is closed by now
    now_other = digest_all((one.title, one.body) for one in about) != claim.digest
    return now_other or any(edit.at >= claim.since for one in about for edit in one.edits)


def _why_failed(run: Run) -> str:
    if run.fault:
        return run.fault
    if run.report is not None and run.report.failure:
        return run.report.failure
    if run.report is not None and any(gate.result == "fail" for gate in run.report.gates):
        return "gates failed: " + ", ".join(gate.name for gate in run.report.gates if gate.result == "fail")
    if run.unpublished is not None:
        return f"its publish job died {run.attempt} times"
    return f"the run ended ({run.conclusion}) without a usable result"


def _failed(
    snapshot: Snapshot, issue: Issue | None, history: History, claim: Claim, run: Run, draft: Draft
) -> History:
    plans = history.planning if claim.role in PLANNING else None
    counted = plans or history
    failures, stopped = counted.failures + 1, counted.stopped
    why = ""
    if failures >= snapshot.policy.attempts:
        # The run's artifact holds the transcript.
        last = f"{claim.role}, attempt {claim.attempt}, {run.url}"
        why = "1 attempt failed" if failures == 1 else f"{failures} attempts failed"
        which = f" ({last})" if failures == 1 else f"; the last one ({last})"
        stopped = f"{why}{which}: {quoted_line(snapshot, _why_failed(run))}"
    if plans is not None:  # what cannot be planned can be worked on all the same
        history = history.model_copy(update={"planning": plans.model_copy(update={"failures": failures})})
        if why and issue is not None:
            said = _why_failed(run).split("; ")
            return planning.give_up(snapshot, issue, why, said, history, draft)
        return history
    return history.model_copy(update={"failures": failures, "stopped": stopped})


def sweep(snapshot: Snapshot, issues: dict[int, Issue], draft: Draft) -> None:
    """Delete what runs left behind: staged for a token that is dead, unfinished on a bead that is closed."""
    live = {claim.token for claim in draft.claims.live.values()}
    for name, at in snapshot.kept:
        if name.startswith(STAGING):
            needed = name.removeprefix(STAGING).partition("/")[0] in live
        else:
            number = name.removeprefix(PARTIAL)
            needed = not number.isdigit() or int(number) in issues or int(number) in draft.claims.live
        if not needed:
            draft.after.append(DeleteRef(name, at))


def close_merged(snapshot: Snapshot, issue: Issue, pull: PullRequest, now: datetime, draft: Draft) -> None:
    """A merged PR closes its bead when everything is proved; otherwise a person is told what is not. Whoever
    has taken the bead over needs no review of ours."""
    known = draft.claims.of(issue.number)
    verdict = known.verdict if known.verdict and known.verdict.head == pull.head else None
    missing: list[str] = []
    if pull.on_base is not True:
        missing.append(f"the merge commit of #{pull.number} is not on {snapshot.default_branch}")
    if pull.changed_files == 0:
        missing.append(f"#{pull.number} changed nothing")
    if known.taken is None and (verdict is None or not verdict.approve):
        who = f"@{pull.merged_by} " if pull.merged_by else ""
        missing.append(f"{who}merged #{pull.number} at {pull.head[:12]}, which no review approved")
    if missing:
        draft.say_all(issue.number, State.NEEDS_HUMAN, missing)
        return
    if any(name == pull.head_ref and head == pull.head for name, head in snapshot.branches):
        draft.before.append(DeleteRef(f"refs/heads/{pull.head_ref}", pull.head))
    if known.lead is not None:
        leading.close(snapshot, issue, pull, known.lead, draft)
        return
    if archive(snapshot, issue, now, draft):
        return
    # The last of all: a closed bead is looked at no more.
    draft.before.append(Close(issue.number, issue.id))
    draft.forget(issue.number)
    draft.say(issue.number, State.DONE, merged_as(pull, taken=known.taken is not None))
