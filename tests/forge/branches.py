"""Making branches and pull requests over REST, as the tests of the git half need them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.forge.conftest import World

REPO = "/repos/octo/sample"


def ok(answer: httpx.Response) -> Any:
    """The body of an answer that must be good."""
    assert answer.status_code < 300, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def tip(forge: World, branch: str = "main") -> str:
    """The commit at a branch's tip."""
    found = ok(forge.person("octo").get(f"{REPO}/git/ref/heads/{branch}"))
    return str(found["object"]["sha"])


def commit(forge: World, parents: list[str], files: dict[str, str | None], message: str = "Change") -> str:
    """A commit with these files changed (None: taken away) on top of its first parent."""
    octo = forge.person("octo")
    entries = [
        {"path": path, "mode": "100644", "type": "blob"}
        | ({"content": text} if text is not None else {"sha": None})
        for path, text in files.items()
    ]
    base = ok(octo.get(f"{REPO}/git/commits/{parents[0]}"))["tree"]["sha"]
    tree = ok(octo.post(f"{REPO}/git/trees", json={"base_tree": base, "tree": entries}))["sha"]
    wanted = {"message": message, "tree": tree, "parents": parents}
    return str(ok(octo.post(f"{REPO}/git/commits", json=wanted))["sha"])


def branch(forge: World, name: str, files: dict[str, str | None], *, start: str | None = None) -> str:
    """A branch with one commit more than `start` (main's tip); gives that commit."""
    sha = commit(forge, [start or tip(forge)], files, f"Work on {name}")
    ok(forge.person("octo").post(f"{REPO}/git/refs", json={"ref": f"refs/heads/{name}", "sha": sha}))
    return sha


def advance(forge: World, name: str, files: dict[str, str | None]) -> str:
    """One commit more on a branch; gives it."""
    sha = commit(forge, [tip(forge, name)], files, f"More on {name}")
    ok(forge.person("octo").patch(f"{REPO}/git/refs/heads/{name}", json={"sha": sha}))
    return sha


def pull(forge: World, name: str = "bead/1", *, by: str = "will", **more: Any) -> dict[str, Any]:
    """An open pull request from a new branch (one new file) to main."""
    branch(forge, name, {f"{name.replace('/', '-')}.txt": "one\ntwo\nthree\n"})
    wanted = {"title": f"Do {name}", "head": name, "base": "main", **more}
    made: dict[str, Any] = ok(forge.person(by).post(f"{REPO}/pulls", json=wanted))
    return made
