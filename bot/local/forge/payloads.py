"""A webhook's payload, rendered from the state that a signal points to.

Actions' `github.event` is the same document, so the triggers of runs use `payload` too. Pull requests,
reviews, checks and commits are rendered by `render_pull`, runs and jobs by `render_actions`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.local.forge import render, render_actions, render_issue, render_pull
from bot.local.forge.addresses import api_url
from bot.local.forge.git import open_git
from bot.local.forge.git_objects import ZERO, Commit, GitDir, Signature
from bot.local.forge.records import (
    Account,
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    Installation,
    Issue,
    Job,
    Label,
    Pull,
    Record,
    Repository,
    Review,
    ReviewComment,
    Run,
    Thread,
    Workflow,
)
from bot.local.forge.state import Signal, State

JSON = dict[str, Any]
Renderer = Callable[[State, str, Any], JSON]

MAX_COMMITS = 2048  # of a push, as GitHub says

# What a signal is about: the payload's field, the record's kind, its shape.
ROLES: dict[str, tuple[str, type[Record], Renderer]] = {
    "issue": ("issue", Issue, render_issue.issue),
    "comment": ("comment", Comment, render_issue.comment),
    "label": ("label", Label, render_issue.label),
    "assignee": ("assignee", Account, render.account),
    "pull": ("pull_request", Pull, render_pull.pull),
    "reviewer": ("requested_reviewer", Account, render.account),
    "review": ("review", Review, render_pull.webhook_review),
    "review_comment": ("comment", ReviewComment, render_pull.review_comment),
    "thread": ("thread", Thread, render_pull.webhook_thread),
    "check_run": ("check_run", CheckRun, render_pull.webhook_check_run),
    "check_suite": ("check_suite", CheckSuite, render_pull.check_suite),
    "run": ("workflow_run", Run, render_actions.run),
    "job": ("workflow_job", Job, render_actions.job),
}
LINKS = ("sub_issue", "parent_issue", "blocked_issue", "blocking_issue")
EXTRAS = ("before", "after", "changes", "inputs", "reason", "ref", "workflow", "requested_action", "type")


def payload(state: State, base_url: str, signal: Signal, *, installation_id: int | None = None) -> JSON:
    """The body of a signal's webhook; `installation_id` for the App's that gets it.

    Raises Missing when something that it is about is gone.
    """
    body: JSON = {} if signal.action is None else {"action": signal.action}
    body |= _subject(state, base_url, signal)
    home = state.get(Repository, signal.repo_id)
    owner = state.get(Account, home.owner_id)
    if not signal.event.startswith("installation"):
        body["repository"] = render.repository(state, base_url, home)
        if installation_id is not None:
            installation = state.get(Installation, installation_id)
            body["installation"] = {"id": installation.id, "node_id": state.node_id(installation)}
    if owner.type == "Organization":
        body["organization"] = _organization(state, base_url, owner)
    body["sender"] = render.account(state, base_url, state.get(Account, signal.sender_id))
    return body


def _subject(state: State, base_url: str, signal: Signal) -> JSON:
    if signal.event == "push":
        return _push(state, base_url, signal)
    if signal.event in ("create", "delete"):
        return _ref(state, signal)
    if signal.event == "status":
        return render_pull.webhook_status(state, base_url, state.get(CommitStatus, signal.about["status"]))
    if signal.event.startswith("installation"):
        return _installation(state, base_url, signal)
    if signal.event == "merge_group":
        return _merge_group(state, signal)
    body: JSON = {}
    for role, record_id in signal.about.items():
        if role in LINKS:
            body |= _link(state, base_url, role, record_id)
        elif role in ROLES and not (role == "issue" and "pull" in signal.about):
            field, kind, shape = ROLES[role]
            body[field] = shape(state, base_url, _record(state, signal, kind, record_id))
    if signal.event == "pull_request":
        body["number"] = body["pull_request"]["number"]
    if signal.event == "workflow_run":
        run = state.get(Run, signal.about["run"])
        body["workflow"] = render_actions.workflow(state, base_url, state.get(Workflow, run.workflow_id))
    return body | {name: signal.extra[name] for name in EXTRAS if name in signal.extra}


def _merge_group(state: State, signal: Signal) -> JSON:
    extra = signal.extra
    git = open_git(state, state.get(Repository, signal.repo_id))
    group: JSON = {name: extra[name] for name in ("head_sha", "head_ref", "base_sha", "base_ref")}
    group["head_commit"] = render_pull.simple_commit(git.commit(str(extra["head_sha"])))
    return {"merge_group": group} | ({"reason": extra["reason"]} if "reason" in extra else {})


def _record(state: State, signal: Signal, kind: type[Record], record_id: int) -> Record:
    """A deletion's signal brings what is gone along."""
    dropped = signal.extra.get("dropped")
    if dropped is not None and dropped["id"] == record_id:
        return kind.model_validate(dropped)
    return state.get(kind, record_id)


