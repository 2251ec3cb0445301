"""What people have to read of ours stays little, whatever happens in between, and is true in the end."""

from __future__ import annotations

from pathlib import Path

from bot.beads.markers import read_marker
from bot.coordinator.decision import Decision
from bot.github.known import SAID_KEPT
from tests.loop.noise import too_much, unasked
from tests.loop.runner import QuickRunner
from tests.loop.world import NAME, Coordinator, Loop, open_loop

ROUNDS = 40
STALE = SAID_KEPT
"""After so long a coordinator reads again what it has said."""


def test_one_comment_an_issue_and_two_a_pull_request_whatever_restarts_and_repeats(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        epic = an_epic(loop)
        steady = Coordinator(loop)
        runner = QuickRunner(loop, steady.grant)
        for _ in range(ROUNDS):
            restarted = Coordinator(loop)
            for coordinator in (restarted, steady, restarted):  # each event comes again, and to both
                coordinator.look()
            restarted.close()
            moved = runner.run_all()
            assert loop.forge.on(too_much) == []
            if not moved and all(bead.state == "closed" for bead in loop.beads() if bead.released):
                break
        _, decision = steady.look()
        steady.close()
        said = loop.forge.on(unasked)
        beads = [bead.number for bead in loop.beads() if bead.state == "closed"]
        assert epic in beads
        assert {number: said[number] for number in beads} == {number: ["status"] for number in beads}
        assert quiet(decision), decision
        for number in beads:
            (text,) = [one for one in loop.comments(number) if read_marker(one, "comment") == "status"]
            assert text.startswith("**Done** · "), text


def test_what_somebody_made_of_our_comment_is_put_right_by_a_later_look(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        number = loop.bead("Plain", "ready")
        one, other = Coordinator(loop), Coordinator(loop)
        for coordinator in (one, other, one):
            coordinator.look()
        (before,) = loop.comments(number)
        comments = loop.get(f"/issues/{number}/comments")
        assert isinstance(comments, list)
        path = f"/repos/{NAME}/issues/comments/{comments[0]['id']}"
        loop.people.patch(path, json={"body": before.replace("Running", "Resting")}).raise_for_status()
        one.look()
        assert "Resting" in loop.comments(number)[0]
        loop.clock.advance(STALE)
        one.look()
        (after,) = loop.comments(number)
        assert after.startswith("**Running**")
        loop.people.delete(path).raise_for_status()
        other.look()
        loop.clock.advance(STALE)
        other.look()
        assert len(loop.comments(number)) == 1
        one.close()
        other.close()


def test_a_bead_that_somebody_closed_says_that_it_is_worked_on_no_more(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        number = loop.bead("Plain", "ready")
        one = Coordinator(loop)
        runner = QuickRunner(loop, one.grant)
        one.look()
        runner.run_all()
        loop.people.patch(f"/repos/{NAME}/issues/{number}", json={"state": "closed"}).raise_for_status()
        for _ in range(2):
            one.look()
        one.close()
        (text,) = loop.comments(number)
        assert text.startswith("**Closed** · it is worked on no more · it cost "), text
        assert not loop.claims().history


def an_epic(loop: Loop) -> int:
    """An epic like the demo's: beads one after the other, a correction, a retry, a follow-up."""
    epic = loop.bead("All of it", "epic", "ready")
    first = loop.bead("Plain")
    parts = [first, loop.bead("Once more (finding)", f"blocked-by:#{first}")]
    parts += [loop.bead("Look around (follow-up)"), loop.bead("Again (fails)", f"blocked-by:#{first}")]
    for part in parts:
        found = loop.get(f"/issues/{part}")
        assert isinstance(found, dict)
        path = f"/repos/{NAME}/issues/{epic}/sub_issues"
        loop.people.post(path, json={"sub_issue_id": found["id"]}).raise_for_status()
    return epic


def quiet(decision: Decision) -> bool:
    return not (decision.before or decision.after or decision.claims)
