"""What a run costs in time besides its model: both jobs, from the dispatch to the end of publish.

The engine does nothing but answer, nothing has to be installed (the runner's tool cache has it), and one run
goes at a time; the CI runs of the pull requests share the two cores with them.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Figure
from benchmarks.world import answering_parts, beads, play
from bot.local.forge.records import Job, Run
from bot.local.forge.state import State

COUNT = 3


def figures() -> Iterator[Figure]:
    """In seconds, medians."""
    with tempfile.TemporaryDirectory(prefix="beadwright-bench-") as name:
        folder = Path(name)
        play(folder, beads(COUNT), answering_parts(workers=1), release_all=True)
        spans = _spans(folder / "forge")
    yield Figure(f"a worker's run, both jobs, median of {len(spans['worker'])}", *_median(spans["worker"]))
    yield Figure(
        f"a reviewer's run, both jobs, median of {len(spans['reviewer'])}", *_median(spans["reviewer"])
    )


def _median(spans: list[float]) -> tuple[float, str, float]:
    return statistics.median(spans), "s", 10.0


def _spans(folder: Path) -> dict[str, list[float]]:
    """By role, the seconds from each run's making to its last job's end."""
    state = State(folder)
    try:
        found: dict[str, list[float]] = {"worker": [], "reviewer": []}
        for run in state.all(Run):
            role = run.inputs.get("role")
            ends = [job.completed_at for job in state.find(Job, run_id=run.id) if job.completed_at]
            if role in found and ends:
                found[role].append((max(ends) - run.created_at).total_seconds())
        return found
    finally:
        state.close()
