"""`beadwright serve` and `beadwright coordinate --once`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

import typer
import uvicorn
from fastapi import FastAPI

from bot.beads.labels import LabelNames
from bot.commands.person import check_repository
from bot.commands.settings import Settings, SettingsError, load_settings, plain
from bot.coordinator.decision import Decision
from bot.coordinator.loop import Coordinator, NotKnown, one_pass
from bot.coordinator.ports import ClaimsMoved
from bot.github.broker import Broker, Refused
from bot.github.client import App, utc_now
from bot.github.errors import GitHubError
from bot.github.installation import Installation
from bot.github.installed import installed_repositories
from bot.github.oidc import Verifier
from bot.github.port import RepositoryPort
from bot.github.webhooks import BadDelivery, read_hint, signed_by
from bot.web.app import create_app
from bot.web.ports import Granted, Notice, Refusal

HOST = "127.0.0.1"
log = logging.getLogger(__name__)


def command(port: int) -> list[str]:
    """The command that serves on a port, for who starts it as a process."""
    return [sys.executable, "-m", "bot.cli", "serve", "--port", str(port)]


def run(*, port: int, stop: Callable[[str], NoReturn]) -> None:
    """Serve until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = load_settings()
        key = settings.private_key()
    except SettingsError as error:
        stop(str(error))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            stop(f"cannot listen on {HOST}:{port}: {error.strerror}")
        try:
            asyncio.run(_serve(settings, key, listener))
        except GitHubError as error:
            stop(f"the repositories of the App cannot be listed at {plain(settings.api_url)}: {error}")


async def _serve(settings: Settings, key: str, listener: socket.socket) -> None:
    app = App(settings.app_id, key, plain(settings.api_url))
    web = application(settings, app, await installed_repositories(app))
    config = uvicorn.Config(web, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    await uvicorn.Server(config).serve(sockets=[listener])


def application(settings: Settings, app: App, installations: dict[str, int]) -> FastAPI:
    """The coordinator and its web application, wired to GitHub.

    `installations` are the repositories that the App may work on as it starts, and the installation of each.
    """
    broker = Broker(app, Verifier(plain(settings.oidc_issuer), plain(settings.url)))
    hooks = _Webhooks(app, settings.webhook_secret.get_secret_value())

    def connect(repository: str) -> RepositoryPort:
        port = RepositoryPort(Installation(app, hooks.installations[repository]), repository)
        hooks.ports[repository] = port
        return port

    coordinator = Coordinator(connect, utc_now, seen=_tell)

    async def grant(identity: str, claim: str) -> Granted:
        try:
            token = await broker.grant(identity, claim)
        except Refused as refused:
            raise Refusal(403, f"No token: {refused}.") from refused
        except GitHubError as error:
            raise Refusal(503, f"GitHub did not answer as it should: {error}.") from error
        return Granted(token.value, token.expires_at)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        hooks.installations |= installations
        for repository in hooks.installations:
            coordinator.wake(repository)
        yield
        await coordinator.stop()
        await app.close()

    web = create_app(hooks, grant, coordinator.wake)
    web.router.lifespan_context = lifespan
    return web


class _Webhooks:
    """What the web needs to know of GitHub's deliveries."""

    def __init__(self, app: App, secret: str) -> None:
        self.installations: dict[str, int] = {}
        self.ports: dict[str, RepositoryPort] = {}
        self._app = app
        self._secret = secret

    def signed(self, body: bytes, signature: str | None) -> bool:
        return signed_by(self._secret, body, signature)

    def notice(self, event: str, body: bytes) -> Notice:
        try:
            hint = read_hint(event, body, self._app.app_id, self._app.slug, self._spelling)
        except BadDelivery as error:
            raise Refusal(400, f"This is no delivery of GitHub's: {error}.") from error
        if hint.installation is not None:
            self.installations |= dict.fromkeys(hint.repositories, hint.installation)
        return Notice(hint.installation, hint.repositories, hint.told)

    def _spelling(self, repository: str) -> LabelNames | None:
        port = self.ports.get(repository)
        return port.spelling if port is not None else None

    async def installed(self, installation: int) -> bool:
        if installation not in self.installations.values():
            self.installations |= await installed_repositories(self._app)
        return installation in self.installations.values()


def _tell(repository: str, decision: Decision) -> None:
    states = " ".join(f"#{number}:{verdict.state}" for number, verdict in sorted(decision.verdicts.items()))
    log.info("%s: %s", repository, states or "no beads")


def run_once(repository: str, *, stop: Callable[[str], NoReturn]) -> None:
    """One pass over one repository; prints every bead's state and reasons."""
    check_repository(repository, stop)
    try:
        settings = load_settings()
        key = settings.private_key()
    except SettingsError as error:
        stop(str(error))
    try:
        decision = asyncio.run(_once(settings, key, repository))
    except (GitHubError, ClaimsMoved, NotKnown) as error:
        stop(f"{repository} at {plain(settings.api_url)}: {error}")
    for number, verdict in sorted(decision.verdicts.items()):
        typer.echo(f"#{number} {verdict.state}: {'; '.join(verdict.reasons)}")


async def _once(settings: Settings, key: str, repository: str) -> Decision:
    app = App(settings.app_id, key, plain(settings.api_url))
    try:
        installation = Installation(app, await app.installation_of(repository))
        _, decision = await one_pass(RepositoryPort(installation, repository), utc_now)
    finally:
        await app.close()
    return decision
