"""A coordinator that is paused for minutes at one of its writes, while another one goes on."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.beads.markers import read_marker
from bot.coordinator.claims import LOST_DISPATCH, read_run_name
from bot.coordinator.loop import NotKnown
from bot.github.errors import GitHubError
from tests.loop.claims_audit import assert_fenced, given
from tests.loop.drive import drive
from tests.loop.pauses import Late, Pausing
from tests.loop.replica import replica
from tests.loop.runner import Point, QuickRunner, Waiting
from tests.loop.world import Coordinator, Loop, open_loop

PAUSE = LOST_DISPATCH + timedelta(seconds=30)
SLEEP = LOST_DISPATCH.total_seconds() + 5
CLAIMING = ("POST commits", "POST refs", "PATCH claims", "POST dispatches")
MERGING = ("PUT merge", "mutation Apply", "POST commits", "PATCH claims")


def test_a_process_stopped_between_reading_and_writing_has_to_read_again(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"workers": 2}) as loop:
        other = Coordinator(loop)
        runner = QuickRunner(loop, other.grant)
        loop.bead("The first (nothing)", "ready")
        drive(loop, other, runner)
        beads = {loop.bead(f"Bead {index} (nothing)", "ready") for index in range(3)}
        with replica(loop, tmp_path / "paused.log", stop=True) as paused:
            paused.wait_stopped()
            stopped = time.monotonic()
            drive(loop, other, runner)
            before = loop.claims_history()
            assert beads < {one.bead for one in given(before)}
            time.sleep(max(0.0, stopped + SLEEP - time.monotonic()))
            paused.go_on()
            counted = paused.end()
        other.close()
        assert (counted.won, counted.lost) == (0, 1)
        assert loop.claims_history() == before
        assert_fenced(before, 2, loop.runs())
        assert len(loop.runs()) == 1 + len(beads)


@pytest.mark.parametrize("title", ["Stays (nothing)", "Merged"])
def test_whatever_write_a_coordinator_is_paused_at_it_disturbs_nothing(tmp_path: Path, title: str) -> None:
    writes = paused_at(tmp_path / "none", title, None, "paused").writes
    if title == "Merged":  # what comes before is the same for every bead
        merging = writes.index("PUT merge") - 1  # the post of our check comes before it
        chosen = range(merging, len(writes))
        assert set(writes[merging:]) <= set(MERGING), writes
    else:
        chosen = range(len(writes))
        assert set(CLAIMING) <= set(writes), writes
    for index in chosen:
        found = paused_at(tmp_path / str(index), title, index, "paused")
        assert found.fired, f"write {index}, {writes[index]}"
        found.assert_undisturbed(f"paused before write {index}, {writes[index]}")


def test_a_claim_or_dispatch_that_arrives_minutes_late_takes_no_effect(tmp_path: Path) -> None:
    title = "Stays (nothing)"
    writes = paused_at(tmp_path / "none", title, None, "late").writes
    for index, write in enumerate(writes):
        if write in CLAIMING:
            found = paused_at(tmp_path / str(index), title, index, "late")
            assert found.fired
            found.assert_undisturbed(f"late write {index}, {write}")


class Pause:
    """What one interrupted life of one bead came to."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.writes: list[str] = []
        self.fired = False
        self.spent: list[str] = []  # tokens whose agent was started
        self.ended: tuple[str, tuple[str, ...], list[str], list[str]] | None = None

    def assert_undisturbed(self, where: str) -> None:
        """The bead ended as it would have, was told of once, and every run that spent held the claim."""
        assert self.ended is not None
        state, labels, comments, left = self.ended
        if self.title == "Merged":
            assert (state, comments) == ("closed", ["status"]), where
        else:
            assert (state, labels) == ("open", ("bead", "ready", "bead:needs-human")), where
            assert comments == ["person-1", "status"], f"{where}: {comments}"
        assert left == [], where


def paused_at(folder: Path, title: str, index: int | None, how: Literal["paused", "late"]) -> Pause:
    """One bead's life under a coordinator that is disturbed at its write number `index`."""
    found = Pause(title)
    folder.mkdir()
    with open_loop(folder) as loop:
        number = loop.bead(title, "ready")
        other = Coordinator(loop)

        def reached(point: Point, run: Waiting) -> None:
            if point == "agent":
                assert loop.claims().live[number].token in run.title
                found.spent.append(run.title)

        runner = QuickRunner(loop, other.grant, reached=reached)

        def meanwhile() -> None:
            loop.clock.advance(PAUSE)
            drive(loop, other, runner)

        def before(what: str) -> None:
            found.writes.append(what)
            if len(found.writes) - 1 == index:
                found.fired = True
                if how == "late":
                    raise Late
                meanwhile()

        network = Pausing(before)
        paused = Coordinator(loop, lambda: network)
        still = False
        while not (still or (how == "late" and found.fired)):
            with contextlib.suppress(GitHubError, NotKnown):  # a pass that hears no answer is over
                decision = paused.look()[1]
                still = not runner.run_all() and not decision.after and decision.claims is None
        if how == "late" and found.fired:
            meanwhile()
            network.deliver()
        assert not network.failures, network.failures
        drive(loop, paused, runner)
        check(loop, found, number)
        paused.close()
        other.close()
    return found


def check(loop: Loop, found: Pause, number: int) -> None:
    """What holds whatever was disturbed, and what became of the bead."""
    history = loop.claims_history()
    assert_fenced(history, 3, loop.runs())
    assert not history[-1].live
    tokens = [name[3] for title in loop.runs() if (name := read_run_name(title))]
    assert len(found.spent) == (2 if found.title == "Merged" else 1), (found.spent, tokens)
    (bead,) = loop.beads()
    left = loop.git.text("for-each-ref", "--format=%(refname)", "refs/heads/bead", "refs/beadwright")
    refs = [name for name in left.splitlines() if name != "refs/beadwright/claims"]
    said = sorted(read_marker(text, "comment") or "" for text in loop.comments(number))
    found.ended = (bead.state, bead.labels, said, refs)
