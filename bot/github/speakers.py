"""Who speaks in a repository, and what they may do: everybody on whose word something rests.

As a rule this costs nothing but the permission of people who were not asked about lately. Who spoke in which
review thread is asked only where not everybody counts who speaks in that pull request: with the next look, so
one request more when such a thread turns up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import Field

from bot.beads.authority import Permission
from bot.beads.policy import Policy
from bot.coordinator.claims import Claims
from bot.coordinator.voices import Voices
from bot.github import documents
from bot.github.actors import login_of
from bot.github.answers import PullNode, RepositoryNode, Shape, SpokenNode
from bot.github.installation import Installation
from bot.github.permissions import Permissions
from bot.github.pulls import reviewers
from bot.github.release_facts import resting_on


class Threads(Shape):
    """Threads that were asked for by their id; None for one that is gone."""

    threads: list[SpokenNode | None] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heard:
    """What people may do, and who spoke in the doubtful threads."""

    authority: Mapping[str, Permission]
    spoken: Mapping[str, tuple[str, ...]]


class Speakers:
    """Finds out who speaks in one repository. `doubtful` are the threads that the next look asks for."""

    def __init__(self, installation: Installation, permissions: Permissions) -> None:
        self._github = installation
        self._permissions = permissions
        self.doubtful: list[str] = []

    async def hear(
        self, node: RepositoryNode, own: str, told: Threads, claims: Claims, policy: Policy
    ) -> Heard:
        """Everybody on whose word something rests.

        Args:
            node: the look.
            own: our App's bot.
            told: the doubtful threads that were asked for with it.
            claims: the claims in it.
            policy: the policy in force.
        """
        logins = resting_on(node.issues.nodes, claims, policy.spelling)
        logins = logins.union(*(reviewers(pull) for pull in open_nodes(node)))
        authority = await self._permissions.of(logins, policy.bots, own)
        wanted = _doubtful(node, Voices(authority, policy, own))
        spoken = _spoken(told)
        missing = [thread for thread in wanted if thread not in spoken]
        for first in range(0, len(missing), documents.PAGE):
            asked = {"threads": missing[first : first + documents.PAGE]}
            spoken |= _spoken(await self._github.query(documents.SPOKEN, Threads, asked, may_miss=True))
        self.doubtful = wanted[: documents.PAGE]
        heard = {thread: spoken.get(thread, ()) for thread in wanted}
        voices = {login for logins in heard.values() for login in logins}
        return Heard(authority | await self._permissions.of(voices, policy.bots, own), heard)


def open_nodes(node: RepositoryNode) -> list[PullNode]:
    """The open pull requests of beads in a look."""
    return [pull for branch in node.branches.nodes for pull in branch.associated_pull_requests.nodes]


def _doubtful(node: RepositoryNode, voices: Voices) -> list[str]:
    """The unresolved threads of pull requests in which not everybody who speaks is known to count."""
    return [
        thread.id
        for pull in open_nodes(node)
        if pull.reviews is None
        or not pull.reviews.nodes
        or pull.reviews.page_info.has_previous_page
        or not all(login == voices.own or voices.counts(login) for login in reviewers(pull))
        for thread in pull.review_threads.nodes
        if not thread.is_resolved
    ]


def _spoken(told: Threads) -> dict[str, tuple[str, ...]]:
    """Who spoke in each thread, in their order."""
    found: Iterable[SpokenNode] = (thread for thread in told.threads if thread is not None and thread.id)
    return {
        thread.id: tuple(dict.fromkeys(login_of(one.author) for one in thread.comments.nodes))
        for thread in found
    }
