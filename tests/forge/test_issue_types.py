"""Issue types of an organisation, by both APIs, and what the policy's history is read from."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from bot.local.forge import world
from bot.local.forge.state import State
from tests.forge.conftest import World
from tests.forge.graphql_client import ask

PATH = "/repos/acme/parts"
FIELDS = "issue(number: 1) { issueType { name description color } }"


@pytest.fixture
def octo(forge: World) -> httpx.Client:
    def found(state: State) -> None:
        acme, _ = world.create_user(state, "acme", type="Organization")
        parts = world.create_repository(state, acme, "parts", files={"a.yml": "one"})
        world.add_collaborator(state, parts, forge.people["octo"], "admin")

    forge.forge.on(found)
    return forge.person("octo")


def parts(client: httpx.Client, fields: str) -> Any:
    return ask(client, f'query {{ repository(owner: "acme", name: "parts") {{ {fields} }} }}')["repository"]


def test_an_issue_has_a_type_of_its_organisation_until_it_is_taken_off(octo: httpx.Client) -> None:
    made = octo.post(f"{PATH}/issues", json={"title": "It breaks", "type": "Bug"})
    assert (made.status_code, made.json()["type"]["name"]) == (201, "Bug")
    assert parts(octo, FIELDS)["issue"]["issueType"] == {
        "name": "Bug",
        "description": "An unexpected problem or behavior",
        "color": "RED",
    }
    changed = octo.patch(f"{PATH}/issues/1", json={"type": "Feature"})
    assert changed.json()["type"]["name"] == "Feature"
    assert "type" not in octo.patch(f"{PATH}/issues/1", json={"type": None}).json()
    assert parts(octo, FIELDS)["issue"]["issueType"] is None


def test_a_type_that_there_is_not_is_refused_and_a_persons_repository_has_none(octo: httpx.Client) -> None:
    octo.post(f"{PATH}/issues", json={"title": "It breaks"})
    assert octo.patch(f"{PATH}/issues/1", json={"type": "Insect"}).status_code == 422
    own = "/repos/octo/sample/issues"
    octo.post(own, json={"title": "Mine"})
    assert octo.patch(f"{own}/1", json={"type": "Bug"}).status_code == 501


def test_the_history_of_a_path_has_only_the_commits_that_changed_it(octo: httpx.Client) -> None:
    def put(path: str, text: str) -> str:
        there = octo.get(f"{PATH}/contents/{path}")
        change = {"message": path, "content": base64.b64encode(text.encode()).decode()}
        sha = {"sha": there.json()["sha"]} if there.is_success else {}
        answer = octo.put(f"{PATH}/contents/{path}", json={**change, **sha})
        answer.raise_for_status()
        return str(answer.json()["commit"]["sha"])

    second = put("a.yml", "two")
    put("b.yml", "other")
    found = parts(
        octo,
        """defaultBranchRef { target { ... on Commit { history(first: 5, path: "a.yml") {
        nodes { oid file(path: "a.yml") { object { ... on Blob { text } } } } } } } }""",
    )
    nodes = found["defaultBranchRef"]["target"]["history"]["nodes"]
    assert nodes[0] == {"oid": second, "file": {"object": {"text": "two"}}}
    assert [node["file"]["object"]["text"] for node in nodes] == ["two", "one"]


def test_a_blocker_that_the_caller_may_not_see_is_not_among_the_dependencies(
    forge: World, octo: httpx.Client
) -> None:
    def found(state: State) -> None:
        stan = forge.people["stan"]
        secret = world.create_repository(state, stan, "secret", private=True)
        world.add_collaborator(state, secret, forge.people["octo"], "read")

    forge.forge.on(found)
    one = octo.post("/repos/octo/sample/issues", json={"title": "Waits"}).json()
    hidden = forge.person("stan").post("/repos/stan/secret/issues", json={"title": "Hidden"}).json()
    path = f"/repos/octo/sample/issues/{one['number']}/dependencies/blocked_by"
    assert octo.post(path, json={"issue_id": hidden["id"]}).status_code == 201
    query = """query { repository(owner: "octo", name: "sample") { issue(number: 1) {
      blockedBy(first: 5) { nodes { number state repository { nameWithOwner } } } } } }"""
    seen = {"number": 1, "state": "OPEN", "repository": {"nameWithOwner": "stan/secret"}}
    assert ask(octo, query)["repository"]["issue"]["blockedBy"]["nodes"] == [seen]
    assert ask(forge.person("rita"), query)["repository"]["issue"]["blockedBy"]["nodes"] == []
