"""Starting a job's process, and ending it with all that it started.

`act` puts every step into a process group of its own, so a signal to its group does not reach them: what
belongs to a job is found by its folder, which is in the environment or is the working directory of all that
it started. A process that hides both, and its parents, escapes; GitHub's runner has the same limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

INTERRUPT_SECONDS = 7.5  # GitHub's: SIGINT, 7.5 s, SIGTERM, 2.5 s, kill
TERMINATE_SECONDS = 2.5
CHUNK_BYTES = 64 * 1024
MAX_LINE_BYTES = 1024 * 1024


async def start(
    program: Path, arguments: Sequence[str], environment: dict[str, str], folder: Path
) -> asyncio.subprocess.Process:
    """Start a program with exactly this environment, its output and errors in one stream."""
    return await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


async def read_lines(process: asyncio.subprocess.Process, take: Callable[[str], None]) -> None:
    """Give every line of the output to `take`, until the program closes it."""
    assert process.stdout is not None
    rest = b""
    while chunk := await process.stdout.read(CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            take(line.decode(errors="replace").rstrip("\r"))
        if len(rest) > MAX_LINE_BYTES:
            take(rest.decode(errors="replace"))
            rest = b""
    if rest:
        take(rest.decode(errors="replace"))


async def end(process: asyncio.subprocess.Process, folder: Path) -> None:
    """End a program as GitHub does: ask, ask again, kill; then whatever it left behind."""
    for number, seconds in ((signal.SIGINT, INTERRUPT_SECONDS), (signal.SIGTERM, TERMINATE_SECONDS)):
        if process.returncode is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
    kill(process, folder)
    await process.wait()


def kill(process: asyncio.subprocess.Process, folder: Path) -> None:
    """Kill a program's group and whatever belongs to the job's folder."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Kill every process that belongs to a job's folder; twice, for what starts while we look."""
    for _ in range(2):
        found = belonging(folder)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def belonging(folder: Path) -> list[int]:
    """The ids of the processes, other than this one, that belong to a folder."""
    mark = f"{folder}/"
    proc = Path("/proc")
    if proc.is_dir():
        return [
            int(entry.name)
            for entry in proc.iterdir()
            if entry.name.isdigit() and int(entry.name) != os.getpid() and _in_proc(entry, mark)
        ]
    # macOS: -E shows the environment of one's own processes.
    listing = subprocess.run(
        ["ps", "-A", "-E", "-ww", "-o", "pid=,command="],
        capture_output=True,
        check=False,
        env={"PATH": os.defpath},
    ).stdout.decode(errors="replace")
    rows = (line.strip().partition(" ") for line in listing.splitlines())
    return [int(pid) for pid, _, rest in rows if mark in rest and pid.isdigit() and int(pid) != os.getpid()]


def _in_proc(entry: Path, mark: str) -> bool:
    try:
        if mark.encode() in (entry / "environ").read_bytes():
            return True
        return f"{os.readlink(entry / 'cwd')}/".startswith(mark)
    except OSError:
        return False
