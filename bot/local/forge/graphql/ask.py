"""One GraphQL request: who asks, what they may see and do, and how a refusal reads.

GitHub answers most refusals with status 200 and an entry of `errors` that has a `type`:
No documentation lists them: kinds and words are those that github.com is known to send.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import GraphQLError, GraphQLResolveInfo

from bot.local.forge.access import can_see
from bot.local.forge.git_objects import GitDir
from bot.local.forge.http import Caller, Need, Refused, allowed, reads
from bot.local.forge.records import Account, Issue, Pull, Record, Repository
from bot.local.forge.state import Missing, State

_REF_FORMAT = "%(objectname) %(objecttype) %(refname)"


@dataclass(slots=True)
class Ask:
    """What every resolver can reach (`info.context`)."""

    state: State
    base_url: str
    caller: Caller
    me: Account
    cost: int = 1
    nodes: int = 0
    used: int = 0
    limit: int = 5000
    reset_at: int = 0
    refs: dict[int, dict[str, GitThing]] = field(default_factory=dict)
    """The refs of each repository, read once; a mutation forgets them."""

    def may(self, repository: Repository, need: Need) -> bool:
        """Whether the caller may do this there."""
        return allowed(self.state, self.caller, repository, need)

    def git(self, repository: Repository) -> GitDir:
        """The repository's objects."""
        return GitDir(self.state.git_dir(repository))

    def refs_of(self, repository: Repository) -> dict[str, GitThing]:
        """What every ref points at, by its full name, sorted."""
        found = self.refs.get(repository.id)
        if found is None:
            lines = self.git(repository).run("for-each-ref", f"--format={_REF_FORMAT}").decode().splitlines()
            rows = (line.split(" ", 2) for line in lines)
            found = {name: GitThing(repository, kind, oid) for oid, kind, name in rows}
            self.refs[repository.id] = found
        return found

    def ref(self, repository: Repository, name: str) -> Ref | None:
        """A ref by its full name."""
        target = self.refs_of(repository).get(name)
        return Ref(repository, name, target) if target else None


Info: TypeAlias = "GraphQLResolveInfo[Ask]"
"""What a resolver is told; its `context` is the request."""


def failure(kind: str, message: str) -> GraphQLError:
    """An error whose `type` is `kind`."""
    return GraphQLError(message, extensions={"type": kind})


def unresolved(what: str) -> GraphQLError:
    """NOT_FOUND, for what does not exist or must not be known to."""
    return failure("NOT_FOUND", f"Could not resolve to {what}.")


def refused(error: Refused) -> GraphQLError:
    """A REST refusal as GraphQL says it."""
    kinds = {403: "FORBIDDEN", 404: "NOT_FOUND"}
    details = [
        each if isinstance(each, str) else str(each.get("message") or _sentence(each))
        for each in error.errors
        if isinstance(each, str | dict)
    ]
    message = details[0] if details else error.message
    return failure(kinds.get(error.status, "UNPROCESSABLE"), message)


def _sentence(error: dict[str, object]) -> str:
    words = {"missing_field": "can't be blank", "already_exists": "has already been taken"}
    code = str(error.get("code", "invalid"))
    return f"{str(error.get('field', 'value')).capitalize()} {words.get(code, 'is ' + code)}"


def require(info: Info, repository: Repository, need: Need) -> Ask:
    """The request, if the caller may do this in the repository. Raises FORBIDDEN, or NOT_FOUND if unseen."""
    ask = info.context
    if not can_see(ask.state, ask.caller, repository):
        owner = ask.state.get(Account, repository.owner_id).login
        raise unresolved(f"a Repository with the name '{owner}/{repository.name}'")
    if ask.may(repository, need):
        return ask
    if ask.caller.token is not None and ask.caller.token.permissions is not None:
        raise failure("FORBIDDEN", "Resource not accessible by integration")
    operation = info.field_name[0].upper() + info.field_name[1:]
    raise failure(
        "FORBIDDEN", f"{ask.me.login} does not have the correct permissions to execute `{operation}`"
    )


def require_open(repository: Repository) -> None:
    """Nothing can be written to an archived repository."""
    if repository.archived:
        raise failure("UNPROCESSABLE", "Repository was archived so is read-only.")


# -- global ids -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ref:
    """A ref as it was when the request looked."""

    repository: Repository
    name: str
    target: GitThing


@dataclass(frozen=True, slots=True)
class GitThing:
    """A git object of a repository; `kind` is `commit`, `tree`, `blob` or `tag`."""

    repository: Repository
    kind: str
    oid: str


def find_node(ask: Ask, node: str) -> Record | Ref | GitThing:
    """What a global id names, a pull request being a Pull. Raises NOT_FOUND."""
    try:
        found = ask.state.node(node)
    except Missing:
        thing = _git_node(ask, node)
        if thing is None:
            raise unresolved(f"a node with the global id of '{node}'") from None
        return thing
    if isinstance(found, Issue) and found.pull_id is not None:
        found = ask.state.get(Pull, found.pull_id)
    repository = repository_of(ask.state, found)
    if repository is not None and not can_see(ask.state, ask.caller, repository):
        raise unresolved(f"a node with the global id of '{node}'")
    return found


def _git_node(ask: Ask, node: str) -> Ref | GitThing | None:
    try:
        parts = base64.urlsafe_b64decode(node + "=" * (-len(node) % 4)).decode().split(":", 2)
        kind, repository = parts[0], ask.state.get(Repository, int(parts[1]))
        name = parts[2]
    except (ValueError, IndexError, Missing):
        return None
    if not can_see(ask.state, ask.caller, repository) or not ask.may(repository, reads("contents")):
        return None
    if kind == "Ref":
        return ask.ref(repository, name)
    if kind in ("Commit", "Tree", "Blob", "Tag") and ask.git(repository).kind(name) == kind.lower():
        return GitThing(repository, kind.lower(), name)
    return None


def repository_of(state: State, record: Record) -> Repository | None:
    """The repository that a record belongs to."""
    if isinstance(record, Repository):
        return record
    repo_id = getattr(record, "repo_id", None)
    return state.get(Repository, repo_id) if isinstance(repo_id, int) else None
