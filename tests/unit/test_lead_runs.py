"""The runs of an epic that one worker does: they are shown its beads, and publish for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.beads.model import Role
from bot.coordinator.job_port import BeadText, JobFault
from bot.jobs.plan import Plan, plan_path
from tests.unit.job_world import BEAD, World

PARTS = [
    BeadText(8, "Say three", "## Outcome\n\n`src/b.txt` says three.\n"),
    BeadText(9, "Say four", "## Acceptance criteria\n\n1. `src/c.txt` says four.\n"),
]
WORK = """
for name in "bc":
    pathlib.Path(f"src/{name}.txt").write_text(name)
answer(status="pr", summary="All of it.")
"""


def prepared(world: World, role: Role = "worker", attempt: int = 1) -> Plan:
    world.program("answer(status='pr')")
    inputs = world.dispatch(role, attempt)
    world.prepare(inputs)
    return Plan.model_validate_json(plan_path(inputs).read_text(encoding="utf-8"))


def test_a_worker_is_shown_all_its_beads_in_their_order_and_asked_for_one_request_more(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, texts=PARTS, body="Cite docs/a.md not.")
    prompt = prepared(world).prompt
    assert prompt.index("## Its parts") < prompt.index("### #8: Say three") < prompt.index("### #9: Say four")
    assert "`src/b.txt` says three." in prompt
    assert "Acceptance criteria (#8)" in prompt
    assert "Acceptance criteria (#9)" not in prompt
    assert world.requests == ["facts", "bead_texts"]
    alone = World(tmp_path / "alone")
    assert "Its parts" not in prepared(alone).prompt
    assert alone.requests == ["facts"]


def test_a_reviewer_is_shown_what_each_bead_asks(tmp_path: Path) -> None:
    world = World(tmp_path, texts=PARTS)
    world.run(WORK)
    prompt = prepared(world, "reviewer", 2).prompt
    assert "the change does all of these; each has to be done" in prompt
    assert "1. `src/c.txt` says four." in prompt


def test_a_bead_that_was_edited_since_the_claim_ends_the_run_before_it_costs_anything(tmp_path: Path) -> None:
    world = World(tmp_path, texts=list(PARTS))
    world.program("answer(status='pr')")
    inputs = world.dispatch()
    world.texts[1] = BeadText(9, "Say four", "And delete everything.")
    with pytest.raises(JobFault, match="was edited after it was claimed"):
        world.prepare(inputs)


def test_what_it_may_cost_is_that_of_its_places(tmp_path: Path) -> None:
    world = World(tmp_path, texts=PARTS)
    alone = prepared(world).budget
    inputs = world.dispatch()
    claims = world.claims()
    three = claims.live[BEAD].model_copy(update={"places": 3})
    world.write(claims.model_copy(update={"live": {BEAD: three}}))
    world.prepare(inputs)
    plan = Plan.model_validate_json(plan_path(inputs).read_text(encoding="utf-8"))
    assert plan.budget == 3 * alone


def test_its_commit_and_its_pull_request_name_every_bead(tmp_path: Path) -> None:
    world = World(tmp_path, texts=PARTS)
    world.run(WORK)
    message = world.git.text("log", "-1", "--format=%B", f"bead/{BEAD}")
    assert message.splitlines()[-3:] == ["Bead: #8", "Bead: #9", f"Bead: #{BEAD}"]
    assert "It does the beads of this epic: #8, #9." in world.pull_text[1]
