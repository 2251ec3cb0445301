"""Takes secrets out of what is uploaded: artifacts of public repositories are public."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

PATTERNS = {
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9_]{20,255}|github_pat_[A-Za-z0-9_]{22,255})",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "an Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "an OpenAI key": r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}",
    "a Google key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a package registry token": r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",
}
SHAPES = {name: re.compile(pattern.encode()) for name, pattern in PATTERNS.items()}
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
SECRET_NAME = re.compile(r"(?i)(token|secret|password|passwd|api_?key|credential)")
SHORTEST = 8


def known_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the environment whose names say that they are secret; a claim's token is none."""
    return tuple(
        value
        for name, value in env.items()
        if SECRET_NAME.search(name) and name != "BEADWRIGHT_TOKEN" and len(value) >= SHORTEST
    )


def find_secrets(data: bytes) -> list[tuple[str, bytes]]:
    """What looks like a secret, also inside base64: its kind and the text as it stands there."""
    found = [(name, match.group(0)) for name, shape in SHAPES.items() for match in shape.finditer(data)]
    for match in BASE64.finditer(data):
        text = match.group(0)
        decoded = _decoded(text)
        kinds = [name for name, shape in SHAPES.items() if shape.search(decoded)]
        found += [(f"{kind} in base64", text) for kind in kinds]
    return found


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without known secrets (plain, quoted, in base64) and without what looks like one."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        for form in _forms(secret):
            text = text.replace(form, "[redacted]")
    data = text.encode("utf-8", errors="replace")
    for _, matter in find_secrets(data):
        data = data.replace(matter, b"[redacted]")
    return data.decode("utf-8", errors="replace")


def _forms(secret: str) -> list[str]:
    """How a secret may be written. In base64 it has three faces, by where in a longer text it begins."""
    raw = secret.encode()
    forms = [secret, quote(secret, safe="")]
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).decode()
        first, last = (lead * 8 + 5) // 6, (lead + len(raw)) * 8 // 6
        inner = encoded[first:last]
        forms += [inner, inner.replace("+", "-").replace("/", "_")]
    return [form for form in dict.fromkeys(forms) if len(form) >= SHORTEST]


def _decoded(text: bytes) -> bytes:
    body = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    body = body[: len(body) - (len(body) % 4 == 1)]
    return base64.b64decode(body + b"=" * (-len(body) % 4))
