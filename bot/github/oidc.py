"""Who a job is: an OpenID Connect token of GitHub Actions, verified.

https://docs.github.com/en/actions/reference/security/oidc. Ids are matched, never `sub`: that is a format
which people can change.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.github.client import Clock, utc_now
from bot.github.errors import GitHubError

LEEWAY = timedelta(seconds=60)
KEYS_KEPT = timedelta(minutes=10)
KEYS_AGAIN = timedelta(seconds=30)
"""How soon a key that nobody knows may make us fetch the keys again: strangers can invent key names."""


class NotTheJob(Exception):
    """The token proves nothing; the message says why."""


class Identity(BaseModel):
    """What the token says about its job. Numbers come as text."""

    model_config = ConfigDict(frozen=True)
    repository: str
    repository_id: int
    run_id: int
    run_attempt: int
    event_name: str
    ref: str
    workflow_ref: str
    job_workflow_ref: str
    check_run_id: int | None = None


class _Configuration(BaseModel):
    issuer: str
    jwks_uri: str


class Verifier:
    """Verifies tokens of one issuer for one audience.

    Args:
        issuer: the issuer's URL; its keys are found below it.
        audience: what the job must have asked the token for.
        clock: the present.
        transport: what carries requests, instead of the network.
        proxy: an HTTP proxy's URL.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        clock: Clock = utc_now,
        transport: httpx.AsyncBaseTransport | None = None,
        proxy: str | None = None,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._audience = audience
        self._clock = clock
        self._transport = transport
        self._proxy = proxy
        self._keys: jwt.PyJWKSet | None = None
        self._fetched: datetime | None = None

    async def identity(self, token: str) -> Identity:
        """The job behind a token. Raises NotTheJob, GitHubError when the keys cannot be had."""
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["exp", "iat", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise NotTheJob(f"the identity token is not good: {error}") from error
        self._in_time(claims)
        try:
            return Identity.model_validate(claims)
        except ValidationError as error:
            raise NotTheJob(f"the identity token lacks {error.errors()[0]['loc'][0]}") from error

    def _in_time(self, claims: dict[str, object]) -> None:
        """By our clock, which tests can turn."""
        now, leeway = self._clock().timestamp(), LEEWAY.total_seconds()
        for name in ("exp", "nbf", "iat"):
            if name in claims and not isinstance(claims[name], int | float):
                raise NotTheJob(f"the identity token's {name} is no time")
        if float(str(claims["exp"])) <= now - leeway:
            raise NotTheJob("the identity token has expired")
        if max(float(str(claims.get("nbf", 0))), float(str(claims["iat"]))) > now + leeway:
            raise NotTheJob("the identity token is from the future")

    async def _key(self, name: str) -> jwt.PyJWK:
        now = self._clock()
        kept_until = self._fetched + (KEYS_KEPT if self._has(name) else KEYS_AGAIN) if self._fetched else now
        if now >= kept_until:
            await self._fetch(now)
        for key in self._keys.keys if self._keys else ():
            if key.key_id == name:
                return key
        raise NotTheJob("the identity token is signed by an unknown key")

    def _has(self, name: str) -> bool:
        return self._keys is not None and any(key.key_id == name for key in self._keys.keys)

    async def _fetch(self, now: datetime) -> None:
        try:
            async with httpx.AsyncClient(
                transport=self._transport, proxy=self._proxy, trust_env=False, timeout=10.0
            ) as client:
                found = await client.get(f"{self._issuer}/.well-known/openid-configuration")
                configuration = _Configuration.model_validate_json(found.raise_for_status().content)
                keys = (await client.get(configuration.jwks_uri)).raise_for_status().json()
            self._keys = jwt.PyJWKSet.from_dict(keys)
        except (httpx.HTTPError, ValueError, TypeError, jwt.PyJWTError) as error:
            raise GitHubError(0, f"the keys of {self._issuer} could not be read: {error}") from error
        self._fetched = now
