"""T1 and T2: the agent job of a real run finds no credential that writes, wherever it looks."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from bot.commands.demo import fill_tool_cache, import_plan
from bot.commands.serve import command
from bot.local.demo.build import SAMPLE, sample_files
from bot.local.demo.plan import SAMPLE as PLAN
from bot.local.demo.run import DemoParts, run_demo, search_path
from bot.local.forge.records import Comment, Repository, Run
from bot.local.forge.serve import in_thread
from bot.local.forge.state import State
from bot.local.forge.world import create_repository, create_user

HOSTILE = Path(__file__).with_name("hostile_agent.py")
ONE = tuple(replace(issue, parent=None) for issue in PLAN if issue.id == "blank")


def test_a_hostile_worker_gets_nothing_with_all_that_it_finds(tmp_path: Path) -> None:
    honest = (SAMPLE / "tools" / "scripted_agent.py").read_bytes()
    overlay = {"tools/honest_agent.py": honest, "tools/scripted_agent.py": HOSTILE.read_bytes()}
    parts = DemoParts(
        import_issues=import_plan,
        coordinator=command,
        tool_cache=fill_tool_cache,
        path=search_path(Path(sys.executable).parent),
        files={**sample_files("namespace"), **overlay},
    )
    asyncio.run(
        run_demo(tmp_path, ONE, parts, release_all=True, minutes=5, follow=lambda _cards, _said: None)
    )
    state = State(tmp_path / "forge")
    (repository,) = state.all(Repository)
    shown = ["git", "-C", str(state.git_dir(repository)), "show", "main:attack.json"]
    attack = json.loads(subprocess.run(shown, check=True, capture_output=True).stdout)
    assert attack["forges"] >= 1
    assert attack["tried"]
    assert not any(worked for attempt in attack["tried"] for worked in attempt.values())
    # Keys and tokens that libraries bring as examples are found, tried, and open nothing.
    assert attack["tokens"] == 0
    assert not any(comment.body == "stolen" for comment in state.all(Comment))
    assert not any("0" * 32 in run.display_title for run in state.all(Run))


def test_the_same_worker_does_harm_where_it_finds_a_credential(tmp_path: Path) -> None:
    """The attack itself works: what stops it above is the wall, not its own weakness."""
    files = sample_files("namespace")
    with in_thread(tmp_path / "forge") as forge:

        def found(state: State) -> str:
            owner, token = create_user(state, "octo")
            create_repository(state, owner, "tally", files=files)
            return token

        token = forge.on(found)
        checkout = tmp_path / "checkout"
        subprocess.run(["git", "clone", "-q", f"{forge.base_url}/octo/tally.git", str(checkout)], check=True)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LEFT_BEHIND": token}
        environment["ONLY_MY_ENVIRONMENT"] = "1"
        subprocess.run([sys.executable, str(HOSTILE)], cwd=checkout, env=environment, check=True, timeout=60)
    attack = json.loads((checkout / "attack.json").read_text(encoding="utf-8"))
    assert attack["found"] >= 1
    assert any(attempt["push"] and attempt["dispatch"] for attempt in attack["tried"])
