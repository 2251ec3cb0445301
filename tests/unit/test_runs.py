"""When the list of runs is read, and what stands in for it in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.coordinator.claims import Claim, Claims, run_name
from bot.coordinator.snapshot import Run
from bot.github.client import Dispatched
from bot.github.runs import GONE, KEPT, RunReader
from tests.unit.test_github_calls import NOW, Server, ok

RUNS = "GET /api/v3/repos/o/r/actions/workflows/beadwright.yml/runs"
TOKEN, OTHER = "1" * 32, "2" * 32


def listed(token: str, bead: int = 5, status: str = "in_progress") -> dict[str, object]:
    return {
        "id": bead * 100,
        "display_title": run_name(bead, "worker", 1, token),
        "status": status,
        "conclusion": "success" if status == "completed" else None,
        "html_url": f"https://ghe.test/o/r/actions/runs/{bead * 100}",
        "created_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
    }


def claims(*tokens: str, **changes: object) -> Claims:
    made = {
        bead: Claim.model_validate(
            {"role": "worker", "attempt": 1, "token": token, "base": "b" * 40, "since": NOW} | changes
        )
        for bead, token in enumerate(tokens, start=5)
    }
    return Claims(live=made)


class World:
    """A reader over a server with one run of bead 5."""

    def __init__(self, *runs: dict[str, object]) -> None:
        self.server = Server().on(RUNS, ok({"workflow_runs": list(runs)}))
        self.installation = self.server.installation()
        self.reader = RunReader(self.installation, "o/r")

    def look(self, held: Claims, *, fresh: bool) -> tuple[Run, ...]:
        return asyncio.run(self.reader.of(held, fresh=fresh))

    @property
    def lists(self) -> int:
        return sum(path.endswith("/runs") for _, path, _ in self.server.asked)


def test_a_look_that_has_no_reason_to_goes_by_the_last_list() -> None:
    world = World(listed(TOKEN))
    (first,) = world.look(claims(TOKEN), fresh=False)
    assert (first.id, first.done, world.lists) == (500, False, 1)
    assert world.look(claims(TOKEN), fresh=False) == (first,)
    assert world.lists == 1
    world.look(claims(TOKEN), fresh=True)
    assert world.lists == 2


def test_the_last_list_does_not_stand_for_ever() -> None:
    world = World(listed(TOKEN))
    world.look(claims(TOKEN), fresh=True)
    world.server.now = NOW + KEPT
    world.look(claims(TOKEN), fresh=False)
    assert world.lists == 2


def test_a_claim_whose_run_nobody_has_told_of_is_looked_for_every_time() -> None:
    world = World(listed(TOKEN))
    for count in (1, 2, 3):
        assert [run.id for run in world.look(claims(TOKEN, OTHER), fresh=False)] == [500]
        assert world.lists == count


def test_what_github_said_to_the_dispatch_stands_in_until_the_next_list() -> None:
    world = World(listed(TOKEN))
    world.look(claims(TOKEN), fresh=True)
    told = Dispatched(OTHER, run_name(6, "worker", 1, OTHER), "https://ghe.test/o/r/actions/runs/600")
    world.installation.app.note_dispatch(600, told)
    found = {run.token: (run.id, run.done) for run in world.look(claims(TOKEN, OTHER), fresh=False)}
    assert found == {TOKEN: (500, False), OTHER: (600, False)}
    assert world.lists == 1
    # A list that does not show it is right: only so is a dispatch that came to nothing ever let go.
    assert [run.token for run in world.look(claims(TOKEN, OTHER), fresh=True)] == [TOKEN]


def test_while_a_report_is_on_its_way_the_list_is_read_again() -> None:
    world = World(listed(TOKEN, status="completed"))
    world.look(claims(TOKEN), fresh=True)
    world.server.now = NOW + timedelta(seconds=3)
    world.look(claims(TOKEN), fresh=False)
    assert world.lists == 2


def test_a_report_that_says_no_more_than_the_claim_is_not_read() -> None:
    world = World(listed(TOKEN, status="completed"))
    published = claims(TOKEN, stage="published", outcome="pr", head="a" * 40, run_id=500, cost=0)
    (run,) = world.look(published, fresh=True)
    assert (run.done, run.artifacts_read, run.report) == (True, True, None)
    assert not any("artifacts" in path for _, path, _ in world.server.asked)


JOBS = "GET /api/v3/repos/o/r/actions/runs/500/jobs"


def test_a_publish_job_that_died_is_found_and_looked_for_again_each_time_until_it_is_over() -> None:
    died = listed(TOKEN, status="completed") | {"conclusion": "failure"}
    world = World(died)
    jobs = [{"id": 1, "name": "agent", "conclusion": "success"}, {"id": 2, "name": "publish"}]
    world.server.on(JOBS, ok({"jobs": jobs}))
    published = claims(TOKEN, stage="published", outcome="pr", head="a" * 40, run_id=500, cost=0)
    (run,) = world.look(published, fresh=True)
    assert (run.attempt, run.unpublished) == (1, 2)

    again = died | {"run_attempt": 2, "conclusion": "success"}
    world.server.on(RUNS, ok({"workflow_runs": [again]}))
    (run,) = world.look(published, fresh=False)
    assert (run.attempt, run.unpublished) == (2, None)


def test_a_report_that_is_gone_is_not_asked_for_in_every_look() -> None:
    world = World()
    world.server.on("GET /api/v3/repos/o/r/actions/runs/500/artifacts", ok({"artifacts": []}))

    def asked() -> int:
        assert asyncio.run(world.reader.kept_report(500)) is None
        return sum(path.endswith("/artifacts") for _, path, _ in world.server.asked)

    assert [asked(), asked(), asked()] == [1, 1, 1]
    world.server.now += GONE
    assert asked() == 2
