"""The history `plan`, interrupted."""

from __future__ import annotations

from pathlib import Path

from tests.loop.cases import Record, assert_ends_alike
from tests.loop.faults import Case

HISTORY = "plan"


def test_it_ends_as_it_does_undisturbed(case: Case, undisturbed: Record, tmp_path: Path) -> None:
    assert_ends_alike(HISTORY, case, undisturbed, tmp_path / "loop")
