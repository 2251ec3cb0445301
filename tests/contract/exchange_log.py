"""Reads what a forge answered during a test and holds all of it against GitHub's published descriptions.

The log is JSON Lines, one object for each exchange or delivery, told apart by `kind`:

- ``rest``: `method`, `path` (below the API's root), `query`, `request`, `status`, `content_type`, `response`
- ``graphql``: `request` (with `query` and `variables`), `status`, `response`
- ``webhook``: `event`, `payload`

More fields may stand beside these. A line that is none of the three is a problem, so that a forge that logs
otherwise cannot pass by being misread.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from tests.contract.graphql_documents import check_document
from tests.contract.openapi import check_exchange, check_webhook


class RestLine(BaseModel):
    """One request to the REST API and its answer."""

    kind: Literal["rest"]
    method: str
    path: str
    query: str
    request: JsonValue
    status: int
    content_type: str
    response: JsonValue


class GraphqlRequest(BaseModel):
    """The body of a GraphQL request."""

    query: str
    variables: dict[str, JsonValue] | None = None


class GraphqlLine(BaseModel):
    """One GraphQL request and its answer."""

    kind: Literal["graphql"]
    request: JsonValue
    status: int
    response: JsonValue


class WebhookLine(BaseModel):
    """One delivery, made from state."""

    kind: Literal["webhook"]
    event: str
    payload: dict[str, JsonValue]


Line = Annotated[RestLine | GraphqlLine | WebhookLine, Field(discriminator="kind")]
LINE: TypeAdapter[RestLine | GraphqlLine | WebhookLine] = TypeAdapter(Line)


def check_log(path: Path) -> list[str]:
    """Each distinct problem of a log once, with how often it was met and the first line that has it.

    A log that is missing or empty is a problem: nothing was compared.
    """
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        for problem in _problems(line):
            first.setdefault(problem, number)
            count[problem] = count.get(problem, 0) + 1
    if not lines:
        return [f"{path.name}: no exchange was logged"]
    return [
        f"{problem} ({count[problem]} times, first in line {number})" for problem, number in first.items()
    ]


def assert_log_fits(path: Path) -> None:
    """Fails, naming every distinct problem of a log, unless it has none."""
    problems = check_log(path)
    assert not problems, f"{path} differs from what GitHub publishes:\n" + "\n".join(problems)


def _problems(line: str) -> Iterator[str]:
    try:
        entry = LINE.validate_json(line)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        yield f"not a line of an exchange log: {wrong}"
        return
    match entry:
        case RestLine():
            yield from check_exchange(
                entry.method,
                entry.path,
                entry.request,
                entry.status,
                entry.response,
                query=entry.query,
                content_type=entry.content_type,
            )
        case GraphqlLine():
            yield from _graphql_problems(entry)
        case WebhookLine():
            yield from check_webhook(entry.event, entry.payload)


def _graphql_problems(entry: GraphqlLine) -> Iterator[str]:
    """A document that was executed must be one that github.com executes; one that was refused need not."""
    if entry.status != 200 or not isinstance(entry.response, dict) or entry.response.get("data") is None:
        return
    request = GraphqlRequest.model_validate(entry.request)
    for problem in check_document(request.query, request.variables or {}):
        yield f"GraphQL: {problem}"
