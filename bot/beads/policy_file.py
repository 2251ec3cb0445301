"""Reading the policy's file: every fault with its line and column, nothing half taken, no file too costly.

YAML is taken as data only: no tags, no anchors and aliases (a few lines of those can stand for gigabytes), no
key twice (YAML would silently take the last), no depth and no size that a policy does not need. Dates stay
the text that they are written as. What the file says is then held against `Policy` as strictly as JSON would
be: text is no number, and a number is no truth value.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from bot.beads.policy import POLICY_PATH, Policy
from bot.beads.sections import Section

SIZE = 64 * 1024
"""The most characters that are read."""

DEPTH = 12
"""How deep lists and mappings may stand in each other."""

NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")
"""The numbers that every reader of YAML takes for the same: no octal, no ``1:30``, no infinity."""

TOLD = 20
"""How many faults are told; one mistake can make many."""

TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map")
}

Key = str | int
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One fault; line and column count from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class PolicyError(ValueError):
    """The file is wrong; as text, one line per fault with its place."""

    def __init__(self, faults: Sequence[PolicyFault]) -> None:
        self.faults = tuple(faults[:TOLD])
        super().__init__("\n".join(f"{POLICY_PATH}: {fault}" for fault in self.faults))


def load_policy(text: str | None) -> Policy:
    """The policy in a file's text; None means that there is no file. Raises PolicyError."""
    if text is None:
        return Policy()
    read = _read(text)
    if isinstance(read, Policy):
        return read
    raise PolicyError(read)


# A pass finds the file as it was in the pass before.
@lru_cache(maxsize=64)
def _read(text: str) -> Policy | tuple[PolicyFault, ...]:
    try:
        node = _compose(text)
    except PolicyError as error:
        return error.faults
    reading = _Reading()
    data = reading.value(node, ()) if node is not None else None
    if reading.faults:
        return tuple(reading.faults)
    if data is None:
        return Policy()
    try:
        return Policy.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        faults = _faults(error, reading.places)
        return tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))


def _compose(text: str) -> yaml.Node | None:
    """The file's tree of nodes, bounded. Raises PolicyError for what is no YAML, or more than is taken."""
    if len(text) > SIZE:
        line = text.count("\n", 0, SIZE) + 1
        raise PolicyError([PolicyFault(line, 1, f"the file is longer than {SIZE} characters")])
    try:
        return _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise PolicyError([PolicyFault(*place, said or "this is not YAML")]) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise PolicyError([PolicyFault(line, column, f"this is not YAML: {error.reason}")]) from error
    except yaml.YAMLError as error:
        raise PolicyError([PolicyFault(1, 1, "this is not YAML")]) from error


class _Loader(yaml.SafeLoader):
    """Composes nodes and refuses what could be costly, before it is."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refusal("anchors and aliases are not taken here: write it out", event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _refusal("tags are not taken here", event)
        self._depth += 1
        if self._depth > DEPTH:
            raise _refusal(f"nothing in a policy stands deeper than {DEPTH} levels", event)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _refusal(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]


class _Reading:
    """What a tree of nodes says, where each part of it stands, and the faults that only YAML can have."""

    def __init__(self) -> None:
        self.places: dict[tuple[Key, ...], tuple[int, int]] = {(): (1, 1)}
        self.faults: list[PolicyFault] = []

    def value(self, node: yaml.Node, path: tuple[Key, ...]) -> Json:
        """The value of a node; `path` leads to it."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            found: list[Json] = []
            for index, item in enumerate(node.value):
                self.places[*path, index] = _place(item)
                found.append(self.value(item, (*path, index)))
            return found
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: tuple[Key, ...]) -> Json:
        found: dict[str, Json] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._fault(key, "a key is a word")
                continue
            name = str(key.value)  # as it is written: `on` and `P1` alike
            if name in found:
                first = self.places[*path, name][0]
                self._fault(key, f"`{name}` stands here a second time; the first is in line {first}")
                continue
            self.places[*path, name] = _place(key)
            found[name] = self.value(item, (*path, name))
        return found

    def _scalar(self, node: yaml.Node) -> Json:
        text = str(node.value)
        kind = node.tag.rpartition(":")[2] if node.tag in TAGS else "str"
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind not in ("int", "float"):
            return text
        if not NUMBER.fullmatch(text):
            self._fault(node, f"`{text[:20]}` is no plain number: write digits, or quote it")
            return None
        return int(text) if kind == "int" else float(text)

    def _fault(self, node: yaml.Node, message: str) -> None:
        self.faults.append(PolicyFault(*_place(node), message))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _faults(error: ValidationError, places: dict[tuple[Key, ...], tuple[int, int]]) -> Iterator[PolicyFault]:
    for fault in error.errors(include_url=False, include_context=False):
        path = tuple(part for part in fault["loc"] if part != "[key]")
        said = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            said = f"there is no such key; {_known_keys(path)}"
        found = path
        while found not in places:
            found = found[:-1]
        name = ".".join(str(part) for part in path) or "the file"
        yield PolicyFault(*places[found], f"{name}: {said}")


def _known_keys(path: tuple[Key, ...]) -> str:
    """What could have been meant by the last key of a path, or what there is in its place."""
    section: type[Section] | None = Policy
    for part in path[:-1]:
        if section is not None and isinstance(part, str):
            section = section_in(section.model_fields[part].annotation)
    keys = sorted(section.model_fields) if section is not None else []
    near = difflib.get_close_matches(str(path[-1]).lower().replace("-", "_"), keys, n=1)
    return f"did you mean `{near[0]}`?" if near else "there are " + ", ".join(f"`{key}`" for key in keys)


def section_in(annotation: object) -> type[Section] | None:
    """The part of the file that a field's type holds, as it is, optional or in a list; None for a value."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (section_in(one) for one in get_args(annotation))
    return next((one for one in found if one is not None), None)
