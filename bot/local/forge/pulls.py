"""Pull requests: opening, changing, what stands in the way of a merge, merging, bringing up to date.

Reviews and their threads are in `reviews`, what rules say in `protection`, what a moved branch does to open
pull requests in `pull_sync`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from bot.local.forge import checks, issues, merge_message, protection, pull_sync
from bot.local.forge.access import find_account
from bot.local.forge.git import (
    Move,
    apply,
    may_change_workflows,
    move_refs,
    open_git,
    settle,
    signature_of,
    signature_of_github,
    touched_workflow,
    workflow_refusal,
)
from bot.local.forge.git_objects import ZERO, GitDir
from bot.local.forge.http import Refused, invalid
from bot.local.forge.merge_message import Method
from bot.local.forge.records import Account, Issue, Pull, Repository, Token
from bot.local.forge.state import State

NOT_MERGEABLE = "Pull Request is not mergeable"
_WORKED_OUT: WeakKeyDictionary[State, dict[int, tuple[str, str]]] = WeakKeyDictionary()
CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MergeState:
    """`mergeable` (None when closed or not worked out yet), GitHub's `mergeable_state`, and whether the base
    has moved on."""

    mergeable: bool | None
    word: str
    behind: bool


def create(
    state: State,
    repository: Repository,
    actor: Account,
    *,
    title: str,
    head: str,
    base: str,
    body: str | None = None,
    draft: bool = False,
    maintainer_can_modify: bool = False,
) -> Pull:
    """Open a pull request from `head` (BRANCH or OWNER:BRANCH of the same repository) to `base`.

    Raises Refused(422), as GitHub words it, for a branch that is not there, for no commits between them, and
    when there is an open one already.
    """
    git = open_git(state, repository)
    owner = state.get(Account, repository.owner_id)
    prefix, colon, branch = head.rpartition(":")
    head_tip = git.branch(branch) if not colon or prefix.lower() == owner.login.lower() else None
    base_tip = git.branch(base)
    wrong = [
        {"resource": "PullRequest", "field": field, "code": "invalid"}
        for field, tip in (("head", head_tip), ("base", base_tip))
        if tip is None
    ]
    if head_tip is None or base_tip is None:
        raise invalid("Validation Failed", *wrong)
    if branch == base or git.is_ancestor(head_tip, base_tip):
        raise _custom(f"No commits between {base} and {branch}")
    for pull in pull_sync.open_pulls(state, repository):
        if (pull.head_ref, pull.base_ref) == (branch, base):
            raise _custom(f"A pull request already exists for {owner.login}:{branch}.")
    issue = issues.new_issue(state, actor, repository, title, body)
    pull = Pull(
        id=state.new_id(),
        repo_id=repository.id,
        issue_id=issue.id,
        number=issue.number,
        head_ref=branch,
        head_sha=head_tip,
        base_ref=base,
        base_sha=base_tip,
        draft=draft,
        maintainer_can_modify=maintainer_can_modify,
        last_pusher_id=actor.id,
    )
    issue.pull_id = pull.id
    state.put(issue)
    state.put(pull)
    pull_sync.refresh_refs(state, repository, pull)
    issues.tell(state, actor, issue, "opened")
    return pull


def change_base(state: State, actor: Account, pull: Pull, base: str) -> None:
    """Aim an open pull request at another branch. Raises Refused(422)."""
    repository, issue = _home(state, pull)
    git = open_git(state, repository)
    tip = git.branch(base)
    if tip is None or issue.state == "closed":
        raise invalid("Validation Failed", {"resource": "PullRequest", "field": "base", "code": "invalid"})
    if base == pull.base_ref:
        return
    if git.is_ancestor(pull.head_sha, tip):
        raise _custom(f"There are no new commits between base branch '{base}' and head branch")
    changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    pull.base_ref, pull.base_sha = base, tip
    state.put(pull)
    pull_sync.refresh_refs(state, repository, pull)
    issues.tell(state, actor, issues.touch(state, issue), "edited", changes=changes)


def close(state: State, actor: Account, pull: Pull) -> None:
    """Close it without merging."""
    issues.close(state, actor, state.get(Issue, pull.issue_id))


def reopen(state: State, actor: Account, pull: Pull) -> None:
    """Open a closed one again. Raises Refused(422) for a merged one and for one whose branch is gone."""
    repository, issue = _home(state, pull)
    if issue.state == "open":
        return
    git = open_git(state, repository)
    head, base = git.branch(pull.head_ref), git.branch(pull.base_ref)
    reason = ""
    if pull.merged:
        reason = "state cannot be changed. The pull request cannot be reopened: it is merged."
    elif head is None or base is None:
        reason = f"state cannot be changed. The {pull.head_ref} branch has been deleted."
    elif git.is_ancestor(head, base):
        reason = f"state cannot be changed. There are no new commits on the {pull.head_ref} branch."
    elif any(
        (other.head_ref, other.base_ref) == (pull.head_ref, pull.base_ref)
        for other in pull_sync.open_pulls(state, repository)
    ):
        reason = "state cannot be changed. There is already an open pull request from this branch."
    if reason:
        error = {"resource": "PullRequest", "field": "state", "code": "invalid", "message": reason}
        raise invalid("Validation Failed", error)
    pull.head_sha, pull.base_sha = head or pull.head_sha, base or pull.base_sha
    state.put(pull)
    pull_sync.refresh_refs(state, repository, pull)
    issues.reopen(state, actor, issue)


def set_draft(state: State, actor: Account, pull: Pull, *, draft: bool) -> None:
    """Mark it ready for review, or a draft again."""
    if pull.draft == draft:
        return
    pull.draft = draft
    state.put(pull)
    issue = issues.touch(state, state.get(Issue, pull.issue_id))
    word = "converted_to_draft" if draft else "ready_for_review"
    issues.add_event(state, actor, issue, "convert_to_draft" if draft else word)
    issues.tell(state, actor, issue, word)


def request_reviewers(state: State, actor: Account, pull: Pull, logins: Iterable[str]) -> None:
    """Ask people for a review. Raises Refused(422) for who cannot be asked; then nobody was."""
    repository, issue = _home(state, pull)
    people = [find_account(state, login) for login in logins]
    for person in people:
        if person is not None and person.id == issue.user_id:
            raise invalid("Review cannot be requested from pull request author.")
        if person is None or person.id not in {repository.owner_id, *repository.collaborators}:
            raise _not_collaborator(state, repository)
    for person in people:
        if person is not None and person.id not in pull.requested_reviewer_ids:
            pull.requested_reviewer_ids = [*pull.requested_reviewer_ids, person.id]
            issues.add_event(state, actor, issue, "review_requested", {"reviewer_id": person.id})
            issues.tell(state, actor, issue, "review_requested", {"reviewer": person.id})
    state.put(pull)


def remove_reviewers(state: State, actor: Account, pull: Pull, logins: Iterable[str]) -> None:
    """Ask them no longer."""
    issue = state.get(Issue, pull.issue_id)
    for login in logins:
        person = find_account(state, login)
        if person is not None and person.id in pull.requested_reviewer_ids:
            pull.requested_reviewer_ids = [one for one in pull.requested_reviewer_ids if one != person.id]
            issues.add_event(state, actor, issue, "review_request_removed", {"reviewer_id": person.id})
            issues.tell(state, actor, issue, "review_request_removed", {"reviewer": person.id})
    state.put(pull)


# -- reading ----------------------------------------------------------------------------------------------
def merge_base(git: GitDir, pull: Pull) -> str:
    """Where the head left the base: what its files and commits are counted from."""
    base = (git.branch(pull.base_ref) or pull.base_sha) if not pull.merged else pull.base_sha
    return git.merge_base(base, pull.head_sha) or pull.base_sha


def commits(state: State, pull: Pull) -> list[str]:
    """The commits that the pull request adds, oldest first."""
    git = open_git(state, state.get(Repository, pull.repo_id))
    return git.log(pull.head_sha, merge_base(git, pull), options=["--reverse", "--topo-order"])


def messages(state: State, pull: Pull) -> list[str]:
    """The messages of those commits."""
    git = open_git(state, state.get(Repository, pull.repo_id))
    return [git.commit(oid).message for oid in commits(state, pull)]


def merge_state(state: State, pull: Pull, *, wait: bool = False) -> MergeState:
    """Whether and how it can be merged by somebody who bypasses no rule.

    With `wait` it is worked out now, where the API says that it is not known yet: GitHub's own page waits.
    """
    repository, issue = _home(state, pull)
    git = open_git(state, repository)
    base = git.branch(pull.base_ref)
    if issue.state == "closed" or base is None:
        return MergeState(None, "unknown", False)
    behind = not git.is_ancestor(base, pull.head_sha)
    if not wait and not worked_out(state, pull, base):
        return MergeState(None, "unknown", behind)
    if git.merge_tree(base, pull.head_sha) is None:
        return MergeState(False, "dirty", behind)
    if pull.draft:
        return MergeState(True, "draft", behind)
    blocks = protection.merge_blocks(state, None, pull, queued=True)
    if blocks == ["The head branch is not up to date with the base branch."]:
        return MergeState(True, "behind", behind)
    if blocks:
        return MergeState(True, "blocked", behind)
    settled = all(verdict == "green" for verdict in checks.verdicts(state, repository, pull.head_sha))
    return MergeState(True, "clean" if settled else "unstable", behind)


def worked_out(state: State, pull: Pull, base: str) -> bool:
    """Whether it is known by now how head and base go together.

    GitHub computes it in the background: the first look at a pair says that it is not known, and starts that.
    https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
    """
    known, pair = _WORKED_OUT.setdefault(state, {}), (base, pull.head_sha)
    if known.get(pull.id) == pair:
        return True
    state.afterwards(lambda: known.update({pull.id: pair}))
    return False


# -- merging ----------------------------------------------------------------------------------------------
def merge(
    state: State,
    actor: Account,
    pull: Pull,
    *,
    method: Method = "merge",
    sha: str | None = None,
    title: str | None = None,
    message: str | None = None,
    token: Token | None = None,
) -> str:
    """Merge a pull request; gives the commit that is the base's tip now.

    Args:
        sha: the head that is meant; another one is refused.
        title, message: of the commit, when other than GitHub's own.
        token: what the caller acts by, for workflow files.

    Raises:
        Refused: 405 not mergeable (closed, draft, conflict, a method or a rule that forbids it, every reason
            named, a base that moved meanwhile too), 409 when the head is another one, 403 for workflow files.
    """
    repository, issue = _home(state, pull)
    git = open_git(state, repository)
    base = git.branch(pull.base_ref)
    if pull.merged or issue.state == "closed" or base is None:
        raise Refused(405, NOT_MERGEABLE)
    if sha is not None and sha != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    allowed = {
        "merge": repository.allow_merge_commit,
        "squash": repository.allow_squash_merge,
        "rebase": repository.allow_rebase_merge,
    }
    if not allowed[method]:
        raise Refused(405, f"{protection.METHOD_WORDS[method]} are not allowed on this repository.")
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    tree = git.merge_tree(base, pull.head_sha)
    if tree is None:
        raise Refused(405, NOT_MERGEABLE)
    blocks = protection.find_merge_blocks(state, actor, pull, method=method)
    if blocks:
        raise Refused(405, protection.explain(blocks))
    after = merged_tip(state, actor, pull, base, tree, method, title=title, message=message)
    move = Move(f"refs/heads/{pull.base_ref}", base, after)
    if not may_change_workflows(token) and (path := touched_workflow(git, repository, move)):
        raise Refused(403, workflow_refusal(path))
    try:
        apply(state, repository, actor, [move], settled=False)
    except Refused:
        # 405, although it is a race: https://github.com/NixOS/nixpkgs-merge-bot/issues/179
        raise Refused(405, "Base branch was modified. Review and try the merge again.") from None
    conclude(state, actor, pull, move)
    return after


def merged_tip(
    state: State,
    actor: Account,
    pull: Pull,
    base: str,
    tree: str,
    method: Method,
    *,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """The commit that merging it into `base` by that method makes; `tree` is that of a clean merge.

    Raises Refused(405) for commits that cannot be put one after another onto the base.
    """
    git = open_git(state, state.get(Repository, pull.repo_id))
    if method == "merge":
        return _merge_commit(state, git, actor, pull, base, tree, title, message)
    if method == "squash":
        return _squash_commit(state, git, pull, base, tree, title, message)
    return _rebased(state, git, actor, pull, base)


def conclude(state: State, actor: Account, pull: Pull, merged: Move) -> None:
    """What follows the move of its base that merged it: marks, the push, issues that it closes."""
    pull.base_sha = merged.before
    pull_sync.mark_merged(state, actor, pull, merged.after)
    _follow_up(state, state.get(Repository, pull.repo_id), actor, pull, merged)


def update_branch(
    state: State,
    actor: Account,
    pull: Pull,
    *,
    expected_head_sha: str | None = None,
    token: Token | None = None,
) -> str:
    """Merge the base into the head, by a commit of the caller's; gives the new head. Raises Refused(422)."""
    repository, issue = _home(state, pull)
    git = open_git(state, repository)
    base = git.branch(pull.base_ref)
    if expected_head_sha is not None and expected_head_sha != pull.head_sha:
        raise invalid("expected head sha didn’t match current head ref.")  # noqa: RUF001
    if base is None or issue.state == "closed":
        raise invalid("This pull request is closed.")
    if git.is_ancestor(base, pull.head_sha):
        raise invalid("There are no new commits on the base branch.")
    tree = git.merge_tree(pull.head_sha, base)
    if tree is None:
        raise invalid("merge conflict between base and head")
    now = state.now()
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    parents = [pull.head_sha, base]
    after = git.make_commit(tree, parents, message, signature_of(actor, now), signature_of_github(now))
    update = (f"refs/heads/{pull.head_ref}", pull.head_sha, after, False)
    move_refs(state, repository, actor, [update], token=token)
    return after


