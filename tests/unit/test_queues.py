"""GraphQL's merge queue and other people's pull requests, as facts."""

from __future__ import annotations

from typing import Any

import pytest

from bot.coordinator.snapshot import Foreign, MergeGroup
from bot.github.answers import RepositoryNode
from bot.github.queues import foreign_heads, merge_groups, vouched_runs

HEAD, GROUP = "a" * 40, "b" * 40


def commit(oid: str, *runs: tuple[str, str | None]) -> dict[str, Any]:
    nodes = [
        {"id": "CR_1", "databaseId": 5, "status": status, "conclusion": conclusion, "externalId": "x"}
        for status, conclusion in runs
    ]
    return {"oid": oid, "checkSuites": {"nodes": [{"checkRuns": {"nodes": nodes}}] if runs else []}}


def pull(branch: str, *runs: tuple[str, str | None], fork: bool = False, at: str = HEAD) -> dict[str, Any]:
    return {
        "number": 3,
        "headRefName": branch,
        "headRefOid": HEAD,
        "isCrossRepository": fork,
        "commits": {"nodes": [{"commit": commit(at, *runs)}]},
    }


def seen(*pulls: dict[str, Any], entries: list[dict[str, Any]] | None = None) -> RepositoryNode:
    queue = None if entries is None else {"entries": {"nodes": entries}}
    return RepositoryNode.model_validate(
        {"id": "R_1", "databaseId": 1, "foreign": {"nodes": list(pulls)}, "queue": queue}
    )


@pytest.mark.parametrize(
    ("runs", "vouched"),
    [
        ([], False),
        ([("COMPLETED", "SUCCESS")], True),
        ([("IN_PROGRESS", None)], False),
        ([("COMPLETED", "FAILURE")], False),
    ],
)
def test_only_our_green_check_vouches(runs: list[tuple[str, str | None]], vouched: bool) -> None:
    assert foreign_heads(seen(pull("feature", *runs))) == (Foreign(3, HEAD, vouched),)


def test_a_beads_pull_request_is_not_foreign_but_a_forks_of_that_name_is() -> None:
    assert foreign_heads(seen(pull("bead/5"))) == ()
    assert foreign_heads(seen(pull("bead/5", fork=True))) == (Foreign(3, HEAD, vouched=False),)


def test_a_head_that_github_has_not_caught_up_with_waits() -> None:
    assert foreign_heads(seen(pull("feature", at=GROUP))) == ()


def test_a_group_is_its_pull_requests_and_knows_its_bead() -> None:
    built = {"headCommit": commit(GROUP, ("COMPLETED", "FAILURE")), "pullRequest": pull("bead/5")}
    waiting = {"headCommit": None, "pullRequest": pull("feature")}
    node = seen(entries=[built, waiting])
    assert merge_groups(node) == (MergeGroup(3, HEAD, GROUP, 5, "red"),)
    assert vouched_runs(node)[GROUP] is not None
    assert merge_groups(seen()) == ()
