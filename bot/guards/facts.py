"""What the guards know of a pull request: a small, frozen interface of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

CheckState = Literal["green", "red", "waiting"]
Mergeable = Literal["clean", "conflict", "unknown"]
BotPolicy = Literal["blocking", "advisory", "ignored"]


@dataclass(frozen=True, slots=True)
class CheckFact:
    """A check run or commit status on the head.

    `ours` was posted by this App; `skipped_after_failure` was skipped because a job that it needs failed,
    which GitHub accepts as success and we do not.
    """

    name: str
    state: CheckState
    app_id: int | None = None
    ours: bool = False
    skipped_after_failure: bool = False


class Required(NamedTuple):
    """A check that the rules demand; with an `app_id` only that App's counts."""

    name: str
    app_id: int | None = None


class CoolDown(NamedTuple):
    """Another review bot, and how long it may still be waited for.

    A ``blocking`` one is waited for until it has spoken about this head, an ``advisory`` one only while
    `seconds_left` is positive, an ``ignored`` one never.
    """

    login: str
    policy: BotPolicy
    seconds_left: int
    spoken: bool


@dataclass(frozen=True, slots=True)
class PullFacts:
    """One pull request at one moment. `reviewed_head` is the head that the verdict `approved` is about;
    `behind` and `mergeable` may not be known yet; `blocking_labels` are those that it really carries;
    `mends_base` tells that it is there to mend the base branch, `merge_queue` that a queue merges it."""

    open: bool
    draft: bool
    head: str
    reviewed_head: str | None
    approved: bool
    behind: bool | None
    unresolved_threads: int
    required: tuple[Required, ...]
    checks: tuple[CheckFact, ...]
    min_checks: int
    changes_requested_by: tuple[str, ...]
    approvals: int
    required_approvals: int
    mergeable: Mergeable
    blocking_labels: tuple[str, ...]
    base_state: CheckState
    cool_down: tuple[CoolDown, ...]
    twin_pulls: tuple[int, ...]
    rules_known: bool
    own_check: str
    mends_base: bool = False
    merge_queue: bool = False
