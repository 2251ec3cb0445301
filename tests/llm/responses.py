"""OpenAI Responses, as the provider speaks it: https://developers.openai.com/api/reference/resources/responses.

Streams: https://developers.openai.com/api/docs/guides/streaming-responses. Errors:
https://developers.openai.com/api/docs/guides/error-codes. The limit of a subscription is what codex itself
reads: an error of the type `usage_limit_reached` with `resets_at`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
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
    Refuse,
    Refused,
    Reply,
    Result,
    Revoked,
    Say,
    Turn,
)
from tests.llm.published import check_answer, check_request
from tests.llm.response_items import command_of, events_of, patch_of
from tests.llm.schema import faults_of_strict_schema, fits

FOLDER = re.compile(r"<cwd>([^<]+)</cwd>")
CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
INVALID = "invalid_request_error"
CREATED = 1_764_000_000


class Responses:
    """`POST /v1/responses`."""

    name = "responses"
    path = "/v1/responses"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    # -- what is asked -----------------------------------------------------------------------------------

    def holds_key(self, headers: Mapping[str, str], key: str) -> bool:
        """Whether a request shows the key."""
        return headers.get("authorization") == f"Bearer {key}"

    def read(self, _headers: Mapping[str, str], body: Mapping[str, Any]) -> Conversation:
        """The conversation in a request. Raises Refused for what the provider would refuse."""
        for field in ("model", "input"):
            if field not in body:
                raise Refused(400, INVALID, f"Missing required parameter: '{field}'.")
        misfit = check_request("responses request", body)
        if misfit:
            raise Refused(400, INVALID, misfit)
        if not str(body["model"]).startswith("gpt-"):
            raise Refused(
                404, INVALID, f"The model `{body['model']}` does not exist or you do not have access to it."
            )
        if body.get("stream") is not True:
            raise Refused(400, INVALID, "the scenarios of this API are only streamed")
        items = body["input"]
        if isinstance(items, str) or not items:
            raise Refused(400, INVALID, "Invalid 'input': empty or no list.")
        first = next((place for place, item in enumerate(items) if _spoken(item)), len(items))
        prompt = [text for item in items[:first] if _is(item, "user") for text in _texts(item)]
        if not prompt:
            raise Refused(400, INVALID, "Invalid 'input': nobody asks anything.")
        told = "\n".join(text for item in items[:first] for text in _texts(item))
        folder = FOLDER.search(told)
        return Conversation(
            prompt=prompt[-1],
            results=_results(items),
            said=sum(_is(item, "assistant") for item in items),
            tools=frozenset(tool["name"] for tool in body.get("tools", ()) if "name" in tool),
            schema=_schema(body),
            folder=PurePosixPath(folder[1] if folder else "/"),
        )

    # -- what is answered --------------------------------------------------------------------------------

    def events(self, body: Mapping[str, Any], turn: Turn, seen: Conversation) -> list[Event]:
        """A move as the events of a stream."""
        item = self._item(body, turn, seen)
        begun, done = self._response(body, [], "in_progress"), self._response(body, [item], "completed")
        done["id"] = begun["id"]
        steps: list[dict[str, Any]] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
            *events_of(item),
            {"type": "response.completed", "response": done},
        ]
        return [
            check_answer("responses event", {**step, "sequence_number": number})
            for number, step in enumerate(steps)
        ]

    def _response(
        self, body: Mapping[str, Any], output: Sequence[Mapping[str, Any]], status: str
    ) -> dict[str, Any]:
        usage = {
            "input_tokens": USAGE.fresh + USAGE.cached,
            "input_tokens_details": {"cached_tokens": USAGE.cached, "cache_write_tokens": 0},
            "output_tokens": USAGE.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": USAGE.fresh + USAGE.cached + USAGE.output,
        }
        response = {
            "id": f"resp_{next(self._numbers):06}",
            "object": "response",
            "created_at": CREATED,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": body["model"],
            "output": list(output),
            "parallel_tool_calls": body.get("parallel_tool_calls", True),
            "temperature": 1.0,
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": [],
            "top_p": 1.0,
            "usage": usage if status == "completed" else None,
        }
        check_answer("response", response)
        return response

    def _item(self, body: Mapping[str, Any], turn: Turn, seen: Conversation) -> dict[str, Any]:
        number = next(self._numbers)
        if isinstance(turn, Answer) and not turn.broken:
            assert fits(seen.schema, turn.value), f"the scenario's answer does not fit: {turn.value}"
        if isinstance(turn, Say | Answer | Refuse):
            text = json.dumps(turn.value) if isinstance(turn, Answer) else turn.text
            part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
            if isinstance(turn, Refuse):
                part = {"type": "refusal", "refusal": text}
            head = {"type": "message", "id": f"msg_{number:06}", "role": "assistant"}
            return {**head, "status": "completed", "content": [part]}
        patch = patch_of(turn)
        if patch is not None:
            assert "apply_patch" in seen.tools, (
                "the scenario wants to patch; the request offers no apply_patch"
            )
            call = {"id": f"ctc_{number:06}", "call_id": f"call_{number:06}"}
            return {"type": "custom_tool_call", **call, "name": "apply_patch", "input": patch}
        arguments = command_of(turn)
        schemas = {tool["name"]: tool.get("parameters") for tool in body.get("tools", ()) if "name" in tool}
        assert "exec_command" in schemas, f"the request offers {', '.join(sorted(schemas))}"
        if not isinstance(turn, Misuse):
            assert fits(schemas["exec_command"], arguments), f"the scenario misuses exec_command: {arguments}"
        call = {"id": f"fc_{number:06}", "call_id": f"call_{number:06}", "status": "completed"}
        return {"type": "function_call", **call, "name": "exec_command", "arguments": json.dumps(arguments)}

    def sign_of_life(self, number: int) -> Event:
        """What a stream sends while a model thinks: a little more of a summary of its thoughts."""
        return check_answer(
            "responses event",
            {
                "type": "response.reasoning_summary_text.delta",
                "item_id": "rs_000001",
                "output_index": 0,
                "summary_index": 0,
                "delta": ".",
                "sequence_number": number,
            },
        )

    # -- what goes wrong ---------------------------------------------------------------------------------

    def fault(self, fault: Fault, now: datetime) -> Reply:
        """A failure of the provider."""
        match fault:
            case Limit(reset, "usage"):
                seconds = max(0, round((reset - now).total_seconds()))
                error = {
                    "type": "usage_limit_reached",
                    "message": "The usage limit has been reached",
                    "plan_type": "pro",
                    "resets_at": round(reset.timestamp()),
                    "resets_in_seconds": seconds,
                }
                return Reply(429, {"x-request-id": self._request()}, {"error": error})
            case Limit(reset):
                seconds = max(0, round((reset - now).total_seconds()))
                said = (
                    "Rate limit reached for gpt-5.5 in organization org-invented on tokens per min (TPM): "
                    f"Limit 500000, Used 500000, Requested 9000. Please try again in {seconds}s. Visit "
                    "https://platform.openai.com/account/rate-limits to learn more."
                )
                headers = {
                    "retry-after": str(seconds),
                    "x-ratelimit-remaining-tokens": "0",
                    "x-ratelimit-reset-tokens": f"{seconds}s",
                }
                return self._error(429, "tokens", said, "rate_limit_exceeded", headers)
            case Overloaded():
                said = "Our servers are currently overloaded. Please try again later."
                return self._error(503, "service_unavailable_error", said, "server_is_overloaded", {})
            case Broken():
                said = "The server had an error while processing your request. Sorry about that!"
                return self._error(500, "server_error", said, None, {})
            case Revoked():
                said = (
                    "Incorrect API key provided. You can find your API key at "
                    "https://platform.openai.com/account/api-keys."
                )
                return self._error(401, INVALID, said, "invalid_api_key", {})

    def refusal(self, refused: Refused) -> Reply:
        """What the provider answers to a request that it refuses."""
        code = "model_not_found" if refused.status == 404 and "model" in refused.message else None
        return self._error(refused.status, refused.kind, refused.message, code, {})

    def _request(self) -> str:
        return f"req_{next(self._numbers):06}"

    def _error(
        self, status: int, kind: str, message: str, code: str | None, headers: Mapping[str, str]
    ) -> Reply:
        error = check_answer(
            "responses error", {"message": message, "type": kind, "param": None, "code": code}
        )
        return Reply(status, {"x-request-id": self._request(), **headers}, {"error": error})


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The answer's schema. Raises Refused for one that strict mode does not take."""
    wanted = (body.get("text") or {}).get("format") or {}
    if wanted.get("type") != "json_schema":
        return None
    schema: Mapping[str, Any] = wanted["schema"]
    wrong = faults_of_strict_schema(schema) if wanted.get("strict") else None
    if wrong:
        raise Refused(400, INVALID, f"Invalid schema for response_format '{wanted['name']}': {wrong}")
    return schema


