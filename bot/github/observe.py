"""Looking at one repository: as a rule one request, and what makes it more.

- Pages beyond the first of beads, branches, labels or threads: one request each.
- Numbers that labels name and that are no open bead: asked in the same request once they are known, so one
  more request when a new one turns up.
- A bead of an epic that turns out to be closed: one request, once; see `past_beads.py`.
- Rules of the base branch: two requests a minute, only while a pull request is open.
- What people may do on whose word something rests: one request a person in five minutes.
- Who spoke in which thread: see `speakers.py`.
- A merge commit older than the last hundred on the base branch: one request, once.
- What our comments say: every three minutes in the same request, a hundred at a time.
- A head that moved on from an approved one: one request, or four for an update of our own, once.
- Found work to be filed, a draft to be used, or a proposal to be made: two requests for each report that it
  stands in, once while it is needed; of a proposal that is approved one more for our comment that shows it.
- A policy at fault, or one that was: one request for each content of its file; see `configuration.py`.
- Labels that no open bead has any more: one request an hour, while there are some.
- Labels that are not called as they were when we last looked: the look is repeated.
- Live claims: see `runs.py`. What people say: see `talk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from bot.beads.authority import Permission
from bot.beads.labels import DEFAULT, LabelNames, parse_labels
from bot.beads.markers import unmark
from bot.beads.report import Report
from bot.coordinator.claims import Claims, read_claims
from bot.coordinator.merging import CHECK
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.ports import EVERYTHING, Told
from bot.coordinator.shown import check_key, comment_key, number_of, shown_digest
from bot.coordinator.snapshot import ShownText, Snapshot
from bot.coordinator.wanted import proposals_to_read, runs_to_read
from bot.github import documents
from bot.github.answers import (
    BeadNode,
    BranchNode,
    Connection,
    LabelUse,
    Named,
    NewestNode,
    PullNode,
    RepositoryNode,
    Shape,
    Standing,
    ThreadNode,
)
from bot.github.configuration import Configuration, ConfigurationReader
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation
from bot.github.past_beads import PastBeads
from bot.github.patches import Patches
from bot.github.permissions import Permissions
from bot.github.proposals import read_proposals, shown_text
from bot.github.pulls import WORKFLOW, OwnCheck, own_check_runs
from bot.github.queues import vouched_runs
from bot.github.rules import RulesReader
from bot.github.runs import RunReader
from bot.github.snapshot_of import (
    Beside,
    base_history,
    moved_heads,
    named_elsewhere,
    remembered_elsewhere,
    snapshot_of,
    unproved_merges,
)
from bot.github.speakers import Speakers, Threads, open_nodes
from bot.github.talk import TalkReader

SAID_KEPT = timedelta(minutes=3)
"""After so long a look reads again what our comments say."""
SAID_AT_ONCE = 100
"""Of how many in one look; GitHub takes no more ids."""
TIDY = timedelta(hours=1)
"""How long labels are let be before it is looked which of them nobody needs."""
TIDIED_AT_ONCE = 20


class _Viewer(Shape):
    login: str


class _Reply(Shape):
    viewer: _Viewer
    repository: RepositoryNode | None = None


class _Text(BaseModel):
    body: str = ""


class _Ours(BaseModel):
    ours: list[_Text | None] = Field(default_factory=list)


class _Extras(BaseModel):
    repository: dict[str, object] | None = None


class _Threads(Shape):
    review_threads: Connection[ThreadNode] = Connection[ThreadNode]()


class _ThreadsReply(Shape):
    node: _Threads | None = None


class _BranchName(Shape):
    name: str


class _Head(Shape):
    default_branch_ref: _BranchName | None = None


class _HeadReply(Shape):
    repository: _Head | None = None


class _Comparison(BaseModel):
    status: str


class _Workflow(BaseModel):
    state: str


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment of ours, and when we last knew what it says."""

    id: str
    seen: datetime