# -- inside -----------------------------------------------------------------------------------------------
def _follow_up(state: State, repository: Repository, actor: Account, pull: Pull, merged: Move) -> None:
    """What follows a merge: the push, the end of issues that the body names, of the head branch if set."""
    settle(state, repository, actor, [merged])
    body = state.get(Issue, pull.issue_id).body or ""
    if pull.base_ref == repository.default_branch:
        for number in sorted({int(found) for found in CLOSES.findall(body)}):
            issue = state.one(Issue, repo_id=repository.id, number=number)
            if issue is not None and issue.pull_id is None and issue.state == "open":
                issues.close(state, actor, issue, commit_id=merged.after)
    head = f"refs/heads/{pull.head_ref}"
    if repository.delete_branch_on_merge and open_git(state, repository).ref(head) == pull.head_sha:
        for other in list(pull_sync.open_pulls(state, repository)):
            if other.base_ref == pull.head_ref:
                change_base(state, actor, other, pull.base_ref)
        if not protection.push_blocks(state, repository, actor, head, pull.head_sha, ZERO):
            apply(state, repository, actor, [Move(head, pull.head_sha, ZERO)])


def _merge_commit(
    state: State,
    git: GitDir,
    actor: Account,
    pull: Pull,
    base: str,
    tree: str,
    title: str | None,
    message: str | None,
) -> str:
    text = _merge_text(state, pull, "merge", title, message)
    now = state.now()
    signatures = signature_of(actor, now), signature_of_github(now)
    return git.make_commit(tree, [base, pull.head_sha], text, *signatures)


