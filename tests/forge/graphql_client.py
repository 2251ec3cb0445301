"""Asking a forge by GraphQL, each document held against the published schema first."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contract.graphql_documents import check_document

WHERE = {"owner": "octo", "name": "sample"}
REPOSITORY = "repository(owner: $owner, name: $name)"


def send(client: httpx.Client, query: str, **variables: object) -> httpx.Response:
    """A request as github.com would take it: every document must fit the published schema."""
    assert check_document(query) == []
    return client.post("/../graphql", json={"query": query, "variables": variables})


def ask(client: httpx.Client, query: str, **variables: object) -> Any:
    """The data of an answer without errors."""
    answer = send(client, query, **variables)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


def errors(client: httpx.Client, query: str, **variables: object) -> list[dict[str, Any]]:
    """The errors of an answer, which has the status 200 all the same."""
    answer = send(client, query, **variables)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["errors"]
    return found


def repository(client: httpx.Client, fields: str) -> Any:
    """Fields of octo/sample."""
    return ask(client, f"query($owner: String!, $name: String!) {{ {REPOSITORY} {{ {fields} }} }}", **WHERE)[
        "repository"
    ]


def mutate(client: httpx.Client, name: str, given: dict[str, Any], fields: str = "clientMutationId") -> Any:
    """One mutation, its payload."""
    return ask(client, mutation(name, fields), i=given)[name]


def mutation(name: str, fields: str = "clientMutationId") -> str:
    """The document of one mutation with the variable `$i`."""
    kind = name[0].upper() + name[1:] + "Input!"
    return f"mutation($i: {kind}) {{ {name}(input: $i) {{ {fields} }} }}"