@dataclass(slots=True)
class Known:
    """What a process remembers of a repository; all of it can be asked again. `shown` holds the digests of
    what our comments and check runs say, by their keys (`coordinator/shown.py`), `comments` the comments,
    `signed` the comments of people that carry our final reaction, or cannot. `older` tells that this GitHub
    knows no dependencies of issues in GraphQL."""

    default_branch: str | None = None
    standings: frozenset[int] = frozenset()
    authority: dict[str, tuple[Permission, datetime]] = field(default_factory=dict)
    on_base: dict[tuple[str, str], bool] = field(default_factory=dict)
    label_ids: dict[str, str] = field(default_factory=dict)
    own_checks: dict[tuple[str, str], OwnCheck] = field(default_factory=dict)
    comments: dict[str, OwnComment] = field(default_factory=dict)
    heads: frozenset[str] = frozenset()
    held: frozenset[int] = frozenset()
    open: frozenset[int] = frozenset()
    undoing: frozenset[int] = frozenset()
    workflow_enabled: bool = True
    repository_id: str = ""
    spelling: LabelNames = DEFAULT
    older: bool = False
    refused_edges: set[tuple[int, int]] = field(default_factory=set)
    tidied: datetime | None = None
    past: PastBeads = field(default_factory=PastBeads)
    shown: dict[str, str] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)


