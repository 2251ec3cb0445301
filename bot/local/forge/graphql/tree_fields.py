"""What a commit holds: trees, blobs; and annotated tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bot.local.forge.git_objects import Entry, GitDir
from bot.local.forge.graphql.ask import GitThing, Info
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.records import Repository

MAX_TEXT = 512_000  # bytes; of a longer blob only so much is given


@lru_cache(maxsize=200)
def blob_of(git: GitDir, oid: str) -> bytes:
    """A blob's bytes."""
    return git.blob(oid)


# -- trees and blobs --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TreeEntry:
    """An entry with the folder that it is in."""

    repository: Repository
    entry: Entry


@field("Tree.entries")
def entries(source: GitThing, info: Info) -> list[TreeEntry]:
    """What the folder holds."""
    listed = info.context.git(source.repository).tree(source.oid)
    return [TreeEntry(source.repository, entry) for entry in listed]


@field("Commit.file")
def file(source: GitThing, info: Info, path: str) -> TreeEntry | None:
    """What the commit holds at a path."""
    found = info.context.git(source.repository).entry(source.oid, path)
    return TreeEntry(source.repository, found) if found else None


plain("TreeEntry", repository="repository", path="entry.path", type="entry.type", oid="entry.oid")


@field("TreeEntry.name")
def entry_name(source: TreeEntry, _info: Info) -> str:
    """The last part of its path."""
    return source.entry.path.rpartition("/")[2]


@field("TreeEntry.mode")
def entry_mode(source: TreeEntry, _info: Info) -> int:
    """The mode's octal digits as a number: 33188 for 100644."""
    return int(source.entry.mode, 8)


@field("TreeEntry.size")
def entry_size(source: TreeEntry, _info: Info) -> int:
    """A blob's bytes; 0 of anything else."""
    return source.entry.size or 0


@field("TreeEntry.extension")
def extension(source: TreeEntry, _info: Info) -> str:
    """With its dot, or empty."""
    _, dot, after = entry_name(source, _info).rpartition(".")
    return dot + after if dot else ""


@field("TreeEntry.object")
def entry_object(source: TreeEntry, _info: Info) -> GitThing | None:
    """The object; null for a submodule's commit, which is elsewhere."""
    if source.entry.type == "commit":
        return None
    return GitThing(source.repository, source.entry.type, source.entry.oid)


def _bytes(source: GitThing, info: Info) -> bytes:
    return blob_of(info.context.git(source.repository), source.oid)


@field("Blob.byteSize")
def byte_size(source: GitThing, info: Info) -> int:
    """How long it is."""
    return len(_bytes(source, info))


@field("Blob.isBinary")
def is_binary(source: GitThing, info: Info) -> bool:
    """Whether it has a zero byte near its beginning, which is git's way to tell."""
    return b"\0" in _bytes(source, info)[:8000]


@field("Blob.isTruncated")
def is_truncated(source: GitThing, info: Info) -> bool:
    """Whether `text` is only its beginning."""
    return len(_bytes(source, info)) > MAX_TEXT


@field("Blob.text")
def text(source: GitThing, info: Info) -> str | None:
    """Its text; null of a binary."""
    if is_binary(source, info):
        return None
    return _bytes(source, info)[:MAX_TEXT].decode(errors="replace")


# -- tags -------------------------------------------------------------------------------------------------
@lru_cache(maxsize=1_000)
def _tag(git: GitDir, oid: str) -> tuple[dict[str, str], str]:
    header, _, said = git.run("cat-file", "tag", oid).decode(errors="replace").partition("\n\n")
    return dict(line.split(" ", 1) for line in header.split("\n")), said


@field("Tag.name")
def tag_name(source: GitThing, info: Info) -> str:
    """What the tag calls itself."""
    return _tag(info.context.git(source.repository), source.oid)[0]["tag"]


@field("Tag.message")
def tag_message(source: GitThing, info: Info) -> str:
    """What it says."""
    return _tag(info.context.git(source.repository), source.oid)[1].rstrip("\n")


@field("Tag.target")
def tag_target(source: GitThing, info: Info) -> GitThing:
    """What it names."""
    facts = _tag(info.context.git(source.repository), source.oid)[0]
    return GitThing(source.repository, facts["type"], facts["object"])


constant("Tag", tagger=None)
