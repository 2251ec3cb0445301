"""A late worker: its claim was given up and the bead went to another, and then it goes on.

Each case holds one run (the late one) at a point of its job, takes its claim away, brings the bead as far as
`then` says, and lets the late one go on to its end. What is on the forge before and after must be the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx
import pytest

from bot.coordinator.claims import LOST_DISPATCH, read_run_name
from bot.coordinator.job_port import STAGING
from bot.local.forge import actions, records
from bot.local.forge.state import State
from tests.loop.claims_audit import assert_fenced
from tests.loop.drive import drive
from tests.loop.pauses import PausingJob
from tests.loop.runner import Point, QuickRunner, Waiting
from tests.loop.world import NAME, Coordinator, Loop, open_loop

Held = Literal["prepare", "agent", "upload", "publish", "looks", "moves"]
Freed = Literal["lost", "cancelled"]
Then = Literal["claimed", "published", "settled", "merged", "closed"]
ATTEMPTS = {"worker": ("Fresh", 1), "reviewer": ("Fresh", 2), "correction": ("Corrected (finding)", 3)}


@dataclass(frozen=True)
class Late:
    """One interleaving.

    Attributes:
        late: what the late run is: the first worker, one that corrects an open pull request, or a reviewer.
        held: where it is held: before a step of its job; with the broker's token in hand, when it first looks
            (``looks``); with its objects staged, when it is about to move the refs (``moves``).
        freed: how its claim ended: GitHub shows no run for it, or says that the run was cancelled.
        then: how far the bead has come meanwhile.
        pushed: whether a person has pushed to the branch, and given the bead back, before the other run was
            claimed.
    """

    late: Literal["worker", "correction", "reviewer"]
    held: Held
    freed: Freed
    then: Then
    pushed: bool = False

    def __str__(self) -> str:
        return "-".join((self.late, self.held, self.freed, self.then, *(["pushed"] if self.pushed else [])))


CASES = (
    Late("worker", "prepare", "lost", "claimed"),
    Late("worker", "agent", "cancelled", "settled"),
    Late("worker", "upload", "lost", "merged"),
    Late("worker", "publish", "cancelled", "published"),
    Late("worker", "looks", "lost", "published"),
    Late("worker", "looks", "cancelled", "closed"),
    Late("worker", "moves", "lost", "claimed"),
    Late("worker", "moves", "cancelled", "merged"),
    Late("correction", "agent", "lost", "merged"),
    Late("correction", "looks", "lost", "settled", pushed=True),
    Late("correction", "moves", "cancelled", "published"),
    Late("reviewer", "publish", "lost", "closed"),
    Late("reviewer", "looks", "cancelled", "merged"),
    Late("reviewer", "moves", "lost", "published"),
    Late("reviewer", "moves", "lost", "settled", pushed=True),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_of_a_late_run_takes_effect(tmp_path: Path, case: Late) -> None:
    title, attempt = ATTEMPTS[case.late]
    with open_loop(tmp_path) as loop:
        number = loop.bead(title, "ready")
        with coordinator(loop) as first:
            run = claimed(loop, first, attempt)
        token = run.title.split()[-1]
        hidden = {token} if case.freed == "lost" else set()
        with coordinator(loop, lambda: Blind(hidden)) as other:
            pictures: list[dict[str, list[str]]] = []

            def meanwhile() -> None:
                free(loop, other, run, case)
                bring(loop, other, number, case.then)
                pictures.append(picture(loop))

            reached: list[str] = []
            held(loop, other, case.held, meanwhile, reached).execute(run)
            hidden.clear()
            assert len(pictures) == 1
            assert picture(loop) == pictures[0]
            if case.held == "prepare":
                assert "agent" not in reached
            if case.then != "closed":
                drive(loop, other)
        assert token not in json.dumps({**picture(loop), "refs": []})
        assert STAGING not in loop.git.text("for-each-ref")
        assert_fenced(loop.claims_history(), 3, loop.runs())
        assert [bead.state for bead in loop.beads()] == ["closed"]
        assert loop.claims().history == {}


def test_a_run_that_is_started_again_by_hand_takes_no_effect(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        loop.bead("Again", "ready")
        with coordinator(loop) as one:
            run = claimed(loop, one, 1)
            QuickRunner(loop, one.grant).execute(run)
            before = picture(loop)

            def again(state: State) -> None:
                record = state.get(records.Run, run.id)
                actions.rerun(state, state.get(records.Account, record.actor_id), record)

            loop.forge.on(again)
            reached: list[str] = []
            QuickRunner(loop, one.grant, reached=lambda point, _: reached.append(point)).execute(run)
            assert "agent" not in reached
            assert picture(loop) == before
            drive(loop, one)
        assert [bead.state for bead in loop.beads()] == ["closed"]


# -- the pieces of a case ------------------------------------------------------------------------------------


class Blind(httpx.AsyncBaseTransport):
    """The network of a coordinator to which GitHub does not list the runs of some tokens."""

    def __init__(self, hidden: set[str]) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._hidden = hidden

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        response = await self._inner.handle_async_request(request)
        if not request.url.path.endswith("/beadwright.yml/runs"):
            return response
        listed = json.loads(await response.aread())
        runs = listed["workflow_runs"]
        shown = [run for run in runs if run["display_title"].split()[-1] not in self._hidden]
        return httpx.Response(200, json={**listed, "workflow_runs": shown}, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


@contextmanager
def coordinator(
    loop: Loop, transport: Callable[[], httpx.AsyncBaseTransport] | None = None
) -> Iterator[Coordinator]:
    """A coordinator that is closed in the end."""
    made = Coordinator(loop, transport)
    try:
        yield made
    finally:
        made.close()


def claimed(loop: Loop, one: Coordinator, attempt: int) -> Waiting:
    """Go on until this attempt is queued, and leave it so."""
    runner = QuickRunner(loop, one.grant)
    for _ in range(30):
        one.look()
        for run in runner.waiting():
            name = read_run_name(run.title)
            if name is not None and name[2] == attempt:
                return run
            runner.execute(run)
    raise AssertionError(f"attempt {attempt} was never dispatched")


def held(
    loop: Loop, one: Coordinator, point: Held, meanwhile: Callable[[], None], reached: list[str]
) -> QuickRunner:
    """A machine that stands still once, at this point."""

    def at(what: str) -> None:
        reached.append(what)
        if what == point and reached.count(what) == 1:
            meanwhile()

    def step(what: Point, _run: Waiting) -> None:
        at(what)

    def request(what: str) -> None:
        at({"read": "looks", "mutation MoveRefs": "moves"}.get(what, what))

    return QuickRunner(loop, one.grant, reached=step, transport=lambda: PausingJob(request))


def free(loop: Loop, other: Coordinator, run: Waiting, case: Late) -> None:
    """End the late run's claim; the pass that does so claims the bead for the next run where it can."""
    if case.pushed:
        bead = run.title.split()[1]
        wanted = {"message": "By hand", "content": "eAo=", "branch": f"bead/{bead}"}
        loop.people.put(f"/repos/{NAME}/contents/by-hand.txt", json=wanted).raise_for_status()
    if case.freed == "cancelled":
        loop.forge.on(lambda state: actions.finish_run(state, state.get(records.Run, run.id), "cancelled"))
        loop.clock.advance(timedelta(seconds=11))
    else:
        loop.clock.advance(LOST_DISPATCH)
    other.look()
    live = loop.claims().live.values()
    assert all(claim.token not in run.title for claim in live)
    if case.pushed:  # which took the bead over
        loop.say(int(run.title.split()[1]), "/bead give")


