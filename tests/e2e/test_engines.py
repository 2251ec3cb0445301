"""The real CLIs, each taking beads from issues to merged pull requests: act and the workflow, no real model.

Of three beads one goes through at once although its model misuses a tool, one needs a correction round, and
one is refused at first. What is left behind is searched for the key, and the bill is compared with what the
API served.
"""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.commands.demo import fill_tool_cache, import_plan
from bot.commands.serve import command
from bot.jobs.engine_program import Name
from bot.jobs.git import Git
from bot.local.demo.build import sample_files
from bot.local.demo.plan import SAMPLE as PLAN
from bot.local.demo.run import DemoParts, run_demo, search_path
from bot.local.forge import results
from bot.local.forge.records import Artifact, Repository, Run
from bot.local.forge.state import State
from tests.contract.exchange_log import assert_log_fits
from tests.llm import conversation as llm_moves
from tests.llm.conversation import Conversation, Move
from tests.llm.engines import ANSWER, KEYS, engine_policy
from tests.llm.scenarios import InTurn, by_bead, misuses_a_tool, refuses, works
from tests.llm.server import ScriptedApi
from tests.loop.world import claims_in
from tests.wall import WALL

WORDS = "Split a text into words"
LENGTH = "Measure the mean length of the words"
BLANK = "Count the blank lines of a text"
BEADS = tuple(replace(issue, parent=None) for issue in PLAN if issue.title in (WORDS, LENGTH, BLANK))
POLICY = ".github/beadwright.yml"


def looks_around(seen: Conversation) -> Move:
    """Work as ever, and print the environment with the first command."""
    turn = works(seen)
    if isinstance(turn, llm_moves.Run) and not seen.results:
        return llm_moves.Run(f"env; {turn.command}")
    return turn


# What `codex` builds is merged in the story of the planning half (test_planning_engines.py).
@pytest.mark.parametrize("engine", ["claude"])
@pytest.mark.usefixtures("published", "engine_tools")
def test_beads_become_merged_pull_requests_with_a_correction_round(
    engine: Name, llm: ScriptedApi, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    llm.scenario = by_bead({WORDS: misuses_a_tool, BLANK: InTurn(refuses, works)}, looks_around)
    parts = DemoParts(
        import_issues=import_plan,
        coordinator=command,
        tool_cache=fill_tool_cache,
        path=search_path(Path(sys.executable).parent),
        files=_files(engine, llm),
        secrets={KEYS[engine]: llm.key},
    )
    result = asyncio.run(
        run_demo(folder, BEADS, parts, release_all=True, minutes=8, follow=lambda _cards, _said: None)
    )
    beads = {bead["title"]: bead for bead in result.beads}
    assert {title: (bead["state"], bead["attempts"]) for title, bead in beads.items()} == {
        WORDS: ("done", 1),
        LENGTH: ("done", 2),
        BLANK: ("done", 2),
    }
    state = State(folder / "forge")
    (repository,) = state.all(Repository)
    git = Git(state.git_dir(repository))
    assert '"""The mean length' in git.output("cat-file", "blob", "main:tally/length.py").decode()
    _assert_bill(git, llm, engine)
    _assert_transcripts(state)
    _assert_key_is_nowhere(folder, git, state, llm)
    assert_log_fits(folder / "exchanges.jsonl")


def _files(engine: Name, llm: ScriptedApi) -> dict[str, bytes]:
    """The demo's repository with the engine in its policy, and without the demo's own agent."""
    files = sample_files(WALL)
    del files["tools/scripted_agent.py"]
    policy = yaml.safe_load(files[POLICY])
    policy["engine"] = engine_policy(engine, llm)
    return {**files, POLICY: yaml.safe_dump(policy).encode()}


def _assert_bill(git: Git, llm: ScriptedApi, engine: Name) -> None:
    """What the claims ref says was spent is what the API served, request by request."""
    assert sum(claims_in(git).spent.values()) == len(llm.asked) * ANSWER[engine]


def _assert_transcripts(state: State) -> None:
    """Each run's artifact tells what its agent did, for people to read."""
    runs = [run for run in state.all(Run) if run.display_title.startswith("bead ")]
    told = {run.display_title: _transcript(state, run) for run in runs}
    # Three beads, one corrected, one refused at first: five workers' runs, four reviews.
    assert len(told) == 9
    for title, text in told.items():
        head = "bead #{1} {2}, attempt {3}\n".format(*title.split())
        assert text.startswith(head)
        done = "git diff" in text or "unittest discover" in text
        assert done != ("[no answer: " in text), f"{title}:\n{text}"


def _transcript(state: State, run: Run) -> str:
    (artifact,) = state.find(Artifact, run_id=run.id)
    with zipfile.ZipFile(io.BytesIO(results.blob_path(state, artifact).read_bytes())) as archive:
        return archive.read("transcript.log").decode()


def _assert_key_is_nowhere(folder: Path, git: Git, state: State, llm: ScriptedApi) -> None:
    """Neither the model nor anything that is kept has seen the key; the dummy in its place was seen."""
    told = "\n".join(result.text for asked in llm.asked for result in asked.seen.results)
    assert "=beadwright-" in told
    assert llm.key not in told
    forms = [llm.key.encode(), *_in_base64(llm.key.encode())]
    found = [place for place, content in _kept(folder, git, state) for form in forms if form in content]
    assert found == []


def _in_base64(raw: bytes) -> list[bytes]:
    """The part of its base64 that does not depend on what stands around it, for each place in a triple."""
    return [base64.b64encode(b"\0" * lead + raw)[4:-4] for lead in range(3)]


def _kept(folder: Path, git: Git, state: State) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, every git object, and what is inside every artifact."""
    kept = 0
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and "tools" not in path.relative_to(folder).parts[:1]:
            yield str(path), path.read_bytes()
            kept += 1
    assert kept
    listing = ("cat-file", "--batch-all-objects", "--batch", "--unordered")
    objects = subprocess.run(["git", *listing], cwd=git.folder, capture_output=True, check=True).stdout
    assert b"mean_length" in objects
    yield "git", objects
    for artifact in state.all(Artifact):
        with zipfile.ZipFile(results.blob_path(state, artifact)) as archive:
            for name in archive.namelist():
                yield f"artifact {artifact.id} {name}", archive.read(name)
