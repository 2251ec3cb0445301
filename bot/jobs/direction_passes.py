"""The sessions of one run on direction, each a fresh start of the engine that knows nothing of the others.

Two stages, and every stage gets the policy's number of independent passes:

1. Survey: each session judges what is there and what is planned, by itself. One more reads all of that,
   settles where they disagree, and drafts one change of the specs.
2. Review: each session looks for what is wrong with the draft. What they object to, and what our checks and
   the `openspec` CLI find, goes to one more session, which gives the final answer. When that has findings
   still it is asked once more; a change that has some then is not proposed.

Where nothing says what the project is for there is one session, which asks. A session that leaves no answer
ends the run: less than the policy's number of passes is no proposal.

All sessions share the run's wall clock and budget, which are those of as many runs (`Policy.sessions_of`);
each may use an equal share of what is left for those that may follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.beads.answer_parts import ReportError
from bot.beads.direction import Change, Direction, DirectionAnswer, load_direction_answer
from bot.engines.outcome import Ended, Outcome, Task
from bot.jobs.material import fenced
from bot.jobs.plan import Survey
from bot.jobs.repair import told
from bot.prompts import render_prompt

Stage = Literal["questions", "survey", "draft", "review", "final"]
Try = Callable[[Change], Sequence[str]]
SECONDS_PER_MINUTE = 60.0
PATH = re.compile(r"`?([^\s:`#]+)")
LEAST_MINUTES = 0.05  # less is no time for an answer


class Ends(Exception):
    """A session left no answer that can be used: the run is over."""

    def __init__(self, last: Outcome | None, why: str) -> None:
        super().__init__(why)
        self.last = last


def with_passes(survey: Survey, task: Task, run: Callable[[Task], Outcome], attempt: Try) -> Outcome:
    """Run all sessions; the outcome of all, whose answer is a `Direction`.

    Args:
        survey: what the run rests on.
        task: its clock and budget are those of all sessions together.
        run: runs the engine once.
        attempt: gives everything that is wrong with a change.
    """
    sessions = _Sessions(task, run, 2 * survey.passes + 3 if survey.has_doctrine else 1)
    try:
        direction = _decide(sessions, survey, attempt)
    except Ends as end:
        provider = end.last.provider if end.last is not None else None
        last = end.last.ended if end.last is not None else Ended("exited", None, "", 0.0)
        ended = replace(last, seconds=sessions.seconds)
        return Outcome(ended, None, sessions.cost, str(end), provider, sessions.transcript)
    ended = Ended("exited", 0, "", sessions.seconds)
    return Outcome(ended, direction.model_dump_json(), sessions.cost, transcript=sessions.transcript)


def _decide(sessions: _Sessions, survey: Survey, attempt: Try) -> Direction:
    if not survey.has_doctrine:
        return Direction(answer=_asked(sessions.ask("questions")))
    surveys = [sessions.ask("survey") for _ in range(survey.passes)]
    answer = sessions.ask("draft", earlier=surveys)
    found = _findings(answer, survey, attempt)
    passes = survey.passes if answer.change is not None else 0
    reviews = [sessions.ask("review", draft=answer) for _ in range(passes)]
    objections = tuple(dict.fromkeys(one for review in reviews for one in review.objections))
    unmet = objections
    for _ in range(2):
        if found or unmet:
            answer = sessions.ask("final", draft=answer, objections=unmet, findings=found)
            found, unmet = _findings(answer, survey, attempt), ()
    if found:
        told_all = "; ".join(told(found))
        raise Ends(None, f"the proposal has faults, and had them after it was asked once more: {told_all}")
    answer = answer.model_copy(update={"objections": (), "questions": ()})
    return Direction(answer=answer, surveys=survey.passes, reviews=len(reviews), objections=objections)


def _findings(answer: DirectionAnswer, survey: Survey, attempt: Try) -> tuple[str, ...]:
    """What code can tell is wrong with an answer."""
    lacking = [
        f"nothing says {what}"
        for what, text in (
            ("what the project really is (`really`)", answer.really),
            ("what to do next (`next`)", answer.next),
            ("what to stop pretending (`stop`)", answer.stop),
        )
        if not text.strip()
    ]
    unseen = [
        f"{one.what!r} is judged {one.judgement} without evidence that begins with a file's path"
        for one in answer.judged
        if not any(_is_seen(line, survey.files) for line in one.evidence)
    ]
    return (*lacking, *unseen, *(attempt(answer.change) if answer.change is not None else ()))


def _is_seen(evidence: str, files: frozenset[str]) -> bool:
    """Whether evidence begins with the path of a file, or of a folder with a slash at its end."""
    named = PATH.match(evidence)
    if named is None:
        return False
    path = named[1]
    return path in files or (path.endswith("/") and any(file.startswith(path) for file in files))


def _asked(answer: DirectionAnswer) -> DirectionAnswer:
    """Nothing but the questions."""
    if not answer.questions:
        raise Ends(None, "nothing says what the project is for, and the session asks nothing about it either")
    return DirectionAnswer(summary=answer.summary, questions=answer.questions)


@dataclass
class _Sessions:
    """Asks one session after another, of `most` at the most; `cost` in millionths of a dollar."""

    task: Task
    run: Callable[[Task], Outcome]
    most: int
    count: int = 0
    seconds: float = 0.0
    cost: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def transcript(self) -> str:
        """What all of them did."""
        return "\n\n".join(self.said)

    def ask(
        self,
        stage: Stage,
        *,
        earlier: Sequence[DirectionAnswer] = (),
        draft: DirectionAnswer | None = None,
        objections: Sequence[str] = (),
        findings: Sequence[str] = (),
    ) -> DirectionAnswer:
        """The answer of a fresh session. Raises Ends."""
        left = max(1, self.most - self.count)
        minutes = (self.task.minutes - self.seconds / SECONDS_PER_MINUTE) / left
        budget = (self.task.budget - self.cost) // left
        if minutes < LEAST_MINUTES or (self.task.budget and budget <= 0):
            spent = "time" if minutes < LEAST_MINUTES else "money"
            raise Ends(None, f"no {spent} was left for the session that was to {VERBS[stage]}")
        prompt = render_prompt(
            "direction_stage",
            {
                "material": self.task.prompt.rstrip(),
                "stage": stage,
                "earlier": [_shown(one) for one in earlier],
                "draft": _shown(draft) if draft is not None else "",
                "objections": told(objections),
                "findings": told(findings),
            },
        )
        outcome = self.run(replace(self.task, prompt=prompt, minutes=minutes, budget=budget))
        self.count += 1
        self.seconds += outcome.ended.seconds
        self.cost += outcome.cost
        self.said.append(
            f"[session {self.count}: {stage}]\n{outcome.transcript or outcome.ended.output.strip()}"
        )
        if outcome.missing is not None or outcome.answer is None:
            why = outcome.missing or "it left no answer"
            raise Ends(outcome, f"the session that was to {VERBS[stage]}: {why}")
        try:
            return load_direction_answer(outcome.answer)
        except ReportError as error:
            raise Ends(None, f"the session that was to {VERBS[stage]}: {error}") from error


VERBS: dict[Stage, str] = {
    "questions": "ask what the project is for",
    "survey": "survey the project",
    "draft": "draft the change",
    "review": "review the draft",
    "final": "revise the draft",
}


def _shown(answer: DirectionAnswer) -> str:
    return fenced(answer.model_dump_json(indent=1, exclude_defaults=True), "json")
