"""A town to walk through: a forge with its pages, runs by `act`, the coordinator as a process of its own.

A test moves nothing in it but by what people have: pages, git and tokens of their own.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.commands import serve
from bot.commands.demo import fill_tool_cache, import_plan
from bot.coordinator.claims import Claims
from bot.github.client import App
from bot.jobs.git import Git
from bot.local.demo.build import DemoWorld, client, export_action, install_beadwright
from bot.local.demo.run import DemoParts, attached_runner, coordinator, free_port, search_path
from bot.local.forge import world
from bot.local.forge.serve import ThreadedForge, in_thread
from bot.local.forge.state import State
from tests.loop.world import AGENT, CI, NAME, ROOT, WORKFLOW, claims_in
from tests.wall import WALL

T = TypeVar("T")
OWNER, MAINTAINER, STRANGER = "octo", "maya", "mallory"
PATIENCE = 120.0
"""Seconds that what a person waits for may take: runs of `act` are slow on a busy machine."""


class Server:
    """The coordinator's process, which can be ended and started again: it keeps nothing."""

    def __init__(self, start: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        self._start = start
        self._runner = asyncio.Runner()
        self._process: AbstractAsyncContextManager[object] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = self._start()
        self._runner.run(self._process.__aenter__())

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._runner.run(self._process.__aexit__(None, None, None))
            self._process = None

    def restart(self) -> None:
        """End it, and start another."""
        self.stop()
        self.start()


@dataclass(frozen=True)
class Town:
    """octo/tally: `octo` owns it, `maya` maintains it, `mallory` is a stranger; `tokens` are by login."""

    forge: ThreadedForge
    folder: Path
    tokens: Mapping[str, str]
    server: Server
    app: Callable[[], App]

    @property
    def url(self) -> str:
        """The repository's page."""
        return f"{self.forge.base_url}/{NAME}"

    def api(self, login: str) -> httpx.Client:
        """REST, as one of its people."""
        return client(self.forge.base_url, self.tokens[login])

    def get(self, path: str) -> Any:
        """What REST answers to its owner."""
        with self.api(OWNER) as api:
            answer = api.get(f"/repos/{NAME}{path}")
            answer.raise_for_status()
            return answer.json()

    @property
    def git(self) -> Git:
        """The forge's bare repository."""
        return Git(self.folder / "forge" / "git" / f"{NAME}.git")

    def claims(self) -> Claims:
        """The document at the claims ref."""
        return claims_in(self.git)

    def refs(self) -> list[tuple[str, str]]:
        """Every ref of the repository: its commit and its name."""
        lines = self.git.text("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        return [(at, name) for at, _, name in (line.partition(" ") for line in lines)]

    def redeliver(self) -> int:
        """Have every delivery of the last hundred made once more, as its GUID says; how many there were."""

        async def again() -> int:
            app = self.app()
            try:
                listed = (
                    await app.call("GET", "/app/hook/deliveries", safe=True, params={"per_page": 100})
                ).body
                numbers = [one["id"] for one in json.loads(listed) if not one["redelivery"]]
                for number in reversed(numbers):
                    answer = await app.call("POST", f"/app/hook/deliveries/{number}/attempts")
                    assert answer.ok, answer.message
                return len(numbers)
            finally:
                await app.close()

        return asyncio.run(again())

    def settle(self, seconds: float = 3.0) -> None:
        """Let what was told lead to what it leads to: every delivery, and the passes that follow."""
        self.forge.settle()
        time.sleep(seconds)

    def wait(self, what: str, found: Callable[[], T | None], seconds: float = PATIENCE) -> T:
        """What is found, as soon as it is there. Fails with `what` and the coordinator's last words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            thing = found()
            if thing:
                return thing
            time.sleep(0.3)
        told = (self.folder / "coordinator.log").read_text(encoding="utf-8")[-4000:]
        said = "\n".join(f"{one['user']['login']}: {one['body']}" for one in self.get("/issues/comments"))
        raise AssertionError(f"{what} did not come about in {seconds:.0f} s\n{told}\n{said}")


@contextmanager
def open_town(
    folder: Path,
    *,
    approvals: int = 0,
    policy: Mapping[str, object] | None = None,
    agent: Path | None = AGENT,
    secrets: Mapping[str, str] | None = None,
) -> Iterator[Town]:
    """A new town.

    Args:
        folder: empty; everything is kept in it.
        approvals: how many approving reviews `main` asks for.
        policy: added to the repository's policy file.
        agent: the program that does the work of every role; None where the policy names another engine.
        secrets: the repository's Actions secrets.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    fill_tool_cache(folder / "tools")
    jobs = attached_runner(export_action(folder / "action"), folder / "tools", _path(), secrets)
    with in_thread(folder / "forge", record=folder / "exchanges.jsonl", attach=[jobs]) as forge:
        built, tokens = forge.on(lambda state: _build(state, url, _files(policy or {}, agent)))
        with client(forge.base_url, tokens[OWNER]) as api:
            protection = {
                "required_status_checks": {"strict": True, "contexts": ["test"]},
                "enforce_admins": True,
                "required_pull_request_reviews": {"required_approving_review_count": approvals}
                if approvals
                else None,
                "restrictions": None,
                "required_conversation_resolution": True,
            }
            api.put(f"/repos/{NAME}/branches/main/protection", json=protection).raise_for_status()
            variable = {"name": "BEADWRIGHT_URL", "value": url}
            api.post(f"/repos/{NAME}/actions/variables", json=variable).raise_for_status()
        parts = DemoParts(import_plan, serve.command, fill_tool_cache, _path(), {})
        server = Server(lambda: coordinator(folder, built, forge.base_url, parts, port))
        server.start()
        try:
            app = partial(App, built.app.id, built.key, forge.api_url)
            yield Town(forge, folder, tokens, server, app)
        finally:
            server.stop()


def _path() -> str:
    return search_path(Path(sys.executable).parent)


def _files(policy: Mapping[str, object], agent: Path | None) -> dict[str, str]:
    settings = {
        "engine": {"name": "command", "command": ["python3", "tools/agent.py"], "minutes": 2},
        "wall": WALL,
        "gates": [{"name": "true", "run": "true"}],
        **policy,
    }
    return {
        "README.md": "# tally\n",
        **({} if agent is None else {"tools/agent.py": agent.read_text(encoding="utf-8")}),
        ".github/beadwright.yml": json.dumps(settings, indent=2),
        ".github/workflows/ci.yml": CI,
        WORKFLOW: (ROOT / WORKFLOW).read_text(encoding="utf-8"),
    }


def _build(state: State, url: str, files: Mapping[str, str]) -> tuple[DemoWorld, dict[str, str]]:
    people = {login: world.create_user(state, login) for login in (OWNER, MAINTAINER, STRANGER)}
    owner, maintainer = people[OWNER][0], people[MAINTAINER][0]
    repository = world.create_repository(state, owner, NAME.partition("/")[2], files=files)
    world.add_collaborator(state, repository, maintainer, "maintain")
    secret = secrets.token_hex(20)
    hooks = f"{url}/webhooks"
    app, key = install_beadwright(state, owner, repository, webhook_url=hooks, webhook_secret=secret)
    tokens = {login: token for login, (_, token) in people.items()}
    return DemoWorld(repository, NAME, tokens[OWNER], tokens[MAINTAINER], app, key, secret), tokens
