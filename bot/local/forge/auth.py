"""Who is calling: tokens, Basic credentials of git, and an App's JWT.

https://docs.github.com/en/rest/authentication,
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from typing import Literal

import jwt

from bot.local.forge.http import Caller, Refused
from bot.local.forge.records import Account, App, Token
from bot.local.forge.state import State

PREFIX = {"user": "ghp_", "installation": "ghs_", "job": "ghs_"}


def issue_token(
    state: State,
    kind: Literal["user", "installation", "job"],
    account: Account,
    *,
    app_id: int | None = None,
    installation_id: int | None = None,
    run_id: int | None = None,
    job_id: int | None = None,
    repository_ids: list[int] | None = None,
    permissions: dict[str, str] | None = None,
    expires_at: datetime | None = None,
) -> Token:
    """Make and remember a token; its `value` is what goes over the wire."""
    return state.put(
        Token(
            id=state.new_id(),
            value=PREFIX[kind] + secrets.token_hex(18),
            kind=kind,
            account_id=account.id,
            app_id=app_id,
            installation_id=installation_id,
            run_id=run_id,
            job_id=job_id,
            repository_ids=repository_ids,
            permissions=permissions,
            expires_at=expires_at,
        )
    )


def authenticate(state: State, header: str | None) -> Caller:
    """The caller behind an `Authorization` header. Raises Refused(401) for a credential that is not good."""
    if not header:
        return Caller()
    scheme, _, credential = header.partition(" ")
    credential = credential.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credential, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise bad_credentials() from None
        credential = password or user
    elif scheme.lower() not in ("bearer", "token"):
        raise bad_credentials()
    if credential.count(".") == 2:
        return _app_of_jwt(state, credential)
    token = state.one(Token, value=credential)
    if token is None or (token.expires_at is not None and token.expires_at <= state.now()):
        raise bad_credentials()
    return Caller(state.get(Account, token.account_id), token)


def bad_credentials() -> Refused:
    """401 for a token that is unknown, revoked or expired."""
    return Refused(401, "Bad credentials")


def _app_of_jwt(state: State, encoded: str) -> Caller:
    try:
        issuer = str(jwt.decode(encoded, options={"verify_signature": False}).get("iss", ""))
    except jwt.PyJWTError:
        raise Refused(401, "A JSON web token could not be decoded") from None
    app = state.one(App, client_id=issuer)
    if app is None and issuer.isdigit() and state.has(App, int(issuer)):
        app = state.get(App, int(issuer))
    if app is None:
        raise Refused(401, "Integration not found")
    now = state.now()
    try:
        # The times are checked below, against the forge's own clock.
        claims = jwt.decode(
            encoded,
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "iss"]},
        )
    except jwt.PyJWTError:
        raise Refused(401, "A JSON web token could not be decoded") from None
    if claims["exp"] <= now.timestamp():
        raise Refused(
            401, "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        )
    if claims["exp"] > (now + timedelta(minutes=10, seconds=5)).timestamp():
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > (now + timedelta(seconds=60)).timestamp():
        raise Refused(401, "'Issued at' claim ('iat') must be an Integer representing a time in the past")
    return Caller(state.get(Account, app.bot_id), None, app)
