"""When the coordinator looks: at once after a quiet time, then no more often than it breathes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.coordinator.actions import Action
from bot.coordinator.claims import Claims
from bot.coordinator.loop import Coordinator
from bot.coordinator.ports import EVERYTHING, NOTHING, Told
from bot.coordinator.snapshot import Press, Snapshot
from tests.unit.snapshots import look

NAME = "octo/sample"
BREATH = 0.3


class Repository:
    """A repository without beads; when it was looked at, and whether at its runs too. The first `failures`
    looks come to nothing."""

    def __init__(self, failures: int = 0) -> None:
        self.looks: list[tuple[float, bool]] = []
        self.told: list[Told] = []
        self.failures = failures

    async def observe(self, focus: frozenset[int] = frozenset(), *, told: Told = EVERYTHING) -> Snapshot:
        self.looks.append((asyncio.get_running_loop().time(), told.runs))
        self.told.append(told)
        if len(self.told) <= self.failures:
            raise OSError("nobody answers")
        return look(focus=focus)

    async def move_claims(self, before: str | None, claims: Claims) -> str:
        raise AssertionError(f"nothing is claimed here: {claims} after {before}")

    async def apply(self, actions: tuple[Action, ...]) -> tuple[str | None, ...]:
        raise AssertionError(f"nothing is done here: {actions}")


def watched(
    work: Callable[[Coordinator], Awaitable[None]], repository: Repository | None = None
) -> list[tuple[float, bool]]:
    """Let a coordinator watch while `work` wakes it; its looks from then on, in seconds."""

    repository = repository or Repository()

    async def run() -> list[tuple[float, bool]]:
        coordinator = Coordinator(lambda _: repository, lambda: datetime.now(UTC), settle=0, breath=BREATH)
        coordinator.wake(NAME)
        await asyncio.sleep(BREATH * 2)
        before, start = len(repository.looks), asyncio.get_running_loop().time()
        await work(coordinator)
        await coordinator.stop()
        return [(at - start, runs) for at, runs in repository.looks[before:]]

    return asyncio.run(run())


def test_the_first_wake_after_a_quiet_time_is_followed_at_once_and_a_burst_by_one_more_look() -> None:
    async def burst(coordinator: Coordinator) -> None:
        for _ in range(10):
            coordinator.wake(NAME, NOTHING)
            await asyncio.sleep(BREATH / 20)
        await asyncio.sleep(BREATH * 2)

    first, second = watched(burst)
    assert first[0] < BREATH / 2
    assert second[0] >= first[0] + BREATH


def test_one_wake_of_a_burst_that_is_about_runs_makes_the_look_one_at_runs() -> None:
    async def burst(coordinator: Coordinator) -> None:
        coordinator.wake(NAME, NOTHING)
        await asyncio.sleep(BREATH / 4)
        coordinator.wake(NAME)
        coordinator.wake(NAME, NOTHING)
        await asyncio.sleep(BREATH * 2)
        coordinator.wake(NAME, NOTHING)
        await asyncio.sleep(BREATH / 2)

    assert [runs for _, runs in watched(burst)] == [False, True, False]


def test_a_look_is_told_of_all_that_was_said_and_pressed_since_the_one_before() -> None:
    hold, review = Press("b" * 40, "hold", "ada"), Press("b" * 40, "review", "ada")

    async def burst(coordinator: Coordinator) -> None:
        coordinator.wake(NAME, NOTHING)
        await asyncio.sleep(BREATH / 4)
        coordinator.wake(NAME, Told(runs=False, talk=False, presses=(hold,)))
        coordinator.wake(NAME, Told(runs=False, talk=True))
        coordinator.wake(NAME, Told(runs=False, talk=False, presses=(review, hold)))
        await asyncio.sleep(BREATH * 2)

    repository = Repository()
    watched(burst, repository)
    assert repository.told[-1] == Told(runs=False, talk=True, presses=(hold, review))


def test_what_a_look_that_failed_was_told_of_is_not_lost() -> None:
    hold = Press("b" * 40, "hold", "ada")

    async def run() -> None:
        coordinator = Coordinator(lambda _: repository, lambda: datetime.now(UTC), settle=0, breath=0)
        coordinator.wake(NAME, Told(runs=False, talk=False, presses=(hold,)))
        await asyncio.sleep(2.3)
        await coordinator.stop()

    repository = Repository(failures=1)
    asyncio.run(run())
    assert repository.told[1] == Told(presses=(hold,))
