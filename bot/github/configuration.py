"""What the policy's file says now, and, where that is wrong, which commit broke it and what held before.

As a rule this costs no request: the file comes with the look. Only for a file that is at fault, or was until
now, its versions are asked for, once for each content of the file.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bot.beads.policy import Policy
from bot.beads.policy_file import PolicyError, PolicyFault, load_policy
from bot.github.answers import Connection, PolicyBlob, Shape
from bot.github.documents import POLICY_HISTORY
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation

log = logging.getLogger(__name__)
UNREADABLE = PolicyFault(1, 1, "the file is no text, or too long")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The policy in force. With `faults` it is that of the file's last good version, as far as one can be
    found: what labels are called and who may do what must not change because of a slip.

    `commit` is the one that last changed the file, where it was asked for.
    """

    policy: Policy
    faults: tuple[PolicyFault, ...] = ()
    commit: str | None = None


class _Entry(Shape):
    object: PolicyBlob | None = None


class _Version(Shape):
    oid: str
    file: _Entry | None = None


class _Commit(Shape):
    history: Connection[_Version] = Connection[_Version]()


class _Branch(Shape):
    target: _Commit | None = None


class _Repository(Shape):
    default_branch_ref: _Branch | None = None


class _Reply(Shape):
    repository: _Repository | None = None


class ConfigurationReader:
    """Reads one repository's configuration."""

    def __init__(self, installation: Installation, where: Mapping[str, object]) -> None:
        self._github = installation
        self._where = where
        self._asked: str | None = None
        self._versions: list[_Version] = []
        self._last = Policy()

    async def read(self, blob: PolicyBlob | None, *, was_broken: bool) -> Configuration:
        """The configuration; `was_broken` tells that a fault was shown before. Raises Limited."""
        policy, faults = read_policy(blob)
        if not faults:
            self._last = policy
            if not was_broken:
                return Configuration(policy)
        await self._ask(blob.oid if blob is not None else "")
        commit = self._versions[0].oid if self._versions else None
        if faults:
            policy = self._last_good()
        return Configuration(policy, faults, commit)

    async def _ask(self, content: str) -> None:
        if content == self._asked:
            return
        try:
            reply = await self._github.query(POLICY_HISTORY, _Reply, self._where)
        except Limited:
            raise
        except GitHubError as error:  # a long history can take GitHub too long; the next look asks again
            log.warning("the versions of the policy's file cannot be read: %s", error)
            return
        branch = reply.repository.default_branch_ref if reply.repository else None
        self._versions = branch.target.history.nodes if branch and branch.target else []
        self._asked = content

    def _last_good(self) -> Policy:
        for version in self._versions:
            policy, faults = read_policy(version.file.object if version.file is not None else None)
            if not faults:
                return policy
        return self._last


def read_policy(blob: PolicyBlob | None) -> tuple[Policy, tuple[PolicyFault, ...]]:
    """The policy that a file says, or its faults and the defaults; None means that there is no file."""
    if blob is None:
        return Policy(), ()
    if blob.text is None or blob.is_truncated:
        return Policy(), (UNREADABLE,)
    try:
        return load_policy(blob.text), ()
    except PolicyError as error:
        return Policy(), error.faults
