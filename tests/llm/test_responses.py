"""The scripted API as OpenAI's own client meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import openai
import pytest

from tests.llm.conversation import (
    Answer,
    Broken,
    Cut,
    Limit,
    Misuse,
    Overloaded,
    Read,
    Refuse,
    Replace,
    Revoked,
    Run,
    Say,
    Scenario,
    Slow,
    Write,
)
from tests.llm.server import ScriptedApi, scripted_api

KEY = "invented-key-of-a-test"
EXEC = {
    "type": "function",
    "name": "exec_command",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"cmd": {"type": "string"}},
        "required": ["cmd"],
        "additionalProperties": False,
    },
}
PATCH = {"type": "custom", "name": "apply_patch"}
ASKED = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<cwd>/somewhere</cwd>"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Do it."}]},
]
CALL = {"type": "function_call", "call_id": "call_1", "name": "exec_command", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "two"}
SOUND = {"model": "gpt-5.5", "input": ASKED, "stream": True}
STRICT = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}


@contextmanager
def client_of(scenario: Scenario) -> Iterator[tuple[ScriptedApi, openai.OpenAI]]:
    """The API and the provider's own client, which does not try again."""
    with (
        scripted_api(scenario, key=KEY) as api,
        openai.OpenAI(base_url=f"{api.url}/v1", api_key=KEY, max_retries=0) as client,
    ):
        yield api, client


def stream(client: openai.OpenAI, items: Any = ASKED, **more: Any) -> Any:
    """The whole response of a streamed answer."""
    call = {"model": "gpt-5.5", "input": items, "tools": [EXEC, PATCH], **more}
    with client.responses.stream(**call) as answer:
        return answer.get_final_response()


def post(api: ScriptedApi, body: Any, key: str = KEY) -> httpx.Response:
    """A request by hand, for what the client would not send."""
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{api.url}/v1/responses", json=body, headers=headers, trust_env=False)


def asks_for(schema: dict[str, Any]) -> dict[str, Any]:
    """A request with an answer's schema, in strict form."""
    form = {"type": "json_schema", "name": "answer", "strict": True, "schema": schema}
    return {**SOUND, "text": {"format": form}}


def test_words_are_streamed_and_billed() -> None:
    with client_of(lambda _seen: Say("All is done.")) as (_, client):
        response = stream(client)
    assert (response.output_text, response.status) == ("All is done.", "completed")
    usage = response.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (3_000, 100, 3_100)
    assert usage.input_tokens_details.cached_tokens == 1_000


@pytest.mark.parametrize(
    ("move", "arguments"),
    [
        (Run("ls"), {"cmd": "ls"}),
        (Read("a.txt"), {"cmd": "cat a.txt"}),
        (Misuse(), {"command": "true"}),
    ],
)
def test_a_command_is_a_function_call(move: Any, arguments: dict[str, Any]) -> None:
    with client_of(lambda _seen: move) as (_, client):
        (call,) = stream(client).output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "exec_command", arguments)


@pytest.mark.parametrize(
    ("move", "patch"),
    [
        (Write("a.txt", "one\n\ntwo\n"), "*** Add File: a.txt\n+one\n+\n+two\n"),
        (Replace("a.txt", "one\n", "two\n"), "*** Update File: a.txt\n@@\n-one\n+two\n"),
    ],
)
def test_an_edit_is_a_patch(move: Any, patch: str) -> None:
    with client_of(lambda _seen: move) as (_, client):
        (call,) = stream(client).output
    assert (call.type, call.name) == ("custom_tool_call", "apply_patch")
    assert call.input == f"*** Begin Patch\n{patch}*** End Patch\n"


def test_a_structured_answer_is_the_last_message() -> None:
    with client_of(lambda _seen: Answer({"a": 1})) as (_, client):
        assert json.loads(stream(client).output_text) == {"a": 1}


def test_a_scenario_sees_its_prompt_its_results_and_how_often_it_was_asked() -> None:
    with client_of(lambda _seen: Say("So.")) as (api, client):
        stream(client)
        stream(client, [*ASKED, CALL, OUTPUT])
        stream(client, [*ASKED, CALL, OUTPUT])
        post(api, asks_for(STRICT))
        first, second, third, fourth = (asked.seen for asked in api.asked)
    assert (first.prompt, str(first.folder), first.results) == ("Do it.", "/somewhere", ())
    (result,) = second.results
    assert (result.tool, result.text) == ("exec_command", "two")
    assert (first.asked, second.asked, third.asked) == (0, 0, 1)
    assert (first.schema, fourth.schema) == (None, STRICT)


