"""A repository's own record, and who may do what in it."""

from __future__ import annotations

from bot.local.forge import git, render, render_issue, world
from bot.local.forge.access import find_account
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    Need,
    Refused,
    invalid,
    not_found,
    not_implemented,
    operation,
    page,
    role_of,
    writes,
)
from bot.local.forge.records import Account, Role

REPO = "/repos/{owner}/{repo}"
PEOPLE = REPO + "/collaborators"
PERSON = PEOPLE + "/{username}"
ADMIN = writes("administration", role="admin")
SEES_PEOPLE = Need(role="write")

# What the older field `permission` makes of a role, and what callers may ask for.
LEGACY: dict[Role, str] = {
    "none": "none",
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}
ASKED: dict[str, Role] = {
    "pull": "read",
    "triage": "triage",
    "push": "write",
    "maintain": "maintain",
    "admin": "admin",
}


class Settings(Body):
    """`repos/update`."""

    name: str | None = None
    description: str | None = None
    private: bool | None = None
    default_branch: str | None = None
    has_issues: bool | None = None
    archived: bool | None = None
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None
    allow_auto_merge: bool | None = None
    allow_update_branch: bool | None = None
    delete_branch_on_merge: bool | None = None


class Grant(Body):
    """`repos/add-collaborator`."""

    permission: str = "push"


@operation("repos/get", "GET", REPO, Need())
def get(call: Call) -> Answer:
    """The repository, with what the caller may do in it."""
    shape = render.full_repository(call.state, call.base_url, call.repo, call.caller.account)
    return Answer(200, shape)


@operation("repos/update", "PATCH", REPO, ADMIN)
def update(call: Call) -> Answer:
    """Change settings."""
    asked = call.read(Settings)
    if asked.name is not None and asked.name != call.repo.name:
        raise not_implemented("renaming a repository")
    changes = {
        name: getattr(asked, name)
        for name in asked.model_fields_set - {"name"}
        if name == "description" or getattr(asked, name) is not None
    }
    branch = asked.default_branch
    if branch is not None and git.open_git(call.state, call.repo).branch(branch) is None:
        raise invalid(
            "Validation Failed",
            {"resource": "Repository", "field": "default_branch", "code": "invalid"},
        )
    for name, value in changes.items():
        setattr(call.repo, name, value)
    ways = (call.repo.allow_merge_commit, call.repo.allow_squash_merge, call.repo.allow_rebase_merge)
    call.repo.updated_at = call.state.now()
    call.state.put(call.repo)
    if not any(ways):
        raise invalid("Sorry, you need to allow at least one merge strategy.")
    return get(call)


@operation("repos/list-collaborators", "GET", PEOPLE, SEES_PEOPLE)
def list_collaborators(call: Call) -> Answer:
    """The owner, and whoever was given a role."""
    call.only()
    ids = dict.fromkeys([call.repo.owner_id, *call.repo.collaborators])
    people = [call.state.get(Account, one) for one in ids]
    return page(
        call, [render_issue.collaborator(call.state, call.base_url, call.repo, one) for one in people]
    )


@operation("repos/check-collaborator", "GET", PERSON, SEES_PEOPLE)
def check_collaborator(call: Call) -> Answer:
    """204 for a collaborator, 404 for others."""
    person = _person(call)
    if person.id != call.repo.owner_id and person.id not in call.repo.collaborators:
        raise not_found()
    return Answer(204)


@operation("repos/get-collaborator-permission-level", "GET", PERSON + "/permission", Need())
def get_permission(call: Call) -> Answer:
    """Somebody's role, whoever they are: everybody may read what is public. An App's bot has none, whatever
    its installation may do; an organisation is no user."""
    person = _person(call)
    if person.type == "Organization":
        raise Refused(404, f"{person.login} is not a user")
    role = "none" if person.type == "Bot" else role_of(call.state, person, call.repo)
    user = render_issue.collaborator(call.state, call.base_url, call.repo, person)
    return Answer(200, {"permission": LEGACY[role], "role_name": role, "user": user})


@operation("repos/add-collaborator", "PUT", PERSON, ADMIN)
def add_collaborator(call: Call) -> Answer:
    """Give somebody a role. Nobody has to accept an invitation here, so the answer is always 204."""
    person, asked = _person(call), call.read(Grant).permission
    if asked not in ASKED or person.id == call.repo.owner_id:
        raise invalid(
            "Validation Failed", {"resource": "Repository", "field": "permission", "code": "invalid"}
        )
    world.add_collaborator(call.state, call.repo, person, ASKED[asked])
    return Answer(204)


@operation("repos/remove-collaborator", "DELETE", PERSON, ADMIN)
def remove_collaborator(call: Call) -> Answer:
    """Take somebody's role away."""
    person = _person(call)
    if person.id in call.repo.collaborators:
        world.add_collaborator(call.state, call.repo, person, "none")
    return Answer(204)


def _person(call: Call) -> Account:
    found = find_account(call.state, call.params["username"])
    if found is None:
        raise not_found()
    return found
