"""`revertPullRequest`: a new pull request whose commit undoes what the merge did."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forge.branches import REPO, advance, ok, pull, tip
from tests.forge.conftest import World
from tests.forge.graphql_client import errors, mutate, mutation

FIELDS = "pullRequest { number } revertPullRequest { number title body headRefName baseRefName isDraft }"


def merged(forge: World, method: str = "merge") -> dict[str, Any]:
    """A merged pull request that added `bead-1.txt`."""
    made = pull(forge)
    ok(forge.person("will").put(f"{REPO}/pulls/1/merge", json={"merge_method": method}))
    return made


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_revert_takes_back_what_the_merge_brought_and_keeps_what_came_later(
    forge: World, method: str
) -> None:
    made = merged(forge, method)
    advance(forge, "main", {"later.txt": "later\n"})
    found = mutate(forge.person("will"), "revertPullRequest", {"pullRequestId": made["node_id"]}, FIELDS)
    assert found["pullRequest"] == {"number": 1}
    assert found["revertPullRequest"] == {
        "number": 2,
        "title": 'Revert "Do bead/1"',
        "body": "Reverts octo/sample#1",
        "headRefName": "revert-1-bead/1",
        "baseRefName": "main",
        "isDraft": False,
    }
    ok(forge.person("will").put(f"{REPO}/pulls/2/merge", json={}))
    octo = forge.person("octo")
    assert octo.get(f"{REPO}/contents/bead-1.txt").status_code == 404
    assert octo.get(f"{REPO}/contents/later.txt").status_code == 200


def test_the_words_and_the_draft_are_the_callers_and_the_commit_names_what_it_reverts(forge: World) -> None:
    made, merge = merged(forge), tip(forge)
    given = {"pullRequestId": made["node_id"], "title": "Undo", "body": "Wrong", "draft": True}
    found = mutate(forge.installed(), "revertPullRequest", given, FIELDS)["revertPullRequest"]
    assert (found["title"], found["body"], found["isDraft"]) == ("Undo", "Wrong", True)
    commit = ok(forge.person("octo").get(f"{REPO}/commits/revert-1-bead/1"))
    assert commit["commit"]["message"].startswith('Revert "Merge pull request #1 from octo/bead/1"')
    assert f"This reverts commit {merge}, reversing" in commit["commit"]["message"]
    assert commit["author"]["login"] == "beadwright[bot]"


def test_what_is_not_merged_or_conflicts_with_later_changes_is_not_reverted(forge: World) -> None:
    will, made = forge.person("will"), pull(forge)
    given, document = {"pullRequestId": made["node_id"]}, mutation("revertPullRequest")
    [error] = errors(will, document, i=given)
    assert error["message"] == "Pull request must be merged to be reverted"
    ok(will.put(f"{REPO}/pulls/1/merge", json={}))
    advance(forge, "main", {"bead-1.txt": "changed\n"})
    [error] = errors(will, document, i=given)
    assert "cannot be reverted automatically" in error["message"]
    assert ok(will.get(f"{REPO}/pulls")) == []


def test_a_second_revert_and_a_readers_are_refused(forge: World) -> None:
    made = merged(forge)
    given, document = {"pullRequestId": made["node_id"]}, mutation("revertPullRequest")
    [error] = errors(forge.person("rita"), document, i=given)
    assert error["type"] == "FORBIDDEN"
    [error] = errors(forge.installed(contents="write"), document, i=given)
    assert error["type"] == "FORBIDDEN"
    mutate(forge.person("will"), "revertPullRequest", given)
    [error] = errors(forge.person("will"), document, i=given)
    assert error["message"] == "Reference already exists"
