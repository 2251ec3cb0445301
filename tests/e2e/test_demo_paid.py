"""The demo with a real CLI, its model on loopback: one bead of the sample, from the issue to the merge."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from bot.beads.policy import Engine
from bot.commands.demo import fill_tool_cache, import_plan
from bot.commands.demo_engine import choose_engine
from bot.commands.serve import command
from bot.local.demo.build import sample_files
from bot.local.demo.paid import Offer
from bot.local.demo.plan import SAMPLE
from bot.local.demo.run import DemoParts, run_demo, search_path
from tests.unit.upstream import Handler, listening, playing
from tests.wall import WALL

KEY = "invented-key-of-the-demo-4711"
ONE = tuple(replace(issue, parent=None) for issue in SAMPLE if issue.id == "blank")
LISTS: dict[str, list[str]] = {"decisions": [], "follow_ups": [], "blockers": [], "threads": []}
ANSWER = 0.00041  # dollars for 100 tokens of input, 50 of the cache and 20 of output, as claude prices them


def stop(message: str) -> NoReturn:
    pytest.fail(message)


@pytest.mark.usefixtures("engine_tools")
def test_a_real_cli_takes_a_bead_to_its_merge_and_the_key_is_written_nowhere(tmp_path: Path) -> None:
    work = playing("touch tally/blank.py", {"status": "pr", "summary": "Done.", **LISTS})
    review = playing({"verdict": "approve", "summary": "Good.", "findings": [], "threads": []})

    def model(handler: Handler) -> None:
        (review if b"You are the reviewer" in handler.body else work)(handler)

    with listening(model) as upstream:
        env = {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": "another"}
        chosen = choose_engine(
            "claude", model="claude-sonnet-5", url=upstream.url, login=None, env=env, stop=stop
        )
        assert chosen.engine == Engine(name="claude", model="claude-sonnet-5", url=upstream.url, minutes=10)
        sample = sample_files(WALL)
        parts = DemoParts(
            import_issues=import_plan,
            coordinator=command,
            tool_cache=fill_tool_cache,
            path=search_path(Path(sys.executable).parent),
            files=Offer(chosen.engine, 2.0, 1).files(sample),
            secrets=chosen.secrets,
        )
        folder = tmp_path / "demo"
        folder.mkdir()
        result = asyncio.run(
            run_demo(folder, ONE, parts, release_all=True, minutes=8, follow=lambda _cards, _said: None)
        )
    assert [bead["state"] for bead in result.beads] == ["done"]
    assert len(result.merges) == 1
    assert len(upstream.asked) >= 3  # a worker asks twice, a reviewer once
    assert result.dollars == pytest.approx(len(upstream.asked) * ANSWER)
    assert {headers["x-api-key"] for _, headers, _ in upstream.asked} == {KEY}
    tools = folder / "tools"
    kept = [path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(tools)]
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []
