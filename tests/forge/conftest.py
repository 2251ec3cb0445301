"""A small world on a running forge; every exchange in it must fit GitHub's published description."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.local.forge import world
from bot.local.forge.records import Account, App, Installation, Repository
from bot.local.forge.serve import ThreadedForge, in_thread
from bot.local.forge.state import State
from tests.crypto import app_key

FILES = {"README.md": "# sample\n", "src/add.py": "def add(a, b):\n    return a + b\n"}
PERMISSIONS = {
    "actions": "write",
    "administration": "read",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "merge_queues": "write",
    "pull_requests": "write",
    "statuses": "write",
    "workflows": "write",
}
EVENTS = (
    "check_run",
    "check_suite",
    "create",
    "delete",
    "issue_comment",
    "issue_dependencies",
    "issues",
    "label",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "status",
    "sub_issues",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
)


@dataclass
class World:
    """octo/sample with a commit on main, people of every kind, and an App installed there.

    `tokens` maps logins to tokens: octo (owner), maya (maintain), will (write), rita (read), stan (stranger).
    """

    forge: ThreadedForge
    repository: Repository
    people: dict[str, Account]
    tokens: dict[str, str]
    app: App
    app_key: str
    installation: Installation
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return self.forge.base_url

    @property
    def api_url(self) -> str:
        return self.forge.api_url

    @property
    def state(self) -> State:
        """For reading; to change it use `forge.on`."""
        return self.forge.forge.state

    def client(self, credential: str | None) -> httpx.Client:
        """A client of the API's root with a credential."""
        headers = {"Accept": "application/vnd.github+json"}
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}"
        client = httpx.Client(base_url=self.api_url, headers=headers, trust_env=False, timeout=30)
        self._clients.append(client)
        return client

    def person(self, login: str) -> httpx.Client:
        """A client of one of `people`."""
        return self.client(self.tokens[login])

    def by_app(self) -> httpx.Client:
        """A client that signs as the App."""
        now = int(time.time())
        claims = {"iss": self.app.client_id, "iat": now - 60, "exp": now + 540}
        return self.client(jwt.encode(claims, self.app_key, algorithm="RS256"))

    def installed(self, **permissions: str) -> httpx.Client:
        """A client with an installation token, narrowed to `permissions` when there are any."""
        return self.client(
            self.forge.on(lambda state: world.installation_token(state, self.installation, **permissions))
        )

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the forge keeps everything."""
    return tmp_path / "forge"


@pytest.fixture
def forge(folder: Path, exchange_log: Path) -> Iterator[World]:
    """A running world; see `World`."""
    with in_thread(folder, record=exchange_log) as running:
        made = running.on(lambda state: build(running, state))
        try:
            yield made
        finally:
            made.close()


def build(running: ThreadedForge, state: State) -> World:
    """Set the world up."""
    people: dict[str, Account] = {}
    tokens: dict[str, str] = {}
    for login in ("octo", "maya", "will", "rita", "stan"):
        people[login], tokens[login] = world.create_user(state, login)
    repository = world.create_repository(state, people["octo"], "sample", files=FILES)
    world.add_collaborator(state, repository, people["maya"], "maintain")
    world.add_collaborator(state, repository, people["will"], "write")
    world.add_collaborator(state, repository, people["rita"], "read")
    app, key = world.create_app(
        state,
        people["octo"],
        "beadwright",
        permissions=PERMISSIONS,
        events=EVENTS,
        webhook_secret="hush",
        key=app_key(),
    )
    installation = world.install(state, app, people["octo"], [repository])
    return World(running, repository, people, tokens, app, key, installation)


@dataclass
class Receiver:
    """What arrived; `status` is what the next deliveries are answered with."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for _headers, raw in self.got]

    @property
    def names(self) -> list[tuple[str, str | None]]:
        """Event and action of each."""
        return [(headers["x-github-event"], json.loads(raw).get("action")) for headers, raw in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An App's server."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, raw))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hooked(forge: World, receiver: Receiver) -> World:
    """The world, its App listening at the receiver."""
    forge.forge.settle()
    point(forge, receiver.url)
    return forge


def point(forge: World, url: str) -> None:
    """Have the App listen at an address."""

    def work(state: State) -> None:
        app = state.get(App, forge.app.id)
        app.webhook_url = url
        state.put(app)

    forge.forge.on(work)
