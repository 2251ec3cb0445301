"""The JSON shapes of pull requests, reviews, review comments, commits, checks and statuses."""

from __future__ import annotations

from urllib.parse import quote

from bot.local.forge import checks, git, pull_sync, pulls
from bot.local.forge.git_objects import Commit, FileChange, GitDir, Signature
from bot.local.forge.records import (
    App,
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    Issue,
    Label,
    Pull,
    Repository,
    Review,
    ReviewComment,
    Thread,
)
from bot.local.forge.render import (
    JSON,
    account,
    account_by_id,
    app,
    at,
    at_or_none,
    full_name,
    repository,
    repository_api_url,
    repository_html_url,
    simple_repository,
)
from bot.local.forge.render_issue import association, label, reactions
from bot.local.forge.state import State

SIMPLE_SUITE = (
    "after", "app", "before", "conclusion", "created_at", "head_branch", "head_sha", "id", "node_id",
    "pull_requests", "repository", "status", "updated_at", "url",
)  # fmt: skip
UNSIGNED = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


# -- pull requests ----------------------------------------------------------------------------------------
def simple_pull(state: State, base_url: str, record: Pull) -> JSON:
    """A `pull-request-simple`: what lists hold."""
    home = state.get(Repository, record.repo_id)
    issue = state.get(Issue, record.issue_id)
    url, html = _addresses(state, base_url, record)
    repo_url = repository_api_url(state, base_url, home)
    statuses = f"{repo_url}/statuses/{record.head_sha}"
    issue_url = f"{repo_url}/issues/{record.number}"
    assignees = [account_by_id(state, base_url, one) for one in issue.assignee_ids]
    links = {
        "self": url,
        "html": html,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{repo_url}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    return {
        "url": url,
        "id": record.id,
        "node_id": state.node_id(record),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue_url,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{repo_url}/pulls/comments{{/number}}",
        "comments_url": f"{issue_url}/comments",
        "statuses_url": statuses,
        "number": record.number,
        "state": issue.state,
        "locked": issue.locked,
        "title": issue.title,
        "user": account_by_id(state, base_url, issue.user_id),
        "body": issue.body,
        "labels": [label(state, base_url, state.get(Label, one)) for one in issue.label_ids],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": at(issue.created_at),
        "updated_at": at(issue.updated_at),
        "closed_at": at_or_none(issue.closed_at),
        "merged_at": at_or_none(record.merged_at),
        "merge_commit_sha": record.merge_commit_sha,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": [account_by_id(state, base_url, one) for one in record.requested_reviewer_ids],
        "requested_teams": [],
        "head": _end(state, base_url, home, record.head_ref, record.head_sha),
        "base": _end(state, base_url, home, record.base_ref, record.base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": association(home, issue.user_id),
        "auto_merge": None,
        "draft": record.draft,
    }


def pull(state: State, base_url: str, record: Pull) -> JSON:
    """A `pull-request`, which is also a webhook's."""
    home = state.get(Repository, record.repo_id)
    found = git.open_git(state, home)
    changes = found.changes(pulls.merge_base(found, record), record.head_sha)
    merging = pulls.merge_state(state, record)
    return simple_pull(state, base_url, record) | {
        "merged": record.merged,
        "mergeable": merging.mergeable,
        "rebaseable": merging.mergeable,
        "mergeable_state": merging.word,
        "merged_by": account_by_id(state, base_url, record.merged_by_id),
        "comments": len(state.find(Comment, issue_id=record.issue_id)),
        "review_comments": len(state.find(ReviewComment, pull_id=record.id)),
        "maintainer_can_modify": record.maintainer_can_modify,
        "commits": len(pulls.commits(state, record)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def minimal_pull(state: State, base_url: str, record: Pull) -> JSON:
    """A `pull-request-minimal`: what checks and runs name."""
    home = state.get(Repository, record.repo_id)
    url = repository_api_url(state, base_url, home)
    repo = {"id": home.id, "url": url, "name": home.name}
    return {
        "id": record.id,
        "number": record.number,
        "url": f"{url}/pulls/{record.number}",
        "head": {"ref": record.head_ref, "sha": record.head_sha, "repo": repo},
        "base": {"ref": record.base_ref, "sha": record.base_sha, "repo": repo},
    }


def _end(state: State, base_url: str, home: Repository, ref: str, sha: str) -> JSON:
    owner = account_by_id(state, base_url, home.owner_id)
    assert owner is not None
    return {
        "label": f"{owner['login']}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": owner,
        "repo": repository(state, base_url, home),
    }


def _addresses(state: State, base_url: str, record: Pull) -> tuple[str, str]:
    home = state.get(Repository, record.repo_id)
    url = f"{repository_api_url(state, base_url, home)}/pulls/{record.number}"
    return url, f"{repository_html_url(state, base_url, home)}/pull/{record.number}"


# -- reviews ----------------------------------------------------------------------------------------------
def review(state: State, base_url: str, record: Review) -> JSON:
    """A `pull-request-review`."""
    subject = state.get(Pull, record.pull_id)
    url, html = _addresses(state, base_url, subject)
    here = f"{html}#pullrequestreview-{record.id}"
    found: JSON = {
        "id": record.id,
        "node_id": state.node_id(record),
        "user": account_by_id(state, base_url, record.user_id),
        "body": record.body,
        "state": record.state,
        "html_url": here,
        "pull_request_url": url,
        "author_association": association(state.get(Repository, record.repo_id), record.user_id),
        "_links": {"html": {"href": here}, "pull_request": {"href": url}},
        "commit_id": record.commit_id,
    }
    if record.submitted_at is not None:
        found["submitted_at"] = at(record.submitted_at)
    return found


def webhook_review(state: State, base_url: str, record: Review) -> JSON:
    """A webhook's review: its state is in lower case there."""
    submitted = at_or_none(record.submitted_at)
    return review(state, base_url, record) | {"state": record.state.lower(), "submitted_at": submitted}


def review_comment(state: State, base_url: str, record: ReviewComment) -> JSON:
    """A `pull-request-review-comment` (and a `review-comment`, which asks for less)."""
    home = state.get(Repository, record.repo_id)
    subject = state.get(Pull, record.pull_id)
    pull_url, html = _addresses(state, base_url, subject)
    url = f"{repository_api_url(state, base_url, home)}/pulls/comments/{record.id}"
    here = f"{html}#discussion_r{record.id}"
    found: JSON = {
        "url": url,
        "pull_request_review_id": record.review_id,
        "id": record.id,
        "node_id": state.node_id(record),
        "diff_hunk": record.diff_hunk,
        "path": record.path,
        "commit_id": record.commit_id,
        "original_commit_id": record.original_commit_id,
        "user": account_by_id(state, base_url, record.user_id),
        "body": record.body,
        "created_at": at(record.created_at),
        "updated_at": at(record.updated_at),
        "html_url": here,
        "pull_request_url": pull_url,
        "author_association": association(home, record.user_id),
        "_links": {"self": {"href": url}, "html": {"href": here}, "pull_request": {"href": pull_url}},
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": record.line,
        "original_line": record.original_line,
        "side": record.side,
        "subject_type": "line",
        "position": None if record.line is None else _position(record),
        "original_position": _position(record),
        "reactions": reactions(state, "ReviewComment", record.id, f"{url}/reactions"),
    }
    for name in ("line", "original_line", "position"):
        if found[name] is None:
            del found[name]  # the description knows them as numbers or not at all
    if record.in_reply_to_id is not None:
        found["in_reply_to_id"] = record.in_reply_to_id
    return found


def _position(record: ReviewComment) -> int:
    """Rows below the first hunk's header; the hunk that was kept begins with its own."""
    return max(1, record.diff_hunk.count("\n"))


def webhook_thread(state: State, base_url: str, record: Thread) -> JSON:
    """The `thread` of a pull_request_review_thread webhook."""
    found = state.find(ReviewComment, thread_id=record.id)
    return {
        "node_id": state.node_id(record),
        "comments": [review_comment(state, base_url, comment) for comment in found],
    }


# -- commits ----------------------------------------------------------------------------------------------
def git_commit(state: State, base_url: str, home: Repository, record: Commit) -> JSON:
    """A `git-commit`: the object itself."""
    url = repository_api_url(state, base_url, home)
    html = repository_html_url(state, base_url, home)
    return {
        "sha": record.oid,
        "node_id": git.object_node_id("Commit", home, record.oid),
        "url": f"{url}/git/commits/{record.oid}",
        "html_url": f"{html}/commit/{record.oid}",
        "author": person(record.author),
        "committer": person(record.committer),
        "message": record.message.rstrip("\n"),
        "tree": {"sha": record.tree, "url": f"{url}/git/trees/{record.tree}"},
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/git/commits/{parent}",
                "html_url": f"{html}/commit/{parent}",
            }
            for parent in record.parents
        ],
        "verification": UNSIGNED,
    }


def commit(
    state: State, base_url: str, home: Repository, record: Commit, changes: list[FileChange] | None = None
) -> JSON:
    """A `commit`, with its files when they are given."""
    url = repository_api_url(state, base_url, home)
    html = repository_html_url(state, base_url, home)
    author, committer = (git.account_of(state, one) for one in (record.author, record.committer))
    found: JSON = {
        "sha": record.oid,
        "node_id": git.object_node_id("Commit", home, record.oid),
        "url": f"{url}/commits/{record.oid}",
        "html_url": f"{html}/commit/{record.oid}",
        "comments_url": f"{url}/commits/{record.oid}/comments",
        "commit": {
            "url": f"{url}/git/commits/{record.oid}",
            "author": person(record.author),
            "committer": person(record.committer),
            "message": record.message.rstrip("\n"),
            "tree": {"sha": record.tree, "url": f"{url}/git/trees/{record.tree}"},
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "author": account(state, base_url, author) if author else None,
        "committer": account(state, base_url, committer) if committer else None,
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{html}/commit/{parent}"}
            for parent in record.parents
        ],
    }
    if changes is not None:
        plus, minus = sum(one.additions for one in changes), sum(one.deletions for one in changes)
        found["stats"] = {"additions": plus, "deletions": minus, "total": plus + minus}
        found["files"] = [diff_entry(state, base_url, home, record.oid, one) for one in changes]
    return found


def simple_commit(record: Commit) -> JSON:
    """A `simple-commit`."""
    return {
        "id": record.oid,
        "tree_id": record.tree,
        "message": record.message.rstrip("\n"),
        "timestamp": at(record.committer.at),
        "author": {"name": record.author.name, "email": record.author.email},
        "committer": {"name": record.committer.name, "email": record.committer.email},
    }


def person(signature: Signature) -> JSON:
    """Author or committer."""
    return {"name": signature.name, "email": signature.email, "date": at(signature.at)}


def diff_entry(state: State, base_url: str, home: Repository, sha: str, change: FileChange) -> JSON:
    """A `diff-entry`: one file of a diff."""
    html = repository_html_url(state, base_url, home)
    url = repository_api_url(state, base_url, home)
    path = quote(change.path)
    found: JSON = {
        "sha": change.oid,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{html}/blob/{sha}/{path}",
        "raw_url": f"{html}/raw/{sha}/{path}",
        "contents_url": f"{url}/contents/{path}?ref={sha}",
    }
    if change.patch is not None:
        found["patch"] = change.patch
    if change.previous_path is not None:
        found["previous_filename"] = change.previous_path
    return found


# -- checks -----------------------------------------------------------------------------------------------
def check_run(state: State, base_url: str, record: CheckRun) -> JSON:
    """A `check-run`."""
    home = state.get(Repository, record.repo_id)
    url = f"{repository_api_url(state, base_url, home)}/check-runs/{record.id}"
    html = f"{repository_html_url(state, base_url, home)}/runs/{record.id}"
    return {
        "id": record.id,
        "name": record.name,
        "node_id": state.node_id(record),
        "head_sha": record.head_sha,
        "external_id": record.external_id,
        "url": url,
        "html_url": html,
        "details_url": record.details_url or html,
        "status": record.status,
        "conclusion": record.conclusion,
        "started_at": at_or_none(record.started_at),
        "completed_at": at_or_none(record.completed_at),
        "output": {
            "title": record.title,
            "summary": record.summary,
            "text": record.text,
            "annotations_count": len(record.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": record.suite_id},
        "app": app(state, base_url, state.get(App, record.app_id)),
        "pull_requests": _pulls_at(state, base_url, home, record.head_sha),
    }


def webhook_check_run(state: State, base_url: str, record: CheckRun) -> JSON:
    """A `check-run-with-simple-check-suite`: a webhook's says more about the suite."""
    suite = check_suite(state, base_url, state.get(CheckSuite, record.suite_id))
    return check_run(state, base_url, record) | {"check_suite": {name: suite[name] for name in SIMPLE_SUITE}}


def check_suite(state: State, base_url: str, record: CheckSuite) -> JSON:
    """A `check-suite`."""
    home = state.get(Repository, record.repo_id)
    url = f"{repository_api_url(state, base_url, home)}/check-suites/{record.id}"
    found = GitDir(state.git_dir(home)).commit(record.head_sha)
    status, conclusion = checks.suite_state(state, record)
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "head_branch": record.head_branch,
        "head_sha": record.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": found.parents[0] if found.parents else None,
        "after": record.head_sha,
        "pull_requests": _pulls_at(state, base_url, home, record.head_sha),
        "app": app(state, base_url, state.get(App, record.app_id)),
        "repository": simple_repository(state, base_url, home),
        "created_at": at(record.created_at),
        "updated_at": at(record.updated_at),
        "head_commit": simple_commit(found),
        "latest_check_runs_count": len(checks.latest_runs(state.find(CheckRun, suite_id=record.id))),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def _pulls_at(state: State, base_url: str, home: Repository, sha: str) -> list[JSON]:
    found = (one for one in pull_sync.open_pulls(state, home) if one.head_sha == sha)
    return [minimal_pull(state, base_url, one) for one in found]


def annotation(state: State, base_url: str, record: CheckRun, number: int) -> JSON:
    """A `check-annotation`: the run's that stands at `number`."""
    home = state.get(Repository, record.repo_id)
    one = record.annotations[number]
    html = repository_html_url(state, base_url, home)
    return {
        "path": one["path"],
        "start_line": one["start_line"],
        "end_line": one["end_line"],
        "start_column": one.get("start_column"),
        "end_column": one.get("end_column"),
        "annotation_level": one["annotation_level"],
        "title": one.get("title"),
        "message": one["message"],
        "raw_details": one.get("raw_details"),
        "blob_href": f"{html}/blob/{record.head_sha}/{quote(one['path'])}",
    }


def status(state: State, base_url: str, record: CommitStatus) -> JSON:
    """A `status`."""
    found = simple_status(state, base_url, record)
    return found | {"creator": account_by_id(state, base_url, record.creator_id)}


def simple_status(state: State, base_url: str, record: CommitStatus) -> JSON:
    """A `simple-commit-status`: what the combined status holds."""
    home = state.get(Repository, record.repo_id)
    return {
        "url": f"{repository_api_url(state, base_url, home)}/statuses/{record.sha}",
        "avatar_url": f"{base_url}/avatars/u/{record.creator_id}",
        "id": record.id,
        "node_id": state.node_id(record),
        "state": record.state,
        "description": record.description,
        "target_url": record.target_url,
        "context": record.context,
        "created_at": at(record.created_at),
        "updated_at": at(record.created_at),
    }


def combined_status(state: State, base_url: str, home: Repository, sha: str) -> JSON:
    """A `combined-commit-status`."""
    found = checks.statuses_of(state, home, sha)
    url = f"{repository_api_url(state, base_url, home)}/commits/{sha}"
    return {
        "state": checks.combined_state(found),
        "statuses": [simple_status(state, base_url, one) for one in found],
        "sha": sha,
        "total_count": len(found),
        "repository": simple_repository(state, base_url, home),
        "commit_url": url,
        "url": f"{url}/status",
    }


def webhook_status(state: State, base_url: str, record: CommitStatus) -> JSON:
    """What a `status` webhook adds to repository and sender."""
    home = state.get(Repository, record.repo_id)
    found = GitDir(state.git_dir(home))
    url = repository_api_url(state, base_url, home)
    tips = found.refs("refs/heads/").items()
    return {
        "id": record.id,
        "sha": record.sha,
        "name": full_name(state, home),
        "avatar_url": f"{base_url}/avatars/u/{record.creator_id}",
        "target_url": record.target_url,
        "context": record.context,
        "description": record.description,
        "state": record.state,
        "commit": commit(state, base_url, home, found.commit(record.sha)),
        "branches": [
            {
                "name": name.removeprefix("refs/heads/"),
                "commit": {"sha": tip, "url": f"{url}/commits/{tip}"},
                "protected": False,
            }
            for name, tip in tips
            if tip == record.sha
        ],
        "created_at": at(record.created_at),
        "updated_at": at(record.created_at),
    }