def test_a_refusal_is_a_part_of_a_message() -> None:
    with client_of(lambda _seen: Refuse("No.")) as (_, client):
        (message,) = stream(client).output
    assert message.content[0].refusal == "No."


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (Overloaded(), openai.InternalServerError, 503),
        (Broken(), openai.InternalServerError, 500),
        (Revoked(), openai.AuthenticationError, 401),
    ],
)
def test_faults_are_those_that_the_client_knows(fault: Any, error: type[Exception], status: int) -> None:
    with client_of(lambda _seen: fault) as (api, client):
        with pytest.raises(error) as raised:
            stream(client)
        assert api.faults == []
    assert isinstance(raised.value, openai.APIStatusError)
    assert raised.value.status_code == status


def test_a_rate_limit_says_when_it_is_over() -> None:
    limit = Limit(datetime.now(UTC) + timedelta(hours=1))
    with client_of(lambda _seen: limit) as (_, client), pytest.raises(openai.RateLimitError) as raised:
        stream(client)
    assert abs(float(raised.value.response.headers["retry-after"]) - 3_600) < 5
    assert raised.value.code == "rate_limit_exceeded"


def test_a_usage_limit_says_when_it_is_over() -> None:
    limit = Limit(datetime.now(UTC) + timedelta(hours=1), "usage")
    with client_of(lambda _seen: limit) as (_, client), pytest.raises(openai.RateLimitError) as raised:
        stream(client)
    error = raised.value.response.json()["error"]
    assert (error["type"], error["resets_at"]) == ("usage_limit_reached", round(limit.reset.timestamp()))


def test_a_cut_stream_has_no_end() -> None:
    cut = Cut(Say("All is done."))
    with client_of(lambda _seen: cut) as (_, client), pytest.raises(openai.APIConnectionError):
        stream(client)


def test_a_slow_stream_shows_signs_of_life_until_the_answer_comes() -> None:
    with scripted_api(lambda _seen: Slow(Say("At last."), 0.5), key=KEY) as api:
        answer = post(api, SOUND).text
    assert "event: response.in_progress" in answer
    assert "At last." in answer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"input": ASKED, "stream": True}, "'model'"),
        ({"model": "gpt-5.5", "stream": True}, "'input'"),
        ({**SOUND, "stream": False}, "streamed"),
        ({**SOUND, "input": []}, "input"),
        ({**SOUND, "input": [{"type": "no such", "x": 1}]}, "input"),
        ({**SOUND, "input": [CALL, OUTPUT]}, "nobody asks"),
        ({**SOUND, "input": [*ASKED, CALL]}, "No tool output found"),
        ({**SOUND, "input": [*ASKED, OUTPUT]}, "No tool call found"),
        ({**SOUND, "input": [*ASKED, CALL, {**OUTPUT, "type": "custom_tool_call_output"}]}, "No tool call"),
        (asks_for({"type": "array", "items": STRICT}), "'type: \"object\"'"),
        (asks_for({**STRICT, "additionalProperties": True}), "additionalProperties"),
        (asks_for({**STRICT, "required": []}), "'required'"),
        (asks_for({**STRICT, "properties": {"a": {"type": "integer", "default": 1}}}), "'default'"),
        (asks_for({**STRICT, "properties": {"a": {"anyOf": [{"allOf": []}]}}}), "'allOf'"),
        (asks_for({**STRICT, "$defs": {"x": {"type": "object", "properties": {}}}}), "additionalProperties"),
    ],
)
def test_what_the_provider_refuses_is_refused_and_written_down(body: dict[str, Any], said: str) -> None:
    with scripted_api(lambda _seen: Say("So."), key=KEY) as api:
        assert post(api, SOUND).status_code == 200
        answer = post(api, body)
        assert answer.status_code == 400
        assert said in answer.json()["error"]["message"]
        assert len(api.faults) == 1


def test_an_unknown_path_another_key_and_another_providers_model_are_refused() -> None:
    with scripted_api(lambda _seen: Say("So."), key=KEY) as api:
        assert httpx.get(f"{api.url}/v1/models", trust_env=False).status_code == 404
        assert post(api, SOUND, key="another").status_code == 401
        assert post(api, {**SOUND, "model": "claude-x"}).status_code == 404
        assert len(api.faults) == 3
