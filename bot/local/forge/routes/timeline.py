"""What happened to an issue: its timeline, and the events in it."""

from __future__ import annotations

from datetime import datetime

from bot.local.forge import git, pulls, render_issue, render_pull
from bot.local.forge.http import Answer, Call, not_found, operation, page
from bot.local.forge.records import Account, Comment, Issue, Pull, Review, TimelineEvent
from bot.local.forge.render import JSON, account
from bot.local.forge.routes.issues import LISTS

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
EVENTS = "/repos/{owner}/{repo}/issues/events"


@operation("issues/list-events-for-timeline", "GET", ISSUE + "/timeline", LISTS)
def list_timeline(call: Call) -> Answer:
    """Events, comments and, of a pull request, commits and reviews; oldest first."""
    call.only()
    issue = call.issue()
    found: list[TimelineEvent | Comment | Review] = [
        *call.state.find(TimelineEvent, issue_id=issue.id),
        *call.state.find(Comment, issue_id=issue.id),
    ]
    rows: list[JSON] = []
    if issue.pull_id is not None:
        pull = call.state.get(Pull, issue.pull_id)
        reviews = call.state.find(Review, pull_id=pull.id)
        found += [review for review in reviews if review.submitted_at is not None]
        rows = _commits(call, pull)
    found.sort(key=lambda one: (_time(one), one.id))
    return page(call, [*rows, *(_row(call, one) for one in found)])


@operation("issues/list-events", "GET", ISSUE + "/events", LISTS)
def list_events(call: Call) -> Answer:
    """The events of one issue, oldest first."""
    call.only()
    found = call.state.find(TimelineEvent, issue_id=call.issue().id)
    return page(call, [render_issue.event(call.state, call.base_url, one) for one in found])


@operation("issues/list-events-for-repo", "GET", EVENTS, LISTS)
def list_repo_events(call: Call) -> Answer:
    """The events of all issues, newest first."""
    call.only()
    found = list(reversed(call.state.find(TimelineEvent, repo_id=call.repo.id)))
    answer = page(call, found)
    return Answer(200, [_with_issue(call, one) for one in answer.body], answer.headers)


@operation("issues/get-event", "GET", EVENTS + "/{event_id}", LISTS)
def get_event(call: Call) -> Answer:
    """One event."""
    found = call.state.get(TimelineEvent, call.number("event_id"))
    if found.repo_id != call.repo.id:
        raise not_found()
    return Answer(200, _with_issue(call, found))


def _with_issue(call: Call, event: TimelineEvent) -> JSON:
    issue = render_issue.issue(call.state, call.base_url, call.state.get(Issue, event.issue_id))
    return {**render_issue.event(call.state, call.base_url, event), "issue": issue}


def _time(one: TimelineEvent | Comment | Review) -> datetime:
    if isinstance(one, Review):
        assert one.submitted_at is not None, "pending reviews are not listed"
        return one.submitted_at
    return one.created_at


def _row(call: Call, one: TimelineEvent | Comment | Review) -> JSON:
    if isinstance(one, TimelineEvent):
        return render_issue.timeline_event(call.state, call.base_url, one)
    if isinstance(one, Review):
        review = render_pull.webhook_review(call.state, call.base_url, one)
        return {**review, "event": "reviewed"}
    actor = account(call.state, call.base_url, call.state.get(Account, one.user_id))
    return {**render_issue.comment(call.state, call.base_url, one), "event": "commented", "actor": actor}


def _commits(call: Call, pull: Pull) -> list[JSON]:
    repository = git.open_git(call.state, call.repo)
    return [
        {
            **render_pull.git_commit(call.state, call.base_url, call.repo, repository.commit(oid)),
            "event": "committed",
        }
        for oid in pulls.commits(call.state, pull)
    ]
