"""From `/bead plan` to made beads, over the real loop."""

from __future__ import annotations

from pathlib import Path

from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop

GOAL = "Parts are to be there, one file each."


def issue(loop: Loop, title: str, body: str = GOAL) -> int:
    answer = loop.people.post(f"/repos/{NAME}/issues", json={"title": title, "body": body})
    return int(answer.json()["number"])


def body(loop: Loop, number: int) -> str:
    found = loop.get(f"/issues/{number}")
    assert isinstance(found, dict)
    return str(found["body"])


def test_a_plan_is_shown_and_made_when_a_person_says_so(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        epic = issue(loop, "Parts (5 beads)")
        loop.say(epic, "/bead plan")
        drive(loop)
        assert [bead.number for bead in loop.beads()] == [epic]
        assert body(loop, epic) == GOAL
        loop.say(epic, "/bead approve")
        drive(loop)
        whole, *made = loop.beads()
        assert "epic" in whole.labels
        assert [bead.title for bead in made] == [
            *(f"Build part {place}" for place in range(1, 5)),
            "Hold it against what was asked",
        ]
        first, _, third, *_ = made
        assert third.labels == ("bead", "task", "P2", "complexity:low", f"blocked-by:#{first.number}")
        assert body(loop, epic).startswith(f"{GOAL}\n\n## Outcome\n\nAll of it is there.")
        assert f"- #{epic}.1: Every part is there." in body(loop, first.number)
        (shown,) = [said for said in loop.comments(epic) if "comment=plan" in said]
        assert shown.startswith("**Approved** · 5 beads are made.")
        assert loop.claims().of(epic).planning is None
        assert not any(" worker " in run for run in loop.runs())
