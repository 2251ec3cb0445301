"""Merge queues: pull requests that are merged in turn, each tested on what the base branch will be by then.

An entry's group is a commit on a branch below `gh-readonly-queue/`: the base, the entries before it and the
pull request itself, merged. `merge_group` asks for checks of that commit; those that the rules require
decide. Green, the base moves to it; failed, late or in conflict, the entry is removed, and the groups behind
it are built anew. Nobody tells a queue to go on: whatever happens to a check, a branch or a pull request
makes it look at itself (`watch`), and so does the clock before each request (`let_time_pass`).

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/
configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from bot.local.forge import checks, issues, protection, pulls
from bot.local.forge.git import Move, apply, open_git
from bot.local.forge.git_objects import ZERO
from bot.local.forge.http import Refused, invalid
from bot.local.forge.merge_message import Method
from bot.local.forge.records import Account, Issue, Pull, QueueEntry, Repository
from bot.local.forge.state import Signal, State

BOT = "github-merge-queue[bot]"
METHODS: Mapping[str, Method] = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}
HEARD = frozenset({"check_run", "check_suite", "status", "push", "pull_request"})
Word = Literal["QUEUED", "AWAITING_CHECKS", "MERGEABLE", "UNMERGEABLE"]


def watch(state: State) -> None:
    """Have every queue look at itself whenever something happens in its repository."""

    def on_signal(signal: Signal) -> None:
        if signal.event in HEARD and (entries := state.find(QueueEntry, repo_id=signal.repo_id)):
            for branch in {entry.branch for entry in entries}:
                advance(state, state.get(Repository, signal.repo_id), branch)
            state.commit()

    state.subscribers.append(on_signal)


def let_time_pass(state: State) -> None:
    """Do what the clock has made due: checks that did not answer in time count as failed."""
    for branch in {(entry.repo_id, entry.branch) for entry in state.all(QueueEntry)}:
        advance(state, state.get(Repository, branch[0]), branch[1])


# -- reading ----------------------------------------------------------------------------------------------
def entries_of(state: State, repository: Repository, branch: str) -> list[QueueEntry]:
    """The queue of a branch, first to merge first."""
    found = state.find(QueueEntry, repo_id=repository.id, branch=branch)
    return sorted(found, key=lambda entry: (not entry.jump, entry.id))


def entry_of(state: State, pull: Pull) -> QueueEntry | None:
    """The pull request's place in a queue."""
    return state.one(QueueEntry, pull_id=pull.id)


def word_of(state: State, entry: QueueEntry) -> Word:
    """The state of an entry: what the checks of its group add up to."""
    if entry.group_sha is None:
        return "QUEUED"
    repository = state.get(Repository, entry.repo_id)
    found = {
        checks.verdict(state, repository, entry.group_sha, context, app_id)
        for context, app_id in protection.required_checks(state, repository, entry.branch)
    }
    if "failing" in found:
        return "UNMERGEABLE"
    return "MERGEABLE" if found <= {"green"} else "AWAITING_CHECKS"


# -- going in and out -------------------------------------------------------------------------------------
def enqueue(
    state: State, actor: Account, pull: Pull, *, expected_head: str | None = None, jump: bool = False
) -> QueueEntry:
    """Put a pull request into the queue of its base.

    Raises Refused(422): no queue, queued already, another head than expected, closed, a draft, in conflict,
    or held back by a rule that the queue itself does not see to.
    """
    repository, issue = state.get(Repository, pull.repo_id), state.get(Issue, pull.issue_id)
    git = open_git(state, repository)
    base = git.branch(pull.base_ref)
    if protection.merge_queue(state, repository, pull.base_ref) is None or base is None:
        raise invalid("Merge queue is not enabled for this branch")
    if entry_of(state, pull) is not None:
        raise invalid("Pull request is already in the merge queue")
    if expected_head is not None and expected_head != pull.head_sha:
        raise invalid("Head branch was modified. Review and try again.")
    if issue.state == "closed" or pull.draft or git.merge_tree(base, pull.head_sha) is None:
        raise invalid(pulls.NOT_MERGEABLE)
    blocks = protection.find_merge_blocks(state, actor, pull, queued=True)
    if blocks:
        raise invalid(protection.explain(blocks))
    entry = state.put(
        QueueEntry(
            id=state.new_id(),
            repo_id=repository.id,
            branch=pull.base_ref,
            pull_id=pull.id,
            head_sha=pull.head_sha,
            enqueuer_id=actor.id,
            jump=jump,
            enqueued_at=state.now(),
        )
    )
    about = {"enqueuer_id": actor.id, "branch": pull.base_ref}
    issues.add_event(state, actor, issue, "added_to_merge_queue", about)
    issues.tell(state, actor, issues.touch(state, issue), "enqueued")
    advance(state, repository, pull.base_ref)
    return entry


def dequeue(state: State, actor: Account, pull: Pull) -> QueueEntry:
    """Take it out by hand. Raises Refused(422) when it is in no queue."""
    entry = entry_of(state, pull)
    if entry is None:
        raise invalid("Pull request is not in the merge queue")
    _remove(state, actor, entry, "MANUAL")
    advance(state, state.get(Repository, entry.repo_id), entry.branch)
    return entry


# -- going on ---------------------------------------------------------------------------------------------
def advance(state: State, repository: Repository, branch: str) -> None:
    """Do all that can be done by now: remove, build, merge."""
    while _step(state, repository, branch):
        pass


