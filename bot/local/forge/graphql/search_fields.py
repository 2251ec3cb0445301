"""`search`, for issues and pull requests."""

from __future__ import annotations

from typing import Any

from bot.local.forge import search
from bot.local.forge.graphql.ask import Info
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field
from bot.local.forge.records import Pull

MAX_FOUND = 1000


@field("Query.search")
def find(_root: None, info: Info, query: str, type: str, **page: Any) -> Connection:  # noqa: ARG001
    """What fits a query; `type` can only be ISSUE here, which means pull requests too."""
    ask = info.context
    found = search.find(ask.state, ask.caller, query)[:MAX_FOUND]
    return connect(
        info, [one if one.pull_id is None else ask.state.get(Pull, one.pull_id) for one in found], **page
    )


@field("SearchResultItemConnection.issueCount")
def issue_count(found: Connection, _info: Info) -> int:
    """How many fit."""
    return len(found.everything)


constant(
    "SearchResultItemConnection", codeCount=0, discussionCount=0, repositoryCount=0, userCount=0, wikiCount=0
)
