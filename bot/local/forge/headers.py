"""Headers that every answer of the API has, whatever it says.

https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api,
https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
"""

from __future__ import annotations

import secrets

from bot.local.forge.http import Caller

API_VERSION = "2022-11-28"
SCOPES = "read:org, repo, workflow"
"""A person's token may do all that the person may."""


def common(caller: Caller) -> dict[str, str]:
    """What names the request, the version, and what a person's token may do (an App's has permissions)."""
    headers = {
        "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
        "X-GitHub-Api-Version-Selected": API_VERSION,
        "X-GitHub-Media-Type": "github.v3; format=json",
    }
    if caller.token is not None and caller.token.kind == "user":
        headers |= {"X-OAuth-Scopes": SCOPES, "X-Accepted-OAuth-Scopes": ""}
    return headers
