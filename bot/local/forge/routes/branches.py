"""Branches, commits, comparisons and merges of branches.

https://docs.github.com/en/rest/branches and …/rest/commits
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.local.forge import git, media, protection, render, render_pull
from bot.local.forge.git_objects import EMPTY_TREE, GitDir
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
from bot.local.forge.records import Pull

REPO = "/repos/{owner}/{repo}"
READ = reads("contents")


class NewMerge(Body):
    """`repos/merge`."""

    base: str
    head: str
    commit_message: str | None = None


@operation("repos/list-branches", "GET", REPO + "/branches", READ)
def list_branches(call: Call) -> Answer:
    """All branches, by name."""
    call.only("protected")
    found = git.open_git(call.state, call.repo).refs("refs/heads/")
    shapes = []
    for ref, oid in found.items():
        name = ref.removeprefix("refs/heads/")
        protected = protection.is_protected(call.state, call.repo, name)
        if call.query.get("protected") not in (None, str(protected).lower()):
            continue
        shapes.append(
            {
                "name": name,
                "commit": {"sha": oid, "url": f"{_home(call)}/commits/{oid}"},
                "protected": protected,
                "protection": _summary(call, name),
                "protection_url": f"{_home(call)}/branches/{name}/protection",
            }
        )
    return page(call, shapes)


@operation("repos/get-branch", "GET", REPO + "/branches/{branch:path}", READ)
def get_branch(call: Call) -> Answer:
    """One branch, with what its protection asks of a head."""
    name = call.params["branch"]
    repo = git.open_git(call.state, call.repo)
    oid = repo.branch(name)
    if oid is None:
        raise Refused(404, "Branch not found")
    url = f"{_home(call)}/branches/{name}"
    html = f"{render.repository_html_url(call.state, call.base_url, call.repo)}/tree/{name}"
    return Answer(
        200,
        {
            "name": name,
            "commit": _commit(call, repo, oid),
            "_links": {"self": url, "html": html},
            "protected": protection.is_protected(call.state, call.repo, name),
            "protection": _summary(call, name),
            "protection_url": f"{url}/protection",
        },
    )


@operation("repos/list-commits", "GET", REPO + "/commits", READ)
def list_commits(call: Call) -> Answer:
    """History, newest first, from `sha` (a branch or an id)."""
    call.only("sha", "path", "since", "until")
    repo = git.open_git(call.state, call.repo)
    tip = repo.resolve(call.query.get("sha") or call.repo.default_branch)
    if tip is None:
        raise not_found()
    options = []
    for name in ("since", "until"):
        if name in call.query:
            options.append(f"--{name}={_moment(call.query[name]).isoformat()}")
    oids = repo.log(tip, options=options, path=call.query.get("path"))
    answer = page(call, oids)
    return Answer(200, [_commit(call, repo, oid) for oid in answer.body], answer.headers)


@operation("repos/get-commit", "GET", REPO + "/commits/{ref:path}", READ)
def get_commit(call: Call) -> Answer:
    """A commit with its files, or as diff, patch or id."""
    repo = git.open_git(call.state, call.repo)
    oid = git.commit_of(repo, call.params["ref"])
    commit = repo.commit(oid)
    before = commit.parents[0] if commit.parents else EMPTY_TREE
    match media.wanted(call):
        case "diff":
            return media.as_text("diff", repo.diff(before, oid))
        case "patch":
            return media.as_text("patch", repo.run("format-patch", "--stdout", "-1", oid).decode())
        case "sha":
            return media.as_text("sha", oid)
    shape = render_pull.commit(call.state, call.base_url, call.repo, commit, repo.changes(before, oid))
    return Answer(200, shape)


@operation(
    "repos/list-pull-requests-associated-with-commit",
    "GET",
    REPO + "/commits/{commit_sha}/pulls",
    reads("pull_requests"),
)
def list_pulls(call: Call) -> Answer:
    """Pull requests whose head has the commit, or that brought it into their base."""
    call.only()
    repo = git.open_git(call.state, call.repo)
    oid = git.commit_of(repo, call.params["commit_sha"])
    found = [
        pull
        for pull in call.state.find(Pull, repo_id=call.repo.id)
        if (pull.merge_commit_sha == oid and pull.merged)
        or (repo.is_ancestor(oid, pull.head_sha) and not repo.is_ancestor(oid, pull.base_sha))
    ]
    return page(call, [render_pull.simple_pull(call.state, call.base_url, pull) for pull in found])


@operation("repos/compare-commits-with-basehead", "GET", REPO + "/compare/{basehead:path}", READ)
def compare(call: Call) -> Answer:
    """BASE...HEAD: what the head has that the base has not, counted from where they parted."""
    call.only()
    repo = git.open_git(call.state, call.repo)
    first, dots, second = call.params["basehead"].partition("...")
    base, head = (repo.resolve(_local(call, name)) for name in (first, second))
    if not dots or base is None or head is None:
        raise not_found()
    root = repo.merge_base(base, head)
    if root is None:
        raise Refused(404, f"No common ancestor between {first} and {second}.")
    match media.wanted(call):
        case "diff":
            return media.as_text("diff", repo.diff(root, head))
        case "patch":
            return media.as_text("patch", repo.patches(root, head))
    ahead = repo.log(head, base, options=["--reverse"])
    behind = repo.log(base, head)
    words = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    shown = page(call, ahead) if {"page", "per_page"} & set(call.query) else None
    oids = shown.body if shown else ahead[-250:]
    html = render.repository_html_url(call.state, call.base_url, call.repo)
    there = f"{html}/compare/{call.params['basehead']}"
    files = repo.changes(root, head)[:300] if call.query.get("page", "1") == "1" else []
    return Answer(
        200,
        {
            "url": f"{_home(call)}/compare/{call.params['basehead']}",
            "html_url": there,
            "permalink_url": f"{html}/compare/{base}...{head}",
            "diff_url": f"{there}.diff",
            "patch_url": f"{there}.patch",
            "base_commit": _commit(call, repo, base),
            "merge_base_commit": _commit(call, repo, root),
            "status": words.get((bool(ahead), bool(behind)), "identical"),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [_commit(call, repo, oid) for oid in oids],
            "files": [
                render_pull.diff_entry(call.state, call.base_url, call.repo, head, one) for one in files
            ],
        },
        shown.headers if shown else {},
    )


@operation("repos/merge", "POST", REPO + "/merges", writes("contents"))
def merge(call: Call) -> Answer:
    """Merge a head into a base branch: 201, 204 when there is nothing to merge, 409 for a conflict."""
    new, repo = call.read(NewMerge), git.open_git(call.state, call.repo)
    base, head = repo.branch(new.base), repo.resolve(new.head)
    if base is None or head is None:
        raise Refused(404, f"{'Base' if base is None else 'Head'} does not exist")
    if repo.is_ancestor(head, base):
        return Answer(204)
    tree = repo.merge_tree(base, head)
    if tree is None:
        raise Refused(409, "Merge conflict")
    now = call.state.now()
    message = new.commit_message or f"Merge {new.head} into {new.base}"
    signatures = git.signature_of(call.me, now), git.signature_of_github(now)
    oid = repo.make_commit(tree, [base, head], message, *signatures)
    update = (f"refs/heads/{new.base}", base, oid, False)
    git.move_refs(call.state, call.repo, call.me, [update], token=call.caller.token)
    return Answer(201, _commit(call, repo, oid))


def _home(call: Call) -> str:
    return render.repository_api_url(call.state, call.base_url, call.repo)


def _commit(call: Call, repo: GitDir, oid: str) -> dict[str, Any]:
    return render_pull.commit(call.state, call.base_url, call.repo, repo.commit(oid))


def _local(call: Call, name: str) -> str:
    """`OWNER:BRANCH` of this very repository is its branch."""
    owner, colon, branch = name.partition(":")
    return branch if colon and owner.lower() == call.params["owner"].lower() else name


def _summary(call: Call, branch: str) -> dict[str, Any]:
    """What everybody who reads may know of a branch's protection: its required checks."""
    found = protection.classic(call.state, call.repo, branch)
    if found is None:
        empty = {"enforcement_level": "off", "contexts": [], "checks": []}
        return {"enabled": False, "required_status_checks": empty}
    level = "off" if not found.required_checks else "everyone" if found.enforce_admins else "non_admins"
    return {
        "enabled": True,
        "required_status_checks": {
            "enforcement_level": level,
            "contexts": [context for context, _ in found.checks],
            "checks": [{"context": context, "app_id": app_id} for context, app_id in found.checks],
        },
    }


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text} is not a time") from None
