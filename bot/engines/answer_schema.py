"""The form of an answer, as each provider takes it.

`claude` checks an answer itself against the whole schema and lets the model try again, so it is given all of
it. OpenAI's strict form knows structure alone: every property is required, none may be added, and limits of
length are not known (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). They go
into descriptions there, and a text that is too long all the same is cut by `fit`: no run is lost to one line.
"""

from __future__ import annotations

import json
from typing import Any

from bot.beads.answer_parts import Part
from bot.beads.checkin import CheckinAnswer
from bot.beads.coverage import CoverageAnswer
from bot.beads.direction import DirectionAnswer
from bot.beads.model import Role
from bot.beads.plan import PlanAnswer
from bot.beads.report import ReviewerAnswer, ShaperAnswer, WorkerAnswer

STRUCTURE = frozenset({"type", "enum", "const", "anyOf", "$ref", "description"})
ONE_LINE = r"^[^\r\n]*$"
WORDS = {
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minimum": "at least {}",
    "maximum": "at most {}",
}
Schema = dict[str, Any]


ANSWERS: dict[Role, type[Part]] = {
    "worker": WorkerAnswer,
    "reviewer": ReviewerAnswer,
    "shaper": ShaperAnswer,
    "writer": PlanAnswer,
    "reconciler": CoverageAnswer,
    "direction": DirectionAnswer,
    "checkin": CheckinAnswer,
}


def answer_schema(role: Role) -> Schema:
    """The JSON Schema of a role's answer."""
    return ANSWERS[role].model_json_schema()


def strict(schema: Schema) -> Schema:
    """The same form without what OpenAI's strict schemas do not know; limits become words."""
    found: Schema = {key: value for key, value in schema.items() if key in STRUCTURE}
    if "anyOf" in found:
        found["anyOf"] = [strict(choice) for choice in schema["anyOf"]]
    if "items" in schema:
        found["items"] = strict(schema["items"])
    if schema.get("type") == "object":
        found["properties"] = {name: strict(value) for name, value in schema.get("properties", {}).items()}
        found["required"] = list(found["properties"])
        found["additionalProperties"] = False
    if "$defs" in schema:
        found["$defs"] = {name: strict(value) for name, value in schema["$defs"].items()}
    limits = _in_words(schema)
    if limits and "$ref" not in found:
        found["description"] = ". ".join(filter(None, (found.get("description"), limits)))
    return found


def fit(text: str, schema: Schema) -> str:
    """An answer's JSON with texts cut to what the schema allows; anything else that is wrong stays wrong."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return json.dumps(_fitted(value, schema, schema.get("$defs", {})), ensure_ascii=False)


def _fitted(value: Any, schema: Schema, known: dict[str, Schema]) -> Any:
    if "$ref" in schema:
        return _fitted(value, known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema and value is not None:
        chosen = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
        return _fitted(value, chosen[0], known) if len(chosen) == 1 else value
    if isinstance(value, str):
        return _cut(value, schema)
    if isinstance(value, list):
        return [_fitted(entry, schema.get("items", {}), known) for entry in value]
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return {name: _fitted(entry, fields.get(name, {}), known) for name, entry in value.items()}
    return value


def _cut(text: str, schema: Schema) -> str:
    if schema.get("pattern") == ONE_LINE:
        text = " ".join(text.split())
    longest = schema.get("maxLength")
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


def _in_words(schema: Schema) -> str:
    said = []
    pattern = schema.get("pattern")
    if pattern is not None:
        said.append("one line" if pattern == ONE_LINE else f"matching {pattern}")
    said += [words.format(schema[limit]) for limit, words in WORDS.items() if limit in schema]
    return ", ".join(said)
