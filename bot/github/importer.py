"""Carry out an import: create issues, their edges and their parents, so that a second run goes on.

Every issue carries the marker of what it came from. Before anything is created, the markers that are there
are read, so an import that stopped half-way is finished by running it again, and nothing is made twice.
An edge to an open blocker is a label; one to a closed blocker holds nothing back and is only GitHub's own
dependency, for a label that no open bead needs is taken away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from bot.beads.bd.lines import Loss
from bot.beads.bd.reading import PlannedIssue
from bot.beads.bd.writing import name_beads
from bot.beads.labels import DEFAULT, LabelNames
from bot.github.bead_issues import ReadRefused, list_beads, refusal

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
    spelling: LabelNames = DEFAULT,
) -> Imported:
    """Create what is planned.

    Args:
        api: a client of GitHub's REST with a person's token; its base URL is the API's root.
        repository: ``owner/name``.
        issues: blockers and parents first.
        pause: seconds between writes; GitHub asks for one (0 on a forge of one's own).
        told: is told each issue and its number.
        spelling: how the repository spells the labels; the plan's are spelled so.

    Raises ImportStopped.
    """
    steps = _Steps(api, repository, pause)
    known = steps.existing(spelling)
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
            needed = [key for key in (*issue.blocked_by, issue.parent) if key is not None]
            for key in [key for key in needed if key not in numbers]:
                losses.append(Loss(issue.line, issue.id, f"the edge to {key} is left out: it comes later"))
            open_blockers = [key for key in issue.blocked_by if key in numbers and key not in closed]
            labels = [*issue.labels, *(f"{spelling.blocked_by}{numbers[key]}" for key in open_blockers)]
            for label in labels[LABELS:]:
                losses.append(Loss(issue.line, issue.id, f"label `{label}` is past the {LABELS}th, left out"))
            body: dict[str, object] = {"title": issue.title, "body": issue.body, "labels": labels[:LABELS]}
            answer = steps.write("POST", "/issues", body, issue)
            numbers[issue.id], ids[issue.id] = answer["number"], answer["id"]
            created += 1
        for what, path, link in _links(issue, numbers, ids, closed):
            refused = steps.link(path, link, issue)
            if refused and not half_done:
                losses.append(Loss(issue.line, issue.id, f"{what} is left out: {refused}"))
        if issue.closed:
            change: dict[str, object] = {"state": "closed", "state_reason": "completed"}
            steps.write("PATCH", f"/issues/{numbers[issue.id]}", change, issue)
        if told is not None:
            told(issue, numbers[issue.id])
    return Imported(numbers, created, tuple(losses))


def _links(
    issue: PlannedIssue, numbers: dict[str, int], ids: dict[str, int], closed: set[str]
) -> Iterator[tuple[str, str, dict[str, object]]]:
    """What is to be tied by requests of its own: what it is, where, and with what body.

    Only closed issues can wait for each other in a circle; one of them then has an edge to what is not there.
    """
    if issue.parent in numbers:
        path = f"/issues/{numbers[issue.parent]}/sub_issues"
        yield f"its parent {issue.parent}", path, {"sub_issue_id": ids[issue.id]}
    for key in issue.blocked_by:
        if key in closed and key in numbers:
            path = f"/issues/{numbers[issue.id]}/dependencies/blocked_by"
            yield f"the edge to {key}", path, {"issue_id": ids[key]}


class _Steps:
    def __init__(self, api: httpx.Client, repository: str, pause: float) -> None:
        self._api = api
        self._repository = repository
        self._pause = pause

    def existing(self, spelling: LabelNames) -> dict[str, tuple[int, int]]:
        """Number and database id of every bead that is there, by its id in an export."""
        try:
            rows = {row.number: row for row in list_beads(self._api, self._repository, spelling)}
        except ReadRefused as error:
            raise ImportStopped(f"the issues cannot be read: {error}") from error
        names = name_beads(self._repository, {number: row.text for number, row in rows.items()})
        return {names[number]: (number, row.id) for number, row in rows.items()}

    def write(self, method: str, path: str, body: dict[str, object], issue: PlannedIssue) -> dict[str, int]:
        """One write that must succeed."""
        response = self._send(method, path, body)
        if response.is_error:
            raise _stopped(issue, f"{method} {path}", response)
        answer: dict[str, int] = response.json()
        return answer

    def link(self, path: str, body: dict[str, object], issue: PlannedIssue) -> str | None:
        """Tie an issue to another; gives GitHub's reason when that cannot be (too many, too deep)."""
        response = self._send("POST", path, body)
        if response.status_code == 422:
            return refusal(response)
        if response.is_error:
            raise _stopped(issue, f"POST {path}", response)
        return None

    def _send(self, method: str, path: str, body: dict[str, object]) -> httpx.Response:
        if self._pause:
            time.sleep(self._pause)
        return self._api.request(method, f"/repos/{self._repository}{path}", json=body)


def _stopped(issue: PlannedIssue, what: str, response: httpx.Response) -> ImportStopped:
    return ImportStopped(
        f"line {issue.line} ({issue.id}): {what} was refused: {refusal(response)}. "
        "Run the import again: it goes on from here."
    )
