"""GitHub's own dependencies: those of people hold beads back, and those that labels say are shown."""

from __future__ import annotations

from pathlib import Path

import httpx

from bot.coordinator.decision import State
from bot.local.forge import world
from bot.local.forge.records import Account
from bot.local.forge.state import State as Forge
from tests.loop.drive import drive
from tests.loop.runner import QuickRunner
from tests.loop.world import NAME, Coordinator, Loop, open_loop


def database_id(people: httpx.Client, repository: str, number: int) -> int:
    return int(people.get(f"/repos/{repository}/issues/{number}").json()["id"])


def add_blocker(loop: Loop, number: int, blocker: int, repository: str = NAME) -> None:
    wanted = {"issue_id": database_id(loop.people, repository, blocker)}
    path = f"/repos/{NAME}/issues/{number}/dependencies/blocked_by"
    loop.people.post(path, json=wanted).raise_for_status()


def blockers(loop: Loop, number: int) -> set[int]:
    found = loop.get(f"/issues/{number}/dependencies/blocked_by")
    assert isinstance(found, list)
    return {one["number"] for one in found}


def close(loop: Loop, number: int, repository: str = NAME) -> None:
    loop.people.patch(f"/repos/{repository}/issues/{number}", json={"state": "closed"}).raise_for_status()


def plain_issue(loop: Loop, title: str, repository: str = NAME) -> int:
    answer = loop.people.post(f"/repos/{repository}/issues", json={"title": title})
    answer.raise_for_status()
    return int(answer.json()["number"])


def test_a_bead_waits_for_what_people_draw_here_and_elsewhere_and_goes_when_that_is_closed(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:

        def found(state: Forge) -> None:
            owner = loop.repository(state).owner_id
            world.create_repository(state, state.get(Account, owner), "library", files={"a": "b"})

        loop.forge.on(found)
        bead = loop.bead("Waits", "ready")
        here = plain_issue(loop, "Decide the format")
        there = plain_issue(loop, "Release the library", "octo/library")
        add_blocker(loop, bead, here)
        add_blocker(loop, bead, there, "octo/library")
        coordinator = Coordinator(loop)
        decision = drive(loop, coordinator)
        reasons = " ".join(decision.verdicts[bead].reasons)
        assert f"blocked by #{here}, which is open" in reasons
        assert f"blocked by octo/library#{there}, which is open" in reasons
        assert not loop.claims().history
        close(loop, here)
        decision = drive(loop, coordinator)
        assert [reason.split(",")[0] for reason in decision.verdicts[bead].reasons] == [
            f"blocked by octo/library#{there}"
        ]
        close(loop, there, "octo/library")
        drive(loop, coordinator)
        assert {one.state for one in loop.beads()} == {"closed"}
        coordinator.close()


def test_what_labels_say_is_shown_and_only_a_person_or_unblock_takes_it_away(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        first = loop.bead("First", "ready", "hold")
        second = loop.bead("Second", "ready", f"blocked-by:#{first}")
        coordinator = Coordinator(loop)
        drive(loop, coordinator)
        assert blockers(loop, second) == {first}

        # The label alone is taken off: nobody knows who drew the dependency, so it holds, and it is said how.
        loop.people.delete(f"/repos/{NAME}/issues/{second}/labels/blocked-by:%23{first}").raise_for_status()
        decision = drive(loop, coordinator)
        assert decision.verdicts[second].reasons[0].endswith("Relationships on the issue's page, removes it")
        assert blockers(loop, second) == {first}

        path = (
            f"/repos/{NAME}/issues/{second}/dependencies/blocked_by/{database_id(loop.people, NAME, first)}"
        )
        loop.people.delete(path).raise_for_status()
        drive(loop, coordinator)
        assert {one.number: one.state for one in loop.beads()} == {first: "open", second: "closed"}
        coordinator.close()


def test_a_refused_dependency_is_asked_for_once(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        first = loop.bead("First", "ready", "hold")
        second = loop.bead("Second", "ready", "hold", f"blocked-by:#{first}")
        asked: list[str] = []
        coordinator = Coordinator(loop, lambda: _Refusing(asked))
        for _ in range(3):
            coordinator.look()
        assert asked == [f"/repos/{NAME}/issues/{second}/dependencies/blocked_by"]
        coordinator.close()


class _Refusing(httpx.AsyncBaseTransport):
    """A network on which GitHub refuses dependencies."""

    def __init__(self, asked: list[str]) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._asked = asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/dependencies/blocked_by"):
            self._asked.append(request.url.path.removeprefix("/api/v3"))
            return httpx.Response(422, json={"message": "Validation Failed"}, request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def test_a_label_that_no_open_bead_needs_any_more_is_deleted(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        first = loop.bead("First", "ready")
        loop.bead("Second", "ready", f"blocked-by:#{first}")
        kept = loop.bead("Third", "ready", "hold", f"blocked-by:#{first}")
        noted = plain_issue(loop, "No bead")
        loop.label(noted, f"blocked-by:#{kept}", "blocked-by:#x")
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant)
        drive(loop, coordinator, runner)
        names = label_names(loop)
        assert f"blocked-by:#{first}" in names  # an open bead has it

        close(loop, kept)
        fresh = Coordinator(loop)
        drive(loop, fresh)
        assert f"blocked-by:#{first}" not in label_names(loop)
        assert f"blocked-by:#{kept}" in label_names(loop)  # an open issue has it
        assert "blocked-by:#x" in label_names(loop)

        close(loop, noted)
        last = Coordinator(loop)
        drive(loop, last)
        assert {name for name in label_names(loop) if name.startswith("blocked-by")} == {"blocked-by:#x"}
        for one in (coordinator, fresh, last):
            one.close()


def label_names(loop: Loop) -> set[str]:
    found = loop.get("/labels?per_page=100")
    assert isinstance(found, list)
    return {label["name"] for label in found}


def test_a_github_that_knows_no_dependencies_is_looked_at_without_them(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        first = loop.bead("First", "ready")
        loop.bead("Second", "ready", f"blocked-by:#{first}")
        asked: list[bool] = []
        coordinator = Coordinator(loop, lambda: _Older(asked))
        snapshot, decision = coordinator.look()
        coordinator.look()
        coordinator.close()
        assert not snapshot.knows_native
        assert {bead for bead, verdict in decision.verdicts.items() if verdict.state is State.RUNNING} == {
            first
        }
        assert asked == [True]
        assert blockers(loop, first + 1) == set()


class _Older(httpx.AsyncBaseTransport):
    """A network with an older GitHub behind it."""

    def __init__(self, asked: list[bool]) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._asked = asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if b"blockedBy" in request.content:
            self._asked.append(True)
            fault = {"message": "Field 'blockedBy' doesn't exist on type 'Issue'"}
            return httpx.Response(200, json={"errors": [fault]}, request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
