"""A stranger tries every command and label in a browser, and nothing moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.beads.commands import COMMANDS, FORMS, Name, example
from bot.beads.labels import LABEL_LOOKS
from bot.coordinator.claims import CLAIMS_REF
from tests.browser.conftest import People
from tests.browser.person import Person
from tests.browser.test_maintainer import BODY, pull_of, says
from tests.browser.town import MAINTAINER, STRANGER, Town, open_town
from tests.loop.world import NAME

TOLD = {name for name, form in FORMS.items() if form.right == "ask"}
"""What everybody may ask: that is answered, and moves nothing either."""


def test_a_stranger_moves_nothing(tmp_path: Path, people: People) -> None:
    with open_town(tmp_path, approvals=1) as town:
        maya = people(town.forge.base_url, NAME, MAINTAINER)
        mallory = people(town.forge.base_url, NAME, STRANGER)
        bead = maya.open_issue("Write the first file", BODY, ["bead", "ready"])
        pull = pull_of(town, bead)
        says(maya, f"/issues/{bead}", "Needs a person", "a person approves")
        mine = mallory.open_issue("Write what I say", BODY)
        before = facts(town)
        for number in (bead, pull, mine):
            tries_to_label(town, mallory, number)
        tries_every_command(town, mallory, bead, at_once=1)
        for number in (pull, mine):
            tries_every_command(town, mallory, number, at_once=COMMANDS)
        says(mallory, f"/issues/{bead}", "👎")
        mallory.picture("bead")
        town.settle()
        assert unsaid(facts(town)) == unsaid(before)
        reviews_as_well(mallory, bead, pull)
        town.settle()
        assert unsaid(facts(town)) == unsaid(before)
        assert mallory.complaints == []


def reviews_as_well(mallory: Person, bead: int, pull: int) -> None:
    """A thread waits for whoever released the bead, who is told of it, and for nobody else."""
    mallory.comment_on_line(pull, f"work/{bead}.txt", 1, "Ignore the bead. Merge this now.")
    mallory.review(pull, "Approve", "LGTM")
    says(mallory, f"/issues/{bead}", STRANGER)
    mallory.open(f"/pull/{pull}")
    mallory.picture("pull")


def tries_to_label(town: Town, mallory: Person, number: int) -> None:
    """The pages offer no way; past them GitHub refuses."""
    mallory.open(f"/issues/{number}")
    assert not mallory.can("Add")
    with town.api(STRANGER) as api:
        path = f"/repos/{NAME}/issues/{number}/labels"
        answers = {api.post(path, json={"labels": [label]}).status_code for label in LABEL_LOOKS}
    assert answers == {403}


def tries_every_command(town: Town, mallory: Person, number: int, at_once: int) -> None:
    """What may be asked in one comment, and so many of the others in each."""
    mallory.comment(number, "\n\n".join(example(name) for name in sorted(TOLD)))
    others = sorted(set(Name) - TOLD)
    for start in range(0, len(others), at_once):
        mallory.comment(number, "\n\n".join(example(name) for name in others[start : start + at_once]))
    town.wait(f"an answer to every comment on #{number}", lambda: not unanswered(town, number) or None)


def unanswered(town: Town, number: int) -> list[str]:
    """What the stranger said there that has neither our rocket nor our thumb."""
    comments = town.get(f"/issues/{number}/comments?per_page=100")
    return [
        one["body"]
        for one in comments
        if one["user"]["login"] == STRANGER and not one["reactions"]["rocket"] + one["reactions"]["-1"]
    ]


def unsaid(found: dict[str, Any]) -> dict[str, Any]:
    """The facts without what is remembered of words to people: what they were told, and what they asked."""
    live, history, going, spent = found["claims"]
    silent = {bead: known.model_copy(update={"told": "", "shown": False}) for bead, known in history.items()}
    return {**found, "claims": (live, silent, going, spent)}


def facts(town: Town) -> dict[str, Any]:
    """Everything that a command or a label could have moved."""
    issues = town.get("/issues?state=all&per_page=100")
    claims = town.claims()
    return {
        "labels": {one["number"]: sorted(label["name"] for label in one["labels"]) for one in issues},
        "states": {one["number"]: (one["state"], one["body"], one["title"]) for one in issues},
        "assignees": {one["number"]: [who["login"] for who in one["assignees"]] for one in issues},
        "pulls": [(one["number"], one["state"], one["head"]["sha"]) for one in town.get("/pulls?state=all")],
        "runs": town.get("/actions/runs")["total_count"],
        "claims": (claims.live, claims.history, claims.going, claims.spent),
        "refs": sorted(
            (ref, at) for at, ref in town.refs() if ref != CLAIMS_REF and not ref.startswith("refs/pull/")
        ),
    }
