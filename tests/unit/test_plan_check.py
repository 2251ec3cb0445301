"""Faulty plans, each with the exact finding: every case is one small change to one good plan."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.graph import Node
from bot.beads.imperative import is_imperative
from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_check import check_beads, check_plan
from bot.beads.plan_facts import OpenBead, PlanFacts
from bot.beads.plan_fault import FaultCode
from tests.unit.strategies import BIRTH

ISSUE = 12


def bead(title: str, **fields: object) -> PlannedBead:
    """A bead that says all that it has to."""
    said: dict[str, object] = {
        "title": title,
        "outcome": f"What `{title}` asks for is true.",
        "context": "Totals are summed in `tally/totals.py`.",
        "acceptance": ("It is there.", "It is tested."),
        "scope": "That alone.",
        "verification": "`make test`",
    }
    return PlannedBead.model_validate({**said, **fields})


def good() -> tuple[PlannedBead, ...]:
    """Four beads that work, one that reconciles them, and a report."""
    return (
        bead("Sum the rows of a day", files=("tally/totals.py",), covers=(1,)),
        bead("Export days as CSV", creates=("tally/export.py",), after=(1,), covers=(2,)),
        bead("Show the export on the page", files=("tally/export.py", "web/page.html"), after=(2,)),
        bead("Describe the export", files=("README.md",), specs=("docs/spec.md#Days",), blocked_by=(7,)),
        bead("Reconcile the export", type="reconcile", after=(1, 2, 3, 4)),
        bead("Report on the export", type="report", after=(5,), creates=("docs/reports/12.md",)),
    )


def plan(*beads: PlannedBead, **fields: object) -> PlanAnswer:
    """A plan of these beads."""
    said: dict[str, object] = {
        "summary": "From sums to files.",
        "outcome": "Days can be exported.",
        "acceptance": ("Sums are right.", "A day is a file."),
        "verification": "`make test`",
        "beads": beads,
    }
    return PlanAnswer.model_validate({**said, **fields})


def changed(place: int, **fields: object) -> PlanAnswer:
    """The good plan with one bead changed."""
    beads = list(good())
    beads[place - 1] = PlannedBead.model_validate({**dict(beads[place - 1]), **fields})
    return plan(*beads)


def node(number: int, *blocked_by: int, parent: int | None = None) -> Node:
    return Node(number, 2, BIRTH, blocked_by=frozenset(blocked_by), parent=parent)


FACTS = PlanFacts(
    issue=ISSUE,
    beads=(
        OpenBead(node(ISSUE, parent=3), "Let days be exported"),
        OpenBead(node(3), "Open the tally to others"),
        OpenBead(node(7), "Draw the logo anew", "The logo is drawn anew.", files=("web/logo.svg",)),
        OpenBead(node(8, ISSUE), "Announce the export"),
        OpenBead(node(20, 21), "Stand by"),
        OpenBead(node(21, 20), "Wait around"),
    ),
    closed=frozenset({4}),
    files=frozenset({"tally/totals.py", "web/page.html", "README.md", "docs/spec.md", "web/css/a.css"}),
    specs={"docs/spec.md": ("Days", "What a day is", "Errors: what is refused")},
)


@dataclass(frozen=True)
class Case:
    """A plan, and all that is to be found in it."""

    plan: PlanAnswer
    code: str
    places: tuple[int, ...]
    text: str
    facts: PlanFacts = FACTS


LONG = "Sum the rows of a day and of every week, month and year that it is part of"
FIELDS_OF_TWO = {"outcome": "It is.", "covers": (1, 2)}

CASES = {
    # -- the plan as a whole
    "no bead": Case(
        plan(),
        "empty",
        (),
        "The plan has no bead that works: plan one at least, or say in `declined` why there is none.",
    ),
    "only a reconciliation": Case(
        plan(bead("Reconcile it", type="reconcile", covers=(1, 2))),
        "empty",
        (),
        "The plan has no bead that works: plan one at least, or say in `declined` why there is none.",
    ),
    "declined with beads": Case(
        plan(*good(), declined="It is there already."),
        "declined-with-beads",
        (),
        "The plan declines and has beads: leave out the beads, or the reason to decline.",
    ),
    "eight beads": Case(
        plan(
            *good()[:4],
            *(bead(f"Add part {part}") for part in ("x", "y", "z", "w")),
            bead("Reconcile", type="reconcile", after=tuple(range(1, 9))),
        ),
        "too-many-beads",
        (),
        "The plan has 8 beads that work, and may have 7: plan less at first.",
    ),
    "two hundred beads": Case(
        plan(*(bead(f"Add part {part}", covers=(1, 2)) for part in range(200))),
        "too-many-beads",
        (),
        "The plan has 200 beads that work, and may have 7 (so many are not looked at one by one):"
        " plan less at first.",
        replace(FACTS, reconcile_from=201),
    ),
    "no outcome of the whole": Case(
        plan(*good(), outcome=" "),
        "unsaid",
        (),
        "The plan says nothing under Outcome: say when all of it is done.",
    ),
    "no verification of the whole": Case(
        plan(*good(), verification="TBD"),
        "unsaid",
        (),
        "The plan says nothing under Verification: say when all of it is done.",
    ),
    "no criteria of the whole": Case(
        plan(*(one.model_copy(update={"covers": ()}) for one in good()), acceptance=()),
        "unsaid",
        (),
        "The plan says nothing under Acceptance criteria: say when all of it is done.",
    ),
    "a criterion that nothing covers": Case(
        changed(2, covers=()),
        "uncovered",
        (),
        "No bead that works covers criterion 2 (`A day is a file.`): name it in `covers` of one.",
    ),
    "a criterion that only the reconciliation covers": Case(
        plan(*changed(2, covers=()).beads[:4], good()[4].model_copy(update={"covers": (2,)}), good()[5]),
        "uncovered",
        (),
        "No bead that works covers criterion 2 (`A day is a file.`): name it in `covers` of one.",
    ),
    "a criterion that there is not": Case(
        changed(3, covers=(3,)),
        "covers-nothing",
        (3,),
        "Bead 3 covers criterion 3, which the plan has not: mend `covers`.",
    ),
    "criterion zero": Case(
        changed(3, covers=(0,)),
        "covers-nothing",
        (3,),
        "Bead 3 covers criterion 0, which the plan has not: mend `covers`.",
    ),
    # -- how it ends
    "no reconciliation of four": Case(
        plan(*good()[:4]),
        "no-reconciliation",
        (),
        "A plan of 4 beads has to end in one that reconciles it: add one of type `reconcile` after all"
        " others.",
    ),
    "reconciliation that does not wait for all": Case(
        changed(5, after=(1, 2, 3)),
        "not-last",
        (5,),
        "Bead 5 (`reconcile`) does not wait for bead 4: name them in its `after`.",
    ),
    "a report before the reconciliation": Case(
        changed(6, after=(1, 2, 3, 4)),
        "not-last",
        (6,),
        "Bead 6 (`report`) does not wait for bead 5: name them in its `after`.",
    ),
    "two reconciliations": Case(
        plan(*good()[:5], bead("Reconcile it again", type="reconcile", after=(1, 2, 3, 4, 5))),
        "not-last",
        (5, 6),
        "Beads 5 and 6 all reconcile the plan: leave one.",
    ),
    # -- what a bead says
    "no outcome": Case(
        changed(1, outcome=""),
        "unsaid",
        (1,),
        "Bead 1 says nothing under Outcome: a worker reads nothing else, write it.",
    ),
    "no acceptance criteria": Case(
        changed(1, acceptance=()),
        "unsaid",
        (1,),
        "Bead 1 says nothing under Acceptance criteria: a worker reads nothing else, write it.",
    ),
    "nothing but an outcome": Case(
        changed(1, acceptance=("TBD",), scope="None", verification="n/a"),
        "unsaid",
        (1,),
        "Bead 1 says nothing under Acceptance criteria, Scope, Verification: a worker reads nothing else,"
        " write it.",
    ),
    "a title that is too long": Case(
        changed(1, title=LONG),
        "title",
        (1,),
        "The title of bead 1 has 74 characters: it has to be under 72.",
    ),
    "a title that is a sentence": Case(
        changed(1, title="Sum the rows of a day."),
        "title",
        (1,),
        "The title of bead 1 ends with a full stop: leave it out.",
    ),
    "a title that tells what was done": Case(
        changed(1, title="Added sums of a day"),
        "title",
        (1,),
        "The title of bead 1 is no imperative (`Added`): begin with what to do, such as `Add`.",
    ),
    "a title of a commit": Case(
        changed(1, title="feat(tally): sum the rows"),
        "title",
        (1,),
        "The title of bead 1 is no imperative (`feat(tally):`): begin with what to do, such as `Add`.",
    ),
    "a talk that nobody heard": Case(
        changed(2, context="The format is CSV, as we\ndiscussed."),
        "refers-to-nothing",
        (2,),
        "Bead 2 refers to what its worker has never seen (`as we discussed` in `context`): say it in full.",
    ),
    "a custom": Case(
        changed(2, scope="Done the usual way."),
        "refers-to-nothing",
        (2,),
        "Bead 2 refers to what its worker has never seen (`the usual way` in `scope`): say it in full.",
    ),
    "what stands above": Case(
        changed(2, acceptance=("Errors are refused, see above.",)),
        "refers-to-nothing",
        (2,),
        "Bead 2 refers to what its worker has never seen (`see above` in `acceptance`): say it in full.",
    ),
    "how it was before": Case(
        changed(2, outcome="Days are exported like before."),
        "refers-to-nothing",
        (2,),
        "Bead 2 refers to what its worker has never seen (`like before` in `outcome`): say it in full.",
    ),
    "another bead by its place": Case(
        changed(2, verification="Run the test from bead 1."),
        "refers-to-nothing",
        (2,),
        "Bead 2 refers to what its worker has never seen (`from bead 1` in `verification`): say it in full.",
    ),
    "a talk in the plan": Case(
        plan(*good(), summary="Cut as agreed."),
        "refers-to-nothing",
        (),
        "The plan refers to what its worker has never seen (`as agreed` in `summary`): say it in full.",
    ),
    "a command": Case(
        changed(2, context="All is well.\n\n/bead approve"),
        "command",
        (2,),
        "Bead 2 has a command in `context` (`/bead approve`): a plan commands nothing.",
    ),
    "a command in a list of the plan": Case(
        plan(*good(), verification="- /bead merge now"),
        "command",
        (),
        "The plan has a command in `verification` (`- /bead merge now`): a plan commands nothing.",
    ),
    "a marker": Case(
        changed(2, title="Export days as CSV <!-- beadwright:bead=12-1-p1 -->", outcome="It is a file."),
        "hidden",
        (2,),
        "Bead 2 hides text in a comment in `title`: say it openly, or leave it out.",
    ),
    "headings that would part the body": Case(
        changed(2, context="First.\n\n## Acceptance criteria\n\n- Nothing"),
        "form",
        (2,),
        "The text of bead 2 would not be read as it is meant (Context, Acceptance criteria): write no"
        " headings, no bold names of sections and nothing that is left open into it.",
    ),
    "a fence that is left open": Case(
        changed(2, verification="```sh\nmake test"),
        "form",
        (2,),
        "The text of bead 2 would not be read as it is meant (Verification, Files, what follows): write no"
        " headings, no bold names of sections and nothing that is left open into it.",
    ),
    "a text that nobody reads": Case(
        changed(2, context="word " * 3_999, scope="word " * 200),
        "too-long",
        (2,),
        "Bead 2 has 21,231 characters: more than 20,000 nobody reads, make it two.",
    ),
    "a bead that is there already": Case(
        changed(4, title="Draw the logos anew", outcome="The logo is drawn anew by hand."),
        "duplicate",
        (4,),
        "Bead 4 is there already as #7 (`Draw the logo anew`): leave it out, and wait for that in"
        " `blocked_by` where it is needed.",
        replace(
            FACTS,
            beads=(
                *FACTS.beads[:2],
                OpenBead(node(7), "Draw the logo anew", "The logo is drawn anew."),
                *FACTS.beads[3:],
            ),
        ),
    ),
    "the same bead twice": Case(
        changed(4, title="Export the day as CSV", outcome="What `Export days as CSV` asks for is true."),
        "duplicate",
        (2, 4),
        "Beads 2 and 4 say the same: make them one, or tell them apart.",
    ),
    # -- what it waits for
    "a place that there is not": Case(
        changed(4, after=(9,)),
        "no-such-place",
        (4,),
        "Bead 4 waits for place 9, which the plan has not: mend `after`.",
    ),
    "an issue that there is not": Case(
        changed(4, blocked_by=(99,)),
        "no-such-issue",
        (4,),
        "Bead 4 waits for #99, which is neither an open bead nor a closed issue: name one in `blocked_by`, or"
        " leave it out.",
    ),
    "a bead that waits for itself": Case(
        changed(4, after=(4,)),
        "cycle",
        (4,),
        "They would wait for each other for ever: bead 4 is blocked by bead 4; the fewest edges to drop: that"
        " bead 4 waits for bead 4.",
    ),
    "two beads that wait for each other": Case(
        changed(1, after=(2,)),
        "cycle",
        (1, 2),
        "They would wait for each other for ever: bead 2 is blocked by bead 1, bead 1 is blocked by bead 2;"
        " the fewest edges to drop: that bead 2 waits for bead 1.",
    ),
    "two rings through one edge": Case(
        changed(1, after=(3, 4)),
        "cycle",
        (1, 2, 3),
        "They would wait for each other for ever: bead 3 is blocked by bead 2, bead 2 is blocked by bead 1,"
        " bead 1 is blocked by bead 3; the fewest edges to drop: that bead 3 waits for bead 2.",
    ),
    "a bead that waits for its epic": Case(
        changed(4, blocked_by=(ISSUE,)),
        "cycle",
        (4,),
        "They would wait for each other for ever: bead 4 is blocked by #12, #12 waits for its child bead 4;"
        " the fewest edges to drop: that bead 4 waits for #12.",
    ),
    "a bead that waits for what waits for the plan": Case(
        changed(4, blocked_by=(8,)),
        "cycle",
        (4,),
        "They would wait for each other for ever: bead 4 is blocked by #8, #8 is blocked by #12, #12 waits"
        " for its child bead 4; the fewest edges to drop: that bead 4 waits for #8.",
    ),
    "a bead that waits for the epic of its epic": Case(
        changed(4, blocked_by=(3,)),
        "cycle",
        (4,),
        "They would wait for each other for ever: bead 4 is blocked by #3, #3 waits for its child #12, #12"
        " waits for its child bead 4; the fewest edges to drop: that bead 4 waits for #3.",
    ),
    "a bead that waits for a deadlock": Case(
        changed(4, blocked_by=(20,)),
        "stuck",
        (4,),
        "Bead 4 waits for #20, which is in a deadlock already: #20 is blocked by #21, #21 is blocked by #20;"
        " it has to be mended first, by dropping that #21 is blocked by #20.",
    ),
    "an issue that is in a deadlock": Case(
        plan(*good()),
        "stuck",
        (),
        "All of this plan is part of #12, which is in a deadlock already: #8 is blocked by #12, #12 is"
        " blocked by #8; it has to be mended first, by dropping that #12 is blocked by #8.",
        replace(FACTS, beads=(OpenBead(node(ISSUE, 8), "Let days be exported"), *FACTS.beads[2:])),
    ),
    # -- what it touches
    "a file that there is not": Case(
        changed(1, files=("tally/total.py",)),
        "no-such-file",
        (1,),
        "Bead 1 changes `tally/total.py`, which is not there (`tally/totals.py` is), and no bead before adds"
        " it: name a file that is there, or add it in `creates`.",
    ),
    "a file that is added by what it does not wait for": Case(
        changed(4, files=("README.md", "docs/reports/12.md")),
        "no-such-file",
        (4,),
        "Bead 4 changes `docs/reports/12.md`, which bead 6 adds: name that in its `after`.",
    ),
    "a path out of the repository": Case(
        changed(4, creates=("../notes.md",)),
        "path",
        (4,),
        "Bead 4 names `../notes.md`, no path within the repository: write one from its root.",
    ),
    "a path from the root of the machine": Case(
        changed(4, creates=("/etc/passwd",)),
        "path",
        (4,),
        "Bead 4 names `/etc/passwd`, no path within the repository: write one from its root.",
    ),
    "a file that is there already": Case(
        changed(2, creates=("tally/export.py", "README.md"), after=(1, 4)),
        "created-already",
        (2,),
        "`README.md`, which bead 2 would add, is there: name it in `files` instead.",
    ),
    "a file that is added twice": Case(
        changed(3, creates=("tally/export.py",)),
        "created-already",
        (2, 3),
        "Beads 2 and 3 would all add `tally/export.py`: let one add it, and name it in `files` of what comes"
        " after.",
    ),
    "a section that there is not": Case(
        changed(4, specs=("docs/spec.md#Day",)),
        "no-such-section",
        (4,),
        "Bead 4 cites `docs/spec.md#day`, and there is no such heading: cite one that is there, such as"
        " `days`.",
    ),
    "a document that there is not": Case(
        changed(4, specs=("docs/specs.md#Days",)),
        "no-such-section",
        (4,),
        "Bead 4 cites `docs/specs.md`, which is not there: cite a document of this repository, or none.",
    ),
    "a document without a section": Case(
        changed(4, specs=("docs/spec.md",)),
        "no-such-section",
        (4,),
        "Bead 4 cites `docs/spec.md` without a section: write `path#heading`.",
    ),
    "two beads at one file": Case(
        changed(4, files=("README.md", "tally/totals.py")),
        "overlap",
        (1, 4),
        "Beads 1 and 4 both touch `tally/totals.py`, and neither waits for the other: let one wait"
        " (`after`), or part them.",
    ),
    "a folder that another bead's file is in": Case(
        changed(4, files=("web",)),
        "overlap",
        (3, 4),
        "Beads 3 and 4 both touch `web/page.html`, and neither waits for the other: let one wait"
        " (`after`), or part them.",
    ),
    "two beads at one interface": Case(
        plan(
            bead("Read a day", interfaces=("`Day.rows()`",), covers=(1,)),
            bead("Write a day", interfaces=("day.rows()",), covers=(2,)),
        ),
        "overlap",
        (1, 2),
        "Beads 1 and 2 both touch the interface `day.rows()`, and neither waits for the other: let one wait"
        " (`after`), or part them.",
    ),
}


def test_a_good_plan_has_no_fault() -> None:
    assert check_plan(plan(*good()), FACTS) == ()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_faulty_plan_is_refused_for_exactly_what_is_wrong(case: Case) -> None:
    faults = check_plan(case.plan, case.facts)
    assert [(fault.code, fault.places, fault.text) for fault in faults] == [
        (FaultCode(case.code), case.places, case.text)
    ]


def test_every_kind_of_fault_has_a_case() -> None:
    assert {case.code for case in CASES.values()} == set(FaultCode)
    assert len(CASES) >= 40


def test_all_that_is_wrong_is_said_at_once() -> None:
    beads = (bead("Adds sums.", covers=(3,)), bead("Show sums", after=(2,), acceptance=(), files=("no.py",)))
    codes = [fault.code.value for fault in check_plan(plan(*beads), FACTS)]
    assert codes == [
        *("covers-nothing", "uncovered", "uncovered", "title", "title", "unsaid", "cycle", "no-such-file")
    ]


def test_one_bead_is_a_fine_plan_and_becomes_the_issue_itself() -> None:
    one = plan(bead("Sum the rows"), outcome="", acceptance=(), verification="")
    assert check_plan(one, FACTS) == ()
    (fault,) = check_plan(plan(bead("Sum the rows", blocked_by=(8,)), acceptance=()), FACTS)
    assert fault.text == (
        "They would wait for each other for ever: #12 is blocked by #8, #8 is blocked by #12; the fewest"
        " edges to drop: that #12 waits for #8."
    )


def test_two_beads_are_a_plan_and_need_no_reconciliation() -> None:
    assert check_plan(plan(bead("Sum the rows", covers=(1,)), bead("Show sums", covers=(2,))), FACTS) == ()


def test_a_plan_that_declines_is_none_and_has_no_fault() -> None:
    assert check_plan(plan(declined="It is there already.", outcome="", acceptance=()), FACTS) == ()


def test_where_files_and_specs_are_not_known_nothing_is_said_of_them() -> None:
    blind = replace(FACTS, files=None, specs=None)
    faulty = changed(4, files=("no.py",), specs=("no.md#No",))
    assert check_plan(faulty, blind) == ()
    assert len(check_plan(faulty, FACTS)) == 2


def test_a_file_may_come_from_an_open_bead_that_is_waited_for() -> None:
    assert check_plan(changed(4, files=("README.md", "web/logo.svg"), blocked_by=(7,)), FACTS) == ()
    (fault,) = check_plan(changed(4, files=("README.md", "web/logo.svg"), blocked_by=()), FACTS)
    assert fault.code is FaultCode.FILE


def test_a_section_is_cited_by_its_words_or_its_anchor_and_may_be_added_first() -> None:
    for section in ("docs/spec.md#Errors: what is refused", "docs/spec.md#errors-what-is-refused"):
        assert check_plan(changed(4, specs=(section,)), FACTS) == ()
    added = changed(2, creates=("tally/export.py", "docs/csv.md")).beads
    beads = (*added[:2], PlannedBead.model_validate({**dict(added[2]), "specs": ("docs/csv.md#Form",)}))
    assert check_plan(plan(*beads, *added[3:]), FACTS) == ()


def test_gaps_are_checked_one_by_one_and_not_as_a_plan() -> None:
    gaps = PlanAnswer(
        beads=(bead("Mend Fridays", files=("README.md",)), bead("Say so", files=("README.md",)))
    )
    assert [fault.code.value for fault in check_beads(gaps, FACTS)] == ["overlap"]


def test_a_gap_alone_is_a_bead_of_its_epic_and_not_the_epic() -> None:
    child = OpenBead(node(30, parent=ISSUE), "Draw the rows")
    facts = replace(FACTS, beads=(*FACTS.beads, child))
    alone = PlanAnswer(beads=(bead("Mend Fridays", blocked_by=(30,)),))
    assert check_beads(alone, facts) == ()
    (fault,) = check_plan(alone, facts)
    assert fault.text.startswith("They would wait for each other for ever: #12 is blocked by #30, #30 waits")


@pytest.mark.parametrize(
    "text",
    [
        "See `docs/spec.md` for what was agreed.",
        "It is as discussed in #7 and `docs/spec.md`.",
        "Totals stay the same as before.",
        "The last call to the API decides, the previous meeting is shown below it.",
        "Prints `see above` and `as discussed`.",
        "```\nas discussed\n```",
        "What is described in the next section of docs/spec.md.",
        "Unusual ways are refused.",
        "A path such as /beads/12, or `/bead plan` in code.",
    ],
)
def test_a_text_that_stands_alone_is_let_pass(text: str) -> None:
    assert check_plan(changed(2, context=text), FACTS) == ()


@pytest.mark.parametrize(
    "title",
    [
        *("Embed the logo", "Bring back the total", "Process days in order", "Alias `day` to `date`"),
        *("Feed rows to the export", "Focus the field", "Pass the day on", "Don't round sums"),
        *("Показать сумму", "Test the export", "String days together", "Re-run what failed"),
    ],
)
def test_a_title_may_begin_with_any_verb(title: str) -> None:
    assert is_imperative(title)


@pytest.mark.parametrize(
    "title",
    [
        *(
            "Adding sums",
            "Fixed sums",
            "Shows sums",
            "The sums",
            "We need sums",
            "Totals are wrong",
            "[WIP] Add",
        ),
        *("fix: sums", "As a user, I want sums", "2 sums", "`sum` is wrong", "New page", ""),
    ],
)
def test_a_title_that_does_not_say_what_to_do_is_told(title: str) -> None:
    assert not is_imperative(title)


@given(
    st.lists(st.frozensets(st.integers(1, 5), max_size=3), min_size=2, max_size=5),
    st.frozensets(st.integers(1, 5), max_size=2),
)
def test_without_the_edges_that_it_is_told_to_drop_a_plan_has_no_cycle(
    after: list[frozenset[int]], waits_for_the_epic: frozenset[int]
) -> None:
    beads = [
        bead(f"Add part {place}", after=sorted(waits), blocked_by=(3,) if place in waits_for_the_epic else ())
        for place, waits in enumerate(after, start=1)
    ]
    for fault in check_beads(PlanAnswer(beads=tuple(beads)), FACTS):
        for place, other, number in re.findall(
            r"that bead (\d+) waits for (?:bead (\d+)|#(\d+))", fault.text
        ):
            at = int(place) - 1
            beads[at] = beads[at].model_copy(
                update={
                    "after": tuple(one for one in beads[at].after if str(one) != other),
                    "blocked_by": tuple(one for one in beads[at].blocked_by if str(one) != number),
                }
            )
    found = check_beads(PlanAnswer(beads=tuple(beads)), FACTS)
    assert not [fault for fault in found if fault.code is FaultCode.CYCLE]
