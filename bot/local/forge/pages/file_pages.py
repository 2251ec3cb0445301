"""Files and folders of a branch, tag or commit, and editing a file by a commit on its branch."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from starlette.responses import Response

from bot.local.forge import git
from bot.local.forge.git_objects import Entry, GitDir
from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages import parts
from bot.local.forge.pages.rendering import in_path
from bot.local.forge.pages.visit import Visit, page

MAX_SHOWN = 1024**2


@dataclass(frozen=True, slots=True)
class Found:
    """A place in the repository: `ref` as it was named, the commit behind it, and what is at `path`."""

    ref: str
    commit: str
    path: str
    entry: Entry | None
    is_branch: bool


RAW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@page("/{owner}/{repo}/tree/{place:path}")
def show_folder(visit: Visit) -> Response:
    """A folder."""
    found = find(visit, visit.params["place"])
    if found.entry is None:
        raise not_found()
    if found.entry.type != "tree":
        return visit.go(f"{visit.home}/blob/{in_path(found.ref)}/{in_path(found.path)}")
    repository = git.open_git(visit.state, visit.repository)
    return visit.show(
        "folder.html.j2",
        found=found,
        entries=_sorted(repository.tree(found.entry.oid)),
        crumbs=crumbs(visit, found),
        may_edit=_may_edit(visit, found),
    )


@page("/{owner}/{repo}/blob/{place:path}")
def show_file(visit: Visit) -> Response:
    """A file: Markdown as such (unless `plain=1`), other text with line numbers; `raw=true`: its bytes."""
    found = find(visit, visit.params["place"])
    if found.entry is None:
        raise not_found()
    if found.entry.type != "blob":
        return visit.go(f"{visit.home}/tree/{in_path(found.ref)}/{in_path(found.path)}")
    if visit.query.get("raw") == "true":
        return visit.go(f"{visit.home}/raw/{in_path(found.ref)}/{in_path(found.path)}")
    content = git.open_git(visit.state, visit.repository).blob(found.entry.oid)
    text = _text(content)
    is_markdown = found.path.lower().endswith((".md", ".markdown"))
    html = None
    if text is not None and is_markdown and visit.query.get("plain") != "1":
        html = parts.markdown(visit, text, breaks=False)
    return visit.show(
        "file.html.j2",
        found=found,
        size=len(content),
        lines=text.splitlines() if text is not None else None,
        html=html,
        is_markdown=is_markdown,
        crumbs=crumbs(visit, found),
        may_edit=text is not None and found.entry.mode != "120000" and _may_edit(visit, found),
    )


@page("/{owner}/{repo}/raw/{place:path}")
def show_raw(visit: Visit) -> Response:
    """A file's bytes, which no browser takes for a page; an SVG is a picture that can do nothing, under the
    policy that raw.githubusercontent.com sends with all it serves."""
    found = find(visit, visit.params["place"])
    if found.entry is None or found.entry.type != "blob":
        raise not_found()
    content = git.open_git(visit.state, visit.repository).blob(found.entry.oid)
    if found.path.lower().endswith(".svg"):
        return Response(content, media_type="image/svg+xml", headers={"Content-Security-Policy": RAW_POLICY})
    kind = "text/plain; charset=utf-8" if _text(content) is not None else "application/octet-stream"
    return Response(content, media_type=kind)


@page("/{owner}/{repo}/edit/{place:path}")
def edit(visit: Visit) -> Response:
    """The form that changes a file of a branch."""
    found = find(visit, visit.params["place"])
    if found.entry is None or found.entry.type != "blob":
        raise not_found()
    text = _text(git.open_git(visit.state, visit.repository).blob(found.entry.oid))
    if text is None:
        raise Refused(422, f"{found.path} is no text; git can change it")
    return _form(visit, found, text)


@page("/{owner}/{repo}/new/{place:path}")
def new(visit: Visit) -> Response:
    """The form that makes a file on a branch."""
    return _form(visit, find(visit, visit.params["place"]), "")


@page("/{owner}/{repo}/edit/{place:path}", "POST")
def commit_change(visit: Visit) -> Response:
    """Commit the changed file to its branch, if nobody has changed it meanwhile."""
    found = find(visit, visit.params["place"])
    if found.entry is None or found.entry.type != "blob":
        raise not_found()
    content = git.open_git(visit.state, visit.repository).blob(found.entry.oid)
    text = visit.text("content").replace("\r\n", "\n")
    if b"\r\n" in content:
        text = text.replace("\n", "\r\n")  # a browser sends all line ends so; a file keeps its own
    return _commit(visit, found, found.path, text, {"sha": visit.text("blob")}, f"Update {found.path}")


@page("/{owner}/{repo}/new/{place:path}", "POST")
def commit_new(visit: Visit) -> Response:
    """Commit a new file to a branch."""
    found = find(visit, visit.params["place"])
    path = "/".join(part for part in (found.path, visit.text("name").strip().strip("/")) if part)
    if path == found.path:
        raise Refused(422, "A file needs a name")
    text = visit.text("content").replace("\r\n", "\n")
    return _commit(visit, found, path, text, {}, f"Create {path}")


def find(visit: Visit, place: str) -> Found:
    """What ``REF/PATH`` names, where both may have slashes: the shortest beginning that is a ref. 404s."""
    repository = git.open_git(visit.state, visit.repository)
    segments = [segment for segment in place.split("/") if segment]
    for length in range(1, len(segments) + 1):
        ref = "/".join(segments[:length])
        commit = repository.resolve(ref)
        if commit is not None:
            path = "/".join(segments[length:])
            return Found(
                ref, commit, path, repository.entry(commit, path), repository.branch(ref) is not None
            )
    raise not_found()


def crumbs(visit: Visit, found: Found) -> list[tuple[str, str]]:
    """The way to a place: each folder's name and address."""
    top = f"{visit.home}/tree/{in_path(found.ref)}"
    way = [(visit.repository.name, top)]
    segments = [segment for segment in found.path.split("/") if segment]
    for depth, name in enumerate(segments, start=1):
        way.append((name, f"{top}/{in_path('/'.join(segments[:depth]))}"))
    return way


