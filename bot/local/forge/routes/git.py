"""The git database: refs, commits, trees, blobs.

https://docs.github.com/en/rest/git
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from bot.local.forge import git, render, render_pull
from bot.local.forge.git_objects import ZERO, Entry, GitError, NewEntry, Signature
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    Refused,
    invalid,
    not_found,
    operation,
    page,
    reads,
    writes,
)

BASE = "/repos/{owner}/{repo}/git"
READ, WRITE = reads("contents"), writes("contents")


class NewRef(Body):
    """`git/create-ref`."""

    ref: str
    sha: str


class ChangedRef(Body):
    """`git/update-ref`."""

    sha: str
    force: bool = False


class Person(Body):
    """Author or committer; `date` is ISO 8601."""

    name: str
    email: str
    date: str | None = None


class NewCommit(Body):
    """`git/create-commit`."""

    message: str
    tree: str
    parents: list[str] = Field(default_factory=list)
    author: Person | None = None
    committer: Person | None = None


class TreeItem(Body):
    """One entry; `sha` null takes the path away."""

    path: str
    mode: Literal["100644", "100755", "040000", "160000", "120000"] = "100644"
    type: Literal["blob", "tree", "commit"] | None = None
    sha: str | None = None
    content: str | None = None


class NewTree(Body):
    """`git/create-tree`."""

    tree: list[TreeItem]
    base_tree: str | None = None


class NewBlob(Body):
    """`git/create-blob`."""

    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"


@operation("git/get-ref", "GET", BASE + "/ref/{ref:path}", READ)
def get_ref(call: Call) -> Answer:
    """One ref, by its whole name."""
    name = f"refs/{call.params['ref']}"
    oid = git.open_git(call.state, call.repo).ref(name)
    if oid is None:
        raise not_found()
    return Answer(200, _ref(call, name, oid))


@operation("git/list-matching-refs", "GET", BASE + "/matching-refs/{ref:path}", READ)
def matching_refs(call: Call) -> Answer:
    """Refs whose names begin so; none, an empty list."""
    call.only()
    found = git.open_git(call.state, call.repo).refs(f"refs/{call.params['ref']}")
    return page(call, [_ref(call, name, oid) for name, oid in found.items()])


@operation("git/create-ref", "POST", BASE + "/refs", WRITE)
def create_ref(call: Call) -> Answer:
    """Make a ref. 422 when it exists."""
    new = call.read(NewRef)
    if not new.ref.startswith("refs/") or new.ref.count("/") < 2:
        raise invalid("Reference name must start with 'refs' and have at least two slashes.")
    update = (new.ref, ZERO, new.sha, False)
    git.move_refs(call.state, call.repo, call.me, [update], token=call.caller.token)
    shape = _ref(call, new.ref, new.sha)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("git/update-ref", "PATCH", BASE + "/refs/{ref:path}", WRITE)
def update_ref(call: Call) -> Answer:
    """Move a ref that there is; without `force` only forward."""
    new, name = call.read(ChangedRef), f"refs/{call.params['ref']}"
    before = git.open_git(call.state, call.repo).ref(name)
    if before is None:
        raise invalid("Reference does not exist")
    git.move_refs(
        call.state, call.repo, call.me, [(name, before, new.sha, new.force)], token=call.caller.token
    )
    return Answer(200, _ref(call, name, new.sha))


@operation("git/delete-ref", "DELETE", BASE + "/refs/{ref:path}", WRITE)
def delete_ref(call: Call) -> Answer:
    """Take a ref away."""
    update = (f"refs/{call.params['ref']}", None, ZERO, True)
    git.move_refs(call.state, call.repo, call.me, [update], token=call.caller.token)
    return Answer(204)


@operation("git/create-commit", "POST", BASE + "/commits", WRITE)
def create_commit(call: Call) -> Answer:
    """Write a commit object; the same content is the same commit."""
    new, repo = call.read(NewCommit), git.open_git(call.state, call.repo)
    if repo.kind(new.tree) != "tree":
        raise invalid("Tree SHA does not exist")
    if any(repo.kind(parent) != "commit" for parent in new.parents):
        raise invalid("Parent SHA does not exist or is not a commit object")
    author = _signature(call, new.author, git.signature_of(call.me, call.state.now()))
    committer = _signature(call, new.committer, author)
    oid = repo.make_commit(new.tree, new.parents, new.message, author, committer)
    shape = render_pull.git_commit(call.state, call.base_url, call.repo, repo.commit(oid))
    return Answer(201, shape, {"Location": shape["url"]})


@operation("git/get-commit", "GET", BASE + "/commits/{commit_sha}", READ)
def get_commit(call: Call) -> Answer:
    """A commit object."""
    repo, oid = git.open_git(call.state, call.repo), call.params["commit_sha"]
    if repo.kind(oid) != "commit":
        raise not_found()
    return Answer(200, render_pull.git_commit(call.state, call.base_url, call.repo, repo.commit(oid)))


@operation("git/create-tree", "POST", BASE + "/trees", WRITE)
def create_tree(call: Call) -> Answer:
    """Write a tree from entries, on top of `base_tree`."""
    new, repo = call.read(NewTree), git.open_git(call.state, call.repo)
    if new.base_tree is not None and repo.kind(new.base_tree) not in ("tree", "commit"):
        raise invalid("base_tree is not a valid tree oid")
    entries = []
    for item in new.tree:
        if "sha" in item.model_fields_set and item.content is not None:
            raise invalid("Only one of sha or content may be provided")
        oid = item.sha if item.content is None else repo.make_blob(item.content.encode())
        if oid is None and "sha" not in item.model_fields_set:
            raise invalid("Either sha or content must be provided")
        if oid is not None and item.mode != "160000" and repo.kind(oid) is None:
            raise invalid(f"tree.sha {oid} is not a valid {item.type or 'blob'}")
        entries.append(NewEntry(item.path, item.mode, oid))
    try:
        oid = repo.make_tree(new.base_tree, entries)
    except GitError as wrong:
        raise invalid(f"tree.path contains a malformed path component: {wrong}") from None
    shape = _tree(call, oid, repo.tree(oid))
    return Answer(201, shape, {"Location": shape["url"]})


@operation("git/get-tree", "GET", BASE + "/trees/{tree_sha:path}", READ)
def get_tree(call: Call) -> Answer:
    """A tree, by its id or that of a commit, or by a branch's name."""
    call.only("recursive")
    repo, name = git.open_git(call.state, call.repo), call.params["tree_sha"]
    oid = name if repo.kind(name) == "tree" else None
    if oid is None:
        commit = repo.resolve(name)
        if commit is None:
            raise not_found()
        oid = repo.commit(commit).tree
    return Answer(200, _tree(call, oid, repo.tree(oid, recursive="recursive" in call.query)))


