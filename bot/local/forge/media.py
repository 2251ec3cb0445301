"""Which of its media types a client asks GitHub for: https://docs.github.com/en/rest/using-the-rest-api/"""

from __future__ import annotations

import re

from bot.local.forge.http import Answer, Call

KNOWN = re.compile(r"application/vnd\.github(?:\.v3)?\.(diff|patch|sha|raw|object)\b")


def wanted(call: Call) -> str:
    """`diff`, `patch`, `sha`, `raw`, `object`, or `json` for all else."""
    found = KNOWN.search(call.headers.get("accept", ""))
    return found[1] if found else "json"


def as_text(kind: str, text: str) -> Answer:
    """A body of one of those types."""
    return Answer(200, text.encode(), content_type=f"application/vnd.github.{kind}; charset=utf-8")
