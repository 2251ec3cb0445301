"""One coordinator as a process of its own, with no memory but GitHub's: passes as fast as it can.

Its first line of input says where (`Start`); at the end of its input it ends and prints what it counted
(`Counted`). With `stop` it says so in a line and stops itself (SIGSTOP) right before its first write of the
claims: a process that is paused between reading and writing.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import BaseModel

from bot.coordinator.loop import one_pass
from bot.coordinator.ports import ClaimsMoved
from bot.github.client import App, utc_now
from bot.github.installation import Installation, Pace
from bot.github.port import RepositoryPort
from tests.loop.world import NAME, ROOT, Loop

STOPPED = "stopped"
REST = 1.0
"""At most so many seconds between two passes."""


class Start(BaseModel):
    """What a replica is told."""

    app_id: int
    key: str
    api: str
    stop: bool = False


class Counted(BaseModel):
    """What a replica saw: passes, moves of the claims ref that took effect, and those that were refused."""

    passes: int = 0
    won: int = 0
    lost: int = 0
    gave_up: int = 0


class Watched(httpx.AsyncBaseTransport):
    """The network, with the moves of the claims ref counted; stops the process before the first if asked."""

    def __init__(self, counted: Counted, stop: bool) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._counted = counted
        self._stop = stop

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        moves = request.method == "PATCH" and request.url.path.endswith("/git/refs/beadwright/claims")
        if self._stop and request.method == "POST" and request.url.path.endswith("/git/commits"):
            self._stop = False
            print(STOPPED, flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        response = await self._inner.handle_async_request(request)
        if moves and response.status_code == 200:
            self._counted.won += 1
        elif moves:
            self._counted.lost += 1
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


async def main() -> None:
    """Pass after pass until the input ends."""
    loop = asyncio.get_running_loop()
    start = Start.model_validate_json(await loop.run_in_executor(None, sys.stdin.readline))
    counted = Counted()
    app = App(start.app_id, start.key, start.api, transport=Watched(counted, start.stop))
    installation = Installation(app, await app.installation_of(NAME), Pace(burst=100_000))
    port = RepositoryPort(installation, NAME)
    ended = loop.run_in_executor(None, sys.stdin.read)
    while not ended.done():
        try:
            await one_pass(port, utc_now)
        except ClaimsMoved:
            counted.gave_up += 1
        counted.passes += 1
        await asyncio.wait([ended], timeout=random.uniform(0, REST))
    await app.close()
    print(counted.model_dump_json(), flush=True)


class Replica:
    """A running process. Only the process of this object is ever signalled."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_stopped(self) -> None:
        """Until it has stopped itself."""
        assert self._line() == STOPPED
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def go_on(self) -> None:
        """Let a stopped process run again."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> Counted:
        """End its input and read what it counted."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        counted = Counted.model_validate_json(self._line())
        assert self._process.wait(60) == 0
        return counted

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def replica(loop: Loop, log: Path, *, stop: bool = False) -> Iterator[Replica]:
    """A coordinator process over the loop's repository; what it logs goes to the file `log`."""
    start = Start(app_id=loop.app_id, key=loop.key, api=loop.forge.api_url, stop=stop)
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.loop.replica"],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdin is not None
            process.stdin.write(start.model_dump_json() + "\n")
            process.stdin.flush()
            yield Replica(process)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


if __name__ == "__main__":
    asyncio.run(main())
