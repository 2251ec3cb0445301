"""A job's room: one private folder with everything that `act` needs to run this one job, and nothing else.

workflow.yml                 the one-job file
event.json                   the event
secrets.yml vars.yml env.yml what `act` reads once, gone when the first step starts
work/                        an empty repository whose HEAD is the run's commit (`act` wants one)
home/ cache/                 HOME and XDG_CACHE_HOME of the job
actions/                     the local actions, stand-ins with the job's runtime token beside them
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.local.runner.workflow import WorkflowError

STAND_INS = Path(__file__).parent / "stand_ins"
RUNNERS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "macos-latest", "self-hosted")
SECRET_FILES = ("secrets.yml", "vars.yml", "env.yml")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the artifact stand-ins talk to: the results service's root (with a slash) and the job's token."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The contents of a room."""

    workflow: Mapping[str, Any]
    event: Mapping[str, Any]
    sha: str
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    environment: Mapping[str, str]


def find_actions(steps: Sequence[Mapping[str, Any]], own: Mapping[str, Path]) -> dict[str, Path]:
    """Which folder stands for each action that the steps use, by the reference in the file.

    Raises WorkflowError for an action that is not known here, and for an input that its stand-in lacks.
    """
    found: dict[str, Path] = {}
    known = {key.casefold(): path for key, path in own.items()}
    todo = list(steps)
    while todo:
        step = todo.pop(0)
        reference = str(step.get("uses") or "./")
        if reference.startswith("./"):
            continue
        name, _, version = reference.partition("@")
        owner, _, rest = name.partition("/")
        repository, _, inner = rest.partition("/")
        at = f"{owner}/{repository}@{version}"
        folder = known.get(f"{owner}/{repository}".casefold()) or _stand_in(name)
        if folder is None or not version:
            raise WorkflowError(
                f"uses: {reference} is not known to this runner (there is no stand-in for it)"
            )
        if STAND_INS in folder.parents:
            _check_inputs(reference, folder, step.get("with") or {})
        elif at not in found or inner:
            todo += _steps_of(reference, folder / inner)
        found[at] = folder
    return found


def _steps_of(reference: str, folder: Path) -> list[Mapping[str, Any]]:
    """The steps of a composite action of ours, which may use others."""
    file = folder / "action.yml"
    if not file.is_file():
        raise WorkflowError(f"uses: {reference}: there is no action.yml in its folder")
    runs = yaml.safe_load(file.read_text(encoding="utf-8")).get("runs", {})
    return list(runs.get("steps") or [])


def _stand_in(name: str) -> Path | None:
    owner, _, action = name.partition("/")
    folder = STAND_INS / action
    return folder if owner == "actions" and action and (folder / "action.yml").is_file() else None


def _check_inputs(reference: str, folder: Path, given: Mapping[str, Any]) -> None:
    known = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8")).get("inputs", {})
    for name in given:
        if str(name).lower() not in known:
            raise WorkflowError(
                f"uses: {reference}: input {name} is not implemented by this runner's stand-in"
            )


def furnish(
    room: Path, files: JobFiles, actions: Mapping[str, Path], runtime: Runtime, tool_cache: Path
) -> dict[str, Path]:
    """Fill a new room; the actions' folders in it by their references."""
    room.mkdir(parents=True, mode=0o700)
    for name in ("home", "cache", "actions"):
        (room / name).mkdir()
    contents = {
        "workflow.yml": files.workflow,
        "event.json": files.event,
        "secrets.yml": files.secrets,
        "vars.yml": files.variables,
        "env.yml": files.environment,
    }
    for name, content in contents.items():
        # JSON is YAML, and leaves no doubt about what is a string.
        write_private(room / name, json.dumps(content, ensure_ascii=False))
    _make_work(room / "work", files.sha)
    tool_cache.mkdir(parents=True, exist_ok=True)
    (room / "cache" / "act").mkdir()
    (room / "cache" / "act" / "tool_cache").symlink_to(tool_cache.resolve(), target_is_directory=True)
    placed: dict[str, Path] = {}
    for index, (reference, folder) in enumerate(actions.items()):
        if STAND_INS not in folder.parents:
            placed[reference] = folder.resolve()
            continue
        placed[reference] = room / "actions" / f"{index}-{folder.name}"
        shutil.copytree(folder, placed[reference])
        if folder.name.endswith("-artifact"):
            shutil.copy(STAND_INS / "twirp.py", placed[reference])
            text = json.dumps({"url": runtime.url, "token": runtime.token})
            write_private(placed[reference] / "runtime.json", text)
    return placed


def act_arguments(room: Path, event: str, actor: str, placed: Mapping[str, Path]) -> list[str]:
    """The command line of `act`; no secret is in it."""
    arguments = [event, "-C", str(room / "work"), "-W", str(room / "workflow.yml")]
    arguments += ["-e", str(room / "event.json")]
    for runner in RUNNERS:
        arguments += ["-P", f"{runner}=-self-hosted"]
    arguments += ["--no-cache-server", "--pull=false", "--action-offline-mode"]
    arguments += ["--container-daemon-socket", "-", "--no-skip-checkout", "--actor", actor]
    arguments += ["--secret-file", str(room / "secrets.yml"), "--var-file", str(room / "vars.yml")]
    arguments += ["--env-file", str(room / "env.yml")]
    for reference, folder in placed.items():
        arguments += ["--local-repository", f"{reference}={folder}"]
    return arguments


def act_environment(room: Path, path: str) -> dict[str, str]:
    """All of the environment that `act` starts with."""
    return {
        "PATH": path,
        "HOME": str(room / "home"),
        "XDG_CACHE_HOME": str(room / "cache"),
        "LANG": "C.UTF-8",
    }


def forget_secrets(room: Path) -> None:
    """Delete what `act` has read by now."""
    for name in SECRET_FILES:
        (room / name).unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _make_work(work: Path, sha: str) -> None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    subprocess.run(
        ["git", "init", "-q", "--template=", str(work)], check=True, env=environment, capture_output=True
    )
    (work / ".git" / "HEAD").write_text(f"{sha}\n", encoding="ascii")
