"""What people read of a bead: its status comment, its pull request's, its epic's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from markdown_it import MarkdownIt

from bot.coordinator.actions import Close, Say
from bot.coordinator.claims import Claims, Going
from bot.coordinator.comment_parts import LIMIT
from bot.coordinator.decision import BeadVerdict, Decision, State
from bot.coordinator.epic_status import EDGES, escaped
from bot.coordinator.found import LISTED
from bot.coordinator.history import Found, Tried, Verdict, Word
from bot.coordinator.shown import comment_key, shown_digest
from bot.coordinator.snapshot import Ended, Issue, Snapshot
from bot.coordinator.status import View, bead_status
from tests.unit.snapshots import (
    HEAD,
    LIVE,
    NOW,
    OTHER,
    WHOLE,
    approved,
    claimed,
    ended,
    issue,
    look,
    pull,
    remembered,
    run_decide,
    statuses,
)

RUNS = "https://github.com/octo/sample/actions"
MAYA = replace(issue(1), body=WHOLE, released_by="maya")
TRIED = (
    Tried(attempt=1, role="worker", run_id=101, outcome="failed", cost=250_000),
    Tried(attempt=2, role="worker", run_id=102, outcome="pr", cost=500_000),
    Tried(attempt=3, role="reviewer", run_id=103, outcome="approve", cost=125_000),
)
VERDICT = Verdict(head=HEAD, approve=True, run_id=103)
WORKED = remembered(1, attempts=3, spent=875_000, tried=TRIED, verdict=VERDICT)
MERGED = pull(8, 1, state="merged", merge_commit="d" * 40, on_base=True, merged_by="ann")


def first_lines(decision: Decision) -> dict[int, str]:
    return {number: text.splitlines()[0] for number, text in statuses(decision).items()}


def again(snapshot: Snapshot, decision: Decision) -> Decision:
    """The decision on the same facts when everything that it said is there."""
    shown = {comment_key(n, "status"): shown_digest(text) for n, text in statuses(decision).items()}
    return run_decide(replace(snapshot, shown=shown))


# -- the first line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        (
            look(MAYA),
            "**Running** · nobody has to act · $0.00 so far, up to $1.00 more for this run",
        ),
        (
            look(MAYA, pulls=(pull(8, 1),), claims=WORKED),
            "**Merging** · nobody has to act · $0.88 so far",
        ),
        (
            look(MAYA, claims=remembered(1, attempts=2, spent=500_000, stopped="2 attempts failed")),
            "**Needs a person** · `maya` has to act · $0.50 so far",
        ),
        (
            look(issue(1), claims=remembered(1, attempts=1, taken=Word(by="maya", at=NOW))),
            "**Held** · `maya` has it · $0.00 so far",
        ),
        (
            look(issue(1, "hold"), claims=remembered(1, attempts=1)),
            "**Held** · somebody has to take the hold off · $0.00 so far",
        ),
        (
            look(MAYA, pulls=(pull(8, 1, draft=True),), claims=remembered(1, attempts=1)),
            "**In review** · somebody has to mark it ready for review · $0.00 so far",
        ),
        (
            look(
                MAYA,
                claims=remembered(1, attempts=1).model_copy(
                    update={"going": Going(paused=Word(by="ann", at=NOW))}
                ),
            ),
            "**Ready** · somebody has to let the repository go on · $0.00 so far",
        ),
        (
            look(MAYA, pulls=(MERGED,), claims=WORKED),
            "**Done** · merged by #8 as dddddddddddd · it cost $0.88",
        ),
    ],
)
def test_the_first_line_says_the_state_who_must_act_and_the_cost(snapshot: Snapshot, line: str) -> None:
    assert first_lines(run_decide(snapshot))[1] == line


def test_a_child_that_needs_a_person_names_who_released_its_epic() -> None:
    epic = replace(issue(1, "epic", children=(2,)), released_by="maya")
    child = issue(2, released=False, parent=1)
    claims = remembered(2, attempts=1, stopped="it says that it is blocked")
    assert "`maya` has to act" in first_lines(run_decide(look(epic, child, claims=claims)))[2]


# -- the whole text ---------------------------------------------------------------------------------------


def test_a_bead_that_was_just_claimed() -> None:
    assert statuses(run_decide(look(MAYA)))[1] == (
        "**Running** · nobody has to act · $0.00 so far, up to $1.00 more for this run\n\n"
        "- A worker has it, attempt 1, since 2026-11-24 09:00 UTC:"
        f" [runs]({RUNS}/workflows/beadwright.yml)\n\n"
        "**Next:** A pull request, which an independent session reviews."
    )


def test_a_bead_that_needs_a_person() -> None:
    why = f"2 attempts failed; the last one (worker, attempt 2, {RUNS}/runs/102): gates failed: test"
    claims = remembered(1, attempts=2, spent=750_000, tried=TRIED[:2], stopped=why)
    assert statuses(run_decide(look(MAYA, claims=claims)))[1] == (
        "**Needs a person** · `maya` has to act · $0.75 so far\n\n"
        f"- {why}\n\n"
        "**Next:** Once that is mended, `/bead retry` lets it be tried again.\n\n"
        "<details><summary>2 attempts so far</summary>\n\n"
        "| | what | came to | cost | |\n|---|---|---|---|---|\n"
        f"| 2 | work | published its work | $0.50 | [run]({RUNS}/runs/102) |\n"
        f"| 1 | work | failed | $0.25 | [run]({RUNS}/runs/101) |\n\n"
        "The artifact `beadwright` of each run holds its transcript.\n\n"
        "</details>"
    )


def test_a_bead_whose_merge_was_undone_is_not_said_to_be_done_any_more() -> None:
    decision = run_decide(look(issue(1, released=False), claims=remembered(1, past=(8,))))
    assert statuses(decision)[1].startswith("**Planned** · somebody has to release it")


def test_the_comment_on_a_merged_pull_request_is_the_record_of_its_review() -> None:
    carried = WORKED.remember(1, verdict=VERDICT.model_copy(update={"head": OTHER, "reviewed": HEAD}))
    over = replace(MERGED, head=OTHER)
    text = statuses(run_decide(look(MAYA, pulls=(over,), claims=carried)))[8]
    head, _, record = text.partition("<details><summary>Record</summary>")
    assert head == (
        "**Done** · merged by #8 as dddddddddddd · it cost $0.88 · bead #1\n\n"
        f"- Reviewed at `{HEAD}` by [run 103]({RUNS}/runs/103), an independent session: approved.\n"
        f"- Carried over to `{OTHER}`, by updates that left the patch identical.\n"
        f"- Merged at `{OTHER}` as `{'d' * 40}` by `ann`.\n\n"
    )
    (found,) = re.findall(r"```json\n(.*)\n```", record)
    told = json.loads(found)
    assert (told["merged_as"], told["merged_by"], told["cost"]) == ("d" * 40, "ann", 875_000)
    assert told["review"] == {"approve": True, "head": OTHER, "reviewed": HEAD, "run": 103}
    assert [one["outcome"] for one in told["attempts"]] == ["failed", "pr", "approve"]


def test_an_open_pull_request_shows_every_guard_folded() -> None:
    text = statuses(run_decide(look(MAYA, pulls=(pull(8, 1),), claims=WORKED)))[8]
    assert "<details><summary>15 of 15 guards pass</summary>" in text
    assert "| ✅ pass | required-checks | green: `test` |" in text


def test_an_epic_is_drawn_with_its_childrens_states() -> None:
    children = (
        replace(issue(3, parent=1), title="Count the words"),
        issue(4, "blocked-by:#3", "blocked-by:#9", parent=1),
    )
    epic = issue(1, "epic", children=(2, 3, 4))
    snapshot = look(
        epic, *children, issue(9, released=False), closed=frozenset({2}), ended={2: Ended("I_2", "Split")}
    )
    snapshot = replace(snapshot, claims=remembered(1, spent=420_000))
    assert statuses(run_decide(snapshot))[1] == (
        "**1 of 3** done · nobody has to act · $0.42 so far\n\n"
        "```mermaid\n"
        "flowchart LR\n"
        '  b2["#35;2 Split"]:::done\n'
        '  b3["#35;3 Count the words"]:::running\n'
        '  b4["#35;4 Bead 4"]:::blocked\n'
        '  b9["#35;9"]:::outside\n'
        "  b3 --> b4\n"
        "  b9 --> b4\n"
        "  classDef done fill:#aceebb,stroke:#1a7f37,color:#24292f\n"
        "  classDef running fill:#fff8c5,stroke:#9a6700,color:#24292f\n"
        "  classDef blocked fill:#eaeef2,stroke:#57606a,color:#24292f\n"
        "  classDef outside fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:4\n"
        "```\n\n"
        "- ✅ #2 done\n- 🔧 #3 running\n- ⏳ #4 blocked"
    )


# -- bounds -----------------------------------------------------------------------------------------------


def epic_of(count: int, blockers: int, title: str = "Bead") -> Snapshot:
    """An epic of so many children, the last of which wait for `blockers` of the first each."""
    numbers = range(2, count + 2)
    edges = tuple(f"blocked-by:#{number}" for number in range(2, blockers + 2))
    children = [
        replace(issue(number, *(edges if number > blockers + 1 else ()), parent=1), title=title)
        for number in numbers
    ]
    return look(issue(1, "epic", children=tuple(numbers)), *children)


def test_an_epic_without_an_edge_is_drawn_too() -> None:
    text = statuses(run_decide(epic_of(3, 0)))[1]
    assert "```mermaid" in text
    assert "-->" not in text


def test_past_two_hundred_edges_each_child_says_what_it_waits_for_instead() -> None:
    most = statuses(run_decide(epic_of(30, 10)))[1]
    assert most.count("-->") == EDGES == 200
    more = epic_of(31, 10)
    extra = replace(more.issues[-1], labels=("bead", "blocked-by:#2"))
    text = statuses(run_decide(replace(more, issues=(*more.issues[:-1], extra))))[1]
    assert "mermaid" not in text
    assert "- ⏳ #31 blocked, after #2, #3, #4, #5, #6, #7, #8, #9, #10, #11" in text


def test_whatever_the_titles_a_comment_fits() -> None:
    wide = statuses(run_decide(epic_of(100, 2, title="🙂" * 250)))[1]
    assert len(wide) <= LIMIT


def test_a_long_history_and_many_reasons_stay_short() -> None:
    tried = tuple(Tried(attempt=n, role="worker", run_id=n, outcome="failed", cost=1) for n in range(91, 101))
    found = tuple(Found(run_id=1, index=n, title=f"Found {n} " + "x" * 240) for n in range(LISTED))
    claims = remembered(1, attempts=100, tried=tried, found=found)
    view = View(look(MAYA), claims, {1: BeadVerdict(State.BLOCKED, ("y" * 5_000,) * 200)}, {}, {}, NOW)
    text = bead_status(view, MAYA, None)
    assert len(text) <= LIMIT
    assert "The last 10 attempts" in text
    assert "- … and 170 more" in text
    assert f"{LISTED}. Found {LISTED - 1} x" in text


def test_only_the_last_ten_runs_are_remembered_and_what_all_have_cost() -> None:
    tried = tuple(Tried(attempt=n, role="worker", run_id=n, outcome="failed") for n in range(1, 11))
    claims = claimed(1, attempt=11, stage="published", outcome="pr", head=HEAD)
    claims = claims.remember(1, tried=tried, spent=1_000_000)
    decision = run_decide(look(MAYA, claims=claims, runs=(ended(),), pulls=(pull(8, 1),)))
    assert decision.claims is not None
    known = decision.claims.of(1)
    assert [one.attempt for one in known.tried] == list(range(2, 12))
    assert (known.tried[-1].outcome, known.tried[-1].run_id, known.spent) == ("pr", 5, 1_250_000)


def test_what_a_bead_costs_is_its_epics_cost_too() -> None:
    epic, child = issue(1, "epic", children=(2,)), issue(2, parent=1)
    claims = claimed(2, stage="published", outcome="pr", head=HEAD)
    run = ended()
    decision = run_decide(look(epic, child, claims=claims, runs=(run,), pulls=(pull(8, 2),)))
    assert decision.claims is not None
    assert decision.claims.of(1).spent == decision.claims.of(2).spent == 250_000


# -- hostile text -----------------------------------------------------------------------------------------

HOSTILE = [
    '"] --> x; click x "javascript:alert(1)"',
    "```\n\n# Owned\n\n@maya fixes #1 /bead merge",
    '`"]:::done\n  b2 --> b3',
    "</details><img src=x onerror=alert(1)>",
    "#35; %%{init: {}}%% ; end",
    "a\u202eb\u2066c",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_breaks_out_of_the_drawing(title: str) -> None:
    epic, child = issue(1, "epic", children=(2,)), replace(issue(2, parent=1), title=title)
    text = statuses(run_decide(look(epic, child)))[1]
    (fence,) = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    assert fence.content.splitlines() == [
        "flowchart LR",
        f'  b2["{escaped(f"#2 {title}")}"]:::running',
        "  classDef running fill:#fff8c5,stroke:#9a6700,color:#24292f",
    ]
    assert re.fullmatch(r"(?:[\w ]|#\d+;)*", escaped(title))


@pytest.mark.parametrize("said", HOSTILE)
def test_what_a_model_said_acts_on_nothing(said: str) -> None:
    claims = remembered(1, attempts=1, stopped=said, found=(Found(run_id=5, index=0, title=said),))
    text = statuses(run_decide(look(MAYA, claims=claims)))[1]
    assert not re.search(r"@maya|fixes #1|^\s*/bead|<img|\n</details>", text, re.MULTILINE)
    tokens = MarkdownIt("commonmark").parse(text)
    assert not [token for token in tokens if token.type in ("heading_open", "fence")]


# -- when -------------------------------------------------------------------------------------------------


def test_what_is_shown_already_is_not_written_again() -> None:
    snapshot = look(MAYA, pulls=(pull(8, 1),), claims=WORKED)
    decision = run_decide(snapshot)
    assert set(statuses(decision)) == {1, 8}
    assert statuses(again(snapshot, decision)) == {}


def test_nothing_changes_in_it_while_nothing_happens() -> None:
    snapshot = look(MAYA, claims=claimed(1), runs=(ended(done=False, report=None, url=f"{RUNS}/runs/5"),))
    later = [statuses(run_decide(snapshot, NOW + timedelta(minutes=minutes))) for minutes in (0, 0.5, 1, 180)]
    assert later[0] == later[1]
    assert later[2] == later[3]
    assert f"[run]({RUNS}/runs/5)" in later[2][1]


@pytest.mark.parametrize(
    ("bead", "claims"),
    [
        (issue(1, released=False), Claims()),
        (issue(1, "blocked-by:#9"), Claims()),
        (issue(1, "hold"), Claims()),
    ],
)
def test_a_bead_that_nobody_claimed_or_asked_about_has_none(bead: Issue, claims: Claims) -> None:
    blocker = issue(9, released=False)
    assert statuses(run_decide(look(bead, blocker, claims=claims))) == {}
    asked = remembered(1, shown=True)
    assert set(statuses(run_decide(look(bead, blocker, claims=asked)))) == {1}


def test_an_epic_has_one_once_it_is_released() -> None:
    child = issue(2, released=False, parent=1)
    planned = look(issue(1, "epic", released=False, children=(2,)), child)
    assert statuses(run_decide(planned)) == {}
    released = look(issue(1, "epic", children=(2,)), child)
    assert 1 in statuses(run_decide(released))


def test_the_last_text_is_written_before_the_bead_closes() -> None:
    decision = run_decide(look(MAYA, pulls=(MERGED,), claims=WORKED))
    kinds = [type(action) for action in decision.before]
    assert kinds.index(Close) > max(place for place, kind in enumerate(kinds) if kind is Say)
    assert not decision.after


def test_what_a_person_closed_is_told_to_be_over() -> None:
    gone = look(issue(2), claims=WORKED.remember(1, verdict=None), gone={1: "I_1"})
    decision = run_decide(gone)
    assert statuses(decision)[1].startswith("**Closed** · it is worked on no more · it cost $0.88\n\n")
    assert decision.claims is not None
    assert 1 not in decision.claims.history
    assert 1 not in statuses(run_decide(replace(gone, claims=decision.claims)))


def test_a_bead_whose_closing_was_not_remembered_says_the_same_as_when_it_closed() -> None:
    closing = run_decide(look(MAYA, pulls=(MERGED,), claims=WORKED))
    later = run_decide(look(pulls=(MERGED,), claims=WORKED, gone={1: "I_1"}))
    assert statuses(later) == {1: statuses(closing)[1]}


def test_while_github_computes_whether_it_merges_nothing_is_said() -> None:
    waits = look(MAYA, pulls=(pull(8, 1, mergeable="unknown"),), claims=remembered(1, attempts=1))
    assert statuses(run_decide(waits)) == {}


def test_a_bead_that_was_never_claimed_needs_no_look_for_its_comment() -> None:
    def fresh(decision: Decision) -> dict[int, bool]:
        return {one.number: one.fresh for one in decision.after if isinstance(one, Say)}

    assert fresh(run_decide(look(MAYA))) == {1: True}
    assert fresh(run_decide(look(MAYA, claims=claimed(1)))) == {1: False}
    settled = claimed(1, stage="published", outcome="pr", head=HEAD)
    published = look(MAYA, claims=settled, runs=(ended(token=LIVE),), pulls=(pull(8, 1),))
    assert fresh(run_decide(published)) == {1: False, 8: True}
    assert fresh(run_decide(look(MAYA, claims=approved(1), pulls=(pull(8, 1),)))) == {1: False, 8: False}
