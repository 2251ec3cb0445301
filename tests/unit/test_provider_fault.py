"""Whose doing it was that a run left no answer, from what the provider said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.engines.provider import Exchange, provider_fault, resets_at

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WELL = Exchange(AT, 200, {})


def refusal(status: int | None, error: object = "", **headers: str) -> Exchange:
    text = error if isinstance(error, str) else json.dumps(error)
    return Exchange(AT, status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


def said(kind: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize(
    ("exchange", "kind", "detail"),
    [
        (
            refusal(401, said("authentication_error", "invalid x-api-key")),
            "key",
            "the provider said 401: invalid x-api-key",
        ),
        (refusal(403, said("permission_error", "no")), "key", "the provider said 403: no"),
        (refusal(429, said("rate_limit_error", "slow\ndown")), "limit", "the provider said 429: slow down"),
        (refusal(402, "pay"), "limit", "the provider said 402: pay"),
        (
            refusal(400, said("invalid_request_error", "Your credit balance is too low")),
            "limit",
            "the provider said 400: Your credit balance is too low",
        ),
        (
            refusal(529, said("overloaded_error", "Overloaded")),
            "outage",
            "the provider said 529: Overloaded",
        ),
        (refusal(500), "outage", "the provider said 500"),
        (refusal(502, "<html>no</html>"), "outage", "the provider said 502: <html>no</html>"),
        (
            refusal(None, "api.example.com: Connection refused"),
            "outage",
            "the provider did not answer: api.example.com: Connection refused",
        ),
        (refusal(200, said("overloaded_error", "Full")), "outage", "the provider's answer broke off: Full"),
        (
            refusal(200, {"response": {"error": {"code": "insufficient_quota", "message": "No."}}}),
            "limit",
            "the provider's answer broke off: No.",
        ),
        (
            refusal(200, "the stream ended before its end"),
            "outage",
            "the provider's answer broke off: the stream ended before its end",
        ),
    ],
)
def test_each_refusal_has_its_kind_and_says_what_was_said(exchange: Exchange, kind: str, detail: str) -> None:
    fault = provider_fault([WELL, exchange])
    assert fault is not None
    assert (fault.kind, fault.detail) == (kind, detail)


@pytest.mark.parametrize(
    "exchange",
    [
        WELL,
        refusal(404, said("not_found_error", "model: claude-typo")),
        refusal(400, said("invalid_request_error", "prompt is too long")),
        refusal(413, "too large"),
        refusal(200, {"response": {"error": {"code": "context_length_exceeded", "message": "too long"}}}),
    ],
)
def test_what_our_own_request_did_wrong_is_not_the_providers_fault(exchange: Exchange) -> None:
    assert provider_fault([exchange]) is None


def test_what_the_cli_got_over_is_no_fault() -> None:
    assert provider_fault([refusal(529), refusal(429), WELL]) is None
    assert provider_fault([]) is None


def test_a_long_message_is_cut_to_one_line() -> None:
    fault = provider_fault([refusal(500, "x\n" * 500)])
    assert fault is not None
    assert len(fault.detail) == 250


@pytest.mark.parametrize(
    ("exchange", "until"),
    [
        (refusal(429, retry_after="90"), AT + timedelta(seconds=90)),
        (refusal(529, retry_after="1.5"), AT + timedelta(seconds=1.5)),
        (refusal(429, retry_after="Wed, 25 Nov 2026 12:05:00 GMT"), AT + timedelta(minutes=5)),
        # A plan's window, as claude's subscription tells it: seconds since 1970.
        (
            refusal(
                429,
                retry_after="20",
                anthropic_ratelimit_unified_status="rejected",
                anthropic_ratelimit_unified_reset=str(int((AT + timedelta(hours=5)).timestamp())),
            ),
            AT + timedelta(hours=5),
        ),
        # Only the buckets that are empty count.
        (
            refusal(
                429,
                anthropic_ratelimit_requests_remaining="49",
                anthropic_ratelimit_requests_reset="2026-11-25T13:00:00Z",
                anthropic_ratelimit_input_tokens_remaining="0",
                anthropic_ratelimit_input_tokens_reset="2026-11-25T12:00:30Z",
            ),
            AT + timedelta(seconds=30),
        ),
        (
            refusal(
                429,
                x_ratelimit_remaining_requests="0",
                x_ratelimit_reset_requests="6m0s",
                x_ratelimit_remaining_tokens="1000",
                x_ratelimit_reset_tokens="1h",
            ),
            AT + timedelta(minutes=6),
        ),
        (refusal(429, x_ratelimit_reset_tokens="1m30.5s"), AT + timedelta(seconds=90.5)),
        (
            refusal(429, {"error": {"type": "usage_limit_reached", "resets_in_seconds": 600}}),
            AT + timedelta(minutes=10),
        ),
        (
            refusal(429, {"error": {"resets_at": int((AT + timedelta(days=2)).timestamp())}}),
            AT + timedelta(days=2),
        ),
        (refusal(429, retry_after="0"), None),
        (refusal(429, retry_after="soon"), None),
        (refusal(429, anthropic_ratelimit_requests_reset="2020-01-01T00:00:00Z"), None),
        (refusal(429, anthropic_ratelimit_requests_reset="whenever"), None),
        (refusal(429, {"error": {"resets_at": "tomorrow"}}), None),
        (refusal(429, {"error": {"resets_at": 1e300}}), None),
        (refusal(429, "[]"), None),
        # The windows that an outage's headers name are not why it failed.
        (refusal(529, anthropic_ratelimit_requests_reset="2026-11-25T13:00:00Z"), None),
    ],
)
def test_when_the_provider_serves_again(exchange: Exchange, until: datetime | None) -> None:
    assert resets_at(exchange) == until
    fault = provider_fault([exchange])
    assert fault is not None
    assert fault.until == until
