"""How each CLI is called, and in which form it is asked for its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.beads.policy import Engine
from bot.beads.report import load_reviewer_answer, load_worker_answer
from bot.engines.answer_schema import answer_schema, fit, strict
from bot.engines.claude import claude_arguments, claude_environment
from bot.engines.codex import codex_arguments, codex_environment
from bot.engines.outcome import Task

WORKER, REVIEWER = Task("worker", "p", 1, 1_500_000), Task("reviewer", "p", 1)
PROXY = "http://127.0.0.1:1"


def after(arguments: list[str], option: str) -> str:
    return arguments[arguments.index(option) + 1]


def test_claude_is_told_model_budget_tools_and_the_whole_schema() -> None:
    arguments = claude_arguments(Engine(name="claude", model="claude-sonnet-5"), WORKER)
    assert after(arguments, "--model") == "claude-sonnet-5"
    assert after(arguments, "--max-budget-usd") == "1.5"
    assert (
        after(arguments, "--tools") == after(arguments, "--allowedTools") == "Bash,Edit,Glob,Grep,Read,Write"
    )
    assert after(arguments, "--setting-sources") == "user"
    assert json.loads(after(arguments, "--json-schema")) == answer_schema("worker")
    assert not any("dangerously" in argument for argument in arguments)


def test_a_reviewer_has_no_tool_that_edits() -> None:
    arguments = claude_arguments(Engine(name="claude"), REVIEWER)
    assert after(arguments, "--tools") == "Bash,Glob,Grep,Read"
    assert "--model" not in arguments
    assert "--max-budget-usd" not in arguments


def test_each_cli_gets_a_dummy_in_the_form_of_the_real_credential_and_nothing_else() -> None:
    environment = claude_environment("api-key", PROXY, "dummy")
    assert environment["ANTHROPIC_BASE_URL"] == PROXY
    assert environment["ANTHROPIC_API_KEY"] == "dummy"
    assert "CLAUDE_CODE_OAUTH_TOKEN" not in environment
    assert claude_environment("oauth", PROXY, "dummy")["CLAUDE_CODE_OAUTH_TOKEN"] == "dummy"
    assert codex_environment("dummy") == {"CODEX_API_KEY": "dummy"}


@pytest.mark.parametrize(
    ("task", "walled", "sandbox"),
    [
        (WORKER, True, "danger-full-access"),
        (REVIEWER, True, "danger-full-access"),
        (WORKER, False, "workspace-write"),
        (REVIEWER, False, "read-only"),
    ],
)
def test_codex_has_a_sandbox_of_its_own_where_there_is_no_wall(
    task: Task, walled: bool, sandbox: str
) -> None:
    arguments = codex_arguments(Engine(name="codex"), task, Path("/desk/s.json"), PROXY, walled=walled)
    assert after(arguments, "--sandbox") == sandbox
    assert after(arguments, "--model") == "gpt-5.5"
    assert after(arguments, "--output-schema") == "/desk/s.json"
    (provider,) = [argument for argument in arguments if argument.startswith("model_providers.proxy=")]
    assert f'base_url="{PROXY}"' in provider
    assert arguments[-1] == "-"


def parts(schema: Any) -> list[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    if isinstance(schema, list):
        return [part for entry in schema for part in parts(entry)]
    if not isinstance(schema, dict):
        return []
    named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return [schema, *parts(named), *parts(schema.get("items")), *parts(schema.get("anyOf"))]


@pytest.mark.parametrize("role", ["worker", "reviewer"])
def test_the_strict_form_has_only_what_strict_schemas_know(role: Any) -> None:
    form = strict(answer_schema(role))
    known = {
        "type",
        "enum",
        "const",
        "anyOf",
        "$ref",
        "$defs",
        "description",
        "properties",
        "required",
        "items",
    }
    found = parts(form)
    assert len(found) > 10
    for part in found:
        assert part.keys() <= known | {"additionalProperties"}
        if part.get("type") == "object":
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False
        if "$ref" in part:
            assert part.keys() == {"$ref"}


def test_limits_are_told_in_words_and_kept_by_cutting() -> None:
    decisions = strict(answer_schema("worker"))["properties"]["decisions"]
    assert decisions["items"]["description"] == "one line, at most 250 characters"
    said = {
        "status": "blocked",
        "decisions": ["one\ntwo " + "x" * 300],
        "blockers": [{"unblocked_when": "a\nb", "title": None, "bead": 3, "body": ""}],
    }
    answer = load_worker_answer(fit(json.dumps(said), answer_schema("worker")))
    assert answer.decisions[0].startswith("one two xxx")
    assert len(answer.decisions[0]) == 250
    assert answer.blockers[0].unblocked_when == "a b"


def test_cutting_mends_nothing_else() -> None:
    assert fit("no JSON", answer_schema("worker")) == "no JSON"
    assert fit('{"status": 4, "more": [1]}', answer_schema("worker")) == '{"status": 4, "more": [1]}'
    findings = [{"path": "a.py", "line": 3, "body": "y" * 9_000}]
    said = json.dumps({"verdict": "correct", "findings": findings})
    assert len(load_reviewer_answer(fit(said, answer_schema("reviewer"))).findings[0].body) == 8_000
