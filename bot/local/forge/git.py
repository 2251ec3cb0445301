"""Moving refs: what GitHub checks before a ref moves, and what follows when it has moved.

REST, GraphQL's `updateRefs`, merges and pushes all end here. `move_refs` is all or nothing; `settle` is for
those who have moved refs by themselves (a push through `git http-backend`) and owe the consequences.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.local.forge import protection, pull_sync
from bot.local.forge.git_objects import ZERO, GitDir, GitError, RefMoved, RefUpdate, Signature
from bot.local.forge.http import Refused, invalid
from bot.local.forge.records import Account, Repository, Token
from bot.local.forge.state import Signal, State

Update = tuple[str, str | None, str, bool]
WORKFLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Move:
    """A ref's way from `before` to `after`, full object ids; ZERO where it was not, or is no more."""

    name: str
    before: str
    after: str

    @property
    def branch(self) -> str | None:
        """The branch's name, for a branch."""
        return self.name.removeprefix("refs/heads/") if self.name.startswith("refs/heads/") else None


def open_git(state: State, repository: Repository) -> GitDir:
    """The repository's objects and refs."""
    return GitDir(state.git_dir(repository))


def signature_of(account: Account, at: datetime) -> Signature:
    """How GitHub signs what an account does on its pages."""
    email = f"{account.id}+{account.login}@users.noreply.github.com"
    return Signature(account.name or account.login, email, at)


def signature_of_github(at: datetime) -> Signature:
    """The committer of merges that GitHub makes."""
    return Signature("GitHub", "noreply@github.com", at)


def account_of(state: State, signature: Signature) -> Account | None:
    """Whose address stands in a commit."""
    number = signature.email.partition("+")[0]
    if signature.email.endswith("@users.noreply.github.com") and number.isdigit():
        return state.get(Account, int(number)) if state.has(Account, int(number)) else None
    if signature.email.endswith(("@users.noreply.github.com", "@users.noreply.localhost")):
        return state.one(Account, login=signature.email.partition("@")[0])
    return None


def object_node_id(kind: str, repository: Repository, name: str) -> str:
    """GraphQL's global id of a commit, a tree or a ref, which have no records."""
    return base64.urlsafe_b64encode(f"{kind}:{repository.id}:{name}".encode()).decode().rstrip("=")


def commit_of(git: GitDir, revision: str) -> str:
    """The commit that a branch, tag, ref or (short) id names. Raises Refused as GitHub does."""
    found = git.resolve(revision)
    if found is None:
        raise invalid(f"No commit found for SHA: {revision}")
    return found


def move_refs(
    state: State,
    repository: Repository,
    actor: Account,
    updates: Sequence[Update],
    *,
    token: Token | None = None,
) -> list[Move]:
    """Move every ref or none: `(full name, before or None, after, force)`, zero ids create and delete.

    `before` None is unchecked. Protection and rulesets bind as they bind a push; `token` says what an App or
    a job may do to workflow files. Webhook signals and open pull requests follow.

    Raises:
        Refused: 422 for a name, an object, a non-fast-forward or a rule; 409 when a ref was elsewhere than
            at `before`; 403 for workflow files.
    """
    git = open_git(state, repository)
    moves = [_checked(git, *update) for update in updates]
    if len({move.name for move in moves}) < len(moves):
        raise invalid("A reference is named twice")
    for move in moves:
        if move.after == ZERO and move.branch == repository.default_branch:
            raise invalid("Cannot delete the default branch")
        if not may_change_workflows(token) and (path := touched_workflow(git, repository, move)):
            raise Refused(403, workflow_refusal(path))
        blocks = protection.push_blocks(state, repository, actor, move.name, move.before, move.after)
        if blocks:
            raise invalid(protection.explain(blocks))
    return apply(state, repository, actor, moves)