def _step(state: State, repository: Repository, branch: str) -> bool:
    """The next change of a queue; False when there is none."""
    bot, rule = _bot(state), protection.merge_queue(state, repository, branch)
    below = open_git(state, repository).branch(branch)
    entries = entries_of(state, repository, branch)
    for entry in entries:
        reason = "QUEUE_CLEARED" if rule is None or below is None else _gone(state, entry)
        if reason is not None:
            _remove(state, bot, entry, reason)
            return True
    if rule is None or below is None:
        return False
    for entry in entries[: int(rule["max_entries_to_build"]) or None]:
        if entry.base_sha != below:
            _build(state, repository, bot, entry, below, METHODS[rule["merge_method"]])
            return True
        assert entry.group_sha is not None
        assert entry.asked_at is not None
        below = entry.group_sha
        word = word_of(state, entry)
        late = state.now() - entry.asked_at >= timedelta(minutes=rule["check_response_timeout_minutes"])
        if word == "UNMERGEABLE" or (late and word == "AWAITING_CHECKS"):
            _remove(state, bot, entry, "CI_FAILURE" if word == "UNMERGEABLE" else "CI_TIMEOUT")
            return True
        if word == "MERGEABLE" and entry is entries[0]:
            _merge(state, repository, bot, entry)
            return True
    return False


def _gone(state: State, entry: QueueEntry) -> str | None:
    """Why a pull request is none for the queue any more."""
    pull = state.get(Pull, entry.pull_id)
    if pull.merged:
        return "ALREADY_MERGED"
    closed = state.get(Issue, pull.issue_id).state == "closed"
    moved = (pull.head_sha, pull.base_ref) != (entry.head_sha, entry.branch)
    return "UNKNOWN_REMOVAL_REASON" if closed or moved or pull.draft else None


def _build(
    state: State, repository: Repository, bot: Account, entry: QueueEntry, below: str, method: Method
) -> None:
    """Make the entry's group on the commit before it, and ask for its checks."""
    pull, git = state.get(Pull, entry.pull_id), open_git(state, repository)
    tree = git.merge_tree(below, pull.head_sha)
    try:
        tip = pulls.merged_tip(state, bot, pull, below, tree, method) if tree is not None else None
    except Refused:
        tip = None
    if tip is None:
        _remove(state, bot, entry, "MERGE_CONFLICT")
        return
    _destroy(state, repository, bot, entry, "invalidated")
    entry.base_sha, entry.group_sha, entry.asked_at = below, tip, state.now()
    entry.group_ref = f"{protection.QUEUE_BRANCHES}{entry.branch}/pr-{pull.number}-{below}"
    state.put(entry)
    apply(state, repository, bot, [Move(entry.group_ref, ZERO, tip)])
    state.signal(Signal("merge_group", "checks_requested", repository.id, bot.id, {}, _facts(entry)))


def _merge(state: State, repository: Repository, bot: Account, entry: QueueEntry) -> None:
    """Move the base to the group of the first entry."""
    assert entry.base_sha is not None
    assert entry.group_sha is not None
    pull = state.get(Pull, entry.pull_id)
    move = Move(f"refs/heads/{entry.branch}", entry.base_sha, entry.group_sha)
    apply(state, repository, bot, [move], settled=False)
    # It leaves the queue like one that failed: https://github.com/objectstack-ai/objectstack/issues/19343
    _remove(state, bot, entry, "MERGE")
    pulls.conclude(state, bot, pull, move)


def _remove(state: State, actor: Account, entry: QueueEntry, reason: str) -> None:
    """Take an entry out and say why. `before_commit` is what its checks ran on: the pull request's own may
    all be green (https://github.com/flowglad/onton/pull/379)."""
    repository, pull = state.get(Repository, entry.repo_id), state.get(Pull, entry.pull_id)
    state.drop(entry)
    issue = state.get(Issue, pull.issue_id)
    about: dict[str, Any] = {"reason": reason, "enqueuer_id": entry.enqueuer_id, "branch": entry.branch}
    issues.add_event(
        state, actor, issue, "removed_from_merge_queue", about | {"before_commit": entry.group_sha}
    )
    issues.tell(state, actor, issues.touch(state, issue), "dequeued", reason=reason)
    _destroy(state, repository, actor, entry, "merged" if reason == "MERGE" else "dequeued")


def _destroy(state: State, repository: Repository, actor: Account, entry: QueueEntry, reason: str) -> None:
    """Take the group's branch away, if it has been built."""
    if entry.group_ref is None or entry.group_sha is None:
        return
    facts = _facts(entry) | {"reason": reason}
    state.signal(Signal("merge_group", "destroyed", repository.id, actor.id, {}, facts))
    apply(state, repository, actor, [Move(entry.group_ref, entry.group_sha, ZERO)])


def _facts(entry: QueueEntry) -> dict[str, object]:
    base = f"refs/heads/{entry.branch}"
    return {
        "head_sha": entry.group_sha,
        "head_ref": entry.group_ref,
        "base_sha": entry.base_sha,
        "base_ref": base,
    }


def _bot(state: State) -> Account:
    """The account that merges; GitHub's own App, which is installed nowhere."""
    return state.one(Account, login=BOT) or state.put(Account(id=state.new_id(), login=BOT, type="Bot"))
