"""One look at a repository, from GraphQL's answer to a `Snapshot`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.beads.authority import Permission
from bot.beads.labels import DEFAULT, LabelNames, parse_labels
from bot.beads.markers import read_marker
from bot.beads.policy import POLICY_PATH
from bot.coordinator.claims import Claims, read_claims
from bot.coordinator.snapshot import Ended, Issue, NativeEdge, PullRequest, Rules, Run, Snapshot
from bot.github.actors import login_of
from bot.github.answers import BeadNode, BlockerNode, NewestNode, PullNode, RepositoryNode
from bot.github.configuration import Configuration
from bot.github.errors import GitHubError
from bot.github.pulls import checks_of, open_pulls, overall, pull_of, pusher_of
from bot.github.queues import foreign_heads, merge_groups
from bot.github.release_facts import edits_of, put_below, readied

BRANCH = re.compile(r"bead/[1-9][0-9]{0,9}")
MARKER = re.compile(r"<!-- beadwright:([a-z][a-z-]*=[A-Za-z0-9][A-Za-z0-9._:-]*) -->")


@dataclass(frozen=True, slots=True)
class Beside:
    """What a look rests on beside the repository's own answer.

    `configuration` is what the policy's file comes to; `authority` says what people may do on whose word
    something rests; `spoken` who spoke in review threads; `on_base` which merge commits are known to be (or
    not to be) on the base branch; `same_patch` which heads are our own updates of which approved ones, the
    patch identical; `closed` which numbers that labels name are closed; `focused` the latest pull requests of
    beads that were asked for by name, which are in `focus`; `whole` those beads themselves, and `newest` the
    pull requests that were opened last, where somebody asked for them.
    """

    rules: Rules
    configuration: Configuration
    runs: tuple[Run, ...] = ()
    authority: Mapping[str, Permission] | None = None
    spoken: Mapping[str, tuple[str, ...]] | None = None
    on_base: Mapping[str, bool] | None = None
    same_patch: Mapping[str, str] | None = None
    closed: frozenset[int] = frozenset()
    focused: tuple[PullNode, ...] = ()
    whole: tuple[BeadNode, ...] = ()
    newest: tuple[NewestNode, ...] = ()
    workflow_enabled: bool = True
    focus: frozenset[int] = frozenset()


def snapshot_of(
    repository: str, node: RepositoryNode, beside: Beside, app_id: int, own: str = ""
) -> Snapshot:
    """The facts in one answer; `own` is our App's bot. Raises ClaimsError for a damaged claims document,
    GitHubError for a repository without a commit."""
    branch = node.default_branch_ref
    if branch is None or branch.target is None:
        raise GitHubError(404, f"{repository} has no commit on its default branch")
    policy, faults = beside.configuration.policy, beside.configuration.faults
    return Snapshot(
        repository=repository,
        repository_id=node.id,
        default_branch=branch.name,
        base=branch.target.oid,
        base_state=overall(checks_of(branch.target, app_id)),
        claims=read_claims(node.claims.target.message if node.claims else None),
        claims_commit=node.claims.target.oid if node.claims else None,
        policy=policy,
        # A queue that classic protection demands is no rule of a ruleset.
        rules=replace(beside.rules, merge_queue=beside.rules.merge_queue or node.queue is not None),
        issues=tuple(issue_of(bead, policy.spelling) for bead in node.issues.nodes),
        closed=beside.closed | _closed_relatives(node),
        pulls=pulls_of(node, beside, app_id),
        runs=beside.runs,
        branches=tuple(
            (one.short, one.target.oid) for one in node.branches.nodes if BRANCH.fullmatch(one.short)
        ),
        kept=tuple(
            (f"{one.prefix}{one.name}", one.target.oid) for one in (*node.staging.nodes, *node.partial.nodes)
        ),
        labels=frozenset(label.name for label in node.labels.nodes),
        ended={
            child.number: Ended(child.id, child.title, child.last_edited_at)
            for bead in node.issues.nodes
            for child in bead.sub_issues.nodes
            if child.state == "CLOSED" and child.repository == bead.repository
        },
        policy_fault="\n".join(f"{POLICY_PATH}: {fault}" for fault in faults) or None,
        policy_faults=faults,
        policy_commit=beside.configuration.commit,
        workflow_enabled=beside.workflow_enabled,
        focus=beside.focus,
        authority=beside.authority or {},
        own=own,
        foreign=foreign_heads(node),
        groups=merge_groups(node),
        over=tuple(issue_of(one, policy.spelling) for one in beside.whole if one.state == "CLOSED"),
        reverts=reverts_of(beside.newest),
        pushers={
            one.short: login
            for one in node.branches.nodes
            if BRANCH.fullmatch(one.short) and (login := pusher_of(one.target)) is not None
        },
    )


def issue_of(node: BeadNode, spelling: LabelNames) -> Issue:
    """A bead's issue. Markers count only where the App itself wrote the body."""
    ready, added = readied(node, spelling), put_below(node)
    edits, edits_since = edits_of(node)
    return Issue(
        number=node.number,
        id=node.id,
        database_id=node.full_database_id,
        title=node.title,
        body=node.body,
        open=node.state == "OPEN",
        created_at=node.created_at,
        labels=_labels(node),
        parent=node.parent.number if node.parent and node.parent.repository == node.repository else None,
        children=tuple(
            child.number for child in node.sub_issues.nodes if child.repository == node.repository
        ),
        released_by=ready.by if ready else None,
        ready_at=ready.at if ready else None,
        author=login_of(node.author),
        edits=edits,
        edits_since=edits_since,
        parent_by=added.by if added else None,
        parent_since=added.at if added else None,
        markers=tuple(MARKER.findall(node.body)) if node.viewer_did_author else (),
        native=tuple(_native(node, blocker) for blocker in node.blocked_by.nodes),
        type=node.issue_type.name if node.issue_type is not None else None,
    )


