"""Publishes an answer that changes nothing yet: into the claim alone. The coordinator reads it in the report
and asks a person."""

from __future__ import annotations

from bot.beads.report import has_answer
from bot.jobs.publish import Publishing


def publish_answer(run: Publishing) -> str:
    """Write what became of a draft or a proposal; gives a sentence about it. Raises JobFault."""
    facts = run.github.facts(run.inputs.bead)
    claim = run.claim(facts)
    report = run.artifact.report
    outcome = "proposed" if has_answer(report) and report.failure is None else "failed"
    if not run.settled_before(claim):
        run.advance(facts, outcome=outcome, head=None, moves={})
    return f"attempt {claim.attempt} ended as {outcome}: {report.failure or 'a proposal is there'}"
