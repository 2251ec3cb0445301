"""Who may do what: GitHub's permissions in their order, and what a policy asks for.

Authority is what GitHub's own API says of a person's permission on the repository
(GET /repos/{owner}/{repo}/collaborators/{username}/permission), never `author_association`, which lies for
private members.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from pydantic import Field

from bot.beads.sections import Section


class Permission(IntEnum):
    """What somebody may do in a repository, the least first."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5


Needed = Literal["read", "triage", "write", "maintain", "admin"]
Right = Literal["ask", "steer", "hold", "plan", "release", "work", "merge", "hands", "undo", "pace"]
"""What commands and labels ask for; `Authority` says what each is."""


class Authority(Section):
    """The permission that each right needs, as GitHub words it."""

    ask: Needed = Field(default="read", description="Have something told: status, why, cost, help.")
    steer: Needed = Field(
        default="triage",
        description="Change what a bead is or waits for: priority, complexity, type, edges, dates.",
    )
    hold: Needed = Field(
        default="triage", description="Keep a bead from going on, and let it go on.", examples=["write"]
    )
    plan: Needed = Field(
        default="write",
        description="Have work planned, approve a plan, and accept what an epic leaves open.",
        examples=["maintain"],
    )
    release: Needed = Field(
        default="write",
        description="Let a bead be worked on, also again; answer its questions, file what it found, have it"
        " shaped.",
        examples=["maintain"],
    )
    work: Needed = Field(default="write", description="Have it reviewed anew, or what runs stopped.")
    merge: Needed = Field(
        default="write", description="Say yes where the policy waits for a person.", examples=["maintain"]
    )
    hands: Needed = Field(default="write", description="Take a bead over, and give it back.")
    undo: Needed = Field(default="write", description="Revert what was merged.", examples=["maintain"])
    pace: Needed = Field(
        default="maintain",
        description="Pause and resume the repository, or say how much it does.",
        examples=["admin"],
    )

    def needed(self, right: Right) -> Permission:
        """The least permission that has this right."""
        wanted: Needed = getattr(self, right)
        return Permission[wanted.upper()]


def permission_of(permission: str, role_name: str = "") -> Permission:
    """What REST answers for a person. `permission` knows four words only (it says ``write`` for the role
    maintain, ``read`` for triage); `role_name` is finer, and may name an organisation's own role.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    legacy = Permission.__members__.get(permission.upper(), Permission.NONE)
    role = Permission.__members__.get(role_name.upper())
    if role is None:
        return legacy
    # A role's own name counts only within what GitHub lets it do.
    within = {Permission.MAINTAIN: Permission.WRITE, Permission.TRIAGE: Permission.READ}.get(role, role)
    return role if within == legacy else legacy
