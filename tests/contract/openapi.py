"""Holds requests, answers and webhook payloads against GitHub's published OpenAPI description.

The description is `@octokit/openapi`, which set-up fetches into ``tests/node_modules``. Problems are
sentences without values in them, so that the same mistake met a hundred times reads the same each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl

from jsonschema_rs import Draft202012Validator, ValidationError

from tests.contract.json_schema import Converter, Schema

PUBLISHED = Path(__file__).parent.parent / "node_modules" / "@octokit"
DESCRIPTION = PUBLISHED / "openapi" / "generated" / "api.github.com.json"

# What GitHub and our forge serve beside the REST API, which the description therefore does not hold.
OUTSIDE = re.compile(
    r"""
    /[^/]+/[^/]+\.git/.*        # git's smart HTTP
  | /login/.*                   # signing in
  | /(twirp|_results)/.*        # artifacts, as the actions speak
  | /_oidc(/.*)?                # tokens that say which job asks
    """,
    re.VERBOSE,
)

# Any operation may answer so, although few say it:
# docs.github.com, "Troubleshooting the REST API" and "Best practices for using the REST API".
ANYWHERE = {
    304: "the ETag matched",
    400: "the request could not be parsed",
    401: "bad credentials",
    403: "a missing permission, or a limit",
    404: "not there, or not to be seen",
    429: "a limit",
    500: "a fault",
    501: "our forge does not implement it",
    502: "a fault",
    503: "a fault",
    504: "a fault",
}
# What single operations answer besides, as people who met it report: a dispatch is refused with 422
# "Unexpected inputs provided", "Workflow does not have 'workflow_dispatch' trigger" and the like
# (github.com/benc-uk/workflow-dispatch, issue 81); a variable's name may be taken (409) or not valid (422);
# a check run that is too large is refused with 422 (github.com/github/docs, issue 35252).
BESIDES = {
    "POST /repos/{owner}/{repo}/check-runs": {422},
    "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}": {422},
    "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches": {422},
    "POST /repos/{owner}/{repo}/actions/variables": {409, 422},
    "PATCH /repos/{owner}/{repo}/actions/variables/{name}": {409, 422},
}
# A date of the search syntax, says the text of the description; its schema says a plain date-time.
SEARCH_DATES = frozenset({"created"})
WITHOUT_SCHEMA = frozenset({304, 500, 501, 502, 503, 504})
ANYTHING: Schema = {}
INSTALLATION = (
    *("paths", "/app/installations", "get", "responses", "200", "content", "application/json"),
    *("schema", "items", "properties"),
)
# Null where a schema that is written out by hand forgot it; the schemas `label` and `issue` say so.
NULLABLE = (
    ("pull-request-simple", "properties", "labels", "items", "properties", "description"),
    ("issue-search-result-item", "properties", "body"),
)
# A rule that is not taken is refused with a sentence (github.com/s4k10503/velvet, issue 298), for which other
# operations have a shape of their own; here only the one with objects is described.
RULESETS = ("paths", "/repos/{owner}/{repo}/rulesets", "post", "responses")
VALIDATION = [{"$ref": f"#/components/schemas/validation-error{kind}"} for kind in ("", "-simple")]
# "You can also pass an `array` of labels directly", says the text of these, not their schema.
BARE_LABELS = frozenset(
    {
        "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
        "PUT /repos/{owner}/{repo}/issues/{issue_number}/labels",
    }
)
_compiled: dict[tuple[int, bool], Draft202012Validator] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address of the description; `name` is ``METHOD /address/{with}/{parameters}``."""

    name: str
    pattern: re.Pattern[str]
    rank: tuple[int, int]  # of two addresses that fit, the lower is meant: fewer parameters, then more text
    spec: Mapping[str, object]


@cache
def _description() -> Mapping[str, object]:
    description = cast("dict[str, object]", json.loads(DESCRIPTION.read_bytes()))
    # Written out by hand there, an installation's account is a user *and* an enterprise; everywhere else it
    # is one of them.
    installation = cast("dict[str, Schema]", _at(description, *INSTALLATION))
    installation["account"]["anyOf"] = installation["account"].pop("allOf")
    # Its permissions are written out by hand as well, and some are missing.
    installation["permissions"] = {"$ref": "#/components/schemas/app-permissions"}
    for steps in NULLABLE:
        cast("Schema", _at(description, "components", "schemas", *steps))["nullable"] = True
    refusals = cast("dict[str, object]", _at(description, *RULESETS))
    refusals["422"] = {"content": {"application/json": {"schema": {"anyOf": VALIDATION}}}}
    return description


