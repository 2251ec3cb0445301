"""What a pass does when GitHub does not say whether something happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.beads.policy import Policy
from bot.coordinator.actions import Action, CreateBead, Dispatch, Say, SetLabels
from bot.coordinator.claims import Claims
from bot.coordinator.loop import NotKnown, one_pass
from bot.coordinator.ports import EVERYTHING, Told, Unsure
from bot.coordinator.snapshot import Snapshot
from tests.unit.snapshots import LIVE, NOW, claimed, ended, issue, look, report

FOUND = {"title": "Found beside the work", "body": "It is done as well."}


@dataclass
class Repository:
    """The coordinator's port over one snapshot; every action of a kind in `answers` ends so."""

    snapshot: Snapshot
    answers: dict[type[Action], str] = field(default_factory=dict)
    done: list[object] = field(default_factory=list)

    async def observe(self, focus: frozenset[int] = frozenset(), *, told: Told = EVERYTHING) -> Snapshot:
        assert told == EVERYTHING
        return replace(self.snapshot, focus=focus)

    async def move_claims(self, before: str | None, claims: Claims) -> str:
        assert before == self.snapshot.claims_commit
        self.done.append(claims)
        return "c" * 40

    async def apply(self, actions: tuple[Action, ...]) -> tuple[str | None, ...]:
        self.done += [type(action) for action in actions]
        return tuple(self.answers.get(type(action)) for action in actions)


def found_work() -> Snapshot:
    """A worker's run is over, and its report asks for a follow-up."""
    claims = claimed(1, stage="published", outcome="pr", head="b" * 40)
    worker = {"status": "pr", "follow_ups": [FOUND]}
    runs = (ended(report=report(worker=worker)),)
    return look(issue(1, "bead:running"), claims=claims, runs=runs, policy=Policy(follow_ups="file"))


def test_a_claim_is_not_settled_while_it_is_not_known_whether_its_follow_up_was_made() -> None:
    repository = Repository(found_work(), {CreateBead: Unsure("no answer")})
    with pytest.raises(NotKnown, match="CreateBead: no answer"):
        asyncio.run(one_pass(repository, lambda: NOW))
    assert repository.done == [CreateBead]


def test_a_claim_is_settled_when_github_refuses_its_follow_up_for_good() -> None:
    repository = Repository(found_work(), {CreateBead: "410: Issues are disabled for this repo"})
    asyncio.run(one_pass(repository, lambda: NOW))
    (claims,) = [one for one in repository.done if isinstance(one, Claims)]
    assert claims.live[1].token != LIVE


def test_a_lost_answer_after_the_claims_moved_keeps_nothing_else_from_being_done() -> None:
    repository = Repository(look(issue(1), issue(2)), {Dispatch: Unsure("no answer")})
    with pytest.raises(NotKnown):
        asyncio.run(one_pass(repository, lambda: NOW))
    assert repository.done[1:] == [Dispatch, Dispatch, SetLabels, SetLabels, Say, Say]
