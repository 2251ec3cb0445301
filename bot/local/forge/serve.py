"""Serving a forge on loopback: for a person (`serve`), for tests and the demo (`running`, `in_thread`).

A folder has one server at a time, held by a lock on ``.lock`` in it; the operating system lets go of the lock
when the process dies, however it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import uvicorn

from bot.local.forge import git_http, graphql, merge_queue, oidc, results, triggers
from bot.local.forge.app import Forge, Mount
from bot.local.forge.faults import Faults
from bot.local.forge.hooks import Hooks
from bot.local.forge.payloads import payload
from bot.local.forge.state import State, utc_now

HOST = "127.0.0.1"
T = TypeVar("T")


class CannotServe(Exception):
    """The port is taken, or the folder has a server: a sentence for a person."""


@dataclass(frozen=True, slots=True)
class RunningForge:
    """A forge that answers at `base_url` (``http://127.0.0.1:PORT``) for as long as its context is open."""

    state: State
    base_url: str
    hooks: Hooks
    faults: Faults

    @property
    def api_url(self) -> str:
        """The root of REST."""
        return f"{self.base_url}/api/v3"


Attachment = Callable[[RunningForge], AbstractAsyncContextManager[object]]
"""What runs beside a forge, a runner for one: entered when it answers, left before it stops."""


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    port: int = 0,
    *,
    record: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
    attach: Sequence[Attachment] = (),
) -> AsyncIterator[RunningForge]:
    """A forge over `folder`, answering on 127.0.0.1.

    Args:
        folder: its journal, repositories, artifacts and logs; made when absent, kept afterwards.
        port: 0 for any that is free.
        record: a file that gets one JSON line per exchange.
        clock: the forge's present.
        attach: what runs beside it.

    Raises CannotServe before anything has started.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_locked(folder))
        listener = stack.enter_context(_bound(port))
        base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        state = State(folder, clock)
        stack.callback(state.close)
        faults = Faults()
        forge = Forge(state, base_url, mounts=mounts(), graphql=graphql.execute, record=record, faults=faults)
        stack.callback(forge.close)
        hooks = await stack.enter_async_context(Hooks.open(state, base_url))
        triggers.watch(state, lambda signal: payload(state, base_url, signal))
        merge_queue.watch(state)
        await stack.enter_async_context(_listening(forge, listener))
        found = RunningForge(state, base_url, hooks, faults)
        for attachment in attach:
            await stack.enter_async_context(attachment(found))
        yield found


def mounts() -> dict[str, Mount]:
    """What answers beside REST and GraphQL."""
    return {
        "git": git_http.serve_git,
        "twirp": results.serve,
        "_results": results.serve,
        "_oidc": oidc.serve,
    }


def serve(
    folder: Path,
    port: int,
    *,
    record: Path | None = None,
    attach: Sequence[Attachment] = (),
    ready: Callable[[RunningForge], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told once it answers. Raises CannotServe."""

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, stop.set)
        async with running(folder, port, record=record, attach=attach) as forge:
            if ready is not None:
                ready(forge)
            await stop.wait()

    asyncio.run(run())


class ThreadedForge:
    """A running forge in a thread of its own. Its state belongs to that thread: reach it with `on`."""

    def __init__(self, forge: RunningForge, loop: asyncio.AbstractEventLoop) -> None:
        self.forge = forge
        self.base_url = forge.base_url
        self.api_url = forge.api_url
        self.faults = forge.faults
        self._loop = loop

    def on(self, work: Callable[[State], T]) -> T:
        """Do something to the state in its thread, and commit it."""

        async def run() -> T:
            done = work(self.forge.state)
            self.forge.state.commit()
            return done

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=60)

    def settle(self) -> None:
        """Wait until every webhook that is under way has been delivered."""
        asyncio.run_coroutine_threadsafe(self.forge.hooks.settle(), self._loop).result(timeout=60)


@contextlib.contextmanager
def in_thread(
    folder: Path,
    port: int = 0,
    *,
    record: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
    attach: Sequence[Attachment] = (),
) -> Iterator[ThreadedForge]:
    """`running`, for callers that are not async."""
    loop = asyncio.new_event_loop()
    answers = threading.Event()
    stop = asyncio.Event()
    outcome: list[ThreadedForge | BaseException] = []

    async def run() -> None:
        try:
            async with running(folder, port, record=record, clock=clock, attach=attach) as forge:
                outcome.append(ThreadedForge(forge, loop))
                answers.set()
                await stop.wait()
        except BaseException as error:  # told to the caller's thread, where it is raised
            outcome.append(error)
        finally:
            answers.set()

    def work() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(run())

    thread = threading.Thread(target=work, name="forge", daemon=True)
    thread.start()
    answers.wait()
    first = outcome[0]
    if isinstance(first, BaseException):
        thread.join()
        raise first
    try:
        yield first
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
    if isinstance(outcome[-1], BaseException):
        raise outcome[-1]


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _listening(forge: Forge, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        forge,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if serving.done():
            await serving
        yield
    finally:
        server.should_exit = True
        await serving


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    # By its protocol's name asyncio knows that it may switch Nagle's delay (40 ms an answer) off.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise CannotServe(f"cannot listen on {HOST}:{port}: {error.strerror}") from None
        yield listener


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotServe(f"another forge is serving {folder}") from None
        yield
