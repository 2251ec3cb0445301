"""Pull requests over REST. https://docs.github.com/en/rest/pulls/pulls and …/pulls/review-requests"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from bot.local.forge import git, issues, media, pulls, render, render_pull
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    Refused,
    invalid,
    not_found,
    operation,
    page,
    reads,
    writes,
)
from bot.local.forge.records import Comment, Issue, Pull

REPO = "/repos/{owner}/{repo}"
ONE = REPO + "/pulls/{pull_number}"
READ = reads("pull_requests")
OPENS = writes("pull_requests", role="read")  # whoever reads may open one; GitHub asks for a branch of theirs
WRITE = writes("pull_requests")


class NewPull(Body):
    """`pulls/create`."""

    title: str | None = None
    head: str
    base: str
    body: str | None = None
    draft: bool = False
    maintainer_can_modify: bool = False


class ChangedPull(Body):
    """`pulls/update`."""

    title: str | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    base: str | None = None
    maintainer_can_modify: bool | None = None


class Merging(Body):
    """`pulls/merge`."""

    commit_title: str | None = None
    commit_message: str | None = None
    sha: str | None = None
    merge_method: Literal["merge", "squash", "rebase"] = "merge"


class Updating(Body):
    """`pulls/update-branch`."""

    expected_head_sha: str | None = None


class Reviewers(Body):
    """`pulls/request-reviewers`."""

    reviewers: list[str] = Field(default_factory=list)
    team_reviewers: list[str] = Field(default_factory=list)


def pull_of(call: Call) -> Pull:
    """The pull request that `{pull_number}` names. Raises Refused(404), for an issue too."""
    issue = call.issue()
    if issue.pull_id is None:
        raise not_found()
    return call.state.get(Pull, issue.pull_id)


@operation("pulls/create", "POST", REPO + "/pulls", OPENS)
def create(call: Call) -> Answer:
    """Open a pull request."""
    new = call.read(NewPull)
    if new.title is None:
        raise invalid(
            "Validation Failed", {"resource": "PullRequest", "field": "title", "code": "missing_field"}
        )
    made = pulls.create(
        call.state,
        call.repo,
        call.me,
        title=new.title,
        head=new.head,
        base=new.base,
        body=new.body,
        draft=new.draft,
        maintainer_can_modify=new.maintainer_can_modify,
    )
    shape = render_pull.pull(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("pulls/list", "GET", REPO + "/pulls", READ)
def list_pulls(call: Call) -> Answer:
    """Pull requests, filtered; newest first unless asked otherwise."""
    call.only("state", "head", "base", "sort", "direction")
    query = call.query
    wanted = _one_of(call, "state", ("open", "closed", "all"))
    sort = _one_of(call, "sort", ("created", "updated", "popularity", "long-running"))
    by_default = "desc" if sort == "created" else "asc"
    descending = _one_of(call, "direction", (by_default, "asc", "desc")) == "desc"
    found = call.state.find(Pull, repo_id=call.repo.id)
    if "head" in query:
        # Without OWNER: GitHub does not filter at all.
        owner, colon, branch = query["head"].partition(":")
        mine = owner.lower() == call.params["owner"].lower()
        found = [one for one in found if not colon or (mine and one.head_ref == branch)]
    if "base" in query:
        found = [one for one in found if one.base_ref == query["base"]]
    pairs = [(call.state.get(Issue, one.issue_id), one) for one in found]
    pairs = [(issue, one) for issue, one in pairs if wanted in ("all", issue.state)]
    if sort == "long-running":
        month_ago = call.state.now() - timedelta(days=30)
        pairs = [pair for pair in pairs if pair[0].created_at < month_ago <= pair[0].updated_at]

    def rank(pair: tuple[Issue, Pull]) -> tuple[float, int]:
        issue = pair[0]
        if sort == "popularity":
            return len(call.state.find(Comment, issue_id=issue.id)), issue.number
        return (issue.updated_at if sort == "updated" else issue.created_at).timestamp(), issue.number

    answer = page(call, [one for _, one in sorted(pairs, key=rank, reverse=descending)])
    shapes = [render_pull.simple_pull(call.state, call.base_url, one) for one in answer.body]
    return Answer(200, shapes, answer.headers)


def _one_of(call: Call, name: str, known: tuple[str, ...]) -> str:
    """A query parameter, the first of `known` when it is not given. Raises Refused(422) for another value."""
    value = call.query.get(name, known[0])
    if value not in known:
        raise invalid("Validation Failed", {"resource": "PullRequest", "field": name, "code": "invalid"})
    return value


@operation("pulls/get", "GET", ONE, READ)
def get(call: Call) -> Answer:
    """One pull request, or its diff or patch."""
    pull = pull_of(call)
    repo = git.open_git(call.state, call.repo)
    match media.wanted(call):
        case "diff":
            return media.as_text("diff", repo.diff(pulls.merge_base(repo, pull), pull.head_sha))
        case "patch":
            return media.as_text("patch", repo.patches(pulls.merge_base(repo, pull), pull.head_sha))
    return Answer(200, render_pull.pull(call.state, call.base_url, pull))


@operation("pulls/update", "PATCH", ONE, OPENS)
def update(call: Call) -> Answer:
    """Change title, body, base or state: its author, or who may write."""
    pull, new = pull_of(call), call.read(ChangedPull)
    issue = call.issue()
    if not issues.may_author(call.state, call.me, issue) and not call.may(WRITE):
        raise Refused(403, "Must have push access to repository.")
    sent = new.model_fields_set
    if new.title is not None:
        issues.rename(call.state, call.me, issue, new.title)
    if "body" in sent:
        issues.edit_body(call.state, call.me, issue, new.body)
    if new.base is not None:
        pulls.change_base(call.state, call.me, pull, new.base)
    if new.maintainer_can_modify is not None:
        pull.maintainer_can_modify = new.maintainer_can_modify
        call.state.put(pull)
    if new.state == "closed":
        pulls.close(call.state, call.me, pull)
    elif new.state == "open":
        pulls.reopen(call.state, call.me, pull)
    return Answer(200, render_pull.pull(call.state, call.base_url, pull))


@operation("pulls/list-commits", "GET", ONE + "/commits", READ)
def list_commits(call: Call) -> Answer:
    """Its commits, oldest first (at most 250)."""
    call.only()
    repo = git.open_git(call.state, call.repo)
    answer = page(call, pulls.commits(call.state, pull_of(call))[:250])
    shapes = [
        render_pull.commit(call.state, call.base_url, call.repo, repo.commit(one)) for one in answer.body
    ]
    return Answer(200, shapes, answer.headers)


@operation("pulls/list-files", "GET", ONE + "/files", READ)
def list_files(call: Call) -> Answer:
    """The files that it changes, with their patches."""
    call.only()
    pull, repo = pull_of(call), git.open_git(call.state, call.repo)
    changes = repo.changes(pulls.merge_base(repo, pull), pull.head_sha)
    shapes = [
        render_pull.diff_entry(call.state, call.base_url, call.repo, pull.head_sha, one) for one in changes
    ]
    return page(call, shapes)


@operation("pulls/check-if-merged", "GET", ONE + "/merge", READ)
def is_merged(call: Call) -> Answer:
    """204 when it was merged, 404 when not."""
    if not pull_of(call).merged:
        raise not_found()
    return Answer(204)


@operation("pulls/merge", "PUT", ONE + "/merge", writes("contents"))
def merge(call: Call) -> Answer:
    """Merge, pinned to `sha` when it is given."""
    new, pull = call.read(Merging), pull_of(call)
    try:
        after = pulls.merge(
            call.state,
            call.me,
            pull,
            method=new.merge_method,
            sha=new.sha,
            title=new.commit_title,
            message=new.commit_message,
            token=call.caller.token,
        )
    except Refused as refused:
        if refused.status not in (405, 409):
            raise
        # These two have a shape of their own.
        there = "https://docs.github.com/rest/pulls/pulls#merge-a-pull-request"
        return Answer(refused.status, {"message": refused.message, "documentation_url": there})
    return Answer(200, {"sha": after, "merged": True, "message": "Pull Request successfully merged"})


@operation("pulls/update-branch", "PUT", ONE + "/update-branch", WRITE)
def update_branch(call: Call) -> Answer:
    """Merge the base into the head."""
    pull = pull_of(call)
    pulls.update_branch(
        call.state,
        call.me,
        pull,
        expected_head_sha=call.read(Updating).expected_head_sha,
        token=call.caller.token,
    )
    url = f"{render.repository_html_url(call.state, call.base_url, call.repo)}/pull/{pull.number}"
    return Answer(202, {"message": "Updating pull request branch.", "url": url})


@operation("pulls/list-requested-reviewers", "GET", ONE + "/requested_reviewers", READ)
def list_reviewers(call: Call) -> Answer:
    """Who was asked and has not answered."""
    ids = pull_of(call).requested_reviewer_ids
    users = [render.account_by_id(call.state, call.base_url, one) for one in ids]
    return Answer(200, {"users": users, "teams": []})


@operation("pulls/request-reviewers", "POST", ONE + "/requested_reviewers", WRITE)
def request_reviewers(call: Call) -> Answer:
    """Ask for reviews."""
    pull = pull_of(call)
    pulls.request_reviewers(call.state, call.me, pull, _asked(call).reviewers)
    return Answer(201, _simple(call, pull))


@operation("pulls/remove-requested-reviewers", "DELETE", ONE + "/requested_reviewers", WRITE)
def remove_reviewers(call: Call) -> Answer:
    """Ask no longer."""
    pull = pull_of(call)
    pulls.remove_reviewers(call.state, call.me, pull, _asked(call).reviewers)
    return Answer(200, _simple(call, pull))


def _asked(call: Call) -> Reviewers:
    asked = call.read(Reviewers)
    if asked.team_reviewers:
        raise Refused(501, "team_reviewers is not implemented by this forge")
    return asked


def _simple(call: Call, pull: Pull) -> dict[str, Any]:
    return render_pull.simple_pull(call.state, call.base_url, pull)
