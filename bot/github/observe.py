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

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from bot.beads.report import Report
from bot.coordinator.claims import Claims, read_claims
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.ports import EVERYTHING, Told
from bot.coordinator.shown import comment_key
from bot.coordinator.snapshot import ShownText, Snapshot
from bot.coordinator.wanted import proposals_to_read, runs_to_read
from bot.github import documents
from bot.github.aliased import Aliased, aliased, repository_fields
from bot.github.answers import RepositoryNode, Shape
from bot.github.configuration import Configuration, ConfigurationReader
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation
from bot.github.known import Known
from bot.github.pages import Pages
from bot.github.patches import Patches
from bot.github.permissions import Permissions
from bot.github.proposals import read_proposals, shown_text
from bot.github.pulls import WORKFLOW
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
from bot.github.unused_labels import UnusedLabels


class _Viewer(Shape):
    login: str


class _Reply(Shape):
    viewer: _Viewer
    repository: RepositoryNode | None = None


class _Text(BaseModel):
    body: str = ""


class _Ours(BaseModel):
    ours: list[_Text | None] = Field(default_factory=list)


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


class Observer:
    """Looks at one repository (``owner/name``) with an installation's eyes."""

    def __init__(self, installation: Installation, repository: str, known: Known) -> None:
        self._github = installation
        self._repository = repository
        owner, _, name = repository.partition("/")
        self._where: Mapping[str, object] = {"owner": owner, "name": name}
        self._known = known
        self._configuration = ConfigurationReader(installation, self._where)
        self._pages = Pages(installation, repository)
        self._unused_labels = UnusedLabels(installation, self._where)
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
        known.remember(node, self._github.app.app_id)
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
        known.forget_comments(
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
            unused_labels=await self._unused_labels.of(snapshot),
            past=self._known.past.of(snapshot),
        )
        return replace(
            snapshot, reports=await self._reports(snapshot), proposals=await self._proposals(snapshot)
        )

    async def _whole(self, focus: frozenset[int], whole: frozenset[int]) -> _Whole:
        if self._known.default_branch is None:
            self._known.default_branch = await self._default_branch()
        asked, threads = self._known.standings, self._speakers.doubtful
        ours = self._known.comments_to_check(self._github.app.clock())
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
            texts = _Ours.model_validate(data).ours
            bodies = [text.body if text else None for text in texts]
            self._known.check_comments(ours, bodies, self._github.app.clock())
        found = aliased(data)
        standings = found.standings
        node = await self._pages.all_of(node, base, bead=self._known.spelling.bead, older=self._known.older)
        wanted = named_elsewhere(node.issues.nodes, self._known.spelling) | remembered_elsewhere(node)
        self._known.standings = wanted
        if wanted - asked:
            document = documents.standings_document(wanted - asked)
            more = await self._github.query(document, dict[str, object], self._where, may_miss=True)
            standings = [*standings, *aliased(more).standings]
        await self._read_past(node, data)
        closed = {one.number: one.id for one in standings if one.closed}
        return _Whole(
            node, claims, configuration, closed, found, reply.viewer.login, Threads.model_validate(data)
        )

    async def _read_past(self, node: RepositoryNode, data: Mapping[str, object]) -> None:
        past = self._known.past
        past.take(repository_fields(data))
        if unknown := past.unknown(node):
            document = documents.past_document(unknown)
            more = await self._github.query(document, dict[str, object], self._where, may_miss=True)
            past.take(repository_fields(more))

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
    extras: Aliased
    own: str
    threads: Threads
