"""Issues over REST: what is made, who may, what it leaves behind."""

from __future__ import annotations

import pytest

from bot.local.forge.records import ContentEdit, Issue, TimelineEvent
from tests.forge.conftest import World

ISSUES = "/repos/octo/sample/issues"


def test_an_issue_by_somebody_who_may_push_has_its_labels_and_they_are_made(forge: World) -> None:
    made = forge.person("will").post(ISSUES, json={"title": "A bead", "labels": ["bead", "P1"]})
    assert made.status_code == 201
    assert [label["name"] for label in made.json()["labels"]] == ["bead", "P1"]
    names = [label["name"] for label in forge.person("stan").get("/repos/octo/sample/labels").json()]
    assert names == ["bead", "P1"]


def test_labels_of_a_stranger_are_dropped_silently(forge: World) -> None:
    made = forge.person("stan").post(ISSUES, json={"title": "Let me in", "labels": ["ready"]})
    assert made.status_code == 201
    assert made.json()["labels"] == []
    changed = forge.person("stan").patch(f"{ISSUES}/1", json={"labels": ["ready"], "title": "Please"})
    assert changed.json()["labels"] == []
    assert changed.json()["title"] == "Please"


def test_a_stranger_cannot_label_by_the_labels_endpoint(forge: World) -> None:
    forge.person("stan").post(ISSUES, json={"title": "Mine"})
    answer = forge.person("stan").post(f"{ISSUES}/1/labels", json={"labels": ["ready"]})
    assert answer.status_code == 403
    assert forge.person("stan").get(f"{ISSUES}/1/labels").json() == []


def test_nobody_changes_the_words_of_others_without_a_role(forge: World) -> None:
    forge.person("octo").post(ISSUES, json={"title": "Plan", "body": "do it"})
    assert forge.person("rita").patch(f"{ISSUES}/1", json={"body": "do not"}).status_code == 403
    assert forge.person("stan").get(f"{ISSUES}/1").json()["body"] == "do it"


def test_who_is_nobody_may_read_but_not_write(forge: World) -> None:
    assert forge.client(None).post(ISSUES, json={"title": "Hello"}).status_code == 401
    assert forge.client(None).get(ISSUES).json() == []


def test_an_app_needs_the_issues_permission_to_write(forge: World) -> None:
    refused = forge.installed(issues="read").post(ISSUES, json={"title": "No"})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    made = forge.installed(issues="write").post(ISSUES, json={"title": "Yes"}).json()
    assert made["user"]["login"] == "beadwright[bot]"
    assert made["performed_via_github_app"]["slug"] == "beadwright"


def test_a_body_of_65536_characters_fits_and_one_more_does_not(forge: World) -> None:
    octo = forge.person("octo")
    assert octo.post(ISSUES, json={"title": "Long", "body": "x" * 65_536}).status_code == 201
    assert octo.post(ISSUES, json={"title": "Longer", "body": "x" * 65_537}).status_code == 422
    assert octo.patch(f"{ISSUES}/1", json={"body": "x" * 65_537}).status_code == 422
    assert octo.post(f"{ISSUES}/1/comments", json={"body": "x" * 65_537}).status_code == 422
    assert len(octo.get(ISSUES).json()) == 1


def test_what_is_not_implemented_says_so_by_name(forge: World) -> None:
    octo = forge.person("octo")
    answer = octo.post(ISSUES, json={"title": "Sized", "issue_field_values": []})
    assert (answer.status_code, "issue_field_values" in answer.json()["message"]) == (501, True)
    assert octo.get(ISSUES, params={"type": "Bug"}).status_code == 501
    assert octo.get("/repos/octo/sample/milestones").status_code == 501
    assert octo.get(ISSUES).json() == []


def test_a_failed_request_leaves_nothing_behind(forge: World) -> None:
    octo = forge.person("octo")
    asked = {"title": "Half", "labels": ["fine", "x" * 51]}
    assert octo.post(ISSUES, json=asked).status_code == 422
    assert octo.get(ISSUES).json() == []
    assert octo.get("/repos/octo/sample/labels").json() == []
    assert octo.post(ISSUES, json={"title": "Whole"}).json()["number"] == 1


def test_closing_says_who_when_and_why_and_reopening_takes_it_back(forge: World) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "Done soon"})
    closed = forge.person("maya").patch(
        f"{ISSUES}/1", json={"state": "closed", "state_reason": "not_planned"}
    )
    assert closed.json()["closed_by"]["login"] == "maya"
    assert closed.json()["state_reason"] == "not_planned"
    opened = octo.patch(f"{ISSUES}/1", json={"state": "open"}).json()
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)
    events = [row["event"] for row in octo.get(f"{ISSUES}/1/timeline").json()]
    assert events == ["closed", "reopened"]
    assert len(octo.get(f"{ISSUES}/1/events").json()) == 2
    told = octo.get("/repos/octo/sample/issues/events").json()
    assert [row["issue"]["number"] for row in told] == [1, 1]


