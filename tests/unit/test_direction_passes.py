"""The sessions of a run on direction: how many, in what order, what each is told, and when they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bot.beads.change_check import check_change
from bot.beads.direction import Change, Direction, DirectionAnswer, Judged, load_direction
from bot.beads.report import ProviderFault
from bot.engines.outcome import Ended, Outcome, Task
from bot.jobs.direction_passes import with_passes
from bot.jobs.plan import Survey
from tests.unit.changes import FAULTY, SOUND, TREE

SURVEY = Survey(specs=dict(TREE), files=frozenset({"greet.py", "docs/a.md"}), has_doctrine=True, passes=2)
FOUND = Judged(what="It", judgement="rejected", reason="No.", evidence=("greet.py:1 says so",))
WHOLE = DirectionAnswer(really="a", next="b", stop="c", judged=(FOUND,), change=SOUND["adds"])
FAULT = WHOLE.model_copy(update={"change": FAULTY["no tasks"].change})
SILENT = DirectionAnswer()
OBJECTS = DirectionAnswer(objections=("It has no flags.",))


class Engine:
    """Gives its answers one after another; each session costs 10 and takes 6 s."""

    def __init__(self, *answers: DirectionAnswer | str | ProviderFault | None) -> None:
        self.answers = list(answers)
        self.tasks: list[Task] = []

    def __call__(self, task: Task) -> Outcome:
        self.tasks.append(task)
        answer = self.answers.pop(0)
        ended = Ended("exited", 0, "", 6.0)
        if isinstance(answer, ProviderFault):
            return Outcome(ended, None, 10, answer.detail, answer)
        text = answer.model_dump_json() if isinstance(answer, DirectionAnswer) else answer
        return Outcome(ended, text, 10, transcript="said")

    @property
    def parts(self) -> list[str]:
        """What each session was asked for."""
        return [task.prompt.split("## Your part: ")[1].splitlines()[0] for task in self.tasks]


def attempt(change: Change) -> Sequence[str]:
    return check_change(change, TREE)


def run(
    engine: Engine,
    survey: Survey = SURVEY,
    budget: int = 1_000,
    trial: Callable[[Change], Sequence[str]] = attempt,
) -> Outcome:
    return with_passes(survey, Task("direction", "The material.", 30, budget), engine, trial)


def came_to(outcome: Outcome) -> Direction:
    assert outcome.answer is not None, outcome.missing
    return load_direction(outcome.answer)


def test_every_stage_has_its_passes_and_what_nobody_objects_to_stands() -> None:
    engine = Engine(SILENT, SILENT, WHOLE, SILENT, SILENT)
    outcome = run(engine)
    assert came_to(outcome) == Direction(answer=WHOLE, surveys=2, reviews=2)
    assert engine.parts == ["survey", "survey", "settle, and draft", "review", "review"]
    assert (outcome.cost, outcome.ended.seconds) == (50, 30.0)
    assert outcome.transcript.count("[session ") == 5


def test_passes_are_as_many_as_the_policy_says() -> None:
    engine = Engine(SILENT, SILENT, SILENT, WHOLE, SILENT, SILENT, SILENT)
    assert came_to(run(engine, SURVEY.model_copy(update={"passes": 3}))).reviews == 3


def test_surveys_know_nothing_of_each_other_and_the_draft_of_all() -> None:
    first = DirectionAnswer(summary="The first says so.")
    second = DirectionAnswer(summary="The second says no.")
    engine = Engine(first, second, WHOLE, SILENT, SILENT)
    run(engine)
    assert engine.tasks[0].prompt == engine.tasks[1].prompt
    assert "The first says so." in engine.tasks[2].prompt
    assert "The second says no." in engine.tasks[2].prompt
    assert "The first says so." not in engine.tasks[3].prompt


def test_objections_and_findings_go_to_one_more_session_together() -> None:
    engine = Engine(SILENT, SILENT, FAULT, OBJECTS, OBJECTS, WHOLE)
    direction = came_to(run(engine))
    assert direction.objections == ("It has no flags.",)
    assert direction.answer.change == SOUND["adds"]
    assert engine.parts[-1] == "revise"
    assert "- finding: tasks.md is missing" in engine.tasks[-1].prompt
    assert "- objection: It has no flags." in engine.tasks[-1].prompt


def test_a_change_that_is_faulty_after_its_repair_ends_the_run() -> None:
    engine = Engine(SILENT, SILENT, WHOLE, OBJECTS, SILENT, FAULT, FAULT)
    outcome = run(engine)
    assert outcome.answer is None
    assert outcome.missing == (
        "the proposal has faults, and had them after it was asked once more: tasks.md is missing"
    )
    assert engine.parts[-2:] == ["revise", "revise"]


def test_a_revision_may_give_the_change_up() -> None:
    without = WHOLE.model_copy(update={"change": None})
    engine = Engine(SILENT, SILENT, WHOLE, OBJECTS, SILENT, without)
    assert came_to(run(engine)).answer.change is None


@pytest.mark.parametrize("evidence", [(), ("no.py:1 says so",), ("It is so.",), ("docs says so",)])
def test_no_judgement_passes_without_a_file_that_shows_it_and_no_report_without_its_end(
    evidence: tuple[str, ...],
) -> None:
    bare = DirectionAnswer(judged=(FOUND.model_copy(update={"evidence": evidence}),))
    missing = run(Engine(SILENT, SILENT, bare, bare, bare)).missing or ""
    assert "'It' is judged rejected without evidence that begins with a file's path" in missing
    assert missing.count("nothing says what") == 3


def test_a_folder_may_show_it() -> None:
    shown = FOUND.model_copy(update={"evidence": ("Well.", "`docs/` has nothing of it")})
    whole = WHOLE.model_copy(update={"judged": (shown,)})
    assert came_to(run(Engine(SILENT, SILENT, whole, SILENT, SILENT))).answer == whole


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((None,), "the session that was to survey the project: it left no answer"),
        ((SILENT, "so be it"), "the session that was to survey the project: the answer on direction"),
        ((SILENT, SILENT, WHOLE, None), "the session that was to review the draft: it left no answer"),
    ],
)
def test_a_session_without_a_usable_answer_ends_the_run(
    answers: tuple[DirectionAnswer | str | None, ...], why: str
) -> None:
    engine = Engine(*answers)
    assert why in (run(engine).missing or "")
    assert not engine.answers


def test_what_a_provider_refuses_is_told_as_what_it_is() -> None:
    refused = ProviderFault(kind="limit", detail="come back later")
    outcome = run(Engine(SILENT, refused))
    assert outcome.provider == refused
    assert outcome.cost == 20


def test_clock_and_budget_are_shared_by_all_sessions_that_may_follow() -> None:
    engine = Engine(SILENT, SILENT, WHOLE, SILENT, SILENT)
    run(engine, budget=700)
    assert [task.budget for task in engine.tasks] == [100, 115, 136, 167, 220]
    assert engine.tasks[0].minutes == pytest.approx(30 / 7)
    assert engine.tasks[4].minutes == pytest.approx((30 - 0.4) / 3)


def test_what_is_spent_starts_no_session_any_more() -> None:
    engine = Engine(SILENT, SILENT, WHOLE)
    outcome = run(engine, budget=30)
    assert outcome.missing == "no money was left for the session that was to review the draft"
    assert outcome.cost == 30


def test_without_doctrine_one_session_asks_and_nothing_else_of_it_counts() -> None:
    asks = WHOLE.model_copy(update={"questions": ("For whom?",)})
    survey = SURVEY.model_copy(update={"has_doctrine": False})
    engine = Engine(asks)
    assert came_to(run(engine, survey)) == Direction(answer=DirectionAnswer(questions=("For whom?",)))
    assert engine.parts == ["ask"]
    assert "asks nothing about it either" in (run(Engine(SILENT), survey).missing or "")
