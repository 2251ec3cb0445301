"""What holds a bead back, whoever says so: labels and GitHub's own dependencies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.beads.policy_file import load_policy
from bot.coordinator.actions import ShowEdge
from bot.coordinator.decision import State
from bot.coordinator.edges import SHOWN_AT_ONCE
from bot.coordinator.snapshot import NativeEdge
from tests.unit.snapshots import dispatches, issue, look, run_decide


def edge(number: int, *, is_open: bool = True, repository: str | None = None) -> NativeEdge:
    return NativeEdge(number, is_open, repository, 1000 + number)


@pytest.mark.parametrize(
    ("native", "said"),
    [
        (edge(2), "blocked by #2, which is open; a dependency of GitHub's own"),
        (edge(40), "blocked by #40, which is open; a dependency of GitHub's own"),
        (edge(7, repository="octo/library"), "blocked by octo/library#7, which is open; a dependency"),
        (edge(0, repository=""), "blocked by an issue of a repository that this App may not see"),
    ],
)
def test_a_bead_waits_for_an_open_blocker_that_github_names_wherever_it_is(
    native: NativeEdge, said: str
) -> None:
    waits = replace(issue(1), native=(native,))
    decision = run_decide(look(waits, issue(2)))
    assert decision.verdicts[1].state is State.BLOCKED
    assert decision.verdicts[1].reasons[0].startswith(said)
    assert dispatches(decision) == [(2, "worker")]


def test_a_closed_blocker_holds_nothing_and_one_that_a_label_names_too_is_told_once() -> None:
    free = replace(issue(1), native=(edge(5, is_open=False), edge(7, is_open=False, repository="o/r")))
    both = replace(issue(2, "blocked-by:#1"), native=(edge(1),))
    decision = run_decide(look(free, both))
    assert dispatches(decision) == [(1, "worker")]
    assert decision.verdicts[2].reasons == ("blocked by #1, which is open",)


def test_a_cycle_over_labels_and_dependencies_is_found_and_holds_only_its_beads() -> None:
    one = replace(issue(1), native=(edge(2),))
    decision = run_decide(look(one, issue(2, "blocked-by:#1"), issue(3)))
    for number in (1, 2):
        assert any(
            "deadlock: #1 is blocked by #2, #2 is blocked by #1" in reason
            for reason in decision.verdicts[number].reasons
        )
    assert dispatches(decision) == [(3, "worker")]


def test_an_edge_of_an_epic_holds_its_children_also_when_github_alone_names_it() -> None:
    epic = replace(issue(1, "epic", children=(2,)), native=(edge(9, repository="octo/library"),))
    decision = run_decide(look(epic, issue(2, parent=1)))
    assert "(of its epic #1)" in decision.verdicts[2].reasons[0]
    assert not dispatches(decision)


def shown(*issues: object, **changes: object) -> list[ShowEdge]:
    decision = run_decide(look(*issues, **changes))  # type: ignore[arg-type]
    return [action for action in decision.after if isinstance(action, ShowEdge)]


def test_what_labels_say_between_open_beads_is_shown_natively() -> None:
    waits = issue(2, "blocked-by:#1", "blocked-by:#40")
    assert shown(issue(1), waits, closed=frozenset({40})) == [ShowEdge(2, 1001, add=True)]


def test_what_is_shown_refused_impossible_or_not_to_be_known_is_not_shown_again() -> None:
    waits = issue(2, "blocked-by:#1")
    assert shown(issue(1), replace(waits, native=(edge(1),))) == []
    assert shown(replace(issue(1), native=(edge(2),)), waits) == []
    full = tuple(edge(number, is_open=False) for number in range(100, 150))
    assert shown(issue(1), replace(waits, native=full)) == []
    assert shown(issue(1), waits, refused_edges=frozenset({(2, 1001)})) == []
    assert shown(issue(1), waits, knows_native=False) == []
    assert shown(issue(3, "blocked-by:#3")) == []


def test_no_dependency_is_taken_away_because_no_label_says_it() -> None:
    assert shown(issue(1), replace(issue(2), native=(edge(1),))) == []


def test_many_edges_are_shown_a_few_at_a_time_and_the_rest_soon() -> None:
    waits = issue(9, *(f"blocked-by:#{number}" for number in range(1, 9)))
    snapshot = look(*(issue(number, released=False) for number in range(1, 9)), waits)
    decision = run_decide(snapshot)
    assert sum(isinstance(one, ShowEdge) for one in decision.after) == SHOWN_AT_ONCE
    assert decision.next_look is not None


def test_a_beads_type_is_that_of_its_issue_type_until_a_label_says_another() -> None:
    policy = load_policy("issue_types: {Initiative: epic}")
    epic = replace(issue(1, "ready"), type="Initiative")
    plain = replace(issue(2, "task"), type="Initiative")
    other = replace(issue(3), type="Bug")
    decision = run_decide(look(epic, plain, other, policy=policy))
    assert "an epic without children" in decision.verdicts[1].reasons[0]
    assert {bead for bead, _ in dispatches(decision)} == {2, 3}
