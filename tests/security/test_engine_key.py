"""T1: an agent that looks everywhere behind the wall does not find the provider's key.

The step runs as a runner starts it, a process of its own with the key in its environment; the real CLIs are
behind the wall, and the model on loopback tells them to search. The same search finds the key where a policy
has accepted that there is no wall, so it is the wall and the proxy that stop it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from bot.jobs.inputs import Inputs
from tests.unit.job_world import World
from tests.unit.upstream import listening, playing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux namespaces")

KEY = "sk-ant-api03-kept-from-sight-7f3a91"
LOGIN_KEY = "access-token-kept-from-sight-7f3a91"
DONE = {
    "status": "pr",
    "summary": "Searched.",
    "decisions": [],
    "follow_ups": [],
    "blockers": [],
    "threads": [],
}
MODELS = {"claude": "claude-sonnet-5", "codex": "gpt-5.5"}
PROCESSES = "env; grep -hazs kept-from-[s]ight /proc/[0-9]*/environ /proc/[0-9]*/cmdline"
FILES = 'grep -rhIs kept-from-[s]ight "$PWD" "$HOME/.." /tmp /etc /home /root /run /dev/shm'


def step(inputs: Inputs, tools: Path, home: Path, env: dict[str, str]) -> str:
    """The agent step as a runner starts it; what it prints."""
    runner = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "RUNNER_TOOL_CACHE": str(tools),
        "RUNNER_TEMP": str(inputs.folder.parent),
        "GITHUB_WORKSPACE": str(inputs.checkout),
        "GITHUB_REPOSITORY": inputs.repository,
        "GITHUB_RUN_ID": str(inputs.run_id),
        "BEADWRIGHT_BEAD": str(inputs.bead),
        "BEADWRIGHT_ROLE": inputs.role,
        "BEADWRIGHT_ATTEMPT": str(inputs.attempt),
        "BEADWRIGHT_TOKEN": inputs.token,
    }
    command = [sys.executable, "-P", "-m", "bot.commands.job", "agent"]
    done = subprocess.run(
        command, env={**runner, **env}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def place(tmp_path: Path) -> World:
    (tmp_path / "home").mkdir()
    return World(tmp_path / "world")


def attack(
    place: World, name: str, wall: Literal["namespace", "none"], tools: Path, search: str, **engine: str
) -> tuple[str, str, bytes]:
    """Let the CLI search: what it found, all text that was handed over, what the provider was sent."""
    key = {"ANTHROPIC_API_KEY": KEY} if name == "claude" else {"OPENAI_API_KEY": KEY}
    command = f"({search}) > loot.txt 2>/dev/null; env > environment.txt; true"
    with listening(playing(command, DONE)) as upstream:
        about = {"name": name, "model": MODELS[name], "url": upstream.url, "minutes": 1, **engine}
        place.policy = {"wall": wall, "engine": about, "gates": [{"name": "read", "run": "cat loot.txt"}]}
        inputs = place.dispatch()
        place.prepare(inputs)
        said = step(inputs, tools, place.folder.parent / "home", key)
        # A page that is still open in another test's browser may look for its forge at this port.
        posts = [headers for what, headers, _ in upstream.asked if what.startswith("POST ")]
        sent = [headers.get("x-api-key") or headers.get("authorization", "") for headers in posts]
        bodies = b"".join(body for _, _, body in upstream.asked)
    report = json.loads((inputs.out / "report.json").read_bytes())
    assert report["worker"] is not None, report["failure"]
    wanted = LOGIN_KEY if "login" in engine else KEY
    assert {text.removeprefix("Bearer ") for text in sent} == {wanted}, "the provider is asked with the key"
    out = "".join(
        path.read_text(encoding="utf-8") for path in inputs.out.glob("*") if path.suffix != ".bundle"
    )
    loot = (inputs.checkout / "loot.txt").read_text(encoding="utf-8", errors="replace")
    return loot, said + out, bodies


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_an_agent_that_searches_everywhere_finds_no_key(place: World, engine_tools: Path, name: str) -> None:
    loot, told, bodies = attack(place, name, "namespace", engine_tools, f"{PROCESSES}; {FILES}")
    assert "HOME=" in loot, "it did search"
    assert "kept-from-sight" not in loot + told
    assert b"kept-from-sight-" not in bodies
    environment = (place.folder / "checkout1" / "environment.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"(?m)^([A-Z][A-Z0-9_]*)=", environment))
    assert not {found for found in names if found.startswith(("GITHUB", "ACTIONS", "BEADWRIGHT", "RUNNER"))}


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_a_persons_login_stays_outside_too(
    place: World, engine_tools: Path, tmp_path: Path, name: str
) -> None:
    login = tmp_path / "home" / "login.json"
    refresh = "refresh-token-kept-from-sight-7f3a91"
    files = {
        "claude": {"claudeAiOauth": {"accessToken": LOGIN_KEY, "refreshToken": refresh}},
        "codex": {"tokens": {"access_token": LOGIN_KEY, "refresh_token": refresh, "account_id": "acc-1"}},
    }
    login.write_text(json.dumps(files[name]), encoding="utf-8")
    loot, told, bodies = attack(
        place, name, "namespace", engine_tools, f"{PROCESSES}; {FILES}", login=str(login)
    )
    assert "HOME=" in loot
    assert "kept-from-sight" not in loot + told
    assert b"kept-from-sight-" not in bodies


def test_the_same_search_finds_the_key_where_there_is_no_wall(place: World, engine_tools: Path) -> None:
    loot, told, _ = attack(place, "claude", "none", engine_tools, PROCESSES)
    assert KEY in loot
    assert KEY not in told, "the gate that printed it is redacted"
    assert "[redacted]" in told