def readme_of(repository: GitDir, commit: str) -> tuple[str, str] | None:
    """The name and the text of the README at the top of a commit."""
    for entry in repository.tree(commit):
        if entry.type == "blob" and entry.path.lower() in ("readme.md", "readme", "readme.txt"):
            text = _text(repository.blob(entry.oid))
            return (entry.path, text) if text is not None else None
    return None


def _form(visit: Visit, found: Found, text: str) -> Response:
    if not found.is_branch:
        raise Refused(422, f"{found.ref} is no branch: only a branch can be committed to")
    if not visit.may("repos/create-or-update-file-contents"):
        status = 401 if visit.viewer is None else 403
        raise Refused(status, "Committing needs write access to the repository")
    return visit.show("edit.html.j2", found=found, text=text, crumbs=crumbs(visit, found))


def _commit(
    visit: Visit, found: Found, path: str, text: str, extra: dict[str, str], message: str
) -> Response:
    body = {
        "message": visit.text("message").strip() or message,
        "content": base64.b64encode(text.encode()).decode(),
        "branch": found.ref,
        **extra,
    }
    visit.perform("repos/create-or-update-file-contents", body, path=path)
    return visit.go(f"{visit.home}/blob/{in_path(found.ref)}/{in_path(path)}")


def _may_edit(visit: Visit, found: Found) -> bool:
    return found.is_branch and visit.may("repos/create-or-update-file-contents")


def _text(content: bytes) -> str | None:
    """A file's text; None for one that is none, or too long for a page."""
    if b"\0" in content or len(content) > MAX_SHOWN:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.type != "tree", entry.path))
