"""The run of a report bead on a real repository: what its worker is told, and which work gets through."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.beads.coverage import Coverage, KeptCoverage
from bot.coordinator.history import Found, Word
from bot.coordinator.job_port import EpicBead, EpicFacts, MergedPull
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan, plan_path, write_report
from bot.jobs.publish import Denied
from tests.unit.job_world import BEAD, World
from tests.unit.test_report_page import PATH, TEXT

EPIC = 3
ROWS = (
    Coverage(
        source="#3.1", text="All is counted.", status="met", beads=(4,), pulls=(14,), tests=("t.py::t",)
    ),
    Coverage(source="specs/tally.md#counting", status="partly", evidence="Sums\u202e lack."),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An epic #3 with the bead #4, reconciled with one gap that ann has accepted; bead #7 is its report."""
    world = World(tmp_path / "world")
    beads = (
        EpicBead(4, "Say two", "x", False, labels=("bead",), pulls=(MergedPull(14, "b" * 40),)),
        EpicBead(BEAD, "Report", "All.", True, labels=("bead", "report")),
    )
    kept = KeptCoverage(epic=EPIC, bead=6, run_id=5, base="a" * 40, summary="Mostly.", matrix=ROWS)
    world.family = EpicFacts(EPIC, "Count", "Count all.", beads, kept="c" * 40, coverage=kept)
    return world


def dispatch(world: World, text: str, path: str = PATH, attempt: int = 1) -> Inputs:
    """Start a run that writes this text."""
    world.program(
        f"page = pathlib.Path({path!r})\npage.parent.mkdir(parents=True, exist_ok=True)\n"
        f"page.write_text({json.dumps(text)})\nanswer(status='pr', summary='Written.')"
    )
    inputs = world.dispatch(attempt=attempt)
    claims = world.claims()
    accepted = Word(by="ann", at=datetime(2026, 11, 3, tzinfo=UTC), reason="Next year.")
    claims = claims.remember(EPIC, accepted=accepted).remember(
        4, found=(Found(run_id=5, index=0, title="Mind the sums"),), closed=datetime(2026, 11, 2, tzinfo=UTC)
    )
    live = {BEAD: claims.live[BEAD].model_copy(update={"report": True})}
    world.write(claims.model_copy(update={"live": live}))
    return inputs


def test_a_reports_worker_is_told_the_epic_its_matrix_and_what_was_accepted(world: World) -> None:
    inputs = dispatch(world, TEXT)
    world.prepare(inputs)
    told = Plan.model_validate_json(plan_path(inputs).read_bytes()).prompt
    assert told.startswith(f"# Bead #{BEAD}: Say two\n")
    assert f"write `{PATH}` for people" in told
    assert "- `Open gaps`\n" in told
    assert "- #4 Say two; #14 merged as bbbbbbbbbbbb\n" in told
    assert "- `#3.1` met: All is counted.\n  beads 4; pull requests 14; tests t.py::t\n" in told
    assert "Sums[U+202E] lack." in told
    assert "What is open was accepted by @ann on 2026-11-03: Next year. Write that under `Open gaps`." in told
    assert "- #4: Mind the sums\n" in told
    assert world.requests == ["facts", "epic"]


def test_what_is_wrong_with_the_page_of_an_earlier_attempt_is_told_to_the_next(world: World) -> None:
    inputs = dispatch(world, TEXT.replace("## Risks", "## Chances"))
    assert world.agent(inputs).failure is not None
    world.publish(inputs)
    again = dispatch(world, TEXT, attempt=2)
    world.prepare(again)
    told = Plan.model_validate_json(plan_path(again).read_bytes()).prompt
    assert f"The page that is there is not that yet:\n- `{PATH}` has no section `Risks`" in told


def test_a_report_that_says_all_becomes_a_pull_request(world: World) -> None:
    inputs = dispatch(world, TEXT)
    report = world.agent(inputs)
    assert report.failure is None
    world.publish(inputs)
    assert world.read(world.ref(f"refs/heads/bead/{BEAD}"), PATH) == TEXT


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        (TEXT.replace("**Partly**", "met"), PATH, "does not say `partly` of `specs/tally.md#counting`"),
        (TEXT, "docs/reports/EPIC-4.md", f"a report changes `{PATH}` alone, not `docs/reports/EPIC-4.md`"),
        (TEXT, "src/a.txt", f"a report changes `{PATH}` alone, not `src/a.txt`"),
    ],
    ids=["another status", "another report", "code"],
)
def test_a_report_that_leaves_out_or_goes_beyond_is_refused_in_both_jobs(
    world: World, text: str, path: str, why: str
) -> None:
    inputs = dispatch(world, text, path)
    report = world.agent(inputs)
    assert why in (report.failure or "")
    write_report(inputs, report.model_copy(update={"failure": None}))
    with pytest.raises(Denied) as denial:
        world.publish(inputs)
    assert why in str(denial.value)
    assert world.ref(f"refs/heads/bead/{BEAD}") is None
