"""The types of issues: an organisation's, here the three that GitHub gives every one of them.

https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/managing-issue-types-in-an-organization
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from bot.local.forge.http import invalid, not_implemented
from bot.local.forge.issues import tell, touch
from bot.local.forge.records import Account, Issue, Repository
from bot.local.forge.render import JSON
from bot.local.forge.state import State


@dataclass(frozen=True, slots=True)
class IssueType:
    """A type, as both APIs show it."""

    id: int
    name: str
    description: str
    color: str

    @property
    def node_id(self) -> str:
        """Its global id; types have no record."""
        return "IT_" + base64.urlsafe_b64encode(f"{self.id}".encode()).decode().rstrip("=")


TYPES = {
    one.name: one
    for one in (
        IssueType(1, "Task", "A specific piece of work", "yellow"),
        IssueType(2, "Bug", "An unexpected problem or behavior", "red"),
        IssueType(3, "Feature", "A request, idea, or new functionality", "blue"),
    )
}


def set_type(state: State, actor: Account, issue: Issue, name: str | None) -> None:
    """Give an issue a type, or none. Raises Refused(422) for one that there is not, Refused(501) outside of
    organisations: what GitHub does there is not known."""
    home = state.get(Repository, issue.repo_id)
    if state.get(Account, home.owner_id).type != "Organization":
        raise not_implemented("issue types of a personal account")
    if name is not None and name not in TYPES:
        raise invalid("Validation Failed", {"resource": "Issue", "field": "type", "code": "invalid"})
    if name == issue.type:
        return
    before, issue.type = issue.type, name
    if before is not None:
        tell(state, actor, issue, "untyped", type=type_shape(TYPES[before]))
    if name is not None:
        tell(state, actor, issue, "typed", type=type_shape(TYPES[name]))
    touch(state, issue)


def type_shape(found: IssueType) -> JSON:
    """An `issue-type`."""
    return {
        "id": found.id,
        "node_id": found.node_id,
        "name": found.name,
        "description": found.description,
        "color": found.color,
        "is_enabled": True,
    }