def bring(loop: Loop, other: Coordinator, number: int, then: Then) -> None:
    """Bring the bead on."""
    runner = QuickRunner(loop, other.grant)
    if then == "closed":
        loop.people.patch(f"/repos/{NAME}/issues/{number}", json={"state": "closed"}).raise_for_status()
        loop.people.delete(f"/repos/{NAME}/git/refs/heads/bead/{number}")
        runner.run_all()
        drive(loop, other, runner)
        return
    if then == "merged":
        drive(loop, other, runner)
        assert [bead.state for bead in loop.beads()] == ["closed"]
        return
    while number not in loop.claims().live:  # after a push its checks come first
        runner.run_all()
        other.look()
    if then != "claimed":
        runner.run_all()
        assert loop.claims().live[number].stage == "published"
    if then == "settled":
        other.look()


def picture(loop: Loop) -> dict[str, list[str]]:
    """Everything on the forge but runs and their logs, artifacts and check runs, and what is only staged."""
    kinds = (
        records.Issue,
        records.Label,
        records.Comment,
        records.Pull,
        records.Review,
        records.Thread,
        records.ReviewComment,
        records.TimelineEvent,
        records.ContentEdit,
        records.Reaction,
        records.CommitStatus,
    )

    def take(state: State) -> dict[str, list[str]]:
        return {kind.__name__: [one.model_dump_json() for one in state.all(kind)] for kind in kinds}

    found = loop.forge.on(take)
    refs = loop.git.text("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return found | {"refs": [line for line in refs if not line.startswith(STAGING)]}
