"""The requests of a trace, by REST and GraphQL with a person's token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError

from bot.beads.answer_parts import ReportError
from bot.beads.coverage import Coverage, load_kept_coverage
from bot.beads.trace_facts import TracedPull
from bot.github import trace_documents as documents
from bot.github.answers import Connection, Oid, Shape
from bot.github.bead_issues import ReadRefused, refusal

BRANCHES = 40
"""The pull requests of how many branches are asked for at once."""
TEXTS = 20
FILES = 30
"""How many further hundreds of a pull request's files are read; GitHub shows three thousand."""
REVERTS = 3
"""How often a revert of a revert is looked for."""
BEAD = re.compile(r"bead/([1-9][0-9]{0,8})")
REVERT = re.compile(r"revert-([1-9][0-9]{0,8})-")
REVERTS_PULL = re.compile(r"Reverts (?:[\w.-]+/[\w.-]+)?#([1-9][0-9]{0,8})\b")
INSIDE = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|\Z))[^\x00-\x1f\x7f:]+")
"""A path within the repository."""
STATES: dict[str, Literal["open", "merged", "closed"]] = {"OPEN": "open", "MERGED": "merged"}
Item = TypeVar("Item")
T = TypeVar("T", bound=BaseModel)


class _File(Shape):
    path: str
    change_type: str = ""


class _Pull(Shape):
    id: str
    number: int
    title: str
    body: str = ""
    state: str
    head_ref_name: str
    is_cross_repository: bool = False
    merge_commit: Oid | None = None
    files: Connection[_File] | None = None


class _Blob(Shape):
    text: str | None = None
    is_truncated: bool | None = None


class _Message(Shape):
    message: str = ""


class _Kept(Shape):
    target: _Message | None = None


class _History(Shape):
    history: Connection[Oid] = Connection[Oid]()


class _Branch(Shape):
    name: str
    target: _History | None = None


class _Repository(Shape):
    default_branch_ref: _Branch | None = None


class _Base(Shape):
    repository: _Repository | None = None


class _Fields(Shape):
    repository: dict[str, object] | None = None


class _Files(Shape):
    files: Connection[_File] = Connection[_File]()


class _More(Shape):
    node: _Files | None = None


class _Fault(BaseModel):
    message: str = ""
    type: str = ""


class _Reply(BaseModel):
    data: dict[str, object] | None = None
    errors: list[_Fault] = Field(default_factory=list)


class _Entry(BaseModel):
    path: str
    type: str


class _Tree(BaseModel):
    tree: list[_Entry]


class _Comparison(BaseModel):
    status: str


