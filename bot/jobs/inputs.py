"""What the workflow tells a job: its dispatch and its place. Values come through the environment only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.beads.model import ROLES, Role
from bot.coordinator.claims import TOKEN
from bot.coordinator.job_port import JobFault

REPOSITORY = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$")


@dataclass(frozen=True, slots=True)
class Inputs:
    """One run. `folder` is the job's own folder on the runner, `checkout` where the repository is."""

    bead: int
    role: Role
    attempt: int
    token: str
    repository: str
    run_id: int
    run_attempt: int
    api: str
    graphql: str
    server: str
    checkout: Path
    folder: Path

    @property
    def out(self) -> Path:
        """What is uploaded as the artifact."""
        return self.folder / "out"

    @property
    def artifact(self) -> Path:
        """Where publish finds the downloaded artifact."""
        return self.folder / "artifact"

    @property
    def page(self) -> str:
        """The run's page."""
        return f"{self.server}/{self.repository}/actions/runs/{self.run_id}"

    @property
    def branch(self) -> str:
        """The bead's branch."""
        return f"bead/{self.bead}"


def read_inputs(env: Mapping[str, str]) -> Inputs:
    """The run that an environment describes. Raises JobFault naming the first variable that is wrong."""
    named = _match(env, "BEADWRIGHT_ROLE", rf"^({'|'.join(ROLES)})$")
    server = _url(env, "GITHUB_SERVER_URL", "https://github.com")
    api = _url(env, "GITHUB_API_URL", "https://api.github.com")
    return Inputs(
        bead=int(_match(env, "BEADWRIGHT_BEAD", r"^[1-9][0-9]{0,9}$")),
        role=next(role for role in ROLES if role == named),
        attempt=int(_match(env, "BEADWRIGHT_ATTEMPT", r"^[1-9][0-9]{0,5}$")),
        token=_match(env, "BEADWRIGHT_TOKEN", TOKEN),
        repository=_match(env, "GITHUB_REPOSITORY", REPOSITORY.pattern),
        run_id=int(_match(env, "GITHUB_RUN_ID", r"^[0-9]{1,19}$")),
        run_attempt=int(_match(env, "GITHUB_RUN_ATTEMPT", r"^[0-9]{1,5}$", "1")),
        api=api,
        graphql=_url(env, "GITHUB_GRAPHQL_URL", f"{api}/graphql"),
        server=server,
        checkout=Path(_match(env, "GITHUB_WORKSPACE", r"^/")).resolve(),
        folder=Path(_match(env, "RUNNER_TEMP", r"^/")).resolve() / "beadwright",
    )


def _match(env: Mapping[str, str], name: str, pattern: str, default: str = "") -> str:
    value = env.get(name) or default
    if not re.search(pattern, value) or "\n" in value:
        raise JobFault(f"{name}={value!r} is not what a run is started with")
    return value


def _url(env: Mapping[str, str], name: str, default: str) -> str:
    return _match(env, name, r"^https?://[^\s\"'<>\\]+$", default).rstrip("/")
