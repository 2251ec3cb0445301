"""The issues with the label `bead`, open and closed, as REST lists them, for import and export.

REST and a person's token, where the coordinator has GraphQL and the App's: GitHub's GraphQL has no
dependencies of issues (`blockedBy` is not in its published schema), and a listing says of each how many there
are. https://docs.github.com/en/rest/issues/issues#list-repository-issues
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, Field, TypeAdapter

from bot.beads.bd.writing import BeadIssue
from bot.beads.labels import DEFAULT, LabelNames
from bot.beads.policy import POLICY_PATH, Policy
from bot.beads.policy_file import PolicyError, load_policy

PAGE = 100
Row = TypeVar("Row")


class ReadRefused(Exception):
    """GitHub would not let the issues be read; the message says why."""


class _Label(BaseModel):
    name: str


class _Dependencies(BaseModel):
    total_blocked_by: int = 0


class _Blocker(BaseModel):
    number: int
    repository_url: str
    html_url: str


class ListedIssue(BaseModel):
    """One issue or pull request of the listing."""

    id: int
    number: int
    title: str
    body: str | None
    labels: list[_Label]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    state_reason: str | None = None
    comments: int
    url: str
    repository_url: str
    parent_issue_url: str | None = None
    pull_request: dict[str, object] | None = None
    dependencies: _Dependencies = Field(default_factory=_Dependencies, alias="issue_dependencies_summary")

    @property
    def text(self) -> str:
        """Its body, which GitHub says is null when it is empty."""
        return self.body or ""


def read_spelling(api: httpx.Client, repository: str) -> LabelNames:
    """How ``owner/name`` spells the labels: the policy on its default branch says it. Raises ReadRefused."""
    return read_policy(api, repository).spelling


def read_policy(api: httpx.Client, repository: str) -> Policy:
    """The policy on the default branch of ``owner/name``. Raises ReadRefused."""
    raw = {"Accept": "application/vnd.github.raw+json"}
    answer = api.get(f"/repos/{repository}/contents/{POLICY_PATH}", headers=raw)
    if answer.is_error and answer.status_code != 404:
        raise ReadRefused(f"{POLICY_PATH} cannot be read: {refusal(answer)}")
    try:
        return load_policy(None if answer.is_error else answer.text)
    except PolicyError as error:
        raise ReadRefused(f"how the labels are spelled cannot be read: {error}") from error


def list_beads(api: httpx.Client, repository: str, spelling: LabelNames = DEFAULT) -> list[ListedIssue]:
    """Every issue of ``owner/name`` with the label, by number; a bead's pull request is none.

    Raises ReadRefused.
    """
    query = {"labels": spelling.bead, "state": "all", "sort": "created", "direction": "asc"}
    rows = _pages(api, f"/repos/{repository}/issues", TypeAdapter(list[ListedIssue]), query)
    return [row for row in rows if row.pull_request is None]


def read_beads(api: httpx.Client, repository: str, spelling: LabelNames = DEFAULT) -> list[BeadIssue]:
    """The same with what each waits for; one more request for each that GitHub knows a blocker of.

    Raises ReadRefused.
    """
    return [_bead(api, repository, row) for row in list_beads(api, repository, spelling)]


def _bead(api: httpx.Client, repository: str, row: ListedIssue) -> BeadIssue:
    blockers: list[_Blocker] = []
    if row.dependencies.total_blocked_by:
        path = f"/repos/{repository}/issues/{row.number}/dependencies/blocked_by"
        blockers = list(_pages(api, path, TypeAdapter(list[_Blocker]), {}))
    near = [blocker for blocker in blockers if blocker.repository_url == row.repository_url]
    parent = re.fullmatch(re.escape(row.repository_url) + r"/issues/(\d+)", row.parent_issue_url or "")
    return BeadIssue(
        number=row.number,
        title=row.title,
        body=row.text,
        labels=tuple(label.name for label in row.labels),
        created_at=row.created_at,
        updated_at=row.updated_at,
        closed_at=row.closed_at,
        reason=row.state_reason if row.closed_at is not None else None,
        parent=int(parent[1]) if parent is not None else None,
        blockers=tuple(blocker.number for blocker in near),
        elsewhere=(
            *(blocker.html_url for blocker in blockers if blocker not in near),
            *([row.parent_issue_url] if row.parent_issue_url and parent is None else []),
        ),
        comments=row.comments,
    )


def _pages(
    api: httpx.Client, path: str, shape: TypeAdapter[list[Row]], query: dict[str, str]
) -> Iterator[Row]:
    page = 1
    while True:
        answer = api.get(path, params={**query, "per_page": str(PAGE), "page": str(page)})
        if answer.is_error:
            raise ReadRefused(f"GET {path} was refused: {refusal(answer)}")
        rows = shape.validate_json(answer.content)
        yield from rows
        if len(rows) < PAGE:
            return
        page += 1


def refusal(answer: httpx.Response) -> str:
    """A refusal in GitHub's words."""
    try:
        return f"{answer.status_code} {answer.json().get('message', '')}"
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"
