"""A person's way to GitHub's REST, for commands that act as who runs them; and what is said of bad input."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx


def person(*, repo: str, api_url: str, token: str, may: str, stop: Callable[[str], NoReturn]) -> httpx.Client:
    """A client with the person's token. `may` says what the token must allow, for whoever forgot it."""
    check_repository(repo, stop)
    check_url(api_url, stop)
    if not token:
        stop(f"put a token that may {may} issues into GITHUB_TOKEN")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return httpx.Client(base_url=api_url.rstrip("/"), headers=headers, timeout=30)


def check_repository(repo: str, stop: Callable[[str], NoReturn]) -> None:
    """Stop where `--repo` names no repository."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        stop(f"--repo {repo}: write OWNER/NAME")


def check_url(api_url: str, stop: Callable[[str], NoReturn]) -> None:
    """Stop where `--api-url` is no address."""
    if not re.match(r"https?://[^/]", api_url):
        stop(f"--api-url {api_url}: write the API's root, for example https://api.github.com")


def unanswered(api_url: str, error: Exception) -> str:
    """A sentence on a request that GitHub did not answer: where it went, why, and what to look at."""
    why = re.sub(r"^\[Errno -?[0-9]+\] ", "", str(error)) or type(error).__name__
    return f"{api_url} did not answer ({why}); is it the right --api-url, and is there a network?"


def unreadable(file: Path, error: OSError | UnicodeDecodeError) -> str:
    """A sentence on a file that cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return f"{file} is no text: byte {error.start + 1} is not UTF-8"
    return f"{file} cannot be read: {error.strerror or os.strerror(error.errno or 0)}"
