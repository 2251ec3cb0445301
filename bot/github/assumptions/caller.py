"""One credential's way to a GitHub: plain HTTP, bounded, and patient with limits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.github.assumptions.access import Bounds
from bot.github.assumptions.registry import Broken, Untold

Json = Any  # an answer's JSON: each assumption reads the few fields that it is about
READS = frozenset({"GET", "HEAD"})


class OutOfBounds(Untold):
    """The probe has written, or waited, as much as it may."""


@dataclass(slots=True)
class Spent:
    """What all callers of a probe have used of its bounds; `bounds` can be lifted for cleaning up."""

    bounds: Bounds
    started: float = field(default_factory=time.monotonic)
    writes: int = 0
    last: float = 0.0

    def write(self) -> None:
        """Count a write, and keep the pause before it. Raises OutOfBounds."""
        if self.writes >= self.bounds.writes:
            raise OutOfBounds(f"not looked at: the probe's {self.bounds.writes} writes are spent")
        self.wait(self.last + self.bounds.pause - time.monotonic())
        self.writes += 1
        self.last = time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep. Raises OutOfBounds when that would take too long in all."""
        left = self.started + self.bounds.seconds - time.monotonic()
        if left <= max(seconds, 0):
            raise OutOfBounds(f"not looked at: the probe's {self.bounds.seconds:.0f} seconds are over")
        if seconds > 0:
            time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. It prints as what it says, for details."""

    status: int
    body: Json
    headers: httpx.Headers

    @property
    def message(self) -> str:
        """Why it was refused, with the errors that were named."""
        if not isinstance(self.body, dict):
            return str(self.body)[:300]
        errors = [
            one if isinstance(one, str) else one.get("message", one) for one in self.body.get("errors", ())
        ]
        return "; ".join([str(self.body.get("message", "")), *map(str, errors)])

    def __str__(self) -> str:
        return f"{self.status} {self.message if self.status >= 300 else ''}".strip()

    def must(self, *statuses: int) -> Json:
        """The body of an answer with one of these statuses (any success). Raises Broken."""
        if self.status not in statuses and not (not statuses and 200 <= self.status < 300):
            raise Broken(f"answered {self}")
        return self.body

    def made(self, *statuses: int) -> Json:
        """As `must`, for what only prepares: who may not do that has shown nothing. Raises Untold, Broken."""
        if self.status in (401, 403, 404):
            raise Untold(f"this token may not prepare it: answered {self}")
        return self.must(*statuses)


@dataclass(frozen=True, slots=True)
class Said:
    """GraphQL's answer: data and errors stand side by side."""

    status: int
    data: Json
    errors: list[Json]

    def __str__(self) -> str:
        return "; ".join(str(error.get("message")) for error in self.errors) or f"{self.status}, no errors"

    def must(self) -> Json:
        """The data of an answer without errors. Raises Broken."""
        if self.errors or self.data is None:
            raise Broken(f"GraphQL answered {self}")
        return self.data


class Caller:
    """Speaks for one credential. Paths are below the repository, or below the API's root with a slash."""

    def __init__(
        self, http: httpx.Client, graphql: str, repository: str, token: str | None, spent: Spent
    ) -> None:
        self._http = http
        self._graphql = graphql
        self._root = f"/repos/{repository}"
        self.token = token
        self._spent = spent

    def call(
        self,
        method: str,
        path: str,
        json: Json = None,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
    ) -> Reply:
        """One request. `raw`: whatever comes is the answer, limits, 5xx and a cut connection (599) too."""
        url = path if path.startswith("http") else path if path.startswith("/") else f"{self._root}/{path}"
        return self._send(method, url.rstrip("/"), json, params, headers, raw=raw, writes=method not in READS)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **params: str | int) -> Reply:
        """Read."""
        return self.call("GET", path, params=params, headers=headers)

    def post(self, path: str, json: Json = None) -> Reply:
        """Make."""
        return self.call("POST", path, json)

    def put(self, path: str, json: Json = None) -> Reply:
        """Put."""
        return self.call("PUT", path, json)

    def patch(self, path: str, json: Json) -> Reply:
        """Change."""
        return self.call("PATCH", path, json)

    def delete(self, path: str, json: Json = None) -> Reply:
        """Delete."""
        return self.call("DELETE", path, json)

    def download(self, address: str) -> bytes:
        """What is at an address, without any credential."""
        try:
            return self._http.get(address).content
        except httpx.HTTPError as error:
            raise Untold(f"{address} did not answer: {error}") from error

    def ask(self, document: str, *, raw: bool = False, **variables: Json) -> Said:
        """One GraphQL document."""
        body = {"query": document, "variables": variables}
        writes = document.lstrip().startswith("mutation")
        reply = self._send("POST", self._graphql, body, None, None, raw=raw, writes=writes)
        if reply.status != 200:
            return Said(reply.status, None, [{"message": str(reply)}])
        return Said(reply.status, reply.body.get("data"), reply.body.get("errors") or [])

    def _send(
        self,
        method: str,
        url: str,
        json: Json,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str] | None,
        *,
        raw: bool,
        writes: bool,
    ) -> Reply:
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        for tried in range(3):
            if writes:
                self._spent.write()
            self._spent.wait(0)
            try:
                answer = self._http.request(
                    method,
                    url,
                    json=json,
                    params=dict(params) if params else None,
                    headers={**known, **(headers or {})},
                )
            except httpx.HTTPError as error:
                if raw:
                    return Reply(599, {"message": f"no answer: {error}"}, httpx.Headers())
                if not writes and tried < 2:
                    continue
                raise Untold(f"GitHub did not answer {method} {url}: {error}") from error
            reply = Reply(answer.status_code, _body(answer), answer.headers)
            if raw:
                return reply
            if reply.status >= 500 and reply.status != 501:
                if not writes and tried < 2:
                    continue
                raise Untold(f"GitHub failed: {method} {url} answered {reply}")
            if not _limited(reply):
                return reply
            self._spent.wait(_told_to_wait(reply))  # a refused request had no effect: it may be said again
        raise Untold("GitHub limits our requests")


def _body(answer: httpx.Response) -> Json:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return answer.text


def _limited(reply: Reply) -> bool:
    return reply.status in (403, 429) and "rate limit" in reply.message.lower()


def _told_to_wait(reply: Reply) -> float:
    if reply.headers.get("retry-after", "").isdigit():
        return float(reply.headers["retry-after"])
    if reply.headers.get("x-ratelimit-remaining") == "0":
        return max(1.0, float(reply.headers.get("x-ratelimit-reset", "0")) - time.time())
    return 60.0
