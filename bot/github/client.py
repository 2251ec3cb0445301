"""One App's way to GitHub: authentication, time-outs, retries of reads, limits.

githubkit signs the App's JWT and sends; we own the rest, because of what it does otherwise: it retries 5xx on
POST and PUT, asks for one installation token per concurrent caller, and loads all of GitHub's schemas
(2 s, 70 MiB) to read the answer to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.github.errors import GitHubError, Limited

if TYPE_CHECKING:
    from githubkit import GitHub
    from githubkit.auth import AppAuthStrategy, UnauthAuthStrategy
    from githubkit.exception import GitHubException
    from githubkit.retry import RetryOption

    Sender = GitHub[AppAuthStrategy | UnauthAuthStrategy]

T = TypeVar("T")
Clock = Callable[[], datetime]
API_VERSION = "2022-11-28"
TIME_OUT = httpx.Timeout(30.0, connect=10.0)
READ_RETRIES = 2
DISPATCHES_KEPT = 500
SPARE = timedelta(minutes=5)
"""How long before its end an installation token is replaced: longer than any call that carries it."""


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


class _GrantedToken(BaseModel):
    token: str
    expires_at: datetime


class _Installation(BaseModel):
    id: int


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """A credential and its end."""

    value: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A run that GitHub made for a dispatch of ours: its claim's token, its name, its page."""

    token: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 500; `body` is the text as it came."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status < 300

    def read(self, shape: type[T]) -> T:
        """The JSON in it as `shape`. Raises GitHubError for a refusal or another shape."""
        if not self.ok:
            raise GitHubError(self.status, self.message)
        try:
            return TypeAdapter(shape).validate_json(self.body)
        except ValidationError as error:
            raise GitHubError(self.status, f"an answer of another shape: {error}") from error

    @property
    def message(self) -> str:
        """Why it was refused, in GitHub's words."""
        try:
            refusal = _Refusal.model_validate_json(self.body)
        except ValidationError:
            return self.body[:200].decode(errors="replace") or "no reason given"
        details = [error if isinstance(error, str) else _sentence(error) for error in refusal.errors]
        return ": ".join([refusal.message, "; ".join(details)] if details else [refusal.message])


class _Refusal(BaseModel):
    message: str = "no reason given"
    errors: list[str | dict[str, object]] = []


def _sentence(error: Mapping[str, object]) -> str:
    if error.get("message"):
        return str(error["message"])
    return " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))


class _Kept(httpx.AsyncBaseTransport):
    """A transport whose connections outlive the client that githubkit makes for each request."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Kept open: see `close`."""

    async def close(self) -> None:
        await self._inner.aclose()


