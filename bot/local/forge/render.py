"""The JSON shapes of accounts, Apps and repositories: one pure function from a record to a dict.

Every function takes the state, the base URL (``http://127.0.0.1:PORT``) and the record. REST is at
`addresses.api_url`, pages for people at ``{base}``. Issues, labels and comments: `render_issue`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.local.forge.addresses import api_url
from bot.local.forge.http import ROLES, role_of
from bot.local.forge.records import Account, App, Installation, Issue, Repository, Role
from bot.local.forge.state import State

JSON = dict[str, Any]

# The addresses that every repository has, below its own; the names are GitHub's.
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def at(moment: datetime) -> str:
    """A time as REST writes it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def at_or_none(moment: datetime | None) -> str | None:
    """A time, or null."""
    return None if moment is None else at(moment)


def full_name(state: State, repository: Repository) -> str:
    """``OWNER/NAME``."""
    return f"{state.get(Account, repository.owner_id).login}/{repository.name}"


def repository_api_url(state: State, base_url: str, repository: Repository) -> str:
    """The repository's REST address."""
    return f"{api_url(base_url)}/repos/{full_name(state, repository)}"


def repository_html_url(state: State, base_url: str, repository: Repository) -> str:
    """The repository's page."""
    return f"{base_url}/{full_name(state, repository)}"


def account(state: State, base_url: str, record: Account) -> JSON:
    """A `simple-user`."""
    url = f"{api_url(base_url)}/users/{quote(record.login)}"
    page = f"apps/{record.login.removesuffix('[bot]')}" if record.type == "Bot" else record.login
    return {
        "login": record.login,
        "id": record.id,
        "node_id": state.node_id(record),
        "avatar_url": f"{base_url}/avatars/u/{record.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base_url}/{page}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": record.type,
        "site_admin": False,
    }


def account_by_id(state: State, base_url: str, account_id: int | None) -> JSON | None:
    """A `simple-user`, or null for nobody."""
    return None if account_id is None else account(state, base_url, state.get(Account, account_id))


def public_user(state: State, base_url: str, record: Account) -> JSON:
    """A `public-user`, as ``GET /users/{login}`` gives it."""
    owned = [found for found in state.all(Repository) if found.owner_id == record.id and not found.private]
    born = at(min((found.created_at for found in owned), default=state.now()))
    return {
        **account(state, base_url, record),
        "name": record.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": len(owned),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": born,
        "updated_at": born,
    }


def app(state: State, base_url: str, record: App) -> JSON:
    """An `integration`: an App as others see it."""
    return {
        "id": record.id,
        "slug": record.slug,
        "client_id": record.client_id,
        "node_id": state.node_id(record),
        "owner": account_by_id(state, base_url, record.owner_id),
        "name": record.name,
        "description": None,
        "external_url": base_url,
        "html_url": f"{base_url}/apps/{record.slug}",
        "created_at": at(record.created_at),
        "updated_at": at(record.created_at),
        "permissions": record.permissions,
        "events": record.events,
    }


def app_of_account(state: State, base_url: str, account_id: int) -> JSON | None:
    """The App whose bot an account is (`performed_via_github_app`), or null."""
    found = state.one(App, bot_id=account_id)
    return None if found is None else app(state, base_url, found)


def installation(state: State, base_url: str, record: Installation) -> JSON:
    """An `installation`."""
    owner = state.get(Account, record.account_id)
    the_app = state.get(App, record.app_id)
    return {
        "id": record.id,
        "client_id": the_app.client_id,
        "account": account(state, base_url, owner),
        "repository_selection": "selected",
        "access_tokens_url": f"{api_url(base_url)}/app/installations/{record.id}/access_tokens",
        "repositories_url": f"{api_url(base_url)}/installation/repositories",
        "html_url": f"{base_url}/settings/installations/{record.id}",
        "app_id": record.app_id,
        "app_slug": the_app.slug,
        "target_id": owner.id,
        "target_type": owner.type,
        "permissions": record.permissions,
        "events": record.events,
        "created_at": at(record.created_at),
        "updated_at": at(record.created_at),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


def permissions(role: Role) -> dict[str, bool]:
    """The `permissions` object of a role."""
    rank = ROLES.index(role)
    needed: dict[str, Role] = {
        "admin": "admin",
        "maintain": "maintain",
        "push": "write",
        "triage": "triage",
        "pull": "read",
    }
    return {name: rank >= ROLES.index(least) for name, least in needed.items()}


def simple_repository(state: State, base_url: str, record: Repository) -> JSON:
    """A `simple-repository`: names and addresses."""
    name = full_name(state, record)
    url = f"{api_url(base_url)}/repos/{name}"
    return {
        "id": record.id,
        "node_id": state.node_id(record),
        "name": record.name,
        "full_name": name,
        "private": record.private,
        "owner": account_by_id(state, base_url, record.owner_id),
        "html_url": f"{base_url}/{name}",
        "description": record.description,
        "fork": False,
        "url": url,
        **{key: url + path for key, path in _REPOSITORY_URLS.items()},
    }


minimal_repository = simple_repository
"""A `minimal-repository` needs no more than a `simple-repository` has."""


def repository(state: State, base_url: str, record: Repository, viewer: Account | None = None) -> JSON:
    """A `repository`; with `viewer` also what they may do there."""
    html = repository_html_url(state, base_url, record)
    open_issues = sum(1 for issue in state.find(Issue, repo_id=record.id) if issue.state == "open")
    shape: JSON = {
        **simple_repository(state, base_url, record),
        "clone_url": f"{html}.git",
        "git_url": f"{html}.git",
        "ssh_url": f"{html}.git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "size": 0,
        "forks": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        "has_issues": record.has_issues,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": record.archived,
        "disabled": False,
        "visibility": "private" if record.private else "public",
        "allow_forking": False,
        "is_template": False,
        "topics": [],
        "web_commit_signoff_required": False,
        "default_branch": record.default_branch,
        "created_at": at(record.created_at),
        "updated_at": at(record.updated_at),
        "pushed_at": at(record.pushed_at),
    }
    if viewer is not None:
        shape["permissions"] = permissions(role_of(state, viewer, record))
    return shape


def full_repository(state: State, base_url: str, record: Repository, viewer: Account | None) -> JSON:
    """A `full-repository`, as ``GET /repos/{owner}/{repo}`` gives it."""
    return {
        **repository(state, base_url, record, viewer),
        **merge_settings(record),
        "subscribers_count": 0,
        "network_count": 0,
    }


def merge_settings(record: Repository) -> dict[str, bool]:
    """How pull requests may be merged."""
    return {
        "allow_merge_commit": record.allow_merge_commit,
        "allow_squash_merge": record.allow_squash_merge,
        "allow_rebase_merge": record.allow_rebase_merge,
        "allow_auto_merge": record.allow_auto_merge,
        "allow_update_branch": record.allow_update_branch,
        "delete_branch_on_merge": record.delete_branch_on_merge,
    }
