"""Publishes a worker's attempt: its tree as one commit of ours, its pull request, its answers in threads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.beads.report import GateResult, Report, WorkerAnswer
from bot.beads.tables import table_row
from bot.beads.trailers import bead_trailer
from bot.beads.visible_text import one_line
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import BeadPull, JobFacts, RefMove, ThreadReply, partial_ref
from bot.jobs.publish import Denied, Publishing, forget_partial, protected_paths, pull_labels
from bot.jobs.tree_checks import check_tree

BODY_LIMIT = 60_000  # characters; GitHub takes 65,536
RESULTS = {"pass": "passed", "fail": "**failed**", "not-run": "not run"}


def publish_work(run: Publishing) -> str:
    """Write what a worker did; gives a sentence about it. Raises Denied, JobFault."""
    facts = run.github.facts(run.inputs.bead)
    run = run.under(facts)
    claim = run.claim(facts)
    report = run.artifact.report
    answer = report.worker
    good = answer is not None and report.failure is None
    if answer is not None and good and answer.status in ("pr", "direct"):
        return _publish_pull(run, facts, claim, report, answer)
    outcome = answer.status if answer is not None and good else "failed"
    if run.settled_before(claim):
        return "this attempt has been published already"
    asks = answer is not None and answer.question is not None
    unfinished = outcome == "failed" or asks
    moves = _keep_partial(run, facts, claim) if unfinished else forget_partial(facts, run.inputs.bead)
    run.advance(facts, outcome=outcome, head=None, moves=moves)
    kept = ", its unfinished work is kept" if unfinished and moves else ""
    return f"attempt {claim.attempt} ended as {outcome}{kept}: {report.failure or ''}"


def _publish_pull(
    run: Publishing, facts: JobFacts, claim: Claim, report: Report, answer: WorkerAnswer
) -> str:
    head = claim.head
    if not run.settled_before(claim):
        title = f"{one_line(run.safe(facts.title))} (#{run.inputs.bead})"
        trailers = "\n".join(map(bead_trailer, (*claim.beads, run.inputs.bead)))
        new = _checked_commit(run, facts, claim, f"{title}\n\n{trailers}")
        head = new or facts.branch
        if head is None:
            raise Denied("the work holds no change")
        if claim.report and new is not None:
            from bot.jobs.epic_report import published_faults

            faults = published_faults(run.github.epic(run.inputs.bead), run.clone.git, claim.base, new)
            if faults:
                raise Denied("\n".join(f"- {fault}" for fault in faults))
        moves = forget_partial(facts, run.inputs.bead)
        if new is not None:
            name = f"refs/heads/{run.inputs.branch}"
            moves[name] = RefMove(name, facts.branch, new)
        facts = run.advance(facts, outcome="pr", head=head, moves=moves)
    if facts.pull is None:
        number = run.github.open_pull(
            head=run.inputs.branch,
            base=facts.default_branch,
            title=one_line(run.safe(facts.title))[:250],
            body=pull_body(run, report, answer, claim.beads),
        )
        run.github.add_labels(number, pull_labels(facts))
        return f"{head} is published as pull request #{number}"
    run.github.answer_threads(_answers(run, facts.pull, answer))
    return f"{head} is published to pull request #{facts.pull.number}"


def _checked_commit(run: Publishing, facts: JobFacts, claim: Claim, message: str) -> str | None:
    """The work as one commit of ours on what is there, or None when its tree is nothing new.

    Only the tree is taken: the agent's own commits, with their messages, dates and intermediate states, are
    never pushed. Raises Denied.
    """
    bundle = run.artifact.bundle
    if bundle is None:
        return None
    run.clone.fetch(commit for commit in (claim.base, facts.branch, facts.partial) if commit)
    work = run.clone.unbundle(bundle)
    git = run.clone.git
    under = facts.branch or claim.base
    if not git.contains(under, work):
        raise Denied(f"work.bundle: it does not go on from {under}")
    faults = check_tree(git, claim.base, facts.branch, work, protected_paths(facts))
    if faults:
        raise Denied("\n".join(f"- {fault}" for fault in faults))
    tree = git.text("rev-parse", f"{work}^{{tree}}")
    merged = git.contains(claim.base, work) and not git.contains(claim.base, under)
    if not merged and tree == git.text("rev-parse", f"{under}^{{tree}}"):
        return None
    return run.clone.commit(tree, [under, claim.base] if merged else [under], message)


def _keep_partial(run: Publishing, facts: JobFacts, claim: Claim) -> dict[str, RefMove]:
    """The move that keeps unfinished work for the next attempt, when it is fit to be kept."""
    try:
        commit = _checked_commit(run, facts, claim, f"Unfinished work on bead #{run.inputs.bead}")
    except Denied as denial:
        print(f"The unfinished work is not kept:\n{denial}")
        return {}
    if commit is None:
        return {}
    name = partial_ref(run.inputs.bead)
    return {name: RefMove(name, facts.partial, commit)}


def pull_body(run: Publishing, report: Report, answer: WorkerAnswer, beads: Sequence[int] = ()) -> str:
    """What the pull request says about itself; `beads` are those of an epic that it does."""
    parts = [f"Bead #{run.inputs.bead}, attempt {report.attempt} ([run]({run.inputs.page}))."]
    if beads:
        parts.append(f"It does the beads of this epic: {', '.join(f'#{one}' for one in beads)}.")
    if answer.summary:
        parts.append(run.safe(answer.summary))
    parts.append("| gate | result |\n|---|---|\n" + "\n".join(_row(run, gate) for gate in report.gates))
    if answer.decisions:
        parts.append("### Decisions\n\n" + "\n".join(f"- {run.safe(line)}" for line in answer.decisions))
    if answer.follow_ups:
        titles = "\n".join(f"- {run.safe(found.title)}" for found in answer.follow_ups)
        parts.append(f"### Found and not done\n\n{titles}")
    return "\n\n".join(parts)[:BODY_LIMIT] + f"\n\n{run.marker}"


def _row(run: Publishing, gate: GateResult) -> str:
    why = f": {gate.detail}" if gate.result == "not-run" else ""
    cells = (gate.name, f"{RESULTS[gate.result]}{why}")
    return table_row(one_line(run.safe(cell)) for cell in cells)


def _answers(run: Publishing, pull: BeadPull, answer: WorkerAnswer) -> list[ThreadReply]:
    """A worker's replies in threads that are open and have none of this run yet."""
    open_threads = {thread.id: thread for thread in pull.heard}
    return [
        ThreadReply(said.thread, f"{run.safe(said.body)}\n\n{run.marker}")
        for said in answer.threads
        if said.thread in open_threads
        and not any(run.marker in remark.body for remark in open_threads[said.thread].remarks)
    ]
