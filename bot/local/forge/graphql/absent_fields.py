"""What GitHub has and no repository here: milestones, projects, teams, forks, stars.

Clients ask for these along with everything else, `gh` for classic projects whenever it shows an issue; of
what there is none of, none is the true answer. (github.com answers classic projects with an error as well
since they were switched off, by which a `gh` of that age fails there: github.com/cli/cli, issue 12476.)
"""

from __future__ import annotations

from typing import Any

from bot.local.forge.graphql.ask import Info
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field

TYPES = (
    "AutoMergeRequest",
    "Milestone",
    "Project",
    "ProjectCard",
    "ProjectColumn",
    "ProjectV2",
    "ProjectV2Item",
    "ProjectV2ItemFieldSingleSelectValue",
    "Team",
)
"""Types of which there is never one."""


@field(
    "Issue.projectCards",
    "Issue.projectItems",
    "Organization.projects",
    "Organization.projectsV2",
    "Organization.teams",
    "PullRequest.projectCards",
    "PullRequest.projectItems",
    "Repository.milestones",
    "Repository.projects",
    "Repository.projectsV2",
    "Repository.watchers",
)
def nothing(
    _source: object,
    info: Info,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    **_filters: Any,
) -> Connection:
    """An empty list, whatever is asked of it."""
    return connect(info, (), first, after, last, before)


@field("Organization.team", "Repository.milestone")
def nobody(_source: object, _info: Info, **_which: Any) -> None:
    """Not there."""


constant("Issue", activeLockReason=None, isPinned=False, milestone=None)
constant(
    "PullRequest",
    activeLockReason=None,
    autoMergeRequest=None,
    milestone=None,
)
for _type in ("IssueComment", "PullRequestReview", "PullRequestReviewComment"):
    constant(_type, isMinimized=False, minimizedReason=None)
constant(
    "Repository",
    forkCount=0,
    hasDiscussionsEnabled=False,
    hasProjectsEnabled=False,
    hasWikiEnabled=False,
    homepageUrl=None,
    isMirror=False,
    isTemplate=False,
    mirrorUrl=None,
    parent=None,
    stargazerCount=0,
    templateRepository=None,
    viewerHasStarred=False,
)
