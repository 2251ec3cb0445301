"""The machinery that compares with GitHub's description catches what it is there to catch."""

from __future__ import annotations

import pytest

from tests.contract.json_schema import Converter, Schema
from tests.contract.openapi import check_exchange, check_webhook, find_operation

pytestmark = pytest.mark.usefixtures("published")

LABELS = "/repos/octo/hello/issues/7/labels"
LABELS_NAME = "GET /repos/{owner}/{repo}/issues/{issue_number}/labels"


def label(**changes: object) -> dict[str, object]:
    return {
        "id": 208045946,
        "node_id": "MDU6TGFiZWwyMDgwNDU5NDY=",
        "url": "https://api.github.com/repos/octo/hello/labels/ready",
        "name": "ready",
        "color": "f29513",
        "default": False,
        "description": None,
        **changes,
    }


def ref(**changes: object) -> dict[str, object]:
    return {
        "ref": "refs/heads/bead/7",
        "node_id": "MDM6UmVm",
        "url": "https://api.github.com/repos/octo/hello/git/refs/heads/bead/7",
        "object": {
            "type": "commit",
            "sha": "a" * 40,
            "url": "https://api.github.com/repos/octo/hello/git/commits/" + "a" * 40,
        },
        **changes,
    }


def user(**changes: object) -> dict[str, object]:
    at = "https://api.github.com/users/octo"
    addresses = ("avatar_url", "html_url", "organizations_url", "received_events_url", "repos_url", "url")
    templates = (
        "events_url",
        "followers_url",
        "following_url",
        "gists_url",
        "starred_url",
        "subscriptions_url",
    )
    return {
        **dict.fromkeys((*addresses, *templates), at),
        "login": "octo",
        "id": 1,
        "node_id": "MDQ6VXNlcjE=",
        "gravatar_id": "",
        "type": "User",
        "site_admin": False,
        **changes,
    }


def test_a_right_answer_has_no_problems() -> None:
    assert check_exchange("GET", LABELS, None, 200, [label(), label(description="Released")]) == []


def test_null_is_accepted_where_the_description_says_nullable_and_nowhere_else() -> None:
    assert check_exchange("GET", LABELS, None, 200, [label(description=None)]) == []
    assert check_exchange("GET", LABELS, None, 200, [label(color=None)]) == [
        f'{LABELS_NAME} 200: answer[].color: the value is not of type "string"'
    ]


def test_a_missing_required_field_is_named() -> None:
    wrong = label()
    del wrong["color"]
    assert check_exchange("GET", LABELS, None, 200, [wrong]) == [
        f'{LABELS_NAME} 200: answer[]: "color" is a required property'
    ]


def test_a_field_of_the_wrong_type_is_named_and_is_the_only_problem_of_its_object() -> None:
    assert check_exchange("GET", LABELS, None, 200, [label(id="7")]) == [
        f'{LABELS_NAME} 200: answer[].id: the value is not of type "integer"'
    ]


def test_a_field_that_the_description_lacks_is_a_problem() -> None:
    assert check_exchange("GET", LABELS, None, 200, [label(weight=1)]) == [
        f"{LABELS_NAME} 200: answer[]: Unevaluated properties are not allowed ('weight' was unexpected)"
    ]


def test_the_same_mistake_in_many_items_is_one_problem() -> None:
    assert len(check_exchange("GET", LABELS, None, 200, [label(id="7"), label(id="8")])) == 1


def test_a_date_must_be_one() -> None:
    created = {"sha": "a" * 40, "message": "m", "author": {"date": "yesterday", "name": "n", "email": "e"}}
    problems = check_exchange("POST", "/repos/octo/hello/git/commits", {"tree": "b" * 40, **created}, 201, {})
    assert (
        'POST /repos/{owner}/{repo}/git/commits: request.author.date: the value is not a "date-time"'
        in problems
    )


