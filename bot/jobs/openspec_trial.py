"""Asks the real `openspec` CLI about a proposed change: `validate --strict`, then `archive` in a copy.

Measured with `@fission-ai/openspec` 1.13.2 (docs/design/direction.md). The copy is what lies below
`openspec/` on the base, as the prepare step has read it, and the change; nothing of the checkout, which may
hold anything by then. The CLI runs behind the wall, with a home of its own and nothing of the runner's
environment. Its telemetry is switched off; it needs no network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.beads.change_check import check_change, misplaced
from bot.beads.direction import Change
from bot.coordinator.job_port import JobFault
from bot.engines.outcome import Ended
from bot.jobs.bootstrap import tool_cache
from bot.jobs.engine_program import Program, engine_program
from bot.jobs.wall import Wall, visible

ENVIRONMENT = {"OPENSPEC_TELEMETRY": "0", "DO_NOT_TRACK": "1", "NO_COLOR": "1", "CI": "true"}
SECONDS = 60.0
OLDEST = (20, 19)
"""The oldest Node.js that the CLI runs on."""


@dataclass(frozen=True, slots=True)
class OpenSpec:
    """The CLI, ready to be asked.

    `node` runs it; `wall` is that of the run, `scratch` a folder in which copies are made.
    """

    node: Path
    program: Program
    wall: Wall
    scratch: Path

    def findings(self, change: Change, tree: Mapping[str, str]) -> tuple[str, ...]:
        """Everything that is wrong with a change, by our own checks and by the CLI; nothing is a pass.

        `tree` holds the texts below `openspec/` on the base. What our own checks find wrong with places is
        all: such a change is written nowhere. Raises JobFault when the CLI cannot be run.
        """
        own = check_change(change, tree)
        return own if misplaced(change, tree) else (*own, *self.says(change, tree))

    def says(self, change: Change, tree: Mapping[str, str]) -> tuple[str, ...]:
        """What the CLI alone finds. Raises JobFault when it cannot be run."""
        place = Path(tempfile.mkdtemp(prefix="openspec-", dir=self.scratch))
        try:
            copy, desk = place / "copy", place / "desk"
            desk.mkdir()
            below = f"openspec/changes/{change.name}"
            for path, text in {**tree, **{f"{below}/{one.path}": one.text for one in change.files}}.items():
                file = copy / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            wall = replace(self.wall, checkout=copy, desk=desk, shown=self._shown())
            asked = ("validate", change.name, "--type", "change", "--strict", "--json", "--no-interactive")
            faults = _invalid(*self._run(wall, *asked))
            # What is invalid is not archived either, and the CLI says no more about why.
            return faults or _not_archived(*self._run(wall, "archive", change.name, "--yes", "--json"))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _run(self, wall: Wall, *arguments: str) -> tuple[Ended, str]:
        lines: list[str] = []
        command = (str(self.node), str(self.program.path), *arguments)
        ended = wall.run(command, env=ENVIRONMENT, seconds=SECONDS, take=lines.append)
        return ended, "\n".join(lines)

    def _shown(self) -> tuple[str, ...]:
        """What the CLI needs to be seen by it, besides the system's folders."""
        node = str(self.node.parent.parent)
        seen = any(self.node.is_relative_to(root) for root in visible())
        return (str(self.program.folder), *(() if seen else (node,)))


def ready_trial(
    tree: Mapping[str, str], wall: Wall, scratch: Path, env: Mapping[str, str]
) -> Callable[[Change], tuple[str, ...]]:
    """What finds everything wrong with a change upon these texts; the CLI is installed now, where needed.

    Raises JobFault when it cannot be, before a model has cost anything.
    """
    if not tree:  # then every change is refused
        return partial(check_change, tree=tree)
    cli = OpenSpec(find_node(env), engine_program(tool_cache(), "openspec", env), wall, scratch)
    return partial(cli.findings, tree=tree)


def find_node(env: Mapping[str, str]) -> Path:
    """Node.js on the PATH, new enough for the CLI. Raises JobFault."""
    found = shutil.which("node", path=env.get("PATH", os.defpath))
    wanted = f"Node.js {'.'.join(map(str, OLDEST))} or newer"
    if found is None:
        raise JobFault(f"a change of the specs is checked by `openspec`, which needs {wanted}: set it up")
    said = subprocess.run(
        [found, "--version"], env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    ).stdout.strip()
    numbers = said.removeprefix("v").split(".")
    if not all(part.isdigit() for part in numbers[:2]) or tuple(map(int, numbers[:2])) < OLDEST:
        raise JobFault(
            f"a change of the specs is checked by `openspec`, which needs {wanted}: this is {said}"
        )
    return Path(found).resolve()


def _invalid(ended: Ended, printed: str) -> tuple[str, ...]:
    """What `openspec validate` finds; what it merely mentions counts where it fails the whole."""
    try:
        (item,) = json.loads(printed)["items"]
        issues = [(one["level"], one["path"], one["message"]) for one in item["issues"]]
        valid = item["valid"] is True and ended.status == 0
    except (ValueError, KeyError, TypeError):
        return (f"openspec validate: {_unreadable(ended, printed)}",)
    if valid:
        return ()
    found = tuple(
        f"openspec validate: {path}: {message}" for level, path, message in issues if level != "INFO"
    )
    return found or (f"openspec validate: {_unreadable(ended, printed)}",)


def _not_archived(ended: Ended, printed: str) -> tuple[str, ...]:
    """Why `openspec archive` would refuse. A warning is a refusal to us: it did less than was asked."""
    try:
        said = json.loads(printed)
        done = said["archive"]
        if done is not None and ended.status == 0:
            return tuple(f"openspec archive: {warning}" for warning in done.get("warnings", ()))
        return tuple(f"openspec archive: {one['message']}" for one in said["status"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return (f"openspec archive: {_unreadable(ended, printed)}",)


def _unreadable(ended: Ended, printed: str) -> str:
    """What there is to say where the CLI did not answer as it does."""
    if ended.ending == "timeout":
        return f"nothing after {SECONDS:.0f} s"
    return f"exit status {ended.status}: {(ended.output.strip() or printed.strip())[-300:]}"
