"""Our check where there is no bead to judge."""

from __future__ import annotations

import pytest

from bot.coordinator.actions import PostCheck
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Decision
from bot.coordinator.snapshot import CheckState, Foreign, MergeGroup
from tests.unit.snapshots import HEAD, OTHER, approved, issue, look, pull, run_decide

GROUP, NEXT = "1" * 40, "2" * 40


def posted(decision: Decision) -> list[tuple[int, str, str | None]]:
    checks = [action for action in decision.after if isinstance(action, PostCheck)]
    return [(one.pull, one.head, one.conclusion) for one in checks]


def test_a_pull_request_that_is_no_bead_gets_our_check_as_success_once() -> None:
    new, known = Foreign(3, OTHER, vouched=False), Foreign(4, GROUP, vouched=True)
    assert posted(run_decide(look(foreign=(new, known)))) == [(3, OTHER, "success")]


def test_two_on_one_head_get_it_once() -> None:
    both = (Foreign(3, OTHER, vouched=False), Foreign(4, OTHER, vouched=False))
    assert posted(run_decide(look(foreign=both))) == [(3, OTHER, "success")]


def test_a_head_that_a_beads_pull_request_has_is_left_alone() -> None:
    twin = (Foreign(3, HEAD, vouched=False),)
    unreviewed = pull(8, 1, twin_heads=(3,))
    decision = run_decide(look(issue(1), pulls=(unreviewed,), foreign=twin))
    assert [one for one in posted(decision) if one[2] == "success"] == []


def test_a_head_that_a_beads_branch_is_at_is_left_alone() -> None:
    twin = (Foreign(3, HEAD, vouched=False),)
    assert posted(run_decide(look(branches=(("bead/1", HEAD),), foreign=twin))) == []


def group(pull: int, commit: str, bead: int | None, said: CheckState | None = None) -> MergeGroup:
    return MergeGroup(pull, HEAD, commit, bead, said)


def test_a_merge_group_of_other_peoples_pull_requests_is_vouched_for_once() -> None:
    assert posted(run_decide(look(groups=(group(3, GROUP, None),)))) == [(3, GROUP, "success")]
    assert posted(run_decide(look(groups=(group(3, GROUP, None, "green"),)))) == []


@pytest.mark.parametrize(
    ("claims", "conclusion"),
    [(approved(1), "success"), (approved(1, OTHER), "failure"), (Claims(), "failure")],
)
def test_a_bead_in_a_group_must_be_at_the_head_that_was_approved(claims: Claims, conclusion: str) -> None:
    snapshot = look(issue(1), claims=claims, groups=(group(8, GROUP, 1),))
    assert (8, GROUP, conclusion) in posted(run_decide(snapshot))


def test_what_is_behind_a_bead_that_is_not_approved_holds_it_too() -> None:
    snapshot = look(issue(1), groups=(group(8, GROUP, 1), group(3, NEXT, None)))
    assert posted(run_decide(snapshot)) == [(8, GROUP, "failure"), (3, NEXT, "failure")]


def test_a_group_that_was_refused_is_vouched_for_when_that_changed() -> None:
    snapshot = look(issue(1), claims=approved(1), groups=(group(8, GROUP, 1, "red"),))
    assert (8, GROUP, "success") in posted(run_decide(snapshot))