def _link(state: State, base_url: str, role: str, issue_id: int) -> JSON:
    issue = state.get(Issue, issue_id)
    return {
        f"{role}_id": issue.id,
        role: render_issue.issue(state, base_url, issue),
        f"{role}_repo": render.repository(state, base_url, state.get(Repository, issue.repo_id)),
    }


def _organization(state: State, base_url: str, owner: Account) -> JSON:
    url = f"{api_url(base_url)}/orgs/{owner.login}"
    return {
        "login": owner.login,
        "id": owner.id,
        "node_id": state.node_id(owner),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{base_url}/avatars/u/{owner.id}",
        "description": None,
    }


def _installation(state: State, base_url: str, signal: Signal) -> JSON:
    installation = state.get(Installation, signal.about["installation"])
    body: JSON = {"installation": render.installation(state, base_url, installation), "requester": None}
    if signal.event == "installation":
        ids = installation.repository_ids
        return body | {"repositories": [_named(state, one) for one in ids]}
    return body | {
        "repository_selection": "selected",
        "repositories_added": [_named(state, one) for one in signal.extra.get("added", [])],
        "repositories_removed": [_named(state, one) for one in signal.extra.get("removed", [])],
    }


def _named(state: State, repository_id: int) -> JSON:
    found = state.get(Repository, repository_id)
    return {
        "id": found.id,
        "node_id": state.node_id(found),
        "name": found.name,
        "full_name": render.full_name(state, found),
        "private": found.private,
    }


def _ref(state: State, signal: Signal) -> JSON:
    home = state.get(Repository, signal.repo_id)
    full = str(signal.extra["ref"])
    body: JSON = {
        "ref": full.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "ref_type": "tag" if full.startswith("refs/tags/") else "branch",
        "pusher_type": "user",
    }
    if signal.event == "create":
        body |= {"master_branch": home.default_branch, "description": home.description}
    return body


def _push(state: State, base_url: str, signal: Signal) -> JSON:
    home = state.get(Repository, signal.repo_id)
    html = render.repository_html_url(state, base_url, home)
    extra = signal.extra
    before, after = str(extra["before"]), str(extra["after"])
    git = open_git(state, home)
    oids: list[str] = []
    if after != ZERO:
        trunk = git.branch(home.default_branch)
        is_trunk = extra["ref"] == f"refs/heads/{home.default_branch}"
        known = before if before != ZERO else None if is_trunk else trunk
        oids = list(reversed(git.log(after, *([known] if known else []))))
    commits = [_commit(git, html, git.commit(oid)) for oid in oids[-MAX_COMMITS:]]
    pusher = state.get(Account, signal.sender_id)
    return {
        "ref": extra["ref"],
        "before": before,
        "after": after,
        "created": extra["created"],
        "deleted": extra["deleted"],
        "forced": extra["forced"],
        "base_ref": None,
        "compare": f"{html}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": None if after == ZERO else _commit(git, html, git.commit(after)),
        "pusher": {"name": pusher.login, "email": f"{pusher.login}@users.noreply.localhost"},
    }


def _commit(git: GitDir, html: str, commit: Commit) -> JSON:
    return {
        "id": commit.oid,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message.rstrip("\n"),
        "timestamp": commit.committer.at.isoformat(),
        "url": f"{html}/commit/{commit.oid}",
        "author": _person(commit.author),
        "committer": _person(commit.committer),
        **_files(git, commit),
    }


def _person(signature: Signature) -> JSON:
    return {"name": signature.name, "email": signature.email, "date": signature.at.isoformat()}


def _files(git: GitDir, commit: Commit) -> dict[str, list[str]]:
    if not commit.parents:
        names = [entry.path for entry in git.tree(commit.oid, recursive=True) if entry.type != "tree"]
        return {"added": names, "removed": [], "modified": []}
    changes = git.changes(commit.parents[0], commit.oid)
    return {
        "added": [one.path for one in changes if one.status in ("added", "renamed", "copied")],
        "removed": [
            *(one.path for one in changes if one.status == "removed"),
            *(one.previous_path for one in changes if one.status == "renamed" and one.previous_path),
        ],
        "modified": [one.path for one in changes if one.status in ("modified", "changed")],
    }
