"""Classic branch protection over REST. https://docs.github.com/en/rest/branches/branch-protection"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.local.forge import git, protection, render
from bot.local.forge.access import find_account
from bot.local.forge.http import Answer, Body, Call, Need, Refused, operation, reads
from bot.local.forge.records import App, BranchProtection

PATH = "/repos/{owner}/{repo}/branches/{branch:path}/protection"
READ = Need(("administration",), "read", "admin")
WRITE = Need(("administration",), "write", "admin")
NOT_PROTECTED = "Branch not protected"


class Check(Body):
    """A required check; `app_id` -1 and null both mean any App."""

    context: str
    app_id: int | None = None


class Checks(Body):
    """Required status checks."""

    strict: bool
    contexts: list[str] = Field(default_factory=list)
    checks: list[Check] | None = None


class Reviews(Body):
    """Required reviews."""

    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    required_approving_review_count: int = Field(1, ge=0, le=6)
    require_last_push_approval: bool = False


class Restrictions(Body):
    """Who may push: logins and App slugs."""

    users: list[str]
    teams: list[str]
    apps: list[str] = Field(default_factory=list)


class Protection(Body):
    """`repos/update-branch-protection`."""

    required_status_checks: Checks | None
    enforce_admins: bool | None
    required_pull_request_reviews: Reviews | None
    restrictions: Restrictions | None
    required_linear_history: bool = False
    allow_force_pushes: bool | None = None
    allow_deletions: bool = False
    required_conversation_resolution: bool = False
    lock_branch: bool = False


@operation("repos/get-branch-protection", "GET", PATH, READ)
def get(call: Call) -> Answer:
    """What protects a branch; 404 when nothing does."""
    record = _record(call)
    return Answer(200, _shape(call, record) | {"enabled": True})


@operation("repos/update-branch-protection", "PUT", PATH, WRITE)
def put(call: Call) -> Answer:
    """Protect a branch so, and not otherwise."""
    protection.require_rules(call.state, call.repo)
    new, branch = call.read(Protection), _branch(call)
    checks, reviews, allowed = (
        new.required_status_checks,
        new.required_pull_request_reviews,
        new.restrictions,
    )
    if reviews is not None and reviews.require_code_owner_reviews:
        raise Refused(501, "require_code_owner_reviews is not implemented by this forge")
    if allowed is not None and allowed.teams:
        raise Refused(501, "restrictions.teams is not implemented by this forge")
    wanted: dict[tuple[str, int | None], None] = {}
    if checks is not None:
        pinned = [(one.context, None if one.app_id == -1 else one.app_id) for one in checks.checks or []]
        named = {context for context, _ in pinned}
        wanted = dict.fromkeys([*pinned, *((one, None) for one in checks.contexts if one not in named)])
    known = protection.classic(call.state, call.repo, branch)
    record = BranchProtection(
        id=known.id if known else call.state.new_id(),
        repo_id=call.repo.id,
        branch=branch,
        strict=checks.strict if checks else False,
        checks=list(wanted),
        required_checks=checks is not None,
        required_reviews=reviews.required_approving_review_count if reviews else None,
        dismiss_stale_reviews=reviews.dismiss_stale_reviews if reviews else False,
        require_last_push_approval=reviews.require_last_push_approval if reviews else False,
        enforce_admins=bool(new.enforce_admins),
        required_linear_history=new.required_linear_history,
        allow_force_pushes=bool(new.allow_force_pushes),
        allow_deletions=new.allow_deletions,
        required_conversation_resolution=new.required_conversation_resolution,
        restrictions={"users": allowed.users, "apps": allowed.apps, "teams": []} if allowed else None,
        lock_branch=new.lock_branch,
    )
    call.state.put(record)
    return Answer(200, _shape(call, record))


@operation("repos/delete-branch-protection", "DELETE", PATH, WRITE)
def delete(call: Call) -> Answer:
    """Protect a branch no longer."""
    call.state.drop(_record(call))
    return Answer(204)


@operation("repos/get-status-checks-protection", "GET", PATH + "/required_status_checks", reads("contents"))
def get_checks(call: Call) -> Answer:
    """The required checks."""
    record = _record(call)
    if not record.required_checks:
        raise Refused(404, "Required status checks not enabled")
    return Answer(200, _shape(call, record)["required_status_checks"])


def _branch(call: Call) -> str:
    branch = call.params["branch"]
    if git.open_git(call.state, call.repo).branch(branch) is None:
        raise Refused(404, "Branch not found")
    return branch


def _record(call: Call) -> BranchProtection:
    protection.require_rules(call.state, call.repo)
    record = protection.classic(call.state, call.repo, _branch(call))
    if record is None:
        raise Refused(404, NOT_PROTECTED)
    return record


def _shape(call: Call, record: BranchProtection) -> dict[str, Any]:
    home = render.repository_api_url(call.state, call.base_url, call.repo)
    url = f"{home}/branches/{record.branch}/protection"
    shape: dict[str, Any] = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": record.enforce_admins},
        "required_linear_history": {"enabled": record.required_linear_history},
        "allow_force_pushes": {"enabled": record.allow_force_pushes},
        "allow_deletions": {"enabled": record.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": record.required_conversation_resolution},
        "lock_branch": {"enabled": record.lock_branch},
        "allow_fork_syncing": {"enabled": False},
    }
    if record.required_checks:
        shape["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": record.strict,
            "contexts": [context for context, _ in record.checks],
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": context, "app_id": app_id} for context, app_id in record.checks],
        }
    if record.required_reviews is not None:
        shape["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": record.dismiss_stale_reviews,
            "require_code_owner_reviews": False,
            "require_last_push_approval": record.require_last_push_approval,
            "required_approving_review_count": record.required_reviews,
        }
    if record.restrictions is not None:
        people = [find_account(call.state, login) for login in record.restrictions["users"]]
        apps = [call.state.one(App, slug=slug) for slug in record.restrictions["apps"]]
        shape["restrictions"] = {
            "url": f"{url}/restrictions",
            "users_url": f"{url}/restrictions/users",
            "teams_url": f"{url}/restrictions/teams",
            "apps_url": f"{url}/restrictions/apps",
            "users": [render.account(call.state, call.base_url, one) for one in people if one],
            "teams": [],
            "apps": [_app(call, one) for one in apps if one],
        }
    return shape


def _app(call: Call, app: App) -> dict[str, Any]:
    """As the description has it here: a text for a description, and few permissions."""
    shape = render.app(call.state, call.base_url, app)
    shown = ("metadata", "contents", "issues", "single_file")
    permissions = {name: access for name, access in shape["permissions"].items() if name in shown}
    return {**shape, "description": shape["description"] or "", "permissions": permissions}
