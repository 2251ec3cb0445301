"""What runners copy for every job holds all that a job imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot.local.demo.build import ROOT, export_action

EVERYTHING = """
import importlib, pkgutil
import bot.commands.job, bot.github.runner_api, bot.jobs, bot.engines, bot.prompts
for package in (bot.jobs, bot.engines):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""

ONE_ROLE = """
import sys
import bot.commands.job, bot.jobs.agent
from bot.jobs.roles import judge_of
judge_of("worker")
for name in ("bot.jobs.direction", "bot.jobs.checkin", "bot.jobs.writer", "httpx", "jinja2"):
    assert name not in sys.modules, name
"""


def test_every_step_of_a_job_is_there_with_what_it_imports_and_what_nothing_imports_is_not(
    tmp_path: Path,
) -> None:
    action = export_action(tmp_path / "action")
    _run(EVERYTHING, action)
    assert (action / "requirements" / "runner.txt").exists()
    assert list((action / "bot" / "prompts").glob("*.j2"))
    assert not (action / "bot" / "local").exists()


def test_a_run_imports_nothing_that_only_other_roles_or_other_engines_need() -> None:
    _run(ONE_ROLE, ROOT)


def _run(code: str, action: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(action), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
