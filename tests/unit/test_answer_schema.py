"""The form of every role's answer, as Anthropic and OpenAI take it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.beads.model import ROLES, Role
from bot.engines.answer_schema import ANSWERS, answer_schema, fit, strict
from tests.llm.schema import faults_of_schema, faults_of_strict_schema, fits

# https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas (ten levels by now; five
# until 2025, which those who host its models may still hold to)
PROPERTIES, LEVELS, NAMES, CHOICES = 5_000, 5, 120_000, 1_000
KNOWN = {"type", "enum", "const", "anyOf", "$ref", "$defs", "description", "items", "properties", "required"}
PLAIN = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return dict(whole["$defs"][str(schema["$ref"]).rpartition("/")[2]])
    return schema


def parts(schema: Mapping[str, Any], whole: Mapping[str, Any], level: int = 0) -> Iterator[tuple[int, Any]]:
    """Every schema in a schema, definitions where they are used, with how many objects it is in."""
    schema = resolved(schema, whole)
    level += schema.get("type") == "object"
    yield level, schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for one in [*inner, *([schema["items"]] if "items" in schema else [])]:
        yield from parts(one, whole, level)


def example(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    """A value that fits a strict schema, with one entry in every list."""
    schema = resolved(schema, whole)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], whole)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if schema["type"] == "array":
        return [example(schema["items"], whole)]
    if schema["type"] == "object":
        return {name: example(one, whole) for name, one in schema["properties"].items()}
    return PLAIN[schema["type"]]


@pytest.mark.parametrize("role", ROLES)
def test_anthropic_takes_the_form_of_every_answer(role: Role) -> None:
    assert faults_of_schema(answer_schema(role)) is None


@pytest.mark.parametrize("role", ROLES)
def test_openai_takes_the_strict_form_of_every_answer(role: Role) -> None:
    schema = strict(answer_schema(role))
    assert faults_of_strict_schema(schema) is None
    found = list(parts(schema, schema))
    assert {key for _, part in found for key in part} <= {*KNOWN, "additionalProperties"}
    assert max(level for level, _ in found) <= LEVELS
    assert sum(len(part.get("properties", {})) for _, part in found) <= PROPERTIES
    assert sum(len(part.get("enum", ())) for _, part in found) <= CHOICES
    assert len(json.dumps(schema)) <= NAMES


@pytest.mark.parametrize("role", ROLES)
def test_what_fits_the_strict_form_has_every_field_and_no_other(role: Role) -> None:
    schema = strict(answer_schema(role))
    value = example(schema, schema)
    assert fits(schema, value)
    assert set(value) == set(ANSWERS[role].model_fields)
    assert not fits(schema, {**value, "more": 1})
    assert not fits(schema, {name: one for name, one in value.items() if name != next(iter(value))})


@pytest.mark.parametrize("role", ["writer", "shaper"])
def test_an_answer_in_strict_form_is_one_of_ours(role: Role) -> None:
    schema = strict(answer_schema(role))
    ANSWERS[role].model_validate_json(fit(json.dumps(example(schema, schema)), answer_schema(role)))


def test_limits_that_strict_schemas_do_not_know_are_told_in_words() -> None:
    score = {"type": "integer", "minimum": 0, "maximum": 10, "description": "Of ten"}
    assert strict(score)["description"] == "Of ten. at least 0, at most 10"
    place = {"type": "string", "pattern": "^[a-z]+$", "maxLength": 9}
    assert strict(place) == {
        "type": "string",
        "description": "matching ^[a-z]+$, at most 9 characters",
    }
    line = {"type": "array", "maxItems": 3, "items": {"type": "string", "pattern": "^[^\\r\\n]*$"}}
    assert strict(line)["items"]["description"] == "one line"
    assert strict(line)["description"] == "at most 3 entries"