@cache
def _converter(strict: bool) -> Converter:
    return Converter(cast("dict[str, Schema]", _at(_description(), "components", "schemas")), strict=strict)


@cache
def _operations(method: str) -> tuple[Operation, ...]:
    paths = cast("dict[str, dict[str, dict[str, object]]]", _description()["paths"])
    found = [
        Operation(f"{method} {path}", _pattern(path, spec[method.lower()]), _rank(path), spec[method.lower()])
        for path, spec in paths.items()
        if method.lower() in spec
    ]
    return tuple(sorted(found, key=lambda operation: operation.rank))


def _rank(path: str) -> tuple[int, int]:
    return path.count("{"), -len(re.sub(r"\{.*?\}", "", path))


def _pattern(path: str, spec: Mapping[str, object]) -> re.Pattern[str]:
    deep = {p["name"] for p in _parameters(spec) if p["in"] == "path" and p.get("x-multi-segment")}
    parts = re.split(r"\{(\w[\w-]*)\}", path)  # text, name, text, name, …, text
    expression = "".join(
        re.escape(part) if index % 2 == 0 else (".+" if part in deep else "[^/]+")
        for index, part in enumerate(parts)
    )
    return re.compile(expression)


@cache
def find_operation(method: str, path: str) -> Operation | None:
    """The operation that `path` (no query) means, or None when the description has none."""
    sought = "GET" if method == "HEAD" else method
    return next((found for found in _operations(sought) if found.pattern.fullmatch(path)), None)


def check_exchange(
    method: str,
    path: str,
    request_json: object,
    status: int,
    response_json: object,
    *,
    query: str = "",
    content_type: str = "application/json; charset=utf-8",
) -> list[str]:
    """Every way in which one request and its answer differ from the description; none, an empty list.

    A request is held against it only when it was accepted: a refusal is the right answer to a wrong one.

    Args:
        method: as sent.
        path: below the API's root, without the query.
        request_json: the request's body, None when there was none.
        status: of the answer.
        response_json: the answer's body, None when there was none or it was not JSON.
        query: the request's query, still encoded.
        content_type: the answer's, empty when it had no body.
    """
    if OUTSIDE.fullmatch(path):
        return []
    operation = find_operation(method, path)
    if operation is None:
        return [] if status == 501 else [f"{method} {path}: no such operation"]
    problems = list(_check_response(operation, method, status, response_json, content_type))
    if status < 400:
        problems += _check_query(operation, query)
        problems += _check_request(operation, request_json)
    return problems


def check_webhook(event: str, payload: Mapping[str, object]) -> list[str]:
    """Every way in which a webhook's payload differs from the description.

    Fields that the description lacks are accepted here: it writes out most payloads by hand and is years
    behind, and nothing of ours acts on a payload's content.

    Args:
        event: what stands in ``X-GitHub-Event``.
        payload: the body.
    """
    action = payload.get("action")
    name = (f"{event}-{action}" if isinstance(action, str) else event).replace("_", "-")
    webhooks = cast("dict[str, Mapping[str, object]]", _description()["x-webhooks"])
    if name not in webhooks:
        return [f"webhook {name}: no such event and action"]
    schema = _at(webhooks[name], "post", "requestBody", "content", "application/json", "schema")
    validator = _validator(schema, strict=False)
    return [f"webhook {name}: payload{problem}" for problem in _problems(validator, payload)]


def _check_response(
    operation: Operation, method: str, status: int, body: object, content_type: str
) -> Iterator[str]:
    place = f"{operation.name} {status}"
    documented = cast("dict[str, Mapping[str, object]]", operation.spec["responses"])
    response = _resolved(documented.get(str(status)))
    if response is None:
        beside = status in BESIDES.get(operation.name, ())
        if (status not in ANYWHERE and not beside) or (status == 304 and method != "GET"):
            yield f"{place}: undocumented status"
            return
        if status in WITHOUT_SCHEMA:
            return
        response = _at(_description(), "components", "responses", "not_found")
    content = cast("dict[str, Mapping[str, object]]", response.get("content", {}))
    media = content_type.split(";")[0].strip()
    if method == "HEAD":
        return
    if not content:
        # An error that the description gives without a schema still has GitHub's usual body.
        if body is not None and status < 400:
            yield f"{place}: a body, where the description has none"
    elif not media:
        yield f"{place}: no body, where the description has one"
    elif media == "application/json" and media in content:
        validator = _validator(content[media].get("schema", ANYTHING))
        yield from (f"{place}: answer{problem}" for problem in _problems(validator, body))
    elif media not in content and media not in str(operation.spec.get("description")):
        yield f"{place}: undocumented content type {media}"


