"""The open beads of a repository, as the jobs that plan list them, with what each waits for.

`blockedBy` is not in the published schema; a GitHub that does not know it is asked without (`documents.py`).
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.coordinator.job_port import ListedBead
from bot.github.runner_shapes import Named, Shape

PAGE = 100
PAGES = 20
"""How many are read, the latest changed first. The coordinator knows them all, and judges a plan by them."""

UNKNOWN = "doesn't exist on type 'Issue'"
"""What GitHub says of a field that it does not know."""

BLOCKERS = "blockedBy(first: 50) { nodes { number state repository { id } } }"


def beads_document(*, older: bool = False) -> str:
    """One page of open beads; `older` for a GitHub that knows no dependencies of issues."""
    return f"""
query OpenBeads($owner: String!, $name: String!, $label: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    id
    issues(
      labels: [$label], states: [OPEN], first: {PAGE}, after: $after,
      orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        number title body createdAt
        labels(first: 100) {{ nodes {{ name }} }}
        parent {{ number repository {{ id }} }}
        {"" if older else BLOCKERS}
      }}
    }}
  }}
}}
"""


class _Home(Shape):
    id: str


class _Parent(Shape):
    number: int
    repository: _Home


class _Blocker(Shape):
    number: int
    state: str
    repository: _Home


class _Labels(Shape):
    nodes: list[Named]


class _Blockers(Shape):
    nodes: tuple[_Blocker | None, ...] = ()


class _Bead(Shape):
    number: int
    title: str
    body: str
    created_at: datetime = Field(alias="createdAt")
    labels: _Labels
    parent: _Parent | None = None
    blocked_by: _Blockers = Field(default=_Blockers(), alias="blockedBy")


class _Page(Shape):
    has_next: bool = Field(alias="hasNextPage")
    end: str | None = Field(alias="endCursor")


class _Beads(Shape):
    page: _Page = Field(alias="pageInfo")
    nodes: list[_Bead]


class _Repository(Shape):
    id: str
    issues: _Beads


class BeadsAnswer(Shape):
    """The data of a page."""

    repository: _Repository | None = None

    @property
    def next(self) -> str | None:
        """Where the next page begins; None where there is none."""
        page = self.repository.issues.page if self.repository is not None else None
        return page.end if page is not None and page.has_next else None

    def beads(self) -> list[ListedBead]:
        """The beads of this page."""
        if self.repository is None:
            return []
        return [_listed(one, self.repository.id) for one in self.repository.issues.nodes]


def _listed(bead: _Bead, home: str) -> ListedBead:
    near = [one for one in bead.blocked_by.nodes if one is not None and one.repository.id == home]
    parent = bead.parent if bead.parent is not None and bead.parent.repository.id == home else None
    return ListedBead(
        number=bead.number,
        title=bead.title,
        body=bead.body,
        created_at=bead.created_at,
        labels=tuple(label.name for label in bead.labels.nodes),
        parent=parent.number if parent is not None else None,
        blocked_by=frozenset(one.number for one in near if one.state == "OPEN"),
    )
