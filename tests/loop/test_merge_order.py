"""Pull requests that merge one after another: each is reviewed once and tested a few times, whatever k is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.coordinator.claims import read_run_name
from bot.local.forge import records
from bot.local.forge.state import State
from tests.loop.drive import drive
from tests.loop.runner import QuickRunner
from tests.loop.world import Coordinator, open_loop


@pytest.mark.parametrize(("plain", "corrected"), [(1, 0), (3, 1), (6, 2)])
def test_reviews_for_each_bead_are_one_and_its_corrections(
    tmp_path: Path, exchange_log: Path, plain: int, corrected: int
) -> None:
    k = plain + corrected
    policy = {"workers": k, "budget": {"day": 1000}}
    with open_loop(tmp_path, policy, record=exchange_log) as loop:
        titles = {loop.bead(f"Plain {index}", "ready"): 1 for index in range(plain)}
        titles |= {loop.bead(f"Twice {index} (finding)", "ready"): 2 for index in range(corrected)}
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant)
        try:
            drive(loop, coordinator, runner)
        finally:
            coordinator.close()
        assert {bead.state for bead in loop.beads()} == {"closed"}
        reviews: Counter[int] = Counter()
        for run in runner.done:
            name = read_run_name(run.title)
            if name is not None and name[1] == "reviewer":
                reviews[name[0]] += 1
        assert reviews == titles
        audits = loop.forge.on(_audits)
        assert len(audits) == k
        assert sum("by updates that left the patch identical" in audit for audit in audits) >= k - 1
        # Published, brought up to date for the review, and again for the merge; corrected ones once more.
        assert loop.forge.on(_pull_request_runs) <= 3 * plain + 4 * corrected


def _audits(state: State) -> list[str]:
    return [one.body for one in state.all(records.Comment) if "\n- Merged at `" in one.body]


def _pull_request_runs(state: State) -> int:
    return sum(run.event == "pull_request" for run in state.all(records.Run))
