"""Run the demo: build the world, start the coordinator as its own process, follow the board to the end."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from bot.beads.bd.reading import PlannedIssue
from bot.beads.policy import POLICY_PATH, Policy
from bot.beads.policy_file import load_policy
from bot.coordinator.claims import CLAIMS_REF, Claims, read_claims
from bot.local.demo import board
from bot.local.demo.build import DemoError, DemoWorld, build_world, client, export_action, protect
from bot.local.demo.paid import dollars, standstill
from bot.local.demo.result import BeadResult, Requests, requests_per_bead
from bot.local.forge.serve import Attachment, RunningForge, running
from bot.local.runner.runner import Runner

STALL = 180.0
"""Seconds without any change on the board, beside what a model may take, after which all is not well."""
PATIENCE = 15.0
"""Seconds without any change after which the claims are looked at: is it money that is missing?"""
PORTS = range(20_000, 32_000)
"""Below those that Linux, macOS and Windows give to whoever asks for any."""

Import = Callable[[httpx.Client, str, tuple[PlannedIssue, ...]], dict[str, int]]
Follow = Callable[[tuple[board.Card, ...], str], None]


@dataclass(frozen=True, slots=True)
class DemoParts:
    """What the command puts in, because rooms do not know each other.

    `import_issues` creates issues and gives their numbers; `coordinator` is the command that serves on a
    port; `tool_cache` fills the folder that runners find their tools in; `files` is what the repository
    starts with, `secrets` are its Actions secrets: they are written nowhere.
    """

    import_issues: Import
    coordinator: Callable[[int], list[str]]
    tool_cache: Callable[[Path], None]
    path: str
    files: Mapping[str, bytes]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """How it ended. `merges` are bead numbers in merge order; `ids` maps plan ids to numbers."""

    beads: list[BeadResult]
    requests_per_merged_bead: Requests
    merges: list[int]
    ids: dict[str, int]
    seconds: float
    folder: Path
    dollars: float


async def run_demo(
    folder: Path,
    plan: tuple[PlannedIssue, ...],
    parts: DemoParts,
    *,
    release_all: bool,
    minutes: float,
    follow: Follow,
) -> DemoResult:
    """Work a plan off to the last merge.

    Args:
        folder: empty; the forge, its logs and the exchange log are kept in it.
        plan: what to import.
        parts: the wiring.
        release_all: label every open bead `ready`; otherwise only epics, which release their children.
        minutes: when to give up.
        follow: is shown the board whenever it changes, and what the demo's maintainer does.

    Raises DemoError when it stalls, the coordinator dies, or time is up.
    """
    started = time.monotonic()
    policy = load_policy(parts.files[POLICY_PATH].decode())
    log = folder / "exchanges.jsonl"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    action = export_action(folder / "action")
    parts.tool_cache(folder / "tools")
    jobs = attached_runner(action, folder / "tools", parts.path, parts.secrets)
    async with running(folder / "forge", record=log, attach=[jobs]) as forge:
        secret = secrets.token_hex(20)
        built = build_world(forge.state, coordinator_url=url, webhook_secret=secret, files=parts.files)
        await asyncio.to_thread(protect, forge.base_url, built, url)
        async with coordinator(folder, built, forge.base_url, parts, port) as process:
            follow((), f"Its pages, in a browser: {forge.base_url}/{built.name}")
            with client(forge.base_url, built.maintainer_token) as api:
                ids = await asyncio.to_thread(parts.import_issues, api, built.name, plan)
                chosen = [
                    issue for issue in plan if not issue.closed and (release_all or "epic" in issue.labels)
                ]
                what = "all of them" if release_all else "the epic"
                told = f"@maya has made {len(plan)} beads, and labels {what} `ready`"
                follow(board.cards(forge.state, built.repository), told)
                await asyncio.to_thread(release, api, built.name, [ids[issue.id] for issue in chosen])
                deadline = started + minutes * 60
                await _until_done(forge, built, api, process, deadline, follow, folder, policy)
        beads = board.results(forge.state, built.repository)
        merged = [bead for bead in beads if bead["merge_commit"]]
        return DemoResult(
            beads=beads,
            requests_per_merged_bead=requests_per_bead(log, len(merged)),
            merges=board.merge_order(forge.state, built.repository),
            ids=ids,
            seconds=time.monotonic() - started,
            folder=folder,
            dollars=dollars(_claims(forge, built)),
        )


def attached_runner(
    action: Path, tool_cache: Path, path: str, secrets: Mapping[str, str] | None = None
) -> Attachment:
    """A runner beside a forge: jobs that say `uses: beadwright/beadwright@…` get the folder `action`."""

    @asynccontextmanager
    async def attach(forge: RunningForge) -> AsyncIterator[Runner]:
        runner = Runner(
            forge.state,
            forge.base_url,
            actions={"beadwright/beadwright": action},
            tool_cache=tool_cache,
            path=path,
            secrets=secrets,
        )
        await runner.start()
        try:
            yield runner
        finally:
            await runner.stop()

    return attach


async def _until_done(
    forge: RunningForge,
    built: DemoWorld,
    api: httpx.Client,
    process: subprocess.Popen[bytes],
    deadline: float,
    follow: Follow,
    folder: Path,
    policy: Policy,
) -> None:
    last: tuple[board.Card, ...] = ()
    changed = looked = time.monotonic()
    stall = STALL + 60 * policy.engine.minutes * (policy.engine.name != "command")
    while True:
        cards = board.cards(forge.state, built.repository)
        now = time.monotonic()
        if cards != last:
            follow(cards, "")
            last, changed = cards, now
        new = [
            card.number for card in cards if card.state == "planned" and not card.is_epic and not card.child
        ]
        if policy.engine.name != "command":  # what a model found besides is there to read, not to pay for
            cards = tuple(card for card in cards if card.number not in new)
            new = []
        over = all(card.state in ("done", "dropped") for card in cards)
        if over and not board.under_way(forge.state, built.repository):
            return
        if new:
            follow(cards, f"@maya releases {', '.join(f'#{number}' for number in new)}")
            await asyncio.to_thread(release, api, built.name, new)
        if process.poll() is not None:
            raise DemoError(f"The coordinator ended ({process.returncode}); see {folder / 'coordinator.log'}")
        stuck = [f"#{card.number}" for card in cards if card.state == "needs-human"]
        if stuck and all(card.state in ("done", "dropped", "needs-human", "waiting") for card in cards):
            raise DemoError(f"{', '.join(stuck)} needs a person; see {folder / 'coordinator.log'}")
        if now - max(changed, looked) > PATIENCE:
            looked = now
            today = datetime.now(UTC)
            end = today + timedelta(seconds=deadline - now)
            reason = standstill(await asyncio.to_thread(_claims, forge, built), policy, today, end)
            if reason is not None:
                raise DemoError(reason)
        if now - changed > stall or now > deadline:
            raise DemoError(
                f"Nothing moved for {now - changed:.0f} s; see {folder / 'coordinator.log'} "
                f"and {folder / 'forge' / 'logs'}"
            )
        await asyncio.sleep(0.2)


def _claims(forge: RunningForge, built: DemoWorld) -> Claims:
    """The claims document, as the bare repository has it."""
    shown = ["git", "-C", str(forge.state.git_dir(built.repository)), "log", "-1", "--format=%B", CLAIMS_REF]
    done = subprocess.run(shown, capture_output=True, text=True, check=False)
    return read_claims(done.stdout if done.returncode == 0 else None)


def release(api: httpx.Client, name: str, numbers: Iterable[int]) -> None:
    """Label issues `ready`, as a person would."""
    for number in numbers:
        answer = api.post(f"/repos/{name}/issues/{number}/labels", json={"labels": ["ready"]})
        if answer.is_error:
            raise DemoError(f"#{number} could not be labelled `ready`: {answer.text}")


@asynccontextmanager
async def coordinator(
    folder: Path, built: DemoWorld, forge_url: str, parts: DemoParts, port: int
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The coordinator as a process of its own, with nothing in its environment but its settings."""
    key = folder / "app.pem"
    key.touch(mode=0o600)
    key.write_text(built.key, encoding="utf-8")
    environment = {
        "PATH": parts.path,
        "HOME": str(folder),
        "BEADWRIGHT_API_URL": f"{forge_url}/api/v3",
        "BEADWRIGHT_URL": f"http://127.0.0.1:{port}",
        "BEADWRIGHT_OIDC_ISSUER": f"{forge_url}/_oidc",
        "BEADWRIGHT_APP_ID": str(built.app.id),
        "BEADWRIGHT_PRIVATE_KEY_FILE": str(key),
        "BEADWRIGHT_WEBHOOK_SECRET": built.webhook_secret,
    }
    with (folder / "coordinator.log").open("wb") as log:
        process = subprocess.Popen(
            parts.coordinator(port),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        await _listening(process, port, folder)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _listening(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise DemoError(f"The coordinator did not start; see {folder / 'coordinator.log'}")


def free_port() -> int:
    """A port that nobody has right now, and that no system hands out to whoever asks for any."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise DemoError(f"no port from {PORTS[0]} to {PORTS[-1]} is free; end what listens there")


def search_path(first: Path) -> str:
    """A PATH for jobs: our own programs, then the machine's."""
    return os.pathsep.join([str(first), os.environ.get("PATH", "/usr/bin:/bin")])
