"""Refs, commits, trees, files and comparisons over REST."""

from __future__ import annotations

import base64

import pytest

from bot.local.forge import git
from bot.local.forge.git_objects import ZERO
from bot.local.forge.http import Refused
from bot.local.forge.state import Signal, State
from tests.forge.branches import REPO, advance, branch, commit, ok, tip
from tests.forge.conftest import World


def test_a_ref_that_is_there_is_not_made_again(forge: World) -> None:
    body = {"ref": "refs/beadwright/claims", "sha": tip(forge)}
    octo = forge.person("octo")
    assert octo.post(f"{REPO}/git/refs", json=body).status_code == 201
    again = octo.post(f"{REPO}/git/refs", json=body)
    assert (again.status_code, again.json()["message"]) == (422, "Reference already exists")
    assert ok(octo.get(f"{REPO}/git/ref/beadwright/claims"))["object"]["sha"] == tip(forge)


@pytest.mark.parametrize("name", ["main", "refs/main", "heads/x", "refs/heads/a..b", "refs/heads/ b"])
def test_a_name_that_is_no_ref_name_is_refused(forge: World, name: str) -> None:
    answer = forge.person("octo").post(f"{REPO}/git/refs", json={"ref": name, "sha": tip(forge)})
    assert answer.status_code == 422


def test_of_two_children_of_one_commit_only_the_first_moves_a_ref_forward(forge: World) -> None:
    octo, start = forge.person("octo"), tip(forge)
    ok(octo.post(f"{REPO}/git/refs", json={"ref": "refs/beadwright/claims", "sha": start}))
    mine, other = (commit(forge, [start], {"who": who}) for who in ("me", "them"))
    path = f"{REPO}/git/refs/beadwright/claims"
    assert octo.patch(path, json={"sha": mine, "force": False}).status_code == 200
    late = octo.patch(path, json={"sha": other, "force": False})
    assert (late.status_code, late.json()["message"]) == (422, "Update is not a fast forward")
    assert ok(octo.get(f"{REPO}/git/ref/beadwright/claims"))["object"]["sha"] == mine
    assert octo.patch(path, json={"sha": other, "force": True}).status_code == 200


def test_a_ref_that_is_gone_can_be_neither_moved_nor_deleted(forge: World) -> None:
    branch(forge, "x", {"x": "x"})
    octo = forge.person("octo")
    assert octo.delete(f"{REPO}/git/refs/heads/x").status_code == 204
    for answer in (
        octo.delete(f"{REPO}/git/refs/heads/x"),
        octo.patch(f"{REPO}/git/refs/heads/x", json={"sha": tip(forge)}),
    ):
        assert (answer.status_code, answer.json()["message"]) == (422, "Reference does not exist")
    assert octo.get(f"{REPO}/git/ref/heads/x").status_code == 404
    assert octo.delete(f"{REPO}/git/refs/heads/main").json()["message"] == "Cannot delete the default branch"
    assert octo.get(f"{REPO}/git/ref/heads/main").status_code == 200


def test_refs_are_found_by_the_beginning_of_their_names(forge: World) -> None:
    for name in ("bead/1", "bead/12", "other"):
        branch(forge, name, {"x": name})
    found = ok(forge.person("rita").get(f"{REPO}/git/matching-refs/heads/bead/1"))
    assert [one["ref"] for one in found] == ["refs/heads/bead/1", "refs/heads/bead/12"]


def test_the_same_commit_has_the_same_id_and_its_dates_are_as_sent(forge: World) -> None:
    octo, start = forge.person("octo"), tip(forge)
    tree = ok(octo.get(f"{REPO}/git/commits/{start}"))["tree"]["sha"]
    who = {"name": "Ada", "email": "ada@example.org", "date": "2026-01-02T03:04:05Z"}
    body = {"message": "Claim\n\n{}", "tree": tree, "parents": [start], "author": who, "committer": who}
    first, second = (ok(octo.post(f"{REPO}/git/commits", json=body)) for _ in range(2))
    assert first["sha"] == second["sha"]
    assert first["author"] == who
    other = ok(octo.post(f"{REPO}/git/commits", json={**body, "message": "Claim\n\n{ }"}))
    assert other["sha"] != first["sha"]


def test_a_tree_is_changed_by_entries_on_top_of_another(forge: World) -> None:
    sha = commit(forge, [tip(forge)], {"src/add.py": None, "docs/deep/new.md": "hello\n"})
    listed = ok(forge.person("octo").get(f"{REPO}/git/trees/{sha}", params={"recursive": "1"}))
    files = [entry["path"] for entry in listed["tree"] if entry["type"] == "blob"]
    assert files == ["README.md", "docs/deep/new.md"]


