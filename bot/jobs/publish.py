"""The publish job: no model, nothing of the repository is run; checks what the agent job left, and writes it.

Order matters. First everything is checked here; then the objects go to staging refs, where they mean nothing;
then one `updateRefs` moves the bead's branch *and* advances the claim, or neither: from then on the attempt
is over and nobody else can publish for this bead. Only then is anything posted for people. Dying in between
is healed by the coordinator (a branch without a pull request gets one) or by running again (markers).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.beads.markers import write_marker
from bot.beads.policy_file import PolicyError, load_policy
from bot.beads.visible_text import link_hosts, neutralise
from bot.coordinator.claims import CLAIMS_REF, Claim
from bot.coordinator.job_port import (
    JobFacts,
    JobFault,
    JobGitHub,
    RefMove,
    RefsMoved,
    partial_ref,
    staging_ref,
)
from bot.jobs.artifact import Artifact
from bot.jobs.clone import Clone
from bot.jobs.inputs import Inputs

TRIES = 50
"""A run's work is paid for, so it does not give way to a busy repository: each try takes a second or two."""
PLAIN = frozenset({"pr", "direct", "approve", "correct"})
"""Outcomes that say all about an attempt that found no other work."""


class Denied(JobFault):
    """The work may not be published; the message names every place."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """One publish job: what it was told, what it may use. `hosts` are those that links may lead to, besides
    the server's own."""

    inputs: Inputs
    artifact: Artifact
    github: JobGitHub
    clone: Clone
    hosts: tuple[str, ...] = ()

    @property
    def staging(self) -> str:
        """Where this run's objects wait."""
        return staging_ref(self.inputs.token)

    @property
    def marker(self) -> str:
        """What tells our words of this run again."""
        return write_marker("token", self.inputs.token)

    def safe(self, text: str) -> str:
        """A model's text as we may post it."""
        return neutralise(text, link_hosts(self.inputs.server, self.hosts))

    def under(self, facts: JobFacts) -> Publishing:
        """The same job, with the links that the policy lets through; none where it cannot be read."""
        try:
            return replace(self, hosts=load_policy(facts.policy).link_hosts)
        except PolicyError:
            return self

    def claim(self, facts: JobFacts) -> Claim:
        """The claim that this run holds. Raises JobFault when it does not."""
        found = facts.claims.live.get(self.inputs.bead)
        if found is None or (found.token, found.role) != (self.inputs.token, self.inputs.role):
            raise JobFault(
                f"the claim on bead #{self.inputs.bead} is no longer this run's: nothing is published"
            )
        taken = facts.claims.of(self.inputs.bead).taken
        if taken is not None:
            raise JobFault(f"{taken.who} has taken bead #{self.inputs.bead} over: nothing is published")
        return found

    def settled_before(self, claim: Claim) -> bool:
        """Whether an earlier try of this very job has moved the refs already."""
        return claim.stage == "published"

    def advance(
        self, facts: JobFacts, *, outcome: str, head: str | None, moves: Mapping[str, RefMove]
    ) -> JobFacts:
        """Stage everything, then move refs and claim together; gives the facts that it was based on.

        `moves` are by ref; each `after` is a commit of the clone. The claims are what git says that they are
        right now: `facts` are from before everything was checked. When somebody else moved them in between
        all the same, all is read again and tried again, for as long as this run's claim lives.
        """
        return self.advance_by(facts, outcome, lambda: (head, moves))

    def advance_by(
        self, facts: JobFacts, outcome: str, make: Callable[[], tuple[str | None, Mapping[str, RefMove]]]
    ) -> JobFacts:
        """The same with refs that others move as well: `make` gives head and moves, anew for each try."""
        staged: dict[str, str] = {}
        refused: tuple[str, dict[str, str | None]] | None = None
        for _ in range(TRIES):
            head, moves = make()
            expected = {name: move.before for name, move in moves.items()}
            if refused is not None and refused[1] == expected:
                raise JobFault(f"GitHub refused to move the refs: {refused[0]}")
            at, claims = self.clone.claims()
            facts = replace(facts, claims_commit=at, claims=claims)
            if self.settled_before(self.claim(facts)):
                return facts
            advanced = claims.advance(
                self.inputs.bead,
                self.inputs.token,
                outcome=outcome,
                head=head,
                run_id=self.inputs.run_id,
                cost=self._settled_cost(outcome),
            )
            commit = self.clone.claims_commit(advanced, at, secrets.token_hex(8))
            wanted = {f"{self.staging}/{at}": move.after for at, move in enumerate(moves.values())}
            wanted[f"{self.staging}/claims"] = commit
            waiting = {name: after for name, after in wanted.items() if after and staged.get(name) != after}
            self.clone.push(waiting)
            staged |= waiting
            updates = [*moves.values(), RefMove(CLAIMS_REF, at, commit)]
            updates += [RefMove(name, after, None) for name, after in staged.items()]
            try:
                self.github.move_refs(facts.repository_id, updates)
                return facts
            except RefsMoved as error:
                why = str(error)
            known = facts
            facts = self.github.facts(self.inputs.bead)
            claim = self.claim(facts)
            if self.settled_before(claim):
                return facts
            if (facts.branch, facts.partial) != (known.branch, known.partial):
                raise JobFault(
                    f"`{self.inputs.branch}` moved while this run held the claim: nothing is published"
                )
            refused = (why, expected) if facts.claims_commit == known.claims_commit else None
        raise JobFault(f"the claims moved {TRIES} times in a row")

    def _settled_cost(self, outcome: str) -> int | None:
        """The report's cost when that is all the coordinator still has to learn from it."""
        report = self.artifact.report
        found = report.worker.follow_ups if report.worker is not None else ()
        return report.cost if outcome in PLAIN and report.failure is None and not found else None


def forget_partial(facts: JobFacts, bead: int) -> dict[str, RefMove]:
    """The move that deletes unfinished work which is not needed any more."""
    if facts.partial is None:
        return {}
    return {partial_ref(bead): RefMove(partial_ref(bead), facts.partial, None)}


def pull_labels(facts: JobFacts) -> tuple[str, ...]:
    """What marks a bead's pull request, as the repository calls it; nothing when that cannot be read now: the
    coordinator puts on what is missing."""
    try:
        spelling = load_policy(facts.policy).spelling
    except PolicyError:
        return ()
    return spelling.bead, spelling.review


def protected_paths(facts: JobFacts) -> tuple[str, ...]:
    """The policy's protected paths. Raises JobFault when it cannot be read: then nothing is let through."""
    try:
        return load_policy(facts.policy).protected
    except PolicyError as error:
        raise JobFault(str(error)) from error
