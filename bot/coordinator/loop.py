"""The shell around `decide`: observe, decide, apply, again. One pass at a time per repository.

A pass that loses the race for the claims ref starts over with what is true then. Every effect is safe to
repeat, so a crash anywhere costs one more pass and nothing else.

What a decision does before its move of the claims, the loser of a race has done as well. It puts its comments
right: it says them again, as is true now, and saying deletes twins; one that the claims know nothing of goes.
The winner had said its own before it moved the claims, so one comment stays, and it says what the claims
remember of it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.coordinator.actions import Action, Say
from bot.coordinator.decide import decide
from bot.coordinator.decision import Decision
from bot.coordinator.people import as_remembered
from bot.coordinator.ports import EVERYTHING, NOTHING, ClaimsMoved, Clock, GitHub, NotBefore, Told, Unsure
from bot.coordinator.snapshot import Snapshot

log = logging.getLogger(__name__)
RACES = 10
RESYNC = timedelta(minutes=10)


class NotKnown(Exception):
    """Whether an action took effect is not known; nothing that rests on it was done. Look again."""


async def one_pass(github: GitHub, clock: Clock, *, told: Told = EVERYTHING) -> tuple[Snapshot, Decision]:
    """Look at one repository and do what the look calls for; `told` is what may have changed there.

    Returns the last snapshot and decision. Raises ClaimsMoved when the claims ref was lost to others
    `RACES` times in a row, NotKnown when the answer to an action was lost, and whatever the port raises when
    GitHub cannot be reached.
    """
    focus: frozenset[int] = frozenset()
    doubted: dict[tuple[int, str], Say] = {}
    for _ in range(RACES):
        snapshot = await github.observe(focus, told=told)
        decision = decide(snapshot, clock(), fresh_tokens(snapshot.policy.runs))
        if decision.focus - snapshot.focus:
            # What cannot be undone is decided on facts read for just that.
            focus = decision.focus
            continue
        said = _said(decision)
        claims = decision.claims or snapshot.claims
        again = tuple(
            true for key, say in doubted.items() if key not in said for true in as_remembered(say, claims)
        )
        decision = replace(decision, before=(*decision.before, *again))
        try:
            await _carry_out(github, snapshot, decision)
        except ClaimsMoved:
            doubted |= said
            continue
        return snapshot, decision
    raise ClaimsMoved(f"the claims ref was lost to others {RACES} times in a row")


def _said(decision: Decision) -> dict[tuple[int, str], Say]:
    return {(say.number, say.marker): say for say in decision.before if isinstance(say, Say)}


def fresh_tokens(count: int) -> list[str]:
    """Fencing tokens that nobody has seen."""
    return [secrets.token_hex(16) for _ in range(count)]


async def _carry_out(github: GitHub, snapshot: Snapshot, decision: Decision) -> None:
    """The claims move only when everything before them is known to have happened, or to be refused: a claim
    that is settled is not looked at again, so what its report asks for must not be lost with an answer."""
    await _apply(github, snapshot, decision.before)
    if decision.claims is not None:
        await github.move_claims(snapshot.claims_commit, decision.claims)
    await _apply(github, snapshot, decision.after)


async def _apply(github: GitHub, snapshot: Snapshot, actions: tuple[Action, ...]) -> None:
    if not actions:
        return
    unsure: list[str] = []
    for action, answer in zip(actions, await github.apply(actions), strict=True):
        if answer is None:
            continue
        name = type(action).__name__
        log.warning("%s: %s did not take effect: %s", snapshot.repository, name, answer)
        if isinstance(answer, Unsure):
            unsure.append(f"{name}: {answer}")
    if unsure:
        raise NotKnown("; ".join(unsure))


class Coordinator:
    """Runs passes for repositories when they are woken, when time has come, and every `RESYNC`.

    Wakes of a repository whose pass is running coalesce into one more pass after it, and so do those that
    come within a `breath` of its start: what one job does tells of itself in several events. The first wake
    after a quiet time is followed at once.

    Args:
        connect: gives the port for a repository (``owner/name``).
        clock: the present.
        settle: how long to gather wakes before a pass, in seconds.
        breath: how long after a pass has started the next one that was woken starts at the earliest.
        seen: is told every decision; for status pages and the demo's board.
    """

    def __init__(
        self,
        connect: Callable[[str], GitHub],
        clock: Clock,
        *,
        settle: float = 0.05,
        breath: float = 1.0,
        seen: Callable[[str, Decision], None] | None = None,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._settle = settle
        self._breath = breath
        self._seen = seen
        self._wakes: dict[str, asyncio.Event] = {}
        self._told: dict[str, Told] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self, repository: str, told: Told = EVERYTHING) -> None:
        """Look at this repository soon, and there at what was told of."""
        self._tell(repository, told)
        if repository not in self._tasks:
            self._wakes[repository] = asyncio.Event()
            self._tasks[repository] = self._start(self._watch(repository))
        self._wakes[repository].set()

    def _tell(self, repository: str, told: Told) -> None:
        self._told[repository] = self._told.get(repository, NOTHING) | told

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def stop(self) -> None:
        """End after the effects under way; what was not done is found by the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _watch(self, repository: str) -> None:
        github = self._connect(repository)
        wake = self._wakes[repository]
        loop = asyncio.get_running_loop()
        failures = 0
        seconds = 0.0
        started = -self._breath
        while True:
            try:
                await asyncio.wait_for(wake.wait(), seconds)
            except TimeoutError:
                if seconds:  # nobody told of anything for a while: everything is looked at
                    self._tell(repository, Told(runs=True, talk=False))
            else:
                await asyncio.sleep(max(self._settle, started + self._breath - loop.time()))
            started = loop.time()
            wake.clear()
            told = self._told.pop(repository, NOTHING)
            try:
                _, decision = await one_pass(github, self._clock, told=told)
            except NotBefore as limit:
                seconds = max(1.0, (limit.until - self._clock()).total_seconds())
                log.warning("%s: GitHub asks to wait until %s", repository, limit.until.isoformat())
                await asyncio.sleep(seconds)
                self.wake(repository, told | EVERYTHING)
                continue
            except Exception:
                # A pass that failed is tried again, later each time; the next one repairs what it left.
                failures += 1
                self._tell(repository, told | EVERYTHING)
                seconds = min(300.0, 2.0**failures)
                log.exception("%s: the pass failed; the next one is in %d s", repository, seconds)
                continue
            failures = 0
            if self._seen is not None:
                self._seen(repository, decision)
            seconds = self._until(decision)

    def _until(self, decision: Decision) -> float:
        if decision.next_look is None:
            return RESYNC.total_seconds()
        wait = (decision.next_look - self._clock()).total_seconds()
        return min(RESYNC.total_seconds(), max(0.0, wait))
