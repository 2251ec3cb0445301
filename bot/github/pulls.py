"""GraphQL's pull requests, reviews and checks as the coordinator's facts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.coordinator.snapshot import (
    Check,
    CheckState,
    Mergeable,
    PullRequest,
    QueuePlace,
    Removal,
    Review,
    Thread,
)
from bot.github.actors import login_of
from bot.github.answers import Actor, BranchNode, CommitNode, ContextNode, PullNode

WORKFLOW = "beadwright.yml"
GITHUB = "noreply@github.com"
BOT = re.compile(r"\[bot\]@users\.noreply\.")
GREEN = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
QUEUE_MERGED = "MERGE"
"""The reason of a removal from the merge queue that is none: it was merged."""
MERGEABLE: dict[str, Mergeable] = {"MERGEABLE": "clean", "CONFLICTING": "conflict"}
STATES: dict[str, Literal["open", "merged", "closed"]] = {"OPEN": "open", "MERGED": "merged"}


def checks_of(commit: CommitNode, app_id: int) -> tuple[Check, ...]:
    """A commit's check runs and statuses, without those of the workflow that runs beads.

    That workflow is dispatched on the default branch, so its runs show up on whatever is the head there:
    an agent at work would make the base branch wait, a failed attempt would make it red.
    """
    rollup = commit.status_check_rollup
    if rollup is None:
        return ()
    newest: dict[tuple[str, str], ContextNode] = {}
    statuses: list[Check] = []
    for node in rollup.contexts.nodes:
        if node.typename != "CheckRun":
            statuses.append(Check(node.context, _status_state(node.state)))
        elif not _of_our_workflow(node):
            key = (node.check_suite.id if node.check_suite else "", node.name)
            if key not in newest or (newest[key].database_id or 0) < (node.database_id or 0):
                newest[key] = node
    failed_suites = {suite for (suite, _), node in newest.items() if _run_state(node) == "red"}
    runs = [
        Check(
            node.name,
            _run_state(node),
            app_id=_app_of(node),
            ours=_app_of(node) == app_id,
            skipped_after_failure=node.conclusion == "SKIPPED" and suite in failed_suites,
        )
        for (suite, _), node in newest.items()
    ]
    return (*runs, *statuses)


def overall(checks: Sequence[Check]) -> CheckState:
    """A base branch's health: red with any red check, else waiting with any that runs."""
    states = {check.state for check in checks if not check.ours}
    return "red" if "red" in states else "waiting" if "waiting" in states else "green"


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A check run of ours: its node and database id, whether it is completed, and the digest of what it shows
    (which we give it as its `external_id`)."""

    node_id: str
    id: int
    done: bool = False
    digest: str = ""

    def follows(self, known: OwnCheck) -> bool:
        """Whether this is what has become of `known`, and not what it was before: what is completed stays so,
        and ids go up."""
        return (known.id, known.done) <= (self.id, self.done)


def own_check_runs(commit: CommitNode, app_id: int) -> dict[str, OwnCheck]:
    """Our own check runs on a commit by name, the newest of each."""
    found: dict[str, OwnCheck] = {}
    for node in commit.status_check_rollup.contexts.nodes if commit.status_check_rollup else ():
        if _app_of(node) == app_id and node.database_id is not None:
            newest = found.get(node.name)
            if newest is None or newest.id < node.database_id:
                done = node.status == "COMPLETED"
                found[node.name] = OwnCheck(node.id, node.database_id, done, node.external_id or "")
    return found


def open_pulls(
    branch: BranchNode,
    default_branch: str,
    app_id: int,
    spoken: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[PullRequest, ...]:
    """The open pull requests of a branch `bead/N`; `spoken` is who spoke in threads, by their id.

    Whether one is behind, and its checks, are known only when the pull request's head is the branch's commit
    (GitHub moves the two one after the other) and its base is the default branch.
    """
    pulls: list[PullRequest] = []
    for node in branch.associated_pull_requests.nodes:
        if not node.is_cross_repository:
            threads = threads_of(node, spoken or {})
            voices = reviewers(node).union(*(thread.voices for thread in threads))
            pull = pull_of(node, branch, default_branch, app_id)
            pulls.append(replace(pull, threads=threads, voices=tuple(sorted(voices))))
    return tuple(pulls)


def pull_of(
    node: PullNode, branch: BranchNode | None, default_branch: str, app_id: int, on_base: bool | None = None
) -> PullRequest:
    """A pull request; `branch` is what its head branch is now, for an open one."""
    commit = branch.target if branch is not None and branch.target.oid == node.head_ref_oid else None
    behind = None
    if branch is not None and commit is not None and node.base_ref_name == default_branch:
        behind = None if branch.compare is None else branch.compare.ahead_by > 0
    pushed = commit.committed_date if commit is not None else None
    reviews = node.latest_opinionated_reviews
    return PullRequest(
        number=node.number,
        id=node.id,
        state=STATES.get(node.state, "closed"),
        head_ref=node.head_ref_name,
        head=node.head_ref_oid,
        base_ref=node.base_ref_name,
        base=node.base_ref_oid,
        draft=node.is_draft,
        ours=node.viewer_did_author,
        mergeable=MERGEABLE.get(node.mergeable, "unknown"),
        behind=behind,
        checks=checks_of(commit, app_id) if commit is not None else (),
        reviews=_reviews(node) if reviews is not None else (),
        labels=tuple(label.name for label in node.labels.nodes) if node.labels else (),
        changed_files=node.changed_files,
        pushed_at=max(pushed, node.created_at) if pushed is not None else None,
        merge_commit=node.merge_commit.oid if node.merge_commit else None,
        merged_by=node.merged_by.login if node.merged_by else None,
        review_required=node.review_decision == "REVIEW_REQUIRED",
        closed_by=_closed_by(node),
        on_base=on_base,
        twin_heads=_twins(node, commit),
        reviewed_by=_spoken(node),
        queued=_place(node),
        removals=_removals(node),
    )


def reviewers(node: PullNode) -> frozenset[str]:
    """Who has reviewed a pull request, the last fifty times. Whoever speaks in a thread is among them: GitHub
    makes a review of every such remark."""
    return frozenset(login_of(review.author) for review in (node.reviews.nodes if node.reviews else ()))


def threads_of(node: PullNode, spoken: Mapping[str, tuple[str, ...]]) -> tuple[Thread, ...]:
    """The threads of a pull request; where it was not asked who spoke in one, all who did in any."""
    everybody = tuple(sorted(reviewers(node)))
    return tuple(
        Thread(
            id=thread.id,
            path=thread.path,
            line=thread.line,
            resolved=thread.is_resolved,
            login=next(iter(spoken.get(thread.id, ())), ""),
            voices=spoken.get(thread.id, everybody),
        )
        for thread in node.review_threads.nodes
    )


def _closed_by(node: PullNode) -> str | None:
    actors = [item.actor for item in node.closing.nodes if item.actor is not None]
    return actors[-1].login if node.state == "CLOSED" and actors and actors[-1].typename == "User" else None


def pusher_of(commit: CommitNode) -> str | None:
    """The person whose commit this is: None for a bot's, an empty login where GitHub knows no account.

    What GitHub commits for somebody has them as the author and itself as the committer:
    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots
    """
    by_github = commit.committer is not None and commit.committer.email == GITHUB
    signer = commit.author if by_github else commit.committer
    if signer is None or BOT.search(signer.email or ""):
        return None
    return signer.user.login if signer.user is not None else ""


def _reviews(node: PullNode) -> tuple[Review, ...]:
    kinds: dict[str, Literal["approved", "changes-requested"]] = {
        "APPROVED": "approved",
        "CHANGES_REQUESTED": "changes-requested",
    }
    opinions = node.latest_opinionated_reviews
    return tuple(
        Review(
            login=review.author.login if review.author else "ghost",
            state=kinds[review.state],
            head=review.commit.oid if review.commit else "",
            ours=review.viewer_did_author,
        )
        for review in (opinions.nodes if opinions else ())
        if review.state in kinds
    )


def _place(node: PullNode) -> QueuePlace | None:
    entry = node.merge_queue_entry
    if entry is None:
        return None
    group = entry.head_commit.oid if entry.head_commit else None
    return QueuePlace(entry.position, group, login_of(entry.enqueuer))


def _removals(node: PullNode) -> tuple[Removal, ...]:
    """How it left the queue without being merged, the last time last."""
    return tuple(
        Removal(one.created_at, (one.reason or "").upper(), login_of(one.actor))
        for one in node.removals.nodes
        if (one.reason or "").upper() != QUEUE_MERGED
    )


def _twins(node: PullNode, commit: CommitNode | None) -> tuple[int, ...]:
    found = commit.associated_pull_requests if commit is not None else None
    return tuple(
        twin.number
        for twin in (found.nodes if found else ())
        if twin.state == "OPEN" and twin.head_ref_oid == node.head_ref_oid and twin.number != node.number
    )


def _spoken(node: PullNode) -> tuple[str, ...]:
    spoken = {
        name
        for review in (node.reviews.nodes if node.reviews else ())
        if review.author is not None and review.commit is not None
        if review.commit.oid == node.head_ref_oid
        for name in logins(review.author)
    }
    return tuple(sorted(spoken))


def logins(actor: Actor) -> Collection[str]:
    """A login as GraphQL spells it and, of a bot, as REST and people do (``name[bot]``)."""
    if actor.typename == "Bot":
        plain = actor.login.removesuffix("[bot]")
        return (plain, f"{plain}[bot]")
    return (actor.login,)


def _of_our_workflow(node: ContextNode) -> bool:
    run = node.check_suite.workflow_run if node.check_suite else None
    return run is not None and run.workflow.resource_path.endswith(f"/{WORKFLOW}")


def _app_of(node: ContextNode) -> int | None:
    return node.check_suite.app.database_id if node.check_suite and node.check_suite.app else None


def _run_state(node: ContextNode) -> CheckState:
    if node.status != "COMPLETED":
        return "waiting"
    return "green" if node.conclusion in GREEN else "red"


def _status_state(state: str) -> CheckState:
    if state in ("PENDING", "EXPECTED"):
        return "waiting"
    return "green" if state == "SUCCESS" else "red"
