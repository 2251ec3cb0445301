"""Taking a merged pull request back by another one, as GitHub's button `Revert` does.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/
incorporating-changes-from-a-pull-request/reverting-a-pull-request
"""

from __future__ import annotations

from bot.local.forge import pulls
from bot.local.forge.git import move_refs, open_git, signature_of, signature_of_github
from bot.local.forge.git_objects import ZERO
from bot.local.forge.http import invalid
from bot.local.forge.records import Account, Issue, Pull, Repository, Token
from bot.local.forge.state import State


def revert(
    state: State,
    actor: Account,
    pull: Pull,
    *,
    title: str | None = None,
    body: str | None = None,
    draft: bool = False,
    token: Token | None = None,
) -> Pull:
    """Open a pull request from a new branch `revert-N-HEAD` whose one commit undoes what the merge did.

    Args:
        title, body: of the new one, when other than GitHub's own.
        token: what the caller acts by, for workflow files.

    Raises:
        Refused: 422 when it is not merged, when undoing it conflicts with what came later, when that branch
            is there already; 403 for workflow files.
    """
    repository = state.get(Repository, pull.repo_id)
    git = open_git(state, repository)
    base = git.branch(pull.base_ref)
    merged = pull.merge_commit_sha if pull.merged else None
    if merged is None or base is None:
        raise invalid("Pull request must be merged to be reverted")
    tree = git.change(git.commit(merged).tree, git.commit(pull.base_sha).tree, base)
    if tree is None or tree == git.commit(base).tree:
        raise invalid("This pull request cannot be reverted automatically: it conflicts with later changes")
    now = state.now()
    headline = git.commit(merged).message.splitlines()[0]
    both = f", reversing\nchanges made to {pull.base_sha}" if len(git.commit(merged).parents) > 1 else ""
    message = f'Revert "{headline}"\n\nThis reverts commit {merged}{both}.\n'
    commit = git.make_commit(tree, [base], message, signature_of(actor, now), signature_of_github(now))
    branch = f"revert-{pull.number}-{pull.head_ref}"
    update = (f"refs/heads/{branch}", ZERO, commit, False)
    move_refs(state, repository, actor, [update], token=token)
    owner = state.get(Account, repository.owner_id).login
    return pulls.create(
        state,
        repository,
        actor,
        title=title or f'Revert "{state.get(Issue, pull.issue_id).title}"',
        head=branch,
        base=pull.base_ref,
        body=body or f"Reverts {owner}/{repository.name}#{pull.number}",
        draft=draft,
    )
