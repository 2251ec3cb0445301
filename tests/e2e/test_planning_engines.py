"""The real CLIs in every role of the planning half: a goal is planned, delivered, reconciled, completed and
reported by `act` with the workflow file as it is, and a scripted model.

One CLI plans, reviews and reconciles what the other builds, so what one leaves is taken up by the other.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.jobs.engine_program import Name
from tests.browser.town import open_town
from tests.contract.exchange_log import assert_log_fits
from tests.e2e.planning_model import role_of, sees_through
from tests.e2e.planning_story import POLICY, see_it_through
from tests.llm.conversation import Answer
from tests.llm.engines import ANSWER, KEYS, engine_policy
from tests.llm.server import ScriptedApi

RUNS = {"writer": 1, "worker": 4, "reviewer": 4, "reconciler": 2}
"""How often each role answers: both parts, the gap and the report are built; a gap is found, then none."""
ASKS: dict[str, Name] = {"messages": "claude", "responses": "codex"}


@pytest.mark.parametrize(("thinks", "works"), [("claude", "codex")])
@pytest.mark.usefixtures("published", "engine_tools")
def test_a_goal_is_planned_delivered_reconciled_completed_and_reported(
    thinks: Name, works: Name, llm: ScriptedApi, tmp_path: Path
) -> None:
    llm.scenario = sees_through
    folder = tmp_path / "town"
    thinker = engine_policy(thinks, llm)
    policy = {
        **POLICY,
        "engine": engine_policy(works, llm),
        "reviewer": thinker,
        "planning": {**POLICY["planning"], "engine": thinker},
    }
    keys = {KEYS[name]: llm.key for name in (thinks, works)}
    with open_town(folder, policy=policy, agent=None, secrets=keys) as town:
        see_it_through(town)
        spent = town.claims().spent
    assert Counter(
        (role_of(asked.seen.prompt), ASKS[asked.provider])
        for asked in llm.asked
        if isinstance(asked.move, Answer)
    ) == {(role, works if role == "worker" else thinks): runs for role, runs in RUNS.items()}
    # Every run is on the bill, whatever its role, request by request.
    assert sum(spent.values()) == sum(ANSWER[ASKS[asked.provider]] for asked in llm.asked)
    assert_log_fits(folder / "exchanges.jsonl")
