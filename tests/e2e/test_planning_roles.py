"""The real CLIs in roles that look at the whole project, behind the wall, in whole agent jobs: a check-in,
and the sessions of a proposal. The scripted API plays the model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.beads.checkin_record import CHECKINS_BRANCH
from bot.beads.direction import DirectionAnswer
from bot.jobs.engine_program import Name
from tests.llm.conversation import Answer, Conversation, Run, Turn
from tests.llm.engines import ANSWER, KEYS, engine_policy
from tests.llm.server import ScriptedApi
from tests.unit.changes import SPEC
from tests.unit.checkins import scored
from tests.unit.job_world import BEAD, World
from tests.unit.test_direction_jobs import ABOUT, SURVEY, WHOLE
from tests.wall import WALL

STAGES = {"survey": SURVEY, "settle, and draft": WHOLE, "review": DirectionAnswer()}
pytestmark = pytest.mark.usefixtures("engine_tools")


@pytest.fixture
def world(tmp_path: Path, name: Name, llm: ScriptedApi) -> World:
    planning = {"engine": engine_policy(name, llm), "passes": 1}
    policy: dict[str, object] = {"wall": WALL, "planning": planning}
    world = World(tmp_path / "world", policy=policy)
    world.commit("main", {"about/README.md": ABOUT, "openspec/specs/greeting/spec.md": SPEC})
    return world


def looks_and_says(seen: Conversation, answer: BaseModel) -> Turn:
    """Look at the files, and give this answer with every field of its schema."""
    return Answer(answer.model_dump(mode="json")) if seen.results else Run("git ls-files")


def test_a_check_in_by_the_real_cli_is_kept(world: World, name: Name, llm: ScriptedApi) -> None:
    llm.scenario = lambda seen: looks_and_says(seen, scored())
    inputs = world.dispatch("checkin")
    report = world.agent(inputs, {KEYS[name]: llm.key})
    assert (report.failure, report.engine, report.checkin) == (None, name, scored())
    assert report.cost == 2 * ANSWER[name]
    world.publish(inputs)
    assert world.claims().live[BEAD].head == world.ref(f"refs/heads/{CHECKINS_BRANCH}")


def test_a_change_that_sessions_of_the_real_cli_propose_becomes_a_pull_request(
    world: World, name: Name, llm: ScriptedApi
) -> None:
    stages: list[str] = []

    def scenario(seen: Conversation) -> Turn:
        stage = re.search(r"^## Your part: (.+)$", seen.prompt, re.MULTILINE)
        assert stage is not None, "every session is told its part"
        stages.append(stage[1])
        return looks_and_says(seen, STAGES[stage[1]])

    llm.scenario = scenario
    inputs = world.dispatch("direction")
    report = world.agent(inputs, {KEYS[name]: llm.key})
    assert (report.failure, report.engine) == (None, name)
    assert report.direction is not None
    assert report.direction.answer.change == WHOLE.change
    assert stages == [stage for stage in STAGES for _ in ("looks", "says")]
    assert report.cost == len(stages) * ANSWER[name]
    world.publish(inputs)
    assert world.pull_text[0] == "Propose: Greet in German"
