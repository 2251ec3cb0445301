"""The run on direction, from its sessions to the pull request, on real git, with the real `openspec` CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.beads.direction import Change, DirectionAnswer, Judged
from bot.beads.report import Report
from bot.coordinator.history import Planning, Word
from bot.jobs.plan import Plan, plan_path, write_report
from bot.jobs.publish import Denied
from tests.unit.changes import ADDED, FAULTY, SOUND, SPEC, TREE, change
from tests.unit.job_world import BEAD, World

BRANCH = f"refs/heads/bead/{BEAD}"
ABOUT = "# About\n\nIt greets people, and nothing else.\n"
EVIDENCE = ("src/a.txt:1 prints English alone",)
FOUND = Judged(what="A German greeting", judgement="premature", reason="Nobody asks.", evidence=EVIDENCE)
WHOLE = DirectionAnswer(
    summary="It greets.",
    really="A program of one line.",
    next="Greet in German.",
    stop="That it is a framework.",
    judged=(FOUND,),
    disagreements=("One survey took the README for a promise; it is none.",),
    change=SOUND["adds"],
)
SURVEY = DirectionAnswer(judged=(FOUND,))


@pytest.fixture
def world(tmp_path: Path, engine_tools: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(engine_tools))
    world = World(tmp_path / "world")
    world.commit("main", {"about/README.md": ABOUT, "openspec/specs/greeting/spec.md": SPEC})
    return world


def sessions(answers: Mapping[str, DirectionAnswer]) -> str:
    """A program that answers by what its prompt asks of it; it notes what it was asked."""
    told = {stage: answer.model_dump(mode="json", exclude_defaults=True) for stage, answer in answers.items()}
    return (
        "import re\n"
        "been = pathlib.Path.home() / 'been'\n"
        "been.exists() and sys.exit('another session was here')\n"
        "been.touch()\n"
        "prompt = sys.stdin.read()\n"
        "stage = re.search(r'^## Your part: (.+)$', prompt, re.M)[1]\n"
        f"answer(**json.loads({json.dumps(told)!r})[stage])\n"
    )


def usual(**others: DirectionAnswer) -> dict[str, DirectionAnswer]:
    return {"survey": SURVEY, "settle, and draft": WHOLE, "review": DirectionAnswer(), **others}


def with_change(proposed: Change) -> DirectionAnswer:
    return WHOLE.model_copy(update={"change": proposed})


def outcome(world: World) -> str | None:
    return world.claims().live[BEAD].outcome


def transcript(world: World) -> str:
    (log,) = world.folder.glob("runner*/beadwright/out/transcript.log")
    return log.read_text(encoding="utf-8")


def test_a_sound_change_becomes_a_branch_and_a_pull_request_of_its_files_alone(world: World) -> None:
    report = world.run(sessions(usual()), role="direction")
    assert report.failure is None
    assert report.direction is not None
    assert (report.direction.surveys, report.direction.reviews) == (2, 2)
    head = world.ref(BRANCH)
    changed = world.git.text("diff", "--name-only", "refs/heads/main", str(head)).splitlines()
    below = "openspec/changes/greet-in-german"
    files = ("design.md", "proposal.md", "specs/greeting/spec.md", "tasks.md")
    assert changed == [f"{below}/{name}" for name in files]
    assert world.read(head, f"{below}/specs/greeting/spec.md") == ADDED
    assert (outcome(world), world.claims().live[BEAD].head) == ("proposed", head)
    title, body = world.pull_text
    assert title == "Propose: Greet in German"
    assert "2 independent surveys and 2 independent reviews" in body
    assert "only a person merges it" in body
    assert world.requests == ["facts", "facts", "move_refs", "open_pull", "add_labels"]
    assert world.labels == ["bead"]


def test_a_run_is_shown_doctrine_specs_and_what_it_is_asked_to_look_at(world: World) -> None:
    world.program("")
    planning = Planning(
        role="direction", word=Word(by="ann", at=datetime(2026, 11, 1, tzinfo=UTC)), text="the greeting"
    )
    world.write(world.claims().remember(BEAD, planning=planning))
    inputs = world.dispatch("direction")
    world.prepare(inputs)
    prompt = Plan.model_validate_json(plan_path(inputs).read_bytes()).prompt
    assert "> the greeting" in prompt
    assert "It greets people, and nothing else." in prompt
    assert "line 7: Greets by name (A name is given)" in prompt


def test_a_change_that_stays_faulty_never_reaches_a_pull_request(world: World) -> None:
    world.policy = {"planning": {"passes": 1}}
    faulty = with_change(FAULTY["no SHALL"].change)
    report = world.run(sessions(usual(revise=faulty) | {"settle, and draft": faulty}), role="direction")
    assert "had them after it was asked once more: openspec validate: " in (report.failure or "")
    assert outcome(world) == "failed"
    assert world.ref(BRANCH) is None
    assert world.pull is None
    assert transcript(world).count(": final]") == 2


def test_a_report_with_a_faulty_change_is_denied_by_publish_whatever_the_agent_job_said(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "world")
    world.commit("main", dict(TREE))
    faulty = [name for name, one in FAULTY.items() if one.ours and one.tree and not one.validate]
    faulty.sort(key=lambda name: len(FAULTY[name].tree))  # what is open only one of them knows
    assert len(faulty) >= 12
    for attempt, name in enumerate(faulty, 1):
        if FAULTY[name].tree != TREE:
            world.commit("main", dict(FAULTY[name].tree))
        inputs = world.dispatch("direction", attempt)
        inputs.folder.mkdir(parents=True)
        write_report(inputs, reported(world, FAULTY[name].change, attempt))
        with pytest.raises(Denied) as denied:
            world.publish(inputs)
        assert str(denied.value) == f"- {FAULTY[name].ours}", name
        assert outcome(world) == "failed"
        assert world.ref(BRANCH) is None
    assert len(world.comments) == len(faulty)
    assert "is not published, nothing of it" in world.comments[0]


def reported(world: World, proposed: Change, attempt: int) -> Report:
    claim = world.claims().live[BEAD]
    direction = {"answer": with_change(proposed).model_dump(), "surveys": 2, "reviews": 2}
    return Report.model_validate(
        {
            "bead": BEAD,
            "role": "direction",
            "attempt": attempt,
            "token": claim.token,
            "base": claim.base,
            "direction": direction,
        }
    )


def test_protected_paths_and_secrets_hold_for_a_proposal_as_for_any_work(tmp_path: Path) -> None:
    world = World(tmp_path / "world", {"protected": ["specs/"]})
    world.commit("main", dict(TREE))
    secret = "gh" + "p_" + "0aB1" * 9
    holds = SOUND["adds"].model_copy(update={"files": (*change(design=f"## Context\n{secret}\n").files,)})
    inputs = world.dispatch("direction")
    inputs.folder.mkdir(parents=True)
    write_report(inputs, reported(world, holds, 1))
    with pytest.raises(Denied) as denied:
        world.publish(inputs)
    assert "specs/greeting/spec.md: the policy protects it" in str(denied.value)
    assert "design.md: it holds what looks like" in str(denied.value)
    assert world.ref(BRANCH) is None


def test_without_doctrine_there_are_questions_and_nothing_else(world: World) -> None:
    world.commit("main", {"vision.md": "# Vision\n\n## Later\n"})  # headings alone say nothing
    world.policy = {"planning": {"doctrine": ["vision.md", "no-such-folder/"]}}
    asks = DirectionAnswer(summary="Looked.", questions=("For whom is it?",), change=SOUND["adds"])
    report = world.run(sessions({"ask": asks}), role="direction")
    assert report.direction is not None
    assert report.direction.answer == DirectionAnswer(summary="Looked.", questions=("For whom is it?",))
    assert (outcome(world), world.pull) == ("proposed", None)
    assert transcript(world).count("[session ") == 1


def test_a_repository_without_specs_gets_a_report_and_none_are_invented(tmp_path: Path) -> None:
    world = World(tmp_path / "world", {"planning": {"passes": 1}})
    world.commit("main", {"README.md": ABOUT})
    without = WHOLE.model_copy(update={"change": None})
    report = world.run(sessions(usual(revise=without)), role="direction")
    assert report.failure is None
    assert report.direction is not None
    assert report.direction.answer.change is None
    assert (outcome(world), world.pull, world.ref(BRANCH)) == ("proposed", None, None)
    assert (
        "It keeps none in `openspec/`"
        in Plan.model_validate_json((tmp_path / "world/runner1/beadwright/plan.json").read_bytes()).prompt
    )
