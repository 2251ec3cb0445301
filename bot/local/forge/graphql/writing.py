"""What every mutation does: find what is named, ask whether the caller may, give a payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bot.local.forge.graphql.ask import (
    Ask,
    Info,
    find_node,
    require,
    require_open,
    unresolved,
)
from bot.local.forge.graphql.fields import field
from bot.local.forge.http import writes
from bot.local.forge.records import (
    Issue,
    Pull,
    Repository,
    Role,
)

T = TypeVar("T")
Input = dict[str, Any]
Payload = dict[str, object]
Write = Callable[[Info, Input], Payload]


def mutation(name: str) -> Callable[[Write], Write]:
    """Register a mutation: from its input (names in snake case) to its payload (GraphQL's names)."""

    def register(write: Write) -> Write:
        def resolve(_root: None, info: Info, input: Input) -> Payload:
            ask = info.context
            try:
                payload = write(info, input)
            except Exception:
                ask.state.rollback()  # of several in a document those before it stay, as each was committed
                raise
            finally:
                ask.refs.clear()
            ask.state.commit()
            return {"clientMutationId": input.get("client_mutation_id"), **payload}

        field(f"Mutation.{name}")(resolve)
        return write

    return register


def named(ask: Ask, node: str, kind: type[T]) -> T:
    """The thing of that kind with a global id. Raises NOT_FOUND."""
    found = find_node(ask, node)
    if not isinstance(found, kind):
        raise unresolved(f"{kind.__name__} node with the global id of '{node}'")
    return found


def permit(info: Info, home: Repository, *permission: str, role: Role | None = None) -> Ask:
    """Let pass who may write by one of these permissions (people: with this role)."""
    ask = require(info, home, writes(*permission, role=role))
    require_open(home)
    return ask


def subject_of(info: Info, node: str, *, role: Role) -> Issue:
    """The issue (or a pull request's issue half) that the caller may write to; authors may their own."""
    ask = info.context
    found = find_node(ask, node)
    if not isinstance(found, Issue | Pull):
        raise unresolved(f"a node with the global id of '{node}'")
    issue = found if isinstance(found, Issue) else ask.state.get(Issue, found.issue_id)
    permission = ("issues",) if isinstance(found, Issue) else ("pull_requests", "issues")
    permit(info, ask.state.get(Repository, issue.repo_id), *permission, role=role)
    return issue


def refuse_plans(given: Input) -> None:
    """Raise NOT_FOUND for a milestone or project that is named: nothing here has any (`absent_fields`)."""
    for node in (given.get("milestone_id"), *(given.get("project_ids") or ())):
        if node is not None:
            raise unresolved(f"a node with the global id of '{node}'")


def shown(ask: Ask, issue: Issue) -> Issue | Pull:
    """An issue as GraphQL shows it."""
    return issue if issue.pull_id is None else ask.state.get(Pull, issue.pull_id)


def role_for(ask: Ask, author_id: int, others: Role) -> Role:
    """What people need for a thing: to read, if it is their own."""
    return "read" if author_id == ask.me.id else others
