"""The whole repository is paused, resumed and paced by comments, and by what fails; over the real loop."""

from __future__ import annotations

from pathlib import Path

from bot.coordinator.decision import State
from tests.loop.drive import drive
from tests.loop.world import Coordinator, Loop, open_loop


def state(loop: Loop, bead: int) -> str:
    return next(one.state for one in loop.beads() if one.number == bead)


def test_a_pause_holds_everything_until_somebody_resumes(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        coordinator = Coordinator(loop)
        bead = loop.bead("Plain", "ready")
        paused = loop.say(bead, "/bead pause the release is out")
        verdict = drive(loop, coordinator).verdicts[bead]
        assert loop.signs(paused) == ["eyes", "rocket"]
        assert not loop.claims().live
        assert verdict.state is State.READY
        assert "paused by @octo (the release is out); `/bead resume` lets it go on" in verdict.reasons[0]
        loop.say(bead, "/bead resume")
        drive(loop, coordinator)
        assert state(loop, bead) == "closed"
        coordinator.close()


def test_a_pause_stops_a_merge_and_lets_what_runs_end(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        coordinator = Coordinator(loop)
        bead = loop.bead("Plain", "ready")
        coordinator.look()
        loop.say(bead, "/bead pause")
        verdict = drive(loop, coordinator).verdicts[bead]
        assert [run.split()[2] for run in loop.runs()] == ["worker"]
        assert verdict.state is State.IN_REVIEW
        assert "paused by @octo" in verdict.reasons[0]
        loop.say(bead, "/bead resume")
        drive(loop, coordinator)
        assert state(loop, bead) == "closed"
        coordinator.close()


def test_run_one_lets_one_bead_begin_and_end(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        coordinator = Coordinator(loop)
        beads = [loop.bead(f"Plain {number}", "ready") for number in (1, 2)]
        loop.say(beads[1], "/bead run 1")
        decision = drive(loop, coordinator)
        assert [state(loop, bead) for bead in beads] == ["closed", "open"]
        assert decision.verdicts[beads[1]].state is State.READY
        assert "`/bead run" in decision.verdicts[beads[1]].reasons[0]
        loop.say(beads[1], "/bead run 5")
        drive(loop, coordinator)
        assert state(loop, beads[1]) == "closed"
        assert loop.claims().going.left == 4
        coordinator.close()


def test_three_failures_in_a_row_pause_the_repository_and_that_is_told_once(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"attempts": 20}) as loop:
        coordinator = Coordinator(loop)
        hopeless = loop.bead("It (fails) for ever", "ready")
        drive(loop, coordinator)
        other = loop.bead("Plain", "ready")
        decision = drive(loop, coordinator)
        assert len(loop.runs()) == 3
        assert decision.verdicts[other].state is State.READY
        (told,) = (said for said in loop.comments(hopeless) if "bead needs a person" in said)
        assert f"3 attempts in a row failed, the last one of #{hopeless}" in told
        assert "`/bead resume`" in told
        loop.label(hopeless, "hold")
        loop.say(other, "/bead resume")
        drive(loop, coordinator)
        assert state(loop, other) == "closed"
        assert not any("in a row failed" in said for said in loop.comments(hopeless))
        coordinator.close()
