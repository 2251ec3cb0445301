"""The wall: a program inside sees a list of folders, its own processes, and nothing else of the machine.

Linux namespaces without any privilege: a user namespace, in which a new root is built from read-only system
folders, the checkout, a desk and an empty temporary folder; a process namespace, so that no other process'
memory or environment can be read; a fresh session, no inherited files, no capability, and no way to win one.
The network stays: a model has to be reached. Inside, `wall_inside.py` builds all this and then becomes the
program; it is read here and handed over as text, so that it needs no place within the new root.

What a program could reach without it: the runner's own folder with the next job's credentials, the process
that holds the token of the prompt step, the socket of a container engine, password-less sudo.

Where namespaces cannot be had (macOS, a kernel that refuses them) nothing is run, unless the policy's
`wall: none` accepts that in writing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from bot.coordinator.job_port import JobFault
from bot.engines.outcome import Ended

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt")
FLAGS = ("--user", "--map-current-user", "--keep-caps", "--mount", "--pid", "--ipc", "--fork", "--kill-child")
OUTPUT_LIMIT = 2_000_000  # bytes kept of what a program prints; the end matters most
INSIDE = Path(__file__).with_name("wall_inside.py")


@cache
def probe() -> str | None:
    """Why this machine cannot build the wall, or None when it can. Tried for real, once per process."""
    if not sys.platform.startswith("linux"):
        return f"namespaces exist on Linux only, and this is {sys.platform}"
    if shutil.which("unshare") is None:
        return "the program unshare (util-linux) is not installed"
    with tempfile.TemporaryDirectory(prefix="wall-") as folder:
        wall = Wall(checkout=Path(folder), desk=Path(folder), hidden=(), kind="namespace")
        try:
            ended = wall.run(("/bin/sh", "-c", "test -r /proc/1/status"), env={}, seconds=20)
        except JobFault as error:
            return str(error)
    if ended.status != 0:
        return f"the kernel refuses namespaces: {ended.output.strip()[-500:] or ended.status}"
    return None


@dataclass(frozen=True, slots=True)
class Wall:
    """Runs programs in a checkout; an `Enclosure`.

    `desk` is the folder that both sides share. `hidden` are folders that stay out of sight although they lie
    below a visible one. `kind` is the policy's: with `none` only environment, files and session are new.
    """

    checkout: Path
    desk: Path
    hidden: tuple[str, ...]
    kind: str

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float,
        stdin: str = "",
        writable: bool = True,
    ) -> Ended:
        """See `Enclosure.run`. Raises JobFault when the program or the wall cannot be started."""
        if not command:
            raise JobFault("the policy names no command: engine.command is empty")
        home = self.desk / "home"
        home.mkdir(exist_ok=True)
        roots = self.visible()
        search = [entry for entry in _path() if self.kind == "none" or _within(entry, roots)]
        clean = {"PATH": ":".join(search), "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": "/tmp", **env}
        argv = [*command]
        if self.kind == "namespace":
            plan = {
                "readonly": roots,
                "hidden": list(self.hidden),
                "checkout": [str(self.checkout)],
                "frozen": not writable,
                "writable": [str(self.desk)],
                "cwd": str(self.checkout),
                "command": argv,
            }
            argv = ["unshare", *FLAGS, sys.executable, "-I", "-S", "-c", INSIDE.read_text("utf-8")]
            argv.append(json.dumps(plan))
        return _run(argv, clean, self.checkout, stdin, seconds)

    def visible(self) -> list[str]:
        """The folders that a program inside can read, besides the checkout and the desk."""
        tools = [os.environ.get("RUNNER_TOOL_CACHE", ""), sys.base_prefix, sys.prefix]
        resolver = "/etc/resolv.conf"  # often a link into /run
        found: dict[str, None] = {}
        for name in (*SYSTEM, *filter(None, tools), resolver):
            if os.path.islink(name) and os.path.realpath(os.path.dirname(name)) == os.path.dirname(name):
                found[name] = None
            if os.path.exists(name):
                found[os.path.realpath(name)] = None
        return [name for name in found if not _within(os.path.dirname(name), list(found))]


def _path() -> list[str]:
    listed = os.environ.get("PATH", os.defpath).split(":")
    extra = [f"{sys.base_prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    return [entry for entry in dict.fromkeys([*listed, *extra]) if entry.startswith("/")]


def _within(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _run(argv: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: str, seconds: float) -> Ended:
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        raise JobFault(f"{argv[0]} cannot be started: {error.strerror}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    output = bytearray()
    reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
    writer = threading.Thread(target=_write, args=(process.stdin, stdin.encode()), daemon=True)
    reader.start()
    writer.start()
    status: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        status = process.wait(timeout=seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # the namespace ends with its first process
    process.wait()
    reader.join(timeout=5)
    ending = "timeout" if status is None else "exited"
    text = bytes(output).decode("utf-8", errors="replace")
    return Ended("timeout" if ending == "timeout" else "exited", status, text, time.monotonic() - started)


def _read(pipe: IO[bytes], into: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(pipe.fileno(), 65_536):
            into += chunk
            if len(into) > OUTPUT_LIMIT:
                del into[: len(into) - OUTPUT_LIMIT]


def _write(pipe: IO[bytes], text: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        pipe.write(text)
