"""Which pull request speaks for a bead."""

from __future__ import annotations

from collections.abc import Iterable

from bot.coordinator.claims import Claims
from bot.coordinator.history import Dropped
from bot.coordinator.snapshot import PullRequest


def merged_as(pull: PullRequest, *, taken: bool) -> str:
    """How a merged pull request ended its bead; `taken` when a person had taken the bead over."""
    who = f"by @{pull.merged_by} in" if taken and pull.merged_by else "by"
    return f"merged {who} #{pull.number} as {(pull.merge_commit or '')[:12]}"


def was_dropped(number: int | None, head: str | None, dropped: Dropped | None) -> bool:
    """Whether a pull request, or a branch at this head, is the proposal that was closed."""
    return dropped is not None and (number == dropped.pull or head == dropped.head)


def latest_pulls(pulls: Iterable[PullRequest], claims: Claims) -> dict[int, PullRequest]:
    """The pull request that speaks for each bead: the open one, else the newest that is not past. What was a
    proposal of a change of the specs, and was closed, never does."""
    chosen: dict[int, PullRequest] = {}
    for pull in sorted(pulls, key=lambda pull: (pull.state == "open", pull.number)):
        prefix, _, number = pull.head_ref.partition("/")
        if prefix != "bead" or not number.isdigit():
            continue
        known = claims.of(int(number))
        if was_dropped(pull.number, pull.head, known.dropped):
            continue
        if pull.state == "open" or pull.number not in known.past:
            chosen[int(number)] = pull
    return chosen
