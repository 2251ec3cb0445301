"""Admission: whether one more run may start now, or a pull request go on, and the claim that lets a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.beads.digest import digest_all
from bot.beads.labels import Labels
from bot.beads.model import PLANNING, BeadType, Role
from bot.beads.policy import DOLLAR
from bot.coordinator import breaker, pace, proof
from bot.coordinator.actions import Dispatch
from bot.coordinator.claims import LOST_DISPATCH, Claim, Going
from bot.coordinator.decision import Draft
from bot.coordinator.leading import Leads
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.coordinator.voices import Voices


class Admission:
    """Gives out claims within the pace, the cap, the day's ceiling and what the engines' providers serve,
    from tokens that nobody has seen.

    Runs that plan go beside all others: in places of their own, whatever the pace of beads and the base
    branch are. What they have in common is the day's ceiling, and of that they leave room for one run of the
    others.

    Args:
        snapshot: the facts.
        labels: what the open beads' labels say.
        now: the present.
        tokens: fresh fencing tokens; one is used per claim.
        voices: whose words a run may read.
        leads: which epics are done by one worker.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        labels: Mapping[int, Labels],
        now: datetime,
        tokens: Iterator[str],
        voices: Voices,
        leads: Leads,
    ) -> None:
        self.policy = snapshot.policy
        self.voices = voices
        self._snapshot = snapshot
        self._labels = labels
        self._now = now
        self._tokens = tokens
        self._leads = leads
        self._gathers: int | None = None
        self._beginning: tuple[Going, tuple[str, ...]] | None = None

    def stops(self, bead: int, draft: Draft) -> tuple[str, ...]:
        """Why nothing of the bead may go on: no run, no update, no merge. Every reason; none when it may."""
        red = pace.red_base(self._snapshot, self._labels[bead])
        return (*pace.standstill(self._snapshot, draft.claims.going), *((red,) if red else ()))

    def mends_base(self, bead: int) -> bool:
        """Whether the bead is there to mend a red base branch."""
        return pace.mends(self._labels[bead])

    def refusal(self, bead: int, role: Role, draft: Draft, *, correction: bool = False) -> str | None:
        """Why no run of this role may start now for the bead, or None.

        Where places are all that a lead waits for, workers that are asked for later wait behind it.
        """
        stops = self._standing(bead, role, draft)
        if stops:
            return "; ".join(stops)
        waits = breaker.refusal(draft, self.policy.engine_of(role), bead, self._now)
        if waits is not None:
            return waits
        plans = role in PLANNING
        if plans and draft.claims.places(planning=True) >= self.policy.planning.places:
            return f"all {self.policy.planning.places} places for planning are taken"
        places = self._places(bead, role, correction=correction)
        cost, day = self._cost(role, places), self.policy.budget.day * DOLLAR
        kept = self._reserve if plans else 0
        if cost + kept > day:
            others = ", or `/bead unlead`" if places > 1 else ""
            beside = ", with room for a run that delivers" if plans else ""
            return (
                f"it reserves ${(cost + kept) / DOLLAR:.2f}{beside}, which the day's ceiling of"
                f" ${day / DOLLAR:.2f} never has: raise `budget.day` in the policy{others}"
            )
        free = self.policy.workers - draft.claims.places(planning=False)
        if not plans and free <= 0:
            return f"all {self.policy.workers} workers are busy"
        if not plans and free < places:
            self._gathers = self._gathers or bead
            return f"it takes {places} of the {self.policy.workers} workers, of whom {free} are free"
        begins = role == "worker" and not correction
        if begins and self._gathers not in (None, bead):
            return f"the next workers that are free go to the lead of #{self._gathers}"
        used = draft.claims.spent.get(self._now.date(), 0) + draft.claims.reserved()
        if used + cost + kept > day:
            beside = " beside a run that delivers" if plans else ""
            return (
                f"the day's ceiling of ${self.policy.budget.day:.2f} leaves no room{beside}: "
                f"${used / DOLLAR:.2f} are spent or reserved"
            )
        return None

    def claim(
        self,
        issue: Issue,
        role: Role,
        draft: Draft,
        pull: PullRequest | None = None,
        *,
        correction: bool = False,
    ) -> str | None:
        """Claim the bead and dispatch its run; gives why not, or None. `pull` is its open pull request."""
        refused = self.refusal(issue.number, role, draft, correction=correction)
        if refused is not None:
            return refused
        history = draft.claims.of(issue.number)
        kind = self._labels[issue.number].type
        places = self._places(issue.number, role, correction=correction)
        beads = self._leads.of(issue.number) if role in ("worker", "reviewer") else ()
        claim = Claim(
            role=role,
            attempt=history.attempts + 1,
            token=next(self._tokens),
            base=self._snapshot.base,
            since=self._now,
            reserved=self._cost(role, places),
            engine=self.policy.engine_of(role),
            correction=correction,
            digest=digest_all((one.title, one.body) for one in (issue, *beads)),
            trusted=self.voices.trusted(pull),
            report=role == "worker" and issue.parent is not None and kind is BeadType.REPORT,
            places=places,
            beads=tuple(one.number for one in beads),
            about=proof.about(self._snapshot, issue, draft.claims) if role == "reconciler" else "",
        )
        claims = breaker.on_trial(draft.claims.claim(issue.number, claim), claim.engine, claim.token)
        if role not in PLANNING and not history.begun:
            claims = pace.begin(self.policy.pace, claims, self._now)
        if correction:
            known = claims.of(issue.number)
            known = known.model_copy(update={"rounds": known.rounds + 1})
            claims = claims.model_copy(update={"history": {**claims.history, issue.number: known}})
        draft.claims = claims
        draft.after.append(
            Dispatch(issue.number, role, claim.attempt, claim.token, self._now + LOST_DISPATCH / 2)
        )
        return None

    def _places(self, bead: int, role: Role, *, correction: bool) -> int:
        beads = len(self._leads.of(bead)) if role == "worker" and not correction else 1
        return max(1, min(beads, self.policy.workers))

    def _cost(self, role: Role, places: int) -> int:
        return places * self.policy.sessions_of(role) * self._reserve

    def _standing(self, bead: int, role: Role, draft: Draft) -> tuple[str, ...]:
        if role in PLANNING:
            return pace.standstill(self._snapshot, draft.claims.going)
        stops = self.stops(bead, draft)
        return stops if stops or draft.claims.of(bead).begun else self._not_yet(draft)

    def _not_yet(self, draft: Draft) -> tuple[str, ...]:
        going = draft.claims.going
        if self._beginning is None or self._beginning[0] is not going:
            self._beginning = going, pace.not_yet(self.policy.pace, draft, self._now)
        return self._beginning[1]

    @property
    def _reserve(self) -> int:
        return int(self.policy.budget.run * DOLLAR)
