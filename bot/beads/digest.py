"""What was approved, as one short value: a bead's title and body, byte for byte."""

from __future__ import annotations

import hashlib


def digest(title: str, body: str) -> str:
    """The SHA-256 of title and body as GitHub's API gives them, in hex."""
    return hashlib.sha256(f"{title}\0{body}".encode("utf-8", "surrogatepass")).hexdigest()
