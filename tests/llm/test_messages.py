"""The scripted API as Anthropic's own client meets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import httpx
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
    Revoked,
    Run,
    Say,
    Scenario,
    Slow,
)
from tests.llm.server import ScriptedApi, scripted_api

KEY = "invented-key-of-a-test"
BASH = {
    "name": "Bash",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "description": {"type": "string"}},
        "required": ["command"],
        "additionalProperties": False,
    },
}
READ = {"name": "Read", "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}}}
ANSWER = {
    "name": "StructuredOutput",
    "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
}
ASKED = [{"role": "user", "content": "Primary working directory: /somewhere\nDo it."}]
CALLED = [
    *ASKED,
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}]},
]
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "two", "is_error": True}
ANSWERED = [*CALLED, {"role": "user", "content": [RESULT]}]


@contextmanager
def client_of(scenario: Scenario) -> Iterator[tuple[ScriptedApi, anthropic.Anthropic]]:
    """The API and the provider's own client, which does not try again."""
    with (
        scripted_api(scenario, key=KEY) as api,
        anthropic.Anthropic(base_url=api.url, api_key=KEY, max_retries=0) as client,
    ):
        yield api, client


def stream(client: anthropic.Anthropic, messages: Any = ASKED, **more: Any) -> Any:
    """The whole message of a streamed answer."""
    tools = more.pop("tools", [BASH, READ, ANSWER])
    call = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": messages, "tools": tools, **more}
    with client.beta.messages.stream(**call) as answer:
        return answer.get_final_message()


def post(api: ScriptedApi, body: Any, **headers: str) -> httpx.Response:
    """A request by hand, for what the client would not send."""
    named = {"x-api-key": KEY, "anthropic-version": "2023-06-01", **headers}
    return httpx.post(f"{api.url}/v1/messages", json=body, headers=named, trust_env=False)


def test_words_are_streamed_and_billed() -> None:
    with client_of(lambda _seen: Say("All is done.")) as (_, client):
        message = stream(client)
    assert (message.content[0].text, message.stop_reason) == ("All is done.", "end_turn")
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (2_000, 1_000, 100)


@pytest.mark.parametrize(
    ("move", "name", "arguments"),
    [
        (Run("ls"), "Bash", {"command": "ls", "description": "As the scenario says"}),
        (Read("a.txt"), "Read", {"file_path": "/somewhere/a.txt"}),
        (Misuse(), "Bash", {"cmd": "true"}),
        (Answer({"a": 1}), "StructuredOutput", {"a": 1}),
        (Answer({"a": "no integer"}, broken=True), "StructuredOutput", {"a": "no integer"}),
    ],
)
def test_a_move_is_a_tool_call(move: Any, name: str, arguments: dict[str, Any]) -> None:
    with client_of(lambda _seen: move) as (_, client):
        message = stream(client)
    (call,) = message.content
    assert (call.type, call.name, call.input, message.stop_reason) == (
        "tool_use",
        name,
        arguments,
        "tool_use",
    )


def test_a_scenario_sees_its_prompt_its_results_and_how_often_it_was_asked() -> None:
    with client_of(lambda _seen: Say("So.")) as (api, client):
        stream(client)
        stream(client, ANSWERED)
        stream(client, ANSWERED, tools=[BASH])
        first, second, third = (asked.seen for asked in api.asked)
    assert first.prompt.endswith("Do it.")
    assert (first.results, first.schema, first.asked) == ((), ANSWER["input_schema"], 0)
    (result,) = second.results
    assert (result.tool, result.text, result.failed) == ("Bash", "two", True)
    assert (second.asked, third.asked, third.schema) == (0, 1, None)


def test_an_answer_that_is_not_streamed_is_the_same_message() -> None:
    with client_of(lambda _seen: Say("All is done.")) as (_, client):
        message = client.beta.messages.create(
            model="claude-sonnet-4-6", max_tokens=100, messages=[{"role": "user", "content": "Do it."}]
        )
    assert message.content[0].type == "text"
    assert message.content[0].text == "All is done."


