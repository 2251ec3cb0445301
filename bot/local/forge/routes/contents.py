"""Files by path: read, write, delete. https://docs.github.com/en/rest/repos/contents"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Literal
from urllib.parse import quote

from bot.local.forge import git, media, render, render_pull
from bot.local.forge.git_objects import ZERO, Entry, GitDir, NewEntry, Signature
from bot.local.forge.http import Answer, Body, Call, Refused, invalid, not_found, operation, reads, writes

README = re.compile(r"readme(\.\w+)?", re.IGNORECASE)
PATH = "/repos/{owner}/{repo}/contents/{path:path}"


class Person(Body):
    """Author or committer."""

    name: str
    email: str


class NewFile(Body):
    """`repos/create-or-update-file-contents`; `content` is Base64, `sha` the blob that is replaced."""

    message: str
    content: str
    sha: str | None = None
    branch: str | None = None
    author: Person | None = None
    committer: Person | None = None


class NoFile(Body):
    """`repos/delete-file`."""

    message: str
    sha: str
    branch: str | None = None
    author: Person | None = None
    committer: Person | None = None


@operation("repos/get-content", "GET", PATH, reads("contents"))
def get_content(call: Call) -> Answer:
    """A file (its bytes when asked for `raw`) or a folder."""
    return _content(call, call.params["path"].strip("/"))


@operation("repos/get-readme", "GET", "/repos/{owner}/{repo}/readme", reads("contents"))
def get_readme(call: Call) -> Answer:
    """The README at the top of the tree, if there is one."""
    repo = git.open_git(call.state, call.repo)
    commit = repo.resolve(call.query.get("ref") or call.repo.default_branch)
    names = [one.path for one in repo.tree(commit) if one.type == "blob"] if commit else []
    found = next((name for name in names if README.fullmatch(name)), None)
    if found is None:
        raise not_found()
    return _content(call, found)


@operation("repos/create-or-update-file-contents", "PUT", PATH, writes("contents"))
def put_file(call: Call) -> Answer:
    """Write a file by a commit of its own."""
    new = call.read(NewFile)
    try:
        content = base64.b64decode(new.content)
    except binascii.Error:
        raise invalid("content is not valid Base64") from None
    return _write(call, new, content)


@operation("repos/delete-file", "DELETE", PATH, writes("contents"))
def delete_file(call: Call) -> Answer:
    """Delete a file by a commit of its own."""
    return _write(call, call.read(NoFile), None)


def _write(call: Call, new: NewFile | NoFile, content: bytes | None) -> Answer:
    repo, path = git.open_git(call.state, call.repo), call.params["path"]
    branch = new.branch or call.repo.default_branch
    tip = repo.branch(branch)
    # A repository without a commit gets its first one so.
    if tip is None and (branch != call.repo.default_branch or repo.refs("refs/")):
        raise Refused(404, f"Branch {branch} not found")
    known = repo.entry(tip, path) if tip else None
    if known is None and content is None:
        raise not_found()
    if known is not None and new.sha is None:
        raise invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
    if new.sha is not None and (known is None or known.oid != new.sha):
        raise Refused(409, f"{path} does not match {new.sha}")
    mode = known.mode if known is not None else "100644"
    blob = repo.make_blob(content) if content is not None else None
    tree = repo.make_tree(tip, [NewEntry(path, mode, blob)])
    now = call.state.now()
    mine = git.signature_of(call.me, now)
    author = Signature(new.author.name, new.author.email, now) if new.author else mine
    committer = Signature(new.committer.name, new.committer.email, now) if new.committer else author
    oid = repo.make_commit(tree, [tip] if tip else [], new.message, author, committer)
    update = (f"refs/heads/{branch}", tip or ZERO, oid, False)
    try:
        git.move_refs(call.state, call.repo, call.me, [update], token=call.caller.token)
    except Refused as refused:
        raise Refused(409 if refused.status == 422 else refused.status, refused.message) from None
    commit = render_pull.git_commit(call.state, call.base_url, call.repo, repo.commit(oid))
    there = repo.entry(oid, path) if blob is not None else None
    shape = _item(call, there, path, branch) if there is not None else None
    return Answer(200 if known is not None else 201, {"content": shape, "commit": commit})


def _content(call: Call, path: str) -> Answer:
    call.only("ref")
    repo = git.open_git(call.state, call.repo)
    ref = call.query.get("ref") or call.repo.default_branch
    commit = repo.resolve(ref)
    if commit is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    found = repo.entry(commit, path)
    if found is None:
        raise not_found()
    kind = media.wanted(call)
    if found.type == "tree":
        if kind == "object":
            raise Refused(501, "The object media type of a folder is not implemented by this forge")
        prefix = f"{path}/" if path else ""
        return Answer(200, [_item(call, one, prefix + one.path, ref) for one in repo.tree(found.oid)])
    if kind == "raw":
        return media.as_text("raw", "") if found.type != "blob" else _raw(repo.blob(found.oid))
    return Answer(200, _item(call, found, path, ref) | _body(call, repo, found))


def _raw(content: bytes) -> Answer:
    return Answer(200, content, content_type="application/vnd.github.raw+json; charset=utf-8")


def _body(call: Call, repo: GitDir, entry: Entry) -> dict[str, Any]:
    if entry.type == "commit":
        raise Refused(501, f"A submodule, {call.params['path']}, is not implemented by this forge")
    content = repo.blob(entry.oid)
    if entry.mode == "120000":
        return {"target": content.decode(errors="replace")}
    return {"encoding": "base64", "content": base64.encodebytes(content).decode()}


def _item(call: Call, entry: Entry, path: str, ref: str) -> dict[str, Any]:
    home = render.repository_api_url(call.state, call.base_url, call.repo)
    html = render.repository_html_url(call.state, call.base_url, call.repo)
    kinds: dict[str, Literal["dir", "submodule", "file"]] = {"tree": "dir", "commit": "submodule"}
    kind = "symlink" if entry.mode == "120000" else kinds.get(entry.type, "file")
    url = f"{home}/contents/{quote(path)}?ref={quote(ref)}"
    objects = f"{home}/git/{entry.type}s/{entry.oid}"
    page = f"{html}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref)}/{quote(path)}"
    return {
        "type": kind,
        "size": entry.size or 0,
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.oid,
        "url": url,
        "git_url": objects,
        "html_url": page,
        "download_url": f"{html}/raw/{quote(ref)}/{quote(path)}" if kind == "file" else None,
        "_links": {"self": url, "git": objects, "html": page},
    }
