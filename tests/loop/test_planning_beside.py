"""A run that plans hangs, and a bead is delivered beside it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.loop.drive import drive
from tests.loop.runner import Point, QuickRunner, Waiting
from tests.loop.world import Coordinator, open_loop

MOMENT = 60.0


def test_a_bead_is_dispatched_and_merged_beside_a_run_that_plans_and_does_not_end(tmp_path: Path) -> None:
    hangs, ends = threading.Event(), threading.Event()

    def reached(point: Point, run: Waiting) -> None:
        if point == "agent" and " writer " in run.title:
            hangs.set()
            assert ends.wait(MOMENT)

    with open_loop(tmp_path, {"workers": 1}) as loop, ThreadPoolExecutor(1) as machine:
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant, reached=reached)
        goal = loop.bead("A large goal", body="Words are counted.")
        loop.say(goal, "/bead plan")
        coordinator.look()
        coordinator.look()
        queued = runner.waiting()
        try:
            planning = machine.submit(runner.execute, queued[0])
            assert hangs.wait(MOMENT)
            bead = loop.bead("Small work beside it", "ready")
            drive(loop, coordinator, runner)
            assert {one.number: one.state for one in loop.beads()} == {goal: "open", bead: "closed"}
            live = loop.claims().live
            assert [(number, claim.role) for number, claim in live.items()] == [(goal, "writer")]
            assert loop.claims().of(goal).planned == 1
        finally:
            ends.set()
        planning.result()
        coordinator.close()
