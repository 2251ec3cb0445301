"""A repository in which nothing can move is left alone."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from bot.coordinator.decision import State
from tests.loop.pauses import Pausing
from tests.loop.runner import QuickRunner
from tests.loop.world import Coordinator, open_loop


def test_an_idle_repository_sees_no_write_no_claim_and_no_run(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        stuck = loop.bead("Not released")
        loop.bead("Waits for it", "ready", f"blocked-by:#{stuck}")
        loop.bead("Held", "ready", "hold")
        loop.bead("Later", "ready", f"defer:{(date.today() + timedelta(days=30)).isoformat()}")
        done = loop.bead("Needs a person (nothing)", "ready")
        first = Coordinator(loop)
        runner = QuickRunner(loop, first.grant)
        while first.look()[1].verdicts[done].state is not State.NEEDS_HUMAN:
            runner.run_all()
        first.look()
        runs, history = loop.runs(), loop.claims_history()

        writes: list[str] = []
        fresh = Coordinator(loop, lambda: Pausing(writes.append))
        fresh.look()  # it finds that what it has to say is said
        for coordinator in (first, fresh, first, fresh):
            _, decision = coordinator.look()
            assert (decision.before, decision.after, decision.claims) == ((), (), None)
            assert decision.next_look is None
            loop.clock.advance(timedelta(minutes=1))
        first.close()
        fresh.close()
        assert writes == []
        assert (loop.runs(), loop.claims_history()) == (runs, history)
        assert len(runs) == 1
