"""Reads what the agent job handed over. Everything in it may be forged (T13)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from bot.beads.answer_parts import ReportError
from bot.beads.report import Report, load_report
from bot.coordinator.job_port import JobFault
from bot.jobs.inputs import Inputs

LIMITS = {"report.json": 2_000_000, "work.bundle": 100_000_000, "transcript.log": 20_000_000}  # bytes


@dataclass(frozen=True, slots=True)
class Artifact:
    """A report that is this run's, and the work's bundle if there is one."""

    report: Report
    bundle: Path | None


def read_artifact(inputs: Inputs) -> Artifact:
    """The artifact of this run. Raises JobFault naming what is wrong; nothing of a wrong one is used."""
    folder = inputs.artifact
    if not folder.is_dir() or folder.is_symlink():
        raise JobFault("the agent job left no artifact")
    for entry in os.scandir(folder):
        limit = LIMITS.get(entry.name)
        if limit is None:
            raise JobFault(f"the artifact holds {entry.name!r}, which no agent job puts there")
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise JobFault(f"the artifact's {entry.name} is no plain file")
        if status.st_size > limit:
            raise JobFault(f"the artifact's {entry.name} has {status.st_size} bytes, more than {limit}")
    path = folder / "report.json"
    if not path.exists():
        raise JobFault("the artifact holds no report.json")
    try:
        report = load_report(path.read_bytes())
    except ReportError as error:
        raise JobFault(str(error)) from error
    claimed = (report.bead, report.role, report.attempt, report.token)
    if claimed != (inputs.bead, inputs.role, inputs.attempt, inputs.token):
        raise JobFault("report.json: bead, role, attempt or token are not this run's")
    bundle = folder / "work.bundle"
    return Artifact(report, bundle if bundle.exists() else None)
