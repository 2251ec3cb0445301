"""Publishes a check-in: its scores as one file more on a branch of their own, and all of them drawn anew.

The branch has no history in common with any other (its first commit is an orphan), is never a pull request,
and only grows. It moves together with the claim, so there is one file a run, however often this is repeated.
When it moved meanwhile the file goes on top of what is there now.
"""

from __future__ import annotations

from bot.beads.checkin_chart import DRAWN, draw
from bot.beads.checkin_import import is_import_note
from bot.beads.checkin_record import (
    CHART,
    CHECKINS_BRANCH,
    NAME,
    CheckinRecord,
    read_records,
    record_of,
)
from bot.beads.report import Report
from bot.coordinator.claims import Claim
from bot.coordinator.history import Planning
from bot.coordinator.job_port import JobFault, RefMove
from bot.jobs.publish import Publishing
from bot.jobs.publish_answer import publish_answer
from bot.jobs.redaction import redact

REF = f"refs/heads/{CHECKINS_BRANCH}"
LARGEST = 1_000_000
"""Bytes of a file that may be a check-in."""


def publish_checkin(run: Publishing) -> str:
    """Keep what a check-in came to; gives a sentence about it. Raises JobFault."""
    report = run.artifact.report
    if report.checkin is None or report.failure is not None:
        return publish_answer(run)
    facts = run.github.facts(run.inputs.bead)
    claim = run.claim(facts)
    if run.settled_before(claim):
        return f"attempt {claim.attempt} has been published already"
    record = _record(run, report, claim, facts.claims.of(run.inputs.bead).planning)

    def make() -> tuple[str, dict[str, RefMove]]:
        before = run.clone.branch(CHECKINS_BRANCH)
        commit = _commit(run, before, record)
        return commit, {REF: RefMove(REF, before, commit)}

    run.advance_by(facts, "proposed", make)
    return f"the check-in is kept as {record.name} on {CHECKINS_BRANCH}"


def _record(run: Publishing, report: Report, claim: Claim, planning: Planning | None) -> CheckinRecord:
    assert report.checkin is not None
    imported = planning is not None and is_import_note(planning.text)
    try:
        return record_of(
            report.checkin,
            at=claim.since,
            issue=run.inputs.bead,
            run=run.inputs.run_id,
            base=claim.base,
            engine=report.engine,
            imported_by=planning.word.by if planning is not None and imported else None,
        )
    except ValueError as error:
        raise JobFault(f"the check-in cannot be kept: {error}") from error


def _commit(run: Publishing, before: str | None, record: CheckinRecord) -> str:
    """The check-in and the chart on top of what the branch holds, or as its first commit."""
    clone = run.clone
    there = clone.files(before) if before is not None else {}
    names = sorted(name for name, size in there.items() if NAME.fullmatch(name) and size <= LARGEST)[-DRAWN:]
    kept = {name: clone.content(before, name) for name in names if before is not None}
    kept[record.name] = redact(record.text()).encode()
    chart = draw(read_records(kept)).encode()
    tree = clone.tree(before, {record.name: kept[record.name], CHART: chart})
    message = f"Check-in of {record.at:%Y-%m-%d}, on #{record.issue}"
    return clone.commit(tree, [before] if before is not None else [], message)
