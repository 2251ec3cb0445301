"""The whole loop, as a stranger runs it: `beadwright demo` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bot.local.forge.records import Run
from bot.local.forge.state import State
from tests.contract.exchange_log import assert_log_fits
from tests.loop.noise import too_much

MINUTES = 6


def play(folder: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bot.cli", "demo", "--json", "--keep", str(folder)]
    command += ["--minutes", str(MINUTES), *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=MINUTES * 60 + 60, check=False
    )
    log = folder / "coordinator.log"
    told = log.read_text(encoding="utf-8")[-4000:] if log.exists() else ""
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{told}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_all_proved(beads: list[dict[str, Any]], epics: int) -> None:
    assert {bead["state"] for bead in beads} == {"done"}
    assert all(bead["closed_at"] for bead in beads)
    worked = [bead for bead in beads if bead["pr"] is not None]
    assert len(beads) - len(worked) == epics
    for bead in worked:
        assert len(bead["reviewed_head"]) == len(bead["merge_commit"]) == 40
        assert bead["attempts"] >= 1


def test_the_sample_epic_goes_from_issues_to_merged_pull_requests(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    result = play(folder)
    beads = {bead["title"]: bead for bead in result["beads"]}
    assert_all_proved(result["beads"], epics=1)
    assert len(beads) == 8
    assert beads["Measure the mean length of the words"]["attempts"] == 2
    order = result["merges"]
    words = order.index(beads["Split a text into words"]["number"])
    sides = [
        order.index(beads[title]["number"])
        for title in ("Count how often each word occurs", "Measure the mean length of the words")
    ]
    assert words < min(sides) < max(sides) < order.index(beads["Summarise a text in one line"]["number"])
    assert set(result["requests_per_merged_bead"]) == {"total", "reads", "writes", "content"}
    assert_log_fits(folder / "exchanges.jsonl")
    state = State(folder / "forge")
    assert too_much(state) == []
    # The CI of the last merge too: who looks around afterwards finds main green.
    assert {run.conclusion for run in state.all(Run) if run.event == "push"} == {"success"}
