"""How a goal becomes a plan, a plan becomes beads, and an epic ends when nothing that it asks for is missing:
one issue seen through by what people have, whoever does the work."""

from __future__ import annotations

from typing import Any

from tests.browser.town import MAINTAINER, PATIENCE, STRANGER, Town
from tests.loop.world import NAME

GOAL = """\
People who come to this repository look for two parts, and find none.

Each part is a file of its own below `work`, so that one can be read without the others. A file begins with a
line that says which part it is, and ends with the line `complete`: who reads it knows then that nothing was
cut off.

Nothing else of the repository changes.
"""
POLICY = {"planning": {"reconcile_from": 2}}
SOON = PATIENCE


def see_it_through(town: Town) -> int:
    """From the goal to the closed epic, whose number it gives. What is missed on the way fails."""
    epic = opens_the_goal(town)
    shown = sees_the_plan_and_nothing_made(town, epic)
    beads = approves(town, epic, shown)
    says_ready(town, epic)
    gap = sees_the_gap_that_was_left(town, epic, beads)
    sees_the_epic_closed_with_its_report(town, epic, gap)
    return epic


def opens_the_goal(town: Town) -> int:
    with town.api(MAINTAINER) as api:
        made = api.post(f"/repos/{NAME}/issues", json={"title": "Offer both parts", "body": GOAL})
    epic = int(made.raise_for_status().json()["number"])
    says(town, epic, "/bead plan")
    return epic


def sees_the_plan_and_nothing_made(town: Town, epic: int) -> str:
    shown = town.wait("a plan", lambda: comment_with(town, epic, "Build part 1"), SOON)
    for words in ("Build part 2", "Hold it against", "Report on", "mermaid", "/bead approve"):
        assert words in shown, f"{words} in what is proposed:\n{shown}"
    assert issues(town) == {"Offer both parts": "open"}
    return shown


def approves(town: Town, epic: int, shown: str) -> dict[str, int]:
    """A stranger's yes is none; a maintainer's makes exactly what was shown."""
    says(town, epic, "/bead approve", STRANGER)
    town.settle()
    assert issues(town) == {"Offer both parts": "open"}
    says(town, epic, "/bead approve")
    beads = town.wait("the beads", lambda: children(town, epic) if len(children(town, epic)) == 4 else None)
    assert all(title in shown for title in beads)
    first, second, reconciling, reporting = sorted(beads.values())
    names = labels(town)
    assert "epic" in names[epic]
    assert {"reconcile", f"blocked-by:#{first}", f"blocked-by:#{second}"} <= names[reconciling]
    assert {"report", f"blocked-by:#{reconciling}"} <= names[reporting]
    # The text of the issue is as it was, and what the plan says of the whole stands below it.
    body = town.get(f"/issues/{epic}")["body"]
    assert body.startswith(GOAL.rstrip())
    assert "2. `work/part-2.txt` is complete." in body
    return beads


def says_ready(town: Town, epic: int) -> None:
    town.settle()
    assert town.claims().live == {}, "nothing starts before somebody releases the epic"
    with town.api(MAINTAINER) as api:
        path = f"/repos/{NAME}/issues/{epic}/labels"
        api.post(path, json={"labels": ["ready"]}).raise_for_status()


def sees_the_gap_that_was_left(town: Town, epic: int, beads: dict[str, int]) -> int:
    """The second part is half done: its review has not seen it, the reconciliation does."""
    reconciling = beads["Hold it against what was asked"]
    shown = town.wait("the gap", lambda: comment_with(town, reconciling, "Complete part 2"), 3 * SOON)
    assert "/bead approve" in shown
    for part in (1, 2):
        assert town.get(f"/issues/{beads[f'Build part {part}']}")["state"] == "closed"
    assert town.get(f"/issues/{epic}")["state"] == "open"
    assert "complete" not in file(town, "work/part-2.txt")
    says(town, reconciling, "/bead approve")
    gap = town.wait("a bead for it", lambda: children(town, epic).get("Complete part 2"))
    assert "gen-2" in labels(town)[gap]
    return gap


def sees_the_epic_closed_with_its_report(town: Town, epic: int, gap: int) -> None:
    town.wait("the end of it", lambda: town.get(f"/issues/{epic}")["state"] == "closed", 4 * SOON)
    assert set(issues(town).values()) == {"closed"}
    assert file(town, "work/part-2.txt").endswith("complete\n")
    page = file(town, f"docs/reports/EPIC-{epic}.md")
    assert f"| `#{epic}.2` | met |" in page
    assert f"| `#{gap}.1` | met |" in page


def says(town: Town, number: int, text: str, login: str = MAINTAINER) -> None:
    with town.api(login) as api:
        api.post(f"/repos/{NAME}/issues/{number}/comments", json={"body": text}).raise_for_status()


def comment_with(town: Town, number: int, words: str) -> str | None:
    """The last comment of the bot that says this."""
    found = [
        str(one["body"])
        for one in town.get(f"/issues/{number}/comments")
        if words in one["body"] and one["user"]["type"] == "Bot"
    ]
    return found[-1] if found else None


def every_issue(town: Town) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = town.get("/issues?state=all&per_page=100")
    return [one for one in found if "pull_request" not in one]


def issues(town: Town) -> dict[str, str]:
    """Whether each issue is open, by its title."""
    return {one["title"]: one["state"] for one in every_issue(town)}


def labels(town: Town) -> dict[int, set[str]]:
    return {one["number"]: {label["name"] for label in one["labels"]} for one in every_issue(town)}


def children(town: Town, epic: int) -> dict[str, int]:
    """The sub-issues of an epic by their titles."""
    return {one["title"]: one["number"] for one in town.get(f"/issues/{epic}/sub_issues")}


def file(town: Town, path: str) -> str:
    """A file of `main`."""
    return town.git.output("cat-file", "blob", f"main:{path}").decode()
