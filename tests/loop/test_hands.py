"""A person takes a bead over, gives it back, merges it, and undoes a merge; over real git."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.coordinator.decision import State
from bot.jobs.git import Git, authorised
from tests.loop.drive import drive
from tests.loop.runner import Point, QuickRunner, Waiting
from tests.loop.world import NAME, Coordinator, Loop, open_loop


def push(loop: Loop, bead: int, name: str, folder: Path) -> str:
    """Push one more file onto a bead's branch as its owner does from their machine; gives the commit."""
    owner = {"user.name": "Octo", "user.email": "octo@users.noreply.github.com"}
    folder.mkdir()
    git = Git(folder, {**authorised(loop.forge.base_url, loop.token), **owner})
    git.output("clone", "--quiet", "--branch", f"bead/{bead}", f"{loop.forge.base_url}/{NAME}.git", ".")
    (folder / name).write_text("by hand\n", encoding="utf-8")
    git.output("add", name)
    git.output("commit", "--quiet", "--message", "By hand")
    git.output("push", "--quiet", "origin", f"bead/{bead}")
    return git.text("rev-parse", "HEAD")


def published(loop: Loop, coordinator: Coordinator, title: str = "Plain") -> tuple[int, int]:
    """A bead whose first attempt is published, and its pull request."""
    bead = loop.bead(title, "ready")
    coordinator.look()
    assert QuickRunner(loop, coordinator.grant).run_all()
    (pull,) = pulls(loop, "open")
    return bead, pull


def pulls(loop: Loop, state: str) -> list[int]:
    found = loop.get(f"/pulls?state={state}")
    assert isinstance(found, list)
    return sorted(int(pull["number"]) for pull in found)


def about(loop: Loop, path: str) -> dict[str, object]:
    found = loop.get(path)
    assert isinstance(found, dict)
    return found


def names(loop: Loop) -> list[str]:
    """What is at the top of the base branch."""
    return loop.git.text("ls-tree", "--name-only", "main").splitlines()


def test_a_persons_commit_takes_a_bead_over_and_is_reviewed_when_it_is_given_back(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path / "world", record=exchange_log) as loop:
        coordinator = Coordinator(loop)
        bead, pull = published(loop, coordinator)
        theirs = push(loop, bead, "by-hand.txt", tmp_path / "octo")
        runs = len(loop.runs())
        verdict = drive(loop, coordinator).verdicts[bead]
        assert verdict.state is State.HELD
        assert verdict.reasons == ("@octo has taken it over (by a commit); `/bead give` gives it back",)
        assert len(loop.runs()) == runs
        assert loop.git.text("rev-parse", f"bead/{bead}") == theirs
        given = loop.say(bead, "/bead give")
        drive(loop, coordinator)
        assert loop.signs(given) == ["eyes", "rocket"]
        assert about(loop, f"/pulls/{pull}")["merged"] is True
        assert about(loop, f"/issues/{bead}")["state"] == "closed"
        assert "by-hand.txt" in names(loop)
        assert [run.split()[2] for run in loop.runs()] == ["worker", "reviewer"]
        coordinator.close()


def test_a_run_that_is_under_way_is_ended_and_charged_to_nobody(tmp_path: Path) -> None:
    with open_loop(tmp_path / "world") as loop:
        coordinator = Coordinator(loop)
        bead, _ = published(loop, coordinator)
        coordinator.look()
        waiting = QuickRunner(loop, coordinator.grant).waiting()
        assert any(f"bead {bead} reviewer" in run.title for run in waiting)
        taken = loop.say(bead, "/bead take")
        drive(loop, coordinator)
        assert loop.signs(taken) == ["eyes", "rocket"]
        loop.clock.advance(timedelta(minutes=1))  # what a run leaves behind is waited for
        drive(loop, coordinator)
        claims = loop.claims()
        assert not claims.live
        assert (claims.of(bead).failures, claims.going.failures) == (0, 0)
        assert about(loop, f"/issues/{bead}")["state"] == "open"
        coordinator.close()


