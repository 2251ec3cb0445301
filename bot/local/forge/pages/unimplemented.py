"""What github.com has at addresses where this forge has nothing, by name."""

from __future__ import annotations

from urllib.parse import unquote

TOP = {
    "codespaces": "Codespaces",
    "dashboard": "The dashboard",
    "explore": "Explore",
    "gist": "Gists",
    "marketplace": "The marketplace",
    "new": "Making a repository here (`bot.local.forge.world` does)",
    "notifications": "Notifications",
    "search": "Searching all repositories here (REST has `search/issues`)",
    "settings": "Settings",
    "sponsors": "Sponsors",
    "stars": "Stars",
    "trending": "Trending",
}
OF_REPOSITORY = {
    "activity": "Activity",
    "archive": "Archives",
    "blame": "Blame",
    "branches": "The list of branches",
    "commits": "The list of commits (a pull request has its own)",
    "community": "Community standards",
    "compare": "Comparing, and opening a pull request here (REST has `POST …/pulls`)",
    "contributors": "Contributors",
    "delete": "Deleting a file here",
    "deployments": "Deployments",
    "discussions": "Discussions",
    "fork": "Forks",
    "forks": "Forks",
    "graphs": "Insights",
    "milestone": "Milestones",
    "milestones": "Milestones",
    "network": "Insights",
    "packages": "Packages",
    "projects": "Projects",
    "pulse": "Insights",
    "releases": "Releases",
    "rules": "The rules' page",
    "security": "Security",
    "settings": "Settings (protection, rulesets and variables are in REST)",
    "stargazers": "Stars",
    "tags": "The list of tags",
    "upload": "Uploading files here",
    "watchers": "Watchers",
    "wiki": "The wiki",
}


def name_of(address: str) -> str | None:
    """What github.com has at an address, as the beginning of a sentence; None when nothing that we know."""
    segments = [unquote(segment) for segment in address.strip("/").split("/")]
    if segments[0] in TOP:
        return TOP[segments[0]]
    return OF_REPOSITORY.get(segments[2]) if len(segments) > 2 else None
