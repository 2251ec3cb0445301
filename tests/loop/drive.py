"""Goes on with the loop until nothing moves any more."""

from __future__ import annotations

from datetime import timedelta

from bot.coordinator.decision import Decision
from tests.loop.runner import QuickRunner
from tests.loop.world import Coordinator, Loop

PASSES = 120
SOON = timedelta(seconds=15)


def drive(loop: Loop, coordinator: Coordinator | None = None, runner: QuickRunner | None = None) -> Decision:
    """Passes and runs in turn until a pass does nothing and nothing is queued; the last decision.

    Where only time can change something it is let pass, once between two things that happen.
    """
    mine = coordinator is None
    chosen = coordinator or Coordinator(loop)
    jobs = runner or QuickRunner(loop, chosen.grant)
    waited = False
    try:
        for _ in range(PASSES):
            _, decision = chosen.look()
            ran = jobs.run_all()
            moved = ran or decision.before or decision.after or decision.claims is not None
            if moved:
                waited = False
            elif decision.next_look is not None and not waited:
                loop.clock.advance(min(max(decision.next_look - loop.clock(), timedelta()), SOON))
                waited = True
            else:
                return decision
        raise AssertionError(f"the loop still moves after {PASSES} passes")
    finally:
        if mine:
            chosen.close()
