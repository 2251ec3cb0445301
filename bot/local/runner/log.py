"""A job's log as `act` prints it: secrets taken out, steps and summary found again.

`act` begins every line with ``[workflow/job]`` and marks what happens with a sign: a step's start, its end, a
summary, the job's end. Composite actions nest; only the outermost steps are the job's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MASK = "***"
MAX_SUMMARY_BYTES = 1024 * 1024
START = re.compile(r"⭐ Run (?:(?P<stage>Main|Pre|Post) )?(?P<name>.*)")
END = re.compile(
    r"\s*(?:✅|❌)\s+(?P<result>Success|Failure) - "
    r"(?:(?P<stage>Main|Pre|Post) )?(?P<name>.*?)(?: \[[^\]]*\])?"
)
SUMMARY = re.compile(r"\s*⚙\s+Summary - (?P<text>.*)", re.DOTALL)
UNSUPPORTED = "Skipping unsupported platform"
OWN_STEPS = ("Set up job", "Complete job")


class Masker:
    """Secrets to take out of text, also where they are in base64 (as git sends a token)."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            forms.add(secret)
            for text in (secret, f"x-access-token:{secret}"):
                forms.add(base64.b64encode(text.encode()).decode().rstrip("="))
        self._forms = sorted(filter(None, forms), key=len, reverse=True)

    def mask(self, text: str) -> str:
        """The text with every secret replaced."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


@dataclass(slots=True)
class _Step:
    name: str
    started_at: datetime
    main: bool


@dataclass(slots=True)
class LogReader:
    """Reads a log's lines in order; `steps` and `summary` are what they told so far."""

    workflow: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""
    started: bool = False
    unsupported_platform: bool = False  # `act` passes over such a job, and calls that a success
    _open: list[_Step] = field(default_factory=list)
    _in_summary: bool = False

    def read(self, line: str, now: datetime) -> str:
        """Take a line in; the line without its prefix, as the log keeps it."""
        prefix = f"[{self.workflow}/"
        if not line.startswith(prefix) or "] " not in line:
            if self._in_summary:
                self._add_summary(line)
            return line
        text = line[line.index("] ", len(prefix)) + 2 :] if "] " in line[len(prefix) :] else line
        self._in_summary = False
        self.unsupported_platform |= UNSUPPORTED in text and not text.startswith("  | ")
        if start := START.fullmatch(text):
            self.started = True
            self._start(start["stage"], start["name"], now)
        elif (end := END.fullmatch(text)) and self._open:
            self._end(end["result"], now)
        elif summary := SUMMARY.fullmatch(text):
            self._in_summary = True
            self._add_summary(summary["text"])
        return text.removeprefix("  | ")

    def close(self, now: datetime) -> None:
        """The job is over: what has not ended was cut off."""
        while self._open:
            self._end("Cancelled", now)

    def _start(self, stage: str | None, name: str, now: datetime) -> None:
        main = not self._open and (stage == "Main" or name in OWN_STEPS)
        self._open.append(_Step(name, now, main))

    def _end(self, result: str, now: datetime) -> None:
        step = self._open.pop()
        if step.main:
            self.steps.append(
                {
                    "name": step.name if step.name in OWN_STEPS else _title(step.name),
                    "status": "completed",
                    "conclusion": {"Success": "success", "Failure": "failure"}.get(result, "cancelled"),
                    "number": len(self.steps) + 1,
                    "started_at": step.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "completed_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )

    def _add_summary(self, text: str) -> None:
        if len(self.summary.encode()) + len(text.encode()) < MAX_SUMMARY_BYTES:
            self.summary += f"{text}\n"


def _title(name: str) -> str:
    return (name.splitlines() or [""])[0][:200]
