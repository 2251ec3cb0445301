"""A goal planned, delivered, reconciled, completed and reported by `act` with the workflow file as it is, and
a scripted command for every role."""

from __future__ import annotations

from pathlib import Path

from tests.browser.town import open_town
from tests.contract.exchange_log import assert_log_fits
from tests.e2e.planning_story import POLICY, see_it_through

AGENT = Path(__file__).with_name("planning_agent.py")


def test_a_goal_is_planned_delivered_reconciled_completed_and_reported(tmp_path: Path) -> None:
    with open_town(tmp_path, policy=POLICY, agent=AGENT) as town:
        see_it_through(town)
    assert_log_fits(tmp_path / "exchanges.jsonl")
