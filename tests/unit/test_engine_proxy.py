"""The proxy over real sockets: what reaches the provider, what comes back, what is noted."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest

from bot.beads.policy import Price
from bot.engines.credential import Source
from bot.engines.event_stream import Events
from bot.engines.prices import Meter
from bot.engines.provider import provider_fault
from bot.engines.proxy import PATIENCE, Proxy
from tests.unit.upstream import Answer, Upstream, listening, plain, stream

REAL = "sk-ant-invented-0123456789abcdef"
MESSAGES, RESPONSES = "/v1/messages?beta=true", "/responses"
EVENTS = (
    b'event: message_start\ndata: {"a": 1}\n\n',
    b'event: message_stop\ndata: {"type": "message_stop"}\n\n',
)


@contextmanager
def world(
    answer: Answer, engine: Literal["claude", "codex"] = "claude"
) -> Iterator[tuple[Upstream, Proxy, httpx.Client]]:
    with listening(answer) as upstream, Proxy(Source(engine, "KEY", REAL), f"{upstream.url}/base/") as proxy:
        headers = {"x-api-key": proxy.dummy}
        with httpx.Client(base_url=proxy.address, headers=headers, trust_env=False, timeout=10) as client:
            yield upstream, proxy, client


def test_the_real_key_takes_the_dummys_place_and_the_rest_goes_on() -> None:
    with world(plain(200, {"ok": True}, x_request_id="r1")) as (upstream, proxy, client):
        answer = client.post(MESSAGES, content=b'{"stream": false}', headers={"anthropic-beta": "a,b"})
        assert answer.json() == {"ok": True}
        assert answer.headers["x-request-id"] == "r1"
        ((line, headers, body),) = upstream.asked
    assert line == "POST /base/v1/messages?beta=true"
    assert body == b'{"stream": false}'
    assert headers["x-api-key"] == REAL
    assert headers["anthropic-beta"] == "a,b"
    assert headers["host"] == upstream.url.removeprefix("http://")
    assert proxy.dummy not in str(headers)


def test_an_oauth_token_and_a_login_travel_in_their_own_form(tmp_path: Path) -> None:
    login = tmp_path / "auth.json"
    login.write_text('{"tokens": {"access_token": "at-invented", "account_id": "acc"}}', encoding="utf-8")
    cases = (
        (Source("claude", "CLAUDE_CODE_OAUTH_TOKEN", "t"), MESSAGES, {"authorization": "Bearer t"}),
        (Source("codex", "OPENAI_API_KEY", "k"), RESPONSES, {"authorization": "Bearer k"}),
        (
            Source("codex", str(login)),
            RESPONSES,
            {"authorization": "Bearer at-invented", "chatgpt-account-id": "acc"},
        ),
    )
    for source, path, expected in cases:
        with listening(plain(200)) as upstream, Proxy(source, upstream.url) as proxy:
            shown = {"authorization": f"Bearer {proxy.dummy}", "chatgpt-account-id": "theirs"}
            with httpx.Client(base_url=proxy.address, headers=shown, trust_env=False) as client:
                assert client.post(path, content=b"{}").status_code == 200
            _, headers, _ = upstream.asked[0]
        credentials = {"authorization", "x-api-key", "chatgpt-account-id"}
        assert {name: value for name, value in headers.items() if name in credentials} == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "beadwright-"},
        {"authorization": "Bearer x"},
        {"x-api-key": REAL},
        {"x-api-key": "ü"},
    ],
)
def test_without_this_runs_dummy_nobody_gets_through(headers: dict[str, str]) -> None:
    with world(plain(200)) as (upstream, proxy, _):
        shown = [(name.encode(), value.encode()) for name, value in headers.items()]
        answer = httpx.post(proxy.address + MESSAGES, content=b"{}", headers=shown, trust_env=False)
        assert answer.status_code == 401
        assert REAL not in answer.text
        assert upstream.asked == []
        assert proxy.exchanges == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("POST", "/v1/files"),
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/organizations/api_keys"),
        ("POST", "/v1/messages/../files"),
        ("DELETE", "/v1/messages"),
        ("POST", "/responses"),
    ],
)
def test_only_the_paths_that_a_model_is_asked_on_are_forwarded(method: str, path: str) -> None:
    with world(plain(200)) as (upstream, proxy, _):
        host, port = proxy.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {proxy.dummy}\r\n"
            connection.sendall(f"{head}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 404")
        assert upstream.asked == []


def test_a_stream_passes_event_by_event_unchanged() -> None:
    first_seen = threading.Event()
    with world(stream(*EVENTS, between=lambda: first_seen.wait(5))) as (_, proxy, client):
        with client.stream("POST", MESSAGES, content=b"{}") as answer:
            pieces = answer.iter_raw()
            assert next(pieces) == EVENTS[0]  # before the provider has sent the second
            first_seen.set()
            assert b"".join(pieces) == EVENTS[1]
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        (exchange,) = proxy.exchanges
        assert exchange.served


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (plain(401, {"error": {"message": "invalid x-api-key"}}), "key", "the provider said 401: invalid"),
        (
            plain(429, {"error": {"message": "slow"}}, retry_after="30"),
            "limit",
            "the provider said 429: slow",
        ),
        (plain(529, {"error": {"message": "Overloaded"}}), "outage", "the provider said 529: Overloaded"),
        (stream(EVENTS[0], cut=True), "outage", "the provider's answer broke off: the stream ended"),
        (stream(EVENTS[0]), "outage", "the provider's answer broke off: the stream ended before its end"),
        (
            stream(EVENTS[0], b'event: error\ndata: {"error": {"message": "Overlo', b'aded"}}\n\n'),
            "outage",
            "the provider's answer broke off: Overloaded",
        ),
    ],
)
def test_what_the_provider_refuses_is_passed_on_and_is_evidence(
    answer: Answer, kind: str, detail: str
) -> None:
    with world(answer) as (_, proxy, client):
        try:
            status = client.post(MESSAGES, content=b"{}").status_code
        except httpx.RemoteProtocolError:
            status = 200  # whoever reads sees that the answer was cut off
        fault = provider_fault(proxy.exchanges)
        assert proxy.exchanges[0].status == status
    assert fault is not None
    assert fault.kind == kind
    assert fault.detail.startswith(detail)


def test_a_provider_that_is_not_there_is_an_outage() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with Proxy(Source("claude", "KEY", REAL), root) as proxy:
            headers = {"x-api-key": proxy.dummy}
            answer = httpx.post(proxy.address + MESSAGES, content=b"{}", headers=headers, trust_env=False)
            fault = provider_fault(proxy.exchanges)
    assert answer.status_code == 502
    assert fault is not None
    assert fault.kind == "outage"
    assert fault.detail.startswith(f"the provider did not answer: {root.removeprefix('http://')}: ")


def test_what_costs_no_tokens_is_no_evidence() -> None:
    with world(plain(500)) as (_, proxy, client):
        assert client.post("/v1/messages/count_tokens", content=b"{}").status_code == 500
        assert proxy.exchanges == []
    with world(plain(404), "codex") as (_, proxy, client):
        assert client.get("/models").status_code == 404
        assert proxy.exchanges == []


@pytest.mark.parametrize(("seconds", "kept"), [("2", True), (str(int(PATIENCE)), True), ("3600", False)])
def test_an_hours_wait_is_noted_and_not_passed_on(seconds: str, kept: bool) -> None:
    with world(plain(429, retry_after=seconds)) as (_, proxy, client):
        answer = client.post(MESSAGES, content=b"{}")
        assert ("retry-after" in answer.headers) is kept
        fault = provider_fault(proxy.exchanges)
        assert fault is not None
        assert fault.until is not None
        assert (fault.until - proxy.exchanges[0].at).total_seconds() == float(seconds)


def test_a_login_that_ran_out_meanwhile_is_a_fault_of_the_key(tmp_path: Path) -> None:
    login = tmp_path / "login.json"
    login.write_text('{"claudeAiOauth": {"accessToken": "t", "expiresAt": 1}}', encoding="utf-8")
    with listening(plain(200)) as upstream, Proxy(Source("claude", str(login)), upstream.url) as proxy:
        shown = {"authorization": f"Bearer {proxy.dummy}"}
        answer = httpx.post(proxy.address + MESSAGES, content=b"{}", headers=shown, trust_env=False)
        assert answer.status_code == 401
        assert upstream.asked == []
        fault = provider_fault(proxy.exchanges)
    assert fault is not None
    assert fault.kind == "key"
    assert "start `claude` once" in fault.detail


@pytest.mark.parametrize("length", [None, "-1", "9999999999", "1 2"])
def test_a_request_without_an_honest_length_is_refused(length: str | None) -> None:
    with world(plain(200)) as (upstream, proxy, _):
        host, port = proxy.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            said = "" if length is None else f"Content-Length: {length}\r\n"
            head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {proxy.dummy}\r\n{said}\r\n"
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 413")
        assert upstream.asked == []


def test_events_are_heard_however_they_are_cut_into_pieces() -> None:
    lines = (
        b"event: ping",
        b"data: {}",
        b"",
        b"event: error",
        b'data: {"error": {"type": "overloaded"}}',
        b"",
    )
    text = b"".join(line + b"\r\n" for line in lines)
    for size in (1, 2, 7, len(text)):
        events = Events()
        for start in range(0, len(text), size):
            events.feed(text[start : start + size])
        assert events.fault() == '{"error": {"type": "overloaded"}}'
    quiet = Events()
    quiet.feed(b"data: {}\n\n")  # a gateway that names no events: its end cannot be told
    assert quiet.fault() == ""


def test_a_spent_budget_ends_a_run_of_a_cli_that_knows_none() -> None:
    usage = {"input_tokens": 1_000, "input_tokens_details": {"cached_tokens": 400}, "output_tokens": 100}
    done = {"type": "response.completed", "response": {"usage": usage, "output": ["x" * 200_000]}}
    events = f"event: response.completed\ndata: {json.dumps(done)}\n\n".encode()
    meter = Meter(Price(input=5, cached=0.5, output=30), 10_000)
    pieces = [events[start : start + 10_000] for start in range(0, len(events), 10_000)]
    with (
        listening(stream(*pieces)) as upstream,
        Proxy(Source("codex", "KEY", "k"), upstream.url, meter) as proxy,
        httpx.Client(headers={"authorization": f"Bearer {proxy.dummy}"}, trust_env=False) as client,
    ):
        statuses = [client.post(proxy.address + RESPONSES, content=b"{}").status_code for _ in range(3)]
        fault = provider_fault(proxy.exchanges)
    assert meter.cost == 2 * (600 * 5 + 400 * 0.5 + 100 * 30)
    assert statuses == [200, 200, 400]
    assert len(upstream.asked) == 2
    assert fault is None


def test_when_the_run_is_over_the_proxy_is_gone() -> None:
    with world(plain(200)) as (_, proxy, _client):
        address = proxy.address
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
