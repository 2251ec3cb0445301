"""Carry out an import: create issues, their edges and their parents, so that a second run goes on.

Every issue carries the marker of what it came from. Before anything is created, the markers that are there
are read, so an import that stopped half-way is finished by running it again, and nothing is made twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from bot.beads.bd import Loss, PlannedIssue
from bot.beads.markers import read_marker

LABELS = 100  # GitHub holds no more on an issue


class ImportStopped(Exception):
    """GitHub refused a step; the message says which, and that a second run goes on from there."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What is there now: the issue's number for every id, how many are new, what GitHub would not hold."""

    numbers: dict[str, int]
    created: int
    losses: tuple[Loss, ...]


def import_issues(
    api: httpx.Client,
    repository: str,
    issues: Sequence[PlannedIssue],
    *,
    pause: float = 1.0,
    told: Callable[[PlannedIssue, int], None] | None = None,
) -> Imported:
    """Create what is planned.

    Args:
        api: a client of GitHub's REST with a person's token; its base URL is the API's root.
        repository: ``owner/name``.
        issues: blockers and parents first.
        pause: seconds between writes; GitHub asks for one (0 on a forge of one's own).
        told: is told each issue and its number.

    Raises ImportStopped.
    """
    steps = _Steps(api, repository, pause)
    known = steps.existing()
    newest = max((number for number, _ in known.values()), default=0)
    numbers: dict[str, int] = {}
    ids: dict[str, int] = {}
    closed = {issue.id for issue in issues if issue.closed}
    losses: list[Loss] = []
    created = 0
    for issue in issues:
        half_done = False
        if issue.id in known:
            numbers[issue.id], ids[issue.id] = known[issue.id]
            # Issues are made one after another, so only the newest can lack its parent or its end.
            half_done = numbers[issue.id] == newest
            if not half_done:
                continue
        else:
            open_blockers = [numbers[key] for key in issue.blocked_by if key not in closed]
            labels = [*issue.labels, *(f"blocked-by:#{number}" for number in open_blockers)]
            for label in labels[LABELS:]:
                losses.append(Loss(issue.line, issue.id, f"label `{label}` is past the {LABELS}th, left out"))
            body: dict[str, object] = {"title": issue.title, "body": issue.body, "labels": labels[:LABELS]}
            answer = steps.write("POST", "/issues", body, issue)
            numbers[issue.id], ids[issue.id] = answer["number"], answer["id"]
            created += 1
        if issue.parent is not None:
            refused = steps.adopt(numbers[issue.parent], ids[issue.id], issue)
            if refused and not half_done:
                losses.append(Loss(issue.line, issue.id, f"its parent {issue.parent} is left out: {refused}"))
        if issue.closed:
            change: dict[str, object] = {"state": "closed", "state_reason": "completed"}
            steps.write("PATCH", f"/issues/{numbers[issue.id]}", change, issue)
        if told is not None:
            told(issue, numbers[issue.id])
    return Imported(numbers, created, tuple(losses))


class _Steps:
    def __init__(self, api: httpx.Client, repository: str, pause: float) -> None:
        self._api = api
        self._root = f"/repos/{repository}"
        self._pause = pause

    def existing(self) -> dict[str, tuple[int, int]]:
        """Number and database id of every issue that an earlier import made."""
        found: dict[str, tuple[int, int]] = {}
        page = 1
        while True:
            query = {"labels": "bead", "state": "all", "per_page": "100", "page": str(page)}
            response = self._api.get(f"{self._root}/issues", params=query)
            if response.is_error:
                raise ImportStopped(f"the issues cannot be read: {_message(response)}")
            rows = response.json()
            for row in rows:
                marker = read_marker(row["body"] or "", "bd")
                if marker is not None:
                    found[marker] = (row["number"], row["id"])
            if len(rows) < 100:
                return found
            page += 1

    def write(self, method: str, path: str, body: dict[str, object], issue: PlannedIssue) -> dict[str, int]:
        """One write that must succeed."""
        response = self._send(method, path, body)
        if response.is_error:
            what = f"line {issue.line} ({issue.id}): {method} {path} was refused: {_message(response)}"
            raise ImportStopped(f"{what}. Run the import again: it goes on from here.")
        answer: dict[str, int] = response.json()
        return answer

    def adopt(self, parent: int, child_id: int, issue: PlannedIssue) -> str | None:
        """Make an issue a sub-issue; gives GitHub's reason when it cannot be one (too many, too deep)."""
        response = self._send("POST", f"/issues/{parent}/sub_issues", {"sub_issue_id": child_id})
        if response.status_code == 422:
            return _message(response)
        if response.is_error:
            what = f"line {issue.line} ({issue.id}): its parent was refused: {_message(response)}"
            raise ImportStopped(f"{what}. Run the import again: it goes on from here.")
        return None

    def _send(self, method: str, path: str, body: dict[str, object]) -> httpx.Response:
        if self._pause:
            time.sleep(self._pause)
        return self._api.request(method, self._root + path, json=body)


def _message(response: httpx.Response) -> str:
    try:
        return f"{response.status_code} {response.json().get('message', '')}"
    except ValueError:
        return f"{response.status_code} {response.text[:200]}"