class Reads:
    """What is read of ``owner/name``. `pulls` are the pull requests that have been read, `texts` the
    documents by path (None: not there), `notes` what could not be read whole. Everything raises ReadRefused
    and httpx.HTTPError."""

    def __init__(self, api: httpx.Client, repository: str) -> None:
        self.pulls: dict[int, TracedPull] = {}
        self.texts: dict[str, str | None] = {}
        self.notes: list[str] = []
        self._api, self._at = api, f"/repos/{repository}"
        owner, _, name = repository.partition("/")
        self._where = {"owner": owner, "name": name}
        self._graphql = f"{str(api.base_url).rstrip('/').removesuffix('/v3')}/graphql"
        self._heads: dict[int, str] = {}
        self._asked: set[str] = set()
        found = self._ask(documents.BASE, {}, _Base).repository
        branch = found.default_branch_ref if found is not None else None
        if branch is None or branch.target is None:
            raise ReadRefused(f"{repository} has no commit on its default branch")
        self.base = branch.name
        self._recent = frozenset(one.oid for one in branch.target.history.nodes)

    def get(self, path: str, **query: str) -> httpx.Response | None:
        """What REST answers below the repository; None where there is no such thing."""
        answer = self._api.get(f"{self._at}{path}", params=query)
        if answer.status_code in (404, 409, 410, 422):
            return None
        if answer.is_error:
            raise ReadRefused(f"GET {self._at}{path} was refused: {refusal(answer)}")
        return answer

    def is_on_base(self, oid: str) -> bool:
        """Whether a commit is in the history of the base branch."""
        if oid in self._recent:
            return True
        answer = self.get(f"/compare/{self.base}...{oid}", per_page="1")
        # None: the commit is gone. Else it is in the base's history when it is not ahead of it.
        inside = ("behind", "identical")
        return answer is not None and _Comparison.model_validate_json(answer.content).status in inside

    def with_merges(self) -> tuple[TracedPull, ...]:
        """The pull requests by number, each merged one with whether its commit is on the base branch."""
        merged = {one.commit for one in self.pulls.values() if one.state == "merged" and one.commit}
        on_base = {oid: self.is_on_base(oid) for oid in sorted(merged)}
        return tuple(
            replace(one, on_base=on_base.get(one.commit or "")) for _, one in sorted(self.pulls.items())
        )

    def read_pulls(self, numbers: Iterable[int]) -> None:
        """Pull requests, and what they take back, and so on."""
        wanted = set(numbers)
        for _ in range(1 + REVERTS):
            for some in _parts(sorted(wanted - self.pulls.keys()), BRANCHES):
                self._keep(self._fields(documents.pulls_document(some)).values())
            wanted = {one.reverts for one in self.pulls.values() if one.reverts is not None}

    def read_branches(self, branches: Iterable[str]) -> None:
        """The pull requests of branches."""
        wanted = [one for one in dict.fromkeys(branches) if one not in self._asked]
        self._asked |= set(wanted)
        for some in _parts(wanted, BRANCHES):
            document, variables = documents.branches_document(some)
            for listed in self._fields(document, variables).values():
                self._keep(Connection[_Pull].model_validate(listed).nodes)

    def read_reverts(self) -> None:
        """What takes merged pull requests back, by the name that GitHub gives such a branch; and what takes
        that back."""
        for _ in range(REVERTS):
            merged = [number for number, one in sorted(self.pulls.items()) if one.state == "merged"]
            self.read_branches(f"revert-{number}-{self._heads[number]}" for number in merged)

    def read_texts(self, paths: Iterable[str]) -> None:
        """Documents of the base branch."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self.texts and "://" not in path]
        outside = [path for path in wanted if not INSIDE.fullmatch(path)]
        self.texts |= dict.fromkeys(outside)
        for some in _parts([path for path in wanted if path not in outside], TEXTS):
            document, variables = documents.texts_document(some)
            fields = self._fields(document, variables)
            for index, path in enumerate(some):
                blob = _Blob.model_validate(fields.get(f"t{index}") or {})
                self.texts[path] = blob.text
                if blob.is_truncated:
                    self.notes.append(f"{path} is too large to be read whole")

    def coverage(self, epics: Iterable[int]) -> tuple[Coverage, ...]:
        """What the last reconciliations of these epics came to."""
        rows: list[Coverage] = []
        for some in _parts(sorted(set(epics)), BRANCHES):
            for name, found in self._fields(documents.coverage_document(some)).items():
                target = _Kept.model_validate(found).target if found is not None else None
                if target is None:
                    continue
                try:
                    rows += load_kept_coverage(target.message).matrix
                except ReportError as error:
                    self.notes.append(f"what the reconciliation of #{name[1:]} came to is left out: {error}")
        return tuple(rows)

    def files(self) -> list[str]:
        """The paths of all files of the base branch."""
        answer = self.get(f"/git/trees/{self.base}", recursive="1")
        entries = _Tree.model_validate_json(answer.content).tree if answer is not None else []
        return [one.path for one in entries if one.type == "blob"]

    # -- GraphQL --------------------------------------------------------------------------------------------
    def _ask(self, document: str, variables: dict[str, object], shape: type[T]) -> T:
        answer = self._api.post(
            self._graphql, json={"query": document, "variables": {**self._where, **variables}}
        )
        if answer.is_error:
            raise ReadRefused(f"GraphQL was refused: {refusal(answer)}")
        try:
            reply = _Reply.model_validate_json(answer.content)
        except ValidationError as error:
            raise ReadRefused(f"GraphQL gave what is no answer: {answer.text[:200]}") from error
        faults = [one.message for one in reply.errors if one.type != "NOT_FOUND"]
        if faults or reply.data is None:
            raise ReadRefused(f"GraphQL was refused: {'; '.join(faults) or 'there is no such repository'}")
        return shape.model_validate(reply.data)

    def _fields(self, document: str, variables: dict[str, object] | None = None) -> dict[str, object]:
        return self._ask(document, variables or {}, _Fields).repository or {}

    def _keep(self, nodes: Iterable[object]) -> None:
        for node in nodes:
            if node is not None:
                pull = node if isinstance(node, _Pull) else _Pull.model_validate(node)
                if pull.number not in self.pulls:
                    self._heads[pull.number] = pull.head_ref_name
                    self.pulls[pull.number] = self._pull(pull)

    def _pull(self, node: _Pull) -> TracedPull:
        own = not node.is_cross_repository
        bead = BEAD.fullmatch(node.head_ref_name) if own else None
        revert = REVERT.match(node.head_ref_name) if own else None
        revert = revert or REVERTS_PULL.match(node.body)
        return TracedPull(
            number=node.number,
            title=node.title,
            state=STATES.get(node.state, "closed"),
            bead=int(bead[1]) if bead else None,
            reverts=int(revert[1]) if revert else None,
            files=tuple(one.path for one in self._files(node) if one.change_type != "DELETED"),
            commit=node.merge_commit.oid if node.merge_commit else None,
        )

    def _files(self, node: _Pull) -> Iterator[_File]:
        page = node.files or Connection[_File]()
        yield from page.nodes
        for _ in range(FILES):
            if not page.page_info.has_next_page:
                return
            wanted: dict[str, object] = {"pull": node.id, "after": page.page_info.end_cursor}
            more = self._ask(documents.MORE_FILES, wanted, _More).node
            page = more.files if more is not None else Connection[_File]()
            yield from page.nodes


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
