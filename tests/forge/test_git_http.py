"""The real git client against the forge: who may fetch, who may push, and what they are told."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.local.forge import auth, world
from bot.local.forge.records import Account, Repository
from bot.local.forge.state import Signal, State
from tests.forge.branches import REPO, branch, ok, pull, tip
from tests.forge.conftest import World

SCRATCH = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,
    "GIT_AUTHOR_NAME": "will",
    "GIT_AUTHOR_EMAIL": "will@example.org",
    "GIT_COMMITTER_NAME": "will",
    "GIT_COMMITTER_EMAIL": "will@example.org",
}


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**SCRATCH, "PATH": os.environ["PATH"]}
    return subprocess.run(
        ["git", *args], cwd=cwd, env=env, text=True, capture_output=True, check=False, timeout=60
    )


def address(forge: World, token: str | None, name: str = "octo/sample") -> str:
    host = forge.base_url.removeprefix("http://")
    return f"http://x-access-token:{token}@{host}/{name}.git" if token else f"http://{host}/{name}.git"


def checkout(forge: World, folder: Path, token: str | None = None) -> Path:
    done = run("clone", "--quiet", address(forge, token or forge.tokens["octo"]), str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def change(folder: Path, path: str = "new.txt", text: str = "new\n") -> str:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    run("add", "-A", cwd=folder)
    assert run("commit", "-qm", f"Write {path}", cwd=folder).returncode == 0
    return run("rev-parse", "HEAD", cwd=folder).stdout.strip()


def installation_token(forge: World, **permissions: str) -> str:
    return forge.forge.on(lambda state: world.installation_token(state, forge.installation, **permissions))


def test_a_public_repository_is_cloned_without_a_token(forge: World, tmp_path: Path) -> None:
    assert run("clone", address(forge, None), str(tmp_path / "c")).returncode == 0
    assert run("rev-parse", "HEAD", cwd=tmp_path / "c").stdout.strip() == tip(forge)


def test_a_push_with_a_writers_token_moves_the_branch_and_is_told(forge: World, tmp_path: Path) -> None:
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    folder = checkout(forge, tmp_path / "c", forge.tokens["will"])
    sha = change(folder)
    done = run("push", "origin", "HEAD:main", "HEAD:refs/heads/bead/7", "HEAD:refs/odd/x", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert tip(forge) == tip(forge, "bead/7") == sha
    assert sorted((one.event, one.extra["ref"]) for one in heard) == [
        ("create", "refs/heads/bead/7"),
        ("push", "refs/heads/bead/7"),
        ("push", "refs/heads/main"),
    ]
    assert {one.sender_id for one in heard} == {forge.people["will"].id}


def test_a_large_push_in_chunks_arrives_whole(forge: World, tmp_path: Path) -> None:
    folder = checkout(forge, tmp_path / "c")
    (folder / "big").write_bytes(os.urandom(3_000_000))
    sha = change(folder)
    done = run("-c", "http.postBuffer=65536", "push", "origin", "HEAD:main", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert tip(forge) == sha


def test_an_unknown_token_is_turned_away(forge: World, tmp_path: Path) -> None:
    folder = checkout(forge, tmp_path / "c")
    change(folder)
    before = tip(forge)
    done = run("push", address(forge, "ghp_wrong"), "HEAD:main", cwd=folder)
    assert "Authentication failed" in done.stderr
    assert tip(forge) == before
    answer = httpx.get(f"{address(forge, None)}/info/refs?service=git-receive-pack", trust_env=False)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="GitHub"')


def test_an_expired_token_is_turned_away(forge: World, tmp_path: Path) -> None:
    def expired(state: State) -> str:
        ended = state.now() - timedelta(seconds=1)
        bot = state.get(Account, forge.app.bot_id)
        permissions = {"contents": "write"}
        return auth.issue_token(state, "installation", bot, permissions=permissions, expires_at=ended).value

    folder, before = checkout(forge, tmp_path / "c"), tip(forge)
    change(folder)
    done = run("push", address(forge, forge.forge.on(expired)), "HEAD:main", cwd=folder)
    assert "Authentication failed" in done.stderr
    assert tip(forge) == before


@pytest.mark.parametrize("login", ["rita", "stan"])
def test_who_only_reads_cannot_push(forge: World, tmp_path: Path, login: str) -> None:
    folder = checkout(forge, tmp_path / "c", forge.tokens[login])
    change(folder)
    before = tip(forge)
    done = run("push", "origin", "HEAD:main", cwd=folder)
    assert "403" in done.stderr
    assert f"denied to {login}" in done.stderr
    assert tip(forge) == before


def test_a_token_narrowed_to_reading_clones_and_does_not_push(forge: World, tmp_path: Path) -> None:
    folder, before = checkout(forge, tmp_path / "c", installation_token(forge, contents="read")), tip(forge)
    change(folder)
    assert "403" in run("push", "origin", "HEAD:main", cwd=folder).stderr
    assert tip(forge) == before


def test_a_private_repository_hides_from_strangers(forge: World, tmp_path: Path) -> None:
    forge.forge.on(lambda state: world.create_repository(state, forge.people["octo"], "secret", private=True))
    stranger = run("clone", address(forge, forge.tokens["stan"], "octo/secret"), str(tmp_path / "a"))
    assert "not found" in stranger.stderr
    nobody = run("clone", address(forge, None, "octo/secret"), str(tmp_path / "b"))
    assert "could not read Username" in nobody.stderr
    narrow = installation_token(forge, contents="read")
    other = run("clone", address(forge, narrow, "octo/secret"), str(tmp_path / "c"))
    assert "not found" in other.stderr
    assert forge.person("stan").get("/repos/octo/secret").status_code == 404


def test_workflow_files_need_their_own_permission_ref_by_ref(forge: World, tmp_path: Path) -> None:
    token = installation_token(forge, contents="write")
    folder = checkout(forge, tmp_path / "c", token)
    plain = change(folder)
    run("branch", "plain", cwd=folder)
    change(folder, ".github/workflows/ci.yml", "on: push\n")
    done = run("push", "origin", "plain:refs/heads/plain", "HEAD:refs/heads/sly", cwd=folder)
    assert done.returncode != 0
    assert (
        "create or update workflow `.github/workflows/ci.yml` without `workflows` permission" in done.stderr
    )
    assert tip(forge, "plain") == plain
    assert forge.person("octo").get(f"{REPO}/git/ref/heads/sly").status_code == 404
    allowed = installation_token(forge, contents="write", workflows="write")
    assert run("push", address(forge, allowed), "HEAD:refs/heads/open", cwd=folder).returncode == 0


def test_pull_requests_have_refs_that_can_be_fetched_and_not_pushed(forge: World, tmp_path: Path) -> None:
    made = pull(forge)
    folder = checkout(forge, tmp_path / "c")
    fetched = run("fetch", "origin", "refs/pull/1/head", "refs/pull/1/merge", cwd=folder)
    assert fetched.returncode == 0, fetched.stderr
    parents = run("rev-parse", "refs/pull/1/head", cwd=folder), run("ls-remote", "origin", cwd=folder)
    assert f"{made['head']['sha']}\trefs/pull/1/head" in parents[1].stdout
    assert f"{made['merge_commit_sha']}\trefs/pull/1/merge" in parents[1].stdout
    refused = run("push", "--force", "origin", "HEAD:refs/pull/1/head", cwd=folder)
    assert "deny updating a hidden ref" in refused.stderr


def test_an_atomic_push_with_a_refused_ref_moves_nothing(forge: World, tmp_path: Path) -> None:
    folder = checkout(forge, tmp_path / "c", installation_token(forge, contents="write"))
    run("branch", "plain", cwd=folder)
    change(folder, ".github/workflows/ci.yml", "on: push\n")
    done = run("push", "--atomic", "origin", "plain:refs/heads/plain", "HEAD:refs/heads/sly", cwd=folder)
    assert done.returncode != 0
    assert [one["name"] for one in ok(forge.person("octo").get(f"{REPO}/branches"))] == ["main"]


def test_a_branch_pushed_to_a_pull_request_synchronizes_it(forge: World, tmp_path: Path) -> None:
    pull(forge, "bead/1")
    folder = checkout(forge, tmp_path / "c")
    run("checkout", "-q", "bead/1", cwd=folder)
    sha = change(folder, "more.txt")
    assert run("push", "origin", "bead/1", cwd=folder).returncode == 0
    assert ok(forge.person("octo").get(f"{REPO}/pulls/1"))["head"]["sha"] == sha


def test_an_archived_repository_takes_no_push(forge: World, tmp_path: Path) -> None:
    folder = checkout(forge, tmp_path / "c")
    change(folder)

    def archive(state: State) -> None:
        repository = state.get(Repository, forge.repository.id)
        repository.archived = True
        state.put(repository)

    forge.forge.on(archive)
    before = tip(forge)
    assert "archived so it is read-only" in run("push", "origin", "HEAD:main", cwd=folder).stderr
    assert tip(forge) == before


def test_a_shallow_and_a_partial_clone_work(forge: World, tmp_path: Path) -> None:
    branch(forge, "x", {"x": "1\n"})
    url = address(forge, forge.tokens["octo"])
    assert run("clone", "--depth=1", "-b", "x", url, str(tmp_path / "a")).returncode == 0
    assert run("clone", "--filter=blob:none", "-b", "x", url, str(tmp_path / "b")).returncode == 0
    assert (tmp_path / "b" / "x").read_text() == "1\n"
