"""Sub-issues and dependencies over REST."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import httpx

from tests.forge.conftest import World

ISSUES = "/repos/octo/sample/issues"


def make(client: httpx.Client, count: int) -> list[dict[str, Any]]:
    """That many issues, numbered from 1."""
    return [client.post(ISSUES, json={"title": f"issue {n}"}).json() for n in range(1, count + 1)]


def test_children_are_listed_in_order_and_know_their_parent(forge: World) -> None:
    octo = forge.person("octo")
    _epic, one, two = make(octo, 3)
    for child in (one, two):
        added = octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": child["id"]})
        assert (added.status_code, added.json()["number"]) == (201, child["number"])
    octo.patch(f"{ISSUES}/1/sub_issues/priority", json={"sub_issue_id": two["id"], "before_id": one["id"]})
    assert [child["number"] for child in octo.get(f"{ISSUES}/1/sub_issues").json()] == [3, 2]
    assert octo.get(f"{ISSUES}/2/parent").json()["number"] == 1
    octo.patch(f"{ISSUES}/2", json={"state": "closed"})
    summary = octo.get(f"{ISSUES}/1").json()["sub_issues_summary"]
    assert summary == {"total": 2, "completed": 1, "percent_completed": 50}
    events = [row["event"] for row in octo.get(f"{ISSUES}/1/timeline").json()]
    assert events == ["sub_issue_added", "sub_issue_added"]


def test_a_child_is_let_go(forge: World) -> None:
    octo = forge.person("octo")
    _epic, child = make(octo, 2)
    octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": child["id"]})
    gone = octo.request("DELETE", f"{ISSUES}/1/sub_issue", json={"sub_issue_id": child["id"]})
    assert gone.status_code == 200
    assert octo.get(f"{ISSUES}/2/parent").status_code == 404
    assert octo.get(f"{ISSUES}/1/sub_issues").json() == []


def test_no_issue_is_below_itself_or_has_two_parents(forge: World) -> None:
    octo = forge.person("octo")
    top, middle, bottom = make(octo, 3)
    octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": middle["id"]})
    octo.post(f"{ISSUES}/2/sub_issues", json={"sub_issue_id": bottom["id"]})
    for number, child in ((3, top), (1, top), (1, bottom), (1, middle)):
        answer = octo.post(f"{ISSUES}/{number}/sub_issues", json={"sub_issue_id": child["id"]})
        assert answer.status_code == 422
    moved = octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": bottom["id"], "replace_parent": True})
    assert moved.status_code == 201
    assert octo.get(f"{ISSUES}/3/parent").json()["number"] == 1


def test_the_eighth_level_is_the_last(forge: World) -> None:
    octo = forge.person("octo")
    line = make(octo, 9)
    answers = [
        octo.post(f"{ISSUES}/{parent['number']}/sub_issues", json={"sub_issue_id": child["id"]}).status_code
        for parent, child in pairwise(line)
    ]
    assert answers == [201] * 7 + [422]


def test_a_dependency_is_by_database_id_and_counts_only_open_blockers(forge: World) -> None:
    octo = forge.person("octo")
    _waiting, blocker = make(octo, 2)
    added = octo.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": blocker["id"]})
    assert (added.status_code, added.json()["number"]) == (201, 2)
    assert [one["number"] for one in octo.get(f"{ISSUES}/1/dependencies/blocked_by").json()] == [2]
    assert [one["number"] for one in octo.get(f"{ISSUES}/2/dependencies/blocking").json()] == [1]
    assert octo.get(f"{ISSUES}/1").json()["issue_dependencies_summary"]["blocked_by"] == 1
    octo.patch(f"{ISSUES}/2", json={"state": "closed"})
    summary = octo.get(f"{ISSUES}/1").json()["issue_dependencies_summary"]
    assert (summary["blocked_by"], summary["total_blocked_by"]) == (0, 1)
    assert [row["event"] for row in octo.get(f"{ISSUES}/1/timeline").json()] == ["blocked_by_added"]
    gone = octo.delete(f"{ISSUES}/1/dependencies/blocked_by/{blocker['id']}")
    assert gone.status_code == 200
    assert octo.get(f"{ISSUES}/2/dependencies/blocking").json() == []
    again = octo.delete(f"{ISSUES}/1/dependencies/blocked_by/{blocker['id']}")
    assert again.status_code == 404


def test_an_issue_waits_neither_for_itself_nor_twice_nor_for_who_waits_for_it(forge: World) -> None:
    octo = forge.person("octo")
    one, two = make(octo, 2)
    octo.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": two["id"]})
    for number, blocker in ((1, one), (1, two), (2, one)):
        answer = octo.post(f"{ISSUES}/{number}/dependencies/blocked_by", json={"issue_id": blocker["id"]})
        assert answer.status_code == 422
    assert octo.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": 9999}).status_code == 404
    assert octo.get(f"{ISSUES}/2/dependencies/blocked_by").json() == []


def test_who_has_no_role_links_nothing(forge: World) -> None:
    one, two = make(forge.person("octo"), 2)
    stan = forge.person("stan")
    assert stan.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": two["id"]}).status_code == 403
    assert stan.post(f"{ISSUES}/2/sub_issues", json={"sub_issue_id": one["id"]}).status_code == 403
