"""The facts of a trace as a graph: requirement, scenario, bead, pull request, test, merge commit.

Every link says which fact it rests on, and leads from what asks for something to what answers it. What a
reconciliation came to (`coverage.py`) is what a model said of the code; its links are `RECONCILED` and are
shown as such. All others are facts of GitHub and git.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from bot.beads.coverage import Coverage
from bot.beads.spec_sections import cited
from bot.beads.trace_facts import Facts, SpecIndex, SpecSection, TracedPull

Kind = Literal[
    "document", "requirement", "scenario", "section", "epic", "criterion", "bead", "pull", "test", "commit"
]


class Because(StrEnum):
    """The fact that a link rests on."""

    HOLDS = "holds"  # a document its sections, an epic its criteria and beads
    CITED = "cited"  # by the bead, under `Specs`
    SERVED = "served"  # by the bead, as its plan says
    BRANCH = "branch"  # the pull request's branch is `bead/N`
    LED = "led"  # by the branch of its epic, which has one lead
    CHANGES = "changes"  # the pull request a test
    MERGED = "merged"  # the pull request as this commit
    REVERTED = "reverted"  # the pull request by another one
    CONTAINS = "contains"  # the pull request, or the bead's branch, this commit
    RECONCILED = "reconciled"  # as the epic's reconciliation says


@dataclass(frozen=True, slots=True)
class Node:
    """One thing of the chain. `id` is `#12` of a bead or pull request, `#12.3` of a criterion, `path#anchor`
    of a section, a path of a document or test, a commit's SHA. `state` is what is true of it, in words."""

    id: str
    kind: Kind
    title: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain, from what asks to what answers."""

    source: str
    target: str
    because: Because


@dataclass(frozen=True, slots=True)
class Chain:
    """All that is known, as a graph: what is there by its id, and how one thing leads to another."""

    nodes: Mapping[str, Node]
    links: tuple[Link, ...]

    def steps(self, *, forward: bool) -> Mapping[str, tuple[str, ...]]:
        """Where each thing leads to; or, backward, what leads to it."""
        found: dict[str, tuple[str, ...]] = {}
        for link in self.links:
            here, there = (link.source, link.target) if forward else (link.target, link.source)
            found[here] = (*found.get(here, ()), there)
        return found


def reach(steps: Mapping[str, tuple[str, ...]], start: str) -> frozenset[str]:
    """All that can be reached by such steps, the start included."""
    found, todo = {start}, [start]
    while todo:
        new = [one for one in steps.get(todo.pop(), ()) if one not in found]
        found.update(new)
        todo += new
    return frozenset(found)


def chain(facts: Facts) -> Chain:
    """Everything that the facts say, as a graph."""
    making = _Making(facts)
    making.documents()
    making.beads()
    making.pulls()
    making.commits()
    making.coverage()
    return Chain(making.nodes, tuple(making.links.values()))


def epics_of(facts: Facts) -> frozenset[int]:
    """The beads that have beads below them."""
    return frozenset(one.parent for one in facts.beads if one.parent is not None)


def taken_back(pulls: Iterable[TracedPull]) -> dict[int, int]:
    """The pull requests that a merged one takes back, which stands itself; and by which."""
    found: dict[int, int] = {}
    # A revert is newer than what it reverts, so whether it stands is known before.
    for pull in sorted(pulls, key=lambda pull: pull.number, reverse=True):
        of = pull.reverts
        if of is not None and of < pull.number and pull.state == "merged" and pull.number not in found:
            found[of] = pull.number
    return found


def pulls_of(facts: Facts) -> dict[int, tuple[TracedPull, ...]]:
    """The pull requests that hold each bead's work: its own, else those of the epic above it that has some,
    as one has that was given to one lead."""
    own: dict[int, tuple[TracedPull, ...]] = {}
    works: dict[int, tuple[TracedPull, ...]] = {}
    for pull in facts.pulls:
        if pull.bead is not None:
            own[pull.bead] = (*own.get(pull.bead, ()), pull)
            if not pull.proposes:
                works[pull.bead] = (*works.get(pull.bead, ()), pull)
    parents = {bead.number: bead.parent for bead in facts.beads}
    found: dict[int, tuple[TracedPull, ...]] = {}
    for number in parents:
        up: int | None = number if number in own else parents.get(number)
        seen = {number}
        while up is not None and up not in works and up not in seen:
            seen.add(up)
            up = parents.get(up)
        found[number] = own[number] if number in own else works.get(up, ()) if up is not None else ()
    return found


class _Making:
    """The graph while it is being made."""

    def __init__(self, facts: Facts) -> None:
        self.nodes: dict[str, Node] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self._facts = facts
        self._sections = SpecIndex(facts.sections)
        self._beads = {one.number: one for one in facts.beads}
        self._epics = epics_of(facts)
        self._pulls = {one.number: one for one in facts.pulls}

    def documents(self) -> None:
        """Documents with their requirements, and whatever other section is cited."""
        wanted: set[str] = set()
        for bead in self._facts.beads:
            for path, where in bead.specs:
                section = self._sections.find(path, where)
                while section is not None:
                    wanted.add(section.id)
                    section = self._above(section)
        for section in self._facts.sections:
            self._node(section.path, "document", section.path)
            self._node(section.id, section.kind, section.name)
            if section.kind != "section" or section.id in wanted:
                above = self._above(section)
                self._link(above.id if above is not None else section.path, section.id, Because.HOLDS)

    def beads(self) -> None:
        """Beads, their epics, what they cite and what they serve."""
        for bead in self._facts.beads:
            kind: Kind = "epic" if bead.number in self._epics else "bead"
            self._node(f"#{bead.number}", kind, bead.title, "open" if bead.open else "closed")
            if kind == "epic":
                for place, text in enumerate(bead.criteria, start=1):
                    self._criterion(bead.number, place, text)
        for bead in self._facts.beads:
            for path, where in bead.specs:
                name = self._sections.name(path, where)
                self._node(name, "section" if where else "document", where.replace("-", " ") or path)
                self._link(name, f"#{bead.number}", Because.CITED)
            served = [f"#{of}.{place}" for of, place in bead.serves if of != bead.number]
            for criterion in served:
                if criterion in self.nodes:
                    self._link(criterion, f"#{bead.number}", Because.SERVED)
            parent = bead.parent
            if parent in self._beads and not any(of == parent for of, _ in bead.serves):
                self._link(f"#{parent}", f"#{bead.number}", Because.HOLDS)

    def pulls(self) -> None:
        """Pull requests with their tests, their merges and what takes them back."""
        undone = taken_back(self._facts.pulls)
        for pull in self._facts.pulls:
            name, by = f"#{pull.number}", undone.get(pull.number)
            state = f"{pull.state}, taken back by #{by}" if by is not None else pull.state
            self._node(name, "pull", pull.title, state)
            for path in pull.tests:
                self._node(path, "test", path)
                self._link(name, path, Because.CHANGES)
            if pull.commit is not None and pull.state == "merged":
                self._commit(pull.commit, pull.title, pull.on_base)
                self._link(name, pull.commit, Because.MERGED)
        for bead, pulls in pulls_of(self._facts).items():
            for pull in pulls:
                why = Because.BRANCH if pull.bead == bead else Because.LED
                self._link(f"#{bead}", f"#{pull.number}", why)
        for pull in self._facts.pulls:
            if pull.reverts in self._pulls:
                self._link(f"#{pull.reverts}", f"#{pull.number}", Because.REVERTED)

    def commits(self) -> None:
        """Commits that were asked for."""
        for commit in self._facts.commits:
            self._commit(commit.oid, commit.title, commit.on_base)
            self.nodes[commit.oid] = replace(self.nodes[commit.oid], title=commit.title)
            of = [number for number in commit.pulls if number in self._pulls]
            for number in of:
                self._link(f"#{number}", commit.oid, Because.CONTAINS)
            if not of and commit.bead in self._beads:
                self._link(f"#{commit.bead}", commit.oid, Because.CONTAINS)

    def coverage(self) -> None:
        """What reconciliations said of requirements and criteria."""
        for row in self._facts.coverage:
            source = self._asked(row)
            if source is None:
                continue
            self.nodes[source] = replace(self.nodes[source], state=f"{row.status}, as reconciled")
            for number in (*row.beads, *row.pulls):
                if f"#{number}" in self.nodes and not f"{source}.".startswith(f"#{number}."):
                    self._link(source, f"#{number}", Because.RECONCILED)
            for test in row.tests:
                path = test.partition("::")[0]
                self._node(path, "test", path)
                self._link(source, path, Because.RECONCILED)
            for commit in map(self._whole, row.commits):
                self._commit(commit, "", None)
                self._link(source, commit, Because.RECONCILED)

    # -- parts ----------------------------------------------------------------------------------------------
    def _node(self, name: str, kind: Kind, title: str, state: str = "") -> None:
        self.nodes.setdefault(name, Node(name, kind, title, state))

    def _link(self, source: str, target: str, because: Because) -> None:
        self.links.setdefault((source, target), Link(source, target, because))

    def _above(self, section: SpecSection) -> SpecSection | None:
        return self._sections.find(section.path, section.parent) if section.parent else None

    def _criterion(self, of: int, place: int, text: str) -> None:
        name = f"#{of}.{place}"
        self._node(name, "criterion", text)
        self._link(f"#{of}", name, Because.HOLDS)

    def _commit(self, oid: str, title: str, on_base: bool | None) -> None:
        base = self._facts.base
        state = "" if on_base is None else f"on {base}" if on_base else f"not on {base}"
        self._node(oid, "commit", title, state)

    def _whole(self, commit: str) -> str:
        """A commit that is known, by the beginning of its SHA; else as it is."""
        found = [one for one, node in self.nodes.items() if node.kind == "commit" and one.startswith(commit)]
        return found[0] if len(found) == 1 else commit

    def _asked(self, row: Coverage) -> str | None:
        """The node of what a row of a matrix is about."""
        source = row.source.strip().strip("`")
        if not source.startswith("#"):
            name = self._sections.name(*cited(source))
            return name if name in self.nodes else None
        number, _, place = source[1:].partition(".")
        if number.isdigit() and place.isdigit() and int(number) in self._beads:
            self._criterion(int(number), int(place), row.text)
        return source if source in self.nodes else None
