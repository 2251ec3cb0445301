"""A maintainer's whole day, in a browser: what the bot does is seen and steered on the pages alone."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.conftest import People
from tests.browser.person import Person
from tests.browser.town import MAINTAINER, PATIENCE, Town, open_town
from tests.loop.world import NAME

BOT = "beadwright[bot]"
BODY = """\
## Outcome

The work is written down.

## Acceptance criteria

1. There is a file for it.

## Scope

`work/` only.

## Verification

Read the file.
"""


def test_a_maintainer_steers_it_from_the_first_bead_to_the_pause(tmp_path: Path, people: People) -> None:
    with open_town(tmp_path, approvals=1) as town:
        maya = people(town.forge.base_url, NAME, MAINTAINER)
        first = asks_and_releases(maya)
        sees_a_thread_corrected_and_the_bead_merged(town, maya, first)
        takes_over_and_gives_back(town, maya)
        undoes_the_merge(town, maya, first)
        pauses_and_resumes(maya)
        assert maya.complaints == []


def asks_and_releases(maya: Person) -> int:
    bead = maya.open_issue("Write the first file", BODY, ["bead"])
    maya.comment(bead, "/bead status")
    says(maya, f"/issues/{bead}", "planned", "label it ready")
    maya.picture("planned")
    maya.label(bead, "ready")
    says(maya, f"/issues/{bead}", "bead:running")
    maya.picture("running")
    maya.open("/actions")
    maya.picture("actions")
    return bead


def sees_a_thread_corrected_and_the_bead_merged(town: Town, maya: Person, bead: int) -> None:
    pull = pull_of(town, bead)
    says(maya, f"/pull/{pull}", "nothing has to be corrected")
    maya.picture("reviewed")
    maya.comment_on_line(pull, f"work/{bead}.txt", 1, "Say who wrote it.")
    says(maya, f"/pull/{pull}", "Completed.", "Resolved")
    maya.picture("corrected")
    approve(maya, pull)
    maya.picture("merged")
    says(maya, f"/issues/{bead}", "Closed", "Done · merged by")
    maya.picture("done")


def takes_over_and_gives_back(town: Town, maya: Person) -> None:
    bead = maya.open_issue("Write the second file", BODY, ["bead", "ready"])
    pull = pull_of(town, bead)
    says(maya, f"/pull/{pull}", "nothing has to be corrected")
    maya.new_file(f"bead/{bead}", "work/by-hand.txt", "by hand\ncomplete\n", "Add what only I know")
    says(maya, f"/issues/{bead}", f"{MAINTAINER} has it", "/bead give")
    maya.picture("taken")
    town.wait("the end of its runs", lambda: not running(town))  # until then it is refused, and says so
    town.settle()
    maya.comment(bead, "/bead give")
    town.wait("a review of what maya wrote", lambda: len(reviews_of(town, pull)) > 1 or None)
    approve(maya, pull)
    says(maya, f"/issues/{bead}", "Closed", "Done · merged by")


def undoes_the_merge(town: Town, maya: Person, bead: int) -> None:
    maya.comment(bead, "/bead undo")
    text = says(maya, f"/issues/{bead}", "asked to undo this", "Planned · somebody has to release it")
    maya.picture("undone")
    found = re.search(r"#(\d+) takes #\d+ back", text)
    assert found is not None
    approve_and_merge(maya, int(found[1]))
    maya.picture("reverted")
    files = [one["path"] for one in town.get("/git/trees/main?recursive=1")["tree"]]
    assert f"work/{bead}.txt" not in files
    assert town.get(f"/issues/{bead}")["state"] == "open"


def pauses_and_resumes(maya: Person) -> None:
    bead = maya.open_issue("Write the third file", BODY, ["bead"])
    maya.comment(bead, "/bead pause I am away")
    says(maya, f"/issues/{bead}", "🚀")
    maya.label(bead, "ready")
    maya.comment(bead, "/bead why")
    says(maya, f"/issues/{bead}", "I am away", "/bead resume")
    maya.picture("paused")
    assert "bead:running" not in maya.text()
    maya.comment(bead, "/bead resume")
    says(maya, f"/issues/{bead}", "bead:running")
    maya.picture("resumed")


def says(person: Person, address: str, *words: str) -> str:
    """Look at a page until it says all of this; its text."""
    for word in words:
        person.waits_for(word, address, PATIENCE)
    return person.text()


def approve(maya: Person, pull: int) -> None:
    """Approve, and wait for the bot to merge."""
    maya.review(pull, "Approve", "Good.")
    says(maya, f"/pull/{pull}", "beadwright bot merged this")


def approve_and_merge(maya: Person, pull: int) -> None:
    """Approve and merge by hand, once it can be merged."""
    maya.review(pull, "Approve", "Yes.")
    says(maya, f"/pull/{pull}", "Merge pull request")
    maya.merge(pull)
    says(maya, f"/pull/{pull}", f"{MAINTAINER} merged this")


def pull_of(town: Town, bead: int) -> int:
    """The number of a bead's open pull request, once it is there."""
    return town.wait(f"a pull request of #{bead}", lambda: pull_from(town, f"bead/{bead}"))


def pull_from(town: Town, branch: str) -> int | None:
    """The number of the open pull request from a branch that begins so."""
    found = [one for one in town.get("/pulls?state=open") if one["head"]["ref"].startswith(branch)]
    return int(found[0]["number"]) if found else None


def running(town: Town) -> list[object]:
    """The runs that have not ended."""
    return [one for one in town.get("/actions/runs")["workflow_runs"] if one["status"] != "completed"]


def reviews_of(town: Town, pull: int) -> list[object]:
    """The reviews by the bot."""
    return [one for one in town.get(f"/pulls/{pull}/reviews") if one["user"]["login"] == BOT]