def test_the_timeline_tells_each_change_in_order_with_its_actor(forge: World) -> None:
    octo, will = forge.person("octo"), forge.person("will")
    octo.post(ISSUES, json={"title": "Old"})
    will.post(f"{ISSUES}/1/labels", json={"labels": ["ready"]})
    octo.patch(f"{ISSUES}/1", json={"title": "New"})
    octo.post(f"{ISSUES}/1/assignees", json={"assignees": ["maya", "stan"]})
    will.delete(f"{ISSUES}/1/labels/READY")
    octo.post(f"{ISSUES}/1/comments", json={"body": "there"})
    rows = octo.get(f"{ISSUES}/1/timeline").json()
    assert [(row["event"], row["actor"]["login"]) for row in rows] == [
        ("labeled", "will"),
        ("renamed", "octo"),
        ("assigned", "octo"),
        ("unlabeled", "will"),
        ("commented", "octo"),
    ]
    assert rows[1]["rename"] == {"from": "Old", "to": "New"}
    assert rows[2]["assignee"]["login"] == "maya"
    assert len(octo.get(f"{ISSUES}/1/events").json()) == 4
    assert octo.get("/repos/octo/sample/issues/events").json()[0]["event"] == "unlabeled"


def test_every_text_of_a_body_is_kept_with_its_editor(forge: World) -> None:
    forge.person("stan").post(ISSUES, json={"title": "Fix", "body": "one"})
    forge.person("octo").patch(f"{ISSUES}/1", json={"body": "two"})
    forge.person("octo").patch(f"{ISSUES}/1", json={"body": "two"})
    issue = next(forge.state.all(Issue))
    edits = forge.state.find(ContentEdit, on="Issue", on_id=issue.id)
    who = {account.id: login for login, account in forge.people.items()}
    assert [(who[edit.editor_id], edit.body) for edit in edits] == [("stan", "one"), ("octo", "two")]


def test_the_hundredth_label_fits_and_the_next_does_not(forge: World) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "Many"})
    hundred = [f"label-{number}" for number in range(100)]
    assert octo.post(f"{ISSUES}/1/labels", json={"labels": hundred}).status_code == 200
    assert octo.post(f"{ISSUES}/1/labels", json={"labels": ["one more"]}).status_code == 422
    assert len(octo.get(f"{ISSUES}/1").json()["labels"]) == 100


def test_set_replaces_and_remove_all_empties(forge: World) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "Sorted", "labels": ["a", "b"]})
    assert [x["name"] for x in octo.put(f"{ISSUES}/1/labels", json={"labels": ["B", "c"]}).json()] == [
        "b",
        "c",
    ]
    assert octo.delete(f"{ISSUES}/1/labels/a").status_code == 404
    assert octo.delete(f"{ISSUES}/1/labels").status_code == 204
    assert octo.get(f"{ISSUES}/1").json()["labels"] == []
    issue = next(forge.state.all(Issue))
    told = [event.event for event in forge.state.find(TimelineEvent, issue_id=issue.id)]
    assert told == ["labeled", "labeled", "unlabeled", "labeled", "unlabeled", "unlabeled"]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [3, 1]),
        ({"state": "all"}, [3, 2, 1]),
        ({"state": "all", "direction": "asc"}, [1, 2, 3]),
        ({"labels": "BEAD"}, [3, 1]),
        ({"labels": "bead,P1"}, [3]),
        ({"creator": "stan"}, [1]),
        ({"assignee": "maya"}, [3]),
        ({"assignee": "none"}, [1]),
        ({"assignee": "*"}, [3]),
        ({"mentioned": "rita"}, [3]),
        ({"milestone": "none"}, [3, 1]),
        ({"milestone": "*"}, []),
        ({"sort": "comments", "state": "all"}, [2, 3, 1]),
        ({"since": "2999-01-01T00:00:00Z"}, []),
        ({"state": "all", "per_page": "2", "page": "2"}, [1]),
    ],
)
def test_lists_are_filtered_sorted_and_paged(forge: World, query: dict[str, str], numbers: list[int]) -> None:
    octo = forge.person("octo")
    forge.person("stan").post(ISSUES, json={"title": "first"})
    octo.post(ISSUES, json={"title": "second"})
    octo.post(
        ISSUES, json={"title": "third", "labels": ["bead", "P1"], "assignees": ["maya"], "body": "@rita"}
    )
    octo.post(f"{ISSUES}/1/labels", json={"labels": ["bead"]})
    octo.post(f"{ISSUES}/2/comments", json={"body": "done"})
    octo.patch(f"{ISSUES}/2", json={"state": "closed"})
    assert [issue["number"] for issue in octo.get(ISSUES, params=query).json()] == numbers


