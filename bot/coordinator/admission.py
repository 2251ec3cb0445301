"""Admission: whether one more run may start now, and the claim that lets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.beads.policy import DOLLAR, Policy
from bot.coordinator import breaker
from bot.coordinator.actions import Dispatch
from bot.coordinator.claims import LOST_DISPATCH, Claim, Role
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import Issue


class Admission:
    """Gives out claims within the cap, the day's ceiling and what the engines' providers serve, from tokens
    that nobody has seen.

    Args:
        policy: the cap, the ceiling and what a run reserves.
        base: the base branch's commit at this moment.
        now: the present.
        tokens: fresh fencing tokens; one is used per claim.
        paused: why nothing may start, or None.
    """

    def __init__(
        self, policy: Policy, base: str, now: datetime, tokens: Iterator[str], paused: str | None
    ) -> None:
        self.policy = policy
        self._base = base
        self._now = now
        self._tokens = tokens
        self._paused = paused

    def refusal(self, bead: int, role: Role, draft: Draft) -> str | None:
        """Why no run of this role may start now for the bead, or None."""
        if self._paused is not None:
            return self._paused
        waits = breaker.refusal(draft, self.policy.engine_of(role), bead, self._now)
        if waits is not None:
            return waits
        live = len(draft.claims.live)
        if live >= self.policy.workers:
            return f"all {self.policy.workers} workers are busy"
        day = self._now.date()
        used = draft.claims.spent.get(day, 0) + draft.claims.reserved()
        if used + self._reserve > self.policy.budget.day * DOLLAR:
            return (
                f"the day's ceiling of ${self.policy.budget.day:.2f} leaves no room: "
                f"${used / DOLLAR:.2f} are spent or reserved"
            )
        return None

    def claim(self, issue: Issue, role: Role, draft: Draft, *, correction: bool = False) -> str | None:
        """Claim the bead and dispatch its run; gives why not, or None."""
        refused = self.refusal(issue.number, role, draft)
        if refused is not None:
            return refused
        history = draft.claims.of(issue.number)
        claim = Claim(
            role=role,
            attempt=history.attempts + 1,
            token=next(self._tokens),
            base=self._base,
            since=self._now,
            reserved=self._reserve,
            engine=self.policy.engine_of(role),
            correction=correction,
        )
        claims = breaker.on_trial(draft.claims.claim(issue.number, claim), claim.engine, claim.token)
        if correction:
            known = claims.of(issue.number)
            known = known.model_copy(update={"rounds": known.rounds + 1})
            claims = claims.model_copy(update={"history": {**claims.history, issue.number: known}})
        draft.claims = claims
        draft.after.append(
            Dispatch(issue.number, role, claim.attempt, claim.token, self._now + LOST_DISPATCH / 2)
        )
        return None

    @property
    def _reserve(self) -> int:
        return int(self.policy.budget.run * DOLLAR)
