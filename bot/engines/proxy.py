"""The loopback proxy that holds the provider's key, so that the program behind the wall never does.

It lives in the agent step's own process, for one run. Who knocks must show that run's dummy key, and gets
through to the provider's root and to the few paths that a model is asked on: not to files, batches or an
organisation's keys that the same credential would open. Answers stream through as they come; on the way the
proxy notes what each request that costs tokens came to, which is the evidence for a `ProviderFault`.

Two things in an answer are not the provider's: it is asked for no compression, so that its events can be
read, and a `retry-after` beyond `PATIENCE` is left out, because codex would sit an hour's wait out on the
runner's minutes. The run then ends within seconds and the report carries the time.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import secrets
import threading
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

import httpx

from bot.engines.credential import NoCredential, Source
from bot.engines.event_stream import ERROR_LIMIT, Events
from bot.engines.prices import Meter
from bot.engines.provider import Exchange

PATHS = {
    "claude": re.compile(r"^POST /v1/messages(?P<side>/count_tokens)?$"),
    "codex": re.compile(r"^(?:POST /responses(?:/compact)?|(?P<side>GET /models))$"),
}
"""What may be asked of the provider; `side` marks what costs no tokens and is no evidence."""
ROOTS = {
    ("claude", False): "https://api.anthropic.com",
    ("claude", True): "https://api.anthropic.com",
    ("codex", False): "https://api.openai.com/v1",
    ("codex", True): "https://chatgpt.com/backend-api/codex",
}
"""The providers' own API roots, by engine and whether a login is used."""
HOP_BY_HOP = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
CREDENTIALS = frozenset({"authorization", "x-api-key", "chatgpt-account-id", "cookie"})
PATIENCE = 60.0  # seconds of `retry-after` that are worth a runner's time
BODY_LIMIT = 64_000_000  # bytes of one request
TIMEOUT = httpx.Timeout(connect=20, read=600, write=60, pool=20)


class Proxy:
    """Listens on 127.0.0.1 while it is entered. `address` is its root, `dummy` the key to show to it.

    With a `meter` it counts tokens, and forwards nothing more when the run's budget is spent.
    """

    def __init__(self, source: Source, root: str | None, meter: Meter | None = None) -> None:
        self.meter = meter
        self.dummy = f"beadwright-{secrets.token_hex(24)}"
        self.source = source
        self.root = (root or ROOTS[source.engine, source.value is None]).rstrip("/")
        self.exchanges: list[Exchange] = []
        local = (urlsplit(self.root).hostname or "") in ("127.0.0.1", "localhost", "::1")
        self.client = httpx.Client(timeout=TIMEOUT, trust_env=not local, follow_redirects=False)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.client.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A program that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 900
    disable_nagle_algorithm = True

    def _take(self) -> None:
        proxy = cast(_Server, self.server).proxy
        path = self.path.partition("?")[0]
        known = PATHS[proxy.source.engine].match(f"{self.command} {path}")
        body = self._body()
        if not self._is_ours(proxy):
            self._refuse(401, "this proxy serves one run of one program")
        elif known is None:
            self._refuse(404, f"{self.command} {path} is not forwarded to the provider")
        elif body is None:
            self._refuse(413, f"a request has a length, of at most {BODY_LIMIT} bytes")
        elif proxy.meter is not None and proxy.meter.is_spent:
            self._refuse(400, "the run's budget is spent")  # no client tries again after a 400
        else:
            self._forward(proxy, body, noted=not known["side"])

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _take

    def log_message(self, format: str, *args: object) -> None:
        """What is worth telling is in `exchanges`."""

    def _is_ours(self, proxy: Proxy) -> bool:
        shown = (self.headers.get("x-api-key", ""), self.headers.get("authorization", "")[len("Bearer ") :])
        return any(hmac.compare_digest(text.encode(), proxy.dummy.encode()) for text in shown)

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0" if self.command in ("GET", "HEAD") else "")
        if not re.fullmatch(r"\d{1,9}", length) or int(length) > BODY_LIMIT:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _forward(self, proxy: Proxy, body: bytes, *, noted: bool) -> None:
        notes = proxy.exchanges if noted else []
        try:
            headers = _onward(self.headers) | proxy.source.read().headers()
        except NoCredential as error:
            notes.append(Exchange(datetime.now(UTC), 401, {}, str(error)))
            self._refuse(401, str(error))
            return
        try:
            with proxy.client.stream(
                self.command, proxy.root + self.path, headers=headers, content=body
            ) as answer:
                self._give_back(answer, notes, proxy.meter)
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            notes.append(Exchange(datetime.now(UTC), None, {}, f"{urlsplit(proxy.root).netloc}: {said}"))
            self._refuse(502, said)

    def _give_back(self, answer: httpx.Response, notes: list[Exchange], meter: Meter | None) -> None:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        at = datetime.now(UTC)
        if answer.status_code >= 400:
            whole = answer.read()
            error = whole[:ERROR_LIMIT].decode("utf-8", errors="replace")
            notes.append(Exchange(at, answer.status_code, headers, error or answer.reason_phrase))
            self._begin(answer)
            self.send_header("content-length", str(len(whole)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(whole)
            return
        self._begin(answer)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        events = Events() if headers.get("content-type", "").startswith("text/event-stream") else None
        broken = ""
        try:
            for piece in answer.iter_raw():
                if events is not None:
                    events.feed(piece)
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        except httpx.HTTPError as error:
            broken = str(error) or type(error).__name__
        fault = (events.fault() if events is not None else "") or broken
        notes.append(Exchange(at, answer.status_code, headers, fault))
        if meter is not None and events is not None and events.whole:
            meter.count(events.whole)
        if broken:
            self.close_connection = True  # no last chunk: whoever reads sees that it is cut off
            return
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self, answer: httpx.Response) -> None:
        self.send_response_only(answer.status_code, answer.reason_phrase)
        for name, value in answer.headers.multi_items():
            lower = name.lower()
            if lower in HOP_BY_HOP or (lower == "retry-after" and _is_long(value)):
                continue
            self.send_header(name, value)

    def _refuse(self, status: int, message: str) -> None:
        body = json.dumps({"type": "error", "error": {"type": "proxy_error", "message": message}}).encode()
        with contextlib.suppress(OSError):
            self.send_response_only(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)


def _onward(headers: Message) -> dict[str, str]:
    """What of a request's headers goes on to the provider."""
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    dropped = HOP_BY_HOP | CREDENTIALS | named
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    return {**kept, "accept-encoding": "identity"}


def _is_long(text: str) -> bool:
    return not re.fullmatch(r"\d{1,9}(?:\.\d+)?", text.strip()) or float(text) > PATIENCE
