"""The reconciler's run on a real repository: what it is shown, what it may say, and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.beads.coverage import coverage_ref, load_kept_coverage
from bot.coordinator.history import Planning, Word
from bot.coordinator.job_port import EpicBead, EpicFacts, JobFault, MergedPull
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan, plan_path, write_report
from bot.jobs.publish import Denied
from tests.unit.job_world import BEAD, World

EPIC = 3
SPEC = "# Tallying\n\n### Requirement: Counting\nIt SHALL count.\n"
FILES = {"specs/tally.md": SPEC, "tests/test_two.py": "def test_two():\n    pass\n", "src/a.txt": "two\n"}
TEXT = "## Outcome\n\nIt counts.\n\n## Acceptance criteria\n\n1. It says two.\n2. It says three.\n"
CITES = "## Acceptance\n\n1. All is counted.\n\n## Specs\n\n- `specs/tally.md#requirement-counting`\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An epic #3 with the bead #4 (merged as #14), the dropped #5 and the bead #7 that reconciles it."""
    world = World(tmp_path / "world")
    merged = world.commit("main", FILES, message="Say two (#4)")
    beads = (
        EpicBead(
            4, "Say two", TEXT, False, labels=("bead",), pulls=(MergedPull(14, merged, ("src/a.txt",)),)
        ),
        EpicBead(5, "Say four", "1. It says four.", False, dropped=True, labels=("bead",)),
        EpicBead(BEAD, "Reconcile", "All.", True, labels=("bead", "reconcile")),
    )
    world.family = EpicFacts(EPIC, "Count", CITES, beads)
    world.title, world.body = "Reconcile", "All."
    return world


def row(source: str, **changes: Any) -> dict[str, Any]:
    met = {
        "source": source,
        "status": "met",
        "beads": [4],
        "pulls": [14],
        "tests": ["tests/test_two.py::test_two"],
    }
    return {**met, **changes}


MET = [row("#3.1"), row("#4.1"), row("#4.2"), row("specs/tally.md#requirement-counting")]
MISSING = row("#4.2", status="missing", evidence="Nothing says three.", tests=[])
GAP = {
    "title": "Say three",
    "covers": [3],
    "outcome": "It says three.",
    "context": "The text says two.",
    "acceptance": ["It says three."],
    "scope": "Only the text.",
    "verification": "`grep three src/a.txt` finds it.",
    "files": ["src/a.txt"],
}


def answers(matrix: list[dict[str, Any]], *gaps: dict[str, Any]) -> str:
    said = {"summary": "Held against it.", "matrix": matrix, "gaps": list(gaps)}
    return f"answer(**json.loads({json.dumps(json.dumps(said))}))"


def prompt(inputs: Inputs) -> str:
    return Plan.model_validate_json(plan_path(inputs).read_bytes()).prompt


def test_a_reconciler_is_shown_the_epic_its_beads_what_was_merged_and_what_is_asked(world: World) -> None:
    world.program(answers(MET))
    inputs = world.dispatch("reconciler")
    world.prepare(inputs)
    told = prompt(inputs)
    assert told.startswith("# Reconcile epic #3: Count\n")
    assert world.family is not None
    commit = world.family.beads[0].pulls[0].commit
    assert "### #4 Say two\n\n> ## Outcome\n> \n> It counts." in told
    assert f"- merged: #14 as {commit}: src/a.txt" in told
    assert "### #5 Say four (dropped by a person: it asks for nothing)" in told
    assert "### #7" not in told
    assert "## specs/tally.md#requirement-counting\n\n### Requirement: Counting\nIt SHALL count." in told
    listed = [line for line in told.splitlines() if line.startswith("- `")]
    assert listed[:4] == [
        "- `#3.1`: All is counted.",
        "- `#4.1`: It says two.",
        "- `#4.2`: It says three.",
        "- `specs/tally.md#requirement-counting`: Requirement: Counting",
    ]
    assert world.requests == ["facts", "epic", "open_beads"]


def test_what_a_full_reconciliation_came_to_is_kept_with_the_claim(world: World) -> None:
    report = world.run(answers(MET), role="reconciler")
    assert report.failure is None
    assert report.reconciler is not None
    claim = world.claims().live[BEAD]
    assert (claim.stage, claim.outcome) == ("published", "proposed")
    at = world.ref(coverage_ref(EPIC))
    assert at is not None
    kept = load_kept_coverage(world.git.text("log", "-1", "--format=%B", at))
    assert (kept.epic, kept.bead, kept.run_id, kept.base) == (EPIC, BEAD, 101, report.base)
    assert [(one.source, one.text, one.status) for one in kept.matrix][1] == ("#4.1", "It says two.", "met")
    assert world.comments == []
    assert world.git.text("for-each-ref", "refs/beadwright/staging") == ""


