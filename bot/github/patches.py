"""Whether a head is our own update of a reviewed one, with an identical patch: then the verdict stays true.

GitHub's `update-branch` makes a merge commit with exactly two parents, the head and the base branch's commit.
Its author is who asked, for an App ``ID+SLUG[bot]@users.noreply.github.com``, its committer is GitHub:
https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch
https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots
GraphQL's `viewer` gives an installation's token the bot's id and login.

Those are only names, which anybody who can push may write into a commit. What holds is the patch: what the
head adds to the base commit, as git sees it, every blank included (`git patch-id --verbatim`; `--stable`
alone would not see that a line of Python was indented). So a merge with other content, a push, a force-push,
an amended update or a rebase is another patch or has other parents, and needs a review.

Nothing is carried over where GitHub does not show the whole diff (it answers 406 above 300 files, 20,000
lines or 1 MB), where a file is binary (of which a diff has only an abbreviated name), and where there is no
git of version 2.39 or newer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping

from bot.github.answers import Connection, Oid, Shape
from bot.github.documents import UPDATE
from bot.github.installation import Installation

log = logging.getLogger(__name__)
GITHUB = "noreply@github.com"
DIFF = "application/vnd.github.diff"
MAX_FILES = 300
BINARY = re.compile(rb"^(?:Binary files |GIT binary patch)", re.MULTILINE)
FILE = re.compile(rb"^diff --git ", re.MULTILINE)


class _Viewer(Shape):
    login: str
    database_id: int


class _Person(Shape):
    email: str | None = None


class _Commit(Shape):
    parents: Connection[Oid] = Connection[Oid]()
    author: _Person | None = None
    committer: _Person | None = None


class _Repository(Shape):
    object: _Commit | None = None


class _Reply(Shape):
    viewer: _Viewer
    repository: _Repository | None = None


class Patches:
    """The patches of one repository's pull requests. What was found of two heads is asked once per process.

    Args:
        installation: whose calls these are, and whose updates count.
        repository: ``owner/name``.
    """

    def __init__(self, installation: Installation, repository: str) -> None:
        self._github = installation
        self._repository = repository
        owner, _, name = repository.partition("/")
        self._where: Mapping[str, object] = {"owner": owner, "name": name}
        self._same: dict[tuple[str, str], bool] = {}

    async def same(self, reviewed: str, head: str, on_base: Callable[[str], Awaitable[bool]]) -> bool:
        """Whether `head` is our own update of `reviewed` with an identical patch.

        Costs one request, and three more when it is our update. `on_base` tells whether a commit is in the
        base branch's history. Raises GitHubError, Limited.
        """
        if (reviewed, head) not in self._same:
            self._same[reviewed, head] = await self._look(reviewed, head, on_base)
        return self._same[reviewed, head]

    async def _look(self, reviewed: str, head: str, on_base: Callable[[str], Awaitable[bool]]) -> bool:
        reply = await self._github.query(UPDATE, _Reply, {**self._where, "oid": head}, may_miss=True)
        commit = reply.repository.object if reply.repository else None
        if commit is None or len(commit.parents.nodes) != 2 or commit.parents.nodes[0].oid != reviewed:
            return False
        us = f"{reply.viewer.database_id}+{reply.viewer.login}@users.noreply.github.com"
        people = (commit.author, commit.committer)
        if [person.email if person else None for person in people] != [us, GITHUB]:
            return False
        base = commit.parents.nodes[1].oid
        if not await on_base(base):
            return False
        before = await self._patch_id(base, reviewed)
        return before is not None and before == await self._patch_id(base, head)

    async def _patch_id(self, base: str, head: str) -> bytes | None:
        """What the head adds to where it left the base; None when that cannot be told."""
        path = f"/repos/{self._repository}/compare/{base}...{head}"
        answer = await self._github.get(path, accept=DIFF)
        if not answer.ok or BINARY.search(answer.body) or len(FILE.findall(answer.body)) >= MAX_FILES:
            return None
        return await patch_id(answer.body)


async def patch_id(diff: bytes) -> bytes | None:
    """git's id of a diff, blanks included; None for an empty one and without a git that can tell."""
    try:
        # `git patch-id` reads no repository; "/" is a folder that is none.
        git = await asyncio.create_subprocess_exec(
            "git",
            "patch-id",
            "--verbatim",
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_NOSYSTEM": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        log.warning("git cannot be run, so no verdict is carried over an update: %s", error)
        return None
    out, err = await git.communicate(diff)
    if git.returncode != 0:
        said = err.decode(errors="replace").strip()
        log.warning("git patch-id --verbatim failed, which git has from 2.39 on: %s", said)
        return None
    # One id for one diff: more would be a message with commits in it.
    return out.split()[0] if out.count(b"\n") == 1 else None
