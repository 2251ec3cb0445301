"""What a trace is made from: sections of specs, beads, pull requests, and what a reconciliation came to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.beads.body import parse_body
from bot.beads.coverage import Coverage
from bot.beads.openspec import is_proposal
from bot.beads.spec_sections import Heading, cited, outline

TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|testing|e2e|spec)/.+\.(?!md$|rst$|txt$|adoc$)\w+$"
    r"|(?:^|/)(?:test_[^/]+|[^/]+[._-](?:test|spec)s?\.\w+|[^/]+Tests?\.\w+|[^/]+\.feature)$"
)
SERVES = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?(?:[0-9]{1,4}:[ \t]+)?#([1-9][0-9]{0,8})\.([1-9][0-9]{0,2})\b", re.MULTILINE
)
"""A criterion as the section `Serves` of a planned bead lists it (`planned_body.py`): `- #EPIC.K: WORDS`;
earlier ones that are for what a reconciliation found open say `- ROW: #EPIC.K: WORDS`."""
SpecKind = Literal["requirement", "scenario", "section"]


@dataclass(frozen=True, slots=True)
class SpecSection:
    """A section of a document: a requirement, a scenario of one, or any other heading. `parent` is the anchor
    of the section that it is in; empty: the document itself."""

    path: str
    anchor: str
    title: str
    kind: SpecKind
    parent: str = ""

    @property
    def id(self) -> str:
        """What it is called: `path#anchor`."""
        return f"{self.path}#{self.anchor}"

    @property
    def name(self) -> str:
        """Its title without the word that says what it is."""
        return self.title.partition(":")[2].strip() if self.kind != "section" else self.title


@dataclass(frozen=True, slots=True)
class TracedBead:
    """A bead. `specs` are the sections that it cites as (path, anchor), `serves` the criteria as (issue,
    number from 1) that its plan has it serve. `delivers`: its work is a pull request."""

    number: int
    title: str
    open: bool = True
    parent: int | None = None
    criteria: tuple[str, ...] = ()
    specs: tuple[tuple[str, str], ...] = ()
    serves: tuple[tuple[int, int], ...] = ()
    delivers: bool = True


@dataclass(frozen=True, slots=True)
class TracedPull:
    """A pull request, of `bead` where its branch is `bead/N`. `files` are those that are there after it;
    `reverts` is the pull request that it takes back; `on_base` is None where it is not known."""

    number: int
    title: str
    state: Literal["open", "merged", "closed"]
    bead: int | None = None
    reverts: int | None = None
    files: tuple[str, ...] = ()
    commit: str | None = None
    on_base: bool | None = None

    @property
    def proposes(self) -> bool:
        """Whether all that it does is to propose a change of the specs."""
        return is_proposal(self.files)

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests among its files."""
        return tuple(path for path in self.files if is_test(path))


@dataclass(frozen=True, slots=True)
class TracedCommit:
    """A commit that was asked for. `pulls` are those that it is a part of, or that brought it; `bead` is what
    its message names where none is known."""

    oid: str
    title: str
    on_base: bool | None = None
    pulls: tuple[int, ...] = ()
    bead: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. `documents` were looked for, there or not; `base` is the base branch's name."""

    base: str = "main"
    documents: frozenset[str] = frozenset()
    sections: tuple[SpecSection, ...] = ()
    beads: tuple[TracedBead, ...] = ()
    pulls: tuple[TracedPull, ...] = ()
    commits: tuple[TracedCommit, ...] = ()
    coverage: tuple[Coverage, ...] = ()


class SpecIndex:
    """Finds a section by what a bead cites."""

    def __init__(self, sections: Iterable[SpecSection]) -> None:
        self._all = {(one.path, one.anchor): one for one in sections}
        self.paths = frozenset(path for path, _ in self._all)

    def find(self, path: str, where: str) -> SpecSection | None:
        """The section of a document by its anchor, or by that of its name alone."""
        names = (where, f"requirement-{where}", f"scenario-{where}")
        return next((self._all[path, one] for one in names if (path, one) in self._all), None)

    def name(self, path: str, where: str) -> str:
        """What a cited section is called, there or not: `path#anchor`; the path where none is cited."""
        section = self.find(path, where) if where else None
        return section.id if section is not None else f"{path}#{where}" if where else path


def is_test(path: str) -> bool:
    """Whether a path is that of a test, as far as a name tells."""
    return TEST.search(path) is not None


def sections_of(path: str, text: str) -> tuple[SpecSection, ...]:
    """Every section of a Markdown document, in its order.

    OpenSpec writes `### Requirement: NAME` and below it `#### Scenario: NAME`
    (https://github.com/Fission-AI/OpenSpec). A requirement belongs to the document, whatever headings are
    above it.
    """
    found: list[SpecSection] = []
    above: list[tuple[Heading, SpecKind]] = []
    for heading in outline(text):
        while above and above[-1][0].level >= heading.level:
            above.pop()
        kind = _kind(heading.title)
        parent = above[-1][0].anchor if above and kind != "requirement" else ""
        found.append(SpecSection(path, heading.anchor, heading.title, kind, parent))
        above.append((heading, kind))
    return tuple(found)


def traced_bead(
    number: int,
    title: str,
    body: str,
    *,
    open: bool,
    parent: int | None = None,
    delivers: bool = True,
) -> TracedBead:
    """A bead by its issue's text."""
    said = parse_body(body)
    served = [section.text for section in said.other if section.title.strip().lower() == "serves"]
    return TracedBead(
        number=number,
        title=title,
        open=open,
        parent=parent,
        criteria=said.acceptance,
        specs=tuple(dict.fromkeys(one for item in said.specs for one in _cited(item))),
        serves=tuple(
            dict.fromkeys(
                (int(of), int(criterion)) for text in served for of, criterion in SERVES.findall(text)
            )
        ),
        delivers=delivers,
    )


def _kind(title: str) -> SpecKind:
    word = title.partition(":")[0].strip().lower() if ":" in title else ""
    return "requirement" if word == "requirement" else "scenario" if word == "scenario" else "section"


def _cited(item: str) -> list[tuple[str, str]]:
    """The sections that an item of `Specs` cites: what is in code, else what it links to, else the item."""
    in_code: list[str] = re.findall(r"`([^`]+)`", item)
    linked: list[str] = re.findall(r"\]\(([^()\s]+)\)", item)
    plain = [item] if re.match(r"[\w./-]+\.\w+(?:#|$)", item) else []
    return [(path, where) for path, where in map(cited, in_code or linked or plain) if path]
