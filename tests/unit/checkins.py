"""Check-ins written out: all sides scored, with evidence in one file, to be varied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.beads.checkin import CATEGORIES, CheckinAnswer
from bot.beads.checkin_record import CheckinRecord, record_of

FIRST = datetime(2026, 7, 6, 9, tzinfo=UTC)
LINES = {"src/a.txt": 3}


def scored(*numbers: int, evidence: str = "src/a.txt:1") -> CheckinAnswer:
    """An answer with these scores in the order of the categories; without any all are 5."""
    scores = [
        {"category": category, "score": number, "reason": f"{category} stand so.", "evidence": [evidence]}
        for category, number in zip(CATEGORIES, numbers or (5,) * len(CATEGORIES), strict=False)
    ]
    return CheckinAnswer.model_validate({"summary": "It stands.", "scores": scores})


def kept(*numbers: int, week: int = 0, imported_by: str | None = None) -> CheckinRecord:
    """A check-in of that week as it is kept."""
    return record_of(
        scored(*numbers),
        at=FIRST + timedelta(weeks=week),
        issue=7,
        run=100 + week,
        base="a" * 40,
        engine="command",
        imported_by=imported_by,
    )
