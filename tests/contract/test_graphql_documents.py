"""GraphQL documents and schemas are compared with the published schema, and differences are caught."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

import bot
from tests.contract.graphql_documents import check_document, check_subset

FORGE = Path(bot.__file__).parent / "local" / "forge"

WHOLE = """
interface Node { id: ID! }
enum State { OPEN CLOSED }
union Subject = Issue | Pull
input Order { field: String! ascending: Boolean }
type Issue implements Node { id: ID! state: State! labels(first: Int, order: Order): [String!] }
type Pull { number: Int! }
type Query { node(id: ID!): Node subject: Subject }
"""


def compare(part: str) -> list[str]:
    return check_subset(part, build_schema(WHOLE))


@pytest.mark.usefixtures("published")
class TestDocuments:
    def test_a_document_that_github_executes_has_no_problems(self) -> None:
        document = (
            'query($o: String!) { repository(owner: $o, name: "r") { issues(first: 9) { totalCount } } }'
        )
        assert check_document(document) == []
        assert check_document(document, {"o": "octo"}) == []

    def test_a_field_that_is_not_published_is_named(self) -> None:
        document = '{ repository(owner: "o", name: "r") { beads { totalCount } } }'
        (problem,) = check_document(document)
        assert problem.startswith("Cannot query field 'beads' on type 'Repository'.")

    def test_a_missing_argument_and_a_wrong_one_are_named(self) -> None:
        assert check_document('{ repository(owner: "o") { id } }') == [
            "Argument 'Query.repository(name:)' of type 'String!' is required, but it was not provided."
        ]
        (problem,) = check_document('{ repository(owner: "o", name: "r", fork: true) { id } }')
        assert "Unknown argument 'fork'" in problem

    def test_what_cannot_be_parsed_is_one_problem(self) -> None:
        (problem,) = check_document("{ repository(")
        assert problem.startswith("Syntax Error")

    def test_a_variable_of_the_wrong_type_is_named(self) -> None:
        document = 'query($n: Int!) { repository(owner: "o", name: "r") { issue(number: $n) { id } } }'
        (problem,) = check_document(document, {"n": "seven"})
        assert "$n" in problem

    def test_our_forges_schema_is_a_true_part_of_githubs(self) -> None:
        assert check_subset((FORGE / "schema.graphql").read_text(encoding="utf-8")) == []


class TestSubset:
    def test_a_part_has_no_problems(self) -> None:
        assert compare("interface Node { id: ID! } type Query { node(id: ID!): Node }") == []

    @pytest.mark.parametrize(
        ("part", "problem"),
        [
            ("type Query { bead: Bead } type Bead { id: ID! }", "Bead: no such type"),
            (
                "type Query { subject: Subject } type Subject { id: ID! }",
                "Subject: is a object, published as a union",
            ),
            ("type Query { nodes: [ID!] }", "Query.nodes: no such field"),
            (
                "type Query { node(id: ID!): Node! } interface Node { id: ID! }",
                "Query.node: has type Node!, published with Node",
            ),
            (
                "type Query { node(id: ID): Node } interface Node { id: ID! }",
                "Query.node(id:): has type ID, published with ID!",
            ),
            (
                "type Query { node: Node } interface Node { id: ID! }",
                "Query.node(id:): required by the published schema, missing here",
            ),
            (
                "type Query { node(id: ID!, fresh: Boolean): Node } interface Node { id: ID! }",
                "Query.node(fresh:): not in the published schema",
            ),
            (
                "type Query { subject: Subject } union Subject = Node2 type Node2 { id: ID! }",
                "Subject: published without member Node2",
            ),
            (
                "interface Node { id: ID! } type Pull implements Node { id: ID! } type Query { a: Pull }",
                "Pull: published without interface Node",
            ),
            (
                "enum State { OPEN STALE } type Issue { state: State! } type Query { issue: Issue }",
                "State.STALE: no such value",
            ),
            (
                "input Order { field: Int! } type Query { _: Int }",
                "Order.field: has type Int!, published with String!",
            ),
            (
                "input Order { ascending: Boolean } type Query { _: Int }",
                "Order.field: required by the published schema, missing here",
            ),
            (
                "input Order { field: String! size: Int } type Query { _: Int }",
                "Order.size: not in the published schema",
            ),
        ],
    )
    def test_each_difference_is_named(self, part: str, problem: str) -> None:
        assert problem in compare(part)