def _check_request(operation: Operation, body: object) -> Iterator[str]:
    specified = _resolved(cast("Mapping[str, object] | None", operation.spec.get("requestBody")))
    if specified is None:
        if body not in (None, {}):
            yield f"{operation.name}: a request body, where the description has none"
        return
    if body is None:
        if specified.get("required"):
            yield f"{operation.name}: no request body, where the description requires one"
        return
    if operation.name in BARE_LABELS and isinstance(body, list):
        body = {"labels": body}
    content = cast("dict[str, Mapping[str, object]]", specified["content"])
    if "application/json" in content:
        validator = _validator(content["application/json"].get("schema", ANYTHING))
        yield from (f"{operation.name}: request{problem}" for problem in _problems(validator, body))


def _check_query(operation: Operation, query: str) -> Iterator[str]:
    known = {str(p["name"]): p for p in _parameters(operation.spec) if p["in"] == "query"}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            yield f"{operation.name}: undocumented query parameter {name}"
            continue
        validator = _validator(known[name].get("schema", ANYTHING))
        if name not in SEARCH_DATES and not any(validator.is_valid(reading) for reading in _readings(text)):
            yield f"{operation.name}: query parameter {name} has a value that the description refuses"


def _readings(text: str) -> Iterator[object]:
    """What a value in a query may mean: it has no types."""
    yield text
    yield text.split(",")
    if re.fullmatch(r"-?\d{1,18}", text):
        yield int(text)
    if text in ("true", "false"):
        yield text == "true"


def _validator(schema: object, *, strict: bool = True) -> Draft202012Validator:
    """Compiled once for each schema of the description, which lives as long as the process."""
    key = id(schema), strict
    if key not in _compiled:
        standalone = _converter(strict).standalone(cast("Schema", schema))
        _compiled[key] = Draft202012Validator(standalone, validate_formats=True, mask="the value")
    return _compiled[key]


def _problems(validator: Draft202012Validator, value: object) -> Iterator[str]:
    errors = [leaf for error in validator.iter_errors(value) for leaf in _leaves(error)]
    seen: set[str] = set()
    for error in errors:
        path = tuple(error.instance_path)
        # An object with a wrong field has no "evaluated" fields at all: only the wrong one is worth telling.
        if _kind(error) == "UnevaluatedProperties" and any(
            other is not error and tuple(other.instance_path)[: len(path)] == path for other in errors
        ):
            continue
        where = "".join("[]" if isinstance(step, int) else f".{step}" for step in path)
        problem = f"{where}: {error.message}"
        if problem not in seen:
            seen.add(problem)
            yield problem


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """What is wrong with the alternative that fits best, instead of "fits none of them"."""
    branches = getattr(error.kind, "context", None)
    if _kind(error) != "AnyOf" or not branches:
        yield error
        return
    here = list(error.instance_path)

    def misfit(branch: list[ValidationError]) -> tuple[bool, int]:
        of_another_type = any(
            _kind(part) == "Type" and list(part.instance_path) in ([], here) for part in branch
        )
        return of_another_type, len(branch)

    best = min(branches, key=misfit)
    if misfit(best)[0]:
        yield error
        return
    for part in best:
        yield from _leaves(part)


def _kind(error: ValidationError) -> str:
    return type(error.kind).__name__


def _parameters(spec: Mapping[str, object]) -> list[Mapping[str, object]]:
    listed = cast("list[Mapping[str, object]]", spec.get("parameters", []))
    return [resolved for parameter in listed if (resolved := _resolved(parameter)) is not None]


def _resolved(value: Mapping[str, object] | None) -> Mapping[str, object] | None:
    if value is None or "$ref" not in value:
        return value
    return _at(_description(), *str(value["$ref"]).removeprefix("#/").split("/"))


def _at(value: Mapping[str, object], *steps: str) -> Mapping[str, object]:
    for step in steps:
        value = cast("Mapping[str, object]", value[step])
    return value
