"""The pages beyond the first of a look's beads, branches, labels and threads: one request each."""

from __future__ import annotations

from collections.abc import Mapping

from bot.github import documents
from bot.github.answers import (
    BeadNode,
    BranchNode,
    Connection,
    Named,
    PullNode,
    RepositoryNode,
    Shape,
    ThreadNode,
)
from bot.github.errors import GitHubError
from bot.github.installation import Installation


class _Threads(Shape):
    review_threads: Connection[ThreadNode] = Connection[ThreadNode]()


class _ThreadsReply(Shape):
    node: _Threads | None = None


class _Page(Shape):
    issues: Connection[BeadNode] = Connection[BeadNode]()
    branches: Connection[BranchNode] = Connection[BranchNode]()
    labels: Connection[Named] = Connection[Named]()


class _PageReply(Shape):
    repository: _Page | None = None


class Pages:
    """Reads on, in one repository (``owner/name``), where a look's first page ends."""

    def __init__(self, installation: Installation, repository: str) -> None:
        self._github = installation
        self._repository = repository
        owner, _, name = repository.partition("/")
        self._where: Mapping[str, object] = {"owner": owner, "name": name}

    async def all_of(self, node: RepositoryNode, base: str, *, bead: str, older: bool) -> RepositoryNode:
        """`node` with all of its beads (which the label `bead` names), branches (with their distance from the
        branch `base`), labels and threads. `older` as in `Known`. Raises GitHubError, Limited."""
        beads: list[BeadNode] = list(node.issues.nodes)
        page = node.issues.page_info
        while page.has_next_page:
            document = documents.more_beads_document(older=older)
            more = await self._more(document, page.end_cursor, bead=bead)
            beads += more.issues.nodes
            page = more.issues.page_info
        branches: list[BranchNode] = list(node.branches.nodes)
        page = node.branches.page_info
        while page.has_next_page:
            more = await self._more(documents.MORE_BRANCHES, page.end_cursor, base=base)
            branches += more.branches.nodes
            page = more.branches.page_info
        labels: list[Named] = list(node.labels.nodes)
        page = node.labels.page_info
        while page.has_next_page:
            more = await self._more(documents.MORE_LABELS, page.end_cursor)
            labels += more.labels.nodes
            page = more.labels.page_info
        return node.model_copy(
            update={
                "issues": Connection[BeadNode](nodes=beads),
                "branches": Connection[BranchNode](nodes=[await self._with_threads(one) for one in branches]),
                "labels": Connection[Named](nodes=labels),
            }
        )

    async def _more(self, document: str, after: str | None, **variables: str) -> _Page:
        wanted = {**self._where, "after": after, **variables}
        reply = await self._github.query(document, _PageReply, wanted)
        if reply.repository is None:
            raise GitHubError(404, f"{self._repository} is not visible to this installation")
        return reply.repository

    async def _with_threads(self, branch: BranchNode) -> BranchNode:
        pulls = [await self._all_threads(pull) for pull in branch.associated_pull_requests.nodes]
        return branch.model_copy(update={"associated_pull_requests": Connection[PullNode](nodes=pulls)})

    async def _all_threads(self, pull: PullNode) -> PullNode:
        threads = list(pull.review_threads.nodes)
        page = pull.review_threads.page_info
        while page.has_next_page:
            variables = {"pull": pull.id, "after": page.end_cursor}
            reply = await self._github.query(documents.MORE_THREADS, _ThreadsReply, variables)
            if reply.node is None:
                raise GitHubError(404, f"#{pull.number} went away while its threads were read")
            threads += reply.node.review_threads.nodes
            page = reply.node.review_threads.page_info
        return pull.model_copy(update={"review_threads": Connection[ThreadNode](nodes=threads)})
