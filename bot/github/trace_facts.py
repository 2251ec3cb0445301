"""What a trace is made from, as who asks sees it: what hangs together with the thing that is asked for.

All beads are listed once, a hundred in a request, because any of them may cite a requirement. Besides: the
policy and the base branch, a request each; the pull requests of the beads that matter by the names of their
branches, forty in a request, with a hundred of their files, and one more request for each further hundred;
what takes merged ones back, in the same way; whether a merge is on the base branch, from its last hundred
commits, and one request for each merge that is not among them; cited documents, twenty in a request; what
reconciliations of the epics came to, in one. A requirement's name needs the list of all files besides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, TypeAdapter

from bot.beads.labels import parse_labels
from bot.beads.model import BeadType
from bot.beads.spec_sections import anchor, cited
from bot.beads.trace_facts import (
    Facts,
    SpecIndex,
    SpecSection,
    TracedBead,
    TracedCommit,
    sections_of,
    traced_bead,
)
from bot.beads.trailers import bead_of_message
from bot.beads.visible_text import reveal
from bot.github.bead_issues import ListedIssue, list_beads, read_policy
from bot.github.trace_reads import Reads

SPECS = 400
"""How many documents of specs are searched for a name."""
SHOWN = 20
NOTHING = Facts()
NUMBER = re.compile(r"#?([1-9][0-9]{0,8})")
CRITERION = re.compile(r"#?([1-9][0-9]{0,8})\.([1-9][0-9]{0,2})")
COMMIT = re.compile(r"[0-9a-fA-F]{7,40}")


@dataclass(frozen=True, slots=True)
class Found:
    """What was read. `start` is the node of what was asked for, None when there is no such thing; `why` says
    that then, and `notes` what could not be read besides."""

    facts: Facts = NOTHING
    start: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()


class _Said(BaseModel):
    message: str


class _Commit(BaseModel):
    sha: str
    commit: _Said


class _Number(BaseModel):
    number: int
    pull_request: dict[str, object] | None = None


_NUMBERS = TypeAdapter(list[_Number])


def read_trace(api: httpx.Client, repository: str, asked: str) -> Found:
    """What a trace of `asked` is made from: a requirement (`path#heading`, or its name), a document of specs,
    a bead or pull request (`#12` or `12`), a criterion (`#12.3`), or a commit (7 characters of its SHA or
    more).

    Raises ReadRefused where GitHub does not let it be read, httpx.HTTPError.
    """
    return _Reading(api, repository).of(asked.strip())


class _Reading:
    """One trace's reading."""

    def __init__(self, api: httpx.Client, repository: str) -> None:
        self._policy = read_policy(api, repository)
        self._rows = {row.number: row for row in list_beads(api, repository, self._policy.spelling)}
        self._parents = {number: _parent(row) for number, row in self._rows.items()}
        self._children: dict[int, list[int]] = {}
        for number, parent in self._parents.items():
            if parent is not None:
                self._children.setdefault(parent, []).append(number)
        self._reads = Reads(api, repository)

    def of(self, asked: str) -> Found:
        """What hangs together with it, whatever it turns out to be."""
        found = Found()
        if criterion := CRITERION.fullmatch(asked):
            return self._of_criterion(int(criterion[1]), int(criterion[2]))
        if number := NUMBER.fullmatch(asked):
            found = self._of_number(int(number[1]))
        if found.start is None and COMMIT.fullmatch(asked):
            found = self._of_commit(asked.lower())
        if found.start is None and not NUMBER.fullmatch(asked):
            found = self._of_section(asked)
        return found

    # -- what was asked for ---------------------------------------------------------------------------------
    def _of_number(self, number: int) -> Found:
        if number in self._rows:
            return self._found(f"#{number}", beads={number})
        answer = self._reads.get(f"/issues/{number}")
        if answer is None:
            return Found(why=f"there is no issue and no pull request #{number}")
        if _Number.model_validate_json(answer.content).pull_request is None:
            label = self._policy.spelling.bead
            return Found(why=f"#{number} is an issue and no bead: it has no label `{label}`")
        return self._found(f"#{number}", pulls={number})

    def _of_criterion(self, number: int, place: int) -> Found:
        if number not in self._rows:
            return Found(why=f"there is no bead #{number}")
        if place > len(self._bead(number).criteria):
            return Found(why=f"#{number} has {len(self._bead(number).criteria)} acceptance criteria")
        return self._found(f"#{number}.{place}", beads={number})

    def _of_commit(self, asked: str) -> Found:
        answer = self._reads.get(f"/commits/{asked}")
        commit = _Commit.model_validate_json(answer.content) if answer is not None else None
        if commit is None or not commit.sha.startswith(asked):  # or a branch of that name
            return Found(why=f"there is no commit {asked}")
        listed = self._reads.get(f"/commits/{commit.sha}/pulls", per_page="100")
        pulls = (
            {one.number for one in _NUMBERS.validate_json(listed.content)} if listed is not None else set()
        )
        named = bead_of_message(commit.commit.message)
        mine = TracedCommit(
            oid=commit.sha,
            title=commit.commit.message.partition("\n")[0],
            on_base=self._reads.is_on_base(commit.sha),
            pulls=tuple(sorted(pulls)),
            bead=named,
        )
        beads = {named} if named is not None and named in self._rows and not pulls else set[int]()
        return self._found(commit.sha, beads=beads, pulls=pulls, commit=mine)

    def _of_section(self, asked: str) -> Found:
        path, where = cited(asked)
        self._reads.read_texts([path] if "#" in asked or "." in path else [])
        text, citing = self._reads.texts.get(path), self._citing(path)
        if text is None and not citing and "#" not in asked:
            return self._of_name(asked)
        sections = sections_of(path, text or "")
        start = SpecIndex(sections).name(path, where)
        there = any(one.id == start for one in sections) or (text is not None and not where)
        # What is cited and not there has its place in the chain, too.
        specs = {one for bead in citing for one in self._bead(bead).specs}
        if not there and (path, where) not in specs:
            return Found(why=_no_section(path, where, text, sections))
        return self._found(start, beads=citing, documents={path})

    def _of_name(self, name: str) -> Found:
        places = self._policy.planning.specs
        paths = [path for path in self._reads.files() if _is_spec(path, places)]
        if len(paths) > SPECS:
            self._reads.notes.append(f"of {len(paths)} documents of specs {SPECS} were searched")
        self._reads.read_texts(paths[:SPECS])
        wanted = anchor(name)
        sections = [one for path in paths[:SPECS] for one in sections_of(path, self._reads.texts[path] or "")]
        called = [one for one in sections if wanted and wanted in (one.anchor, anchor(one.name))]
        if len(called) == 1:
            path = called[0].path
            return self._found(called[0].id, beads=self._citing(path), documents={path})
        if called:
            return Found(why=f"{len(called)} sections are called so; say which:{_listed(called)}")
        near = [one for one in sections if wanted and wanted in one.anchor]
        what = f"no section of a spec below {', '.join(places)} is called {name!r}"
        return Found(why=f"{what}; there are:{_listed(near)}" if near else what)

    # -- everything that hangs together with it -------------------------------------------------------------
    def _found(
        self,
        start: str,
        *,
        beads: Collection[int] = (),
        pulls: Collection[int] = (),
        documents: Collection[str] = (),
        commit: TracedCommit | None = None,
    ) -> Found:
        reads = self._reads
        reads.read_pulls(pulls)
        theirs = {one.bead for one in reads.pulls.values() if one.bead is not None and one.bead in self._rows}
        numbers = self._below({*beads, *theirs})
        numbers |= self._above(numbers)
        # An epic that was given to one lead has the pull request of its beads.
        reads.read_branches(f"bead/{number}" for number in sorted(numbers))
        reads.read_reverts()
        traced = tuple(self._bead(number) for number in sorted(numbers))
        cited_paths = dict.fromkeys(path for bead in traced for path, _ in bead.specs)
        paths = dict.fromkeys([*documents, *cited_paths])
        reads.read_texts(paths)
        facts = Facts(
            base=reads.base,
            documents=frozenset(path for path in paths if path in reads.texts),
            sections=tuple(one for path in paths for one in sections_of(path, reads.texts.get(path) or "")),
            beads=traced,
            pulls=reads.with_merges(),
            commits=(commit,) if commit is not None else (),
            coverage=reads.coverage(number for number in numbers if number in self._children),
        )
        return Found(facts, start, notes=tuple(reads.notes))

    def _below(self, beads: Iterable[int]) -> set[int]:
        """These beads, those below them, and those that say they serve a criterion of one of these."""
        found: set[int] = set()
        todo = list(beads)
        while todo:
            number = todo.pop()
            if number not in found:
                found.add(number)
                if children := self._children.get(number):
                    todo += children
                    todo += [one for one, row in self._rows.items() if f"#{number}." in row.text]
        return found

    def _above(self, beads: Iterable[int]) -> set[int]:
        """The epics that these beads belong to, or serve."""
        found: set[int] = set()
        todo = list(beads)
        while todo:
            number = todo.pop()
            up = {self._parents.get(number), *(of for of, _ in self._bead(number).serves)}
            new = {one for one in up if one is not None and one in self._rows and one not in found}
            found |= new
            todo += new
        return found

    def _citing(self, path: str) -> set[int]:
        """The beads that cite sections of a document."""
        return {
            number
            for number, row in self._rows.items()
            if path in row.text and any(path == one for one, _ in self._bead(number).specs)
        }

    def _bead(self, number: int) -> TracedBead:
        row = self._rows[number]
        labels = parse_labels([one.name for one in row.labels], self._policy.spelling)
        return traced_bead(
            number,
            row.title,
            reveal(row.text),
            open=row.closed_at is None,
            parent=self._parents[number],
            delivers=labels.type not in (BeadType.EPIC, BeadType.RECONCILE),
        )


def _parent(row: ListedIssue) -> int | None:
    found = re.fullmatch(re.escape(row.repository_url) + r"/issues/(\d+)", row.parent_issue_url or "")
    return int(found[1]) if found is not None else None


def _is_spec(path: str, places: Iterable[str]) -> bool:
    return path.endswith((".md", ".markdown")) and any(
        path == place or (place.endswith("/") and path.startswith(place)) for place in places
    )


def _no_section(path: str, where: str, text: str | None, sections: Sequence[SpecSection]) -> str:
    if text is None:
        return f"there is no document {path}, and no bead cites it"
    if not sections:
        return f"{path} has no headings"
    near = [one for one in sections if where in one.anchor]
    return f"{path} has no section {where!r}; it has:{_listed(near or sections)}"


def _listed(sections: Sequence[SpecSection]) -> str:
    more = f"\n  … and {len(sections) - SHOWN} more" if len(sections) > SHOWN else ""
    return "".join(f"\n  {one.id}" for one in sections[:SHOWN]) + more
