"""What people see of ours, by key and digest: so that what is shown already is not written again."""

from __future__ import annotations

import hashlib


def comment_key(number: int, marker: str) -> str:
    """The key of our comment with this marker on an issue or pull request."""
    return f"comment:{number}:{marker}"


def number_of(key: str) -> int:
    """The issue or pull request of a `comment_key`."""
    return int(key.split(":")[1])


def check_key(head: str) -> str:
    """The key of our check run on a commit."""
    return f"check:{head}"


def shown_digest(text: str) -> str:
    """The digest of what is shown."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
