"""What every test can ask for."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.commands.demo import fill_tool_cache
from bot.jobs.engine_program import LOCKS, NAMES
from tests.contract.exchange_log import assert_log_fits
from tests.contract.openapi import PUBLISHED
from tests.crypto import one_tls_context
from tests.llm.scenarios import works
from tests.llm.server import ScriptedApi, scripted_api
from tests.needs import need

if os.environ.get("CI") != "true":  # there it has a profile of its own: the same examples every time
    # How long an example takes is this machine's business, not a fault of the code.
    settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    with one_tls_context():
        yield


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of GitHub's published descriptions."""
    _require_published()
    return PUBLISHED


@pytest.fixture
def exchange_log(tmp_path: Path) -> Iterator[Path]:
    """A file for a forge to log into; after the test all of it must fit the published descriptions."""
    log = tmp_path / "exchanges.jsonl"
    yield log
    _require_published()
    assert_log_fits(log)


@pytest.fixture
def engine_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tool cache in which a job finds the real CLIs, as its runner names it; without them a test does not
    run, and CI fails."""
    missing = [name for name in NAMES if not (LOCKS / name / "node_modules" / ".locked-by").exists()]
    need(not missing, f"{' and '.join(missing)} are not here: `make test` fetches them where npm is")
    fill_tool_cache(tmp_path / "tools")
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
    return tmp_path / "tools"


@pytest.fixture
def llm() -> Iterator[ScriptedApi]:
    """A scripted LLM API with an invented key; what it had to refuse fails the test."""
    with scripted_api(works, key=f"invented-{secrets.token_hex(24)}") as api:
        yield api
    assert not api.faults, "the API would have been asked wrongly:\n" + "\n".join(api.faults)


def _require_published() -> None:
    need(
        PUBLISHED.is_dir(),
        "GitHub's published descriptions are not here: `make test` fetches them where npm is",
    )
