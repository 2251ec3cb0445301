"""The real CLIs as writers, behind the wall, in a whole agent job; the scripted API plays the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.jobs.engine_program import Name
from tests.llm.conversation import Conversation, Move, Say
from tests.llm.engines import ANSWER, KEYS, engine_policy
from tests.llm.planning import FAULTS, bead, plan, plans
from tests.llm.server import ScriptedApi
from tests.unit.job_world import World
from tests.wall import WALL

COUNT = bead("Count the words of a text", files=["src/a.txt"])
GOOD = plan(COUNT)
FAULTY = plan(
    {**COUNT, "files": ["src/b.txt"], "context": "Do it as discussed."}, acceptance=["Words count."]
)
FOUND = ("Bead 1 changes `src/b.txt`, which is not there", "Bead 1 refers to what its worker has never seen")
pytestmark = pytest.mark.usefixtures("engine_tools")


@pytest.fixture
def world(tmp_path: Path, name: Name, llm: ScriptedApi) -> World:
    policy: dict[str, object] = {"wall": WALL, "planning": {"engine": engine_policy(name, llm)}}
    return World(
        tmp_path / "world", policy=policy, title="Count words", body="The words of a text are counted."
    )


def test_a_plan_by_the_real_cli_is_proposed(world: World, name: Name, llm: ScriptedApi) -> None:
    llm.scenario = plans(GOOD)
    inputs = world.dispatch("writer")
    report = world.agent(inputs, {KEYS[name]: llm.key})
    world.publish(inputs)
    assert (report.failure, report.engine) == (None, name)
    assert report.writer is not None
    assert [one.title for one in report.writer.beads] == [COUNT["title"]]
    assert world.claims().live[7].outcome == "proposed"
    look, answer = llm.asked
    assert "src/a.txt" in answer.seen.results[0].text
    assert look.seen.schema is not None
    assert "beads" in look.seen.schema["properties"]
    assert "BEADWRIGHT_ANSWER" not in look.seen.prompt
    assert report.cost == 2 * ANSWER[name]


def test_a_faulty_plan_is_mended_once_its_faults_are_told(world: World, name: Name, llm: ScriptedApi) -> None:
    llm.scenario = plans(FAULTY, GOOD)
    inputs = world.dispatch("writer")
    report = world.agent(inputs, {KEYS[name]: llm.key})
    assert report.failure is None
    assert report.writer is not None
    assert report.writer.beads[0].files == ("src/a.txt",)
    first, second = llm.asked[0].seen.prompt, llm.asked[-1].seen.prompt
    assert second.startswith(first.rstrip())
    for found in FOUND:
        assert found not in first
        assert f"\n- {found}" in second
    assert "Do it as discussed." in second.partition(FAULTS)[2]
    assert report.cost == 4 * ANSWER[name]
    transcript = (inputs.out / "transcript.log").read_text(encoding="utf-8")
    assert transcript.count("git ls-files") == 2
    assert "[its answer has faults; it is asked once more]" in transcript


@pytest.mark.parametrize("name", ["codex"], indirect=True)
def test_a_plan_that_stays_faulty_says_all_that_is_wrong_after_two_rounds(
    world: World, name: Name, llm: ScriptedApi
) -> None:
    llm.scenario = plans(FAULTY)
    inputs = world.dispatch("writer")
    report = world.agent(inputs, {KEYS[name]: llm.key})
    world.publish(inputs)
    assert report.writer is None
    assert report.failure is not None
    assert all(found in report.failure for found in FOUND)
    assert len(llm.asked) == 4
    assert world.claims().live[7].outcome == "failed"


@pytest.mark.parametrize("name", ["codex"], indirect=True)
def test_words_where_a_plan_should_be_are_a_fault_like_others(
    world: World, name: Name, llm: ScriptedApi
) -> None:
    mends = plans(GOOD)

    def talks(seen: Conversation) -> Move:
        return mends(seen) if FAULTS in seen.prompt else Say("I would plan one bead.")

    llm.scenario = talks
    report = world.agent(world.dispatch("writer"), {KEYS[name]: llm.key})
    assert report.failure is None
    assert "Invalid JSON" in llm.asked[-1].seen.prompt
