"""Webhooks: every signal that an App's installation subscribes to, signed and posted to the App.

Payloads are rendered from the state when the signal is given, right after its commit, so that what is deleted
a moment later has still been told of. One queue for each App keeps its deliveries in order; nothing is
retried: a delivery that failed stays in ``GET /app/hook/deliveries`` until the App asks for it again. Only
loopback is ever spoken to.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import json
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from bot.local.forge.payloads import payload
from bot.local.forge.records import App, CheckRun, Delivery, Installation
from bot.local.forge.state import Missing, Signal, State

TIMEOUT = 10.0  # seconds
KEPT_FOR = timedelta(days=3)
KEPT = 1000
ALWAYS = frozenset({"installation", "installation_repositories"})
OWN_CHECKS = frozenset({"requested_action", "rerequested"})
"""What of check runs is told to the check's own App alone."""
GATED = {"merge_group": "merge_queues"}
"""Events that need a permission of their own: the prose of GitHub's documentation says so, its description of
the payloads does not."""


class Hooks:
    """Delivers; use `open`."""

    def __init__(self, state: State, base_url: str, client: httpx.AsyncClient) -> None:
        self._state = state
        self._base_url = base_url
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._queues: dict[int, asyncio.Queue[Delivery]] = {}
        self._workers: list[asyncio.Task[None]] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, state: State, base_url: str) -> AsyncIterator[Hooks]:
        """Deliver for as long as the context is open; what is queued then is lost, as when GitHub fails."""
        # trust_env: a proxy of this machine's environment is no part of the forge.
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
            hooks = cls(state, base_url, client)
            state.subscribers.append(hooks.hear)
            try:
                yield hooks
            finally:
                state.subscribers.remove(hooks.hear)
                for worker in hooks._workers:
                    worker.cancel()
                await asyncio.gather(*hooks._workers, return_exceptions=True)

    def hear(self, signal: Signal) -> None:
        """Queue a signal for every App that wants it (a subscriber of the state)."""
        if signal.event == REDELIVERY:
            old = self._state.get(Delivery, signal.about["delivery"])
            self._queue(old.model_copy(update={"redelivery": True}))
            return
        for installation in self._state.all(Installation):
            app = self._state.get(App, installation.app_id)
            wants = signal.event in ALWAYS or signal.event in installation.events
            if signal.about.get("installation", installation.id) != installation.id:
                continue
            inside = signal.repo_id in installation.repository_ids
            if app.webhook_url and wants and inside and self._is_for(app, installation, signal):
                # What is missing was made and deleted by one and the same request.
                with contextlib.suppress(Missing):
                    self._queue(self._delivery(app, installation, signal))

    def _is_for(self, app: App, installation: Installation, signal: Signal) -> bool:
        if signal.event == "check_run" and signal.action in OWN_CHECKS:
            return self._state.get(CheckRun, signal.about["check_run"]).app_id == app.id
        permission = GATED.get(signal.event)
        return permission is None or permission in installation.permissions

    async def settle(self) -> None:
        """Wait until all that is queued has been delivered."""
        await asyncio.sleep(0)
        for queue in list(self._queues.values()):
            await queue.join()

    def _queue(self, delivery: Delivery) -> None:
        # A set-up may commit from another thread than the one that serves.
        self._loop.call_soon_threadsafe(self._enqueue, delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        app_id = delivery.app_id
        if app_id not in self._queues:
            self._queues[app_id] = asyncio.Queue()
            self._workers.append(asyncio.create_task(self._work(self._queues[app_id])))
        self._queues[app_id].put_nowait(delivery)

    async def _work(self, queue: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await queue.get()
            try:
                await self._deliver(self._state.get(App, delivery.app_id), delivery)
            finally:
                queue.task_done()

    def _delivery(self, app: App, installation: Installation, signal: Signal) -> Delivery:
        return Delivery(
            id=0,  # until it is sent
            app_id=app.id,
            guid=str(uuid.uuid4()),
            event=signal.event,
            action=signal.action,
            installation_id=installation.id,
            repository_id=signal.repo_id,
            request_headers={},
            payload=payload(self._state, self._base_url, signal, installation_id=installation.id),
            delivered_at=self._state.now(),
        )

    async def _deliver(self, app: App, delivery: Delivery) -> None:
        raw = json.dumps(delivery.payload, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/forge",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if app.webhook_secret:
            headers["X-Hub-Signature-256"] = signature(app.webhook_secret, raw)
        delivery.id, delivery.delivered_at = self._state.new_id(), self._state.now()
        began = time.monotonic()
        delivery.status_code, delivery.status = await self._post(app.webhook_url or "", raw, headers)
        delivery.duration = round(time.monotonic() - began, 2)
        delivery.request_headers = headers
        self._state.put(delivery)
        self._forget(app)
        self._state.commit()

    async def _post(self, url: str, raw: bytes, headers: dict[str, str]) -> tuple[int, str]:
        if not is_loopback(url):
            return 0, "refused: not a loopback address"
        try:
            async with asyncio.timeout(TIMEOUT):
                response = await self._client.post(url, content=raw, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return 0, "timed out"
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0, "failed to connect to host"
        return response.status_code, "OK" if response.is_success else response.reason_phrase

    def _forget(self, app: App) -> None:
        kept = self._state.find(Delivery, app_id=app.id)
        oldest = self._state.now() - KEPT_FOR
        for number, delivery in enumerate(kept):
            if number >= len(kept) - KEPT and delivery.delivered_at >= oldest:
                break
            self._state.drop(delivery)


REDELIVERY = "redelivery"
"""A signal for the deliverer only: no webhook event has this name."""


def signature(secret: str, raw: bytes) -> str:
    """`X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def is_loopback(url: str) -> bool:
    """Whether a URL is http(s) to this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
