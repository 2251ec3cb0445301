"""People, bots, organisations and Apps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.local.forge.access import find_account
from bot.local.forge.graphql.ask import Ask, Info, unresolved
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.records import Account, App

ACCOUNT_TYPES = ("User", "Bot", "Organization")


def account_url(ask: Ask, account: Account) -> str:
    """A person's or an App's page."""
    if account.type == "Bot":
        return f"{ask.base_url}/apps/{account.login.removesuffix('[bot]')}"
    return f"{ask.base_url}/{account.login}"


def path_of(url: str) -> str:
    """The `resourcePath` of a page."""
    parts = urlsplit(url)
    return parts.path + (f"#{parts.fragment}" if parts.fragment else "")


def account_or_none(info: Info, account_id: int | None) -> Account | None:
    """The account with that id, or null for nobody."""
    return None if account_id is None else info.context.state.get(Account, account_id)


for _type in ACCOUNT_TYPES:
    plain(_type, databaseId="id")
plain("User", login="login", name="name")
plain("Organization", login="login", name="name")


@field("Bot.login")
def bot_login(account: Account, _info: Info) -> str:
    """GraphQL names an App's bot without the `[bot]` that REST gives it."""
    return account.login.removesuffix("[bot]")


@field("User.url", "Bot.url", "Organization.url")
def url(account: Account, info: Info) -> str:
    """The page."""
    return account_url(info.context, account)


@field("User.resourcePath", "Bot.resourcePath", "Organization.resourcePath")
def resource_path(account: Account, info: Info) -> str:
    """The page's path."""
    return path_of(account_url(info.context, account))


@field("User.avatarUrl", "Bot.avatarUrl", "Organization.avatarUrl")
def avatar_url(account: Account, info: Info, **_size: Any) -> str:
    """A picture's address."""
    return f"{info.context.base_url}/avatars/u/{account.id}"


@field("Query.viewer")
def viewer(_root: None, info: Info) -> Account:
    """Who asks: also an App's bot, which is then a User."""
    return info.context.me


@field("Query.user")
def user(_root: None, info: Info, login: str) -> Account:
    """A person by login."""
    found = find_account(info.context.state, login)
    if found is None or found.type != "User":
        raise unresolved(f"a User with the login of '{login}'")
    return found


@field("Query.organization")
def organization(_root: None, info: Info, login: str) -> Account:
    """An organisation by login."""
    found = find_account(info.context.state, login)
    if found is None or found.type != "Organization":
        raise unresolved(f"an Organization with the login of '{login}'")
    return found


plain("App", databaseId="id", slug="slug", name="name", clientId="client_id", createdAt="created_at")


@field("App.url")
def app_url(app: App, info: Info) -> str:
    """The App's page."""
    return f"{info.context.base_url}/apps/{app.slug}"


# -- the caller's budget ----------------------------------------------------------------------------------
@field("Query.rateLimit")
def rate_limit(_root: None, info: Info) -> Ask:
    """What this request costs, and what is left of the hour."""
    return info.context


plain("RateLimit", cost="cost", limit="limit", nodeCount="nodes", used="used")


@field("RateLimit.remaining")
def remaining(ask: Ask, _info: Info) -> int:
    """Points that are left."""
    return max(0, ask.limit - ask.used)


@field("RateLimit.resetAt")
def reset_at(ask: Ask, _info: Info) -> datetime:
    """When the hour is over."""
    return datetime.fromtimestamp(ask.reset_at, UTC)
