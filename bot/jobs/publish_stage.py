"""The publish stage as a whole: by role, with a denial told on the bead and charged as a failed attempt."""

from __future__ import annotations

from collections.abc import Callable

from bot.beads.markers import write_marker
from bot.beads.model import Role
from bot.jobs.publish import Denied, Publishing
from bot.jobs.publish_answer import publish_answer
from bot.jobs.publish_checkin import publish_checkin
from bot.jobs.publish_coverage import publish_coverage
from bot.jobs.publish_direction import publish_direction
from bot.jobs.publish_review import publish_review
from bot.jobs.publish_work import publish_work

DENIABLE: dict[Role, Callable[[Publishing], str]] = {
    "worker": publish_work,
    "reconciler": publish_coverage,
    "direction": publish_direction,
}
"""Whose artifact holds what may not be published."""


def publish(run: Publishing) -> str:
    """Write one attempt; gives a sentence about it.

    Raises Denied after the denial has been recorded and told, JobFault when nothing could be written.
    """
    if run.inputs.role == "reviewer":
        return publish_review(run)
    if run.inputs.role == "checkin":
        return publish_checkin(run)
    if run.inputs.role not in DENIABLE:
        return publish_answer(run)
    try:
        return DENIABLE[run.inputs.role](run)
    except Denied as denial:
        facts = run.github.facts(run.inputs.bead)
        run.claim(facts)
        run.advance(facts, outcome="failed", head=None, moves={})
        run.github.comment(run.inputs.bead, _denial(run, str(denial)))
        raise


def _denial(run: Publishing, places: str) -> str:
    marker = write_marker("denied", run.inputs.token)
    text = run.safe(places)[:50_000]
    return f"Attempt {run.inputs.attempt} is not published, nothing of it:\n\n{text}\n\n{marker}"
