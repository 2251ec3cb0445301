"""Faults of a running forge, on demand: a request that fails before its effect, after it, or never ends.

A plan is a list of faults; the first that fits a request strikes, as often as it was told to. What strikes
`before` leaves the forge untouched; what strikes `after` lets the request do all that it does (records, refs,
webhooks) and loses only its answer. Every request passes here: REST, GraphQL, git, artifacts, identities.

    forge.faults.plan(rest("PUT", "/repos/*/pulls/*/merge"), AFTER, BAD_GATEWAY)
    forge.faults.plan(graphql("updateRefs"), AFTER, CUT, times=2)
    forge.faults.plan(rest("POST", "*"), BEFORE, SECONDARY_LIMIT)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

When = Literal["before", "after"]
BEFORE: When = "before"
AFTER: When = "after"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a fault sees it.

    `path` is below the API's root for REST (``/repos/o/r/…``), ``/graphql`` for GraphQL, else the address.
    """

    kind: Literal["rest", "graphql", "other"]
    method: str
    path: str
    body: bytes


Fits = Callable[[Asked], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller gets instead of the answer; `status` None cuts the connection in the middle of it.

    `body` is sent as it is, a stale answer for one; without it the answer is GitHub's error with `message`.
    """

    status: int | None
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None


CUT = Outcome(None)
BAD_GATEWAY = Outcome(502, "Server Error")
SECONDARY_LIMIT = Outcome(
    403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
"""Without `retry-after`, as it can come; https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api."""


def secondary_limit(seconds: int, status: int = 403) -> Outcome:
    """A secondary limit that says how long to wait."""
    return Outcome(status, SECONDARY_LIMIT.message, {"Retry-After": str(seconds)})


def rest(method: str, path: str) -> Fits:
    """REST requests whose path fits a pattern; `*` stands for anything, slashes included."""
    return lambda asked: (
        asked.kind == "rest" and asked.method == method.upper() and fnmatchcase(asked.path, path)
    )


def graphql(word: str) -> Fits:
    """GraphQL requests whose body holds a word, a mutation's name for one."""
    return lambda asked: asked.kind == "graphql" and word.encode() in asked.body


@dataclass(slots=True)
class Fault:
    """One entry of a plan. `skip` fitting requests go unharmed, then `times` of them are struck."""

    fits: Fits
    when: When
    outcome: Outcome
    times: int = 1
    skip: int = 0
    struck: int = 0


class Faults:
    """A forge's plan; empty unless somebody plans. Safe to use from any thread."""

    def __init__(self) -> None:
        self._plan: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fits: Fits, when: When, outcome: Outcome, *, times: int = 1, skip: int = 0) -> Fault:
        """Add a fault; what is given back counts how often it struck."""
        fault = Fault(fits, when, outcome, times, skip)
        with self._lock:
            self._plan.append(fault)
        return fault

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._plan.clear()

    @property
    def planned(self) -> bool:
        """Whether any may strike yet."""
        return bool(self._plan)

    def take(self, asked: Asked) -> Fault | None:
        """The fault that strikes this request, counted."""
        with self._lock:
            for fault in self._plan:
                if not fault.fits(asked):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.struck += 1
                if fault.struck >= fault.times:
                    self._plan.remove(fault)
                return fault
        return None


async def asked_by(request: Request) -> Asked:
    """The request as a fault sees it; its body stays readable."""
    path, at_root = request.url.path, request.headers.get("host", "").startswith("api.")
    body = await request.body()
    if path == ("/graphql" if at_root else "/api/graphql"):
        return Asked("graphql", request.method, "/graphql", body)
    if at_root or path.startswith("/api/v3"):
        return Asked("rest", request.method, path.removeprefix("/api/v3") or "/", body)
    return Asked("other", request.method, path, body)


async def finish(response: Response) -> None:
    """Let an answer that nobody gets do all that it does."""
    if isinstance(response, StreamingResponse):
        async for _ in response.body_iterator:
            pass


def instead(outcome: Outcome) -> Response:
    """The answer that the caller gets."""
    if outcome.status is None:
        return _Cut()
    body = outcome.body
    if body is None:
        body = {"message": outcome.message, "documentation_url": "https://docs.github.com/rest"}
    return Response(json.dumps(body), outcome.status, dict(outcome.headers), media_type="application/json")


class _Cut(Response):
    """Promises more than it sends, so that the server closes the connection and the client knows."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
