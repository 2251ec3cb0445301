"""Anthropic Messages, as the provider speaks it: https://platform.claude.com/docs/en/api/messages.

Streams: https://platform.claude.com/docs/en/build-with-claude/streaming. Errors:
https://platform.claude.com/docs/en/api/errors. Limits: https://platform.claude.com/docs/en/api/rate-limits.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from tests.llm.conversation import (
    USAGE,
    Answer,
    Broken,
    Conversation,
    Event,
    Fault,
    Limit,
    Misuse,
    Overloaded,
    Read,
    Refuse,
    Refused,
    Replace,
    Reply,
    Result,
    Revoked,
    Run,
    Say,
    Turn,
    Write,
)
from tests.llm.published import check_answer, check_request
from tests.llm.schema import faults_of_schema, fits

TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")
FOLDER = re.compile(r"Primary working directory: (\S+)")
ANSWER_TOOL = "StructuredOutput"
INVALID = "invalid_request_error"


class Messages:
    """`POST /v1/messages`."""

    name = "messages"
    path = "/v1/messages"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    # -- what is asked -----------------------------------------------------------------------------------

    def holds_key(self, headers: Mapping[str, str], key: str) -> bool:
        """Whether a request shows the key: an API's in its own header, a login's as a bearer."""
        return headers.get("x-api-key") == key or headers.get("authorization") == f"Bearer {key}"

    def read(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Conversation:
        """The conversation in a request. Raises Refused for what the provider would refuse."""
        if "anthropic-version" not in headers:
            raise Refused(400, INVALID, "anthropic-version: header is required")
        for field in ("model", "max_tokens", "messages"):
            if field not in body:
                raise Refused(400, INVALID, f"{field}: Field required")
        misfit = check_request("messages request", body)
        if misfit:
            raise Refused(400, INVALID, misfit)
        if not str(body["model"]).startswith("claude-"):
            raise Refused(404, "not_found_error", f"model: {body['model']}")
        self._check_amounts(headers, body)
        tools = self._tools(body)
        results = self._results(body["messages"])
        prompt = _texts(body["messages"][0])[-1]
        said = sum(
            message["role"] == "assistant" and not _blocks(message, "tool_use")
            for message in body["messages"]
        )
        answer = tools.get(ANSWER_TOOL)
        folder = FOLDER.search("\n".join([*_texts(body["messages"][0]), *_system(body)]))
        return Conversation(
            prompt=prompt,
            results=results,
            said=said,
            tools=frozenset(tools),
            schema=answer["input_schema"] if answer else None,
            folder=PurePosixPath(folder[1] if folder else "/"),
        )

    def _check_amounts(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> None:
        if body["max_tokens"] < 1:
            raise Refused(400, INVALID, "max_tokens: must be greater than or equal to 1")
        thinking = body.get("thinking") or {}
        if thinking.get("type") == "enabled" and thinking["budget_tokens"] >= body["max_tokens"]:
            raise Refused(400, INVALID, "`max_tokens` must be greater than `thinking.budget_tokens`")
        if "context_management" in body and "context-management-" not in headers.get("anthropic-beta", ""):
            raise Refused(400, INVALID, "context_management: Extra inputs are not permitted")

    def _tools(self, body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for place, tool in enumerate(body.get("tools", ())):
            if tool["name"] in found:
                raise Refused(400, INVALID, "tools: Tool names must be unique.")
            if not TOOL_NAME.search(tool["name"]):
                raise Refused(
                    400, INVALID, f"tools.{place}.custom.name: String should match '{TOOL_NAME.pattern}'"
                )
            if "input_schema" in tool:
                wrong = faults_of_schema(tool["input_schema"])
                if wrong:
                    raise Refused(400, INVALID, f"tools.{place}.custom.input_schema: {wrong}")
            found[tool["name"]] = tool
        return found

    def _results(self, messages: list[Mapping[str, Any]]) -> tuple[Result, ...]:
        """Tool calls, each with its result in the very next message; everything else is refused."""
        results: list[Result] = []
        if not messages or messages[0]["role"] != "user":
            raise Refused(400, INVALID, 'messages: first message must use the "user" role')
        owed: dict[str, str] = {}
        for place, message in enumerate(messages):
            for text in _texts(message):
                if not text.strip():
                    raise Refused(400, INVALID, f"messages.{place}: text content blocks must be non-empty")
            answered = {block["tool_use_id"]: block for block in _blocks(message, "tool_result")}
            if message["role"] == "user":
                if set(owed) - set(answered):
                    raise Refused(
                        400,
                        INVALID,
                        f"messages.{place - 1}: `tool_use` ids were found without `tool_result` blocks "
                        f"immediately after: {', '.join(sorted(set(owed) - set(answered)))}",
                    )
                for id_, block in answered.items():
                    if id_ not in owed:
                        raise Refused(
                            400,
                            INVALID,
                            f"messages.{place}: unexpected `tool_use_id` in `tool_result` blocks: {id_}",
                        )
                    results.append(Result(owed[id_], _result_text(block), failed=bool(block.get("is_error"))))
                owed = {}
            else:
                owed = {block["id"]: block["name"] for block in _blocks(message, "tool_use")}
        if owed:
            raise Refused(400, INVALID, "messages: the last `tool_use` has no `tool_result`")
        return tuple(results)

    # -- what is answered --------------------------------------------------------------------------------

    def events(self, body: Mapping[str, Any], turn: Turn, seen: Conversation) -> list[Event]:
        """A move as the events of a stream."""
        message = self.message(body, turn, seen)
        blocks, usage = message["content"], message["usage"]
        begun = {**message, "content": [], "stop_reason": None, "stop_details": None}
        begun["usage"] = {**usage, "output_tokens": 1}
        events: list[Event] = [{"type": "message_start", "message": begun}]
        for index, block in enumerate(blocks):
            events += _block_events(index, block)
        delta = {
            "container": None,
            "stop_details": message["stop_details"],
            "stop_reason": message["stop_reason"],
            "stop_sequence": None,
        }
        total = {
            name: usage[name]
            for name in (
                "input_tokens",
                "cache_creation_input_tokens",
                "cache_read_input_tokens",
                "output_tokens",
            )
        }
        events += [{"type": "message_delta", "delta": delta, "usage": total}, {"type": "message_stop"}]
        return [check_answer("messages event", event) for event in events]

    def message(self, body: Mapping[str, Any], turn: Turn, seen: Conversation) -> Mapping[str, Any]:
        """A move as one message."""
        content, reason = self._content(body, turn, seen)
        refusal = {"type": "refusal", "category": None, "explanation": None}
        return check_answer(
            "message",
            {
                "id": f"msg_{next(self._numbers):06}",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": content,
                "container": None,
                "stop_reason": reason,
                "stop_sequence": None,
                "stop_details": refusal if reason == "refusal" else None,
                "usage": {
                    "input_tokens": USAGE.fresh,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": USAGE.cached,
                    "output_tokens": USAGE.output,
                    "service_tier": "standard",
                },
            },
        )

    def _content(
        self, body: Mapping[str, Any], turn: Turn, seen: Conversation
    ) -> tuple[list[dict[str, Any]], str]:
        if isinstance(turn, Say):
            return [{"type": "text", "text": turn.text}], "end_turn"
        if isinstance(turn, Refuse):
            return [{"type": "text", "text": turn.text}], "refusal"
        name, arguments = _call(turn, seen.folder)
        schemas = {tool["name"]: tool.get("input_schema") for tool in body.get("tools", ())}
        assert name in schemas, f"the scenario calls {name}; the request offers {', '.join(sorted(schemas))}"
        if not isinstance(turn, Misuse) and not (isinstance(turn, Answer) and turn.broken):
            assert fits(schemas[name], arguments), f"the scenario misuses {name}: {arguments}"
        id_ = f"toolu_{next(self._numbers):06}"
        return [{"type": "tool_use", "id": id_, "name": name, "input": arguments}], "tool_use"

    def sign_of_life(self, _number: int) -> Event:
        """What a stream sends so that nobody thinks it dead."""
        return {"type": "ping"}

    # -- what goes wrong ---------------------------------------------------------------------------------

    def fault(self, fault: Fault, now: datetime) -> Reply:
        """A failure of the provider."""
        match fault:
            case Limit(reset, kind):
                seconds = max(0, round((reset - now).total_seconds()))
                headers = {"retry-after": str(seconds)}
                if kind == "usage":
                    headers |= {
                        "anthropic-ratelimit-unified-status": "rejected",
                        "anthropic-ratelimit-unified-reset": str(round(reset.timestamp())),
                        "anthropic-ratelimit-unified-representative-claim": "five_hour",
                    }
                else:
                    at = reset.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                    headers |= {
                        "anthropic-ratelimit-requests-limit": "50",
                        "anthropic-ratelimit-requests-remaining": "0",
                        "anthropic-ratelimit-requests-reset": at,
                    }
                said = "This request would exceed your account's rate limit. Please try again later."
                return self._error(429, "rate_limit_error", said, headers)
            case Overloaded():
                return self._error(529, "overloaded_error", "Overloaded", {})
            case Broken():
                return self._error(500, "api_error", "Internal server error", {})
            case Revoked():
                return self._error(401, "authentication_error", "invalid x-api-key", {})

    def refusal(self, refused: Refused) -> Reply:
        """What the provider answers to a request that it refuses."""
        return self._error(refused.status, refused.kind, refused.message, {})

    def _error(self, status: int, kind: str, message: str, headers: Mapping[str, str]) -> Reply:
        id_ = f"req_{next(self._numbers):06}"
        body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": id_}
        return Reply(status, {"request-id": id_, **headers}, check_answer("messages error", body))


def _call(turn: Turn, folder: PurePosixPath) -> tuple[str, dict[str, Any]]:
    """A move as a tool's name and input; claude wants whole paths."""
    match turn:
        case Run(command):
            return "Bash", {"command": command, "description": "As the scenario says"}
        case Write(path, text):
            return "Write", {"file_path": str(folder / path), "content": text}
        case Read(path):
            return "Read", {"file_path": str(folder / path)}
        case Replace(path, old, new):
            return "Edit", {"file_path": str(folder / path), "old_string": old, "new_string": new}
        case Misuse():
            return "Bash", {"cmd": "true"}
        case Answer(value):
            return ANSWER_TOOL, dict(value)
        case _:
            raise AssertionError(f"{turn} is no tool call")


def _block_events(index: int, block: Mapping[str, Any]) -> list[Event]:
    if block["type"] == "text":
        begin: Event = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": block["text"]}]
    else:
        begin = {**block, "input": {}}
        text = json.dumps(block["input"])
        half = len(text) // 2
        deltas = [
            {"type": "input_json_delta", "partial_json": part} for part in ("", text[:half], text[half:])
        ]
    return [
        {"type": "content_block_start", "index": index, "content_block": begin},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _blocks(message: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else [block for block in content if block["type"] == kind]


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message["content"]
    return [content] if isinstance(content, str) else [block["text"] for block in _blocks(message, "text")]


def _system(body: Mapping[str, Any]) -> list[str]:
    system = body.get("system", "")
    return [system] if isinstance(system, str) else [block["text"] for block in system]


def _result_text(block: Mapping[str, Any]) -> str:
    content = block.get("content", "")
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
