"""What must be remembered of a bead between its claims.

The verdict on its pull request, the words of people that no label holds, what its runs cost and found, what
it asks a person, and how its planning goes. All of it stands in the claims document (`claims.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.beads.model import Role

SHA = r"^[0-9a-f]{40}$"


class Verdict(BaseModel):
    """What a reviewer found at one exact head.

    `reviewed` is the head that was really looked at, when the verdict was carried over to `head` by updates
    that left the patch identical; None when it is `head` itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    head: str = Field(pattern=SHA)
    approve: bool
    run_id: int
    reviewed: str | None = Field(default=None, pattern=SHA)


class Word(BaseModel):
    """What a person with authority said by a command, and still holds: who, when, in which comment (its
    database id; None for what they did by hand), at which head where it is about one, and their reason. `by`
    is empty for somebody whom GitHub knows no account of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    by: str
    at: AwareDatetime
    comment: int | None = None
    head: str | None = Field(default=None, pattern=SHA)
    reason: str = ""

    @property
    def who(self) -> str:
        """Whose word it is, as reasons say it."""
        return f"@{self.by}" if self.by else "somebody"

    @property
    def quiet_who(self) -> str:
        """The same in a comment, where it is to call nobody."""
        return f"`@{self.by}`" if self.by else "somebody"


class Tried(BaseModel):
    """A run that is over, for people to look up. Money is in millionths of a dollar."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    attempt: int
    role: Role
    run_id: int
    outcome: str
    cost: int = 0


class Found(BaseModel):
    """Work that a run reported; its text is in the report of `run_id` at `index`. `filed`: it is a bead."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run_id: int
    index: int
    title: str
    filed: bool = False


class Option(BaseModel):
    """One way to answer a question."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    text: str


class Drafted(BaseModel):
    """A draft of what a bead's text lacks: in the report of `run_id`, upon the text of this digest, for who
    asked for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run_id: int
    digest: str
    asked_by: str


class Question(BaseModel):
    """A decision that a worker left to a person, and why it may not be its own (`gate`); `answer` is the key
    of what they chose. Or whether a `draft` is to be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    gate: str = ""
    options: tuple[Option, ...]
    recommended: str
    default: str
    answer: str | None = None
    answered_by: str | None = None
    draft: Drafted | None = None


class Lead(BaseModel):
    """Whose word gives a whole epic to one worker, and which of its beads those are, in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    word: Word
    beads: tuple[int, ...]


class Planning(BaseModel):
    """A proposal of beads for an issue, on its way from who asked for it (`word`) to what was approved.

    `role` is whose run makes it, `text` what was said to it (a focus, a revision, a pasted review). While it
    is ``asked`` a run is wanted or under way. Once ``shown`` it stands in a comment (`said` is the digest of
    that), as in the report of `run_id`, made upon the issue's text of `digest`. Once ``approved`` (by `yes`)
    the beads at the places `chosen` are being made, and none of them starts before all are there.
    `generation` is that of its beads. `failures` are its runs in a row that gave nothing usable, `stopped`
    says why nothing came of it and none is tried any more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Role
    word: Word
    text: str = ""
    stage: Literal["asked", "shown", "approved"] = "asked"
    run_id: int | None = None
    digest: str = ""
    said: str = ""
    yes: Word | None = None
    chosen: tuple[int, ...] = ()
    generation: int = Field(default=1, ge=1)
    failures: int = Field(default=0, ge=0)
    stopped: str | None = None

    @property
    def goes_on(self) -> bool:
        """Whether a run is wanted or under way, or what it proposed is being made: no person's turn."""
        return self.stopped is None and self.stage != "shown"


class Reconciliation(BaseModel):
    """How an epic stands against what it asks for, by the bead `bead` of this `generation`.

    `run_id` is the run that found out; None: nothing is known yet. Of the `rows` that are asked for `open`
    are not met, and `left` are the sources of the first of those. `about` is what that was found of, and
    `ends` are the beads that only end the epic, which it is not about (`proof.py`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    bead: int
    generation: int = Field(default=1, ge=1)
    run_id: int | None = None
    rows: int = Field(default=0, ge=0)
    open: int = Field(default=0, ge=0)
    left: tuple[str, ...] = ()
    about: str = ""
    ends: tuple[int, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether all is known to be met."""
        return self.run_id is not None and not self.open


class Dropped(BaseModel):
    """A change of the specs whose proposal was closed: its pull request, at which head, and what it was. Open
    again it is that again."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    pull: int
    head: str = Field(pattern=SHA)
    change: str
    planning: Planning


class History(BaseModel):
    """What must be remembered of an open bead between claims.

    `attempts` numbers the runs, `planned` of which only planned; `failures` are those in a row that gave
    nothing usable, where they did not plan, and `rounds` the corrections.
    `stopped` says why a person is needed, until they act. `updated` tells that what the worker published was
    brought up to date once; `turn` is when its approved pull request first had the turn to be merged.

    `release`, `hold`, `taken`, `merge` and `undo` are words of people that no label or pull request holds;
    `head` is the last head of its branch that we work on: published by us, or given back by a person. `past`
    are the pull requests that speak for the bead no more. `spent` is all that its runs have cost, `tried` the
    last of them, `found` what they found, `question` what waits for an answer, `decided` what was answered.
    `shape` is whose word has its text drafted, `planning` a proposal of beads for it, `change` the name of
    the change of the specs that is proposed, or that it is planned by, `dropped` one whose proposal was
    closed, `archive` since when a bead is asked for that archives the change, `lead` that one worker does the
    beads of an epic. `reconciliation` is how an epic stands, `accepted` whose word lets it end with gaps.
    `shown` tells that somebody asked for its status comment.

    `asked` counts how often a person was asked for, each time by a new comment; `told` is what the last one
    says, or said until it was `over`. Of a bead that is `closed` only its past is kept, and for a while what
    it found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    attempts: int = 0
    planned: int = 0
    failures: int = 0
    rounds: int = 0
    verdict: Verdict | None = None
    stopped: str | None = None
    told: str = ""
    asked: int = 0
    over: AwareDatetime | None = None
    updated: bool = False
    turn: datetime | None = None
    release: Word | None = None
    hold: Word | None = None
    taken: Word | None = None
    merge: Word | None = None
    undo: Word | None = None
    past: tuple[int, ...] = ()
    head: str | None = Field(default=None, pattern=SHA)
    spent: int = 0
    tried: tuple[Tried, ...] = ()
    found: tuple[Found, ...] = ()
    shape: Word | None = None
    planning: Planning | None = None
    change: str = ""
    dropped: Dropped | None = None
    archive: AwareDatetime | None = None
    lead: Lead | None = None
    reconciliation: Reconciliation | None = None
    accepted: Word | None = None
    question: Question | None = None
    decided: tuple[Question, ...] = ()
    shown: bool = False
    closed: AwareDatetime | None = None

    @property
    def begun(self) -> bool:
        """Whether the bead has begun: planning it does not begin it."""
        return self.attempts > self.planned

    @property
    def proposes(self) -> bool:
        """Whether its pull request proposes a change of the specs, which is for people alone."""
        return self.planning is not None and (self.planning.role, self.planning.stage) == (
            "direction",
            "shown",
        )

    @property
    def lasting(self) -> History:
        """What stays of it when its bead is closed: its past, and that its proposal was closed."""
        return History(past=self.past, dropped=self.dropped)

    @property
    def unfiled(self) -> tuple[Found, ...]:
        """What its runs found and nobody has filed."""
        return tuple(one for one in self.found if not one.filed)
