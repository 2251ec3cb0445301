"""From the delivery of `labeled ready` to the answer of the dispatch call, with a forge on this machine.

Beads are released one by one while everything is quiet; no runner takes what is dispatched, so that the two
cores belong to the forges and the coordinators. There are two of each: in one world a run that plans is under
way as well.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.table import Figure, percentile
from benchmarks.world import answering_parts, beads
from bot.local.demo.build import build_world, client, protect
from bot.local.demo.run import coordinator, free_port, release
from bot.local.forge.records import Delivery
from bot.local.forge.serve import RunningForge, running

COUNT = 15
QUIET = 1.2
"""Seconds without an exchange after which nothing is under way: longer than the coordinator's breath."""


def figures() -> Iterator[Figure]:
    """In milliseconds, of one release after another, with and without a plan in turn."""
    with tempfile.TemporaryDirectory(prefix="beadwright-bench-") as folder:
        alone, beside = asyncio.run(_measure(Path(folder)))
    median, with_plan = percentile(alone, 0.5), percentile(beside, 0.5)
    yield Figure(f"`labeled ready` delivered to dispatched, median of {COUNT}", median, "ms", 250)
    yield Figure(f"the same, 99th percentile of {COUNT}", percentile(alone, 0.99), "ms")
    yield Figure(f"the same beside a run that plans, median of {COUNT}", with_plan, "ms", 250)
    yield Figure("that median in terms of the other", 100 * with_plan / median, "%")


async def _measure(folder: Path) -> tuple[list[float], list[float]]:
    """In two worlds side by side, so that whatever else the machine does is felt in both."""
    async with _world(folder / "alone") as alone, _world(folder / "beside") as beside:
        await beside.plan()
        for place in range(COUNT):
            for one in (alone, beside):
                await one.release(place)
        return alone.found(), beside.found()


@dataclass(frozen=True)
class _World:
    """A forge and its coordinator; `beads` are released, `goal` is planned."""

    forge: RunningForge
    log: Path
    api: httpx.Client
    name: str
    goal: int
    beads: Sequence[int]

    async def plan(self) -> None:
        """Have a run that plans under way."""
        said = {"body": "/bead plan"}
        path = f"/repos/{self.name}/issues/{self.goal}/comments"
        (await asyncio.to_thread(self.api.post, path, json=said)).raise_for_status()
        await _until_dispatched(self.log, self.goal)

    async def release(self, place: int) -> None:
        """Release a bead when nothing is under way, and wait for its dispatch."""
        await _quiet(self.log)
        await asyncio.to_thread(release, self.api, self.name, [self.beads[place]])
        await _until_dispatched(self.log, self.beads[place])

    def found(self) -> list[float]:
        """From the delivery to the dispatch, for each bead, in milliseconds."""
        delivered, dispatched = _deliveries(self.forge), _dispatches(self.log)
        return [(dispatched[bead] - at).total_seconds() * 1000 for bead, at in sorted(delivered.items())]


@asynccontextmanager
async def _world(folder: Path) -> AsyncIterator[_World]:
    folder.mkdir()
    parts = answering_parts(workers=100)
    log, port = folder / "exchanges.jsonl", free_port()
    url = f"http://127.0.0.1:{port}"
    async with running(folder / "forge", record=log) as forge:
        secret = secrets.token_hex(20)
        built = build_world(forge.state, coordinator_url=url, webhook_secret=secret, files=parts.files)
        await asyncio.to_thread(protect, forge.base_url, built, url)
        async with coordinator(folder, built, forge.base_url, parts, port):
            with client(forge.base_url, built.maintainer_token) as api:
                every = await asyncio.to_thread(parts.import_issues, api, built.name, beads(COUNT + 1))
                goal, *numbers = every.values()
                yield _World(forge, log, api, built.name, goal, numbers)
                await _quiet(log)


async def _quiet(log: Path) -> None:
    size = -1
    while size != log.stat().st_size:
        size = log.stat().st_size
        await asyncio.sleep(QUIET)


async def _until_dispatched(log: Path, bead: int) -> None:
    for _ in range(600):
        if bead in _dispatches(log):
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"#{bead} was not dispatched within 30 s")


def _deliveries(forge: RunningForge) -> dict[int, datetime]:
    """When the label `ready` on each bead was told to the coordinator."""
    return {
        one.payload["issue"]["number"]: one.delivered_at
        for one in forge.state.all(Delivery)
        if (one.event, one.action) == ("issues", "labeled") and one.payload["label"]["name"] == "ready"
    }


def _dispatches(log: Path) -> dict[int, datetime]:
    """When the dispatch for each bead was answered."""
    with log.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines if "/dispatches" in line]
    return {
        int(one["request"]["inputs"]["bead"]): datetime.fromisoformat(one["at"])
        for one in found
        if one["path"].endswith("/dispatches")
    }
