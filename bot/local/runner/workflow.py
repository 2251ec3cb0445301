"""A workflow file as data: its triggers, inputs, jobs, and the one-job files that are derived from it.

Pure: text in, values out. YAML is read as GitHub reads it (1.2's plain scalars, so ``on`` is a word and no
boolean), and what this runner cannot do is refused by its name with `WorkflowError`.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from bot.local.runner.expressions import Scope, Unsupported, as_text, evaluate_field, fill

Yaml = Any  # what a YAML document holds: checked where it is read

READ_BY_DEFAULT = {"contents": "read", "packages": "read"}
PERMISSIONS = (
    "actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions",
    "id-token", "issues", "models", "packages", "pages", "pull-requests", "security-events", "statuses",
)  # fmt: skip
DEFAULT_TIMEOUT_MINUTES = 360.0
STEP_FIELDS = ("run", "uses")


class WorkflowError(ValueError):
    """A workflow file that is wrong, or asks for what is not implemented; the message names the place."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of `workflow_dispatch`."""

    name: str
    type: str = "string"
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Concurrency:
    """A group that holds one running and one pending."""

    group: str
    cancel_in_progress: bool = False


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job of a workflow: `definition` is what the file says, untouched."""

    key: str
    needs: tuple[str, ...]
    definition: Mapping[str, Yaml]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A parsed workflow file; `document` is the whole of it, `triggers` maps event names to their filters."""

    path: str
    name: str
    triggers: Mapping[str, Mapping[str, Yaml]]
    inputs: tuple[Input, ...]
    jobs: Mapping[str, JobPlan]
    document: Mapping[str, Yaml]

    def title(self, scope: Scope) -> str | None:
        """`run-name` evaluated, or None where there is none or it comes out empty. Raises WorkflowError."""
        text = self.document.get("run-name")
        return _evaluated("run-name", lambda: fill(str(text), scope).strip() or None) if text else None

    def concurrency(self, scope: Scope) -> Concurrency | None:
        """The run's concurrency group. Raises WorkflowError."""
        return _concurrency(self.document.get("concurrency"), scope, "concurrency")

    def permissions(self, key: str) -> dict[str, str]:
        """What the job's token may do, in the names of the file (``pull-requests``).

        The job's own block wins over the workflow's; a block that names one permission sets the others to
        none; without any block a token reads contents and packages. Raises WorkflowError.
        """
        for place, block in ((f"jobs.{key}", self.jobs[key].definition), ("", self.document)):
            if "permissions" in block:
                return _permissions(block["permissions"], f"{place}.permissions".lstrip("."))
        return dict(READ_BY_DEFAULT)

    def needing(self, key: str) -> list[str]:
        """A job and all that need it, directly or not."""
        definitions = {name: plan.definition for name, plan in self.jobs.items()}
        return [
            name
            for name, plan in self.jobs.items()
            if name == key or key in _reachable(plan.needs, definitions)
        ]

    def job_name(self, key: str, scope: Scope) -> str:
        """A job's name as its check shows it; one that depends on the matrix is shown by the job's key."""
        text = str(self.jobs[key].definition.get("name") or key)
        if "matrix." in text:
            return key
        return _evaluated(f"jobs.{key}.name", lambda: fill(text, scope)) or key

    def timeout_minutes(self, key: str, scope: Scope) -> float:
        """How long a job may run. Raises WorkflowError."""
        text = self.jobs[key].definition.get("timeout-minutes", DEFAULT_TIMEOUT_MINUTES)
        place = f"jobs.{key}.timeout-minutes"
        value = _evaluated(place, lambda: evaluate_field(text, scope))
        try:
            minutes = float(as_text(value))
        except ValueError:
            minutes = 0.0
        if not minutes > 0:
            raise WorkflowError(f"{place} must be a number of minutes, it is {text!r}")
        return minutes


@lru_cache(maxsize=200)
def parse(text: str, path: str) -> Workflow:
    """Read a workflow file, the same text once. Raises WorkflowError with the place that is wrong or not
    implemented."""
    try:
        document = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise WorkflowError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise WorkflowError(f"{path} must be a mapping")
    if "on" not in document:
        raise WorkflowError(f"{path} has no `on`")
    jobs = document.get("jobs")
    if not isinstance(jobs, dict) or not jobs:
        raise WorkflowError(f"{path} has no `jobs`")
    triggers = _triggers(document["on"])
    return Workflow(
        path=path,
        name=str(document.get("name") or path),
        triggers=triggers,
        inputs=tuple(_inputs(triggers.get("workflow_dispatch", {}))),
        jobs={key: _job(key, definition, jobs) for key, definition in jobs.items()},
        document=document,
    )


def one_job(workflow: Workflow, key: str) -> dict[str, Yaml]:
    """The same file with one job, which needs none: the steps and all else of the job are untouched.

    `needs` goes with the other jobs, and so does `if`, which is about them and has been answered before the
    job starts. Raises WorkflowError where the job reads `needs.*.outputs`, for nobody would fill them.
    """
    definition = workflow.jobs[key].definition
    for place, text in _texts(definition, f"jobs.{key}"):
        found = re.search(r"\$\{\{[^}]*\bneeds\b[^}]*\}\}", text)
        if found or (place.endswith(".if") and re.search(r"\bneeds\.[\w-]+\.outputs\b", text)):
            raise WorkflowError(f"{place}: `needs` inside a job is not implemented by this runner: {text}")
    job = {name: value for name, value in definition.items() if name not in ("needs", "if")}
    return {**workflow.document, "jobs": {key: job}}


