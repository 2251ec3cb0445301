"""The CLIs: exactly the versions that were measured, installed once per content of their lock."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.coordinator.job_port import JobFault
from bot.engines import claude, codex
from bot.jobs import openspec_trial
from bot.jobs.bootstrap import MARKER
from bot.jobs.engine_program import LOCKS, NAMES, Name, engine_program, find_program, kept_engine

PACKAGES = {
    "claude": "@anthropic-ai/claude-code",
    "codex": "@openai/codex",
    "openspec": "@fission-ai/openspec",
}
MODULES = {"claude": claude, "codex": codex, "openspec": openspec_trial}


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_names_one_version_with_hashes_and_no_address(name: Name) -> None:
    wanted = json.loads((LOCKS / name / "package.json").read_bytes())["dependencies"]
    text = (LOCKS / name / "package-lock.json").read_text(encoding="utf-8")
    locked = json.loads(text)["packages"]
    for entry in locked.values():
        entry.pop("funding", None)  # pages for people: nothing is fetched from there
    version = wanted.pop(PACKAGES[name])
    assert wanted == {}
    assert locked[f"node_modules/{PACKAGES[name]}"]["version"] == version
    assert re.search(rf"\b{re.escape(version)}\b", str(MODULES[name].__doc__)), (
        "the version that was measured"
    )
    assert all("integrity" in entry for place, entry in locked.items() if place)
    assert "resolved" not in text
    assert "://" not in json.dumps(locked)


def place(cache: Path, name: Name, program: str) -> Path:
    """A tool cache in which an engine is installed; its program."""
    path = kept_engine(cache, name) / program
    path.parent.mkdir(parents=True)
    path.touch()
    (kept_engine(cache, name) / MARKER).touch()
    return path


def test_what_is_in_the_tool_cache_is_not_installed_again(tmp_path: Path) -> None:
    path = place(tmp_path, "claude", "node_modules/@anthropic-ai/claude-code-linux-x64/claude")
    program = engine_program(tmp_path, "claude", {"PATH": "/nowhere"})
    assert program.path == path.resolve()
    assert program.folder == (kept_engine(tmp_path, "claude") / "node_modules").resolve()


def test_where_npm_installs_two_programs_the_one_for_glibc_is_taken(tmp_path: Path) -> None:
    for kind in ("linux-x64-musl", "linux-x64"):
        path = tmp_path / "node_modules" / "@anthropic-ai" / f"claude-code-{kind}" / "claude"
        path.parent.mkdir(parents=True)
        path.touch()
    assert "musl" not in str(find_program(tmp_path, "claude").path)


def test_without_npm_it_is_said_what_to_do_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(JobFault, match=r"set up Node\.js before this step"):
        engine_program(tmp_path, "codex", {"PATH": "/nowhere"})
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_the_package_knows_nothing_of_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobFault, match="codex has no program for this machine"):
        find_program(tmp_path, "codex")
