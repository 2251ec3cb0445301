"""`schema.graphql` made executable: resolvers, scalars, the type of each source; built once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from bot.local.forge.graphql import (
    absent_fields,
    check_count_fields,
    check_fields,
    check_mutations,
    comment_fields,
    commit_fields,
    issue_fields,
    issue_mutations,
    merge_fields,
    protection_fields,
    pull_fields,
    pull_mutations,
    queue_fields,
    ref_mutations,
    review_fields,
    search_fields,
    timeline_fields,
    tree_fields,
)
from bot.local.forge.graphql.ask import GitThing, Info, Ref
from bot.local.forge.graphql.connections import resolve_connections
from bot.local.forge.graphql.fields import RESOLVERS
from bot.local.forge.graphql.pull_fields import PullCommit
from bot.local.forge.graphql.queue_fields import MergeQueue
from bot.local.forge.graphql.review_fields import ReviewRequest
from bot.local.forge.issue_types import IssueType
from bot.local.forge.records import (
    Account,
    App,
    BranchProtection,
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    ContentEdit,
    Issue,
    Label,
    Pull,
    QueueEntry,
    Reaction,
    Record,
    Repository,
    Review,
    ReviewComment,
    Run,
    Thread,
    TimelineEvent,
    Workflow,
)

MODULES = (
    absent_fields,
    check_count_fields,
    check_fields,
    check_mutations,
    comment_fields,
    commit_fields,
    issue_fields,
    issue_mutations,
    merge_fields,
    protection_fields,
    ref_mutations,
    review_fields,
    search_fields,
    tree_fields,
    pull_fields,
    pull_mutations,
    queue_fields,
    timeline_fields,
)
"""Importing these registers the resolvers."""

TYPES: dict[type, str] = {
    App: "App",
    BranchProtection: "BranchProtectionRule",
    CheckRun: "CheckRun",
    CheckSuite: "CheckSuite",
    Comment: "IssueComment",
    CommitStatus: "StatusContext",
    ContentEdit: "UserContentEdit",
    Issue: "Issue",
    IssueType: "IssueType",
    Label: "Label",
    Pull: "PullRequest",
    PullCommit: "PullRequestCommit",
    MergeQueue: "MergeQueue",
    QueueEntry: "MergeQueueEntry",
    Reaction: "Reaction",
    Ref: "Ref",
    Repository: "Repository",
    Review: "PullRequestReview",
    ReviewComment: "PullRequestReviewComment",
    ReviewRequest: "ReviewRequest",
    Run: "WorkflowRun",
    Thread: "PullRequestReviewThread",
    Workflow: "Workflow",
}


def type_name(source: object) -> str | None:
    """The GraphQL type of a source; None for a record that GraphQL does not show."""
    if isinstance(source, Account):
        return source.type
    if isinstance(source, GitThing):
        return source.kind.capitalize()
    if isinstance(source, TimelineEvent):
        return timeline_fields.EVENTS.get(source.event)
    return TYPES.get(type(source))


def sdl() -> str:
    """The text of the schema."""
    return (files("bot.local.forge") / "schema.graphql").read_text(encoding="utf-8")


@cache
def schema() -> GraphQLSchema:
    """The executable schema. Raises LookupError for a field without a resolver."""
    built = build_schema(sdl(), no_location=True)
    resolve_connections(
        {
            name: named.fields
            for name, named in built.type_map.items()
            if name.endswith(("Connection", "Edge")) and isinstance(named, GraphQLObjectType)
        }
    )
    for name, named in built.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(named, GraphQLObjectType):
            _attach(named)
        elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = _resolve_type
        elif isinstance(named, GraphQLInputObjectType):
            for key, value in named.fields.items():
                value.out_name = snake_case(key)
        elif isinstance(named, GraphQLScalarType) and name in SERIALIZERS:
            named.coerce_output_value = SERIALIZERS[name]
    for name in ("DateTime", "GitTimestamp"):
        scalar = built.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_input_value = parse_datetime
    return built


def _attach(named: GraphQLObjectType) -> None:
    for key, value in named.fields.items():
        place = f"{named.name}.{key}"
        resolver = RESOLVERS.get(place)
        if resolver is None and key == "id":
            resolver = _node_id
        if resolver is None and named.name.endswith("Payload"):
            resolver = _payload
        if resolver is None and named.name in absent_fields.TYPES:
            resolver = absent_fields.nobody
        if resolver is None:
            raise LookupError(f"{place} has no resolver")
        value.resolve = resolver
        for name, argument in value.args.items():
            argument.out_name = snake_case(name)


def _node_id(source: Record, info: Info) -> str:
    return info.context.state.node_id(source)


def _payload(source: dict[str, object], info: Info) -> object:
    return source.get(info.field_name)


def _resolve_type(source: object, _info: Info, _abstract: GraphQLAbstractType) -> str | None:
    return type_name(source)


def snake_case(name: str) -> str:
    """`pullRequestId` as Python writes it (`commitOID`: `commit_oid`)."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _write_datetime(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_datetime(value: object) -> datetime:
    """An ISO 8601 time; without a zone it is UTC. Raises GraphQLError."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError(f"{value!r} is not a valid DateTime") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


SERIALIZERS: dict[str, Callable[[datetime], str]] = {
    "DateTime": _write_datetime,
    "GitTimestamp": datetime.isoformat,
}
