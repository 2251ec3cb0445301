"""Runs one step of a job with the locked dependencies; itself it needs nothing but Python and pip.

The dependencies live in the runner's tool cache, one folder per content of the lock file and Python version,
usable once its marker is there. Two jobs at once may both make it; the one that is done first wins.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ACTION = Path(__file__).resolve().parents[2]
LOCK = ACTION / "requirements" / "runner.txt"
MARKER = "READY"


def main() -> int:
    """Find or make the environment, then run the step in it; the step's exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the runner's own Python, before anything is installed
        print(f"::error::Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
        return 1
    python = environment(tool_cache()) / "bin" / "python"
    env = {**os.environ, "PYTHONPATH": str(ACTION), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [python, "-P", "-m", "bot.commands.job", *sys.argv[1:]], env=env, check=False
    ).returncode


def tool_cache() -> Path:
    """Where the runner keeps tools from job to job."""
    named = os.environ.get("RUNNER_TOOL_CACHE") or os.environ["RUNNER_TEMP"]
    return Path(named) / "beadwright"


def kept_folder(cache: Path) -> Path:
    """Where the environment for the lock file and this Python is kept."""
    version = ".".join(map(str, sys.version_info[:2]))
    return cache / f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}-py{version}"


def environment(cache: Path) -> Path:
    """The virtual environment for the lock file and this Python, made when it is not there."""
    return make_once(kept_folder(cache), _install)


def make_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder of the tool cache, filled by `fill` when it is not there; whole, or not at all."""
    if (folder / MARKER).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
    making.chmod(0o755)
    try:
        fill(making)
        (making / MARKER).touch()
        making.rename(folder)
    except OSError:
        if not (folder / MARKER).exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _install(making: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", making], check=True)
    python = str(making / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", LOCK], check=True)


if __name__ == "__main__":
    sys.exit(main())
