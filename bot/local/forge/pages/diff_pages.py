"""Diffs: the files of a pull request with the threads in them, and a commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from starlette.responses import Response

from bot.local.forge import git
from bot.local.forge.diffs import DiffLine, Side, diff_lines
from bot.local.forge.git_objects import EMPTY_TREE, FileChange
from bot.local.forge.http import not_found
from bot.local.forge.pages import parts
from bot.local.forge.pages.pull_frame import changes_of, frame
from bot.local.forge.pages.timeline import Conversation, conversations
from bot.local.forge.pages.visit import Visit, page

MAX_LINES = 3000


@dataclass(frozen=True, slots=True)
class Place:
    """A line that can be commented on."""

    path: str
    line: int
    side: Side


@dataclass(slots=True)
class Row:
    """One row of a diff: a hunk's header, or a line with its numbers."""

    kind: Literal["hunk", "add", "del", "same", "note"]
    text: str
    old: int | None = None
    new: int | None = None
    place: Place | None = None
    threads: list[Conversation] = field(default_factory=list)
    form: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file's rows; `outdated`: threads whose line is no more; `cut`: there are more rows than are shown."""

    change: FileChange
    anchor: str
    rows: list[Row]
    outdated: list[Conversation]
    cut: bool


@page("/{owner}/{repo}/pull/{number}/files")
def show_files(visit: Visit) -> Response:
    """What a pull request changes; `path`, `line` and `side` in the query open the form at a line."""
    pull = visit.pull()
    threads = conversations(visit, pull)
    asked = _asked(visit)
    files = [_file(change, number, threads, asked) for number, change in enumerate(changes_of(visit, pull))]
    return visit.show(
        "pull_files.html.j2",
        files=files,
        may_comment=visit.may("pulls/create-review-comment"),
        open_threads=[one for one in threads if not one.thread.resolved],
        **frame(visit, pull, "files"),
    )


@page("/{owner}/{repo}/commit/{sha}")
def show_commit(visit: Visit) -> Response:
    """A commit, by its id: what it says and what it changes."""
    repository = git.open_git(visit.state, visit.repository)
    sha = repository.resolve(visit.params["sha"])
    if sha is None:
        raise not_found()
    commit = repository.commit(sha)
    changes = repository.changes(commit.parents[0] if commit.parents else EMPTY_TREE, sha)
    author = git.account_of(visit.state, commit.author)
    title, _, rest = commit.message.partition("\n")
    return visit.show(
        "commit.html.j2",
        commit=commit,
        title=title,
        rest=rest.strip(),
        author=parts.person(author) if author is not None else commit.author.name,
        files=[_file(change, number, [], None) for number, change in enumerate(changes)],
    )


def _asked(visit: Visit) -> Place | None:
    line, side = visit.query.get("line", ""), visit.query.get("side", "RIGHT")
    if not (line.isascii() and line.isdigit() and len(line) < 9) or side not in ("LEFT", "RIGHT"):
        return None
    return Place(visit.query.get("path", ""), int(line), "LEFT" if side == "LEFT" else "RIGHT")


def _file(change: FileChange, number: int, threads: list[Conversation], asked: Place | None) -> File:
    here = [one for one in threads if one.thread.path == change.path]
    lines = {shown.row: shown for shown in diff_lines(change.patch)}
    texts = (change.patch or "").split("\n") if change.patch else []
    rows = [_row(change.path, text, lines.get(at)) for at, text in enumerate(texts[:MAX_LINES])]
    placed: set[int] = set()
    for row in rows:
        if row.place is None:
            continue
        row.form = row.place == asked
        for one in here:
            thread = one.thread
            line = row.old if thread.side == "LEFT" else row.new
            if not thread.outdated and thread.line is not None and thread.line == line:
                row.threads.append(one)
                placed.add(thread.id)
    outdated = [one for one in here if one.thread.id not in placed]
    return File(change, f"file-{number}", rows, outdated, len(texts) > MAX_LINES)


def _row(path: str, text: str, line: DiffLine | None) -> Row:
    if line is None:
        return Row("hunk" if text.startswith("@@") else "note", text)
    place = Place(path, line.old or 0, "LEFT") if line.new is None else Place(path, line.new, "RIGHT")
    kind: Literal["add", "del", "same"] = "add" if line.old is None else "del" if line.new is None else "same"
    return Row(kind, text[1:], line.old, line.new, place)
