"""What the engines' events come to. The streams were recorded from the real CLIs, and shortened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.beads.policy import Engine, Price
from bot.beads.report import load_worker_answer
from bot.engines.claude import ClaudeReader
from bot.engines.codex import CodexReader
from bot.engines.outcome import Task
from bot.engines.told import SHOWN, TRANSCRIPT_LIMIT, Reader, Told, Transcript, shorten

STREAMS = Path(__file__).with_name("engine_streams")
WORKER = Task("worker", "Do it.", 1)


def read(name: str, engine: Engine | None = None) -> Reader:
    reader: Reader = ClaudeReader()
    if name.startswith("codex"):
        reader = CodexReader(WORKER, engine or Engine(name="codex", model="gpt-5.5"))
    for line in (STREAMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        reader.take(line)
    return reader


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("claude-works", 820),
        ("claude-bash", 820),
        ("claude-denied", 820),
        ("claude-reconnect", 820),
        # 200 input tokens of which 80 were cached, 40 of output, at 5, 0.5 and 30 dollars a million
        ("codex-works", 120 * 5 + 80 * 0.5 + 40 * 30),
        ("codex-bash", 1840),
    ],
)
def test_a_run_that_worked_has_its_answer_and_its_cost(name: str, cost: int) -> None:
    told = read(name).told()
    assert told.fault is None
    assert told.cost == cost
    assert told.answer is not None
    assert load_worker_answer(told.answer).status == "pr"


@pytest.mark.parametrize(
    ("name", "fault", "cost"),
    [
        ("claude-noschema", "it never gave an answer that fits the schema", 820),
        ("claude-badschema", "it never gave an answer that fits the schema: Failed to provide valid", 2460),
        ("claude-budget", "it stopped at the run's budget: Reached maximum budget ($0.00001)", 410),
        # An API error: its subtype is `success`.
        ("claude-limit", "it ended with an error: API Error: Request rejected (429) · slow down", 0),
        ("claude-revoked", "it ended with an error: ", 0),
        ("claude-cut", "it ended with an error: API Error: API returned an empty or malformed response", 480),
        ("codex-limit", "its turn failed: You\u2019ve hit your usage limit.", None),
        ("codex-revoked", "its turn failed: unexpected status 401 Unauthorized", None),
        # Remarks on the way are no answer, however well they read.
        ("codex-cut", "its turn failed: stream disconnected before completion", None),
        ("codex-killed", "it ended before its turn was over", None),
    ],
)
def test_a_run_without_an_answer_says_why(name: str, fault: str, cost: int | None) -> None:
    told = read(name).told()
    assert told.answer is None
    assert told.fault is not None
    assert told.fault.startswith(fault)
    assert told.cost == cost


def test_nothing_at_all_is_a_fault_and_no_crash() -> None:
    assert ClaudeReader().told() == Told(fault="it ended without a result")
    assert CodexReader(WORKER, Engine(name="codex")).told().answer is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Reading prompt from stdin...",
        "[]",
        "null",
        "{",
        '{"type": 4}',
        '{"type": "assistant"}',
        '{"type": "assistant", "message": {"content": [null, {"type": "text"}]}}',
        '{"type": "item.completed", "item": {"type": "file_change", "changes": [7]}}',
        '{"type": "item.completed", "item": {"type": "command_execution"}}',
        '{"type": "turn.completed"}',
    ],
)
def test_a_line_that_is_not_known_is_passed_over(line: str) -> None:
    for name in ("claude-works", "codex-works"):
        reader = read(name)
        reader.take(line)
        assert reader.told() == read(name).told()


def test_a_schema_that_a_strict_provider_did_not_hold_is_the_jobs_to_refuse() -> None:
    told = read("codex-badschema").told()
    assert told.answer == '{"status": "perhaps"}'


def test_the_transcript_reads_as_what_was_said_and_done() -> None:
    assert read("claude-bash").transcript().splitlines()[1:5] == [
        "< Looking.",
        "$ Bash echo hello > hello.txt; ls",
        "= hello.txt",
        '$ StructuredOutput {"status": "pr", "summary": "did", "decisions": [], "follow_ups": [], '
        '"blockers": [], "threads": []}',
    ]
    assert "* asks again after unknown (try 1)" in read("claude-reconnect").transcript()
    assert read("claude-noschema").transcript().splitlines()[2].startswith("> [structured-output-enforce]")
    assert read("codex-bash").transcript().splitlines()[1:5] == [
        "< Looking.",
        "$ /bin/bash -lc 'echo hello > hello.txt; ls; false'",
        "= hello.txt",
        "  [exit status 1]",
    ]
    assert read("codex-works").transcript().startswith("$ apply_patch: add /checkout/hello.txt (completed)")
    assert read("codex-cut").transcript().count("! Reconnecting...") == 5


def test_a_model_without_a_price_has_no_cost_until_the_policy_prices_it() -> None:
    assert read("codex-works", Engine(name="codex", model="gpt-unheard")).told().cost is None
    priced = Engine(
        name="codex", model="gpt-unheard", prices={"gpt-unheard": Price(input=1, cached=0, output=2)}
    )
    assert read("codex-works", priced).told().cost == 120 + 2 * 40
    dearer = Engine(name="codex", model="gpt-5.5", prices={"gpt-5.5": Price(input=10, cached=1, output=60)})
    assert read("codex-works", dearer).told().cost == 2 * 1840


def test_all_models_of_a_claude_run_are_paid_for() -> None:
    reader = ClaudeReader()
    usage = {"opus": {"costUSD": 0.5}, "haiku": {"costUSD": 0.0001}, "odd": {"costUSD": None}}
    reader.take(json.dumps({"type": "result", "subtype": "success", "modelUsage": usage}))
    assert reader.told().cost == 500_100


def test_a_long_text_loses_its_middle_and_a_long_transcript_its_beginning() -> None:
    shown = shorten("a" * SHOWN + "b" * SHOWN)
    assert shown.startswith("a" * 1000)
    assert shown.endswith("b" * 1000)
    assert f"[… {SHOWN} characters …]" in shown
    transcript = Transcript()
    for number in range(2 * TRANSCRIPT_LIMIT // SHOWN):
        transcript.say("$", f"{number} {'x' * (SHOWN - 100)}")
    assert len(transcript.text()) < TRANSCRIPT_LIMIT + SHOWN
    assert not transcript.text().startswith("$ 0 ")
