"""A scripted LLM API over real HTTP on loopback: Anthropic Messages and OpenAI Responses, both streaming.

It stands where a provider cannot be had. It is strict: what the provider would refuse is refused as the
provider does it, and kept in `faults`, which the fixture `llm` holds against the test. It is stateful only in
counting; everything else a scenario reads from the conversation that the request carries.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Protocol

from tests.llm.conversation import (
    Broken,
    Conversation,
    Cut,
    Event,
    Fault,
    Limit,
    Move,
    Overloaded,
    Refused,
    Reply,
    Revoked,
    Scenario,
    Slow,
    Turn,
)
from tests.llm.messages import Messages
from tests.llm.published import load
from tests.llm.responses import Responses

BEAT = 0.2  # seconds between two signs of life of a slow stream
BODY_LIMIT = 32_000_000  # bytes, as Anthropic has it


class Provider(Protocol):
    """One provider's protocol."""

    name: str
    path: str

    def holds_key(self, headers: Mapping[str, str], key: str) -> bool: ...
    def read(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Conversation: ...
    def events(self, body: Mapping[str, Any], turn: Turn, seen: Conversation) -> list[Event]: ...
    def sign_of_life(self, number: int) -> Event: ...
    def fault(self, fault: Fault, now: datetime) -> Reply: ...
    def refusal(self, refused: Refused) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was understood, and what was done about it."""

    provider: str
    model: str
    seen: Conversation
    move: Move
    at: datetime


@dataclass(frozen=True, slots=True)
class Stream:
    """Events to send. `quiet` seconds pass after the first; after `cut` events the connection falls."""

    events: list[Event]
    quiet: float = 0.0
    cut: int | None = None


class ScriptedApi:
    """What is behind the URL. `scenario` may be changed at any time; `key` is the only one that is good."""

    def __init__(self, url: str, key: str, scenario: Scenario) -> None:
        self.url = url
        self.key = key
        self.scenario = scenario
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        self.closing = threading.Event()
        self._messages, self._responses = Messages(), Responses()
        self._counts: Counter[object] = Counter()
        self._lock = threading.Lock()

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> tuple[Reply | Stream, Provider]:
        """The answer to a request; faults of the client, and of the scenario, are written down."""
        path = target.partition("?")[0]
        anthropic = path == self._messages.path or "anthropic-version" in headers
        provider: Provider = self._messages if anthropic else self._responses
        try:
            if path != provider.path:
                raise Refused(404, "not_found_error", f"Not Found: {method} {path}")
            if method != "POST":
                raise Refused(405, "invalid_request_error", f"Method Not Allowed: {method} {path}")
            return self._answer(provider, headers, raw, now), provider
        except Refused as refused:
            self._fault(f"{provider.name}: {refused.status} {refused.kind}: {refused.message}")
            return provider.refusal(refused), provider
        except AssertionError as error:
            self._fault(f"{provider.name}: {error}")
            return provider.refusal(Refused(400, "invalid_request_error", str(error))), provider

    def _answer(
        self, provider: Provider, headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reply | Stream:
        if not provider.holds_key(headers, self.key):
            raise Refused(401, "authentication_error", "this is not the key")
        if "application/json" not in headers.get("content-type", ""):
            raise Refused(415, "invalid_request_error", "content-type: only application/json")
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise Refused(400, "invalid_request_error", f"the body is no JSON: {error}") from error
        if not isinstance(body, dict):
            raise Refused(400, "invalid_request_error", "the body is no object")
        seen = provider.read(headers, body)
        with self._lock:
            point = (seen.prompt, len(seen.results), seen.said)
            seen = replace(seen, asked=self._counts[point])
            self._counts[point] += 1
        move = self.scenario(seen)
        with self._lock:
            self.asked.append(Asked(provider.name, str(body["model"]), seen, move, now))
        return self._stream(provider, body, move, seen, now)

    def _stream(
        self, provider: Provider, body: Mapping[str, Any], move: Move, seen: Conversation, now: datetime
    ) -> Reply | Stream:
        match move:
            case Limit() | Overloaded() | Broken() | Revoked():
                return provider.fault(move, now)
            case Cut(turn, events):
                return Stream(provider.events(body, turn, seen), cut=events)
            case Slow(turn, seconds):
                return Stream(provider.events(body, turn, seen), quiet=seconds)
        if not body.get("stream"):
            assert isinstance(provider, Messages)
            return Reply(200, {}, provider.message(body, move, seen))
        return Stream(provider.events(body, move, seen))

    def _fault(self, text: str) -> None:
        with self._lock:
            self.faults.append(text)


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with server-sent events in chunks."""

    protocol_version = "HTTP/1.1"
    api: ClassVar[ScriptedApi]

    def do_POST(self) -> None:
        """A request of a client."""
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(min(length, BODY_LIMIT))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer, provider = self.api.handle(self.command, self.path, headers, raw, datetime.now(UTC))
        if isinstance(answer, Reply):
            self._reply(answer)
        else:
            self._stream(answer, provider)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

    def _reply(self, reply: Reply) -> None:
        text = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, stream: Stream, provider: Provider) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("cache-control", "no-cache")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        first, *rest = stream.events[: stream.cut]
        try:
            self._event(first)
            until = time.monotonic() + stream.quiet
            number = 1
            while time.monotonic() < until and not self.api.closing.is_set():
                self._event(provider.sign_of_life(number))
                number += 1
                self.api.closing.wait(BEAT)
            for event in rest:
                self._event(event)
            if stream.cut is not None:
                self._fall()
                return
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # the client has gone

    def _event(self, event: Event) -> None:
        text = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        self.wfile.flush()

    def _fall(self) -> None:
        """Close in the middle of the answer: no last chunk, no end."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; `asked` and `faults` tell."""


@contextmanager
def scripted_api(scenario: Scenario, *, key: str) -> Iterator[ScriptedApi]:
    """The API on a free port of loopback, in threads of its own."""
    load()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = ScriptedApi(f"http://127.0.0.1:{server.server_address[1]}", key, scenario)
    server.RequestHandlerClass = type("Handler", (Handler,), {"api": api})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


Check = Callable[[ScriptedApi], None]
