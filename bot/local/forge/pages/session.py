"""Who sits at the browser: a signed cookie, and the token that ties a form to it.

The cookie's name has the port in it, because a browser shares cookies between the ports of a host.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.local.forge import keys
from bot.local.forge.records import Account
from bot.local.forge.state import State

NOBODY = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session; `account_id` is NOBODY before somebody signs in, `fresh` is one to be kept."""

    value: str
    account_id: int
    token: str
    fresh: bool = False

    def is_token(self, given: str) -> bool:
        """Whether a form carries this session's token."""
        return hmac.compare_digest(given.encode(), self.token.encode())


def begin(state: State, account_id: int = NOBODY) -> Session:
    """A new session."""
    facts = f"{account_id}.{secrets.token_urlsafe(16)}"
    return _session(state, f"{facts}.{_sign(state, 'session', facts)}", account_id, fresh=True)


def find(state: State, request: Request) -> Session:
    """The request's session, or a new one where its cookie is none of ours or its account is gone."""
    value = request.cookies.get(_name(request), "")
    facts, _, signature = value.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _sign(state, "session", facts).encode()):
        return begin(state)
    account_id = int(facts.partition(".")[0])
    if account_id != NOBODY and not state.has(Account, account_id):
        return begin(state)
    return _session(state, value, account_id)


def keep(response: Response, request: Request, session: Session) -> None:
    """Have the browser send the session from now on; not from forms or frames of other sites."""
    response.set_cookie(_name(request), session.value, path="/", httponly=True, samesite="lax")


def _session(state: State, value: str, account_id: int, *, fresh: bool = False) -> Session:
    return Session(value, account_id, _sign(state, "form", value), fresh)


def _sign(state: State, purpose: str, text: str) -> str:
    return hmac.new(keys.pages_secret(state), f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def _name(request: Request) -> str:
    return f"forge_session_{request.url.port or 80}"