def test_a_commit_that_comes_before_a_run_publishes_wins(tmp_path: Path) -> None:
    with open_loop(tmp_path / "world") as loop:
        coordinator = Coordinator(loop)
        heads: list[str] = []

        def reached(point: Point, run: Waiting) -> None:
            if point == "publish" and " worker 3 " in run.title and not heads:
                heads.append(push(loop, bead, "by-hand.txt", tmp_path / "octo"))

        bead = loop.bead("Once more (finding)", "ready")
        decision = drive(loop, coordinator, QuickRunner(loop, coordinator.grant, reached=reached))
        assert decision.verdicts[bead].state is State.HELD
        assert loop.git.text("rev-parse", f"bead/{bead}") == heads[0]
        known = loop.claims().of(bead)
        assert (known.failures, known.rounds, known.stopped) == (0, 0, None)
        coordinator.close()


def test_whoever_took_it_over_may_merge_it_and_that_closes_it(tmp_path: Path) -> None:
    with open_loop(tmp_path / "world") as loop:
        coordinator = Coordinator(loop)
        bead, pull = published(loop, coordinator)
        loop.say(pull, "/bead take")
        push(loop, bead, "by-hand.txt", tmp_path / "octo")
        drive(loop, coordinator)
        loop.people.put(f"/repos/{NAME}/pulls/{pull}/merge", json={}).raise_for_status()
        drive(loop, coordinator)
        assert about(loop, f"/issues/{bead}")["state"] == "closed"
        assert any("`octo` had taken it over" in said for said in loop.comments(pull))
        assert bead not in loop.claims().history
        coordinator.close()


def test_a_closed_pull_request_is_opened_again_when_the_bead_is_given_back(tmp_path: Path) -> None:
    with open_loop(tmp_path / "world") as loop:
        coordinator = Coordinator(loop)
        bead, pull = published(loop, coordinator)
        loop.people.patch(f"/repos/{NAME}/pulls/{pull}", json={"state": "closed"}).raise_for_status()
        verdict = drive(loop, coordinator).verdicts[bead]
        assert verdict.state is State.HELD
        assert f"@octo has taken it over (by closing #{pull})" in verdict.reasons[0]
        loop.say(bead, "/bead give")
        drive(loop, coordinator)
        assert pulls(loop, "all") == [pull]
        assert about(loop, f"/pulls/{pull}")["merged"] is True
        assert loop.claims().of(bead).past == ()
        coordinator.close()


def test_without_its_branch_a_bead_that_is_given_back_begins_anew(tmp_path: Path) -> None:
    with open_loop(tmp_path / "world") as loop:
        coordinator = Coordinator(loop)
        bead, pull = published(loop, coordinator)
        loop.people.delete(f"/repos/{NAME}/git/refs/heads/bead/{bead}").raise_for_status()
        assert drive(loop, coordinator).verdicts[bead].state is State.HELD
        loop.say(pull, "/bead give")
        drive(loop, coordinator)
        assert about(loop, f"/pulls/{pull}")["merged"] is False
        assert about(loop, f"/issues/{bead}")["state"] == "closed"
        assert pulls(loop, "all")[-1] > pull
        coordinator.close()


def test_a_merge_is_undone_by_a_pull_request_and_its_bead_can_be_done_anew(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path / "world", record=exchange_log) as loop:
        coordinator = Coordinator(loop)
        bead = loop.bead("Plain", "ready")
        drive(loop, coordinator)
        (pull,) = pulls(loop, "all")
        waits = loop.bead("Waits", f"blocked-by:#{bead}")
        asked = loop.say(pull, "/bead undo")
        verdict = drive(loop, coordinator).verdicts[waits]
        assert loop.signs(asked) == ["eyes", "rocket"]
        revert = pulls(loop, "open")[0]
        assert about(loop, f"/pulls/{revert}")["title"] == 'Revert "Plain"'
        (told,) = (said for said in loop.comments(bead) if "asked to undo this" in said)
        assert f"`@octo` asked to undo this. #{revert} takes #{pull} back" in told
        again = next(one for one in loop.beads() if one.number == bead)
        assert (again.state, again.released) == ("open", False)
        assert verdict.state is State.HELD
        assert verdict.reasons == (f"@octo holds it: #{bead}, which it waited for, was undone",)
        checks = QuickRunner(loop, coordinator.grant)
        checks.run_all()
        loop.people.put(f"/repos/{NAME}/pulls/{revert}/merge", json={}).raise_for_status()
        assert "work" not in names(loop)
        loop.label(bead, "ready")
        drive(loop, coordinator)
        assert about(loop, f"/issues/{bead}")["state"] == "closed"
        assert "work" in names(loop)
        assert loop.claims().of(bead).past == (pull,)
        assert f"{bead} worker 1" in loop.runs()[-2]
        coordinator.close()
