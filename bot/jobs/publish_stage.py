"""The publish stage as a whole: by role, with a denial told on the bead and charged as a failed attempt."""

from __future__ import annotations

from bot.beads.markers import write_marker
from bot.jobs.publish import Denied, Publishing


def publish(run: Publishing) -> str:
    """Write one attempt; gives a sentence about it.

    Raises Denied after the denial has been recorded and told, JobFault when nothing could be written.
    """
    try:
        return _publish(run)
    except Denied as denial:
        facts = run.github.facts(run.inputs.bead)
        run.claim(facts)
        run.advance(facts, outcome="failed", head=None, moves={})
        run.github.comment(run.inputs.bead, _denial(run, str(denial)))
        raise


def _publish(run: Publishing) -> str:
    """By role, with what only that role needs; see `roles.py`."""
    match run.inputs.role:
        case "worker":
            from bot.jobs.publish_work import publish_work

            return publish_work(run)
        case "reviewer":
            from bot.jobs.publish_review import publish_review

            return publish_review(run)
        case "reconciler":
            from bot.jobs.publish_coverage import publish_coverage

            return publish_coverage(run)
        case "direction":
            from bot.jobs.publish_direction import publish_direction

            return publish_direction(run)
        case "checkin":
            from bot.jobs.publish_checkin import publish_checkin

            return publish_checkin(run)
        case "writer" | "shaper":
            from bot.jobs.publish_answer import publish_answer

            return publish_answer(run)


def _denial(run: Publishing, places: str) -> str:
    marker = write_marker("denied", run.inputs.token)
    text = run.safe(places)[:50_000]
    return f"Attempt {run.inputs.attempt} is not published, nothing of it:\n\n{text}\n\n{marker}"
