"""One step of a job in a runner, as action.yml starts it: `python -m bot.commands.job prepare|agent|publish`.

Exit status 0: the step did its work, whatever the work's result is; the report says that. 1: it could not.
"""

from __future__ import annotations

import os
import shutil
import sys

from bot.coordinator.job_port import JobFault
from bot.jobs.inputs import Inputs, read_inputs


def main(arguments: list[str]) -> int:
    """Run a step; a fault becomes an annotation of the run and its summary."""
    steps = {"prepare": _prepare, "agent": _agent, "publish": _publish}
    if len(arguments) != 1 or arguments[0] not in steps:
        print(f"usage: python -m bot.commands.job {'|'.join(steps)}", file=sys.stderr)
        return 2
    try:
        print(steps[arguments[0]](read_inputs(os.environ)))
    except JobFault as fault:
        _annotate(arguments[0], str(fault))
        return 1
    return 0


def _prepare(inputs: Inputs) -> str:
    from bot.github.runner_api import connect
    from bot.jobs.prepare import prepare

    token = _token()
    with connect(inputs.api, inputs.graphql, inputs.repository, token) as github:
        plan = prepare(inputs, github, token)
    return f"bead #{inputs.bead}: attempt {inputs.attempt} starts at {plan.start}, based on {plan.base}"


def _agent(inputs: Inputs) -> str:
    from bot.jobs.agent import run_agent

    report = run_agent(inputs, dict(os.environ))
    return report.failure or f"bead #{inputs.bead}: done in {report.seconds:.1f} s"


def _publish(inputs: Inputs) -> str:
    import httpx

    from bot.github.runner_api import connect
    from bot.jobs.artifact import read_artifact
    from bot.jobs.broker import write_token
    from bot.jobs.clone import Clone
    from bot.jobs.publish import Publishing
    from bot.jobs.publish_stage import publish

    artifact = read_artifact(inputs)
    tls = httpx.create_ssl_context()  # reading all certificates takes longer than a request
    with httpx.Client(timeout=30, verify=tls) as client:
        token = write_token(os.environ, inputs.token, client)
    folder = inputs.folder / "clone"
    shutil.rmtree(folder, ignore_errors=True)
    with connect(inputs.api, inputs.graphql, inputs.repository, token, tls) as github:
        return publish(Publishing(inputs, artifact, github, Clone(folder, inputs, token)))


def _token() -> str:
    token = os.environ.pop("GITHUB_TOKEN", "")
    if not token:
        raise JobFault("GITHUB_TOKEN is not set: the prepare step reads with the job's own token")
    return token


def _annotate(step: str, message: str) -> None:
    """Tell a fault where the run is looked at. https://docs.github.com/actions/reference/workflow-commands"""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error title=beadwright {step}::{escaped}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
