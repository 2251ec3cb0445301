"""The whole town at work, every webhook delivered again and the coordinator started anew: no comment more."""

from __future__ import annotations

from pathlib import Path

from tests.browser.town import OWNER, Town, open_town
from tests.loop.noise import too_much, unasked
from tests.loop.world import NAME

CHILDREN = ("First", "Second (finding)", "Third (fails)")


def test_redeliveries_and_restarts_add_no_comment(tmp_path: Path) -> None:
    with open_town(tmp_path) as town:
        beads = an_epic(town)
        for done in range(1, len(beads)):
            wait_until_closed(town, beads, done)
            assert town.redeliver()
            town.server.restart()
            assert town.redeliver()
            assert town.forge.on(too_much) == []
        wait_until_closed(town, beads, len(beads))
        assert town.redeliver()
        town.settle()
        assert town.forge.on(too_much) == []
        assert set(beads) <= town.forge.on(unasked).keys()


def an_epic(town: Town) -> list[int]:
    """A released epic with its children: all their numbers."""
    with town.api(OWNER) as api:

        def opened(title: str, *labels: str) -> dict[str, int]:
            wanted = {"title": title, "labels": ["bead", *labels]}
            answer = api.post(f"/repos/{NAME}/issues", json=wanted)
            answer.raise_for_status()
            found: dict[str, int] = answer.json()
            return found

        epic, *children = [opened("All of it", "epic"), *map(opened, CHILDREN)]
        path = f"/repos/{NAME}/issues/{epic['number']}"
        for child in children:
            api.post(f"{path}/sub_issues", json={"sub_issue_id": child["id"]}).raise_for_status()
        api.post(f"{path}/labels", json={"labels": ["ready"]}).raise_for_status()
    return [epic["number"], *(child["number"] for child in children)]


def wait_until_closed(town: Town, beads: list[int], count: int) -> None:
    """Wait until so many of the beads are closed."""

    def enough() -> bool:
        listed = town.get("/issues?state=closed&per_page=100")
        return len({one["number"] for one in listed} & set(beads)) >= count

    town.wait(f"the end of {count} beads", enough)