def test_refs_move_all_together_or_not_at_all(forge: World) -> None:
    start = tip(forge)
    bead = branch(forge, "bead/1", {"x": "1"})
    after = commit(forge, [bead], {"x": "2"})

    def move(state: State, claimed: str) -> None:
        updates = [
            ("refs/heads/bead/1", bead, after, False),
            ("refs/beadwright/claims", claimed, start, False),
        ]
        git.move_refs(state, forge.repository, forge.people["octo"], updates)

    with pytest.raises(Refused, match="but expected"):
        forge.forge.on(lambda state: move(state, bead))
    assert tip(forge, "bead/1") == bead
    forge.forge.on(lambda state: move(state, ZERO))
    assert tip(forge, "bead/1") == after


def test_making_moving_and_deleting_a_branch_is_told(forge: World) -> None:
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    branch(forge, "x", {"x": "1"})
    advance(forge, "x", {"x": "2"})
    ok(forge.person("octo").delete(f"{REPO}/git/refs/heads/x"))
    ok(forge.person("octo").post(f"{REPO}/git/refs", json={"ref": "refs/odd/x", "sha": tip(forge)}))
    assert [one.event for one in heard] == ["push", "create", "push", "push", "delete"]


def test_a_file_is_read_as_json_and_raw_and_written_by_a_commit(forge: World) -> None:
    octo, path = forge.person("octo"), f"{REPO}/contents/docs/note.md"
    body = {"message": "Note", "content": base64.b64encode(b"one\n").decode()}
    made = octo.put(path, json=body)
    assert made.status_code == 201
    assert octo.put(path, json=body).status_code == 422  # the blob that it replaces is not named
    assert octo.put(path, json={**body, "sha": "0" * 40}).status_code == 409
    content = base64.b64encode(b"two\n").decode()
    sha = made.json()["content"]["sha"]
    assert octo.put(path, json={"message": "Better", "content": content, "sha": sha}).status_code == 200
    raw = octo.get(path, headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.text == "two\n"
    assert base64.b64decode(ok(octo.get(path))["content"]) == b"two\n"
    assert [one["path"] for one in ok(octo.get(f"{REPO}/contents/docs"))] == ["docs/note.md"]
    now = ok(octo.get(path))["sha"]
    ok(octo.request("DELETE", path, json={"message": "Away", "sha": now}))
    assert octo.get(path).status_code == 404


def test_a_comparison_counts_from_where_two_branches_parted(forge: World) -> None:
    head = branch(forge, "bead/1", {"a": "1\n"})
    start = tip(forge)
    rita = forge.person("rita")
    ahead = ok(rita.get(f"{REPO}/compare/main...bead/1"))
    assert (ahead["status"], ahead["ahead_by"], ahead["behind_by"]) == ("ahead", 1, 0)
    assert ahead["merge_base_commit"]["sha"] == start
    assert [one["filename"] for one in ahead["files"]] == ["a"]
    advance(forge, "main", {"b": "2\n"})
    words = {
        pair: ok(rita.get(f"{REPO}/compare/{pair}"))["status"]
        for pair in ("main...bead/1", f"main...{start}", "main...main", f"{head}...octo:bead/1")
    }
    assert list(words.values()) == ["diverged", "behind", "identical", "identical"]
    diff = rita.get(f"{REPO}/compare/main...bead/1", headers={"Accept": "application/vnd.github.diff"})
    assert "+1\n" in diff.text
    assert "b/b" not in diff.text


def test_branches_and_commits_can_be_read(forge: World) -> None:
    sha = branch(forge, "bead/1", {"a": "1\n"})
    rita = forge.person("rita")
    assert [one["name"] for one in ok(rita.get(f"{REPO}/branches"))] == ["bead/1", "main"]
    assert ok(rita.get(f"{REPO}/branches/bead/1"))["commit"]["sha"] == sha
    assert rita.get(f"{REPO}/branches/none").status_code == 404
    listed = ok(rita.get(f"{REPO}/commits", params={"sha": "bead/1"}))
    assert [one["sha"] for one in listed] == [sha, tip(forge)]
    assert ok(rita.get(f"{REPO}/commits/bead/1"))["stats"]["additions"] == 1
    text = rita.get(f"{REPO}/commits/{sha}", headers={"Accept": "application/vnd.github.sha"}).text
    assert text == sha


def test_a_branch_is_merged_into_another_once(forge: World) -> None:
    sha = branch(forge, "x", {"x": "1\n"})
    octo = forge.person("octo")
    made = octo.post(f"{REPO}/merges", json={"base": "main", "head": "x"})
    assert made.status_code == 201
    assert sha in [parent["sha"] for parent in made.json()["parents"]]
    assert octo.post(f"{REPO}/merges", json={"base": "main", "head": "x"}).status_code == 204
    branch(forge, "y", {"README.md": "mine\n"})
    advance(forge, "main", {"README.md": "theirs\n"})
    assert octo.post(f"{REPO}/merges", json={"base": "main", "head": "y"}).status_code == 409
