"""What is published about the policy's file, made from its model: a JSON Schema and a page for people.

So neither can say anything else than what is read. `docs/beadwright.schema.json` is what editors complete the
file with; `docs/configuration.md` has every key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from bot.beads.policy import POLICY_PATH, Policy
from bot.beads.policy_file import section_in
from bot.beads.sections import Section
from bot.beads.tables import table_row

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_PATH = "docs/beadwright.schema.json"
GUIDE_PATH = "docs/configuration.md"

Schema = dict[str, Any]

EXAMPLE = """\
engine: {name: claude, model: claude-sonnet-5, minutes: 30}
reviewer: {name: codex, model: gpt-5.5}
gates:
  - {name: unit tests, run: make test}
workers: 3
budget: {day: 20.0, run: 1.0}
merge: {method: squash, min_checks: 2}
authority: {release: maintain}
pace: {quiet: ["22:00-07:00"], time_zone: Europe/Berlin, beads_per_day: 10}
labels:
  hold: "status: on hold"
  types: {bug: kind/bug}
issue_types: {Bug: bug, Feature: feature}
gate: enforce
"""

HEAD = f"""# Configuration
`{POLICY_PATH}` on the default branch says what a repository wants of Beadwright. It needs no file: every key
has a default. The file is read anew in every look; on another branch it does nothing.

An editor with a YAML language server completes the keys and shows what each does, when the file begins with
the address of the schema (or with a path to a copy of it):

```yaml
# yaml-language-server: $schema=https://raw.githubusercontent.com/OWNER/beadwright/main/{SCHEMA_PATH}
```

A file that is wrong changes nothing by halves: nothing new starts until it is mended, and every fault is
shown at its line by the check `beadwright configuration` on the commit that broke it. Faults are unknown
keys, values out of bounds, text where a number belongs, a key that stands twice; anchors, aliases and tags
are not taken. Until then what the last good version of the file said goes for the rest.

This page is made from the model that reads the file. A whole file can look like this:

```yaml
{EXAMPLE}```
"""


def policy_schema() -> str:
    """The JSON Schema (2020-12) of the file, as text."""
    schema = Policy.model_json_schema()
    _tidy(schema)
    schema = {"$schema": DIALECT, **schema, "title": "Beadwright's configuration"}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def policy_guide() -> str:
    """The page with every key, as Markdown."""
    parts = [HEAD, "## All keys of the file\n", *_section(Policy, "")]
    told: dict[type[Section], str] = {}
    for path, section in _sections(Policy, ""):
        parts.append(f"## `{path}`\n")
        if section in told:
            parts.append(f"The same keys as in `{told[section]}`.\n")
            continue
        told[section] = path
        parts += [f"{' '.join((section.__doc__ or '').split())}\n", *_section(section, path)]
    return "\n".join(parts).strip() + "\n"


def _tidy(value: object) -> None:
    """Drop what only repeats the keys' names, and close what the model closes."""
    if isinstance(value, list):
        for item in value:
            _tidy(item)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("title"), str):
        del value["title"]
    if isinstance(value.get("description"), str):
        value["description"] = " ".join(value["description"].split())
    if "patternProperties" in value:
        value["additionalProperties"] = False
    for item in value.values():
        _tidy(item)


def _sections(section: type[Section], path: str) -> Iterator[tuple[str, type[Section]]]:
    for name, field in section.model_fields.items():
        inner = section_in(field.annotation)
        if inner is not None:
            where = f"{path}.{name}" if path else name
            where += "[]" if _is_list(field) else ".NAME" if _is_mapping(field) else ""
            yield where, inner
            yield from _sections(inner, where)


def _is_list(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is tuple


def _is_mapping(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is dict


def _section(section: type[Section], path: str) -> Iterator[str]:
    schema = Policy.model_json_schema()
    own = schema["$defs"][section.__name__] if path else schema
    yield "| key | what it does | type | default | example |\n|---|---|---|---|---|"
    for name, field in section.model_fields.items():
        shape = own["properties"][name]
        said = " ".join((field.description or "").split())
        kind = _type(shape, schema["$defs"])
        default = _default(section, name, field)
        cells = (f"`{name}`", said, kind, default, _example(name, field, default))
        yield table_row(cells)
    yield ""


def _type(shape: Schema, definitions: Schema) -> str:
    """A key's type and bounds in words."""
    if "$ref" in shape:
        target = definitions[shape["$ref"].rpartition("/")[2]]
        return _type(target, definitions) if "enum" in target else "a section, below"
    if "anyOf" in shape:
        kinds = [_type(one, definitions) for one in shape["anyOf"] if one.get("type") != "null"]
        return " or ".join(kinds)
    if "enum" in shape:
        return ", ".join(f"`{one}`" for one in shape["enum"])
    bounds = _bounds(shape)
    match shape.get("type"):
        case "integer":
            return f"whole number{bounds}"
        case "number":
            return f"number{bounds}"
        case "boolean":
            return "`true`, `false`"
        case "array":
            return f"list{bounds} of {_of(shape['items'], definitions)}"
        case "object":
            values = shape.get("additionalProperties") or next(iter(shape["patternProperties"].values()))
            return f"mapping{bounds} of names to {_of(values, definitions)}"
        case _:
            return f"text{bounds}"


def _of(shape: Schema, definitions: Schema) -> str:
    kind = _type(shape, definitions)
    return "sections, below" if kind == "a section, below" else kind


def _bounds(shape: Schema) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None or high is not None:
        return f", {low} to {high}" if None not in (low, high) else f", at least {low}"
    most = shape.get("maxLength") or shape.get("maxItems") or shape.get("maxProperties")
    return f" (at most {most})" if most is not None else ""


def _default(section: type[Section], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Section):
        return "its own"
    data = json.loads(section.model_construct(**{name: value}).model_dump_json(include={name}))[name]
    return "none" if data is None else f"`{_inline(data)}`"


def _example(name: str, field: FieldInfo, default: str) -> str:
    if field.examples:
        return f"`{name}: {_inline(field.examples[0])}`"
    return f"`{name}: {default.strip('`')}`" if default.startswith("`") else ""


def _inline(value: object) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.strip().removesuffix("...").strip()
