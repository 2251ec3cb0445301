"""The wall: a program inside sees a list of folders, its own processes, and nothing else of the machine.

Linux namespaces: a new root is built from read-only system folders, the checkout, a desk and an empty
temporary folder; no other process' memory or environment can be read; a fresh session, no inherited files, no
capability, and no way to win one. The network stays: a model has to be reached. A user namespace lets anybody
build that; where the kernel reserves those (Ubuntu 24.04), password-less sudo builds it and is gone then.
Inside, `wall_inside.py` does it and becomes the program; it is handed over as text, so that it needs no place
within the new root.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from bot.coordinator.job_port import JobFault
from bot.engines.outcome import Ended

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt")
FLAGS = ("--mount", "--pid", "--ipc", "--fork", "--kill-child")
WAYS = (
    ("unshare", "--user", "--map-current-user", "--keep-caps", *FLAGS),
    ("sudo", "-n", "unshare", *FLAGS),
)
GRACE = 10.0  # seconds that the kernel has to end everything
KILLED = (137, -signal.SIGKILL)  # of `timeout`, which is killed with what it started or says so
OUTPUT_LIMIT = 2_000_000  # bytes kept of what a program prints; the end matters most
LINE_LIMIT = 16_000_000  # bytes of one line that is taken as it comes; a longer one is left out
INSIDE = Path(__file__).with_name("wall_inside.py")


def probe() -> str | None:
    """Why this machine cannot build the wall, or None when it can. Tried for real, once per process."""
    found = _way()
    return found if isinstance(found, str) else None


@cache
def _way() -> tuple[str, ...] | str:
    """The first command that gets namespaces here, or why none does."""
    if not sys.platform.startswith("linux"):
        return f"namespaces exist on Linux only, and this is {sys.platform}"
    reasons: list[str] = []
    with tempfile.TemporaryDirectory(prefix="wall-") as folder:
        place = Path(folder).resolve()
        for way in WAYS:
            missing = [name for name in (way[0], "unshare", "timeout") if shutil.which(name) is None]
            if missing:
                reasons.append(f"the program {missing[0]} is not installed")
                continue
            plan = _plan(("/bin/sh", "-c", "test -r /proc/1/status"), place, place, (), (), {}, frozen=True)
            ended = _run(_within_namespaces(way, plan, 20), {"PATH": os.defpath}, place, "", 20)
            if ended.status == 0:
                return way
            reasons.append(f"{way[0]}: {ended.output.strip()[-300:] or ended.status}")
    return "; ".join(reasons)


@dataclass(frozen=True, slots=True)
class Wall:
    """Runs programs in a checkout; an `Enclosure`.

    `desk` is the folder that both sides share. `hidden` are folders that stay out of sight although they lie
    below a visible one; `shown` are folders that can be read all the same. `kind` is the policy's: with
    `none` only environment, files and session are new.
    """

    checkout: Path
    desk: Path
    hidden: tuple[str, ...]
    kind: str
    shown: tuple[str, ...] = ()

    @property
    def walled(self) -> bool:
        """See `Enclosure.walled`."""
        return self.kind == "namespace"

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float,
        stdin: str = "",
        writable: bool = True,
        take: Callable[[str], None] | None = None,
    ) -> Ended:
        """See `Enclosure.run`. Raises JobFault when the program or the wall cannot be started."""
        if not command:
            raise JobFault("the policy names no command: engine.command is empty")
        home = self.desk / "home"
        home.mkdir(exist_ok=True)
        roots = visible()
        search = [entry for entry in _path() if self.kind == "none" or _within(entry, roots)]
        clean = {"PATH": ":".join(search), "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": "/tmp", **env}
        argv = [*command]
        if not self.walled:
            return _run(argv, clean, self.checkout, stdin, seconds, take=take)
        way = _way()
        if isinstance(way, str):
            raise JobFault(f"the wall cannot be built here: {way}")
        plan = _plan(command, self.checkout, self.desk, self.hidden, self.shown, clean, frozen=not writable)
        argv = _within_namespaces(way, plan, seconds)
        outer = {"PATH": clean["PATH"]}
        return _run(argv, outer, self.checkout, stdin, seconds + GRACE, limit=seconds, take=take)


def visible() -> list[str]:
    """The folders that a program inside can read, besides the checkout and the desk."""
    tools = [os.environ.get("RUNNER_TOOL_CACHE", ""), sys.base_prefix]
    resolver = "/etc/resolv.conf"  # often a link into /run
    found: dict[str, None] = {}
    for name in (*SYSTEM, *filter(None, tools), resolver):
        if os.path.islink(name) and os.path.realpath(os.path.dirname(name)) == os.path.dirname(name):
            found[name] = None
        if os.path.exists(name):
            found[os.path.realpath(name)] = None
    return [name for name in found if not _within(os.path.dirname(name), list(found))]


def _plan(
    command: Sequence[str],
    checkout: Path,
    desk: Path,
    hidden: Sequence[str],
    shown: Sequence[str],
    env: Mapping[str, str],
    *,
    frozen: bool,
) -> str:
    """What `wall_inside.py` is to do."""
    return json.dumps(
        {
            "readonly": visible(),
            "hidden": list(hidden),
            "shown": [os.path.realpath(name) for name in shown],
            "checkout": [str(checkout)],
            "frozen": frozen,
            "writable": [str(desk)],
            "cwd": str(checkout),
            "command": list(command),
            "env": dict(env),
            "uid": os.getuid(),
            "gid": os.getgid(),
        }
    )


def _within_namespaces(way: Sequence[str], plan: str, seconds: float) -> list[str]:
    """The command that builds the wall. `timeout` ends it: what sudo starts is not ours to kill."""
    at = list(way).index("unshare")
    clock = ["timeout", "-s", "KILL", f"{seconds:.3f}"]
    inside = [sys.executable, "-I", "-S", "-c", INSIDE.read_text("utf-8"), plan]
    return [*way[:at], *clock, *way[at:], *inside]


def _path() -> list[str]:
    listed = os.environ.get("PATH", os.defpath).split(":")
    extra = [f"{sys.base_prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    return [entry for entry in dict.fromkeys([*listed, *extra]) if entry.startswith("/")]


def _within(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _run(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    stdin: str,
    seconds: float,
    limit: float | None = None,
    take: Callable[[str], None] | None = None,
) -> Ended:
    """Run a command for at most `seconds`; `limit` is the shorter clock that it holds by itself."""
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if take is None else subprocess.PIPE,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        raise JobFault(f"{argv[0]} cannot be started: {error.strerror}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    output = bytearray()
    writer = threading.Thread(target=_write, args=(process.stdin, stdin.encode()), daemon=True)
    readers = [threading.Thread(target=_read, args=(process.stderr or process.stdout, output), daemon=True)]
    if take is not None:
        readers.append(threading.Thread(target=_read_lines, args=(process.stdout, take), daemon=True))
    for thread in (writer, *readers):
        thread.start()
    status: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        status = process.wait(timeout=seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE)
    for reader in readers:
        reader.join(timeout=5)
    took = time.monotonic() - started
    late = status is None or (limit is not None and status in KILLED and took >= limit)
    text = bytes(output).decode("utf-8", errors="replace")
    return Ended("timeout" if late else "exited", None if late else status, text, took)


def _read(pipe: IO[bytes], into: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(pipe.fileno(), 65_536):
            into += chunk
            if len(into) > OUTPUT_LIMIT:
                del into[: len(into) - OUTPUT_LIMIT]


def _read_lines(pipe: IO[bytes], take: Callable[[str], None]) -> None:
    rest, left_out = bytearray(), False
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(pipe.fileno(), 65_536):
            rest += chunk
            if b"\n" in chunk:
                *lines, last = bytes(rest).split(b"\n")
                rest = bytearray(last)
                for line in lines[left_out:]:
                    take(line.decode("utf-8", errors="replace"))
                left_out = False
            elif len(rest) > LINE_LIMIT:
                rest, left_out = bytearray(), True
        if rest and not left_out:
            take(rest.decode("utf-8", errors="replace"))


def _write(pipe: IO[bytes], text: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        pipe.write(text)
