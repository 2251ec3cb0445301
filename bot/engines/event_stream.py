"""Listening to a model's stream of server-sent events as it passes: how it ended, and what it cost. Pure."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

ERROR_LIMIT = 65_536  # bytes kept of what a provider says when it refuses
EVENT_LIMIT = 16_000_000  # bytes of the event that tells a whole answer and its tokens
ENDS = frozenset({"message_stop", "response.completed", "response.incomplete"})
FAULTS = frozenset({"error", "response.failed"})
WHOLE = frozenset({"response.completed", "response.incomplete"})


class Events:
    """Listens to a stream of server-sent events as it passes: how did it end?

    `whole` is the answer as OpenAI's last event tells it, with its tokens; empty for other streams.
    """

    def __init__(self) -> None:
        self.whole: Mapping[str, Any] = {}
        self._line = bytearray()
        self._last = ""
        self._error = ""

    def feed(self, piece: bytes) -> None:
        """Take the next piece in."""
        *lines, rest = piece.split(b"\n")
        for line in lines:
            self._grow(line)
            self._read(self._line.decode("utf-8", errors="replace").rstrip("\r"))
            self._line.clear()
        self._grow(rest)

    def fault(self) -> str:
        """The stream's own error event, or that it broke off; empty when it came to its end."""
        if self._error:
            return self._error
        return "" if self._last in ENDS or not self._last else "the stream ended before its end"

    def _grow(self, text: bytes) -> None:
        limit = EVENT_LIMIT if self._last in WHOLE else ERROR_LIMIT
        self._line += text[: max(0, limit - len(self._line))]

    def _read(self, line: str) -> None:
        if line.startswith("event:"):
            self._last = line.removeprefix("event:").strip()
        elif line.startswith("data:") and self._last in FAULTS:
            self._error = line.removeprefix("data:").strip()
        elif line.startswith("data:") and self._last in WHOLE:
            with contextlib.suppress(ValueError):
                event = json.loads(line.removeprefix("data:"))
                response = event.get("response") if isinstance(event, dict) else None
                self.whole = response if isinstance(response, dict) else {}
