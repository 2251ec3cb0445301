"""Two coordinators that know nothing of each other work on one repository."""

from __future__ import annotations

import time
from pathlib import Path

from bot.beads.markers import read_marker
from tests.loop.claims_audit import assert_fair, assert_fenced, given
from tests.loop.replica import replica
from tests.loop.runner import QuickRunner
from tests.loop.world import Coordinator, Loop, open_loop

CAP = 3
BEADS = 40
WHOLE = 4
"""So many of them live on through review and merge; the others end when their worker finds nothing to do."""

EVERY = BEADS // WHOLE


def test_forty_beads_are_each_claimed_once_at_a_time_within_the_cap(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"workers": CAP}) as loop:
        rank, waits_for = release(loop)
        broker = Coordinator(loop)
        started = time.monotonic()
        with replica(loop, tmp_path / "one.log") as one, replica(loop, tmp_path / "two.log") as two:
            runner = QuickRunner(loop, broker.grant)
            runner.run_several(CAP, lambda: all_ended(loop))
            counts = one.end(), two.end()
        broker.close()
        seconds = time.monotonic() - started
        history = loop.claims_history()
        print(f"{seconds:.0f} s, {len(history)} documents, {counts}")
        assert_fenced(history, CAP, loop.runs())
        assert_fair(history, rank.__getitem__, waits_for)
        assert {one.bead for one in given(history)} == set(rank)
        assert not history[-1].live
        assert all(count.won for count in counts)
        assert sum(bead.state == "closed" for bead in loop.beads()) == WHOLE
        assert_said_once(loop)


def release(loop: Loop) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
    """The forty beads; gives each one's place in the order of selection, and who waits for whom."""
    rank: dict[int, tuple[int, ...]] = {}
    waits_for: dict[int, int] = {}
    whole: list[int] = []
    for index in range(BEADS):
        priority = (2, 1, 3, 2)[index % 4]
        title, labels = f"Bead {index}", ["ready", f"P{priority}"]
        if index % EVERY:
            title += " (nothing)"
        elif index % (2 * EVERY):
            labels.append(f"blocked-by:#{whole[-1]}")
        number = loop.bead(title, *labels)
        rank[number] = (priority, 0, number)
        if index % EVERY == 0:
            whole.append(number)
    for blocker, blocked in zip(whole[::2], whole[1::2], strict=True):
        waits_for[blocked] = blocker
        rank[blocker] = (rank[blocker][0], -1, blocker)
    return rank, waits_for


def all_ended(loop: Loop) -> bool:
    """Whether every bead came to its end and the labels say so."""
    ended = all(bead.state == "closed" or "bead:needs-human" in bead.labels for bead in loop.beads())
    return ended and not loop.claims().live


def assert_said_once(loop: Loop) -> None:
    """Nobody is told a thing twice."""
    for bead in loop.beads():
        said = [read_marker(text, "comment") or "" for text in loop.comments(bead.number)]
        assert sorted(said) == (["status"] if bead.state == "closed" else ["person-1", "status"])
