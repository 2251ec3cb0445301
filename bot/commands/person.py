"""A person's way to GitHub's REST, for the commands that act as who runs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

import httpx


def person(*, repo: str, api_url: str, token: str, may: str, stop: Callable[[str], NoReturn]) -> httpx.Client:
    """A client with the person's token. `may` says what the token must allow, for whoever forgot it."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        stop(f"--repo {repo}: write OWNER/NAME")
    if not token:
        stop(f"put a token that may {may} issues into GITHUB_TOKEN")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return httpx.Client(base_url=api_url.rstrip("/"), headers=headers, timeout=30)
