"""Pull requests, merges, reviews and threads: what GitHub refuses and what a push does to them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.local.forge import reviews
from bot.local.forge.records import Issue, Pull, Repository, Thread
from bot.local.forge.state import Signal, State
from tests.forge.branches import REPO, advance, branch, commit, ok, pull, tip
from tests.forge.conftest import World

ONE = f"{REPO}/pulls/1"


def got(forge: World, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = ok(forge.person("rita").get(f"{REPO}/pulls/{number}"))
    return found


def error(answer: httpx.Response) -> str:
    body = answer.json()
    errors = [one if isinstance(one, str) else one.get("message", one) for one in body.get("errors", [])]
    return f"{answer.status_code} {body['message']} {errors}"


def review(forge: World, by: str, **body: Any) -> httpx.Response:
    return forge.person(by).post(f"{ONE}/reviews", json=body)


def thread_of(forge: World) -> Thread:
    return next(iter(forge.state.all(Thread)))


def settings(forge: World, **fields: object) -> None:
    def change(state: State) -> None:
        repository = state.get(Repository, forge.repository.id)
        for name, value in fields.items():
            setattr(repository, name, value)
        state.put(repository)

    forge.forge.on(change)


def test_a_new_pull_request_can_be_merged_cleanly(forge: World) -> None:
    made = pull(forge, "bead/1", body="Closes nothing")
    assert (made["mergeable"], made["mergeable_state"], made["commits"]) == (None, "unknown", 1)
    later = got(forge)
    assert (later["mergeable"], later["mergeable_state"]) == (True, "clean")
    assert [one["filename"] for one in ok(forge.person("rita").get(f"{ONE}/files"))] == ["bead-1.txt"]
    assert len(ok(forge.person("rita").get(f"{ONE}/commits"))) == 1
    diff = forge.person("rita").get(ONE, headers={"Accept": "application/vnd.github.diff"})
    assert "+two" in diff.text


def test_a_pull_request_needs_commits_branches_and_to_be_the_only_one(forge: World) -> None:
    octo = forge.person("octo")
    ok(octo.post(f"{REPO}/git/refs", json={"ref": "refs/heads/same", "sha": tip(forge)}))
    body = {"title": "x", "head": "same", "base": "main"}
    assert "No commits between main and same" in error(octo.post(f"{REPO}/pulls", json=body))
    for wrong in ({"head": "none"}, {"base": "none"}, {"head": "stan:same"}):
        assert octo.post(f"{REPO}/pulls", json={**body, **wrong}).status_code == 422
    pull(forge)
    twin = octo.post(f"{REPO}/pulls", json={"title": "x", "head": "octo:bead/1", "base": "main"})
    assert "A pull request already exists for octo:bead/1." in error(twin)
    assert len(ok(octo.get(f"{REPO}/pulls"))) == 1


def test_pull_requests_are_found_by_head_base_and_state(forge: World) -> None:
    for name in ("bead/1", "bead/2"):
        pull(forge, name)
    rita = forge.person("rita")
    ok(forge.person("octo").patch(f"{REPO}/pulls/2", json={"state": "closed"}))

    def listed(**query: str) -> list[int]:
        return [one["number"] for one in ok(rita.get(f"{REPO}/pulls", params=query))]

    assert listed() == [1]
    assert listed(state="all") == [2, 1]
    assert listed(state="all", direction="asc") == [1, 2]
    assert listed(head="octo:bead/2", state="closed") == [2]
    assert listed(base="other", state="all") == []
    ok(rita.post(f"{REPO}/issues/1/comments", json={"body": "Look"}))
    assert listed(state="all", sort="popularity") == [2, 1]
    assert listed(state="all", sort="popularity", direction="desc") == [1, 2]
    assert listed(state="all", sort="long-running") == []
    assert rita.get(f"{REPO}/pulls", params={"sort": "age"}).status_code == 422


def test_a_merge_pins_the_head_and_happens_once(forge: World) -> None:
    made = pull(forge)
    old, new = made["head"]["sha"], advance(forge, "bead/1", {"x": "1\n"})
    will = forge.person("will")
    late = will.put(f"{ONE}/merge", json={"sha": old})
    assert error(late) == "409 Head branch was modified. Review and try the merge again. []"
    done = ok(will.put(f"{ONE}/merge", json={"sha": new, "commit_title": "Do it (#1)"}))
    assert tip(forge) == done["sha"]
    merged = got(forge)
    assert (merged["merged"], merged["state"], merged["merge_commit_sha"]) == (True, "closed", done["sha"])
    assert will.get(f"{ONE}/merge").status_code == 204
    assert error(will.put(f"{ONE}/merge", json={})) == "405 Pull Request is not mergeable []"
    message = ok(will.get(f"{REPO}/git/commits/{done['sha']}"))["message"]
    assert message == "Do it (#1)\n\nDo bead/1"


def test_a_squash_makes_one_commit_and_a_rebase_keeps_each(forge: World) -> None:
    start = tip(forge)
    pull(forge, "bead/1")
    advance(forge, "bead/1", {"x": "1\n"})
    squashed = ok(forge.person("will").put(f"{ONE}/merge", json={"merge_method": "squash"}))["sha"]
    record = ok(forge.person("will").get(f"{REPO}/git/commits/{squashed}"))
    assert [one["sha"] for one in record["parents"]] == [start]
    pull_two = branch(forge, "bead/2", {"y": "1\n"}, start=start)
    advance(forge, "bead/2", {"z": "1\n"})
    body = {"title": "x", "head": "bead/2", "base": "main"}
    ok(forge.person("will").post(f"{REPO}/pulls", json=body))
    ok(forge.person("will").put(f"{REPO}/pulls/2/merge", json={"merge_method": "rebase"}))
    listed = ok(forge.person("will").get(f"{REPO}/commits"))
    assert [len(one["parents"]) for one in listed] == [1, 1, 1, 0]
    assert pull_two not in [one["sha"] for one in listed]
    names = {one["path"] for one in ok(forge.person("will").get(f"{REPO}/git/trees/main"))["tree"]}
    assert {"x", "y", "z"} <= names


@pytest.mark.parametrize(("method", "word"), [("merge", "Merge"), ("squash", "Squash"), ("rebase", "Rebase")])
def test_a_method_that_the_repository_does_not_allow_is_refused(forge: World, method: str, word: str) -> None:
    pull(forge)
    name = {"merge": "allow_merge_commit"}.get(method, f"allow_{method}_merge")
    settings(forge, **{name: False})
    refused = forge.person("octo").put(f"{ONE}/merge", json={"merge_method": method})
    assert refused.status_code == 405
    assert refused.json()["message"].startswith(word)
    assert not got(forge)["merged"]


def test_conflicts_and_drafts_are_not_merged(forge: World) -> None:
    branch(forge, "bead/1", {"README.md": "mine\n"})
    body = {"title": "x", "head": "bead/1", "base": "main", "draft": True}
    ok(forge.person("will").post(f"{REPO}/pulls", json=body))
    assert got(forge)["mergeable_state"] == "draft"
    assert "draft" in error(forge.person("will").put(f"{ONE}/merge", json={}))
    advance(forge, "main", {"README.md": "theirs\n"})
    early, later = got(forge), got(forge)
    assert [(one["mergeable"], one["mergeable_state"]) for one in (early, later)] == [
        (None, "unknown"),
        (False, "dirty"),
    ]
    assert forge.person("will").put(f"{ONE}/merge", json={}).status_code == 405


def test_a_reader_cannot_merge(forge: World) -> None:
    pull(forge)
    assert forge.person("rita").put(f"{ONE}/merge", json={}).status_code == 403
    assert not got(forge)["merged"]


def test_a_merge_closes_the_issues_that_the_body_names_and_deletes_the_branch_when_set(forge: World) -> None:
    settings(forge, delete_branch_on_merge=True)
    ok(forge.person("octo").post(f"{REPO}/issues", json={"title": "A bead"}))
    branch(forge, "bead/1", {"x": "1\n"})
    body = {"title": "x", "head": "bead/1", "base": "main", "body": "Fixes #1"}
    ok(forge.person("will").post(f"{REPO}/pulls", json=body))
    ok(forge.person("will").put(f"{REPO}/pulls/2/merge", json={}))
    assert ok(forge.person("octo").get(f"{REPO}/issues/1"))["state"] == "closed"
    assert [one["name"] for one in ok(forge.person("octo").get(f"{REPO}/branches"))] == ["main"]


def test_update_branch_merges_the_base_by_the_caller(forge: World) -> None:
    head = pull(forge)["head"]["sha"]
    will, path = forge.person("will"), f"{ONE}/update-branch"
    assert "There are no new commits on the base branch." in error(will.put(path, json={}))
    base = advance(forge, "main", {"y": "1\n"})
    assert "expected head sha" in error(will.put(path, json={"expected_head_sha": base}))
    assert will.put(path, json={"expected_head_sha": head}).status_code == 202
    record = ok(will.get(f"{REPO}/commits/{tip(forge, 'bead/1')}"))
    assert [one["sha"] for one in record["parents"]] == [head, base]
    assert record["author"]["login"] == "will"
    assert got(forge)["head"]["sha"] == record["sha"]


def test_update_branch_refuses_a_conflict(forge: World) -> None:
    branch(forge, "bead/1", {"README.md": "mine\n"})
    ok(forge.person("will").post(f"{REPO}/pulls", json={"title": "x", "head": "bead/1", "base": "main"}))
    advance(forge, "main", {"README.md": "theirs\n"})
    assert "merge conflict" in error(forge.person("will").put(f"{ONE}/update-branch", json={}))


def test_a_deleted_branch_closes_its_pull_request_and_a_pushed_merge_marks_it_merged(forge: World) -> None:
    pull(forge, "bead/1")
    head = pull(forge, "bead/2")["head"]["sha"]
    octo = forge.person("octo")
    ok(octo.delete(f"{REPO}/git/refs/heads/bead/1"))
    assert (got(forge)["state"], got(forge)["merged"]) == ("closed", False)
    assert octo.patch(ONE, json={"state": "open"}).status_code == 422
    sha = commit(forge, [tip(forge), head], {"bead-2.txt": "one\n"})
    ok(octo.patch(f"{REPO}/git/refs/heads/main", json={"sha": sha}))
    assert (got(forge, 2)["state"], got(forge, 2)["merged"]) == ("closed", True)


def test_a_closed_pull_request_is_reopened_at_its_branchs_present_tip(forge: World) -> None:
    pull(forge)
    ok(forge.person("will").patch(ONE, json={"state": "closed", "title": "Better"}))
    new = advance(forge, "bead/1", {"x": "1\n"})
    assert got(forge)["head"]["sha"] != new
    opened = ok(forge.person("will").patch(ONE, json={"state": "open"}))
    assert (opened["state"], opened["title"], opened["head"]["sha"]) == ("open", "Better", new)


def test_the_author_cannot_approve_their_own_pull_request(forge: World) -> None:
    pull(forge, by="will")
    assert "Can not approve your own pull request" in error(review(forge, "will", event="APPROVE"))
    blame = review(forge, "will", event="REQUEST_CHANGES", body="no")
    assert "Can not request changes on your own pull request" in error(blame)
    assert review(forge, "will", event="COMMENT", body="done").status_code == 200
    assert [one["state"] for one in ok(forge.person("rita").get(f"{ONE}/reviews"))] == ["COMMENTED"]


def test_a_line_that_is_not_in_the_diff_refuses_the_whole_review(forge: World) -> None:
    pull(forge)
    comments = [
        {"path": "bead-1.txt", "line": 2, "side": "RIGHT", "body": "why?"},
        {"path": "bead-1.txt", "line": 99, "side": "RIGHT", "body": "what?"},
    ]
    refused = review(forge, "maya", event="COMMENT", comments=comments)
    assert "pull_request_review_thread.line must be part of the diff" in error(refused)
    assert ok(forge.person("rita").get(f"{ONE}/comments")) == []
    assert ok(forge.person("rita").get(f"{ONE}/reviews")) == []
    assert review(forge, "maya", event="COMMENT", comments=comments[:1]).status_code == 200
    found = ok(forge.person("rita").get(f"{ONE}/comments"))
    assert [(one["path"], one["line"], one["body"]) for one in found] == [("bead-1.txt", 2, "why?")]
    assert found[0]["diff_hunk"].endswith("+two")


def test_a_thread_is_answered_resolved_and_outdated_by_a_push_that_changes_its_line(forge: World) -> None:
    head = pull(forge)["head"]["sha"]
    body = {"body": "why?", "commit_id": head, "path": "bead-1.txt", "line": 2}
    first = ok(forge.person("maya").post(f"{ONE}/comments", json=body))
    answered = ok(forge.person("will").post(f"{ONE}/comments/{first['id']}/replies", json={"body": "so"}))
    assert answered["in_reply_to_id"] == first["id"]
    advance(forge, "bead/1", {"bead-1.txt": "zero\none\ntwo\nthree\n"})
    assert (thread_of(forge).line, thread_of(forge).outdated) == (3, False)
    advance(forge, "bead/1", {"bead-1.txt": "zero\none\n2\nthree\n"})
    assert (thread_of(forge).line, thread_of(forge).outdated) == (None, True)
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    forge.forge.on(lambda state: reviews.resolve_thread(state, forge.people["maya"], thread_of(forge)))
    assert thread_of(forge).resolved
    assert [(one.event, one.action) for one in heard] == [("pull_request_review_thread", "resolved")]
    assert [one["id"] for one in ok(forge.person("rita").get(f"{ONE}/comments"))] == [
        first["id"],
        answered["id"],
    ]


def test_a_pending_review_is_its_authors_secret_until_submitted(forge: World) -> None:
    pull(forge)
    comments = [{"path": "bead-1.txt", "line": 1, "body": "hm"}]
    begun = ok(review(forge, "maya", comments=comments))
    assert begun["state"] == "PENDING"
    assert review(forge, "maya").status_code == 422
    for login, seen in (("maya", 1), ("rita", 0)):
        assert len(ok(forge.person(login).get(f"{ONE}/reviews"))) == seen
        assert len(ok(forge.person(login).get(f"{ONE}/comments"))) == seen
    path = f"{ONE}/reviews/{begun['id']}"
    body = {"event": "REQUEST_CHANGES", "body": "please"}
    assert ok(forge.person("maya").post(f"{path}/events", json=body))["state"] == "CHANGES_REQUESTED"
    assert len(ok(forge.person("rita").get(f"{path}/comments"))) == 1
    gone = ok(forge.person("octo").put(f"{path}/dismissals", json={"message": "settled"}))
    assert gone["state"] == "DISMISSED"


def test_reviewers_are_asked_until_they_answer(forge: World) -> None:
    pull(forge, by="will")
    path = f"{ONE}/requested_reviewers"
    octo = forge.person("octo")
    for login in ("will", "stan"):
        assert octo.post(path, json={"reviewers": [login]}).status_code == 422
    ok(octo.post(path, json={"reviewers": ["maya", "rita"]}))
    ok(octo.request("DELETE", path, json={"reviewers": ["rita"]}))
    assert [one["login"] for one in ok(octo.get(path))["users"]] == ["maya"]
    ok(review(forge, "maya", event="APPROVE"))
    assert ok(octo.get(path))["users"] == []


def test_an_issue_is_no_pull_request(forge: World) -> None:
    ok(forge.person("octo").post(f"{REPO}/issues", json={"title": "A bead"}))
    assert forge.person("octo").get(ONE).status_code == 404
    assert forge.person("octo").put(f"{ONE}/merge", json={}).status_code == 404


def test_what_happens_to_a_pull_request_is_told(forge: World) -> None:
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    pull(forge)
    advance(forge, "bead/1", {"x": "1\n"})
    ok(review(forge, "maya", event="APPROVE"))
    ok(forge.person("maya").put(f"{ONE}/merge", json={}))
    told = [(one.event, one.action) for one in heard if one.event.startswith("pull_request")]
    assert told == [
        ("pull_request", "opened"),
        ("pull_request", "synchronize"),
        ("pull_request_review", "submitted"),
        ("pull_request", "closed"),
    ]
    closed = heard[[one.action for one in heard].index("closed")]
    assert forge.state.get(Pull, closed.about["pull"]).merged
    assert forge.state.get(Issue, closed.about["issue"]).closed_by_id == forge.people["maya"].id
