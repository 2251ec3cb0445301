"""The CLI that a run needs: of exactly the version that our lock names, in the runner's tool cache.

One way only: npm installs it from `requirements/engines/NAME/package-lock.json`, by hash, without running a
script of any package, once per content of that file. A program of the same name on the PATH is not used: it
may be any version, and what this project knows about a CLI is measured with one. The engines' packages bring
a native program, so Node.js is needed to install, not to run; `openspec` is a program for Node.js.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from bot.coordinator.job_port import JobFault
from bot.jobs.bootstrap import ACTION, make_once

Name = Literal["claude", "codex", "openspec"]
NAMES: tuple[Name, ...] = ("claude", "codex", "openspec")
LOCKS = ACTION / "requirements" / "engines"
FILES = ("package.json", "package-lock.json")
PLACES = {
    "claude": "node_modules/@anthropic-ai/claude-code-*/claude",
    "codex": "node_modules/@openai/codex-*/vendor/*/bin/codex",
    "openspec": "node_modules/@fission-ai/openspec/bin/openspec.js",
}
SECONDS = 600.0
NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


@dataclass(frozen=True, slots=True)
class Program:
    """A CLI: its executable, and the folder that must be in sight for it to run."""

    path: Path
    folder: Path


def kept_engine(cache: Path, name: Name) -> Path:
    """Where a CLI is kept in our part of the tool cache."""
    lock = (LOCKS / name / "package-lock.json").read_bytes()
    return cache / f"{name}-{hashlib.sha256(lock).hexdigest()[:16]}"


def engine_program(cache: Path, name: Name, env: Mapping[str, str]) -> Program:
    """A CLI's program, installed when it is not there.

    Args:
        cache: our part of the runner's tool cache.
        name: the CLI.
        env: what npm runs with; no credential of a provider belongs in it.

    Raises JobFault when it cannot be installed, or has no program for this machine.
    """
    try:
        folder = make_once(kept_engine(cache, name), partial(_install, name, dict(env)))
    except OSError as error:
        raise JobFault(f"{name} cannot be installed into {cache}: {error}") from error
    return find_program(folder, name)


def find_program(folder: Path, name: Name) -> Program:
    """The program in a folder where npm has installed a CLI. Raises JobFault when there is none."""
    found = sorted(folder.glob(PLACES[name]), key=lambda path: ("-musl" in str(path), str(path)))
    if not found:
        system = f"{os.uname().sysname} {os.uname().machine}"
        raise JobFault(f"{name} has no program for this machine ({system}) in {folder}")
    path = found[0].resolve()
    return Program(path, folder.resolve() / "node_modules")


def _install(name: Name, env: dict[str, str], folder: Path) -> None:
    if shutil.which("npm", path=env.get("PATH")) is None:
        raise JobFault(f"{name!r} needs npm once, to be installed: set up Node.js before this step")
    for file in FILES:
        shutil.copy(LOCKS / name / file, folder)
    try:
        done = subprocess.run(
            NPM, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise JobFault(f"npm did not install {name} within {SECONDS:.0f} s") from error
    if done.returncode != 0:
        raise JobFault(f"npm cannot install {name}: {(done.stderr or done.stdout).strip()[-1_000:]}")
