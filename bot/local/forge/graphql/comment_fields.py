"""What GitHub's interface Comment promises of issues, pull requests, comments and reviews; and reactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.local.forge.graphql.account_fields import account_or_none
from bot.local.forge.graphql.ask import Info
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.records import (
    Account,
    Comment,
    ContentEdit,
    Issue,
    Pull,
    Reaction,
    Repository,
    Review,
    ReviewComment,
)
from bot.local.forge.render_issue import association

Written = Issue | Comment | Review | ReviewComment
COMMENTS = ("Issue", "PullRequest", "IssueComment", "PullRequestReview", "PullRequestReviewComment")
REACTABLE = ("Issue", "PullRequest", "IssueComment", "PullRequestReviewComment", "PullRequestReview")
CONTENTS = {
    "THUMBS_UP": "+1",
    "THUMBS_DOWN": "-1",
    "LAUGH": "laugh",
    "HOORAY": "hooray",
    "CONFUSED": "confused",
    "HEART": "heart",
    "ROCKET": "rocket",
    "EYES": "eyes",
}
_WORDS = {content: word for word, content in CONTENTS.items()}


def written(source: Written | Pull, info: Info) -> Written:
    """The record that has the text: of a pull request its issue half."""
    return info.context.state.get(Issue, source.issue_id) if isinstance(source, Pull) else source


def _all(name: str) -> Iterable[str]:
    return (f"{kind}.{name}" for kind in COMMENTS)


@field(*_all("author"))
def author(source: Written | Pull, info: Info) -> Account | None:
    """Who wrote it."""
    return account_or_none(info, written(source, info).user_id)


@field(*_all("authorAssociation"))
def author_association(source: Written | Pull, info: Info) -> str:
    """OWNER, COLLABORATOR or NONE."""
    state = info.context.state
    record = written(source, info)
    return association(state.get(Repository, record.repo_id), record.user_id)


@field(*_all("viewerDidAuthor"))
def viewer_did_author(source: Written | Pull, info: Info) -> bool:
    """Whether the caller wrote it."""
    return written(source, info).user_id == info.context.me.id


@field(*_all("body"), *_all("bodyText"))
def body(source: Written | Pull, info: Info) -> str:
    """The text as Markdown; `bodyText` gives the same here, for want of a renderer."""
    return written(source, info).body or ""


@field(*_all("createdAt"))
def created_at(source: Written | Pull, info: Info) -> datetime:
    """When it was written; of a review, when it was handed in."""
    record = written(source, info)
    if isinstance(record, Review):
        return record.submitted_at or info.context.state.now()
    return record.created_at


@field(*_all("publishedAt"))
def published_at(source: Written | Pull, info: Info) -> datetime:
    """When others could read it."""
    return created_at(source, info)


@field(*_all("updatedAt"))
def updated_at(source: Written | Pull, info: Info) -> datetime:
    """When something of it changed last."""
    record = written(source, info)
    return created_at(source, info) if isinstance(record, Review) else record.updated_at


# -- edits ------------------------------------------------------------------------------------------------
def _edits(source: Written | Pull, info: Info) -> list[ContentEdit]:
    """All versions, oldest first; the first is the creation, so one version is no edit."""
    record = written(source, info)
    found = info.context.state.find(ContentEdit, on=type(record).__name__, on_id=record.id)
    return found if len(found) > 1 else []


@field(*_all("lastEditedAt"))
def last_edited_at(source: Written | Pull, info: Info) -> datetime | None:
    """When its text was changed last."""
    edits = _edits(source, info)
    return edits[-1].edited_at if edits else None


@field(*_all("editor"))
def editor(source: Written | Pull, info: Info) -> Account | None:
    """Who changed its text last."""
    edits = _edits(source, info)
    return account_or_none(info, edits[-1].editor_id) if edits else None


@field(*_all("includesCreatedEdit"))
def includes_created_edit(source: Written | Pull, info: Info) -> bool:
    """Whether the edits begin with the creation, which they do once there is another."""
    return bool(_edits(source, info))


@field(*_all("userContentEdits"))
def user_content_edits(source: Written | Pull, info: Info, **page: Any) -> Connection:
    """All versions, newest first, the creation among them; none of a text that was never changed."""
    return connect(info, _edits(source, info)[::-1], **page)


plain("UserContentEdit", createdAt="edited_at", editedAt="edited_at", updatedAt="edited_at", diff="body")
constant("UserContentEdit", deletedAt=None, deletedBy=None)


@field("UserContentEdit.editor")
def edit_editor(edit: ContentEdit, info: Info) -> Account | None:
    """Who wrote that version."""
    return account_or_none(info, edit.editor_id)


# -- reactions --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReactionGroup:
    """All reactions of one content on something."""

    content: str
    reactions: tuple[Reaction, ...]


def _reactions(source: Written | Pull, info: Info) -> list[Reaction]:
    record = written(source, info)
    return info.context.state.find(Reaction, on=type(record).__name__, on_id=record.id)


@field(*(f"{kind}.reactionGroups" for kind in REACTABLE))
def reaction_groups(source: Written | Pull, info: Info) -> list[ReactionGroup]:
    """One group for each content there is, empty ones included."""
    given = _reactions(source, info)
    return [
        ReactionGroup(word, tuple(one for one in given if one.content == content))
        for word, content in CONTENTS.items()
    ]


@field(*(f"{kind}.reactions" for kind in REACTABLE))
def reactions(
    source: Written | Pull,
    info: Info,
    content: str | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    """The reactions on it, oldest first."""
    given = [one for one in _reactions(source, info) if content in (None, _WORDS[one.content])]
    newest_first = order_by is not None and order_by["direction"] == "DESC"
    return connect(info, given[::-1] if newest_first else given, **page)


plain("ReactionGroup", content="content")


@field("ReactionGroup.createdAt")
def group_created_at(group: ReactionGroup, _info: Info) -> datetime | None:
    """When the first one was given."""
    return group.reactions[0].created_at if group.reactions else None


@field("ReactionGroup.viewerHasReacted")
def viewer_has_reacted(group: ReactionGroup, info: Info) -> bool:
    """Whether the caller is among them."""
    return any(one.user_id == info.context.me.id for one in group.reactions)


@field("ReactionGroup.reactors", "ReactionGroup.users")
def reactors(group: ReactionGroup, info: Info, **page: Any) -> Connection:
    """Who reacted so."""
    state = info.context.state
    return connect(info, [state.get(Account, one.user_id) for one in group.reactions], **page)


plain("Reaction", databaseId="id", createdAt="created_at")


@field("Reaction.content")
def reaction_content(reaction: Reaction, _info: Info) -> str:
    """THUMBS_UP and so on."""
    return _WORDS[reaction.content]


@field("Reaction.user")
def reaction_user(reaction: Reaction, info: Info) -> Account | None:
    """Who reacted."""
    return account_or_none(info, reaction.user_id)
