"""The real `openspec` CLI: what it refuses of the corpus and what it lets pass, and how we ask it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.commands.demo import fill_tool_cache
from bot.coordinator.job_port import JobFault
from bot.jobs.engine_program import LOCKS, engine_program
from bot.jobs.openspec_trial import OpenSpec, find_node
from bot.jobs.wall import Wall, probe
from tests.needs import need
from tests.unit.changes import FAULTY, SOUND, TREE, change


@pytest.fixture
def openspec(tmp_path: Path) -> OpenSpec:
    """The CLI behind the wall, where there can be one."""
    here = (LOCKS / "openspec" / "node_modules" / ".locked-by").exists()
    need(here, "the CLI openspec is not here: `make test` fetches it where npm is")
    fill_tool_cache(tmp_path / "tools")
    program = engine_program(tmp_path / "tools" / "beadwright", "openspec", {})
    scratch, nothing = tmp_path / "scratch", tmp_path / "nothing"
    scratch.mkdir()
    nothing.mkdir()
    wall = Wall(nothing, nothing, (str(tmp_path),), "none" if probe() else "namespace")
    return OpenSpec(find_node(os.environ), program, wall, scratch)


@pytest.mark.parametrize("name", SOUND)
def test_the_cli_accepts_a_sound_change(openspec: OpenSpec, name: str) -> None:
    assert openspec.findings(SOUND[name], TREE) == ()
    assert list(openspec.scratch.iterdir()) == []


def test_the_cli_refuses_what_of_the_corpus_it_must_and_no_more(openspec: OpenSpec, tmp_path: Path) -> None:
    judged = {name: one for name, one in FAULTY.items() if one.validate is not None}
    names = {f"fault-{at}": name for at, name in enumerate(judged)}
    copy = tmp_path / "all"
    for folder, name in names.items():
        files = {f"openspec/changes/{folder}/{file.path}": file.text for file in judged[name].change.files}
        for path, text in {**TREE, **files}.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text, encoding="utf-8")
    lines: list[str] = []
    command = (str(openspec.node), str(openspec.program.path))
    Wall(copy, openspec.scratch, (), "none").run(
        [*command, "validate", "--changes", "--strict", "--json", "--no-interactive"],
        env={"OPENSPEC_TELEMETRY": "0"},
        seconds=60,
        take=lines.append,
    )
    items = json.loads("\n".join(lines))["items"]
    said = {names[item["id"]]: not item["valid"] for item in items}
    assert said == {name: one.validate for name, one in judged.items()}


@pytest.mark.parametrize("name", ["adds what is there", "removes what is not there"])
def test_what_validation_lets_pass_the_trial_archive_refuses(openspec: OpenSpec, name: str) -> None:
    faulty = FAULTY[name]
    assert faulty.archive
    (finding,) = openspec.says(faulty.change, faulty.tree)
    assert finding.startswith("openspec archive: greeting ")


def test_what_validation_finds_is_told_by_its_place(openspec: OpenSpec) -> None:
    assert openspec.findings(FAULTY["no SHALL"].change, TREE) == (
        'openspec validate: greeting/spec.md: ADDED "Greets in German" should contain SHALL or MUST'
        " (RFC 2119 best practice for English specs)",
    )


def test_what_lies_outside_is_written_nowhere(openspec: OpenSpec) -> None:
    faulty = FAULTY["a file outside"]
    assert openspec.findings(faulty.change, faulty.tree) == (faulty.ours,)


def test_a_cli_that_does_not_answer_as_it_does_refuses_everything(openspec: OpenSpec) -> None:
    broken = OpenSpec(Path("/bin/echo"), openspec.program, openspec.wall, openspec.scratch)
    (finding,) = broken.findings(change(), TREE)
    assert finding.startswith("openspec validate: exit status 0: ")


def test_without_node_it_is_said_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(JobFault, match=r"needs Node\.js 20\.19 or newer: set it up"):
        find_node({"PATH": "/nowhere"})
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.4\n")
    old.chmod(0o755)
    with pytest.raises(JobFault, match=r"this is v18\.20\.4"):
        find_node({"PATH": str(tmp_path)})
