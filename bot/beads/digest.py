"""What was approved, as one short value: the title and body of a bead, or of several, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest(title: str, body: str) -> str:
    """The SHA-256 of title and body as GitHub's API gives them, in hex."""
    return hashlib.sha256(f"{title}\0{body}".encode("utf-8", "surrogatepass")).hexdigest()


def digest_all(texts: Iterable[tuple[str, str]]) -> str:
    """The same of titles and bodies in their order; of a single one it is its digest."""
    first, *rest = [digest(title, body) for title, body in texts]
    return hashlib.sha256("\0".join([first, *rest]).encode()).hexdigest() if rest else first
