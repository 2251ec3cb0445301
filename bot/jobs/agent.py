"""The agent step: run the engine on the prepared plan, look at what it left, hand it over. It has no token.

Judged by artefacts: an answer that fits its schema, commits that are really there, gates that really passed.
Everything that touches the checkout after the engine runs behind the wall as well, because from then on its
`.git` may hold anything.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from bot.beads.report import Report
from bot.coordinator.job_port import JobFault
from bot.engines.credential import KEYS, engine_secrets
from bot.engines.outcome import Ended, Outcome, Task
from bot.engines.run import run_engine
from bot.jobs.bootstrap import tool_cache
from bot.jobs.engine_program import Program, engine_program
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan, failed, plan_path, write_report
from bot.jobs.redaction import known_secrets, redact
from bot.jobs.repair import with_repair
from bot.jobs.roles import examiner_of, judge_of
from bot.jobs.wall import Wall, probe

DROPPED = ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE")


def run_agent(inputs: Inputs, env: Mapping[str, str]) -> Report:
    """Run the prepared attempt and write report, bundle and transcript to the artifact's folder.

    Raises JobFault only when there is no plan; whatever goes wrong later is a report that says so.
    """
    began = time.monotonic()
    try:
        plan = Plan.model_validate_json(plan_path(inputs).read_bytes())
    except (OSError, ValidationError) as error:
        raise JobFault(f"the prepare step left no plan: {error}") from error
    credential = engine_secrets(plan.engine, env)
    secrets = (*known_secrets(env), *credential)
    forget_secrets(credential)
    inputs.out.mkdir(parents=True, exist_ok=True)
    desk = inputs.folder / "desk"
    desk.mkdir()
    transcript = ""
    judge = judge_of(inputs.role)  # imported before anything runs that, without a wall, could change it
    try:
        missing = probe() if plan.wall == "namespace" else None
        if missing is not None:
            raise JobFault(
                f"the wall around the agent cannot be built here: {missing}. Run on Linux with user "
                "namespaces, or accept `wall: none` in .github/beadwright.yml; nothing was run"
            )
        program = _program(plan)
        shown = () if program is None else (str(program.folder),)
        wall = Wall(inputs.checkout, desk, _hidden(inputs, env), plan.wall, shown)
        outcome = _outcome(inputs, plan, wall, program, env)
        transcript = _transcript(inputs, plan, outcome)
        report = judge(inputs, plan, outcome, wall)
        started = "" if plan.answer is not None else plan.engine.name
        report = report.model_copy(update={"engine": started, "provider": outcome.provider})
    except JobFault as error:
        report = failed(inputs, plan.base, str(error))
    report = report.model_copy(update={"seconds": round(time.monotonic() - began, 3)})
    clean = redact(report.model_dump_json(), secrets)
    write_report(inputs, Report.model_validate_json(clean))
    (inputs.out / "transcript.log").write_text(redact(transcript, secrets), encoding="utf-8")
    return report


def _outcome(
    inputs: Inputs, plan: Plan, wall: Wall, program: Program | None, env: Mapping[str, str]
) -> Outcome:
    if plan.answer is not None:
        return Outcome(Ended("exited", 0, "", 0.0), plan.answer, transcript="[no engine was started]")
    path = None if program is None else program.path
    run = partial(run_engine, plan.engine, enclosure=wall, program=path, env=env)
    task = Task(inputs.role, plan.prompt, plan.engine.minutes, plan.budget)
    if plan.survey is not None:
        from bot.jobs.direction_passes import with_passes
        from bot.jobs.openspec_trial import ready_trial

        attempt = ready_trial(plan.survey.specs, wall, inputs.folder, os.environ)
        afresh = partial(_afresh, plan, wall, inputs.folder, path, env)
        return with_passes(plan.survey, task, afresh, attempt)
    examine = examiner_of(inputs.role)
    return run(task) if examine is None else with_repair(inputs, plan, task, examine, run)


def _afresh(
    plan: Plan, wall: Wall, folder: Path, path: Path | None, env: Mapping[str, str], task: Task
) -> Outcome:
    """Run the engine with a desk and a home of its own: nothing that another session left is in sight."""
    with tempfile.TemporaryDirectory(prefix="desk-", dir=folder, ignore_cleanup_errors=True) as desk:
        enclosure = replace(wall, desk=Path(desk))
        return run_engine(plan.engine, task, enclosure, program=path, env=env)


def forget_secrets(credential: Collection[str]) -> None:
    """Take every credential of the runner's, and of a model's provider, out of this process' environment."""
    keys = {name for names in KEYS.values() for name in names}
    for name, value in list(os.environ.items()):
        known = name in DROPPED or name in keys or name.startswith("ACTIONS_")
        if known or value.strip() in credential:
            del os.environ[name]


def _program(plan: Plan) -> Program | None:
    """The CLI that the plan needs; it is installed with an environment that holds no secret any more."""
    if plan.engine.name == "command" or plan.answer is not None:
        return None
    return engine_program(tool_cache(), plan.engine.name, os.environ)


def _hidden(inputs: Inputs, env: Mapping[str, str]) -> tuple[str, ...]:
    """Folders of the runner that no program inside has any business in, where they would be visible."""
    names = [str(inputs.folder.parent), env.get("HOME", ""), env.get("RUNNER_WORKSPACE", "")]
    return tuple(os.path.realpath(name) for name in names if name and name != "/")


def _transcript(inputs: Inputs, plan: Plan, outcome: Outcome) -> str:
    ended = outcome.ended
    end = "stopped by the clock" if ended.ending == "timeout" else f"exit status {ended.status}"
    program = " ".join(plan.engine.command) or plan.engine.name
    why = f"[no answer: {outcome.missing}]\n" if outcome.missing else ""
    return (
        f"bead #{inputs.bead} {inputs.role}, attempt {inputs.attempt}\n"
        f"$ {program}\n\n{outcome.transcript or ended.output}\n\n[{end} after {ended.seconds:.1f} s]\n{why}"
    )
