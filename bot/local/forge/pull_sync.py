"""What a moved branch does to the open pull requests that start from it or lead to it.

Every open pull request has `refs/pull/N/head` and, while it merges cleanly, `refs/pull/N/merge`: the commit
that a merge would make, which is what `pull_request` runs check out. When it conflicts, the last one stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.local.forge import issues
from bot.local.forge.diffs import moved_line
from bot.local.forge.git_objects import EMPTY_TREE, ZERO, GitDir, RefUpdate, Signature
from bot.local.forge.protection import dismisses_stale_reviews
from bot.local.forge.records import Account, Issue, Pull, Repository, Review, ReviewComment, Thread
from bot.local.forge.state import Signal, State


def open_pulls(state: State, repository: Repository) -> Iterator[Pull]:
    """The repository's open pull requests, oldest first."""
    for pull in state.find(Pull, repo_id=repository.id):
        if state.get(Issue, pull.issue_id).state == "open":
            yield pull


def branch_moved(
    state: State, repository: Repository, actor: Account, branch: str, before: str, after: str
) -> None:
    """Bring every open pull request up to date with a branch that was moved, made or deleted."""
    for pull in list(open_pulls(state, repository)):
        issue = state.get(Issue, pull.issue_id)
        if pull.head_ref == branch:
            if after == ZERO:
                issues.add_event(state, actor, issue, "head_ref_deleted")
                issues.close(state, actor, issue)
            else:
                _head_moved(state, repository, actor, pull, before, after)
        elif pull.base_ref == branch:
            if after == ZERO:
                issues.close(state, actor, issue)
            else:
                _base_moved(state, repository, actor, pull, before, after)


def refresh_refs(state: State, repository: Repository, pull: Pull) -> None:
    """Point `refs/pull/N/head` at the head and `refs/pull/N/merge` at what a merge would make."""
    git = GitDir(state.git_dir(repository))
    head_ref, merge_ref = f"refs/pull/{pull.number}/head", f"refs/pull/{pull.number}/merge"
    updates = [RefUpdate(head_ref, None, pull.head_sha)]
    base = git.branch(pull.base_ref)
    known = git.ref(merge_ref)
    if base is not None and not (known and git.commit(known).parents == (base, pull.head_sha)):
        tree = git.merge_tree(base, pull.head_sha)
        if tree is not None:
            who = Signature("GitHub", "noreply@github.com", state.now())
            message = f"Merge {pull.head_sha} into {base}"
            known = git.make_commit(tree, [base, pull.head_sha], message, who, who)
            updates.append(RefUpdate(merge_ref, None, known))
    git.update_refs(updates)
    pull.merge_commit_sha = known
    state.put(pull)


def _head_moved(
    state: State, repository: Repository, actor: Account, pull: Pull, before: str, after: str
) -> None:
    git = GitDir(state.git_dir(repository))
    issue = state.get(Issue, pull.issue_id)
    base = git.branch(pull.base_ref)
    same = _own_change(git, base, before) == _own_change(git, base, after)
    pull.head_sha, pull.last_pusher_id = after, actor.id
    pull.base_sha = base or pull.base_sha
    state.put(pull)
    _move_threads(state, git, pull, before, after)
    refresh_refs(state, repository, pull)
    if before != ZERO and not git.is_ancestor(before, after):
        data = {"before": before, "after": after, "commit_id": after}
        issues.add_event(state, actor, issue, "head_ref_force_pushed", data)
    issues.touch(state, issue)
    issues.tell(state, actor, issue, "synchronize", before=before, after=after)
    if not same:
        _dismiss_stale(state, repository, actor, pull)
    if base is not None and git.is_ancestor(after, base):
        issues.close(state, actor, issue)  # nothing is left between head and base


def _base_moved(
    state: State, repository: Repository, actor: Account, pull: Pull, before: str, after: str
) -> None:
    if GitDir(state.git_dir(repository)).is_ancestor(pull.head_sha, after):
        pull.base_sha = before if before != ZERO else pull.base_sha
        mark_merged(state, actor, pull, after)
    else:
        refresh_refs(state, repository, pull)


def mark_merged(state: State, actor: Account, pull: Pull, commit: str) -> None:
    """Remember that `commit` brought the pull request into its base, and close it."""
    issue = state.get(Issue, pull.issue_id)
    pull.merged, pull.merged_at, pull.merged_by_id = True, state.now(), actor.id
    pull.merge_commit_sha = commit
    state.put(pull)
    issues.add_event(state, actor, issue, "merged", {"commit_id": commit})
    issues.close(state, actor, issue)


def _own_change(git: GitDir, base: str | None, head: str) -> str:
    """What the branch itself changes: merging the base into it changes nothing of that."""
    if head == ZERO:
        return ""
    root = git.merge_base(base, head) if base else None
    return git.diff(root or EMPTY_TREE, head)


def _dismiss_stale(state: State, repository: Repository, actor: Account, pull: Pull) -> None:
    if not dismisses_stale_reviews(state, repository, pull.base_ref):
        return
    for review in state.find(Review, pull_id=pull.id):
        if review.state == "APPROVED":
            review.state = "DISMISSED"
            state.put(review)
            about = {"issue": pull.issue_id, "pull": pull.id, "review": review.id}
            state.signal(Signal("pull_request_review", "dismissed", repository.id, actor.id, about))


def _move_threads(state: State, git: GitDir, pull: Pull, before: str, after: str) -> None:
    threads = [
        thread
        for thread in state.find(Thread, pull_id=pull.id)
        if thread.side == "RIGHT" and not thread.outdated and thread.line is not None
    ]
    if not threads or before == ZERO:
        return
    changes = {change.previous_path or change.path: change for change in git.changes(before, after)}
    for thread in threads:
        change = changes.get(thread.path)
        if change is None or thread.line is None:
            continue
        gone = change.status == "removed" or change.previous_path is not None
        thread.line = None if gone else moved_line(change.patch, thread.line)
        thread.outdated = thread.line is None
        state.put(thread)
        for comment in state.find(ReviewComment, thread_id=thread.id):
            comment.line = thread.line
            comment.commit_id = after if thread.line is not None else comment.commit_id
            state.put(comment)
