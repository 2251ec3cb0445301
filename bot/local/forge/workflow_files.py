"""Workflow files as git has them: which a commit holds, what they say, which paths a push changed.

A commit never changes, so what was once found in one is kept.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.local.forge.git_objects import OID
from bot.local.forge.records import Repository
from bot.local.forge.state import State

FOLDER = ".github/workflows"
ZERO = "0" * 40


def resolve(state: State, repository: Repository, revision: str) -> str | None:
    """The commit that a full ref name or SHA stands for, or None."""
    if revision.startswith("-"):
        return None
    found = _git(state.git_dir(repository), "rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
    return found.strip() or None


def paths(state: State, repository: Repository, sha: str) -> list[str]:
    """The workflow files of a commit, by name."""
    listing = _kept(state.git_dir(repository), sha, "ls-tree", "-z", "--name-only", sha, f"{FOLDER}/")
    return sorted(path for path in listing.split("\0") if path.endswith((".yml", ".yaml")))


def read(state: State, repository: Repository, sha: str, path: str) -> str | None:
    """A file's text at a commit, or None."""
    git_dir = state.git_dir(repository)
    if not _kept(git_dir, sha, "ls-tree", "--name-only", sha, path):
        return None
    return _kept(git_dir, sha, "cat-file", "blob", f"{sha}:{path}")


@dataclass(frozen=True, slots=True)
class Head:
    """What a run shows of its commit; `at` is ISO 8601."""

    tree: str
    parents: tuple[str, ...]
    message: str
    at: str
    author: tuple[str, str]
    committer: tuple[str, str]


def head(state: State, repository: Repository, sha: str) -> Head | None:
    """A commit's outline, or None where it is gone."""
    text = _kept(
        state.git_dir(repository),
        sha,
        "log",
        "-1",
        "--format=%T%x00%P%x00%aI%x00%an%x00%ae%x00%cn%x00%ce%x00%B",
        sha,
    )
    if not text:
        return None
    tree, parents, at, author, author_mail, committer, committer_mail, body = text.split("\0", 7)
    return Head(
        tree, tuple(parents.split()), body.strip(), at, (author, author_mail), (committer, committer_mail)
    )


def changed(state: State, repository: Repository, before: str, after: str) -> list[str]:
    """The paths that differ between two commits (from nothing, when `before` is the zero id)."""
    git_dir = state.git_dir(repository)
    if before == ZERO:
        base = _git(git_dir, "merge-base", f"refs/heads/{repository.default_branch}", after).strip()
        if not base or base == after:
            return [
                path for path in _git(git_dir, "ls-tree", "-rz", "--name-only", after).split("\0") if path
            ]
        before = base
    return [path for path in _git(git_dir, "diff", "-z", "--name-only", before, after).split("\0") if path]


def changed_by_branch(state: State, repository: Repository, base: str, head_sha: str) -> list[str]:
    """What a pull request changes: the paths that differ from where its branch left the base."""
    listing = _git(state.git_dir(repository), "diff", "-z", "--name-only", f"{base}...{head_sha}")
    return [path for path in listing.split("\0") if path]


def _kept(git_dir: Path, revision: str, *arguments: str) -> str:
    """What git says about a revision; about a commit that is here, by its full id, it is asked once."""
    if not OID.fullmatch(revision):
        return _git(git_dir, *arguments)
    try:
        return _found(git_dir, *arguments)
    except LookupError:
        return ""


@lru_cache(maxsize=5_000)
def _found(git_dir: Path, *arguments: str) -> str:
    said = _git(git_dir, *arguments)
    if not said:
        raise LookupError(arguments)
    return said


def _git(git_dir: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", str(git_dir), *arguments],
        capture_output=True,
        check=False,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        },
    )
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
