"""What a provider answered, and what that makes of a run that ended without an answer.

Pure. A CLI retries by itself; what it got over is no fault, so only the last exchange counts. Sources:
https://docs.anthropic.com/en/api/errors and /rate-limits, https://platform.openai.com/docs/guides/rate-limits;
`usage_limit_reached` is what a ChatGPT plan answers to codex.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from bot.beads.report import ProviderFault

Kind = Literal["limit", "outage", "key"]
LIMITS = ("rate_limit", "usage_limit", "quota", "billing", "credit balance", "usage_not_included")
REFUSALS = ("authentication", "permission", "invalid_api_key")
REQUESTS = ("context_length", "invalid_request", "invalid_prompt")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
SECONDS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
RESET = re.compile(r"^(anthropic-ratelimit-.+|x-ratelimit)-reset(-.+)?$")
LINE = 250


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that cost tokens, or would have.

    `status` is None when there was no answer. `headers` have lower-case names. `error` is the text of a
    refusal, of the stream's own error event, or what the connection said; empty when all went well.
    """

    at: datetime
    status: int | None
    headers: Mapping[str, str]
    error: str = ""

    @property
    def served(self) -> bool:
        """Whether the model answered to the end."""
        return self.status is not None and self.status < 400 and not self.error


def provider_fault(exchanges: Sequence[Exchange]) -> ProviderFault | None:
    """Why the provider ended a run that left no answer; None when it did not."""
    if not exchanges or exchanges[-1].served:
        return None
    last = exchanges[-1]
    kind = _kind(last)
    if kind is None:
        return None
    return ProviderFault(kind=kind, until=resets_at(last), detail=_detail(last))


def resets_at(exchange: Exchange) -> datetime | None:
    """When the provider says that it serves again: the latest of the times that concern this refusal."""
    times = [*_retry_after(exchange), *_in_body(exchange)]
    if exchange.status == 429:
        times += _exhausted(exchange)
    return max((time for time in times if time > exchange.at), default=None)


def _kind(exchange: Exchange) -> Kind | None:
    said = exchange.error.lower()
    match exchange.status:
        case 401 | 403:
            return "key"
        case 402 | 429:
            return "limit"
        case 400 if "credit balance" in said:  # Anthropic's answer to an account without credit
            return "limit"
        case int(status) if 400 <= status < 500 and status != 408:
            return None  # the request was wrong: a model that does not exist, a prompt that is too long
        case int(status) if status < 400:  # a stream that began well, and then told an error or broke off
            if any(word in said for word in REQUESTS):
                return None
            if any(word in said for word in LIMITS):
                return "limit"
            if any(word in said for word in REFUSALS):
                return "key"
    return "outage"


def _retry_after(exchange: Exchange) -> Iterator[datetime]:
    text = exchange.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", text):
        yield exchange.at + timedelta(seconds=float(text))
    elif text:
        yield from _parsed(text)


def _in_body(exchange: Exchange) -> Iterator[datetime]:
    """`resets_at` (seconds since 1970) or `resets_in_seconds`, as a ChatGPT plan tells."""
    try:
        body = json.loads(exchange.error)
    except ValueError:
        return
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return
    match error:
        case {"resets_at": int(seconds)} | {"resets_at": float(seconds)}:
            yield from _epoch(seconds)
        case {"resets_in_seconds": int(seconds)} | {"resets_in_seconds": float(seconds)} if seconds < 1e9:
            yield exchange.at + timedelta(seconds=seconds)


def _exhausted(exchange: Exchange) -> list[datetime]:
    """Resets of the buckets that are empty; of all that are named when none says what remains."""
    found: list[tuple[bool, datetime]] = []
    told = False
    for name, value in exchange.headers.items():
        if not RESET.match(name):
            continue
        remaining = exchange.headers.get(name.replace("-reset", "-remaining"))
        status = exchange.headers.get(name.replace("-reset", "-status"))
        told = told or remaining is not None or status is not None
        empty = remaining == "0" or status == "rejected"
        found += [(empty, time) for time in _reset(value.strip(), exchange.at)]
    return [time for empty, time in found if empty or not told]


def _reset(value: str, at: datetime) -> Iterator[datetime]:
    """RFC 3339, seconds since 1970, or a duration such as `6m0s`."""
    if re.fullmatch(r"\d{9,11}", value):
        yield from _epoch(int(value))
    elif value and DURATION.sub("", value) == "":
        seconds = sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(value))
        if seconds < 1e9:
            yield at + timedelta(seconds=seconds)
    else:
        yield from _parsed(value)


def _epoch(seconds: float) -> Iterator[datetime]:
    if 0 < seconds < 1e11:
        yield datetime.fromtimestamp(seconds, UTC)


def _parsed(text: str) -> Iterator[datetime]:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(text)
        except (ValueError, TypeError):
            continue
        yield time if time.tzinfo else time.replace(tzinfo=UTC)
        return


def _detail(exchange: Exchange) -> str:
    said = " ".join(_message(exchange.error).split())
    if exchange.status is None:
        begin = "the provider did not answer"
    elif exchange.status < 400:
        begin = "the provider's answer broke off"
    else:
        begin = f"the provider said {exchange.status}"
    return f"{begin}: {said}"[:LINE] if said else begin


def _message(text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        return text
    match body:
        case {"error": {"message": str(message)}} | {"response": {"error": {"message": str(message)}}}:
            return message
        case {"message": str(message)} | {"error": str(message)} | {"detail": str(message)}:
            return message
    return text
