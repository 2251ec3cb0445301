"""What the guards add up to."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.guards import CheckFact, CoolDown, GuardReport, GuardResult, PullFacts, Required, evaluate
from bot.guards.result import WORST_LAST, State
from tests.unit.test_guards.good import GOOD, HEAD

SHA = st.text("0123456789abcdef", min_size=40, max_size=40)
CHECK = st.builds(
    CheckFact,
    st.sampled_from(["tests", "lint", "beadwright", "docs"]),
    st.sampled_from(["green", "red", "waiting"]),
    st.sampled_from([None, 7, 8]),
    st.booleans(),
    st.booleans(),
)
ANY = st.builds(
    PullFacts,
    open=st.booleans(),
    draft=st.booleans(),
    head=st.just(HEAD),
    reviewed_head=st.none() | st.just(HEAD) | SHA,
    approved=st.booleans(),
    behind=st.none() | st.booleans(),
    unresolved_threads=st.integers(0, 3),
    required=st.lists(
        st.builds(Required, st.sampled_from(["tests", "beadwright"]), st.none() | st.just(7))
    ).map(tuple),
    checks=st.lists(CHECK, max_size=4).map(tuple),
    min_checks=st.integers(0, 3),
    changes_requested_by=st.lists(st.just("ann"), max_size=1).map(tuple),
    approvals=st.integers(0, 2),
    required_approvals=st.integers(0, 2),
    mergeable=st.sampled_from(["clean", "conflict", "unknown"]),
    blocking_labels=st.lists(st.just("do-not-merge"), max_size=1).map(tuple),
    base_state=st.sampled_from(["green", "red", "waiting"]),
    cool_down=st.lists(
        st.builds(
            CoolDown,
            st.just("b[bot]"),
            st.sampled_from(["blocking", "advisory", "ignored"]),
            st.integers(-5, 5),
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    twin_pulls=st.lists(st.integers(1, 9), max_size=1).map(tuple),
    rules_known=st.booleans(),
    own_check=st.just("beadwright"),
)
WORSE = st.sampled_from(
    [
        {"open": False},
        {"draft": True},
        {"reviewed_head": None},
        {"reviewed_head": "f" * 40},
        {"approved": False},
        {"behind": True},
        {"behind": None},
        {"unresolved_threads": 1},
        {"required": (Required("never seen"),)},
        {"required": (Required("tests", 999),)},
        {"checks": (CheckFact("tests", "red", 7),), "required": (Required("tests"),)},
        {"checks": (), "min_checks": 1},
        {"changes_requested_by": ("eve",)},
        {"approvals": 0, "required_approvals": 1},
        {"mergeable": "conflict"},
        {"mergeable": "unknown"},
        {"blocking_labels": ("do-not-merge",)},
        {"base_state": "red"},
        {"base_state": "waiting"},
        {"cool_down": (CoolDown("b[bot]", "advisory", 1, False),)},
        {"twin_pulls": (3,)},
        {"rules_known": False},
    ]
)


def test_a_good_pull_request_merges() -> None:
    report = evaluate(GOOD)
    assert report.merges
    assert report.state == "pass"
    assert report.reasons == ()


@given(facts=ANY, worse=WORSE)
def test_a_fact_turned_bad_never_merges_whatever_the_others_are(
    facts: PullFacts, worse: dict[str, object]
) -> None:
    assert not evaluate(replace(facts, **worse)).merges  # type: ignore[arg-type]


@given(facts=ANY)
def test_every_guard_answers_whatever_the_others_found(facts: PullFacts) -> None:
    report = evaluate(facts)
    names = [result.name for result in report.results]
    assert len(names) == len(set(names)) == 15
    assert all(result.reason for result in report.results)
    assert report.merges == (report.state == "pass") == (report.reasons == ())


@given(st.lists(st.sampled_from(WORST_LAST), min_size=1))
def test_the_report_is_as_bad_as_its_worst_guard(states: list[State]) -> None:
    report = GuardReport(tuple(GuardResult(f"g{n}", state, "why") for n, state in enumerate(states)))
    assert report.merges == (set(states) == {"pass"})
    for state in ("block", "unknown", "wait"):
        if state in states:
            assert report.state == state
            break


def test_without_guards_nothing_merges() -> None:
    assert not GuardReport(()).merges
    assert GuardReport(()).state == "unknown"


def test_a_check_named_to_break_the_table_or_ping_stays_a_quoted_word() -> None:
    hostile = "a|b \\|c\n@octo `fixes #1`"
    table = evaluate(replace(GOOD, required=(Required(hostile),))).table()
    row = next(line for line in table.splitlines() if "required-checks" in line)
    assert "`a\\|b \\\\\\|c @octo fixes #1`" in row
    assert len(table.splitlines()) == 17
