"""The real CLIs under everything that a model and its provider do: how each run ends, and what it is charged.

Real are the CLI, the wall, the proxy that holds its key, the agent and publish jobs, git, the forge over HTTP
and the coordinator. The model is scripted; `act` is in `test_engines.py`, because it takes its time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.beads.report import ProviderFault, Report, load_report
from bot.coordinator.history import History
from bot.jobs.engine_program import Name
from bot.local.demo.build import SAMPLE
from tests.llm import scenarios
from tests.llm.conversation import Limit, Overloaded, Revoked, Scenario, Write
from tests.llm.engines import ANSWER, KEYS, engine_policy
from tests.llm.server import ScriptedApi
from tests.loop.drive import drive
from tests.loop.runner import QuickRunner
from tests.loop.world import Coordinator, Loop, open_loop
from tests.wall import WALL

TITLE = "Count the blank lines of a text"
FIRST, SECOND = "tally/blank.py", "tests/test_blank.py"
PACKAGES = ("AGENTS.md", "tally", "tests")
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("engine_tools")


@dataclass
class Stage:
    """One bead, one engine, and the loop around them."""

    loop: Loop
    coordinator: Coordinator
    runner: QuickRunner
    llm: ScriptedApi
    engine: Name
    bead: int

    def first_run(self, scenario: Scenario) -> Report:
        """Let a worker run under a scenario; its report. The coordinator has settled it then."""
        self.llm.scenario = scenario
        assert self.dispatched() == 1
        self.coordinator.look()
        return self.report()

    def dispatched(self) -> int:
        """How many runs of beads a pass starts; they are executed, and CI."""
        before = self.attempts()
        self.coordinator.look()
        self.runner.run_all()
        return self.attempts() - before

    def report(self, role: str = "worker") -> Report:
        """What the last run of a role handed over."""
        run = [run for run in self.runner.done if f" {role} " in run.title][-1]
        out = self.loop.folder / "jobs" / f"{run.id}-agent" / "temp" / "beadwright" / "out"
        return load_report((out / "report.json").read_bytes())

    def go_on(self) -> None:
        """Let the model work from now on, and follow the bead to its merge."""
        self.llm.scenario = scenarios.works
        drive(self.loop, self.coordinator, self.runner)
        assert [bead.state for bead in self.loop.beads()] == ["closed"]
        assert not self.loop.claims().breakers

    def history(self) -> History:
        """What the claims document remembers of the bead."""
        return self.loop.claims().of(self.bead)

    def attempts(self) -> int:
        """How many runs there were, of workers and reviewers."""
        return sum(run.is_bead for run in self.runner.done)

    def comments(self) -> list[str]:
        """What was said on the bead."""
        found = self.loop.get(f"/issues/{self.bead}/comments")
        assert isinstance(found, list)
        return [str(comment["body"]) for comment in found]

    def written(self) -> list[str]:
        """The files that the model wrote since the last call, in its order."""
        names = [asked.move.path for asked in self.llm.asked if isinstance(asked.move, Write)]
        self.llm.asked.clear()
        return names

    def spent(self) -> int:
        """Millionths of a dollar, of all days."""
        return sum(self.loop.claims().spent.values())


@pytest.fixture
def stage(
    tmp_path: Path,
    name: Name,
    llm: ScriptedApi,
    exchange_log: Path,
) -> Iterator[Stage]:
    policy: dict[str, Any] = {
        "engine": engine_policy(name, llm),
        "wall": WALL,
        "gates": [{"name": "unit tests", "run": scenarios.TESTS}],
    }
    with open_loop(tmp_path / "loop", policy, record=exchange_log, files=_sample()) as loop:
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant, secrets={KEYS[name]: llm.key})
        try:
            yield Stage(loop, coordinator, runner, llm, name, loop.bead(TITLE, "ready"))
        finally:
            coordinator.close()


def _sample() -> dict[str, str]:
    paths = (path for name in PACKAGES for path in [SAMPLE / name, *(SAMPLE / name).glob("*.py")])
    return {
        path.relative_to(SAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file()
    }


# -- the model's doing: it is charged ---------------------------------------------------------------------


def test_a_tool_that_is_called_wrongly_is_called_again(stage: Stage) -> None:
    report = stage.first_run(scenarios.misuses_a_tool)
    assert report.failure is None
    assert report.cost == len(stage.llm.asked) * ANSWER[stage.engine]
    stage.go_on()
    assert stage.attempts() == 2  # one worker, one reviewer


def test_a_refusal_is_a_failed_attempt(stage: Stage) -> None:
    report = stage.first_run(scenarios.refuses)
    assert report.worker is None
    assert report.provider is None
    assert report.failure
    assert stage.history().failures == 1
    stage.go_on()
    assert stage.attempts() == 3


def test_an_answer_that_breaks_the_schema_is_a_failed_attempt_and_its_work_is_gone_on_with(
    stage: Stage,
) -> None:
    report = stage.first_run(scenarios.breaks_the_schema)
    assert report.worker is None
    assert report.provider is None
    assert report.failure
    assert stage.history().failures == 1
    assert stage.written() == [FIRST, SECOND]
    stage.go_on()
    assert stage.written() == []
    assert stage.attempts() == 3


def test_a_run_that_takes_too_long_is_a_failed_attempt_and_its_work_is_gone_on_with(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as clock:
        clock.setattr("bot.engines.run.SECONDS_PER_MINUTE", 6.0)
        report = stage.first_run(scenarios.takes_too_long(60))
    assert report.failure == "the clock stopped it after 6 s"
    assert report.provider is None
    assert stage.history().failures == 1
    assert stage.written() == [FIRST]
    stage.go_on()
    assert stage.written() == [SECOND]
    assert stage.attempts() == 3


# -- the provider's doing: nothing is charged -------------------------------------------------------------


def test_a_stream_that_dies_once_is_got_over(stage: Stage) -> None:
    report = stage.first_run(scenarios.dies_once)
    assert (report.failure, report.provider) == (None, None)
    stage.go_on()
    assert stage.attempts() == 2


def test_streams_that_die_for_ever_are_an_outage_and_the_work_is_gone_on_with(stage: Stage) -> None:
    report = stage.first_run(scenarios.dies_for_ever)
    _assert_waits(stage, report.provider, "outage")
    assert FIRST in stage.written()
    stage.loop.clock.advance(3 * MINUTE)
    stage.go_on()
    assert stage.written() == [SECOND]
    _assert_is_over(stage)


@pytest.mark.parametrize("kind", ["rate", "usage"])
def test_a_limit_is_waited_for_until_its_reset(stage: Stage, kind: Any) -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + 4 * MINUTE
    report = stage.first_run(scenarios.always(Limit(reset, kind)))
    _assert_waits(stage, report.provider, "limit")
    assert report.provider is not None
    assert report.provider.until is not None
    assert abs(report.provider.until - reset) < timedelta(seconds=20)
    stage.loop.clock.advance(3 * MINUTE)
    assert stage.dispatched() == 0
    stage.loop.clock.advance(2 * MINUTE)
    stage.go_on()
    _assert_is_over(stage)


def test_a_limit_that_a_review_meets_costs_the_bead_nothing(stage: Stage) -> None:
    limit = scenarios.always(Limit(datetime.now(UTC) + 4 * MINUTE, "usage"))
    report = stage.first_run(scenarios.by_bead({TITLE: scenarios.works}, limit))
    assert report.failure is None
    assert stage.dispatched() == 1
    _assert_waits(stage, stage.report("reviewer").provider, "limit")
    stage.loop.clock.advance(5 * MINUTE)
    stage.go_on()
    _assert_is_over(stage)


def test_an_overloaded_provider_is_an_outage_and_what_it_had_served_is_paid(stage: Stage) -> None:
    report = stage.first_run(scenarios.after_first_edit(Overloaded()))
    _assert_waits(stage, report.provider, "outage")
    assert stage.spent() == report.cost > 0
    stage.loop.clock.advance(3 * MINUTE)
    stage.go_on()
    _assert_is_over(stage)


def test_a_revoked_key_waits_for_a_person_who_renews_it(stage: Stage) -> None:
    report = stage.first_run(scenarios.always(Revoked()))
    _assert_waits(stage, report.provider, "key")
    assert stage.spent() == 0
    stage.loop.clock.advance(5 * MINUTE)
    assert stage.dispatched() == 0
    stage.loop.label(stage.bead, "hold")
    stage.coordinator.look()
    stage.loop.people.delete(f"/repos/octo/tally/issues/{stage.bead}/labels/hold").raise_for_status()
    stage.go_on()
    _assert_is_over(stage)


def _assert_waits(stage: Stage, fault: ProviderFault | None, kind: str) -> None:
    """No attempt is charged, the breaker is open and says so, once, however often one looks."""
    assert fault is not None
    assert fault.kind == kind
    assert stage.history().failures == 0
    assert stage.history().stopped is None
    for _ in range(3):
        assert stage.dispatched() == 0
    assert stage.loop.claims().breakers[stage.engine].kind == kind
    (said,) = [text for text in stage.comments() if "No attempt was charged" in text]
    assert stage.engine in said


def _assert_is_over(stage: Stage) -> None:
    """The bead was merged with one run more than it needs, none was counted as failed, and it is said."""
    assert all(
        known.failures == 0 for claims in stage.loop.claims_history() for known in claims.history.values()
    )
    assert stage.attempts() == 3
    (said,) = [text for text in stage.comments() if f"provider of `{stage.engine}`" in text]
    assert "This is over" in said
    shutil.rmtree(stage.loop.folder / "jobs")