def test_a_refusal_is_a_stop_reason() -> None:
    with client_of(lambda _seen: Refuse("No.")) as (_, client):
        assert stream(client).stop_reason == "refusal"


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        (Overloaded(), anthropic.InternalServerError, "overloaded_error"),
        (Broken(), anthropic.InternalServerError, "api_error"),
        (Revoked(), anthropic.AuthenticationError, "authentication_error"),
    ],
)
def test_faults_are_those_that_the_client_knows(fault: Any, error: type[Exception], kind: str) -> None:
    with client_of(lambda _seen: fault) as (api, client):
        with pytest.raises(error) as raised:
            stream(client)
        assert api.faults == []
    assert isinstance(raised.value, anthropic.APIStatusError)
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["error"]["type"] == kind


def limited(limit: Limit) -> httpx.Headers:
    """The headers of a limit's answer; all have when to come again."""
    with client_of(lambda _seen: limit) as (_, client), pytest.raises(anthropic.RateLimitError) as raised:
        stream(client)
    headers = httpx.Headers(dict(raised.value.response.headers))
    assert abs(float(headers["retry-after"]) - 3_600) < 5
    return headers


def test_a_limit_says_when_it_is_over() -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    rate, usage = limited(Limit(reset)), limited(Limit(reset, "usage"))
    assert datetime.fromisoformat(rate["anthropic-ratelimit-requests-reset"]) == reset
    assert float(usage["anthropic-ratelimit-unified-reset"]) == reset.timestamp()


def test_a_cut_stream_has_no_end() -> None:
    cut = Cut(Say("All is done."))
    with (
        client_of(lambda _seen: cut) as (_, client),
        pytest.raises(Exception, match="incomplete chunked read"),
    ):
        stream(client)


def test_a_slow_stream_shows_signs_of_life_until_the_answer_comes() -> None:
    with client_of(lambda _seen: Slow(Say("At last."), 0.5)) as (api, client):
        assert stream(client).content[0].text == "At last."
        body = {"model": "claude-x", "max_tokens": 1, "messages": ASKED, "stream": True}
        assert "event: ping" in post(api, body).text


SOUND = {"model": "claude-x", "max_tokens": 100, "messages": ASKED}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": None}, "model"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"messages": None}, "messages: Field required"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": [{"role": "user", "content": " "}]}, "non-empty"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "role"),
        ({"messages": CALLED}, "no `tool_result`"),
        ({"messages": [*CALLED, *ASKED]}, "without `tool_result`"),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, "unexpected `tool_use_id`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 100}}, "budget_tokens"),
        ({"context_management": {"edits": []}}, "context_management"),
        ({"tools": [BASH, BASH]}, "unique"),
        ({"tools": [{**BASH, "name": "no good"}]}, "name"),
        ({"tools": [{**BASH, "input_schema": {"type": "array"}}]}, "input_schema"),
        ({"tools": [{**BASH, "input_schema": {"type": "object", "required": 1}}]}, "input_schema"),
        ({"tools": [{**BASH, "input_schema": {"type": "object", "oneOf": []}}]}, "input_schema"),
    ],
)
def test_what_the_provider_refuses_is_refused_and_written_down(change: dict[str, Any], said: str) -> None:
    body = {name: value for name, value in {**SOUND, **change}.items() if value is not None}
    with scripted_api(lambda _seen: Say("So."), key=KEY) as api:
        assert post(api, SOUND).status_code == 200
        answer = post(api, body)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert said in answer.json()["error"]["message"]
        assert len(api.faults) == 1


def test_an_unknown_path_another_key_and_no_version_are_refused() -> None:
    with scripted_api(lambda _seen: Say("So."), key=KEY) as api:
        assert httpx.post(f"{api.url}/v1/files", json={}, trust_env=False).status_code == 404
        assert httpx.get(f"{api.url}/v1/messages", trust_env=False).status_code == 405
        assert post(api, SOUND, **{"x-api-key": "another"}).status_code == 401
        assert post(api, {**SOUND, "model": "gpt-5.5"}).status_code == 404
        unversioned = httpx.post(
            f"{api.url}/v1/messages", json=SOUND, headers={"x-api-key": KEY}, trust_env=False
        )
        assert unversioned.status_code == 400
        assert len(api.faults) == 5


def test_a_scenario_that_misuses_the_tools_it_is_offered_is_a_fault() -> None:
    with scripted_api(lambda _seen: Run("ls"), key=KEY) as api:
        assert post(api, {**SOUND, "tools": [READ]}).status_code == 400
        assert "offers Read" in api.faults[0]
