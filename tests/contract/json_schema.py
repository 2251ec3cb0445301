"""GitHub's OpenAPI 3.0 schemas as JSON Schema 2020-12, strict about fields that nobody documented.

OpenAPI 3.0 says `nullable: true` where JSON Schema has a type ``null``, and lets a schema with `properties`
accept any other field. A stand-in that invents a field would pass unseen, so every object whose fields the
description lists is closed with `unevaluatedProperties: false`, the one keyword that sees through `allOf` and
`anyOf`. The branches of a composition stay open, or each would refuse the fields of the others; therefore
every component has two definitions, ``open.NAME`` and ``closed.NAME``, and what stands *inside* the fields of
either is closed.

Two liberties, both because GitHub's own data would not pass (figures in docs/design/dependencies.md):

- `oneOf` means `anyOf`. Its branches are seldom exclusive: a value that fits two of them is no mistake.
- An ``email`` is any string: bots commit with brackets in theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Schema = dict[str, object]

COMPONENTS = "#/components/schemas/"
COMPOSITIONS = ("allOf", "anyOf", "oneOf")
FORMATS = frozenset({"date", "date-time", "uri", "uri-template"})
# Keywords that say something about a value and mean the same in both languages.
KEPT = (
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "required",
    "type",
    "uniqueItems",
)


class Converter:
    """Converts the schemas of one description and keeps what each component became.

    Args:
        components: the description's ``components.schemas``.
        strict: whether an undocumented field is an error.
    """

    def __init__(self, components: Mapping[str, Schema], *, strict: bool = True) -> None:
        self._components = components
        self._strict = strict
        self._definitions: dict[str, Schema] = {}
        self._references: dict[str, frozenset[str]] = {}

    def standalone(self, schema: Schema) -> Schema:
        """`schema` as a JSON Schema that holds every component it leads to under ``$defs``."""
        waiting: set[str] = set()
        converted = self._convert(schema, self._strict, waiting)
        reached: dict[str, Schema] = {}
        while waiting:
            name = waiting.pop()
            reached[name] = self._definition(name)
            waiting |= self._references[name] - reached.keys()
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": reached, **converted}

    def _definition(self, name: str) -> Schema:
        if name not in self._definitions:
            openness, component = name.split(".", 1)
            used: set[str] = set()
            self._definitions[name] = self._convert(self._components[component], openness == "closed", used)
            self._references[name] = frozenset(used)
        return self._definitions[name]

    def _convert(self, schema: Schema, closed: bool, used: set[str]) -> Schema:
        if "$ref" in schema:  # OpenAPI 3.0: what stands beside a $ref does not count
            name = f"{'closed' if closed else 'open'}.{_component(schema)}"
            used.add(name)
            return {"$ref": f"#/$defs/{name}"}
        converted: Schema = {keyword: schema[keyword] for keyword in KEPT if keyword in schema}
        if schema.get("format") in FORMATS:
            converted["format"] = schema["format"]
        if "properties" in schema:
            properties = cast("dict[str, Schema]", schema["properties"])
            converted["properties"] = {
                field: self._convert(value, self._strict, used) for field, value in properties.items()
            }
        for keyword in ("items", "additionalProperties"):
            inner = schema.get(keyword)
            if isinstance(inner, dict):
                converted[keyword] = self._convert(inner, self._strict, used)
            elif inner is not None:
                converted[keyword] = inner
        for keyword in COMPOSITIONS:
            if keyword in schema:
                branches = [self._convert(branch, False, used) for branch in _branches(schema, keyword)]
                converted["anyOf" if keyword == "oneOf" else keyword] = branches
        if closed and self._lists_fields(schema):
            converted["unevaluatedProperties"] = False
        return _or_null(converted) if schema.get("nullable") is True else converted

    def _lists_fields(self, schema: Schema) -> bool:
        """Whether the description says which fields an object that fits `schema` may have."""
        if "$ref" in schema:
            return self._lists_fields(self._components[_component(schema)])
        if "additionalProperties" in schema:
            return False
        if schema.get("properties"):
            return True
        parts = _branches(schema, "allOf")
        if parts:
            return any(self._lists_fields(part) for part in parts)
        choices = [choice for keyword in ("anyOf", "oneOf") for choice in _branches(schema, keyword)]
        objects = [choice for choice in choices if choice.get("type", "object") == "object"]
        return bool(objects) and all(self._lists_fields(choice) for choice in objects)


def _component(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix(COMPONENTS)


def _branches(schema: Schema, keyword: str) -> list[Schema]:
    return cast("list[Schema]", schema.get(keyword, []))


def _or_null(schema: Schema) -> Schema:
    kind = schema.get("type")
    if not isinstance(kind, str):
        return {"anyOf": [schema, {"type": "null"}]}
    nullable: Schema = {**schema, "type": [kind, "null"]}
    if "enum" in schema:
        values = cast("list[object]", schema["enum"])
        nullable["enum"] = [*values, None] if None not in values else values
    return nullable
