"""The structured report that a job hands back, and the answer that an engine gives inside it.

Judged by artefacts, never by exit code or prose: `status` is checked against what is really there.
Money is in millionths of a dollar.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from bot.beads.answer_parts import Line, Part, ReportError, Sha, Text, faults
from bot.beads.checkin import CheckinAnswer
from bot.beads.coverage import CoverageAnswer
from bot.beads.direction import Direction
from bot.beads.model import Role
from bot.beads.plan import PlanAnswer


class GateResult(Part):
    """A quality gate: passed, failed, or not run and why."""

    name: Line
    result: Literal["pass", "fail", "not-run"]
    detail: Text = ""


class FollowUp(Part):
    """Work that was found and not done."""

    title: Line
    body: Text = ""


class Blocker(Part):
    """What must be true before the bead can go on: an existing bead, or one to be made."""

    unblocked_when: Line
    bead: int | None = Field(default=None, ge=1)
    title: Line | None = None
    body: Text = ""


class Finding(Part):
    """A reviewer's finding at a line of the new side of the diff; it becomes a thread."""

    path: Line
    line: int = Field(ge=1)
    body: Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


class ThreadAnswer(Part):
    """What is said in an unresolved thread, and what that makes of it."""

    thread: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=-]{1,100}$")]
    kind: Literal["correction-required", "corrected", "answered", "wont-fix", "duplicate", "other-bead"]
    body: Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


class Choice(Part):
    """One way to answer a question."""

    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$")] = Field(
        description="What a person types to choose it: letters, digits and hyphens, like `a` or `keep-both`."
    )
    text: Line


class Question(Part):
    """A decision that is a person's, and why: it is `irreversible`, touches `security`, costs `money`,
    publishes something (`publishing`), or changes a specification (`spec`). `recommended` and `default` are
    keys of options; the default is the safe one."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    options: tuple[Choice, ...] = Field(min_length=2, max_length=4)
    recommended: str
    default: str
    gate: Literal["irreversible", "security", "money", "publishing", "spec"]

    @model_validator(mode="after")
    def _keys(self) -> Question:
        keys = [option.key.lower() for option in self.options]
        if len(set(keys)) < len(keys):
            raise ValueError("two options have one key")
        for name, key in (("recommended", self.recommended), ("default", self.default)):
            if key not in {option.key for option in self.options}:
                raise ValueError(f"{name}: {key!r} is no option's key")
        return self


class WorkerAnswer(Part):
    """What an engine says at the end of a worker's run."""

    status: Literal["pr", "direct", "blocked", "invalid-context", "nothing-to-do"]
    summary: Text = ""
    decisions: tuple[Line, ...] = ()
    follow_ups: tuple[FollowUp, ...] = Field(default=(), max_length=20)
    blockers: tuple[Blocker, ...] = Field(default=(), max_length=20)
    question: Question | None = None
    threads: tuple[ThreadAnswer, ...] = Field(default=(), max_length=200)


class ReviewerAnswer(Part):
    """What an engine says at the end of a review. `approve` with findings or open corrections is a fault."""

    verdict: Literal["approve", "correct"]
    summary: Text = ""
    findings: tuple[Finding, ...] = Field(default=(), max_length=50)
    threads: tuple[ThreadAnswer, ...] = Field(default=(), max_length=200)


class ShaperAnswer(Part):
    """What an engine has drafted of what a bead's text lacks; what is not asked for stays empty."""

    outcome: Text = ""
    acceptance: tuple[Line, ...] = Field(default=(), max_length=30)
    scope: Text = ""
    verification: Text = ""


class ProviderFault(Part):
    """The model's provider stopped a run, not the work: no attempt is charged for it.

    `limit` is a usage or rate limit, `outage` a provider that fails or is overloaded, `key` a credential that
    is missing, refused or revoked. `until` is when the provider says that it serves again.
    """

    kind: Literal["limit", "outage", "key"]
    until: AwareDatetime | None = None
    detail: Line


class Report(Part):
    """`report.json`: what the agent job hands to publish and the coordinator."""

    version: Literal[1] = 1
    bead: int = Field(ge=1)
    role: Role
    attempt: int = Field(ge=1)
    token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    base: Sha
    head: Sha | None = None
    worker: WorkerAnswer | None = None
    reviewer: ReviewerAnswer | None = None
    shaper: ShaperAnswer | None = None
    writer: PlanAnswer | None = None
    reconciler: CoverageAnswer | None = None
    direction: Direction | None = None
    checkin: CheckinAnswer | None = None
    gates: tuple[GateResult, ...] = ()
    failure: Text | None = Field(default=None, description="Why there is no usable answer.")
    engine: Annotated[str, StringConstraints(max_length=60)] = Field(
        default="", description="Which engine ran, as the policy names it; empty when none was started."
    )
    provider: ProviderFault | None = Field(
        default=None, description="What the model's provider refused, where that ended the run."
    )
    edited: bool = Field(
        default=False,
        description="The bead was not what its claim was made for, so nothing was started.",
    )
    cost: int = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)


def has_answer(report: Report) -> bool:
    """Whether an engine's answer is in it, of whichever role."""
    return getattr(report, report.role) is not None


def report_schema() -> str:
    """The published JSON Schema of `report.json`."""
    return json.dumps(Report.model_json_schema(), indent=2, sort_keys=True) + "\n"


def load_report(text: str | bytes) -> Report:
    """A report from its JSON. Raises ReportError with every faulty place."""
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("report.json", error)) from error


def load_worker_answer(text: str | bytes) -> WorkerAnswer:
    """A worker engine's answer from its JSON. Raises ReportError."""
    try:
        answer = WorkerAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the worker's answer", error)) from error
    if answer.question is not None and answer.status != "blocked":
        raise ReportError(f"the worker's answer: question: asks, and its status is {answer.status!r}")
    return answer


def load_reviewer_answer(text: str | bytes) -> ReviewerAnswer:
    """A reviewer engine's answer from its JSON. Raises ReportError."""
    try:
        answer = ReviewerAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the reviewer's answer", error)) from error
    owed = any(thread.kind == "correction-required" for thread in answer.threads)
    if answer.verdict == "approve" and (answer.findings or owed):
        raise ReportError("the reviewer's answer: verdict: approves while it asks for corrections")
    return answer


def load_shaper_answer(text: str | bytes) -> ShaperAnswer:
    """A shaper engine's answer from its JSON. Raises ReportError."""
    try:
        return ShaperAnswer.model_validate_json(text)
    except ValidationError as error:
        raise ReportError(faults("the shaper's answer", error)) from error
