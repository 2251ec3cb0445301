"""Sub-issues, and the dependencies of issues."""

from __future__ import annotations

from bot.local.forge import issue_links, render_issue
from bot.local.forge.access import can_see
from bot.local.forge.http import Answer, Body, Call, not_found, operation, page, reads, writes
from bot.local.forge.records import Issue, Repository

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
BLOCKED_BY = ISSUE + "/dependencies/blocked_by"
READS = reads("issues")
WRITES = writes("issues", role="triage")


class SubIssue(Body):
    """`issues/add-sub-issue`."""

    sub_issue_id: int
    replace_parent: bool = False


class Child(Body):
    """`issues/remove-sub-issue`."""

    sub_issue_id: int


class Place(Body):
    """`issues/reprioritize-sub-issue`."""

    sub_issue_id: int
    after_id: int | None = None
    before_id: int | None = None


class Blocker(Body):
    """`issues/add-blocked-by-dependency`: the database id, not the number."""

    issue_id: int


@operation("issues/list-sub-issues", "GET", ISSUE + "/sub_issues", READS)
def list_children(call: Call) -> Answer:
    """The children, in their order."""
    return _listed(call, call.issue().sub_issue_ids)


@operation("issues/add-sub-issue", "POST", ISSUE + "/sub_issues", WRITES)
def add_child(call: Call) -> Answer:
    """Make an issue a child."""
    parent, asked = call.issue(), call.read(SubIssue)
    child = _visible(call, asked.sub_issue_id)
    issue_links.add_sub_issue(call.state, call.me, parent, child, replace_parent=asked.replace_parent)
    return Answer(201, render_issue.issue(call.state, call.base_url, child))


@operation("issues/remove-sub-issue", "DELETE", ISSUE + "/sub_issue", WRITES)
def remove_child(call: Call) -> Answer:
    """Let a child go."""
    child = _visible(call, call.read(Child).sub_issue_id)
    issue_links.remove_sub_issue(call.state, call.me, call.issue(), child)
    return Answer(200, render_issue.issue(call.state, call.base_url, child))


@operation("issues/reprioritize-sub-issue", "PATCH", ISSUE + "/sub_issues/priority", WRITES)
def move_child(call: Call) -> Answer:
    """Put a child after or before another."""
    parent, asked = call.issue(), call.read(Place)
    child = _visible(call, asked.sub_issue_id)
    issue_links.move_sub_issue(call.state, parent, child, after=asked.after_id, before=asked.before_id)
    return Answer(200, render_issue.issue(call.state, call.base_url, parent))


@operation("issues/get-parent", "GET", ISSUE + "/parent", READS)
def get_parent(call: Call) -> Answer:
    """The parent; 404 when there is none."""
    issue = call.issue()
    if issue.parent_id is None:
        raise not_found()
    return Answer(200, render_issue.issue(call.state, call.base_url, _visible(call, issue.parent_id)))


@operation("issues/list-dependencies-blocked-by", "GET", BLOCKED_BY, READS)
def list_blockers(call: Call) -> Answer:
    """What this issue waits for."""
    return _listed(call, call.issue().blocked_by_ids)


@operation("issues/add-blocked-by-dependency", "POST", BLOCKED_BY, WRITES)
def add_blocker(call: Call) -> Answer:
    """Make it wait for another."""
    issue, blocker = call.issue(), _visible(call, call.read(Blocker).issue_id)
    issue_links.add_blocked_by(call.state, call.me, issue, blocker)
    return Answer(201, render_issue.issue(call.state, call.base_url, blocker))


@operation("issues/remove-dependency-blocked-by", "DELETE", BLOCKED_BY + "/{issue_id}", WRITES)
def remove_blocker(call: Call) -> Answer:
    """Let it wait no more."""
    blocker = _visible(call, call.number("issue_id"))
    issue_links.remove_blocked_by(call.state, call.me, call.issue(), blocker)
    return Answer(200, render_issue.issue(call.state, call.base_url, blocker))


@operation("issues/list-dependencies-blocking", "GET", ISSUE + "/dependencies/blocking", READS)
def list_blocked(call: Call) -> Answer:
    """What waits for this issue."""
    return _listed(call, call.issue().blocking_ids)


def _visible(call: Call, issue_id: int) -> Issue:
    found = issue_links.linked_issue(call.state, issue_id)
    if not can_see(call.state, call.caller, call.state.get(Repository, found.repo_id)):
        raise not_found()
    return found


def _listed(call: Call, ids: list[int]) -> Answer:
    call.only()
    found = [call.state.get(Issue, issue_id) for issue_id in ids]
    seen = [one for one in found if can_see(call.state, call.caller, call.state.get(Repository, one.repo_id))]
    return page(call, [render_issue.issue(call.state, call.base_url, one) for one in seen])
