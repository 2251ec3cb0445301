"""The one credential of an engine: found where the policy says, held by the proxy, never by the CLI.

`key` is the value of one environment variable. `login` is the file in which the CLI itself keeps a person's
login; only its access token is used, and read again for each request, because the person's own CLI renews
it: a copy of the refresh token would end their session when it is used. What the CLI behind the wall gets
is a dummy, in the form in which it sends the real thing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.beads.policy import Engine

Form = Literal["api-key", "oauth", "bearer", "chatgpt"]
"""How a credential travels: Anthropic's `x-api-key` or OAuth token, OpenAI's key, a ChatGPT login."""

KEYS = {
    "claude": ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    "codex": ("CODEX_API_KEY", "OPENAI_API_KEY"),
}
OAUTH_VARIABLE = "CLAUDE_CODE_OAUTH_TOKEN"
OAUTH_PREFIX = "sk-ant-oat"
KEY = re.compile(r"[!-~]{1,10000}")  # what a header can carry
MILLISECONDS = 1_000
SHORTEST = 12  # characters of a text in a login's file that could be a secret


class NoCredential(Exception):
    """There is none that could be sent: what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and how it travels. `account` is the ChatGPT account that a login belongs to."""

    form: Form
    secret: str
    account: str | None = None

    def headers(self) -> dict[str, str]:
        """What a request to the provider carries."""
        if self.form == "api-key":
            return {"x-api-key": self.secret}
        found = {"authorization": f"Bearer {self.secret}"}
        return {**found, "chatgpt-account-id": self.account} if self.account else found


@dataclass(frozen=True, slots=True)
class Source:
    """Where an engine's credential is. `name` is the variable, or the file of a login."""

    engine: Literal["claude", "codex"]
    name: str
    value: str | None = None

    @property
    def form(self) -> Form:
        """How it travels."""
        if self.engine == "codex":
            return "bearer" if self.value is not None else "chatgpt"
        if self.value is None or self.name == OAUTH_VARIABLE or self.value.startswith(OAUTH_PREFIX):
            return "oauth"
        return "api-key"

    def read(self) -> Credential:
        """The credential as it is now. Raises NoCredential for a login that is gone or has run out."""
        if self.value is not None:
            return Credential(self.form, self.value)
        login = _login(self.name)
        found = _claude_login(login) if self.engine == "claude" else _codex_login(login)
        if found is None:
            raise NoCredential(
                f"{self.name} holds no login of {self.engine}: log in with `{self.engine}` on this machine"
            )
        return found


def find_source(engine: Engine, env: Mapping[str, str]) -> Source:
    """Where the policy's credential is. Raises NoCredential for none, and for two."""
    assert engine.name != "command"
    if engine.login is not None:
        return Source(engine.name, str(Path(engine.login).expanduser()))
    names = (engine.key,) if engine.key is not None else KEYS[engine.name]
    found = [name for name in names if env.get(name, "").strip()]
    if len(found) == 1 and not KEY.fullmatch(env[found[0]].strip()):
        raise NoCredential(f"{found[0]} holds something that is no key: a key is one line without spaces")
    if len(found) == 1:
        return Source(engine.name, found[0], env[found[0]].strip())
    if found:
        raise NoCredential(f"{' and '.join(found)} are both set: name one in the policy as engine.key")
    raise NoCredential(f"{' or '.join(names)} is not set")


def engine_secrets(engine: Engine, env: Mapping[str, str]) -> tuple[str, ...]:
    """Every text that must be seen nowhere: what the policy's variables hold, or the file of the login."""
    if engine.name == "command":
        return ()
    if engine.login is None:
        names = (engine.key,) if engine.key is not None else KEYS[engine.name]
        return tuple(value for name in names if (value := env.get(name, "").strip()))
    try:
        return tuple(_texts(_login(str(Path(engine.login).expanduser()))))
    except NoCredential:
        return ()


def _login(name: str) -> object:
    try:
        return json.loads(Path(name).read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise NoCredential(f"the login {name} cannot be read: {reason}") from error


def _claude_login(login: object) -> Credential | None:
    match login:
        case {"claudeAiOauth": {"accessToken": str(token), **rest}} if token:
            until = rest.get("expiresAt")
            if isinstance(until, (int, float)) and until <= time.time() * MILLISECONDS:
                raise NoCredential("the login of claude has run out: start `claude` once, it renews it")
            return Credential("oauth", token)
    return None


def _codex_login(login: object) -> Credential | None:
    match login:
        case {"tokens": {"access_token": str(token), "account_id": str(account)}} if token:
            return Credential("chatgpt", token, account)
    return None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= SHORTEST:
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
