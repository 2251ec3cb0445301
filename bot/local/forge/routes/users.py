"""Accounts, and what every client may ask about the server."""

from __future__ import annotations

from bot.local.forge import render
from bot.local.forge.access import find_account
from bot.local.forge.http import Answer, Call, Need, Refused, not_found, operation


@operation("users/get-authenticated", "GET", "/user", Need(user=True))
def get_me(call: Call) -> Answer:
    """Who the token belongs to; only people have one."""
    if call.caller.token is None or call.caller.token.kind != "user":
        raise Refused(403, "Resource not accessible by integration")
    return Answer(200, render.public_user(call.state, call.base_url, call.me))


@operation("users/get-by-username", "GET", "/users/{username}")
def get_user(call: Call) -> Answer:
    """An account by its login."""
    found = find_account(call.state, call.params["username"])
    if found is None:
        raise not_found()
    return Answer(200, render.public_user(call.state, call.base_url, found))


@operation("rate-limit/get", "GET", "/rate_limit")
def get_rate_limit(call: Call) -> Answer:
    """What is left of the hour's requests; asking costs nothing."""
    rate = dict(call.rate)
    return Answer(200, {"resources": {"core": rate, "graphql": rate, "search": rate}, "rate": rate})


@operation("meta/get", "GET", "/meta")
def get_meta(_call: Call) -> Answer:
    """About the server."""
    return Answer(200, {"verifiable_password_authentication": False})


@operation("meta/get-all-versions", "GET", "/versions")
def get_versions(_call: Call) -> Answer:
    """The API's versions."""
    return Answer(200, ["2022-11-28"])
