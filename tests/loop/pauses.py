"""Pauses in the middle of a process' work: at a chosen request somebody else acts first, for however long.

`Pausing` carries a coordinator's requests, `PausingJob` a job's. Every write is told to `before`, which may
do anything to the world before it lets the write go on. It may also raise `Late`: who asked hears nothing,
and the write arrives when `deliver` is called.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx

Before = Callable[[str], None]


class Late(Exception):
    """The write stays under way."""


def written(request: httpx.Request) -> str | None:
    """What a request writes, in a few words; None for a read."""
    last = request.url.path.rpartition("/")[2]
    if request.method == "GET" or last == "access_tokens":
        return None
    if last != "graphql":
        return f"{request.method} {last}"
    query: str = json.loads(request.content)["query"]
    return query.strip().split("(")[0] if query.lstrip().startswith("mutation") else None


class Pausing(httpx.AsyncBaseTransport):
    """The network. `before` is called in a thread of its own: what it does may need a loop."""

    def __init__(self, before: Before) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._before = before
        self.failures: list[Exception] = []  # what `before` raised: our own code takes it for the network's
        self._under_way: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        await request.aread()
        what = written(request)
        try:
            if what is not None:
                await asyncio.to_thread(self._before, what)
        except Late:
            self._under_way.append(request)
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        except Exception as error:
            self.failures.append(error)
            raise
        return await self._inner.handle_async_request(request)

    def deliver(self) -> None:
        """Let what is under way arrive; nobody waits for its answers."""
        for request in self._under_way:
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            httpx.request(request.method, request.url, headers=headers, content=request.content, timeout=60)
        self._under_way.clear()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class PausingJob(httpx.BaseTransport):
    """The network of a job."""

    def __init__(self, before: Before) -> None:
        self._inner = httpx.HTTPTransport()
        self._before = before

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        request.read()
        self._before(written(request) or "read")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