def apply(
    state: State, repository: Repository, actor: Account, moves: Sequence[Move], *, settled: bool = True
) -> list[Move]:
    """Move checked refs, each from exactly `before`. Raises Refused(409) when one has moved meanwhile."""
    try:
        open_git(state, repository).update_refs(
            RefUpdate(move.name, move.before, move.after) for move in moves
        )
    except RefMoved as moved:
        raise Refused(409, f"Reference cannot be updated: {moved}") from None
    except GitError as wrong:
        raise invalid(str(wrong)) from None
    if settled:
        settle(state, repository, actor, moves)
    return list(moves)


def settle(state: State, repository: Repository, actor: Account, moves: Iterable[Move]) -> None:
    """Tell of refs that have moved, and bring the open pull requests up to date with them."""
    git = open_git(state, repository)
    for move in moves:
        if move.before == move.after:
            continue
        repository.pushed_at = repository.updated_at = state.now()
        state.put(repository)
        if not move.name.startswith(("refs/heads/", "refs/tags/")):
            continue
        created, deleted = move.before == ZERO, move.after == ZERO
        forced = not created and not deleted and not git.is_ancestor(move.before, move.after)
        extra = {
            "ref": move.name,
            "before": move.before,
            "after": move.after,
            "forced": forced,
            "created": created,
            "deleted": deleted,
        }
        state.signal(Signal("push", None, repository.id, actor.id, {}, extra))
        if created or deleted:
            name = "create" if created else "delete"
            state.signal(Signal(name, None, repository.id, actor.id, {}, extra))
        if move.branch is not None:
            pull_sync.branch_moved(state, repository, actor, move.branch, move.before, move.after)


def touched_workflow(git: GitDir, repository: Repository, move: Move) -> str | None:
    """A workflow file that the move adds or changes, held against the default branch for a new ref."""
    if move.after == ZERO or git.kind(move.after) != "commit":
        return None
    before = move.before if move.before != ZERO else git.branch(repository.default_branch)
    known = _workflow_files(git, before) if before else set()
    return min((path for path, _ in _workflow_files(git, move.after) - known), default=None)


def workflow_refusal(path: str) -> str:
    """GitHub's words to an App or a job without the permission `workflows`."""
    return (
        f"refusing to allow a GitHub App to create or update workflow `{path}` without `workflows` permission"
    )


def may_change_workflows(token: Token | None) -> bool:
    """Whether the credential may touch workflow files: a person's may, others must be let."""
    return token is None or token.permissions is None or token.permissions.get("workflows") == "write"


def _workflow_files(git: GitDir, commit: str) -> set[tuple[str, str]]:
    folder = git.entry(commit, WORKFLOWS)
    if folder is None or folder.type != "tree":
        return set()
    entries = git.tree(folder.oid, recursive=True)
    return {(f"{WORKFLOWS}/{entry.path}", entry.oid) for entry in entries if entry.type == "blob"}


def _checked(git: GitDir, name: str, before: str | None, after: str, force: bool) -> Move:
    if not git.is_ref_name(name):
        raise invalid(f"Reference name '{name}' is not valid")
    if name.startswith("refs/pull/"):
        raise invalid("Reference update failed: refs/pull is read-only")
    now = git.ref(name) or ZERO
    if before is not None and before != now:
        if before == ZERO:
            raise invalid("Reference already exists")
        raise Refused(409, f"Reference cannot be updated: {name} is at {now} but expected {before}")
    if after == ZERO:
        if now == ZERO:
            raise invalid("Reference does not exist")
        return Move(name, now, after)
    kind = git.kind(after)
    if kind is None or (name.startswith("refs/heads/") and kind != "commit"):
        raise invalid("Object does not exist")
    if now != ZERO and not force and not _is_forward(git, now, after):
        raise invalid("Update is not a fast forward")
    return Move(name, now, after)


def _is_forward(git: GitDir, now: str, after: str) -> bool:
    if git.kind(now) != "commit" or git.kind(after) != "commit":
        return now == after
    return git.is_ancestor(now, after)
