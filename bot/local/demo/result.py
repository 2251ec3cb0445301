"""What the demo tells when it is over: every bead's end, and what it cost in requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

CONTENT = ("/issues", "/comments", "/pulls", "/reviews", "/replies")
"""Last segments of POST paths that create content, as GitHub counts it; check runs do not."""
CONTENT_MUTATIONS = (
    "createIssue",
    "addComment",
    "createPullRequest",
    "addPullRequestReview",
    "addPullRequestReviewThreadReply",
)
OURS = ("app", "installation", "job")


class BeadResult(TypedDict):
    """One bead at the end; `pr` and what follows are None where a bead has none, as an epic has."""

    number: int
    title: str
    state: str
    attempts: int
    pr: int | None
    reviewed_head: str | None
    merge_commit: str | None
    closed_at: str | None


class Requests(TypedDict):
    """Requests to GitHub per merged bead, by what they did."""

    total: float
    reads: float
    writes: float
    content: float


def requests_per_bead(log: Path, merged: int) -> Requests:
    """Count the requests of the coordinator and the jobs in an exchange log.

    Args:
        log: the forge's exchange log; people's own requests in it are not counted.
        merged: how many beads were merged; 0 counts as 1.
    """
    with log.open(encoding="utf-8") as lines:
        kinds = [kind for line in lines if (kind := _kind(json.loads(line))) is not None]
    share = max(1, merged)

    def per_bead(*wanted: str) -> float:
        return round(sum(kind in wanted for kind in kinds) / share, 1)

    return Requests(
        total=per_bead("read", "write", "content"),
        reads=per_bead("read"),
        writes=per_bead("write", "content"),
        content=per_bead("content"),
    )


def _kind(line: dict[str, Any]) -> str | None:
    if line["kind"] not in ("rest", "graphql") or line["caller"] not in OURS:
        return None
    if line["kind"] == "graphql":
        request = line["request"]
        text = str(request.get("query", "")) if isinstance(request, dict) else ""
        if not text.lstrip().startswith("mutation"):
            return "read"
        return "content" if any(f"{name}(" in text for name in CONTENT_MUTATIONS) else "write"
    if line["method"] in ("GET", "HEAD"):
        return "read"
    return "content" if line["method"] == "POST" and line["path"].endswith(CONTENT) else "write"


def merges_follow_edges(order: Iterable[str], blocked_by: dict[str, tuple[str, ...]]) -> list[str]:
    """Every edge that the order of merges breaks, as `A was merged before its blocker B`."""
    place = {key: index for index, key in enumerate(order)}
    return [
        f"{key} was merged before its blocker {blocker}"
        for key, blockers in blocked_by.items()
        for blocker in blockers
        if key in place and blocker in place and place[key] < place[blocker]
    ]
