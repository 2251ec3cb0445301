"""An epic of three beads that one worker does, from the command to the last bead closed."""

from __future__ import annotations

from pathlib import Path

from bot.coordinator.claims import read_run_name
from tests.loop.drive import drive
from tests.loop.runner import QuickRunner
from tests.loop.world import NAME, Coordinator, Loop, open_loop


def family(loop: Loop, title: str) -> tuple[int, list[int]]:
    """An epic of three beads in a chain, which nobody has released."""
    epic = loop.bead(title, "epic")
    beads = [loop.bead("The first part")]
    beads += [loop.bead("The second part", f"blocked-by:#{beads[0]}")]
    beads += [loop.bead("The third part", f"blocked-by:#{beads[1]}")]
    for bead in beads:
        found = loop.get(f"/issues/{bead}")
        assert isinstance(found, dict)
        put = {"sub_issue_id": found["id"]}
        loop.people.post(f"/repos/{NAME}/issues/{epic}/sub_issues", json=put).raise_for_status()
    return epic, beads


def runs(loop: Loop) -> list[tuple[int, str]]:
    """The bead and role of every run that there was."""
    names = [read_run_name(title) for title in loop.runs()]
    return [(name[0], name[1]) for name in names if name is not None]


def test_three_beads_are_done_by_one_worker_in_one_pull_request_and_closed_with_it(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, {"workers": 3}, record=exchange_log) as loop:
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant)
        epic, beads = family(loop, "All of it (finding)")
        loop.say(epic, "/bead lead\n/bead ready")
        drive(loop, coordinator, runner)
        assert {bead.state for bead in loop.beads()} == {"closed"}
        assert runs(loop) == [(epic, "worker"), (epic, "reviewer"), (epic, "worker"), (epic, "reviewer")]
        claims = {one.live[epic].attempt: one.live[epic] for one in loop.claims_history() if epic in one.live}
        assert [claims[attempt].places for attempt in sorted(claims)] == [3, 1, 1, 1]
        pulls = loop.get("/pulls?state=all")
        assert isinstance(pulls, list)
        (pull,) = pulls
        assert pull["head"]["ref"] == f"bead/{epic}"
        named = ", ".join(f"#{bead}" for bead in beads)
        assert f"It does the beads of this epic: {named}." in pull["body"]
        files = loop.git.text("ls-tree", "-r", "--name-only", "main", "work/").splitlines()
        assert set(files) == {f"work/{number}.txt" for number in (epic, *beads)}
        for bead in beads:
            (told,) = loop.comments(bead)
            assert told.startswith(f"**Done** · merged by #{pull['number']} as ")
            assert f"with its epic #{epic}" in told
            assert loop.git.text("log", "--format=%H", "--grep", f"^Bead: #{bead}$", "main")
        assert any(said.startswith("**Done** · 3 of 3 children are closed") for said in loop.comments(epic))
        assert not loop.claims().live
        assert loop.git.text("for-each-ref", "--format=%(refname:short)", "refs/heads") == "main"
        coordinator.close()
