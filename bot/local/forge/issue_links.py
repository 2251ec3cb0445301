"""What ties issues to each other: sub-issues (a tree) and dependencies (blocked by, blocking).

https://docs.github.com/en/rest/issues/sub-issues and …/issue-dependencies; the numbers are GitHub's.
"""

from __future__ import annotations

from bot.local.forge.http import Refused, invalid, not_found
from bot.local.forge.issues import add_event, touch
from bot.local.forge.records import Account, Issue, Repository
from bot.local.forge.state import Signal, State

MAX_CHILDREN = 100
MAX_LEVELS = 8
MAX_DEPENDENCIES = 50


def add_sub_issue(
    state: State, actor: Account, parent: Issue, child: Issue, *, replace_parent: bool = False
) -> None:
    """Make an issue a child. Raises Refused(422) for a pull request, another owner's issue, a second parent,
    a cycle, the 101st child (closed ones count) or a ninth level."""
    if child.pull_id is not None or parent.pull_id is not None:
        raise invalid("Pull requests cannot be sub-issues")
    owners = [state.get(Repository, one.repo_id).owner_id for one in (parent, child)]
    if owners[0] != owners[1]:
        raise invalid("Sub-issue must belong to the same repository owner as the parent issue")
    if child.parent_id == parent.id:
        raise invalid("Issue may not contain duplicate sub-issues")
    if child.parent_id is not None and not replace_parent:
        raise invalid("Sub issue may only have one parent")
    line = _ancestors(state, parent)
    if child.id in (parent.id, *(one.id for one in line)):
        raise invalid("Sub-issue would create a circular dependency")
    if len(parent.sub_issue_ids) >= MAX_CHILDREN:
        raise invalid(f"Parent cannot have more than {MAX_CHILDREN} sub-issues")
    if len(line) + 1 + _height(state, child) > MAX_LEVELS:
        raise invalid(f"Sub-issues cannot be nested more than {MAX_LEVELS} levels deep")
    if child.parent_id is not None:
        remove_sub_issue(state, actor, state.get(Issue, child.parent_id), child)
    child.parent_id = parent.id
    parent.sub_issue_ids = [*parent.sub_issue_ids, child.id]
    _tell_family(state, actor, parent, child, "added")


def remove_sub_issue(state: State, actor: Account, parent: Issue, child: Issue) -> None:
    """Undo `add_sub_issue`. Raises Refused(404) when it is no child of this parent."""
    if child.parent_id != parent.id:
        raise not_found()
    child.parent_id = None
    parent.sub_issue_ids = [other for other in parent.sub_issue_ids if other != child.id]
    _tell_family(state, actor, parent, child, "removed")


def move_sub_issue(
    state: State, parent: Issue, child: Issue, *, after: int | None = None, before: int | None = None
) -> None:
    """Put a child after or before another. Raises Refused(422) unless exactly one sibling is named."""
    beside = after if after is not None else before
    if (after is None) == (before is None) or beside == child.id or beside not in parent.sub_issue_ids:
        raise invalid("Exactly one of after_id and before_id must be a sibling")
    if child.id not in parent.sub_issue_ids:
        raise not_found()
    order = [other for other in parent.sub_issue_ids if other != child.id]
    order.insert(order.index(beside) + (1 if after is not None else 0), child.id)
    parent.sub_issue_ids = order
    state.put(parent)


def add_blocked_by(state: State, actor: Account, issue: Issue, blocker: Issue) -> None:
    """Say that an issue waits for another. Raises Refused(422) for a pull request, itself, a dependency that
    is there, one that would close a cycle of two, or the 51st in either direction."""
    if blocker.pull_id is not None or issue.pull_id is not None:
        raise invalid("Pull requests cannot be dependencies of issues")
    if blocker.id == issue.id:
        raise invalid("An issue cannot be blocked by itself")
    if blocker.id in issue.blocked_by_ids:
        raise invalid("Validation failed: Target issue has already been taken")
    if issue.id in blocker.blocked_by_ids:
        raise invalid("Validation failed: circular dependency")
    if max(len(issue.blocked_by_ids), len(blocker.blocking_ids)) >= MAX_DEPENDENCIES:
        raise invalid(f"An issue cannot have more than {MAX_DEPENDENCIES} dependencies")
    issue.blocked_by_ids = [*issue.blocked_by_ids, blocker.id]
    blocker.blocking_ids = [*blocker.blocking_ids, issue.id]
    _tell_dependency(state, actor, issue, blocker, "added")


def remove_blocked_by(state: State, actor: Account, issue: Issue, blocker: Issue) -> None:
    """Undo `add_blocked_by`. Raises Refused(404) when there is no such dependency."""
    if blocker.id not in issue.blocked_by_ids:
        raise not_found()
    issue.blocked_by_ids = [other for other in issue.blocked_by_ids if other != blocker.id]
    blocker.blocking_ids = [other for other in blocker.blocking_ids if other != issue.id]
    _tell_dependency(state, actor, issue, blocker, "removed")


def linked_issue(state: State, issue_id: int) -> Issue:
    """The issue with that database id. Raises Refused(404)."""
    if not state.has(Issue, issue_id):
        raise Refused(404, "Not Found")
    return state.get(Issue, issue_id)


def _ancestors(state: State, issue: Issue) -> list[Issue]:
    line: list[Issue] = []
    while issue.parent_id is not None:
        issue = state.get(Issue, issue.parent_id)
        line.append(issue)
    return line


def _height(state: State, issue: Issue) -> int:
    return 1 + max((_height(state, state.get(Issue, child)) for child in issue.sub_issue_ids), default=0)


def _tell_family(state: State, actor: Account, parent: Issue, child: Issue, what: str) -> None:
    touch(state, parent)
    touch(state, child)
    add_event(state, actor, parent, f"sub_issue_{what}", {"sub_issue_id": child.id})
    add_event(state, actor, child, f"parent_issue_{what}", {"parent_issue_id": parent.id})
    about = {"parent_issue": parent.id, "sub_issue": child.id}
    state.signal(Signal("sub_issues", f"sub_issue_{what}", parent.repo_id, actor.id, about))
    state.signal(Signal("sub_issues", f"parent_issue_{what}", child.repo_id, actor.id, about))


def _tell_dependency(state: State, actor: Account, issue: Issue, blocker: Issue, what: str) -> None:
    touch(state, issue)
    touch(state, blocker)
    add_event(state, actor, issue, f"blocked_by_{what}", {"blocked_by_id": blocker.id})
    add_event(state, actor, blocker, f"blocking_{what}", {"blocking_id": issue.id})
    about = {"blocked_issue": issue.id, "blocking_issue": blocker.id}
    state.signal(Signal("issue_dependencies", f"blocked_by_{what}", issue.repo_id, actor.id, about))
    state.signal(Signal("issue_dependencies", f"blocking_{what}", blocker.repo_id, actor.id, about))
