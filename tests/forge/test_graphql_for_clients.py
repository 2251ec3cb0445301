"""What clients that we did not write ask of GraphQL: search, counts, merge texts, things that are not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.forge import branches
from tests.forge.branches import REPO, ok
from tests.forge.conftest import World
from tests.forge.graphql_client import ask, errors, mutate, repository, send


@pytest.fixture
def octo(forge: World) -> httpx.Client:
    return forge.person("octo")


def test_the_number_of_a_connection_needs_no_bounds_and_its_nodes_do(octo: httpx.Client) -> None:
    ok(octo.post(f"{REPO}/issues", json={"title": "One"}))
    assert repository(octo, "issues { totalCount }") == {"issues": {"totalCount": 1}}
    (error,) = errors(octo, '{ repository(owner: "octo", name: "sample") { issues { nodes { id } } } }')
    assert error["type"] == "MISSING_PAGINATION_BOUNDARIES"


def test_one_name_may_have_different_types_in_two_fragments(octo: httpx.Client) -> None:
    ok(octo.post(f"{REPO}/issues", json={"title": "One"}))
    fragments = "... on Issue { state } ... on PullRequest { state }"
    found = repository(octo, f"issueOrPullRequest(number: 1) {{ {fragments} }}")
    assert found["issueOrPullRequest"] == {"state": "OPEN"}


def test_an_open_pull_request_has_no_merge_commit(forge: World, octo: httpx.Client) -> None:
    branches.pull(forge)
    query = "pullRequest(number: 1) { mergeCommit { oid } potentialMergeCommit { oid } }"
    found = repository(octo, query)["pullRequest"]
    assert found["mergeCommit"] is None
    assert found["potentialMergeCommit"] is not None
    merged = ok(octo.put(f"{REPO}/pulls/1/merge"))["sha"]
    assert repository(octo, query)["pullRequest"] == {
        "mergeCommit": {"oid": merged},
        "potentialMergeCommit": None,
    }


@pytest.mark.parametrize("method", ["MERGE", "SQUASH"])
def test_what_a_merge_would_write_is_what_it_writes(forge: World, octo: httpx.Client, method: str) -> None:
    branches.pull(forge, "topic", title="Do it")
    branches.advance(forge, "topic", {"more.txt": "more\n"})
    texts = f"viewerMergeHeadlineText(mergeType: {method}) viewerMergeBodyText(mergeType: {method})"
    found = repository(octo, f"pullRequest(number: 1) {{ id {texts} }}")["pullRequest"]
    mutate(octo, "mergePullRequest", {"pullRequestId": found["id"], "mergeMethod": method})
    written = ok(octo.get(f"{REPO}/commits/main"))["commit"]["message"]
    assert written == f"{found['viewerMergeHeadlineText']}\n\n{found['viewerMergeBodyText']}"


def test_reviewers_are_added_by_union_and_replaced_without(forge: World, octo: httpx.Client) -> None:
    branches.pull(forge, by="octo")
    pull = repository(octo, "pullRequest(number: 1) { id }")["pullRequest"]["id"]

    def request(login: str, **more: bool) -> list[str]:
        user = forge.state.node_id(forge.people[login])
        given = {"pullRequestId": pull, "userIds": [user], **more}
        asked = "nodes { requestedReviewer { ... on User { login } } }"
        fields = f"pullRequest {{ reviewRequests(first: 9) {{ {asked} }} }}"
        found = mutate(octo, "requestReviews", given, fields)["pullRequest"]["reviewRequests"]["nodes"]
        return [one["requestedReviewer"]["login"] for one in found]

    assert request("will", union=True) == ["will"]
    assert request("maya", union=True) == ["will", "maya"]
    assert request("rita") == ["rita"]


def test_searching_finds_issues_and_pull_requests(forge: World, octo: httpx.Client) -> None:
    branches.pull(forge, title="Mend the crash")
    ok(octo.post(f"{REPO}/issues", json={"title": "A crash"}))
    query = """
      query($q: String!) {
        search(query: $q, type: ISSUE, first: 9) {
          issueCount
          nodes { __typename ... on Issue { number } ... on PullRequest { number } }
        }
      }"""

    def search(words: str) -> list[tuple[str, int]]:
        found = ask(octo, query, q=words)["search"]
        assert found["issueCount"] == len(found["nodes"])
        return [(one["__typename"], one["number"]) for one in found["nodes"]]

    assert search("repo:octo/sample crash") == [("Issue", 2), ("PullRequest", 1)]
    assert search("repo:octo/sample crash is:pr") == [("PullRequest", 1)]
    answer = send(octo, query, q="repo:octo/sample language:python")
    assert (answer.status_code, answer.json()["message"]) == (
        501,
        "the search qualifier language: is not implemented by this forge",
    )


def test_the_authors_of_a_commit_are_its_author_and_those_its_trailers_name(
    forge: World, octo: httpx.Client
) -> None:
    message = "Do it\n\nTogether.\n\nCo-authored-by: Maya <maya@users.noreply.localhost>"
    sha = branches.commit(forge, [branches.tip(forge)], {"a": "b"}, message)
    ok(octo.post(f"{REPO}/git/refs", json={"ref": "refs/heads/both", "sha": sha}))
    fields = "... on Commit { authors(first: 9) { nodes { name user { login } } } }"
    found = repository(octo, f'object(expression: "both") {{ {fields} }}')["object"]["authors"]["nodes"]
    assert [(one["name"], (one["user"] or {}).get("login")) for one in found] == [
        ("octo", "octo"),
        ("Maya", "maya"),
    ]


def test_of_what_no_repository_here_has_there_is_none(octo: httpx.Client) -> None:
    ok(octo.post(f"{REPO}/issues", json={"title": "One"}))
    fields = "milestone { title } projectCards(first: 9) { totalCount } projectItems(first: 9) { totalCount }"
    found = repository(octo, f"hasWikiEnabled parent {{ id }} issue(number: 1) {{ {fields} }}")
    assert (found["hasWikiEnabled"], found["parent"], found["issue"]["milestone"]) == (False, None, None)
    assert found["issue"]["projectCards"] == found["issue"]["projectItems"] == {"totalCount": 0}
    (error,) = errors(octo, '{ organization(login: "octo") { teams(first: 9) { totalCount } } }')
    assert error["message"] == "Could not resolve to an Organization with the login of 'octo'."


def test_a_milestone_that_cannot_be_there_is_not_found(octo: httpx.Client) -> None:
    home = repository(octo, "id")["id"]
    query = "mutation($i: CreateIssueInput!) { createIssue(input: $i) { issue { id } } }"
    given = {"repositoryId": home, "title": "One", "milestoneId": "TWlsZXN0b25lOjE"}
    (error,) = errors(octo, query, i=given)
    assert error["type"] == "NOT_FOUND"
    assert repository(octo, "issues { totalCount }")["issues"]["totalCount"] == 0


def test_issues_are_found_by_who_they_mention(octo: httpx.Client) -> None:
    for body in ("ask @rita", "ask rita", "write to x@rita.example", "@rita-2 knows"):
        ok(octo.post(f"{REPO}/issues", json={"title": body, "body": body}))
    query = 'issues(first: 9, filterBy: {mentioned: "rita"}) { nodes { number } }'
    assert repository(octo, query)["issues"]["nodes"] == [{"number": 1}]


def test_dependencies_are_shown_from_both_ends(octo: httpx.Client) -> None:
    made = [ok(octo.post(f"{REPO}/issues", json={"title": title})) for title in ("First", "Second")]
    ok(octo.post(f"{REPO}/issues/2/dependencies/blocked_by", json={"issue_id": made[0]["id"]}))
    second = repository(octo, "issue(number: 2) { blockedBy(first: 9) { nodes { number } } }")
    first = repository(octo, "issue(number: 1) { blocking(first: 9) { nodes { number } } }")
    assert second["issue"]["blockedBy"]["nodes"] == [{"number": 1}]
    assert first["issue"]["blocking"]["nodes"] == [{"number": 2}]


def test_people_are_assigned_and_asked_for_reviews_by_login(forge: World, octo: httpx.Client) -> None:
    branches.pull(forge, by="octo")
    pull = repository(octo, "pullRequest(number: 1) { id }")["pullRequest"]["id"]
    mutate(octo, "replaceActorsForAssignable", {"assignableId": pull, "actorLogins": ["will"]})
    mutate(octo, "requestReviewsByLogin", {"pullRequestId": pull, "userLogins": ["maya"], "union": True})
    shown = (
        "assignedActors(first: 9) { nodes { ... on User { login } } } reviewRequests(first: 9) { totalCount }"
    )
    found = repository(octo, f"pullRequest(number: 1) {{ {shown} }}")["pullRequest"]
    assert found == {"assignedActors": {"nodes": [{"login": "will"}]}, "reviewRequests": {"totalCount": 1}}


def test_checks_are_counted_by_their_state(forge: World, octo: httpx.Client) -> None:
    sha = branches.tip(forge)
    for context, state in (("a", "success"), ("b", "success"), ("c", "pending")):
        ok(octo.post(f"{REPO}/statuses/{sha}", json={"state": state, "context": context}))
    app = forge.installed(checks="write")
    ok(app.post(f"{REPO}/check-runs", json={"name": "d", "head_sha": sha}))
    counts = "checkRunCountsByState { state count } statusContextCountsByState { state count }"
    rollup = f"statusCheckRollup {{ contexts(first: 1) {{ {counts} }} }}"
    found = repository(octo, f'object(expression: "main") {{ ... on Commit {{ {rollup} }} }}')
    assert found["object"]["statusCheckRollup"]["contexts"] == {
        "checkRunCountsByState": [{"state": "QUEUED", "count": 1}],
        "statusContextCountsByState": [{"state": "PENDING", "count": 1}, {"state": "SUCCESS", "count": 2}],
    }


def test_somebody_is_shown_to_have_reacted(forge: World, octo: httpx.Client) -> None:
    ok(octo.post(f"{REPO}/issues", json={"title": "One"}))
    ok(forge.person("rita").post(f"{REPO}/issues/1/reactions", json={"content": "heart"}))
    found: Any = repository(octo, "issue(number: 1) { reactionGroups { content users { totalCount } } }")
    given = {one["content"]: one["users"]["totalCount"] for one in found["issue"]["reactionGroups"]}
    assert (given["HEART"], given["EYES"]) == (1, 0)