def _results(items: Sequence[Mapping[str, Any]]) -> tuple[Result, ...]:
    """Tool calls with their outputs; one without the other is refused."""
    calls: dict[str, tuple[str, str]] = {}
    results: list[Result] = []
    answered: set[str] = set()
    for item in items:
        kind = item.get("type", "message")
        if kind in CALLS:
            calls[item["call_id"]] = (CALLS[kind], item["name"])
        elif kind in CALLS.values():
            wanted = calls.get(item["call_id"])
            if wanted is None or wanted[0] != kind:
                raise Refused(
                    400,
                    INVALID,
                    f"No tool call found for function call output with call_id {item['call_id']}.",
                )
            answered.add(item["call_id"])
            results.append(Result(wanted[1], _output_text(item["output"])))
    owed = [call for call in calls if call not in answered]
    if owed:
        raise Refused(400, INVALID, f"No tool output found for function call {owed[0]}.")
    return tuple(results)


def _output_text(output: str | list[Mapping[str, Any]]) -> str:
    return output if isinstance(output, str) else "\n".join(part.get("text", "") for part in output)


def _spoken(item: Mapping[str, Any]) -> bool:
    return _is(item, "assistant") or item.get("type", "message") not in ("message", "additional_tools")


def _is(item: Mapping[str, Any], role: str) -> bool:
    return item.get("type", "message") == "message" and item.get("role") == role


def _texts(item: Mapping[str, Any]) -> list[str]:
    content = item.get("content") or []
    return [content] if isinstance(content, str) else [part["text"] for part in content if "text" in part]
