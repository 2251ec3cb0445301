"""Publishes a reconciliation: the matrix into its ref together with the claim, when every name in it holds.

The agent job has checked it too, so that its engine could mend it; that job is not believed. Here each name
is held against a clone that no engine has touched, down to the lines of the files.
"""

from __future__ import annotations

from bot.beads.coverage import KeptCoverage, coverage_ref
from bot.beads.coverage_check import completed, coverage_faults, places_of
from bot.beads.policy_file import PolicyError, load_policy
from bot.coordinator.job_port import JobFault, RefMove
from bot.jobs.clone import EMPTY_TREE
from bot.jobs.epic import built, documents
from bot.jobs.publish import Denied, Publishing
from bot.jobs.publish_answer import publish_answer
from bot.jobs.redaction import find_secrets


def publish_coverage(run: Publishing) -> str:
    """Write what became of a reconciliation; gives a sentence about it. Raises Denied, JobFault."""
    facts = run.github.facts(run.inputs.bead)
    claim = run.claim(facts)
    report = run.artifact.report
    answer = report.reconciler
    if answer is None or report.failure is not None or run.settled_before(claim):
        return publish_answer(run)
    try:
        policy = load_policy(facts.policy)
    except PolicyError as error:
        raise JobFault(str(error)) from error
    epic = run.github.epic(run.inputs.bead)
    run.clone.fetch(commit for commit in (claim.base, epic.kept) if commit)
    git = run.clone.git
    known = built(epic, policy, git, claim.base)
    faults = coverage_faults(answer, known, documents(git, claim.base, places_of(answer)))
    kept = KeptCoverage(
        epic=epic.number,
        bead=run.inputs.bead,
        run_id=run.inputs.run_id,
        base=claim.base,
        summary=answer.summary,
        matrix=completed(answer, known),
    )
    message = kept.model_dump_json()
    kinds = dict.fromkeys(kind for kind, _ in find_secrets(message.encode()))
    faults = (*faults, *(f"the matrix holds what looks like {kind}" for kind in kinds))
    if faults:
        raise Denied("\n".join(f"- {fault}" for fault in faults))
    commit = run.clone.commit(EMPTY_TREE, [epic.kept] if epic.kept else [], message)
    name = coverage_ref(epic.number)
    moves = {name: RefMove(name, epic.kept, commit)}
    run.advance(facts, outcome="proposed", head=None, moves=moves)
    left = len(answer.unmet)
    found = f"{left} of {len(kept.matrix)} are not met" if left else f"all {len(kept.matrix)} are met"
    return f"attempt {claim.attempt} ended as proposed: {found}"
