"""The forge as an ASGI application: addresses, authentication, needs, headers, the exchange log.

Addresses are those of a GitHub server that is one host: REST below ``/api/v3``, GraphQL at ``/api/graphql``,
git at ``/OWNER/NAME.git``; a request to a host ``api.…`` finds REST and ``/graphql`` at the root, as on
github.com (`addresses`). Every other address is a page for people (`pages`). What is not implemented answers
501 with its name.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TextIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.local.forge import merge_queue, pages, routes
from bot.local.forge.addresses import base_url_of, origin_form
from bot.local.forge.auth import authenticate
from bot.local.forge.faults import BEFORE, Faults, asked_by, finish, instead
from bot.local.forge.headers import common
from bot.local.forge.http import Answer, Call, Caller, Refused, not_found
from bot.local.forge.operations import find_operation, perform
from bot.local.forge.state import Missing, State

Mount = Callable[[State, Request], Awaitable[Response]]
HOURLY = {"installation": 5000, "job": 1000, "app": 5000, "anonymous": 60}

routes.load()


class Forge:
    """The ASGI application over a `State`.

    Args:
        state: the records.
        base_url: how clients reach it, without a trailing slash.
        mounts: what answers below a first path segment (``twirp``, ``_oidc``, …) or, under the key ``git``,
            git's smart HTTP.
        graphql: executes a document; see `graphql.execute`.
        record: a file that gets one JSON line per exchange; for the contract tests and for counting requests.
        faults: what goes wrong on purpose.
    """

    def __init__(
        self,
        state: State,
        base_url: str,
        *,
        mounts: dict[str, Mount],
        graphql: Callable[[State, str, Caller, Any], tuple[int, dict[str, Any]]],
        record: Path | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.state = state
        self.base_url = base_url
        self._faults = faults or Faults()
        self._mounts = mounts
        self._graphql = graphql
        self._record: TextIO | None = record.open("a", encoding="utf-8") if record else None
        self._used: dict[str, tuple[int, int]] = {}

    def close(self) -> None:
        """Close the exchange log."""
        if self._record is not None:
            self._record.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        request = Request(origin_form(scope), receive)
        response = await self._suffer(request) if self._faults.planned else await self._respond(request)
        await response(scope, receive, send)

    async def _suffer(self, request: Request) -> Response:
        fault = self._faults.take(await asked_by(request))
        if fault is None:
            return await self._respond(request)
        if fault.when != BEFORE:
            await finish(await self._respond(request))
        return instead(fault.outcome)

    async def _respond(self, request: Request) -> Response:
        merge_queue.let_time_pass(self.state)
        self.state.commit()
        path = request.url.path
        host = request.headers.get("host", "")
        if host.startswith("api."):
            return await (self._run_graphql(request) if path == "/graphql" else self._rest(request, path))
        if path == "/api/graphql":
            return await self._run_graphql(request)
        if path == "/api/v3" or path.startswith("/api/v3/"):
            return await self._rest(request, path.removeprefix("/api/v3") or "/")
        first = path.split("/")[1]
        if first in self._mounts and first != "git":
            return await self._mounts[first](self.state, request)
        if ".git/" in path or path.endswith(("/info/refs", "/git-upload-pack", "/git-receive-pack")):
            return await self._mounts["git"](self.state, request)
        return await pages.serve(self.state, self._base_url(request), request)

    def _base_url(self, request: Request) -> str:
        return base_url_of(request.headers.get("host", ""), self.base_url)

    # -- REST ---------------------------------------------------------------------------------------------
    async def _rest(self, request: Request, path: str) -> Response:
        raw = await request.body()
        caller = Caller()
        body: Any = None
        try:
            body = _parse(raw)
            caller = authenticate(self.state, request.headers.get("authorization"))
            answer = self._call(request, path, raw, body, caller)
        except Refused as refused:
            self.state.rollback()
            answer = _refusal(refused)
        except Missing:
            self.state.rollback()
            answer = _refusal(not_found())
        except BaseException:
            self.state.rollback()
            raise
        self.state.commit()
        response = self._finish(request, caller, answer)
        self._log(
            caller, "rest", request.method, path, request.url.query, body, response, answer.content_type
        )
        return response

    def _call(self, request: Request, path: str, raw: bytes, body: Any, caller: Caller) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        found = find_operation(method, path)
        if found is None:
            return Answer(501, {"message": f"This forge does not implement {method} {path}"})
        row, params = found
        call = Call(
            self.state,
            self._base_url(request),
            method,
            path,
            params,
            dict(request.query_params),
            body,
            request.headers,
            caller,
            raw=raw,
            rate=self._rate(caller),
        )
        return perform(row, call)

    def _finish(self, request: Request, caller: Caller, answer: Answer) -> Response:
        if isinstance(answer.body, bytes):
            content = answer.body
        elif answer.status in (204, 205, 304):
            content = b""
        else:
            content = json.dumps(answer.body, separators=(",", ":")).encode()
        headers = {**common(caller), **answer.headers}
        status = answer.status
        if request.method == "GET" and status == 200:
            headers["ETag"] = 'W/"' + hashlib.sha256(content + caller.label.encode()).hexdigest() + '"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                status, content = 304, b""
        free = (status == 304 and caller.account is not None) or request.url.path.endswith("/rate_limit")
        headers.update(self._limit(caller, spend=not free))
        response = Response(content, status, headers)
        if status not in (204, 205, 304):
            response.headers["content-type"] = answer.content_type
        return response

    def _limit(self, caller: Caller, *, spend: bool) -> dict[str, str]:
        rate = self._rate(caller, spend=spend)
        headers = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in rate.items()}
        return {**headers, "X-RateLimit-Resource": "core"}

    def _rate(self, caller: Caller, *, spend: bool = False) -> dict[str, int]:
        key = caller.token.value if caller.token else caller.label
        now = int(time.time())
        used, reset = self._used.get(key, (0, now + 3600))
        if reset <= now:
            used, reset = 0, now + 3600
        used += 1 if spend else 0
        self._used[key] = used, reset
        limit = HOURLY.get(caller.label, 5000)
        return {"limit": limit, "remaining": max(0, limit - used), "used": used, "reset": reset}

    # -- GraphQL ------------------------------------------------------------------------------------------
    async def _run_graphql(self, request: Request) -> Response:
        raw = await request.body()
        caller = Caller()
        body: Any = None
        try:
            body = _parse(raw)
            caller = authenticate(self.state, request.headers.get("authorization"))
            if caller.account is None or caller.app is not None:
                raise Refused(401, "This endpoint requires you to be authenticated.")
            if not isinstance(body, dict) or not isinstance(body.get("query"), str):
                raise Refused(400, "A query attribute must be specified and must be a string.")
            status, result = self._graphql(self.state, self._base_url(request), caller, body)
        except Refused as refused:
            self.state.rollback()
            status, result = refused.status, {"message": refused.message}
        self.state.commit()
        response = _json(status, result)
        response.headers.update({**common(caller), **self._limit(caller, spend=True)})
        self._log(caller, "graphql", request.method, "/graphql", "", body, response, "application/json")
        return response

    # -- the exchange log ---------------------------------------------------------------------------------
    def _log(
        self,
        caller: Caller,
        kind: str,
        method: str,
        path: str,
        query: str,
        body: Any,
        response: Response,
        content_type: str,
    ) -> None:
        if self._record is None:
            return
        is_json = content_type.startswith("application/json") and bool(response.body)
        line = {
            "at": self.state.now().isoformat(),
            "kind": kind,
            "caller": caller.label,
            "method": method,
            "path": path,
            "query": query,
            "request": body,
            "status": response.status_code,
            "content_type": response.headers.get("content-type", ""),
            "response": json.loads(bytes(response.body)) if is_json else None,
        }
        self._record.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._record.flush()


def _refusal(refused: Refused) -> Answer:
    body: dict[str, Any] = {
        "message": refused.message,
        "documentation_url": "https://docs.github.com/rest",
    }
    if refused.status != 422:  # which is described without
        body["status"] = str(refused.status)
    if refused.errors:
        body["errors"] = refused.errors
    return Answer(refused.status, body, refused.headers)


def _parse(raw: bytes) -> Any:
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), status, media_type="application/json")