# -- reading the parts ------------------------------------------------------------------------------------
def _triggers(on: Yaml) -> dict[str, Mapping[str, Yaml]]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list) and all(isinstance(event, str) for event in on):
        return {event: {} for event in on}
    if isinstance(on, dict):
        return {
            str(event): filters if isinstance(filters, dict) else {"cron": filters} if filters else {}
            for event, filters in on.items()
        }
    raise WorkflowError("`on` must be an event, a list of events or a mapping")


def _inputs(trigger: Mapping[str, Yaml]) -> Iterator[Input]:
    declared = trigger.get("inputs") or {}
    if not isinstance(declared, dict):
        raise WorkflowError("on.workflow_dispatch.inputs must be a mapping")
    for name, given in declared.items():
        about = given or {}
        if not isinstance(about, dict):
            raise WorkflowError(f"on.workflow_dispatch.inputs.{name} must be a mapping")
        kind = str(about.get("type", "string"))
        if kind not in ("string", "boolean", "choice", "number"):
            raise WorkflowError(
                f"on.workflow_dispatch.inputs.{name}.type is not implemented by this forge: {kind}"
            )
        default = about.get("default")
        yield Input(
            name=str(name),
            type=kind,
            required=about.get("required") is True,
            default=None if default is None else as_text(default),
            options=tuple(as_text(option) for option in about.get("options") or ()),
        )


def _job(key: str, definition: Yaml, jobs: Mapping[str, Yaml]) -> JobPlan:
    if not isinstance(definition, dict):
        raise WorkflowError(f"jobs.{key} must be a mapping")
    for name in ("uses", "container", "services", "environment"):
        if name in definition:
            raise WorkflowError(f"jobs.{key}.{name} is not implemented by this runner")
    if "concurrency" in definition:
        raise WorkflowError(f"jobs.{key}.concurrency is not implemented by this runner (the workflow's is)")
    steps = definition.get("steps")
    if not isinstance(steps, list) or not steps:
        raise WorkflowError(f"jobs.{key} has no steps")
    for index, step in enumerate(steps):
        if not isinstance(step, dict) or sum(name in step for name in STEP_FIELDS) != 1:
            raise WorkflowError(f"jobs.{key}.steps[{index}] must have either `run` or `uses`")
    given = definition.get("needs") or []
    needs = tuple(str(need) for need in ([given] if isinstance(given, str) else given))
    for need in needs:
        if need not in jobs:
            raise WorkflowError(f"jobs.{key} needs {need}, which is no job")
    if key in _reachable(needs, jobs):
        raise WorkflowError(f"jobs.{key} needs itself")
    return JobPlan(key, needs, definition)


def _reachable(needs: tuple[str, ...], jobs: Mapping[str, Yaml]) -> set[str]:
    seen: set[str] = set()
    todo = list(needs)
    while todo:
        key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        given = jobs[key].get("needs") if isinstance(jobs.get(key), dict) else None
        todo += [given] if isinstance(given, str) else list(given or [])
    return seen


def _permissions(block: Yaml, place: str) -> dict[str, str]:
    if block in ("read-all", "write-all"):
        level = block.removesuffix("-all")
        return {name: level for name in PERMISSIONS if name != "id-token" or level == "write"}
    if not isinstance(block, dict):
        raise WorkflowError(f"{place} must be a mapping, read-all or write-all, it is {block!r}")
    for name, level in block.items():
        if name not in PERMISSIONS:
            raise WorkflowError(f"{place}.{name} is no permission")
        if level not in ("read", "write", "none"):
            raise WorkflowError(f"{place}.{name} must be read, write or none, it is {level!r}")
    return {name: level for name, level in block.items() if level != "none"}


def _concurrency(block: Yaml, scope: Scope, place: str) -> Concurrency | None:
    if block is None:
        return None
    if not isinstance(block, dict):
        block = {"group": block}
    for name in block:
        if name not in ("group", "cancel-in-progress"):
            raise WorkflowError(f"{place}.{name} is not implemented by this runner")
    group = _evaluated(f"{place}.group", lambda: fill(str(block.get("group", "")), scope))
    if not group:
        raise WorkflowError(f"{place}.group comes out empty")
    cancel = _evaluated(place, lambda: evaluate_field(block.get("cancel-in-progress", False), scope))
    return Concurrency(group, as_text(cancel) == "true")


def _evaluated(place: str, evaluation: Any) -> Any:
    try:
        return evaluation()
    except Unsupported as error:
        raise WorkflowError(f"{place}: {error}") from None


def _texts(value: Yaml, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, entry in value.items():
            if name != "needs":
                yield from _texts(entry, f"{place}.{name}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _texts(entry, f"{place}[{index}]")


# -- YAML as GitHub reads it ------------------------------------------------------------------------------
class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, refusing a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is already defined", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _expression, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", [*"-+0123456789"]),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_expression})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))