class App:
    """A GitHub App, and the tokens of its installations.

    Args:
        app_id: its database id.
        private_key: PEM.
        api_url: the root of REST, ``https://api.github.com`` or ``https://HOST/api/v3``.
        clock: the present; tokens end by it.
        proxy: an HTTP proxy's URL, if GitHub is reached through one.
        transport: what carries requests, instead of the network.
    """

    def __init__(
        self,
        app_id: int,
        private_key: str,
        api_url: str = "https://api.github.com",
        *,
        clock: Clock = utc_now,
        proxy: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.app_id = app_id
        self.api_url = api_url.rstrip("/")
        self.clock = clock
        self._private_key = private_key
        # Only a connection that was never made is tried again here.
        self._transport = _Kept(transport or httpx.AsyncHTTPTransport(retries=2, proxy=proxy))
        self._senders: dict[tuple[bool, bool], Sender] = {}
        self._tokens: dict[int, InstallationToken] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._installations: dict[str, int] = {}
        self.dispatched: dict[int, Dispatched] = {}
        self.slug = ""  # known once the installations have been listed

    @property
    def graphql_url(self) -> str:
        """The address of GraphQL beside this REST root."""
        return self.api_url.removesuffix("/v3") + "/graphql"

    @property
    def server_url(self) -> str:
        """The address of the pages beside this REST root."""
        return self.api_url.removesuffix("/api/v3").replace("//api.", "//")

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def installation_of(self, repository: str) -> int:
        """The installation that covers ``owner/name``, asked once. Raises GitHubError(404) for none.

        One that is gone by now is refused where its token is asked for.
        """
        if repository not in self._installations:
            answer = await self.call("GET", f"/repos/{repository}/installation", safe=True)
            self._installations[repository] = answer.read(_Installation).id
        return self._installations[repository]

    async def grant(
        self, installation: int, *, repository_ids: list[int] | None, permissions: dict[str, str] | None
    ) -> InstallationToken:
        """A new installation token, narrowed to repositories and permissions when they are given."""
        wanted: dict[str, object] = {}
        if repository_ids is not None:
            wanted["repository_ids"] = repository_ids
        if permissions is not None:
            wanted["permissions"] = permissions
        answer = await self.call("POST", f"/app/installations/{installation}/access_tokens", json=wanted)
        granted = answer.read(_GrantedToken)
        return InstallationToken(granted.token, granted.expires_at)

    async def token(self, installation: int) -> str:
        """The installation's token: one request for all who ask, kept until shortly before its end."""
        async with self._locks.setdefault(installation, asyncio.Lock()):
            known = self._tokens.get(installation)
            if known is None or known.expires_at - SPARE <= self.clock():
                known = await self.grant(installation, repository_ids=None, permissions=None)
                self._tokens[installation] = known
            return known.value

    def note_dispatch(self, run_id: int, run: Dispatched) -> None:
        """Remember which run a dispatch made; only so many of the last are kept, all can be asked again."""
        self.dispatched[run_id] = run
        for old in list(self.dispatched)[:-DISPATCHES_KEPT]:
            del self.dispatched[old]

    def forget_token(self, installation: int, value: str) -> None:
        """Drop a token that GitHub does not accept (any more)."""
        known = self._tokens.get(installation)
        if known is not None and known.value == value:
            del self._tokens[installation]

    async def call(
        self,
        method: str,
        path: str,
        *,
        safe: bool = False,
        token: str | None = None,
        json: object = None,
        params: Mapping[str, str | int] | None = None,
        accept: str | None = None,
        etag: str | None = None,
    ) -> Answer:
        """One request. `safe` says that it changes nothing, so that a 5xx or a lost answer is tried again.
        `accept` is the media type that is asked for, where it is not JSON; `etag` that of an answer before:
        an unchanged one is a 304 without a body.

        Raises:
            Limited: GitHub said to wait.
            GitHubError: 5xx, or no answer at all.
        """
        from githubkit.exception import (
            GitHubException,
            RateLimitExceeded,
            RequestError,
            RequestFailed,
        )

        url = path if path.startswith("http") else self.api_url + path
        headers = {"X-GitHub-Api-Version": API_VERSION}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if accept is not None:
            headers["Accept"] = accept
        if etag is not None:
            headers["If-None-Match"] = etag
        try:
            response = await self._sender(safe, as_app=token is None).arequest(
                method, url, json=json, params=dict(params) if params else None, headers=headers
            )
        except RateLimitExceeded as error:
            wait = max(error.retry_after, timedelta(seconds=1))
            raise Limited(self.clock() + wait, "GitHub limits our requests") from error
        except RequestFailed as error:
            raw = error.response.raw_response
            answer = Answer(raw.status_code, raw.content, raw.headers)
            if answer.status >= 500:
                raise GitHubError(answer.status, f"{method} {path}: {answer.message}") from error
            # A secondary limit can be a 403 that has neither header.
            if answer.status in (403, 429) and "rate limit" in answer.message.lower():
                raise Limited(self.clock() + timedelta(minutes=1), answer.message) from error
            return answer
        except (RequestError, GitHubException) as error:
            raise GitHubError(0, f"{method} {path}: no answer from GitHub ({error})") from error
        raw = response.raw_response
        return Answer(raw.status_code, raw.content, raw.headers)

    def _sender(self, safe: bool, *, as_app: bool) -> Sender:
        """githubkit, loaded when it is first needed; `safe` ones repeat, the others never do."""
        if (safe, as_app) not in self._senders:
            from githubkit import GitHub
            from githubkit.auth import AppAuthStrategy, UnauthAuthStrategy
            from githubkit.cache import MemCacheStrategy
            from githubkit.throttling import LocalThrottler

            auth = AppAuthStrategy(self.app_id, self._private_key) if as_app else UnauthAuthStrategy()
            self._senders[safe, as_app] = GitHub(
                auth,
                base_url=self.api_url,
                user_agent="beadwright",
                timeout=TIME_OUT,
                async_transport=self._transport,
                # Its own, or another App object with this id, and another key or host, gets our JWT.
                cache_strategy=MemCacheStrategy(),
                http_cache=False,
                auto_retry=_retry if safe else False,
                throttler=LocalThrottler(20),
            )
        return self._senders[safe, as_app]


def _retry(error: GitHubException, tried: int) -> RetryOption:
    from githubkit.exception import RateLimitExceeded, RequestError, RequestFailed
    from githubkit.retry import RetryOption

    server = isinstance(error, RequestFailed) and error.response.status_code >= 500
    lost = isinstance(error, RequestError) and not isinstance(error, RequestFailed)
    again = (server or lost) and not isinstance(error, RateLimitExceeded) and tried < READ_RETRIES
    return RetryOption(again, timedelta(seconds=0.3 * (tried + 1)))
