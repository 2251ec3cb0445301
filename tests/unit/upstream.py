"""A provider on loopback: refusals, streams, and a model that plays its moves to the real CLIs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; `body` is what it carried."""

    protocol_version = "HTTP/1.1"
    upstream: Upstream
    body = b""

    def do_POST(self) -> None:
        """Keep what was asked, and answer."""
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.upstream.asked.append((f"{self.command} {self.path}", headers, self.body))
        self.upstream.answer(self)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@dataclass
class Upstream:
    """A provider on loopback: it keeps what it was asked, and answers as `answer` does."""

    url: str
    answer: Answer
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening(answer: Answer) -> Iterator[Upstream]:
    """A provider that answers as `answer` does, as long as this is open."""

    class Bound(Handler):
        """The handler of this provider."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}", answer)
    Bound.upstream = upstream
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()


def plain(status: int, body: Mapping[str, Any] | bytes = b"", **headers: str) -> Answer:
    """An answer of known length."""

    def answer(handler: Handler) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"content-length": str(len(raw)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def stream(*pieces: bytes, between: Callable[[], object] = lambda: None, cut: bool = False) -> Answer:
    """Server-sent events; `cut` ends the connection in the middle of a chunk."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream; charset=utf-8")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            between()
        handler.wfile.write(b"ff\r\nhalf" if cut else b"0\r\n\r\n")
        handler.close_connection = handler.close_connection or cut

    return answer


# -- a model that plays its moves, to either CLI ----------------------------------------------------------

Move = str | Mapping[str, Any] | Answer
"""A shell command, the structured answer, or how the request itself is answered."""


def playing(*moves: Move) -> Answer:
    """A model whose next move is the one after as many as the conversation has results of tools."""

    def answer(handler: Handler) -> None:
        body = json.loads(handler.body)
        claude = handler.path.startswith("/v1/messages")
        done = len(_claude_results(body) if claude else _codex_results(body))
        move = moves[min(done, len(moves) - 1)]
        if callable(move):
            move(handler)
            return
        events = _claude_events(body, move) if claude else _codex_events(body, move)
        stream(*(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events))(
            handler
        )

    return answer


def _claude_results(body: Mapping[str, Any]) -> list[Any]:
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    return [part for content in contents for part in content if part["type"] == "tool_result"]


def _codex_results(body: Mapping[str, Any]) -> list[Any]:
    return [item for item in body["input"] if str(item.get("type")).endswith("_output")]


def _claude_events(body: Mapping[str, Any], move: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    name, given = "StructuredOutput", move
    if isinstance(move, str):
        name, given = "Bash", {"command": move, "description": "do it"}
    usage = {"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 50}
    number = len(_claude_results(body))
    message = {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1},
    }  # fmt: skip
    tool = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
    delta = {"type": "input_json_delta", "partial_json": json.dumps(given)}
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": tool},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {**usage, "output_tokens": 20}},
        {"type": "message_stop"},
    ]


def _codex_events(body: Mapping[str, Any], move: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    number = len(_codex_results(body))
    item: dict[str, Any] = {"status": "completed", "id": f"item_{number}"}
    if isinstance(move, str):
        # How long it waits for the command before it goes on without its end.
        arguments = json.dumps({"cmd": move, "yield_time_ms": 30_000})
        item |= {"type": "function_call", "call_id": f"call_{number}", "name": "exec_command"}
        item["arguments"] = arguments
    else:
        text = {"type": "output_text", "text": json.dumps(move), "annotations": []}
        item |= {"type": "message", "role": "assistant", "content": [text]}
    response = {"id": f"resp_{number}", "object": "response", "model": body["model"], "output": []}
    usage = {
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 40}, "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 120,
    }  # fmt: skip
    done = {**response, "status": "completed", "output": [item], "usage": usage}
    return [
        {"type": "response.created", "response": {**response, "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
