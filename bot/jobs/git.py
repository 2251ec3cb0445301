"""Runs git with nothing of the machine's configuration: no hooks, no filters, no helpers, no other protocol.

Credentials travel in the environment of the one process that needs them, never in its arguments, where any
process can read them, nor in a file.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.coordinator.job_port import JobFault

AUTHOR = {"name": "Beadwright", "email": "beadwright[bot]@users.noreply.github.com"}
QUIET = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.protectNTFS": "true",
    "core.protectHFS": "true",
    "credential.helper": "",
    "commit.gpgSign": "false",
    "fetch.fsckObjects": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "safe.directory": "*",
    "submodule.recurse": "false",
    "user.name": AUTHOR["name"],
    "user.email": AUTHOR["email"],
}


class GitFault(JobFault):
    """git refused; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Git:
    """git in one folder. `config` is added to the quiet configuration of every call."""

    folder: Path
    config: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Everything that a call sees of the world."""
        settings = {**QUIET, **self.config}
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_EDITOR": "true",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for index, (key, value) in enumerate(settings.items()):
            env[f"GIT_CONFIG_KEY_{index}"] = key
            env[f"GIT_CONFIG_VALUE_{index}"] = value
        return env

    def output(self, *arguments: str, stdin: bytes = b"", seconds: float = 300) -> bytes:
        """What a call prints. Raises GitFault when it fails or `seconds` are over."""
        done = self._run(arguments, stdin, seconds)
        if done.returncode:
            said = done.stderr.decode("utf-8", errors="replace").strip()[-2_000:]
            raise GitFault(f"git {arguments[0]}: {said or f'exit status {done.returncode}'}")
        return done.stdout

    def text(self, *arguments: str, stdin: str = "", seconds: float = 300) -> str:
        """What a call prints, without the last line's end. Raises GitFault."""
        printed = self.output(*arguments, stdin=stdin.encode(), seconds=seconds)
        return printed.decode("utf-8", errors="surrogateescape").removesuffix("\n")

    def holds(self, *arguments: str) -> bool:
        """Whether a question that git answers by its exit status is answered with yes."""
        return self._run(arguments, b"", 60).returncode == 0

    def has(self, commit: str) -> bool:
        """Whether a commit is here."""
        return self.holds("cat-file", "-e", f"{commit}^{{commit}}")

    def contains(self, ancestor: str, commit: str) -> bool:
        """Whether a commit's history holds another one."""
        return self.holds("merge-base", "--is-ancestor", ancestor, commit)

    def file(self, commit: str, path: str) -> str | None:
        """The text of a file of a commit, or None where it has no such file."""
        try:
            return self.output("cat-file", "blob", f"{commit}:{path}").decode("utf-8", errors="replace")
        except GitFault:
            return None

    def _run(
        self, arguments: Sequence[str], stdin: bytes, seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ("git", *arguments),
                cwd=self.folder,
                env=self.environment(),
                input=stdin,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitFault(f"git {arguments[0]}: nothing after {seconds:.0f} seconds") from error
        except FileNotFoundError as error:
            raise GitFault("git is not installed here") from error


def authorised(server: str, token: str) -> dict[str, str]:
    """The configuration that lets git speak to a server with a token.

    A `file:` server is a folder of this machine; no workflow can name one: `read_inputs` wants web addresses.
    """
    if server.startswith("file://"):
        return {"protocol.file.allow": "always"}
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {f"http.{server}/.extraheader": f"Authorization: Basic {secret}"}
