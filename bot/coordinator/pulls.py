"""Which pull request speaks for a bead."""

from __future__ import annotations

from collections.abc import Iterable

from bot.coordinator.claims import Claims
from bot.coordinator.snapshot import PullRequest


def merged_as(pull: PullRequest, *, taken: bool) -> str:
    """How a merged pull request ended its bead; `taken` when a person had taken the bead over."""
    who = f"by @{pull.merged_by} in" if taken and pull.merged_by else "by"
    return f"merged {who} #{pull.number} as {(pull.merge_commit or '')[:12]}"


def latest_pulls(pulls: Iterable[PullRequest], claims: Claims) -> dict[int, PullRequest]:
    """The pull request that speaks for each bead: the open one, else the newest that is not past."""
    chosen: dict[int, PullRequest] = {}
    for pull in sorted(pulls, key=lambda pull: (pull.state == "open", pull.number)):
        prefix, _, number = pull.head_ref.partition("/")
        if prefix != "bead" or not number.isdigit():
            continue
        if pull.state == "open" or pull.number not in claims.of(int(number)).past:
            chosen[int(number)] = pull
    return chosen
