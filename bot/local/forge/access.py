"""Finding accounts and repositories by name, and whether they are there at all for somebody."""

from __future__ import annotations

from bot.local.forge.http import Caller
from bot.local.forge.records import Account, Installation, Repository
from bot.local.forge.state import State


def find_account(state: State, login: str) -> Account | None:
    """The account of that login, without regard to case."""
    return state.one(Account, login=login) or next(
        (account for account in state.all(Account) if account.login.lower() == login.lower()), None
    )


def find_repository(state: State, owner: Account, name: str) -> Repository | None:
    """The owner's repository of that name, without regard to case."""
    return state.one(Repository, owner_id=owner.id, name=name) or next(
        (
            repository
            for repository in state.all(Repository)
            if repository.owner_id == owner.id and repository.name.lower() == name.lower()
        ),
        None,
    )


def can_see(state: State, caller: Caller, repository: Repository) -> bool:
    """Whether the repository exists at all for this caller."""
    if not repository.private:
        return True
    if caller.app is not None:
        installed = state.find(Installation, app_id=caller.app.id)
        return any(repository.id in installation.repository_ids for installation in installed)
    token = caller.token
    if token is not None and token.permissions is not None:
        return token.repository_ids is None or repository.id in token.repository_ids
    account = caller.account
    return account is not None and (
        account.id == repository.owner_id or repository.collaborators.get(account.id, "none") != "none"
    )