class Observer:
    """Looks at one repository (``owner/name``) with an installation's eyes."""

    def __init__(self, installation: Installation, repository: str, known: Known) -> None:
        self._github = installation
        self._repository = repository
        owner, _, name = repository.partition("/")
        self._where: Mapping[str, object] = {"owner": owner, "name": name}
        self._known = known
        self._configuration = ConfigurationReader(installation, self._where)
        self._rules = RulesReader(installation, repository)
        self._patches = Patches(installation, repository)
        self._permissions = Permissions(installation, repository, known.authority)
        self._speakers = Speakers(installation, self._permissions)
        self._talk = TalkReader(installation, repository, self._permissions, known.signed)
        self.runs = RunReader(installation, repository)
        self._reported: Mapping[int, Report] = {}

    async def look(self, focus: frozenset[int], told: Told = EVERYTHING) -> Snapshot:
        """Every fact a decision needs. Raises GitHubError, Limited, ClaimsError.

        What is held now is what may be merged next: its pull requests are asked for in the same request. So
        is what is being undone, and what is in focus and not open, with the issue itself.
        """
        known = self._known
        whole = (focus - known.open) | known.undoing
        focus |= known.held | known.undoing
        found = await self._whole(focus, whole)
        node, extras, claims = found.node, found.extras, found.claims
        branch = node.default_branch_ref
        if branch is None or branch.target is None:
            raise GitHubError(404, f"{self._repository} has no commit on its default branch")
        self._remember(node)
        known.held = frozenset(claims.live)
        known.undoing = frozenset(bead for bead, one in claims.history.items() if one.undo is not None)
        policy = found.configuration.policy
        heard = await self._speakers.hear(node, found.own, found.threads, claims, policy)
        beside = Beside(
            rules=await self._rules.read(branch.name, needed=bool(open_nodes(node))),
            runs=await self.runs.of(claims, fresh=told.runs),
            authority=heard.authority,
            spoken=heard.spoken,
            on_base=await self._merges(branch.target.oid, unproved_merges(node, extras.pulls)),
            same_patch=await self._same_patches(
                node, branch.target.oid, moved_heads(node, claims, extras.pulls)
            ),
            closed=frozenset(found.closed),
            focused=tuple(extras.pulls),
            whole=tuple(extras.beads),
            newest=tuple(extras.newest),
            workflow_enabled=await self._enabled(),
            focus=focus,
            configuration=found.configuration,
        )
        app = self._github.app.app_id
        snapshot = snapshot_of(self._repository, node, beside, app, found.own)
        self._forget_comments(
            {*(one.number for one in snapshot.issues), *(one.number for one in snapshot.pulls)}
        )
        talk = await self._talk.of(snapshot, fresh=told.talk)
        pressing = {press.login for press in told.presses}
        pressed = await self._permissions.of(pressing, snapshot.policy.bots, found.own)
        snapshot = replace(
            snapshot,
            authority={**talk.authority, **pressed, **snapshot.authority},
            presses=told.presses,
            comments=talk.comments,
            heard_until=talk.heard_until,
            shown=dict(self._known.shown),
            gone={
                number: found.closed[number] for number in remembered_elsewhere(node) & found.closed.keys()
            },
            server=self._github.app.server_url,
            knows_native=not self._known.older,
            refused_edges=frozenset(self._known.refused_edges),
            unused_labels=await self._unused_labels(snapshot),
            past=self._known.past.of(snapshot),
        )
        return replace(
            snapshot, reports=await self._reports(snapshot), proposals=await self._proposals(snapshot)
        )

    async def _unused_labels(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Labels `blocked-by` of closed issues that nothing open has: one request an hour, and none while
        each is on an open bead. A label of an open issue stays: somebody may be putting it on."""
        now = self._github.app.clock()
        if self._known.tidied is not None and now - self._known.tidied < TIDY:
            return ()
        self._known.tidied = now
        spelling = snapshot.policy.spelling
        used = {label.lower() for issue in snapshot.issues for label in issue.labels}
        numbers = {
            label: number
            for label in sorted(snapshot.labels)
            if label.lower() not in used
            for number in parse_labels((label,), spelling).blocked_by
        }
        asked = dict(list(numbers.items())[:TIDIED_AT_ONCE])
        if not asked:
            return ()
        document, variables = documents.labels_document(asked)
        data = await self._github.query(
            document, dict[str, object], {**self._where, **variables}, may_miss=True
        )
        found = _Extras.model_validate(data).repository or {}
        return tuple(
            label
            for index, label in enumerate(asked)
            if (use := found.get(f"l{index}")) and LabelUse.model_validate(use).unused
            if (of := found.get(f"n{index}")) and Standing.model_validate(of).closed
        )

    async def _whole(self, focus: frozenset[int], whole: frozenset[int]) -> _Whole:
        if self._known.default_branch is None:
            self._known.default_branch = await self._default_branch()
        asked, threads = self._known.standings, self._speakers.doubtful
        ours = self._to_check()
        while True:
            base = self._known.default_branch
            spelling = self._known.spelling
            asks = _Asks(asked, focus, whole, tuple(ours.values()), tuple(threads), self._known.past.foreseen)
            data = await self._observe(asks, {**self._where, "base": base, "bead": spelling.bead})
            reply = _Reply.model_validate(data)
            node = reply.repository
            if node is None:
                raise GitHubError(404, f"{self._repository} is not visible to this installation")
            claims = read_claims(node.claims.target.message if node.claims else None)
            broken = claims.misconfigured is not None
            configuration = await self._configuration.read(node.policy, was_broken=broken)
            self._known.spelling = configuration.policy.spelling
            renamed = node.default_branch_ref is not None and node.default_branch_ref.name != base
            if not renamed and self._known.spelling.bead.lower() == spelling.bead.lower():
                break
            if node.default_branch_ref is not None:
                self._known.default_branch = node.default_branch_ref.name
        if ours:
            self._check_comments(ours, _Ours.model_validate(data).ours)
        found = _extras(data)
        standings = found.standings
        node = await self._all_pages(node, base)
        wanted = named_elsewhere(node.issues.nodes, self._known.spelling) | remembered_elsewhere(node)
        self._known.standings = wanted
        if wanted - asked:
            document = documents.standings_document(wanted - asked)
            more = await self._github.query(document, dict[str, object], self._where, may_miss=True)
            standings = [*standings, *_extras(more).standings]
        await self._read_past(node, data)
        closed = {one.number: one.id for one in standings if one.closed}
        return _Whole(
            node, claims, configuration, closed, found, reply.viewer.login, Threads.model_validate(data)
        )

    async def _read_past(self, node: RepositoryNode, data: Mapping[str, object]) -> None:
        past = self._known.past
        past.take(_Extras.model_validate(data).repository or {})
        if unknown := past.unknown(node):
            document = documents.past_document(unknown)
            more = await self._github.query(document, dict[str, object], self._where, may_miss=True)
            past.take(_Extras.model_validate(more).repository or {})

    async def _observe(self, asks: _Asks, variables: Mapping[str, object]) -> dict[str, object]:
        document = documents.observe_document(
            asks.standings,
            asks.focus,
            asks.whole,
            asks.comments,
            asks.past,
            threads=bool(asks.threads),
            older=self._known.older,
        )
        wanted = {**variables, "app": self._github.app.app_id}
        wanted |= {"threads": list(asks.threads)} if asks.threads else {}
        try:
            return await self._github.query(document, dict[str, object], wanted, may_miss=True)
        except Limited:
            raise
        except GitHubError as error:
            if self._known.older or "doesn't exist on type 'Issue'" not in error.message:
                raise
            self._known.older = True
        return await self._observe(asks, variables)

    async def _default_branch(self) -> str:
        reply = await self._github.query(documents.DEFAULT_BRANCH, _HeadReply, self._where)
        if reply.repository is None or reply.repository.default_branch_ref is None:
            raise GitHubError(404, f"{self._repository} has no commit on its default branch")
        return reply.repository.default_branch_ref.name

    async def _all_pages(self, node: RepositoryNode, base: str) -> RepositoryNode:
        beads: list[BeadNode] = list(node.issues.nodes)
        page = node.issues.page_info
        while page.has_next_page:
            document = documents.more_beads_document(older=self._known.older)
            more = await self._more(document, page.end_cursor, bead=self._known.spelling.bead)
            beads += more.issues.nodes
            page = more.issues.page_info
        branches: list[BranchNode] = list(node.branches.nodes)
        page = node.branches.page_info
        while page.has_next_page:
            more = await self._more(documents.MORE_BRANCHES, page.end_cursor, base=base)
            branches += more.branches.nodes
            page = more.branches.page_info
        labels: list[Named] = list(node.labels.nodes)
        page = node.labels.page_info
        while page.has_next_page:
            more = await self._more(documents.MORE_LABELS, page.end_cursor)
            labels += more.labels.nodes
            page = more.labels.page_info
        return node.model_copy(
            update={
                "issues": Connection[BeadNode](nodes=beads),
                "branches": Connection[BranchNode](nodes=[await self._with_threads(one) for one in branches]),
                "labels": Connection[Named](nodes=labels),
            }
        )

    async def _more(self, document: str, after: str | None, **variables: str) -> _Page:
        wanted = {**self._where, "after": after, **variables}
        reply = await self._github.query(document, _PageReply, wanted)
        if reply.repository is None:
            raise GitHubError(404, f"{self._repository} is not visible to this installation")
        return reply.repository

    async def _with_threads(self, branch: BranchNode) -> BranchNode:
        pulls = [await self._all_threads(pull) for pull in branch.associated_pull_requests.nodes]
        return branch.model_copy(update={"associated_pull_requests": Connection[PullNode](nodes=pulls)})

    async def _all_threads(self, pull: PullNode) -> PullNode:
        threads = list(pull.review_threads.nodes)
        page = pull.review_threads.page_info
        while page.has_next_page:
            variables = {"pull": pull.id, "after": page.end_cursor}
            reply = await self._github.query(documents.MORE_THREADS, _ThreadsReply, variables)
            if reply.node is None:
                raise GitHubError(404, f"#{pull.number} went away while its threads were read")
            threads += reply.node.review_threads.nodes
            page = reply.node.review_threads.page_info
        return pull.model_copy(update={"review_threads": Connection[ThreadNode](nodes=threads)})

    def _remember(self, node: RepositoryNode) -> None:
        self._known.repository_id = node.id
        self._known.open = frozenset(bead.number for bead in node.issues.nodes)
        self._known.label_ids = {label.name.lower(): label.id for label in node.labels.nodes}
        foreign = vouched_runs(node)
        heads = foreign.keys() | {branch.target.oid for branch in node.branches.nodes}
        gone, self._known.heads = self._known.heads - heads, frozenset(heads)
        seen = {(head, CHECK): run for head, run in foreign.items() if run is not None}
        seen |= {
            (branch.target.oid, name): run
            for branch in node.branches.nodes
            for name, run in own_check_runs(branch.target, self._github.app.app_id).items()
        }
        kept = {key: run for key, run in self._known.own_checks.items() if key[0] not in gone}
        for key, run in seen.items():
            if key not in kept or run.follows(kept[key]):  # else this look is from before our last write
                kept[key] = run
        self._known.own_checks = kept
        for head in gone:
            self._known.shown.pop(check_key(head), None)
        for (head, name), run in kept.items():
            if name == CHECK:
                self._known.shown[check_key(head)] = run.digest

    def _to_check(self) -> dict[str, str]:
        """Our comments whose text is to be read again, by their keys: those that were not for the longest."""
        due = self._github.app.clock() - SAID_KEPT
        old = sorted((one.seen, key) for key, one in self._known.comments.items() if one.seen <= due)
        return {key: self._known.comments[key].id for _, key in old[:SAID_AT_ONCE]}

    def _check_comments(self, asked: Mapping[str, str], found: Sequence[_Text | None]) -> None:
        """What our comments say now: one that is gone is looked for anew when there is something to say."""
        for key, text in zip(asked, found, strict=True):
            if text is None:
                self._known.comments.pop(key, None)
                self._known.shown.pop(key, None)
            else:
                self._known.comments[key] = OwnComment(asked[key], self._github.app.clock())
                self._known.shown[key] = shown_digest(unmark(text.body, "comment"))

    def _forget_comments(self, numbers: set[int]) -> None:
        """Forget those on what is not open any more."""
        for key in [key for key in self._known.comments if number_of(key) not in numbers]:
            del self._known.comments[key]
            self._known.shown.pop(key, None)

    async def _merges(self, base: str, commits: tuple[str, ...]) -> Mapping[str, bool]:
        found: dict[str, bool] = {}
        for commit in commits:
            if (base, commit) not in self._known.on_base:
                answer = await self._github.get(f"/repos/{self._repository}/compare/{base}...{commit}")
                # 404: the commit is gone. Else it is in the base's history when it is not ahead of it.
                inside = answer.status != 404 and answer.read(_Comparison).status in ("behind", "identical")
                self._known.on_base[base, commit] = inside
            found[commit] = self._known.on_base[base, commit]
        return found

    async def _same_patches(
        self, node: RepositoryNode, base: str, moved: Mapping[str, str]
    ) -> Mapping[str, str]:
        history = base_history(node)

        async def on_base(commit: str) -> bool:
            return commit in history or (await self._merges(base, (commit,)))[commit]

        return {
            head: reviewed
            for head, reviewed in moved.items()
            if await self._patches.same(reviewed, head, on_base)
        }

    async def _reports(self, snapshot: Snapshot) -> Mapping[int, Report]:
        """The reports that somebody with the authority asks for, as far as they are there."""
        found: dict[int, Report] = {}
        for run_id in sorted(runs_to_read(snapshot)):
            if run_id in self._reported:
                found[run_id] = self._reported[run_id]
                continue
            report = await self.runs.kept_report(run_id)
            if report is not None:
                found[run_id] = report
        self._reported = found  # while beads are made of one, every look asks for it
        return found

    async def _proposals(self, snapshot: Snapshot) -> Mapping[int, ShownText]:
        """What our comments say that show a proposal which somebody approves now."""
        wanted = proposals_to_read(snapshot)
        found = await read_proposals(self._github, wanted) if wanted else {}
        for number in wanted:
            key = comment_key(number, PLAN)
            self._known.comments.pop(key, None)
            self._known.shown.pop(key, None)
        return {number: shown_text(comment) for number, comment in found.items()}

    async def _enabled(self) -> bool:
        """Looked up only after a dispatch was refused, until it is enabled again."""
        if not self._known.workflow_enabled:
            answer = await self._github.get(f"/repos/{self._repository}/actions/workflows/{WORKFLOW}")
            self._known.workflow_enabled = answer.ok and answer.read(_Workflow).state == "active"
        return self._known.workflow_enabled


@dataclass(frozen=True, slots=True)
class _Asks:
    """What a look asks for beside the repository; see `observe_document`."""

    standings: frozenset[int]
    focus: frozenset[int]
    whole: frozenset[int]
    comments: tuple[str, ...]
    threads: tuple[str, ...]
    past: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Whole:
    """One look: the repository with its claims and its configuration, what else was asked for with it, who we
    are, who spoke in which thread. `closed` are numbers that were asked for and are closed, with their
    nodes."""

    node: RepositoryNode
    claims: Claims
    configuration: Configuration
    closed: Mapping[int, str]
    extras: _Extra
    own: str
    threads: Threads


class _Page(Shape):
    issues: Connection[BeadNode] = Connection[BeadNode]()
    branches: Connection[BranchNode] = Connection[BranchNode]()
    labels: Connection[Named] = Connection[Named]()


class _PageReply(Shape):
    repository: _Page | None = None


@dataclass(frozen=True, slots=True)
class _Extra:
    """What the aliased fields say: `n12` an issue's or pull request's standing, `f12` a bead's pull requests,
    `i12` the bead itself, `newest` the pull requests that were opened last."""

    standings: list[Standing]
    pulls: list[PullNode]
    beads: list[BeadNode]
    newest: list[NewestNode]


def _extras(data: Mapping[str, object]) -> _Extra:
    fields = _Extras.model_validate(data).repository or {}
    numbered = [(key[0], value) for key, value in fields.items() if key[1:].isdigit() and value]
    return _Extra(
        standings=[Standing.model_validate(value) for kind, value in numbered if kind == "n"],
        pulls=[
            pull
            for kind, value in numbered
            if kind == "f"
            for pull in Connection[PullNode].model_validate(value).nodes
        ],
        beads=[BeadNode.model_validate(value) for kind, value in numbered if kind == "i"],
        newest=Connection[NewestNode].model_validate(fields.get("newest") or {}).nodes,
    )
