"""An installation's calls: REST and GraphQL with its token, at a pace that GitHub accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.github.client import Answer, App
from bot.github.errors import GitHubError, Limited

T = TypeVar("T")


class GraphQLFault(BaseModel):
    """One entry of a GraphQL answer's `errors`."""

    model_config = ConfigDict(frozen=True)
    message: str
    type: str = ""
    path: tuple[str | int, ...] = ()


class _Reply(BaseModel):
    data: dict[str, object] | None = None
    errors: tuple[GraphQLFault, ...] = Field(default=())


class Pace:
    """A token bucket for writes: a burst, then about one request a second, and one comment.

    Beside requests GitHub limits what creates content; labels, edits and closing in one request count once.
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    def __init__(self, burst: int = 60, per_second: float = 1.0) -> None:
        self._burst = float(burst)
        self._rate = per_second
        self._left = float(burst)
        self._at: float | None = None

    async def take(self, writes: int) -> None:
        """Wait until so many writes may be sent."""
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= writes
        if self._left < 0:
            await asyncio.sleep(-self._left / self._rate)


class Installation:
    """What one installation may do, as calls.

    A limit that GitHub named holds for every call until it is over: no request is spent on asking again.
    """

    def __init__(self, app: App, installation: int, pace: Pace | None = None) -> None:
        self.app = app
        self.id = installation
        self._pace = pace or Pace()
        self._limited_until: datetime | None = None

    async def get(
        self, path: str, *, accept: str | None = None, etag: str | None = None, **params: str | int
    ) -> Answer:
        """Read from REST, as the media type `accept`; a refusal is an answer, and so is the 304 of what still
        has this `etag`. Raises GitHubError, Limited."""
        return await self._call("GET", path, safe=True, params=params, accept=accept, etag=etag)

    async def write(self, method: str, path: str, json: Mapping[str, object] | None = None) -> Answer:
        """Write by REST, once; a refusal is an answer. Raises GitHubError, Limited."""
        await self._pace.take(1)
        return await self._call(method, path, safe=False, json=json)

    async def query(
        self, document: str, shape: type[T], variables: Mapping[str, object], *, may_miss: bool = False
    ) -> T:
        """Read by GraphQL. With `may_miss` a thing that does not exist is null, not an error; nor is a
        blocker in a repository that we may not see."""
        reply = await self._graphql(document, variables, safe=True)
        missed = [fault.type == "NOT_FOUND" or "blockedBy" in fault.path for fault in reply.errors]
        faults = [
            fault for fault, absent in zip(reply.errors, missed, strict=True) if not (may_miss and absent)
        ]
        if faults:
            raise GitHubError(200, "; ".join(fault.message for fault in faults))
        return _shaped(reply.data, shape)

    async def mutate(
        self, document: str, variables: Mapping[str, object], *, creates: int = 0
    ) -> tuple[Mapping[str, object], tuple[GraphQLFault, ...]]:
        """Write by GraphQL, once: what each alias answered, and what went wrong. `creates`: how many comments
        and the like it makes."""
        await self._pace.take(max(1, creates))
        reply = await self._graphql(document, variables, safe=False)
        return reply.data or {}, reply.errors

    async def _graphql(self, document: str, variables: Mapping[str, object], *, safe: bool) -> _Reply:
        body = {"query": document, "variables": dict(variables)}
        answer = await self._call("POST", self.app.graphql_url, safe=safe, json=body)
        reply = answer.read(_Reply)
        if any(fault.type == "RATE_LIMITED" for fault in reply.errors):
            until = self.app.clock() + timedelta(minutes=1)
            reset = answer.headers.get("x-ratelimit-reset", "")
            if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
                until = datetime.fromtimestamp(int(reset), until.tzinfo)
            self._limited_until = until
            raise Limited(until, reply.errors[0].message)
        return reply

    async def _call(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        json: Mapping[str, object] | None = None,
        params: Mapping[str, str | int] | None = None,
        accept: str | None = None,
        etag: str | None = None,
    ) -> Answer:
        if self._limited_until is not None and self.app.clock() < self._limited_until:
            raise Limited(self._limited_until, "GitHub limits our requests")
        try:
            token = await self.app.token(self.id)
            answer = await self.app.call(
                method, path, safe=safe, token=token, json=json, params=params, accept=accept, etag=etag
            )
            if answer.status == 401:  # revoked before its time; nothing took effect
                self.app.forget_token(self.id, token)
                token = await self.app.token(self.id)
                answer = await self.app.call(
                    method, path, safe=safe, token=token, json=json, params=params, accept=accept, etag=etag
                )
        except Limited as limit:
            self._limited_until = limit.until
            raise
        return answer


def _shaped(data: object, shape: type[T]) -> T:
    try:
        return TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        raise GitHubError(200, f"a GraphQL answer of another shape: {error}") from error
