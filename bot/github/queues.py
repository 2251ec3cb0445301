"""Where our check is needed and no bead is judged: other pull requests, and what a merge queue tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.coordinator.snapshot import CheckState, Foreign, MergeGroup
from bot.github.answers import HeadNode, RepositoryNode, RunNode, VouchedCommit
from bot.github.pulls import GREEN, OwnCheck

BRANCH = re.compile(r"bead/[1-9][0-9]{0,9}")


def foreign_heads(node: RepositoryNode) -> tuple[Foreign, ...]:
    """The open pull requests that are no beads."""
    return tuple(
        Foreign(pull.number, commit.oid, vouched=_state(commit.run) == "green")
        for pull, commit in _heads(node)
        if bead_of(pull) is None
    )


def merge_groups(node: RepositoryNode) -> tuple[MergeGroup, ...]:
    """What the base branch's merge queue tests, as far as it is built."""
    return tuple(
        MergeGroup(
            pull=entry.pull_request.number,
            head=entry.pull_request.head_ref_oid,
            commit=entry.head_commit.oid,
            bead=bead_of(entry.pull_request),
            said=_state(entry.head_commit.run),
        )
        for entry in (node.queue.entries.nodes if node.queue else ())
        if entry.head_commit is not None and entry.pull_request is not None
    )


def vouched_runs(node: RepositoryNode) -> dict[str, OwnCheck | None]:
    """Our check run on each of these commits; None where there is none yet."""
    groups = [entry.head_commit for entry in (node.queue.entries.nodes if node.queue else ())]
    commits = [commit for _, commit in _heads(node)] + [one for one in groups if one is not None]
    return {commit.oid: _own(commit.run) if commit.run else None for commit in commits}


def _own(run: RunNode) -> OwnCheck:
    return OwnCheck(run.id, run.database_id, run.status == "COMPLETED", run.external_id or "")


def bead_of(pull: HeadNode) -> int | None:
    """The bead whose pull request it is: by its branch, in this repository."""
    ours = BRANCH.fullmatch(pull.head_ref_name) and not pull.is_cross_repository
    return int(pull.head_ref_name.partition("/")[2]) if ours else None


def _heads(node: RepositoryNode) -> Iterator[tuple[HeadNode, VouchedCommit]]:
    for pull in node.foreign.nodes:
        for one in pull.commits.nodes:
            if one.commit.oid == pull.head_ref_oid:
                yield pull, one.commit


def _state(run: RunNode | None) -> CheckState | None:
    if run is None:
        return None
    if run.status != "COMPLETED":
        return "waiting"
    return "green" if run.conclusion in GREEN else "red"
