"""Which pull request speaks for a bead."""

from __future__ import annotations

from collections.abc import Iterable

from bot.coordinator.snapshot import PullRequest


def latest_pulls(pulls: Iterable[PullRequest]) -> dict[int, PullRequest]:
    """The pull request that speaks for each bead: the open one, else the newest."""
    chosen: dict[int, PullRequest] = {}
    for pull in sorted(pulls, key=lambda pull: (pull.state == "open", pull.number)):
        prefix, _, number = pull.head_ref.partition("/")
        if prefix == "bead" and number.isdigit():
            chosen[int(number)] = pull
    return chosen
