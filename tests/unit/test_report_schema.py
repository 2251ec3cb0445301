from __future__ import annotations

from pathlib import Path

from bot.beads.report import report_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_the_published_schema_is_the_models() -> None:
    """To renew it: .venv/bin/python -c 'from bot.beads.report import *; print(end=report_schema())'."""
    assert PUBLISHED.read_text(encoding="utf-8") == report_schema()