def test_an_undocumented_status_is_a_problem() -> None:
    assert check_exchange("GET", LABELS, None, 299, [label()]) == [f"{LABELS_NAME} 299: undocumented status"]
    assert check_exchange("POST", LABELS, {"labels": ["a"]}, 304, None, content_type="") == [
        "POST /repos/{owner}/{repo}/issues/{issue_number}/labels 304: undocumented status"
    ]


def test_any_operation_may_refuse_with_githubs_usual_error_and_with_nothing_else() -> None:
    usual = {
        "message": "Bad credentials",
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }
    assert check_exchange("GET", LABELS, None, 401, usual) == []
    assert check_exchange("GET", LABELS, None, 401, {"message": 3}) == [
        f'{LABELS_NAME} 401: answer.message: the value is not of type "string"'
    ]


def test_an_operation_that_does_not_exist_is_a_problem_unless_the_answer_says_not_implemented() -> None:
    assert check_exchange("GET", "/repos/octo/hello/beads", None, 200, []) == [
        "GET /repos/octo/hello/beads: no such operation"
    ]
    assert check_exchange("GET", "/repos/octo/hello/beads", None, 501, {"message": "beads"}) == []


@pytest.mark.parametrize(
    "path",
    [
        "/octo/hello.git/info/refs",
        "/login/oauth/authorize",
        "/twirp/a.Service/CreateArtifact",
        "/_oidc/token",
    ],
)
def test_what_is_served_beside_the_rest_api_is_not_compared(path: str) -> None:
    assert check_exchange("POST", path, None, 200, {"anything": True}) == []


def test_a_body_where_there_is_none_and_none_where_there_is_one() -> None:
    path = "/repos/octo/hello/git/refs/heads/bead/7"
    name = "DELETE /repos/{owner}/{repo}/git/refs/{ref}"
    assert check_exchange("DELETE", path, None, 204, None, content_type="") == []
    assert check_exchange("DELETE", path, None, 204, {}) == [
        f"{name} 204: a body, where the description has none"
    ]
    assert check_exchange("GET", LABELS, None, 200, None, content_type="") == [
        f"{LABELS_NAME} 200: no body, where the description has one"
    ]


def test_a_content_type_must_be_documented_or_described() -> None:
    pull = "/repos/octo/hello/pulls/7"
    assert check_exchange("GET", pull, None, 200, None, content_type="application/vnd.github.diff") == []
    assert check_exchange("GET", pull, None, 200, None, content_type="text/html; charset=utf-8") == [
        "GET /repos/{owner}/{repo}/pulls/{pull_number} 200: undocumented content type text/html"
    ]


def test_a_request_is_compared_when_it_was_accepted_and_not_when_it_was_refused() -> None:
    path, name = "/repos/octo/hello/git/refs/heads/bead/7", "PATCH /repos/{owner}/{repo}/git/refs/{ref}"
    assert check_exchange("PATCH", path, {"sha": "a" * 40, "force": False}, 200, ref()) == []
    assert check_exchange("PATCH", path, {"sha": "a" * 40, "forced": False}, 200, ref()) == [
        f"{name}: request: Unevaluated properties are not allowed ('forced' was unexpected)"
    ]
    assert check_exchange("PATCH", path, None, 200, ref()) == [
        f"{name}: no request body, where the description requires one"
    ]
    refusal = {"message": "Invalid request.", "documentation_url": "https://docs.github.com/rest"}
    assert check_exchange("PATCH", path, {"force": "yes"}, 422, refusal) == []


