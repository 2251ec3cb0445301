"""What a commit holds below `openspec/`, as texts by path."""

from __future__ import annotations

from bot.beads.openspec import ARCHIVE, ROOT
from bot.coordinator.job_port import JobFault
from bot.jobs.git import Git
from bot.jobs.tree_checks import PLAIN

LIMIT = 5_000_000
"""Bytes that are read in all."""


def openspec_tree(git: Git, commit: str) -> dict[str, str]:
    """The texts below `openspec/`; what is archived is there without its text, for its names alone.

    Raises JobFault when it is more than can be checked.
    """
    listed = git.output("ls-tree", "-r", "-z", "-l", commit, "--", ROOT).decode("utf-8", errors="replace")
    found: dict[str, str] = {}
    size = 0
    for entry in filter(None, listed.split("\0")):
        meta, _, path = entry.partition("\t")
        mode, _, blob, length = meta.split()
        if mode not in PLAIN or ".." in path.split("/"):
            continue
        if path.startswith(ARCHIVE):
            found[path] = ""
            continue
        size += int(length)
        if size > LIMIT:
            raise JobFault(f"`{ROOT}` holds more than {LIMIT} bytes beside what is archived")
        found[path] = git.output("cat-file", "blob", blob).decode("utf-8", errors="replace")
    return found
