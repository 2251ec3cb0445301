"""What merging a pull request would write."""

from __future__ import annotations

from bot.local.forge import merge_message, pulls
from bot.local.forge.graphql.ask import Info
from bot.local.forge.graphql.fields import field
from bot.local.forge.graphql.pull_mutations import METHODS
from bot.local.forge.records import Pull


@field("PullRequest.viewerMergeHeadlineText")
def headline(pull: Pull, info: Info, merge_type: str | None = None) -> str:
    """The first line of the commit that a merge of that kind makes."""
    return merge_message.headline(info.context.state, pull, METHODS[merge_type or "MERGE"])


@field("PullRequest.viewerMergeBodyText")
def body(pull: Pull, info: Info, merge_type: str | None = None) -> str:
    """What follows it."""
    state = info.context.state
    method = METHODS[merge_type or "MERGE"]
    return merge_message.body(state, pull, method, lambda: pulls.messages(state, pull))
