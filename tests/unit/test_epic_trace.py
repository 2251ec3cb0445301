"""What an epic's status comment says of each thing that the epic asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.beads.trace_facts import TracedBead, TracedPull
from bot.coordinator.claims import Claims
from bot.coordinator.epic_trace import ROWS
from bot.coordinator.snapshot import Issue, Past, Snapshot
from tests.unit.snapshots import issue, look, pull, run_decide, statuses

ASKS = "## Acceptance criteria\n\n1. Words are counted\n2. Lines | too\n3. Letters\n"


def epic(*children: int, body: str = ASKS) -> Issue:
    return replace(issue(1, "epic", children=children), body=body)


def bead(number: int, *serves: int, specs: str = "") -> Issue:
    listed = "".join(f"- #1.{one}: x\n" for one in serves)
    return replace(issue(number, parent=1), body=f"## Specs\n\n{specs}\n\n## Serves\n\n{listed}")


def past(number: int, *serves: int, files: tuple[str, ...] = ("tests/a.py",), merged: bool = True) -> Past:
    known = TracedBead(number, "x", open=False, serves=tuple((1, one) for one in serves))
    done = TracedPull(number + 100, "x", "merged", bead=number, files=files, commit="d" * 40)
    return Past(known, done if merged else None)


def rows(snapshot: Snapshot) -> list[str]:
    """The table's rows on the epic's status comment, without its head."""
    text = statuses(run_decide(snapshot))[1]
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def test_each_criterion_has_its_beads_pull_requests_and_whether_they_are_merged_with_a_test() -> None:
    known = {2: past(2, 1), 4: past(4, 2)}
    snapshot = look(epic(2, 3, 4), bead(3, 2), past=known, closed=frozenset({2, 4}), pulls=(pull(9, 3),))
    assert rows(snapshot) == [
        "| 1. Words are counted | #2 done | #102 | ✅ |",
        "| 2. Lines \\| too | #3 in review, #4 done | #9, #104 | 1 of 2 |",
        "| 3. Letters | **no bead** |  |  |",
    ]
    assert "1 of 3 things that it asks for are merged with a test" in statuses(run_decide(snapshot))[1]


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (past(2, 1, 2, 3, files=()), "no test is known"),
        (past(2, 1, 2, 3, merged=False), ""),
    ],
)
def test_what_is_closed_without_a_test_or_a_merge_is_not_called_done(known: Past, says: str) -> None:
    found = rows(look(epic(2, 3), issue(3, parent=1), past={2: known}, closed=frozenset({2})))
    assert found[0].endswith(f"| {says} |")


def test_sections_that_beads_cite_are_walked_too() -> None:
    cited = bead(3, 1, specs="- `spec.md#Words are counted`")
    assert "| spec.md#words-are-counted | #3 running |  |  |" in rows(look(epic(3), cited))


def test_while_a_closed_bead_is_not_known_nothing_is_said_to_have_no_bead() -> None:
    snapshot = look(epic(2, 3), bead(3, 2), closed=frozenset({2}))
    assert rows(snapshot)[0] == "| 1. Words are counted |  |  |  |"


def test_an_epic_whose_beads_say_nothing_of_that_has_no_table() -> None:
    assert rows(look(epic(2), issue(2, parent=1))) == []


def test_beads_of_an_epic_with_one_lead_came_as_its_pull_request() -> None:
    found = rows(look(epic(3), bead(3, 1), pulls=(pull(9, 1, state="merged", on_base=True),)))
    assert found[0].split(" | ")[2] == "#9"


def test_the_proposal_that_an_epic_builds_is_not_what_its_beads_came_as() -> None:
    proposal = pull(8, 1, state="merged", on_base=True)
    claims = Claims().remember(1, change="count", past=(8,))
    assert rows(look(epic(3), bead(3, 1), pulls=(proposal,), claims=claims))[0].endswith("|  |  |")
    led = pull(9, 1, state="merged", on_base=True)
    claims = Claims().remember(1, change="count", past=(8, 9))
    found = rows(look(epic(3), bead(3, 1), pulls=(proposal, led), claims=claims))
    assert found[0].split(" | ")[2] == "#9"


def test_a_long_list_is_cut_and_says_where_the_rest_is() -> None:
    body = "## Acceptance criteria\n\n" + "".join(f"{one}. c{one}\n" for one in range(1, ROWS + 6))
    found = rows(look(epic(2, body=body), bead(2, 1)))
    assert len(found) == ROWS + 1
    assert found[-1] == "| … and 5 more: `beadwright trace 1` | | | |"


def test_what_a_model_wrote_pings_nobody_from_a_cell() -> None:
    found = rows(look(epic(2, body="## Acceptance criteria\n\n1. @maya fixes #7 `x` <b>\n"), bead(2, 1)))
    assert "@maya" not in found[0]
    assert "fixes #7" not in found[0]


def test_the_last_text_of_an_epic_says_what_became_of_it() -> None:
    snapshot = look(epic(2), past={2: past(2, 1, 2, 3)}, closed=frozenset({2}), claims=Claims())
    text = statuses(run_decide(snapshot))[1]
    assert text.startswith("**Done**")
    assert "3 of 3 things that it asks for are merged with a test" in text