def test_a_later_reconciliation_goes_on_from_the_one_before(world: World) -> None:
    world.run(answers([*MET[:2], MISSING, MET[3]], GAP), role="reconciler")
    first = world.ref(coverage_ref(EPIC))
    assert world.family is not None
    world.family = EpicFacts(EPIC, "Count", CITES, world.family.beads, kept=first)
    world.run(answers(MET), role="reconciler", attempt=2)
    last = world.ref(coverage_ref(EPIC))
    assert last is not None
    assert world.git.text("rev-parse", f"{last}^") == first


def test_an_answer_with_faults_is_asked_for_again_and_then_refused_with_all_of_them(world: World) -> None:
    wrong = [*MET[:2], row("#4.2", pulls=[99], tests=["tests/none.py"])]
    report = world.run(f"print('a round')\n{answers(wrong)}", role="reconciler")
    assert report.reconciler is None
    assert report.failure == (
        "specs/tally.md#requirement-counting has no row in the matrix: Requirement: Counting; "
        "#4.2: #99 is no merged pull request of a bead of the epic #3; "
        "#4.2: the test `tests/none.py` is not there: the base has no file `tests/none.py`"
    )
    assert world.claims().live[BEAD].outcome == "failed"
    assert world.ref(coverage_ref(EPIC)) is None


def test_gaps_are_checked_as_beads_of_a_plan_are(world: World) -> None:
    vague = {**GAP, "context": "As discussed.", "files": ["src/none.txt"]}
    report = world.run(answers([*MET[:2], MISSING, MET[3]], vague), role="reconciler")
    failure = report.failure or ""
    assert failure.count("gaps: ") == 2
    assert "`As discussed`" in failure
    assert "`src/none.txt`" in failure


def test_what_the_lead_of_an_epic_did_counts_for_its_beads(world: World) -> None:
    assert world.family is not None
    (bead, *others), pulls = world.family.beads, world.family.beads[0].pulls
    world.family = replace(world.family, beads=(replace(bead, pulls=()), *others), pulls=pulls)
    report = world.run(answers(MET), role="reconciler")
    assert report.failure is None


def test_a_revision_is_told_to_the_reconciler(world: World) -> None:
    word = Word(by="ann", at=datetime(2026, 11, 1, tzinfo=UTC))
    planning = Planning(role="reconciler", word=word, text="Look at the tests again.")
    world.write(world.claims().remember(BEAD, planning=planning))
    world.program(answers(MET))
    inputs = world.dispatch("reconciler")
    world.prepare(inputs)
    assert "@ann asks, of what you said before:\n\n> Look at the tests again.\n" in prompt(inputs)


def test_publish_believes_no_report_and_reads_the_files_that_it_names(world: World) -> None:
    """The agent job cannot know what the files say that an answer will name."""
    world.program(answers([*MET[:3], row(MET[3]["source"], tests=["tests/test_two.py::test_three"])]))
    inputs = world.dispatch("reconciler")
    report = world.agent(inputs)
    assert report.failure is None
    with pytest.raises(Denied, match="does not name `test_three`"):
        world.publish(inputs)
    assert world.ref(coverage_ref(EPIC)) is None
    assert world.claims().live[BEAD].outcome == "failed"
    assert "does not name `test_three`" in world.comments[0]


def test_a_forged_matrix_gets_nowhere(world: World) -> None:
    world.program(answers(MET))
    inputs = world.dispatch("reconciler")
    report = world.agent(inputs)
    assert report.reconciler is not None
    forged = report.reconciler.model_copy(update={"matrix": report.reconciler.matrix[:1]})
    write_report(inputs, report.model_copy(update={"reconciler": forged}))
    with pytest.raises(Denied, match=r"#4\.2 has no row"):
        world.publish(inputs)
    assert world.ref(coverage_ref(EPIC)) is None


def test_a_merge_that_is_not_on_the_base_counts_for_nothing(world: World) -> None:
    away = world.commit("elsewhere", {"src/a.txt": "two\n"})
    assert world.family is not None
    bead, *others = world.family.beads
    moved = EpicBead(4, bead.title, TEXT, False, labels=("bead",), pulls=(MergedPull(14, away),))
    world.family = EpicFacts(EPIC, "Count", CITES, (moved, *others))
    report = world.run(answers(MET), role="reconciler")
    assert "#4.1: #14 is no merged pull request of a bead of the epic #3" in (report.failure or "")


def test_an_epic_without_a_bead_that_works_is_not_reconciled(world: World) -> None:
    assert world.family is not None
    world.family = EpicFacts(EPIC, "Count", CITES, world.family.beads[1:])
    world.program(answers(MET))
    inputs = world.dispatch("reconciler")
    with pytest.raises(JobFault, match="epic #3 has no bead that was worked on"):
        world.prepare(inputs)
