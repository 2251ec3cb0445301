"""Check runs, suites and statuses: who writes them, what they add up to."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.forge import checks, world
from bot.local.forge.http import Refused
from bot.local.forge.records import CheckRun
from bot.local.forge.state import Signal, State
from tests.contract.openapi import check_webhook
from tests.forge.branches import REPO, ok, pull, tip
from tests.forge.conftest import Receiver, World
from tests.forge.graphql_client import errors, mutate, mutation, repository


def create(forge: World, **fields: Any) -> dict[str, Any]:
    body = {"name": "guard", "head_sha": tip(forge), **fields}
    made: dict[str, Any] = ok(forge.installed().post(f"{REPO}/check-runs", json=body))
    return made


@pytest.mark.parametrize("login", ["octo", "will"])
def test_only_an_app_writes_check_runs(forge: World, login: str) -> None:
    body = {"name": "guard", "head_sha": tip(forge)}
    assert forge.person(login).post(f"{REPO}/check-runs", json=body).status_code == 403
    assert forge.installed(checks="read").post(f"{REPO}/check-runs", json=body).status_code == 403
    assert ok(forge.person("rita").get(f"{REPO}/commits/main/check-runs"))["total_count"] == 0


def test_a_check_run_goes_from_begun_to_concluded_and_is_told_once_each(forge: World) -> None:
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    made = create(forge, status="in_progress", output={"title": "t", "summary": "s"})
    assert (made["status"], made["conclusion"]) == ("in_progress", None)
    path = f"{REPO}/check-runs/{made['id']}"
    done = ok(forge.installed().patch(path, json={"conclusion": "success"}))
    assert (done["status"], done["conclusion"]) == ("completed", "success")
    assert done["completed_at"] is not None
    assert done["output"]["title"] == "t"
    assert [(one.event, one.action) for one in heard] == [
        ("check_run", "created"),
        ("check_run", "completed"),
        ("check_suite", "completed"),
    ]
    suite = ok(forge.person("rita").get(f"{REPO}/check-suites/{done['check_suite']['id']}"))
    assert (suite["status"], suite["conclusion"], suite["head_branch"]) == ("completed", "success", "main")


def test_annotations_add_up_and_are_listed(forge: World) -> None:
    remark = {
        "path": "README.md",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "warning",
        "message": "hm",
    }
    made = create(forge, output={"title": "t", "summary": "s", "annotations": [remark] * 50})
    path = f"{REPO}/check-runs/{made['id']}"
    output = {"title": "t", "summary": "s", "annotations": [remark]}
    assert ok(forge.installed().patch(path, json={"output": output}))["output"]["annotations_count"] == 51
    many = forge.installed().patch(path, json={"output": {**output, "annotations": [remark] * 51}})
    assert many.status_code == 422
    listed = ok(forge.person("rita").get(f"{path}/annotations", params={"per_page": "100"}))
    assert len(listed) == 51


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "completed"},
        {"conclusion": "splendid"},
        {"head_sha": "0" * 40},
        {"output": {"title": "t", "summary": "x" * 65_536}},
        {"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]},
    ],
)
def test_a_check_run_that_github_would_refuse_is_refused(forge: World, wrong: dict[str, Any]) -> None:
    body = {"name": "guard", "head_sha": tip(forge)} | wrong
    assert forge.installed().post(f"{REPO}/check-runs", json=body).status_code == 422
    assert ok(forge.person("rita").get(f"{REPO}/commits/main/check-runs"))["total_count"] == 0


def test_the_newest_run_of_a_name_is_listed_for_a_ref_with_slashes(forge: World) -> None:
    head = pull(forge, "bead/1")["head"]["sha"]
    old, new = (create(forge, head_sha=head)["id"] for _ in range(2))
    rita = forge.person("rita")
    found = ok(rita.get(f"{REPO}/commits/bead/1/check-runs", params={"check_name": "guard"}))
    assert [one["id"] for one in found["check_runs"]] == [new]
    assert found["check_runs"][0]["pull_requests"][0]["number"] == 1
    every = ok(rita.get(f"{REPO}/commits/{head}/check-runs", params={"filter": "all"}))
    assert [one["id"] for one in every["check_runs"]] == [old, new]
    suites = ok(rita.get(f"{REPO}/commits/{head}/check-suites"))["check_suites"]
    assert [one["head_branch"] for one in suites] == ["bead/1"]
    of_suite = ok(rita.get(f"{REPO}/check-suites/{suites[0]['id']}/check-runs"))
    assert of_suite["total_count"] == 1


def test_a_rerequest_only_tells_the_app(forge: World) -> None:
    made = create(forge, conclusion="failure")
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    assert forge.installed().post(f"{REPO}/check-runs/{made['id']}/rerequest").status_code == 201
    assert [(one.event, one.action) for one in heard] == [("check_run", "rerequested")]
    assert ok(forge.person("rita").get(f"{REPO}/check-runs/{made['id']}"))["conclusion"] == "failure"


BUTTON = {"label": "Review again", "description": "Start a fresh review", "identifier": "review"}


def press(forge: World, by: str, check: int, identifier: str) -> None:
    """Press a button as one of the people."""
    forge.forge.on(
        lambda state: checks.request_action(state, forge.people[by], state.get(CheckRun, check), identifier)
    )


def test_a_button_is_pressed_by_who_writes_and_told_to_the_checks_own_app_alone(
    hooked: World, receiver: Receiver
) -> None:
    check = create(hooked, conclusion="failure", actions=[BUTTON])["id"]

    def install_another(state: State) -> None:
        octo = hooked.people["octo"]
        wanted = {"checks": "write", "contents": "write"}
        other, _ = world.create_app(
            state, octo, "other", permissions=wanted, events=["check_run"], webhook_url=receiver.url
        )
        world.install(state, other, octo, [hooked.repository])

    hooked.forge.on(install_another)
    hooked.forge.settle()
    receiver.got.clear()
    press(hooked, "will", check, "review")
    hooked.forge.settle()
    assert receiver.names == [("check_run", "requested_action")]
    told = receiver.payloads[0]
    assert told["requested_action"] == {"identifier": "review"}
    assert (told["check_run"]["id"], told["sender"]["login"]) == (check, "will")
    assert check_webhook("check_run", told) == []
    ok(hooked.installed().post(f"{REPO}/check-runs/{check}/rerequest"))
    hooked.forge.settle()
    assert receiver.names[1:] == [("check_run", "rerequested")]


@pytest.mark.parametrize(("by", "identifier", "status"), [("rita", "review", 403), ("will", "merge", 404)])
def test_a_button_is_not_pressed_by_readers_nor_when_there_is_none(
    forge: World, by: str, identifier: str, status: int
) -> None:
    check = create(forge, conclusion="failure", actions=[BUTTON])["id"]
    with pytest.raises(Refused) as refused:
        press(forge, by, check, identifier)
    assert refused.value.status == status


def test_the_newest_status_of_each_context_makes_the_combined_one(forge: World) -> None:
    will, sha = forge.person("will"), tip(forge)
    path = f"{REPO}/commits/main/status"
    assert ok(will.get(path))["state"] == "pending"
    for context, state, combined in (
        ("ci", "failure", "failure"),
        ("lint", "success", "failure"),
        ("ci", "pending", "pending"),
        ("ci", "success", "success"),
    ):
        ok(will.post(f"{REPO}/statuses/{sha}", json={"state": state, "context": context}))
        assert ok(will.get(path))["state"] == combined
    assert len(ok(will.get(path))["statuses"]) == 2
    assert len(ok(will.get(f"{REPO}/commits/{sha}/statuses"))) == 4
    refused = forge.person("rita").post(f"{REPO}/statuses/{sha}", json={"state": "success"})
    assert refused.status_code == 403


def test_a_check_that_is_not_green_makes_a_pull_request_unstable(forge: World) -> None:
    head = pull(forge)["head"]["sha"]
    made = create(forge, head_sha=head, status="in_progress")
    path = f"{REPO}/pulls/1"
    assert ok(forge.person("rita").get(path))["mergeable_state"] == "unstable"
    ok(forge.installed().patch(f"{REPO}/check-runs/{made['id']}", json={"conclusion": "skipped"}))
    assert ok(forge.person("rita").get(path))["mergeable_state"] == "clean"


REMARK = {
    "path": "README.md",
    "annotationLevel": "WARNING",
    "location": {"startLine": 1, "endLine": 1},
    "message": "hm",
    "title": "T",
}
AGAIN = {"label": "Again", "description": "Once more", "identifier": "again"}


def test_a_mutation_writes_a_check_run_as_rest_does(forge: World) -> None:
    app = forge.installed()
    home = repository(app, "id")["id"]
    output = {"title": "Waits", "summary": "s", "annotations": [REMARK]}
    new = {"repositoryId": home, "headSha": tip(forge), "name": "guard", "status": "IN_PROGRESS"}
    made = mutate(
        app,
        "createCheckRun",
        {**new, "output": output, "actions": [AGAIN]},
        "checkRun { id databaseId status conclusion title }",
    )["checkRun"]
    assert (made["status"], made["conclusion"], made["title"]) == ("IN_PROGRESS", None, "Waits")
    path = f"{REPO}/check-runs/{made['databaseId']}"
    (listed,) = ok(app.get(f"{path}/annotations"))
    assert (listed["path"], listed["start_line"], listed["title"]) == ("README.md", 1, "T")
    change = {"repositoryId": home, "checkRunId": made["id"], "conclusion": "ACTION_REQUIRED"}
    (error,) = errors(forge.person("octo"), mutation("updateCheckRun"), i=change)
    assert error["type"] == "FORBIDDEN"
    mutate(app, "updateCheckRun", {**change, "output": output})
    done = ok(app.get(path))
    assert (done["status"], done["conclusion"]) == ("completed", "action_required")
    assert done["output"]["annotations_count"] == 2


def test_a_completed_check_run_does_not_go_back_and_a_newer_one_counts_instead(forge: World) -> None:
    made = create(forge, status="completed", conclusion="failure")
    path = f"{REPO}/check-runs/{made['id']}"
    again = ok(forge.installed().patch(path, json={"status": "in_progress"}))
    assert (again["status"], again["conclusion"]) == ("completed", "failure")
    newer = create(forge, status="in_progress")
    (shown,) = ok(forge.person("rita").get(f"{REPO}/commits/main/check-runs"))["check_runs"]
    assert (shown["id"], shown["status"]) == (newer["id"], "in_progress")