@pytest.mark.parametrize("query", ["", "per_page=100&page=2", "per_page=30"])
def test_a_documented_query_has_no_problems(query: str) -> None:
    assert check_exchange("GET", LABELS, None, 200, [label()], query=query) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("state=opened", "query parameter state has a value that the description refuses"),
        ("since=yesterday", "query parameter since has a value that the description refuses"),
        ("per_page=many", "query parameter per_page has a value that the description refuses"),
        ("pages=2", "undocumented query parameter pages"),
    ],
)
def test_a_query_that_github_would_ignore_is_a_problem(query: str, problem: str) -> None:
    assert check_exchange("GET", "/repos/octo/hello/issues", None, 200, [], query=query) == [
        f"GET /repos/{{owner}}/{{repo}}/issues: {problem}"
    ]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/repos/o/r/git/ref/heads/bead/7", "GET /repos/{owner}/{repo}/git/ref/{ref}"),
        ("GET", "/repos/o/r/contents/a/b/c.py", "GET /repos/{owner}/{repo}/contents/{path}"),
        ("GET", "/repos/o/r/branches/a/b", "GET /repos/{owner}/{repo}/branches/{branch}"),
        (
            "GET",
            "/repos/o/r/branches/a/b/protection",
            "GET /repos/{owner}/{repo}/branches/{branch}/protection",
        ),
        ("GET", "/repos/o/r/compare/main...bead/7", "GET /repos/{owner}/{repo}/compare/{basehead}"),
        ("GET", "/repos/o/r/issues/comments/9", "GET /repos/{owner}/{repo}/issues/comments/{comment_id}"),
        ("GET", "/repos/o/r/pulls/7/merge", "GET /repos/{owner}/{repo}/pulls/{pull_number}/merge"),
        ("HEAD", "/repos/o/r", "GET /repos/{owner}/{repo}"),
    ],
)
def test_an_address_finds_the_operation_it_means(method: str, path: str, name: str) -> None:
    found = find_operation(method, path)
    assert found is not None
    assert found.name == name


def test_a_webhook_is_known_by_event_and_action() -> None:
    assert check_webhook("issues", {"action": "befriended"}) == [
        "webhook issues-befriended: no such event and action"
    ]
    assert 'webhook issues-labeled: payload: "issue" is a required property' in check_webhook(
        "issues", {"action": "labeled"}
    )


def test_a_right_webhook_has_no_problems_even_with_a_field_that_the_description_lacks() -> None:
    revoked = {"action": "revoked", "sender": user(), "zen": "Keep it logically awesome."}
    assert check_webhook("github_app_authorization", revoked) == []
    assert check_webhook("github_app_authorization", {**revoked, "sender": user(id="1")}) == [
        'webhook github-app-authorization-revoked: payload.sender.id: the value is not of type "integer"'
    ]


class TestConversion:
    """Of schemas written for the purpose, where the description has no small enough one."""

    def test_an_enum_that_is_nullable_takes_null(self) -> None:
        schema: Schema = {"type": "string", "enum": ["a"], "nullable": True}
        converted = Converter({}).standalone(schema)
        assert converted["type"] == ["string", "null"]
        assert converted["enum"] == ["a", None]

    def test_a_nullable_composition_takes_null_beside_its_branches(self) -> None:
        schema: Schema = {"nullable": True, "oneOf": [{"type": "string"}, {"type": "integer"}]}
        converted = Converter({}).standalone(schema)
        assert converted["anyOf"] == [
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            {"type": "null"},
        ]

    def test_an_object_is_closed_outside_its_composition_and_not_inside(self) -> None:
        components: dict[str, Schema] = {
            "named": {"type": "object", "properties": {"name": {"type": "string"}}},
        }
        schema: Schema = {
            "allOf": [
                {"$ref": "#/components/schemas/named"},
                {"type": "object", "properties": {"age": {"type": "integer"}}},
            ]
        }
        converted = Converter(components).standalone(schema)
        assert converted["unevaluatedProperties"] is False
        assert converted["$defs"] == {
            "open.named": {"type": "object", "properties": {"name": {"type": "string"}}}
        }

    def test_an_object_with_free_keys_stays_open(self) -> None:
        schema: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
        assert "unevaluatedProperties" not in Converter({}).standalone(schema)

    def test_components_that_lead_to_each_other_are_converted_once_each(self) -> None:
        components: dict[str, Schema] = {
            "tree": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/tree"}}},
            },
        }
        converted = Converter(components).standalone({"$ref": "#/components/schemas/tree"})
        assert isinstance(converted["$defs"], dict)
        assert list(converted["$defs"]) == ["closed.tree"]