def _squash_commit(
    state: State,
    git: GitDir,
    pull: Pull,
    base: str,
    tree: str,
    title: str | None,
    message: str | None,
) -> str:
    text = _merge_text(state, pull, "squash", title, message)
    now = state.now()
    author = state.get(Account, state.get(Issue, pull.issue_id).user_id)
    return git.make_commit(tree, [base], text, signature_of(author, now), signature_of_github(now))


def _rebased(state: State, git: GitDir, actor: Account, pull: Pull, base: str) -> str:
    """Each commit's change again on the base, its author kept; merges are left out, as git does."""
    now = state.now()
    tip = base
    for oid in commits(state, pull):
        commit = git.commit(oid)
        if len(commit.parents) > 1:
            continue
        tree = git.replay(commit, tip)
        if tree is None:
            raise Refused(405, "This branch can't be rebased")
        tip = git.make_commit(tree, [tip], commit.message, commit.author, signature_of(actor, now))
    return tip


def _merge_text(state: State, pull: Pull, method: Method, title: str | None, message: str | None) -> str:
    first = title or merge_message.headline(state, pull, method)
    if message is None:
        message = merge_message.body(state, pull, method, lambda: messages(state, pull))
    return f"{first}\n\n{message}" if message else first


def _home(state: State, pull: Pull) -> tuple[Repository, Issue]:
    return state.get(Repository, pull.repo_id), state.get(Issue, pull.issue_id)


def _custom(message: str) -> Refused:
    return invalid("Validation Failed", {"resource": "PullRequest", "code": "custom", "message": message})


def _not_collaborator(state: State, repository: Repository) -> Refused:
    owner = state.get(Account, repository.owner_id).login
    return invalid(
        "Reviews may only be requested from collaborators. One or more of the users or teams you specified "
        f"is not a collaborator of the {owner}/{repository.name} repository."
    )
