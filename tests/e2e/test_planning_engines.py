"""The real CLIs in every role of the planning half: a goal is planned, delivered, reconciled, completed and
reported by `act` with the workflow file as it is. The model is scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.jobs.engine_program import Name
from tests.browser.town import open_town
from tests.contract.exchange_log import assert_log_fits
from tests.e2e.planning_model import HEADINGS, role_of, sees_through
from tests.e2e.planning_story import POLICY, see_it_through
from tests.llm.conversation import Answer
from tests.llm.engines import ANSWER, ENGINES, KEYS, engine_policy
from tests.llm.server import ScriptedApi

RUNS = {"writer": 1, "worker": 4, "reviewer": 4, "reconciler": 2}
"""How often each role answers: both parts, the gap and the report are built; a gap is found, then none."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.usefixtures("published", "engine_tools")
def test_a_goal_is_planned_delivered_reconciled_completed_and_reported(
    engine: Name, llm: ScriptedApi, tmp_path: Path
) -> None:
    llm.scenario = sees_through
    folder = tmp_path / "town"
    policy = {**POLICY, "engine": engine_policy(engine, llm)}
    with open_town(folder, policy=policy, agent=None, secrets={KEYS[engine]: llm.key}) as town:
        see_it_through(town)
        spent = town.claims().spent
    answers = [role_of(asked.seen.prompt) for asked in llm.asked if isinstance(asked.move, Answer)]
    assert {role: answers.count(role) for role in HEADINGS.values()} == RUNS
    # Every run is on the bill, whatever its role, request by request.
    assert sum(spent.values()) == len(llm.asked) * ANSWER[engine]
    assert_log_fits(folder / "exchanges.jsonl")
