"""Reads OpenSpec's Markdown: specifications and what a change makes of them. Pure.

A specification is `openspec/specs/NAME/spec.md`: below `## Requirements` one `### Requirement: X` each, with
`#### Scenario: Y` in it. A change is a folder of `openspec/changes/`; its `specs/NAME/spec.md` says what is
added, modified, removed and renamed there. Headings are read as the `openspec` CLI reads them (measured:
docs/design/direction.md): what is in a code fence is none, a requirement's name counts with its case, and a
section that stands twice counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROOT = "openspec/"
SPECS = re.compile(r"openspec/specs/([^/]+)/spec\.md")
DELTAS = re.compile(r"openspec/changes/([^/]+)/specs/([^/]+)/spec\.md")
ARCHIVE = "openspec/changes/archive/"
CHANGES = "openspec/changes/"

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
SECTION = re.compile(r"##\s+(.+)$")
REQUIREMENT = re.compile(r"###\s*Requirement:\s*(.+)\s*$", re.IGNORECASE)
SCENARIO = re.compile(r"####\s*Scenario:\s*(.+)\s*$", re.IGNORECASE)
CLOSING = re.compile(r"[ \t]+#+[ \t]*$")
REMOVED = re.compile(r"\s*[-*+]\s*`?###\s*Requirement:\s*(.+?)`?\s*$")
RENAMED = re.compile(r"\s*[-*+]?\s*(FROM|TO):\s*`?###\s*Requirement:\s*(.+?)`?\s*$")
STEP = re.compile(r"\W*(WHEN|THEN)\b")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case of a requirement. `steps` are the words WHEN and THEN that it holds, each once."""

    name: str
    steps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement, at which line of its file it begins (from 1), and its scenarios."""

    name: str
    line: int
    scenarios: tuple[Scenario, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """What a change does to one specification; `removed` are names, `renamed` are pairs of them."""

    added: tuple[Requirement, ...] = ()
    modified: tuple[Requirement, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """The requirements that are there and that it changes."""
        return (*(one.name for one in self.modified), *self.removed, *(old for old, _ in self.renamed))


def read_spec(text: str) -> tuple[Requirement, ...]:
    """The requirements of a specification, in their order."""
    return tuple(_requirements(_prose(text), "requirements"))


def read_delta(text: str) -> Delta:
    """What a change's `spec.md` says."""
    lines = list(_prose(text))
    return Delta(
        added=tuple(_requirements(lines, "added requirements")),
        modified=tuple(_requirements(lines, "modified requirements")),
        removed=tuple(_removed(lines)),
        renamed=tuple(_renamed(lines)),
    )


def specifications(tree: Mapping[str, str]) -> dict[str, tuple[Requirement, ...]]:
    """Every specification by its name. `tree` holds texts by path from the repository's root."""
    found = ((SPECS.fullmatch(path), text) for path, text in tree.items())
    return {match[1]: read_spec(text) for match, text in found if match is not None}


def open_changes(tree: Mapping[str, str]) -> dict[str, dict[str, Delta]]:
    """What every change that is not archived does to which specification."""
    found: dict[str, dict[str, Delta]] = {}
    for path, text in tree.items():
        match = DELTAS.fullmatch(path)
        if match is not None and match[1] != "archive":
            found.setdefault(match[1], {})[match[2]] = read_delta(text)
    return found


def change_names(tree: Mapping[str, str]) -> frozenset[str]:
    """The names that changes have or had, archived ones without their date."""
    names: set[str] = set()
    for path in tree:
        parts = path.split("/")
        if path.startswith(ARCHIVE) and len(parts) > 4:
            names.add(re.sub(r"^\d{4}-\d{2}-\d{2}-", "", parts[3]))
        elif path.startswith(CHANGES) and len(parts) > 3:
            names.add(parts[2])
    return frozenset(names)


def is_proposal(files: Sequence[str]) -> bool:
    """Whether a commit that changed these files proposed a change of the specs, and built nothing."""
    return bool(files) and all(path.startswith(CHANGES) and not path.startswith(ARCHIVE) for path in files)


Line = tuple[int, str, str]
"""A line's number, the title of its section in lower case, and its text."""


def _prose(text: str) -> Iterator[Line]:
    """The lines that are in no code fence."""
    section, fence = "", ""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        if mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
            continue
        heading = SECTION.match(line)
        if heading:
            section = heading[1].strip().lower()
        yield number, section, line


def _requirements(lines: Iterator[Line] | list[Line], wanted: str) -> Iterator[Requirement]:
    name, at = "", 0
    scenarios: list[tuple[str, set[str]]] = []
    for number, section, line in lines:
        heading = REQUIREMENT.match(line) if section == wanted else None
        if name and (heading or section != wanted or SECTION.match(line)):
            yield _requirement(name, at, scenarios)
            name, scenarios = "", []
        if heading:
            name, at = _name(heading[1]), number
        elif name and (scenario := SCENARIO.match(line)):
            scenarios.append((_name(scenario[1]), set()))
        elif scenarios and (step := STEP.match(line)):
            scenarios[-1][1].add(step[1])
    if name:
        yield _requirement(name, at, scenarios)


def _requirement(name: str, line: int, scenarios: list[tuple[str, set[str]]]) -> Requirement:
    return Requirement(name, line, tuple(Scenario(title, frozenset(steps)) for title, steps in scenarios))


def _name(written: str) -> str:
    return CLOSING.sub("", written).strip()


def _removed(lines: list[Line]) -> Iterator[str]:
    for _, section, line in lines:
        found = REQUIREMENT.match(line) or REMOVED.match(line)
        if section == "removed requirements" and found:
            yield _name(found[1])


def _renamed(lines: list[Line]) -> Iterator[tuple[str, str]]:
    old = ""
    for _, section, line in lines:
        found = RENAMED.match(line) if section == "renamed requirements" else None
        if found is None:
            continue
        if found[1] == "FROM":
            old = _name(found[2])
        elif old:
            yield old, _name(found[2])
            old = ""
