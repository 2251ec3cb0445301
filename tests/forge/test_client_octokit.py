"""octokit, GitHub's own client for JavaScript, on the forge: nothing is told it but the address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.local.forge.records import Comment, Issue, Label, Pull
from tests.contract.openapi import PUBLISHED
from tests.forge import branches
from tests.forge.conftest import Receiver, World
from tests.needs import need

SCRIPT = Path(__file__).parent / "octokit_client.mjs"


@pytest.fixture(autouse=True)
def _node() -> None:
    need(shutil.which("node") is not None, "Node.js is not here: octokit cannot run")
    need((PUBLISHED.parent / "octokit").is_dir(), "octokit is not here: `make test` fetches it where npm is")


def play(forge: World, scenario: str, **more: Any) -> dict[str, Any]:
    """What the client was told in a scenario of the script."""
    known = {
        "api": forge.api_url,
        "tokens": forge.tokens,
        "app": {"id": forge.app.id, "key": forge.app_key, "secret": "hush"},
        **more,
    }
    done = subprocess.run(
        ["node", str(SCRIPT), scenario],
        input=json.dumps(known),
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_issues_are_opened_listed_labelled_commented_and_closed(forge: World) -> None:
    told = play(forge, "issues")
    assert told["pages"] == [["Fifth", "Fourth"], ["Third", "Second"], ["First"]]
    made = forge.state.one(Issue, repo_id=forge.repository.id, number=told["number"])
    assert made is not None
    assert (made.state, made.state_reason) == ("closed", "not_planned")
    assert [forge.state.get(Label, one).name for one in made.label_ids] == ["ready"]
    assert forge.state.get(Comment, told["comment"]).body == "Look"
    assert (told["labelled"], told["assigned"], told["comments"], told["found"]) == ([], 1, ["Look"], 0)
    assert told["events"] == ["labeled", "assigned", "commented", "labeled", "unlabeled", "closed"]


def test_a_pull_request_is_opened_reviewed_and_merged(forge: World) -> None:
    branches.branch(forge, "topic", {"new.txt": "one\ntwo\n"})
    told = play(forge, "pulls")
    assert "+++ b/new.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n" in told["diff"]
    assert (told["listed"], told["labels"], told["files"]) == ([told["number"]], ["review"], ["new.txt"])
    assert told["resolved"]
    assert told["reviews"] == ["CHANGES_REQUESTED", "APPROVED"]
    assert told["is_merged"] == 204
    pull = forge.state.find(Pull, repo_id=forge.repository.id)[0]
    assert pull.merged
    assert (pull.merge_commit_sha, told["merged"]["sha"]) == (branches.tip(forge), branches.tip(forge))


def test_refusals_come_with_their_status(forge: World) -> None:
    branches.branch(forge, "topic", {"new.txt": "x"})
    told = play(forge, "refusals")
    assert {name: one["status"] for name, one in told.items() if name != "graphql"} == {
        "absent": 404,
        "bad": 401,
        "draft": 405,
        "moved": 409,
        "read_only": 403,
        "twice": 422,
    }
    assert told["bad"]["message"] == "Bad credentials"
    assert "A pull request already exists for octo:topic." in told["twice"]["message"]
    assert told["graphql"] == {"type": "NOT_FOUND", "data": {"repository": None}}


def test_what_has_not_changed_is_not_sent_again_and_costs_nothing(forge: World) -> None:
    told = play(forge, "conditional")
    assert (told["again"], told["spent"], told["changed"]) == (304, 0, 200)
    assert (told["scopes"], told["request_id"]) == ("read:org, repo, workflow", "string")


def test_pages_are_followed_to_the_last(forge: World) -> None:
    told = play(forge, "pages")
    assert (told["graphql"], told["rest"]) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    relations = [part.split('rel="')[1].rstrip('"') for part in told["link"].split(", ")]
    assert relations == ["prev", "first"]


def test_an_app_finds_its_installation_and_acts_in_it(forge: World) -> None:
    told = play(forge, "app")
    assert (told["slug"], told["seen"], told["author"]) == ("beadwright", ["octo/sample"], "beadwright[bot]")
    assert told["refused"]["status"] == 403


def test_a_delivery_is_verified_by_githubs_own_library(hooked: World, receiver: Receiver) -> None:
    hooked.person("octo").post("/repos/octo/sample/issues", json={"title": "First"})
    hooked.forge.settle()
    headers, raw = receiver.got[0]
    sent = {
        "id": headers["x-github-delivery"],
        "name": headers["x-github-event"],
        "signature": headers["x-hub-signature-256"],
        "payload": raw.decode(),
    }
    told = play(hooked, "webhook", delivery=sent)
    assert told["heard"] == ["First"]
    assert "signature does not match" in told["refused"]
