"""The API's own page: where everything is. `gh` reads its headers to learn what a token may do."""

from __future__ import annotations

from bot.local.forge.http import Answer, Call, operation

# The names and the forms of the addresses are GitHub's: https://docs.github.com/en/rest/meta/meta
_PAGED = "{?type,page,per_page,sort}"
_FOUND = "?q={query}{&page,per_page,sort,order}"
ADDRESSES = {
    "authorizations_url": "/authorizations",
    "code_search_url": f"/search/code{_FOUND}",
    "commit_search_url": f"/search/commits{_FOUND}",
    "current_user_repositories_url": f"/user/repos{_PAGED}",
    "current_user_url": "/user",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "hub_url": "/hub",
    "issue_search_url": f"/search/issues{_FOUND}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications_url": "/notifications",
    "organization_repositories_url": f"/orgs/{{org}}/repos{_PAGED}",
    "organization_teams_url": "/orgs/{org}/teams",
    "organization_url": "/orgs/{org}",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_search_url": f"/search/repositories{_FOUND}",
    "repository_url": "/repos/{owner}/{repo}",
    "starred_gists_url": "/gists/starred",
    "starred_url": "/user/starred{/owner}{/repo}",
    "topic_search_url": "/search/topics?q={query}{&page,per_page}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": f"/users/{{user}}/repos{_PAGED}",
    "user_search_url": f"/search/users{_FOUND}",
    "user_url": "/users/{user}",
}


@operation("meta/root", "GET", "/")
def get_root(call: Call) -> Answer:
    """Where things are; not all of it is implemented here."""
    settings = f"{call.base_url}/settings/connections/applications{{/client_id}}"
    pages = {"current_user_authorizations_html_url": settings}
    return Answer(200, {name: call.api_url + path for name, path in ADDRESSES.items()} | pages)
