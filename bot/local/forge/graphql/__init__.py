"""GitHub's GraphQL API over the forge's state: `execute` answers one request.

`schema.graphql` beside this package is the part of GitHub's schema that is implemented; `*_fields.py` and
`*_mutations.py` say how. A document that names anything else is answered with 501.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from bot.local.forge.graphql.ask import Ask, refused
from bot.local.forge.graphql.limits import MAX_NODES, budget_of, weigh
from bot.local.forge.graphql.schema import schema
from bot.local.forge.graphql.unimplemented import check_names, check_variables
from bot.local.forge.http import Caller, Refused
from bot.local.forge.state import Missing, State

__all__ = ["execute"]
Answer = tuple[int, dict[str, Any]]

OTHER_TYPES = "they return conflicting types"
"""What the specification forbids and GitHub does not: one name for fields of different types, each in a
fragment of its own (``... on Issue { state } ... on PullRequest { state }``), as `gh issue close` asks.
"""


def execute(state: State, base_url: str, caller: Caller, body: Any) -> Answer:
    """Answer a GraphQL request.

    Args:
        state: the records; the caller commits afterwards.
        base_url: ``http://127.0.0.1:PORT``.
        caller: a person, an installation or a job; nobody is refused before.
        body: the request's JSON: `query`, `variables`, `operationName`.

    Returns:
        The HTTP status and the JSON. 200 with `data` and `errors`, as GitHub does even when all failed;
        501 with a `message` for what this forge does not implement.

    Raises:
        Refused: 401 for nobody, 400 for a body that is no request.
    """
    if caller.account is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise Refused(400, "Problems parsing JSON")
    try:
        document, problems = _prepare(query)
    except GraphQLSyntaxError as error:
        return 200, {"errors": [_syntax(error)]}
    except Refused as error:
        return error.status, {"message": error.message}
    if problems:
        return 200, {"errors": [_shape(problem) for problem in problems]}
    operation = get_operation_ast(document, body.get("operationName"))
    if operation is None:
        return 200, {"errors": [{"message": "An operation name is required"}]}
    try:
        check_variables(schema(), operation, variables)
    except Refused as error:
        return error.status, {"message": error.message}
    return _run(Ask(state, base_url, caller, caller.account), document, operation, variables)


def _run(
    ask: Ask, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, object]
) -> Answer:
    weight = weigh(document, operation, variables)
    if weight.nodes > MAX_NODES:
        message = (
            f"This query requests up to {weight.nodes:,} possible nodes which exceeds the maximum limit of "
            f"{MAX_NODES:,}."
        )
        return 200, {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}]}
    ask.cost, ask.nodes = weight.cost, weight.nodes
    ask.limit, ask.used, ask.reset_at = budget_of(ask.state).spend(ask.caller, weight.cost)
    if ask.used > ask.limit:
        who = f"user ID {ask.me.id}" if ask.caller.label.startswith("user") else "installation"
        message = f"API rate limit exceeded for {who}."
        return 200, {"errors": [{"type": "RATE_LIMITED", "message": message}]}
    name = operation.name.value if operation.name else None
    result = execute_sync(
        schema(), document, context_value=ask, variable_values=variables, operation_name=name
    )
    answer: dict[str, Any] = {"data": result.data}
    for error in result.errors or ():
        cause = error.original_error
        if isinstance(cause, Refused) and cause.status == 501:
            return 501, {"message": cause.message}
        if cause is not None and not isinstance(cause, Refused | Missing | GraphQLError):
            raise cause
    if result.errors:
        answer["errors"] = [_shape(error) for error in result.errors]
    return 200, answer


@lru_cache(maxsize=500)
def _prepare(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The document and what is wrong with it, kept for the next time. Raises GraphQLSyntaxError, Refused."""
    document = parse(query)
    check_names(schema(), document)
    problems = validate(schema(), document)
    return document, [one for one in problems if OTHER_TYPES not in one.message]


def _syntax(error: GraphQLSyntaxError) -> dict[str, object]:
    where = error.locations[0] if error.locations else None
    place = f" at [{where.line}, {where.column}]" if where else ""
    found: dict[str, object] = {"message": f"{error.message.removeprefix('Syntax Error: ')}{place}"}
    if where:
        found["locations"] = [{"line": where.line, "column": where.column}]
    return found


def _shape(error: GraphQLError) -> dict[str, object]:
    """GitHub's order: type, path, locations, message."""
    cause = error.original_error
    if isinstance(cause, Refused):
        cause = refused(cause)
    elif isinstance(cause, Missing):
        cause = refused(Refused(404, "Could not resolve to a node."))
    extensions = dict((cause.extensions if isinstance(cause, GraphQLError) else error.extensions) or {})
    found: dict[str, object] = {}
    if "type" in extensions:
        found["type"] = extensions.pop("type")
    if error.path is not None:
        found["path"] = error.path
    if extensions:
        found["extensions"] = extensions
    found["locations"] = [{"line": one.line, "column": one.column} for one in error.locations or ()]
    found["message"] = cause.message if isinstance(cause, GraphQLError) else error.message
    return found
