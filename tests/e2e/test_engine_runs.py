"""The real CLIs, behind the wall, in a whole agent job; a model on loopback plays its moves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.beads.policy import Engine
from bot.coordinator.job_port import partial_ref
from bot.engines.outcome import Task
from bot.engines.run import run_engine
from bot.jobs.engine_program import Name, engine_program
from bot.jobs.wall import Wall
from tests.unit.job_world import World
from tests.unit.upstream import Answer, Handler, Upstream, listening, plain, playing, stream
from tests.wall import WALL

MODELS = {"claude": "claude-sonnet-5", "codex": "gpt-5.5"}
VARIABLES = {"claude": "ANTHROPIC_API_KEY", "codex": "OPENAI_API_KEY"}
KEY = "invented-key-kept-by-the-proxy-4711"
WORK = "echo two >> src/a.txt"
DONE = {"status": "pr", "summary": "Two.", "decisions": [], "follow_ups": [], "blockers": [], "threads": []}
APPROVED = {"verdict": "approve", "summary": "Good.", "findings": [], "threads": []}

pytestmark = pytest.mark.usefixtures("engine_tools")


@contextmanager
def world(tmp_path: Path, name: str, answer: Answer) -> Iterator[tuple[World, Upstream]]:
    """A repository whose policy names an engine, and the provider that the engine asks."""
    found = World(tmp_path / "world")
    with listening(answer) as upstream:
        found.policy = {
            "wall": WALL,
            "engine": {"name": name, "model": MODELS[name], "url": upstream.url, "minutes": 1},
            "gates": [{"name": "says two", "run": "grep -q two src/a.txt"}],
        }
        yield found, upstream


def test_a_workers_turn_and_a_review_by_the_real_cli_are_published(tmp_path: Path, name: str) -> None:
    with world(tmp_path, name, playing(WORK, DONE)) as (found, upstream):
        inputs = found.dispatch()
        report = found.agent(inputs, {VARIABLES[name]: KEY})
        assert report.failure is None
        assert report.worker is not None
        assert (report.worker.summary, report.engine, report.provider) == ("Two.", name, None)
        assert report.gates[0].result == "pass"
        # Two answers of 50 or 60 fresh and 50 or 40 cached tokens of input, and 20 of output.
        assert report.cost > 500
        found.publish(inputs)
        assert found.read(found.ref("refs/heads/bead/7"), "src/a.txt") == "one\ntwo\n"
        transcript = (inputs.out / "transcript.log").read_text(encoding="utf-8")
        assert WORK in transcript
        assert KEY not in transcript

        upstream.answer = playing("cat src/a.txt; touch src/b.txt", APPROVED)
        review = found.agent(found.dispatch("reviewer", 2), {VARIABLES[name]: KEY})
        assert review.failure is None
        assert review.reviewer is not None
        assert review.reviewer.verdict == "approve"
    shown = {headers.get("x-api-key") or headers.get("authorization") for _, headers, _ in upstream.asked}
    assert shown == {KEY if name == "claude" else f"Bearer {KEY}"}


def test_a_provider_that_stops_a_run_is_named_and_the_work_is_kept(tmp_path: Path, name: str) -> None:
    refusal = {"type": "error", "error": {"type": "usage_limit_reached", "message": "Enough for today."}}
    limit = plain(429, refusal, retry_after="3600")
    with world(tmp_path, name, playing(WORK, limit)) as (found, _):
        inputs = found.dispatch()
        report = found.agent(inputs, {VARIABLES[name]: KEY})
        found.publish(inputs)
        assert found.read(found.ref(partial_ref(7)), "src/a.txt") == "one\ntwo\n"
    assert report.provider is not None
    assert report.provider.kind == "limit"
    assert report.provider.until is not None
    assert report.failure is not None
    assert report.failure.startswith("the model's provider ended the run (limit, until ")
    assert "the provider said 429: Enough for today." in report.failure


def test_what_the_cli_gets_over_by_itself_is_no_fault(tmp_path: Path, name: str) -> None:
    overloaded = plain(529, {"error": {"message": "Overloaded"}})
    falls = iter([overloaded, stream(b"event: ping\ndata: {}\n\n", cut=True)])

    def shaky(handler: Handler) -> None:
        next(falls, playing(WORK, DONE))(handler)

    with world(tmp_path, name, shaky) as (found, upstream):
        report = found.agent(found.dispatch(), {VARIABLES[name]: KEY})
    assert len(upstream.asked) >= 4
    assert report.failure is None
    assert report.provider is None


def test_without_a_key_nothing_is_started_and_the_report_says_where_it_belongs(
    tmp_path: Path, name: str
) -> None:
    with world(tmp_path, name, playing(DONE)) as (found, upstream):
        report = found.agent(found.dispatch(), {})
    assert upstream.asked == []
    assert report.provider is not None
    assert report.provider.kind == "key"
    assert VARIABLES[name] in report.provider.detail
    assert report.cost == 0


def test_a_run_that_the_clock_stops_costs_what_is_known_or_its_whole_reserve(
    tmp_path: Path, engine_tools: Path, name: Name
) -> None:
    program = engine_program(engine_tools / "beadwright", name, os.environ)
    for folder in ("checkout", "desk"):
        (tmp_path / folder).mkdir()
    wall = Wall(tmp_path / "checkout", tmp_path / "desk", (), WALL, (str(program.folder),))
    with listening(playing("python3 -c 'import time; time.sleep(300)'", DONE)) as upstream:
        engine = Engine(name=name, model=MODELS[name], url=upstream.url)
        task = Task("worker", "Do it.", 0.15, 1_500_000)
        outcome = run_engine(engine, task, wall, program=program.path, env={VARIABLES[name]: KEY})
    assert outcome.missing == f"the clock stopped it after {outcome.ended.seconds:.0f} s"
    # codex is metered by what the provider told: 60 fresh and 40 cached tokens of input, 20 of output.
    assert outcome.cost == {"claude": 1_500_000, "codex": 60 * 5 + 40 * 0.5 + 20 * 30}[name]
    assert outcome.provider is None
    assert "time.sleep(300)" in outcome.transcript or name == "codex"  # codex tells a command when it is over


def test_a_run_ends_at_its_budget(tmp_path: Path, name: str) -> None:
    with world(tmp_path, name, playing(WORK, WORK, WORK, WORK, DONE)) as (found, upstream):
        found.policy["budget"] = {"run": 0.0015}  # dollars; one answer costs 0.0007 to 0.0009
        report = found.agent(found.dispatch(), {VARIABLES[name]: KEY})
    assert report.failure is not None
    assert "budget" in report.failure
    assert report.provider is None
    assert 1_000 < report.cost < 3_000
    assert len(upstream.asked) < 5


def test_hooks_and_orders_that_the_checkout_brings_are_not_run(tmp_path: Path, name: str) -> None:
    hook = {"hooks": [{"type": "command", "command": "touch /tmp/hooked $HOME/hooked"}]}
    every = {"SessionStart": [hook], "PreToolUse": [{"matcher": "*", **hook}], "UserPromptSubmit": [hook]}
    files = {
        ".claude/settings.json": json.dumps({"hooks": every}),
        ".mcp.json": json.dumps({"mcpServers": {"x": {"command": "touch", "args": ["/tmp/hooked"]}}}),
        ".codex/config.toml": '[mcp_servers.x]\ncommand = "touch"\nargs = ["/tmp/hooked"]\n',
        ".codex/hooks.json": json.dumps({"hooks": every}),
        "AGENTS.override.md": "Overridden orders 4711.",
    }
    looked = f"ls /tmp/hooked $HOME/hooked > found.txt; {WORK}; true"
    with world(tmp_path, name, playing(looked, DONE)) as (found, upstream):
        found.commit("main", files)
        inputs = found.dispatch()
        report = found.agent(inputs, {VARIABLES[name]: KEY})
    assert report.failure is None
    assert (inputs.checkout / "found.txt").read_text(encoding="utf-8") == ""
    assert not any(b"Overridden orders" in body for _, _, body in upstream.asked)
