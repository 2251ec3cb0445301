"""Holds GraphQL documents, and our forge's part of the schema, against GitHub's published schema.

The schema is `@octokit/graphql-schema`, which set-up fetches into ``tests/node_modules``. It lags behind
github.com: what it lacks and `gh` asks for is in `BESIDES`. Of that our code asks for `blockedBy` and
`issueType` of an issue, and goes on without them where they are not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_schema,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tests.contract.openapi import PUBLISHED

# The specification forbids one name for fields of different types in two fragments; github.com executes them:
# `gh issue close` (2.23 to 2.60) asks for `state` of an issue and of a pull request so.
OTHER_TYPES = "they return conflicting types"
SCHEMA = PUBLISHED / "graphql-schema" / "schema.graphql"


# What github.com has and the published schema (15.26.1) lacks. `gh` asks for it, seen with 2.103, when it
# shows an issue, assigns somebody, asks for a review or edits a pull request.
BESIDES = """
extend type Mutation {
  replaceActorsForAssignable(input: ReplaceActorsForAssignableInput!): ReplaceActorsForAssignablePayload
  requestReviewsByLogin(input: RequestReviewsByLoginInput!): RequestReviewsByLoginPayload
}
extend type Issue {
  blockedBy(after: String, before: String, first: Int, last: Int): IssueConnection!
  blocking(after: String, before: String, first: Int, last: Int): IssueConnection!
  issueType: IssueType
  assignedActors(after: String, before: String, first: Int, last: Int): AssigneeConnection!
}
extend type PullRequest {
  assignedActors(after: String, before: String, first: Int, last: Int): AssigneeConnection!
}
type AssigneeConnection {
  edges: [AssigneeEdge]
  nodes: [Assignee]
  pageInfo: PageInfo!
  totalCount: Int!
}
type AssigneeEdge {
  cursor: String!
  node: Assignee
}
type IssueType implements Node {
  color: IssueTypeColor!
  description: String
  id: ID!
  name: String!
}
enum IssueTypeColor { BLUE GRAY GREEN ORANGE PINK PURPLE RED YELLOW }
input RequestReviewsByLoginInput {
  botLogins: [String!]
  clientMutationId: String
  pullRequestId: ID!
  teamSlugs: [String!]
  union: Boolean
  userLogins: [String!]
}
type RequestReviewsByLoginPayload {
  clientMutationId: String
  pullRequest: PullRequest
}
input ReplaceActorsForAssignableInput {
  actorIds: [ID!]
  actorLogins: [String!]
  assignableId: ID!
  clientMutationId: String
}
type ReplaceActorsForAssignablePayload {
  assignable: Assignable
  clientMutationId: String
}
"""


@cache
def _published() -> GraphQLSchema:
    text = SCHEMA.read_text(encoding="utf-8") + BESIDES
    return build_schema(text, assume_valid=True, assume_valid_sdl=True, no_location=True)


@lru_cache(maxsize=500)
def _validated(text: str) -> tuple[DocumentNode, tuple[str, ...]]:
    """The document and what is wrong with it whatever its variables are; a log holds the same one many times.
    Raises GraphQLError for what is none."""
    document = parse(text)
    problems = [error.message for error in validate(_published(), document)]
    return document, tuple(problem for problem in problems if OTHER_TYPES not in problem)


def check_document(text: str, variables: Mapping[str, object] | None = None) -> list[str]:
    """Every way in which github.com would refuse a GraphQL document; none, an empty list.

    Args:
        text: the document.
        variables: their values, checked as well when given (needs a document with one operation).
    """
    try:
        document, problems = _validated(text)
    except GraphQLError as error:
        return [error.message]
    if problems or variables is None:
        return list(problems)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        return [f"variables for {len(operations)} operations: which one is meant?"]
    values = get_variable_values(_published(), operations[0].variable_definitions or (), dict(variables))
    return [error.message for error in values] if isinstance(values, list) else []


def check_subset(sdl: str, published: GraphQLSchema | None = None) -> list[str]:
    """Every type, field, argument and value of a schema that the published one lacks or has otherwise.

    What a client may send must be at least as strict there as here: an argument or input field that the
    published schema requires must be required here too, so types are compared whole, nullability included.

    Args:
        sdl: the schema that should be a part.
        published: the whole; GitHub's when not given.
    """
    whole = published or _published()
    part = build_schema(sdl)
    problems: list[str] = []
    for name, ours in sorted(part.type_map.items()):
        if is_introspection_type(ours) or is_specified_scalar_type(ours):
            continue
        theirs = whole.type_map.get(name)
        if theirs is None:
            problems.append(f"{name}: no such type")
        elif type(theirs) is not type(ours):
            problems.append(f"{name}: is a {_kind(ours)}, published as a {_kind(theirs)}")
        else:
            problems.extend(_compare(ours, theirs))
    return problems


def _kind(named: GraphQLNamedType) -> str:
    return type(named).__name__.removeprefix("GraphQL").removesuffix("Type").lower()


def _compare(ours: GraphQLNamedType, theirs: GraphQLNamedType) -> Iterator[str]:
    name = ours.name
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
        published_interfaces = {interface.name for interface in theirs.interfaces}
        for interface in ours.interfaces:
            if interface.name not in published_interfaces:
                yield f"{name}: published without interface {interface.name}"
        for field_name, field in ours.fields.items():
            yield from _compare_fields(f"{name}.{field_name}", field, theirs.fields.get(field_name))
    elif isinstance(ours, GraphQLInputObjectType):
        assert isinstance(theirs, GraphQLInputObjectType)
        for field_name, field in ours.fields.items():
            published = theirs.fields.get(field_name)
            yield from _compare_types(f"{name}.{field_name}", field.type, published and published.type)
        for field_name, required in theirs.fields.items():
            if is_required_input_field(required) and field_name not in ours.fields:
                yield f"{name}.{field_name}: required by the published schema, missing here"
    elif isinstance(ours, GraphQLEnumType):
        assert isinstance(theirs, GraphQLEnumType)
        for value in ours.values:
            if value not in theirs.values:
                yield f"{name}.{value}: no such value"
    elif isinstance(ours, GraphQLUnionType):
        assert isinstance(theirs, GraphQLUnionType)
        members = {member.name for member in theirs.types}
        for member in ours.types:
            if member.name not in members:
                yield f"{name}: published without member {member.name}"
    else:
        assert isinstance(ours, GraphQLScalarType)


def _compare_fields(place: str, ours: GraphQLField, theirs: GraphQLField | None) -> Iterator[str]:
    if theirs is None:
        yield f"{place}: no such field"
        return
    yield from _compare_types(place, ours.type, theirs.type)
    for name, argument in ours.args.items():
        published = theirs.args.get(name)
        yield from _compare_types(f"{place}({name}:)", argument.type, published and published.type)
    for name, argument in theirs.args.items():
        if is_required_argument(argument) and name not in ours.args:
            yield f"{place}({name}:): required by the published schema, missing here"


def _compare_types(place: str, ours: object, theirs: object) -> Iterator[str]:
    """By their spelling: `[Issue!]` is another type than `[Issue]!`."""
    if theirs is None:
        yield f"{place}: not in the published schema"
    elif str(ours) != str(theirs):
        yield f"{place}: has type {ours}, published with {theirs}"
