"""The demo with a model that somebody pays for: its policy, what it may cost, and when to stop waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import yaml

from bot.beads.policy import DOLLAR, POLICY_PATH, Engine, Policy
from bot.coordinator.claims import Claims

RUNS_AT_THE_CEILING = 8
"""A run reserves this part of the ceiling: enough for a small bead, and three may run side by side."""
RUNS_PER_BEAD = 2  # a worker's and a reviewer's, where nothing has to be corrected
SCRIPTS = "tools/"  # of the scripted workers; a model would only wonder about them


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody is asked to agree to. `ceiling` is in dollars; `beads` are those that want work."""

    engine: Engine
    ceiling: float
    beads: int

    @property
    def reserve(self) -> float:
        """What one run may cost, in dollars."""
        return round(self.ceiling / RUNS_AT_THE_CEILING, 4)

    def text(self) -> str:
        """What it may cost, plainly."""
        most = self.beads * RUNS_PER_BEAD * self.reserve
        model = f" ({self.engine.model})" if self.engine.model else ""
        ceiling = f"the ceiling of ${self.ceiling:.2f}"
        held = f"{ceiling} stops it before that" if most > self.ceiling else f"that is within {ceiling}"
        return (
            f"This calls {self.engine.name}{model}, which costs money: {self.beads} beads, a worker's and a "
            f"reviewer's run for each, at most ${self.reserve:.2f} a run. That makes ${most:.2f} at most; "
            f"{held}. A run ends some cents over its share, because what a call costs is known after it."
        )

    def files(self, sample: dict[str, bytes]) -> dict[str, bytes]:
        """The sample's files with the engine and the budget in its policy, and without the scripts."""
        policy = yaml.safe_load(sample[POLICY_PATH])
        policy["engine"] = self.engine.model_dump(mode="json", exclude_defaults=True)
        policy["budget"] = {"day": self.ceiling, "run": self.reserve}
        about = f"# The demo's policy: {self.engine.name} works and reviews.\n"
        text = about + yaml.safe_dump(policy, sort_keys=False)
        kept = {name: content for name, content in sample.items() if not name.startswith(SCRIPTS)}
        return {**kept, POLICY_PATH: text.encode()}


def dollars(claims: Claims) -> float:
    """What all runs have cost so far."""
    return sum(claims.spent.values()) / DOLLAR


def standstill(claims: Claims, policy: Policy, now: datetime, deadline: datetime) -> str | None:
    """Why no run will start before the deadline, where money or the provider is the reason; None when not."""
    if claims.live:
        return None
    for engine, breaker in claims.breakers.items():
        if breaker.kind == "key" or breaker.until > deadline:
            until = "" if breaker.kind == "key" else f", until {breaker.until:%Y-%m-%d %H:%M} UTC"
            return f"The provider of {engine} does not serve ({breaker.kind}{until}): {breaker.detail}"
    spent = claims.spent.get(now.date(), 0)
    if spent + policy.budget.run * DOLLAR > policy.budget.day * DOLLAR:
        return (
            f"The ceiling of ${policy.budget.day:.2f} is reached: ${spent / DOLLAR:.2f} are spent, and a run "
            f"reserves ${policy.budget.run:.2f}. Give it more with --max-cost"
        )
    return None
