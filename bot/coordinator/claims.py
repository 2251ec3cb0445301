"""Claims: who works on which bead right now, as one small document that moves by compare-and-swap.

The document is the message of the commit at ``refs/beadwright/claims`` (on the empty tree). Whoever changes
it makes a child commit of the one that was read and moves the ref without force. Properties:

- Of two writers that read the same document one wins; the other's child is no fast-forward and is refused.
  It reads again and decides again. So "is this bead free", the cap and the day's ceiling hold in one step.
- A nonce makes every commit new: two writers with the same thought at the same second do not both "win".
- A claim's `token` is a fencing token. Publishing moves the bead's branch and advances the claim in one
  transaction, so a worker whose claim was released can move nothing.
- Worker and reviewer of a bead are claims on the same key, so they never hold it together.
- One token, one dispatch, and that within a minute of the claim by the clock that made it. A claim for which
  no run shows up is given up after two (`LOST_DISPATCH`): so whoever wakes up late dispatches nothing.
- What a run staged and could not publish means nothing to anybody, and is deleted once its token is dead.

Accepted:

- A claim whose dispatch got lost keeps the bead until the coordinator sees no run for its token.
- A dispatch that was under way when its coordinator stopped may arrive when its claim is given up. Its run
  ends in its first step, before an engine is started. Where GitHub still holds another run of the bead back
  behind a third, the newcomer cancels it: then an attempt has failed.
- A coordinator whose clock is two minutes ahead gives claims up before their runs can show up. That costs
  runs, which end in their first step; never are there two that count.
- A run that has published goes on to tell people (pull request, replies, its own denial), even when its claim
  is settled by then: that attempt did take effect.
- A decision may rest on a look during which a person changed something; the next pass sees it. Of two that
  look at once one moves the claims; what the other did before that is put right (`loop.py`), unless it dies
  there: then a comment may stay twice, or say what was true a moment ago, until there is more to say.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.beads.checkin import Category
from bot.beads.model import PLANNING, ROLES, Role
from bot.coordinator.history import SHA, History, Word

CLAIMS_REF = "refs/beadwright/claims"

LOST_DISPATCH = timedelta(minutes=2)
"""A claim whose run has not shown up for so long is given up; half of it is the time to send the dispatch."""

Stage = Literal["claimed", "published"]
TOKEN = r"^[0-9a-f]{32}$"


class ClaimsError(ValueError):
    """The document at the claims ref cannot be read; nothing may be decided on it."""


class Claim(BaseModel):
    """One live claim. Money is in millionths of a dollar.

    `engine` is what the policy named when the claim was made; `correction` tells that a round was counted for
    it. `stage` is ``published`` once publish has written the result; then `outcome` is the report's status,
    `head` the commit that was pushed (worker) or reviewed (reviewer), and `cost` is given when the report
    holds nothing else that the coordinator needs, which then does not read it. `reruns` counts how often its
    publish job was started again, the last time at `rerun_at`. `digest` is that of the title and body
    that were released: a run that finds others ends. `trusted` are those whose remarks it may read. `stop`:
    somebody wants its run to end. `places` are those of the workers that it takes. `report`: what is worked
    on is the report of its epic. `beads` are those that it is about beside its own, in their order, where it
    leads an epic; the digest is that of all of them. `about` is what a reconciliation is about (`proof.py`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Role
    attempt: int = Field(ge=1)
    token: str = Field(pattern=TOKEN)
    base: str = Field(pattern=SHA)
    since: datetime
    reserved: int = Field(default=0, ge=0)
    model: str = ""
    engine: str = ""
    correction: bool = False
    stage: Stage = "claimed"
    outcome: str | None = None
    head: str | None = Field(default=None, pattern=SHA)
    run_id: int | None = None
    cost: int | None = Field(default=None, ge=0)
    reruns: int = Field(default=0, ge=0)
    rerun_at: datetime | None = None
    digest: str = ""
    trusted: tuple[str, ...] = ()
    stop: bool = False
    places: int = Field(default=1, ge=1)
    report: bool = False
    beads: tuple[int, ...] = ()
    about: str = ""


class Breaker(BaseModel):
    """An engine whose provider does not serve; `breaker.py` says how it opens and closes.

    Until `until` no run of the engine starts, then one: `trial` is the token of the last one that was let
    through. `trips` counts the faults in a row. `bead` is where people are told of it, and `told` what the
    comment there says now; `attended`: somebody has given a sign there that they are at it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["limit", "outage", "key"]
    detail: str
    until: AwareDatetime
    bead: int | None
    trips: int = Field(default=1, ge=0)
    trial: str | None = Field(default=None, pattern=TOKEN)
    told: str = ""
    attended: bool = False


class Going(BaseModel):
    """How the whole repository goes. `paused` is whose word stops it (`by` is empty when we stopped it
    ourselves; then people are told so on `bead`), `left` how many beads may still begin, `failures` the
    failed attempts in a row, over all beads, `begun` the beads begun per day of the policy's time zone, today
    and the day before."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    paused: Word | None = None
    bead: int | None = None
    left: int | None = Field(default=None, ge=0)
    failures: int = Field(default=0, ge=0)
    begun: dict[date, int] = Field(default_factory=dict)


class CheckinScores(BaseModel):
    """The scores of a check-in from 0 to 10, and when it was made; `by` is who brought it, where it is a
    review that was made elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    at: AwareDatetime
    by: str = ""
    scores: dict[Category, int] = Field(default_factory=dict)


class Checkins(BaseModel):
    """The issue on which check-ins are told, when one was last asked for, and the scores of the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issue: int | None = None
    asked: AwareDatetime | None = None
    last: CheckinScores | None = None


class Answer(BaseModel):
    """What was made of a comment's commands, and when: done, or refused; and the reply, where there is
    one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    done: bool
    reply: str = ""
    at: AwareDatetime | None = None


class Claims(BaseModel):
    """The whole document. `spent` is millionths of a dollar per UTC day, `breakers` are by engine.

    `answers` are by the database id of the comment. A command takes effect in the same move of the document
    that records its answer, so it takes effect once, however often the comment is met; the reply and the
    reaction follow, and when the comment is met no more the answer is forgotten (`hear.py`). `heard_until` is
    the moment up to which every comment was looked at and answered: after an outage looking goes on from
    there. `misconfigured` is the commit that broke the policy's file and says so by our check, until it is
    mended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Literal[1] = 1
    nonce: str = ""
    live: dict[int, Claim] = Field(default_factory=dict)
    history: dict[int, History] = Field(default_factory=dict)
    spent: dict[date, int] = Field(default_factory=dict)
    breakers: dict[str, Breaker] = Field(default_factory=dict)
    misconfigured: str | None = Field(default=None, pattern=SHA)
    going: Going = Going()
    checkins: Checkins = Checkins()
    answers: dict[int, Answer] = Field(default_factory=dict)
    heard_until: AwareDatetime | None = None

    def of(self, bead: int) -> History:
        """The bead's history; an empty one when nothing is remembered."""
        return self.history.get(bead, History())

    def claim(self, bead: int, claim: Claim) -> Claims:
        """With a new claim. Raises ValueError when the bead is held."""
        if bead in self.live:
            raise ValueError(f"bead #{bead} is already claimed by attempt {self.live[bead].attempt}")
        known = self.of(bead)
        planned = known.planned + (claim.role in PLANNING)
        known = known.model_copy(update={"attempts": claim.attempt, "planned": planned})
        return self.model_copy(
            update={"live": {**self.live, bead: claim}, "history": {**self.history, bead: known}}
        )

    def advance(
        self,
        bead: int,
        token: str,
        *,
        outcome: str,
        head: str | None,
        run_id: int,
        cost: int | None = None,
    ) -> Claims:
        """With the claim of this token published. Raises ValueError when that token is not live."""
        current = self.live.get(bead)
        if current is None or current.token != token:
            raise ValueError(f"the claim on bead #{bead} is no longer this run's")
        changed = current.model_copy(
            update={
                "stage": "published",
                "outcome": outcome,
                "head": head,
                "run_id": run_id,
                "cost": cost,
            }
        )
        return self.model_copy(update={"live": {**self.live, bead: changed}})

    def stop(self, bead: int) -> Claims:
        """With the bead's run asked to end."""
        changed = self.live[bead].model_copy(update={"stop": True})
        return self.model_copy(update={"live": {**self.live, bead: changed}})

    def rerun(self, bead: int, now: datetime) -> Claims:
        """With the bead's publish job about to be started again."""
        current = self.live[bead]
        changed = current.model_copy(update={"reruns": current.reruns + 1, "rerun_at": now})
        return self.model_copy(update={"live": {**self.live, bead: changed}})

    def settle(self, bead: int, history: History, *, day: date, cost: int) -> Claims:
        """Without the bead's claim; its cost is booked on `day` and `history` remembered."""
        live = {number: claim for number, claim in self.live.items() if number != bead}
        booked = self.book(day, cost)
        return booked.model_copy(update={"live": live, "history": {**self.history, bead: history}})

    def book(self, day: date, cost: int) -> Claims:
        """With a run's cost on its day."""
        spent = {**self.spent, day: self.spent.get(day, 0) + cost} if cost else self.spent
        return self.model_copy(update={"spent": spent})

    def release(self, bead: int) -> Claims:
        """Without the bead's claim, as if it had never been made: a correction's round is given back."""
        claim, known = self.live[bead], self.of(bead)
        live = {number: other for number, other in self.live.items() if number != bead}
        # A person may have set the rounds to nothing in between.
        rounds = max(0, known.rounds - claim.correction)
        history = {**self.history, bead: known.model_copy(update={"rounds": rounds})}
        return self.model_copy(update={"live": live, "history": history})

    def remember(self, bead: int, **changes: object) -> Claims:
        """With these fields of the bead's history changed."""
        known = self.of(bead).model_copy(update=changes)
        return self.model_copy(update={"history": {**self.history, bead: known}})

    def forget(self, bead: int) -> Claims:
        """Without anything about a bead that is closed, but for its past pull requests, and what it found and
        nobody has filed."""
        live = {number: claim for number, claim in self.live.items() if number != bead}
        history = {number: known for number, known in self.history.items() if number != bead}
        known = self.of(bead)
        kept = known.lasting
        if known.unfiled:
            kept = kept.model_copy(update={"found": known.found, "closed": known.closed})
        if kept != History():
            history[bead] = kept
        return self.model_copy(update={"live": live, "history": history})

    def places(self, *, planning: bool) -> int:
        """How many places are taken: by runs that plan, or by all the others."""
        return sum(claim.places for claim in self.live.values() if (claim.role in PLANNING) is planning)

    def reserved(self) -> int:
        """What the live claims may still cost."""
        return sum(claim.reserved for claim in self.live.values())


def read_claims(message: str | None) -> Claims:
    """The document in a commit message; None (no ref yet) is an empty one. Raises ClaimsError."""
    if message is None:
        return Claims()
    try:
        return Claims.model_validate_json(message)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ClaimsError(
            f"the claims document is damaged at {where or 'its start'}: {first['msg']}"
        ) from error


def write_claims(claims: Claims, nonce: str) -> str:
    """The commit message for a document; `nonce` must be new."""
    stamped = claims.model_copy(update={"nonce": nonce})
    return json.dumps(
        stamped.model_dump(mode="json", exclude_defaults=True) | {"nonce": nonce}, sort_keys=True
    )


def run_name(bead: int, claim_role: Role, attempt: int, token: str) -> str:
    """The `run-name` that `beadwright.yml` builds from the dispatch's inputs."""
    return f"bead {bead} {claim_role} {attempt} {token}"


def read_run_name(title: str) -> tuple[int, Role, int, str] | None:
    """Bead, role, attempt and token of a run's `display_title`, or None when it is no run of ours."""
    parts = title.split(" ")
    if len(parts) != 5 or parts[0] != "bead" or not (parts[1].isdigit() and parts[3].isdigit()):
        return None
    role = next((one for one in ROLES if one == parts[2]), None)
    return None if role is None else (int(parts[1]), role, int(parts[3]), parts[4])
