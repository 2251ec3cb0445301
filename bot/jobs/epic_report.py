"""The report of an epic: what its worker is shown besides its bead, and what is asked of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.beads.coverage import Coverage
from bot.beads.policy import Policy
from bot.beads.report_page import OPEN, page_faults, page_of
from bot.beads.visible_text import one_line, reveal
from bot.coordinator.claims import Claims
from bot.coordinator.job_port import EpicFacts
from bot.jobs.git import Git
from bot.jobs.material import quotation
from bot.jobs.reconciler import bead_texts, line, text_of
from bot.jobs.tree_checks import changes


def report_material(
    epic: EpicFacts, claims: Claims, policy: Policy, git: Git, start: str
) -> Mapping[str, object]:
    """What the prompt of a report says beside that of a worker; `start` is the commit that it starts at,
    where an earlier attempt may have left a page."""
    coverage = epic.coverage
    page = page_of(epic.number, coverage)
    left = git.file(start, page.path)
    return {
        "epic": {"number": epic.number, "title": line(epic.title), "body": quotation(text_of(epic.body))},
        "beads": bead_texts(epic, policy),
        "page": page,
        "faults": page_faults(page, (), left) if left is not None else (),
        "summary": quotation(coverage.summary) if coverage is not None else "",
        "matrix": [_row(row) for row in coverage.matrix] if coverage is not None else [],
        "accepted": _accepted(epic, claims),
        "found": [
            f"#{bead.number}: {line(one.title)}"
            for bead in epic.beads
            for one in claims.of(bead.number).found
        ],
    }


def published_faults(epic: EpicFacts, git: Git, base: str, work: str) -> Sequence[str]:
    """What is wrong with a report in a clone of ours: `work` is the commit that holds it."""
    page = page_of(epic.number, epic.coverage)
    changed = [entry.shown for entry in changes(git, base, work)]
    return page_faults(page, changed, git.file(work, page.path))


def _row(row: Coverage) -> Coverage:
    """A row with nothing hidden in it; a model has written it."""
    return row.model_copy(
        update={
            "source": line(row.source),
            "text": line(row.text),
            "tests": tuple(line(one) for one in row.tests),
            "evidence": one_line(reveal(row.evidence)),
        }
    )


def _accepted(epic: EpicFacts, claims: Claims) -> str:
    word = claims.of(epic.number).accepted
    if word is None:
        return ""
    reason = f": {line(word.reason).rstrip('.')}" if word.reason else ""
    by = f"What is open was accepted by {word.who} on {word.at:%Y-%m-%d}{reason}."
    return f"{by} Write that under `{OPEN}`."