def test_comments_are_listed_since_edited_and_deleted_by_those_who_may(forge: World) -> None:
    octo, stan = forge.person("octo"), forge.person("stan")
    octo.post(ISSUES, json={"title": "Talk"})
    first = stan.post(f"{ISSUES}/1/comments", json={"body": "hello"}).json()
    second = octo.post(f"{ISSUES}/1/comments", json={"body": "/bead pause"}).json()
    assert stan.patch(f"{ISSUES}/comments/{second['id']}", json={"body": "x"}).status_code == 403
    assert octo.patch(f"{ISSUES}/comments/{first['id']}", json={"body": "hi"}).json()["body"] == "hi"
    assert stan.delete(f"{ISSUES}/comments/{first['id']}").status_code == 204
    left = octo.get(f"{ISSUES}/comments", params={"since": second["created_at"]}).json()
    assert [comment["body"] for comment in left] == ["/bead pause"]
    assert octo.get(f"{ISSUES}/1").json()["comments"] == 1
    assert octo.get(f"{ISSUES}/comments/{first['id']}").status_code == 404


def test_the_comments_of_a_repository_are_sorted_only_when_asked_and_cost_nothing_unchanged(
    forge: World,
) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "Talk"})
    for body in ("one", "two"):
        octo.post(f"{ISSUES}/1/comments", json={"body": body})
    newest = {"sort": "updated", "direction": "desc"}
    for params, order in (
        ({}, ["one", "two"]),
        ({"direction": "desc"}, ["one", "two"]),
        (newest, ["two", "one"]),
    ):
        found = octo.get(f"{ISSUES}/comments", params=params).json()
        assert [comment["body"] for comment in found] == order, params
    tag = octo.get(f"{ISSUES}/comments", params=newest).headers["etag"]
    again = octo.get(f"{ISSUES}/comments", params=newest, headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_a_reaction_is_made_once(forge: World) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "React"})
    comment = octo.post(f"{ISSUES}/1/comments", json={"body": "/bead ready"}).json()
    url = f"{ISSUES}/comments/{comment['id']}/reactions"
    first, again = octo.post(url, json={"content": "eyes"}), octo.post(url, json={"content": "eyes"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert octo.post(url, json={"content": "shrug"}).status_code == 422
    assert octo.post(f"{ISSUES}/1/reactions", json={"content": "rocket"}).status_code == 201
    assert octo.get(f"{ISSUES}/comments/{comment['id']}").json()["reactions"]["eyes"] == 1
    assert octo.get(f"{ISSUES}/1").json()["reactions"]["total_count"] == 1
    assert octo.delete(f"{url}/{first.json()['id']}").status_code == 204
    assert octo.get(url).json() == []


def test_a_label_is_changed_everywhere_and_deleted_from_everything(forge: World) -> None:
    octo = forge.person("octo")
    assert octo.post("/repos/octo/sample/labels", json={"name": "P0", "color": "ff0000"}).status_code == 201
    assert octo.post("/repos/octo/sample/labels", json={"name": "p0"}).status_code == 422
    octo.post(ISSUES, json={"title": "Urgent", "labels": ["p0"]})
    octo.patch("/repos/octo/sample/labels/P0", json={"new_name": "blocked-by:#1", "description": "x"})
    assert octo.get(f"{ISSUES}/1").json()["labels"][0]["name"] == "blocked-by:#1"
    assert octo.get("/repos/octo/sample/labels/blocked-by%3A%231").json()["color"] == "ff0000"
    assert octo.delete("/repos/octo/sample/labels/blocked-by%3A%231").status_code == 204
    assert octo.get(f"{ISSUES}/1").json()["labels"] == []


def test_an_unchanged_answer_is_304_and_costs_nothing(forge: World) -> None:
    octo = forge.person("octo")
    octo.post(ISSUES, json={"title": "Still"})
    first = octo.get(f"{ISSUES}/1")
    again = octo.get(f"{ISSUES}/1", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    assert octo.get("/rate_limit").json()["rate"]["used"] == int(first.headers["x-ratelimit-used"])
