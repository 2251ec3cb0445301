"""A demo of our own to measure: the forge, the coordinator as its own process, and the runner, if wanted."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.beads.bd.reading import PlannedIssue
from bot.commands.demo import fill_tool_cache, import_plan
from bot.commands.serve import command
from bot.jobs import wall
from bot.local.demo.board import Card
from bot.local.demo.build import sample_files
from bot.local.demo.run import DemoParts, DemoResult, run_demo, search_path

MINUTES = 4.0
"""When a demo is given up."""

ENGINE = "tools/answer.py"
ANSWER = """\
import json, os, pathlib, uuid
role = os.environ["BEADWRIGHT_ROLE"]
if role == "worker":
    pathlib.Path(f"done-{uuid.uuid4().hex}.txt").write_text("done\\n")
said = {"status": "pr", "summary": "Done."} if role == "worker" else {"verdict": "approve"}
pathlib.Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(said))
"""
"""An engine that does nothing but answer."""


def demo_parts() -> DemoParts:
    """The demo's wiring with its own sample and its scripted engine."""
    return _parts(sample_files(_wall()))


def answering_parts(*, workers: int) -> DemoParts:
    """The same with an engine that does nothing but answer, no gates, and no ceiling that matters."""
    policy = (
        f"engine: {{name: command, command: [python3, {ENGINE}], minutes: 5}}\n"
        f"workers: {workers}\nbudget: {{day: 1000, run: 1}}\nwall: {_wall()}\n"
    )
    files = sample_files("namespace")
    return _parts(files | {".github/beadwright.yml": policy.encode(), ENGINE: ANSWER.encode()})


def beads(count: int) -> tuple[PlannedIssue, ...]:
    """So many beads that have nothing to do with each other."""
    return tuple(
        PlannedIssue(
            id=f"bead-{number}",
            line=number,
            title=f"Do the {number}th thing",
            body=f"## Outcome\n\nThe {number}th thing is done.\n",
            labels=("bead", "task", "P2"),
            closed=False,
        )
        for number in range(1, count + 1)
    )


def play(folder: Path, plan: tuple[PlannedIssue, ...], parts: DemoParts, *, release_all: bool) -> DemoResult:
    """Work a plan off to its last merge, with nobody watching. Raises DemoError."""

    def follow(_cards: tuple[Card, ...], _said: str) -> None:
        pass

    work = run_demo(folder, plan, parts, release_all=release_all, minutes=MINUTES, follow=follow)
    return asyncio.run(work)


def _parts(files: dict[str, bytes]) -> DemoParts:
    return DemoParts(
        import_issues=import_plan,
        coordinator=command,
        tool_cache=fill_tool_cache,
        path=search_path(Path(sys.executable).parent),
        files=files,
    )


def _wall() -> str:
    return "namespace" if wall.probe() is None else "none"
