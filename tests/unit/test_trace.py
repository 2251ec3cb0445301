"""The chain from requirement to merge commit, both ways, and what is missing in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.beads.body import render_body
from bot.beads.coverage import Coverage
from bot.beads.plan import PlannedBead
from bot.beads.planned_body import body_of
from bot.beads.trace import Trace, trace
from bot.beads.trace_facts import (
    Facts,
    TracedBead,
    TracedCommit,
    TracedPull,
    is_test,
    sections_of,
    traced_bead,
)
from bot.beads.trace_graph import Because, Link, chain, reach, taken_back

SPEC = """\
# count Specification
## Purpose
To count.
## Requirements
### Requirement: Words are counted
#### Scenario: Two words
#### Scenario: No word
### Requirement: Lines are counted
#### Scenario: No word
```
### Requirement: In a fence
```
"""
SHA, OTHER = "a" * 40, "b" * 40
EPIC = TracedBead(1, "Measure", criteria=("Words", "Lines"))
BEAD = TracedBead(2, "Count words", open=False, parent=1, serves=((1, 1),))
PULL = TracedPull(3, "Count words", "merged", bead=2, files=("tests/test_a.py",), commit=SHA, on_base=True)
DONE = Facts(beads=(EPIC, BEAD), pulls=(PULL,))


def walked(facts: Facts, start: str) -> Trace:
    found = trace(facts, start)
    assert found is not None
    return found


def missing(facts: Facts, start: str) -> list[str]:
    return [f"{gap.about} {gap.what}" for gap in walked(facts, start).gaps]


# -- reading ------------------------------------------------------------------------------------------------
def test_requirements_belong_to_their_document_and_scenarios_to_their_requirement() -> None:
    found = [(one.kind, one.name, one.parent, one.anchor) for one in sections_of("s.md", SPEC)]
    assert found == [
        ("section", "count Specification", "", "count-specification"),
        ("section", "Purpose", "count-specification", "purpose"),
        ("section", "Requirements", "count-specification", "requirements"),
        ("requirement", "Words are counted", "", "requirement-words-are-counted"),
        ("scenario", "Two words", "requirement-words-are-counted", "scenario-two-words"),
        ("scenario", "No word", "requirement-words-are-counted", "scenario-no-word"),
        ("requirement", "Lines are counted", "", "requirement-lines-are-counted"),
        ("scenario", "No word", "requirement-lines-are-counted", "scenario-no-word-1"),
    ]


def test_what_a_plan_has_a_bead_cite_and_serve_is_read_from_the_bead() -> None:
    planned = PlannedBead(title="Count", specs=("s.md#Requirement: Words are counted", "t.md"), covers=(2, 1))
    text = render_body(body_of(planned, ("Words", "Lines, see #7.1"), epic=1))
    bead = traced_bead(2, "Count", text, open=True)
    assert bead.specs == (("s.md", "requirement-words-are-counted"), ("t.md", ""))
    assert bead.serves == ((1, 1), (1, 2))


def test_what_a_reconciliation_had_a_bead_made_for_is_read_from_the_bead() -> None:
    gap = PlannedBead(title="Count", covers=(2, 3))
    text = render_body(body_of(gap, ("#1.1: Words", "#1.2: Lines", "s.md#words: Words")))
    assert traced_bead(2, "Count", text, open=True).serves == ((1, 2),)


@pytest.mark.parametrize(
    ("item", "section"),
    [
        ("`docs/spec.md#Two words`", ("docs/spec.md", "two-words")),
        ("docs/spec.md#two-words", ("docs/spec.md", "two-words")),
        ("[Two words](docs/spec.md#two-words)", ("docs/spec.md", "two-words")),
        ("docs/spec.md", ("docs/spec.md", "")),
    ],
)
def test_people_cite_sections_in_several_ways(item: str, section: tuple[str, str]) -> None:
    assert traced_bead(2, "x", f"## Specs\n\n- {item}\n", open=True).specs == (section,)


def test_a_bead_that_cites_nothing_cites_nothing() -> None:
    assert traced_bead(2, "x", "## Specs\n\n- as we said\n\n#1.2 is served", open=True).specs == ()
    assert traced_bead(2, "x", "It serves #1.2, they say.", open=True).serves == ()


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "test_a.py",
        "src/a_test.go",
        "a.test.ts",
        "a.spec.ts",
        "src/ATest.java",
        "spec/a_spec.rb",
        "e2e/login.ts",
        "features/login.feature",
        "pkg/tests/data/one.json",
        "src/__tests__/a.js",
    ],
)
def test_a_path_of_a_test_is_one(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    ["a.py", "src/testament.py", "contest/a.py", "openspec/specs/a/spec.md", "tests/README.md", "a.md"],
)
def test_other_paths_are_no_tests(path: str) -> None:
    assert not is_test(path)


# -- the chain ----------------------------------------------------------------------------------------------
def test_each_link_says_which_fact_it_rests_on() -> None:
    bead = replace(BEAD, specs=(("s.md", "two-words"),))
    facts = replace(DONE, beads=(EPIC, bead), sections=sections_of("s.md", SPEC))
    found = {(link.source, link.target): link.because for link in chain(facts).links}
    assert found["s.md", "s.md#requirement-words-are-counted"] is Because.HOLDS
    assert found["s.md#scenario-two-words", "#2"] is Because.CITED
    assert found["#1", "#1.1"] is Because.HOLDS
    assert found["#1.1", "#2"] is Because.SERVED
    assert found["#2", "#3"] is Because.BRANCH
    assert found["#3", "tests/test_a.py"] is Because.CHANGES
    assert found["#3", SHA] is Because.MERGED
    assert ("#1", "#2") not in found  # by its criterion, not twice


def test_headings_that_no_bead_cites_are_not_drawn_below_their_document() -> None:
    facts = Facts(beads=(replace(BEAD, specs=(("s.md", "purpose"),)),), sections=sections_of("s.md", SPEC))
    below = {link.target for link in walked(facts, "s.md").forward}
    assert {"s.md#count-specification", "s.md#purpose"} < below
    assert "s.md#requirements" not in below


def test_beads_of_an_epic_with_one_lead_have_its_pull_request() -> None:
    facts = Facts(beads=(EPIC, BEAD), pulls=(replace(PULL, bead=1),))
    assert Link("#2", "#3", Because.LED) in walked(facts, "#1.1").forward
    assert not any("#2" in gap for gap in missing(facts, "#1"))


def test_a_pull_request_that_proposed_a_change_of_the_specs_did_none_of_the_epics_beads() -> None:
    files = ("openspec/changes/count/proposal.md", "openspec/changes/count/tasks.md")
    facts = Facts(beads=(EPIC, BEAD), pulls=(replace(PULL, bead=1, files=files),))
    assert Link("#1", "#3", Because.BRANCH) in walked(facts, "#1").forward
    assert missing(facts, "#2") == ["#2 has no pull request: none is on the branch bead/2"]
    assert missing(facts, "#3") == []


def test_whoever_is_not_known_is_not_reached() -> None:
    assert trace(DONE, "#9") is None


# -- what is missing ----------------------------------------------------------------------------------------
def test_of_a_bead_that_is_done_nothing_is_missing() -> None:
    assert missing(DONE, "#2") == missing(DONE, SHA) == missing(DONE, "#1.1") == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"files": ("a.py",)}, "#3 changes no test"),
        ({"on_base": False}, "#3 was merged as aaaaaaaaaaaa, which is not on main"),
        ({"state": "closed"}, "#2 has a pull request that was closed and not merged"),
        ({"state": "open"}, "#2 is closed, and nothing of it is merged"),
        ({"bead": None}, "#2 has no pull request: none is on the branch bead/2"),
    ],
)
def test_each_missing_link_of_a_bead_is_named(changes: dict[str, object], says: str) -> None:
    facts = replace(DONE, pulls=(replace(PULL, **changes),))  # type: ignore[arg-type]
    assert says in missing(facts, "#2")


def test_what_belongs_to_no_bead_says_so() -> None:
    facts = replace(DONE, pulls=(replace(PULL, bead=None),))
    assert missing(facts, "#3") == ["#3 belongs to no bead"]
    alone = Facts(commits=(TracedCommit(SHA, "x", True),))
    assert missing(alone, SHA) == [f"{SHA} belongs to no pull request and names no bead"]


def test_a_document_that_nobody_looked_for_is_not_called_missing() -> None:
    bead = replace(BEAD, specs=(("gone.md", "x"), ("https://example.org/a.md", "")))
    facts = replace(DONE, beads=(EPIC, bead), documents=frozenset({"gone.md"}))
    assert [gap for gap in missing(facts, "#2") if "cited" in gap] == [
        "gone.md#x is cited by #2 and is not in the repository"
    ]


def test_a_criterion_that_only_a_reconciliation_found_a_test_of_has_one() -> None:
    said = Coverage(source="#1.2", text="Lines", status="met", tests=("tests/test_b.py::x",), beads=(1, 2))
    facts = replace(DONE, coverage=(said,))
    assert missing(DONE, "#1") == ["#1.2 is served by no bead"]
    assert missing(facts, "#1") == []
    assert walked(facts, "#1.2").nodes["#1.2"].state == "met, as reconciled"


def test_a_reconciliation_of_what_is_not_known_adds_nothing() -> None:
    rows = (
        Coverage(source="#9.1", text="x", status="met"),
        Coverage(source="x.md#y", text="x", status="met"),
    )
    assert chain(replace(DONE, coverage=rows)) == chain(DONE)


def test_a_criterion_does_not_lead_back_to_the_bead_that_asks_for_it() -> None:
    said = Coverage(source="#2.1", text="x", status="met", beads=(2,), commits=(SHA[:7],))
    found = walked(replace(DONE, coverage=(said,)), "#2.1")
    assert {link.target for link in found.forward} == {SHA}


def pulls(*reverts: tuple[int, int | None, str]) -> tuple[TracedPull, ...]:
    return tuple(TracedPull(number, "x", state, reverts=of) for number, of, state in reverts)  # type: ignore[arg-type]


def test_a_revert_counts_once_it_is_merged_and_not_once_it_is_reverted_itself() -> None:
    assert taken_back(pulls((3, None, "merged"), (4, 3, "open"))) == {}
    assert taken_back(pulls((3, None, "merged"), (4, 3, "merged"))) == {3: 4}
    assert taken_back(pulls((3, None, "merged"), (4, 3, "merged"), (5, 4, "merged"))) == {4: 5}
    assert taken_back(pulls((3, 3, "merged"), (4, 5, "merged"))) == {}


def test_what_was_taken_back_says_so_from_either_end() -> None:
    revert = TracedPull(4, "Revert", "merged", reverts=3, commit=OTHER, on_base=True)
    facts = replace(DONE, pulls=(PULL, revert))
    said = ["#3 was taken back by #4: what it did is not on main any more"]
    assert missing(facts, "#1.1") == missing(facts, OTHER) == missing(facts, SHA) == said


# -- both ways ----------------------------------------------------------------------------------------------
NUMBERS = st.integers(1, 6)
SECTIONS = sections_of("s.md", SPEC)
CITED = st.sampled_from([("s.md", one.anchor) for one in SECTIONS] + [("s.md", ""), ("t.md", "gone")])
BEADS = st.builds(
    TracedBead,
    number=NUMBERS,
    title=st.just("x"),
    open=st.booleans(),
    parent=st.none() | NUMBERS,
    criteria=st.just(("one", "two")),
    specs=st.lists(CITED, max_size=2).map(tuple),
    serves=st.lists(st.tuples(NUMBERS, st.integers(1, 3)), max_size=2).map(tuple),
)
PULLS = st.builds(
    TracedPull,
    number=st.integers(10, 14),
    title=st.just("x"),
    state=st.sampled_from(["open", "merged", "closed"]),
    bead=st.none() | NUMBERS,
    reverts=st.none() | st.integers(10, 14),
    files=st.lists(st.sampled_from(["a.py", "tests/a.py", "tests/b.py"]), max_size=2).map(tuple),
    commit=st.sampled_from([SHA, OTHER]),
    on_base=st.none() | st.booleans(),
)
ROWS = st.builds(
    Coverage,
    source=st.sampled_from(["#1.1", "#2.2", "#3", "s.md#requirement-words-are-counted", "x.md#y"]),
    text=st.just("x"),
    status=st.sampled_from(["met", "partly", "missing"]),
    beads=st.lists(NUMBERS, max_size=2).map(tuple),
    pulls=st.lists(st.integers(10, 14), max_size=2).map(tuple),
    tests=st.lists(st.sampled_from(["tests/a.py::x", "tests/c.py"]), max_size=1).map(tuple),
    commits=st.lists(st.sampled_from([SHA[:7], "c" * 9]), max_size=1).map(tuple),
)
WORLDS = st.builds(
    Facts,
    documents=st.just(frozenset({"s.md", "t.md"})),
    sections=st.sampled_from([SECTIONS, ()]),
    beads=st.lists(BEADS, max_size=6, unique_by=lambda one: one.number).map(tuple),
    pulls=st.lists(PULLS, max_size=5, unique_by=lambda one: one.number).map(tuple),
    coverage=st.lists(ROWS, max_size=3).map(tuple),
)


@settings(max_examples=40)
@given(WORLDS)
def test_whatever_is_reached_forward_reaches_backward(facts: Facts) -> None:
    whole = chain(facts)
    ahead, back = whole.steps(forward=True), whole.steps(forward=False)
    for one in whole.nodes:
        for other in reach(ahead, one):
            assert one in reach(back, other)
        for other in reach(back, one):
            assert one in reach(ahead, other)


@settings(max_examples=40)
@given(WORLDS)
def test_a_trace_holds_exactly_what_comes_before_and_after_and_every_link_of_it(facts: Facts) -> None:
    whole = chain(facts)
    ahead, back = whole.steps(forward=True), whole.steps(forward=False)
    for start in whole.nodes:
        found = walked(facts, start)
        assert set(found.nodes) == reach(ahead, start) | reach(back, start)
        assert {start, *(link.target for link in found.forward)} == reach(ahead, start)
        assert {start, *(link.source for link in found.backward)} == reach(back, start)
        assert all(gap.about in found.nodes for gap in found.gaps)


@settings(max_examples=40)
@given(WORLDS)
def test_every_requirement_is_answered_or_said_to_be_missing(facts: Facts) -> None:
    whole = chain(facts)
    steps = whole.steps(forward=True)
    for name, node in whole.nodes.items():
        if node.kind == "requirement":
            kinds = {whole.nodes[one].kind for one in reach(steps, name)}
            told = any(gap.about == name for gap in walked(facts, name).gaps)
            assert told is not ({"bead", "test"} <= kinds)