@operation("git/create-blob", "POST", BASE + "/blobs", WRITE)
def create_blob(call: Call) -> Answer:
    """Write a blob."""
    new = call.read(NewBlob)
    try:
        content = new.content.encode() if new.encoding == "utf-8" else base64.b64decode(new.content)
    except binascii.Error:
        raise invalid("content is not valid Base64") from None
    oid = git.open_git(call.state, call.repo).make_blob(content)
    url = f"{_home(call)}/git/blobs/{oid}"
    return Answer(201, {"sha": oid, "url": url}, {"Location": url})


@operation("git/get-blob", "GET", BASE + "/blobs/{file_sha}", READ)
def get_blob(call: Call) -> Answer:
    """A blob, in Base64, as GitHub always gives it."""
    repo, oid = git.open_git(call.state, call.repo), call.params["file_sha"]
    if repo.kind(oid) != "blob":
        raise not_found()
    content = repo.blob(oid)
    return Answer(
        200,
        {
            "sha": oid,
            "node_id": git.object_node_id("Blob", call.repo, oid),
            "size": len(content),
            "url": f"{_home(call)}/git/blobs/{oid}",
            "content": base64.encodebytes(content).decode(),
            "encoding": "base64",
        },
    )


def _home(call: Call) -> str:
    return render.repository_api_url(call.state, call.base_url, call.repo)


def _ref(call: Call, name: str, oid: str) -> dict[str, Any]:
    kind = git.open_git(call.state, call.repo).kind(oid) or "commit"
    return {
        "ref": name,
        "node_id": git.object_node_id("Ref", call.repo, name),
        "url": f"{_home(call)}/git/{name}",
        "object": {"type": kind, "sha": oid, "url": f"{_home(call)}/git/{kind}s/{oid}"},
    }


def _tree(call: Call, oid: str, entries: list[Entry]) -> dict[str, Any]:
    shapes = []
    for entry in entries:
        shape = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.oid}
        if entry.type != "commit":
            shape["url"] = f"{_home(call)}/git/{entry.type}s/{entry.oid}"
        shapes.append(shape | ({"size": entry.size} if entry.size is not None else {}))
    return {"sha": oid, "url": f"{_home(call)}/git/trees/{oid}", "tree": shapes, "truncated": False}


def _signature(call: Call, person: Person | None, default: Signature) -> Signature:
    if person is None:
        return default
    at = call.state.now()
    if person.date is not None:
        try:
            at = datetime.fromisoformat(person.date)
        except ValueError:
            raise Refused(422, f"{person.date} is not a valid date-time") from None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Signature(person.name, person.email, at)