def _native(node: BeadNode, blocker: BlockerNode | None) -> NativeEdge:
    """A dependency of GitHub's own; one that we may not see is taken for open."""
    if blocker is None:
        return NativeEdge(0, open=True, repository="")
    here = blocker.repository.id == node.repository.id
    where = None if here else blocker.repository.name_with_owner
    return NativeEdge(blocker.number, blocker.state == "OPEN", where, blocker.full_database_id)


def pulls_of(node: RepositoryNode, beside: Beside, app_id: int) -> tuple[PullRequest, ...]:
    """Every pull request of a branch `bead/N` in this repository that the look has shown, open ones first."""
    base = node.default_branch_ref.name if node.default_branch_ref else ""
    open_ones = [
        pull
        for branch in node.branches.nodes
        if BRANCH.fullmatch(branch.short)
        for pull in open_pulls(branch, base, app_id, beside.spoken or {})
    ]
    seen = {pull.number for pull in open_ones}
    history = base_history(node)
    over: dict[int, PullRequest] = {}
    for one in (*node.over.nodes, *beside.focused):
        ours = BRANCH.fullmatch(one.head_ref_name) and not one.is_cross_repository
        # An open one that has no branch (any more) is shown by its focus alone.
        if ours and one.number not in seen:
            over[one.number] = pull_of(one, None, base, app_id, _on_base(one, history, beside.on_base or {}))
    same = beside.same_patch or {}
    return tuple(replace(pull, same_patch_as=same.get(pull.head)) for pull in (*open_ones, *over.values()))


def moved_heads(node: RepositoryNode, claims: Claims, focused: Iterable[PullNode] = ()) -> Mapping[str, str]:
    """The heads, open or merged, of beads whose approval, or a person's yes, is about another one: that one
    by the head."""
    shown = [pull for branch in node.branches.nodes for pull in branch.associated_pull_requests.nodes]
    over = [pull for pull in (*node.over.nodes, *focused) if pull.state == "MERGED"]
    open_beads = {f"bead/{bead.number}": bead.number for bead in node.issues.nodes}
    moved: dict[str, str] = {}
    for pull in (*shown, *over):
        if pull.head_ref_name in open_beads and not pull.is_cross_repository:
            known = claims.of(open_beads[pull.head_ref_name])
            if known.merge is not None and known.merge.head not in (None, pull.head_ref_oid):
                moved[pull.head_ref_oid] = known.merge.head
            if known.verdict and known.verdict.approve and known.verdict.head != pull.head_ref_oid:
                moved[pull.head_ref_oid] = known.verdict.head
    return moved


def reverts_of(newest: Iterable[NewestNode]) -> Mapping[int, int]:
    """Our pull requests that take another one back, by the number of that one; of twins the first."""
    found: dict[int, int] = {}
    for one in sorted(newest, key=lambda one: one.number):
        marker = read_marker(one.body, "revert") if one.viewer_did_author else None
        if marker is not None and marker.isdigit():
            found.setdefault(int(marker), one.number)
    return found


def unproved_merges(node: RepositoryNode, focused: Iterable[PullNode] = ()) -> tuple[str, ...]:
    """Merge commits of open beads that are older than the base branch's history in this look."""
    open_beads = {f"bead/{bead.number}" for bead in node.issues.nodes}
    history = base_history(node)
    return tuple(
        one.merge_commit.oid
        for one in (*node.over.nodes, *focused)
        if one.state == "MERGED" and one.head_ref_name in open_beads
        if one.merge_commit and one.merge_commit.oid not in history
    )


def named_elsewhere(nodes: Sequence[BeadNode], spelling: LabelNames = DEFAULT) -> frozenset[int]:
    """Numbers that labels name and that are no open bead: each may be closed."""
    named = {number for node in nodes for number in parse_labels(_labels(node), spelling).blocked_by}
    return frozenset(named - {node.number for node in nodes})


def remembered_elsewhere(node: RepositoryNode) -> frozenset[int]:
    """Beads that the claims remember and that are no open bead: somebody may have closed them."""
    claims = read_claims(node.claims.target.message if node.claims else None)
    remembered = {number for number, known in claims.history.items() if known.closed is None}
    return frozenset(remembered - {bead.number for bead in node.issues.nodes})


def base_history(node: RepositoryNode) -> frozenset[str]:
    """The last commits on the base branch that the look has shown."""
    branch = node.default_branch_ref
    commits = branch.target.history.nodes if branch and branch.target else ()
    return frozenset(commit.oid for commit in commits)


def _closed_relatives(node: RepositoryNode) -> frozenset[int]:
    return frozenset(
        relative.number
        for bead in node.issues.nodes
        for relative in (*bead.sub_issues.nodes, *((bead.parent,) if bead.parent else ()))
        if relative.state == "CLOSED" and relative.repository == bead.repository
    )


def _on_base(pull: PullNode, history: Collection[str], known: Mapping[str, bool]) -> bool | None:
    if pull.merge_commit is None:
        return None
    return True if pull.merge_commit.oid in history else known.get(pull.merge_commit.oid)


def _labels(node: BeadNode) -> tuple[str, ...]:
    return tuple(label.name for label in node.labels.nodes) if node.labels else ()
