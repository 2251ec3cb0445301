"""The loop without `act`: what the other tests of this folder rest on."""

from __future__ import annotations

from pathlib import Path

from tests.loop.drive import drive
from tests.loop.world import open_loop


def test_beads_of_every_kind_are_merged_and_closed(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        for title in ("Plain", "Once more (finding)", "Look around (follow-up)", "Later (fails)"):
            loop.bead(title, "ready")
        loop.bead("Waits for #1", "ready", "blocked-by:#1")
        drive(loop)
        assert {issue.state for issue in loop.beads() if issue.released} == {"closed"}
        assert not loop.claims().live
