"""JSON Schemas that a request brings along, judged as the providers judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

NOT_STRICT = (
    "default", "allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else", "oneOf",
    "patternProperties", "propertyNames", "unevaluatedProperties", "minProperties", "maxProperties",
)  # fmt: skip
"""Keywords that OpenAI's strict mode has no support for.
https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas"""


def fits(schema: Mapping[str, Any] | None, value: object) -> bool:
    """Whether a value is valid under a schema; everything is where there is none."""
    return schema is None or bool(jsonschema_rs.is_valid(dict(schema), value))


def faults_of_schema(schema: Mapping[str, Any]) -> str | None:
    """Why a tool's schema is refused by Anthropic, or None.

    It must be draft 2020-12 and an object at its top, which no composition stands beside.
    """
    if not jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}):
        return "JSON schema is invalid. It must match JSON Schema draft 2020-12"
    if schema.get("type") != "object":
        return "type: Input should be 'object'"
    beside = [word for word in ("oneOf", "allOf", "anyOf") if word in schema]
    return f"input_schema does not support {', '.join(beside)} at the top level" if beside else None


def faults_of_strict_schema(schema: Mapping[str, Any]) -> str | None:
    """Why an answer's schema is refused by OpenAI in strict mode, or None."""
    if schema.get("type") != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
    return next(_strict_faults(schema, ()), None)


def _strict_faults(schema: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    where = f"In context={place!r}, "
    for word in NOT_STRICT:
        if word in schema:
            yield f"{where}'{word}' is not permitted."
    if "$ref" in schema and len(schema) > 1:
        yield f"{where}$ref cannot have keywords {set(schema) - {'$ref'}}."
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{where}'additionalProperties' is required to be supplied and to be false."
        names = list(schema.get("properties", {}))
        if sorted(schema.get("required", ())) != sorted(names):
            yield (
                f"{where}'required' is required to be supplied and to be an array including every key in "
                "properties."
            )
    for word in ("properties", "$defs"):
        for name, part in schema.get(word, {}).items():
            yield from _strict_faults(part, (*place, word, name))
    for index, part in enumerate(schema.get("anyOf", ())):
        yield from _strict_faults(part, (*place, "anyOf", str(index)))
    if isinstance(schema.get("items"), Mapping):
        yield from _strict_faults(schema["items"], (*place, "items"))
