"""Searching over REST: what each qualifier finds, and who finds what."""

from __future__ import annotations

import pytest

from bot.local.forge import world
from bot.local.forge.search import Term, parse
from bot.local.forge.state import State
from tests.forge import branches
from tests.forge.branches import REPO, ok
from tests.forge.conftest import World

SEARCH = "/search/issues"
FINDS = {
    "is:issue": [2, 1],
    "type:pr state:open": [5, 3],
    "is:closed": [4, 2],
    "is:merged": [4],
    "is:unmerged is:pr": [],
    "draft:true": [5],
    "-draft:true is:pr": [4, 3],
    "crash": [1],
    "segfault": [1],
    "segfault in:title,body": [],
    "label:bug": [1],
    'label:"help wanted"': [1],
    "label:bug,nothing": [1],
    "-label:bug is:issue": [2],
    "no:label is:issue": [2],
    "no:assignee is:issue": [2],
    "assignee:will": [1],
    "assignee:*": [1],
    "author:will is:issue": [2],
    "author:@me is:issue": [1],
    "mentions:rita": [1],
    "commenter:octo": [1],
    "involves:rita": [1],
    "head:open": [3],
    "base:main is:open": [5, 3],
    "review-requested:maya": [3],
    "reviewed-by:octo": [5],
    "review:approved": [5],
    "review:none": [4, 3],
    "created:>=2020-01-01 is:issue": [2, 1],
    "created:<2020-01-01": [],
    "merged:2020-01-01..*": [4],
    "is:issue sort:created-asc": [1, 2],
    "( crash is:open ) AND is:issue": [1],
    "is:issue sort:comments-desc": [1, 2],
}


def found(forge: World, query: str, who: str = "octo", **more: str) -> list[int]:
    """The numbers of what a query finds in octo/sample."""
    answer = forge.person(who).get(SEARCH, params={"q": f"repo:octo/sample {query}", **more})
    body = ok(answer)
    assert body["total_count"] == len(body["items"])
    return [one["number"] for one in body["items"]]


@pytest.fixture
def filled(forge: World) -> World:
    """Issue 1 (crash, labelled, assigned, commented), closed issue 2, open PR 3, merged PR 4, draft PR 5."""
    octo, will = forge.person("octo"), forge.person("will")
    issue = {
        "title": "Crash on start",
        "body": "ask @rita",
        "labels": ["bug", "help wanted"],
        "assignees": ["will"],
    }
    ok(octo.post(f"{REPO}/issues", json=issue))
    ok(octo.post(f"{REPO}/issues/1/comments", json={"body": "It says segfault"}))
    ok(will.post(f"{REPO}/issues", json={"title": "Crashing docs"}))
    ok(octo.patch(f"{REPO}/issues/2", json={"state": "closed"}))
    for name in ("open", "merged", "draft"):
        branches.pull(forge, name, draft=name == "draft", title=f"Pull {name}")
    ok(octo.post(f"{REPO}/pulls/3/requested_reviewers", json={"reviewers": ["maya"]}))
    ok(octo.post(f"{REPO}/pulls/5/reviews", json={"event": "APPROVE"}))
    ok(octo.put(f"{REPO}/pulls/4/merge"))
    return forge


def test_each_qualifier_finds_what_it_names(filled: World) -> None:
    assert {query: found(filled, query) for query in FINDS} == FINDS


def test_the_order_may_stand_beside_the_query(filled: World) -> None:
    assert found(filled, "is:issue", sort="created", order="asc") == [1, 2]


def test_nobody_finds_what_they_must_not_see(forge: World) -> None:
    def hide(state: State) -> None:
        world.create_repository(state, forge.people["octo"], "secret", private=True)

    forge.forge.on(hide)
    ok(forge.person("octo").post("/repos/octo/secret/issues", json={"title": "Hidden crash"}))
    everywhere = {"q": "crash"}
    assert ok(forge.person("octo").get(SEARCH, params=everywhere))["total_count"] == 1
    assert ok(forge.person("stan").get(SEARCH, params=everywhere))["total_count"] == 0
    refused = forge.person("stan").get(SEARCH, params={"q": "repo:octo/secret crash"})
    assert refused.status_code == 422
    assert "do not have permission to view them" in refused.json()["errors"][0]["message"]


def test_what_cannot_be_searched_for_is_refused(forge: World) -> None:
    octo = forge.person("octo")
    assert octo.get(SEARCH, params={"q": ""}).status_code == 422
    ok(octo.post(f"{REPO}/issues", json={"title": "One"}))
    assert octo.get(SEARCH, params={"q": "created:soon"}).status_code == 422
    unknown = octo.get(SEARCH, params={"q": "language:python crash"})
    assert (unknown.status_code, unknown.json()["message"]) == (
        501,
        "the search qualifier language: is not implemented by this forge",
    )


def test_a_query_is_read_as_words_and_qualifiers() -> None:
    assert parse('crash -label:"help wanted" "two words" is:pr') == [
        Term("", "crash"),
        Term("label", "help wanted", negated=True),
        Term("", "two words"),
        Term("is", "pr"),
    ]
