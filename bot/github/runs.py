"""The Actions runs behind live claims, and the reports in their artifacts.

A run carries its claim's token in its name. Nothing is asked while no claim is live; the list is read back to
before the oldest claim, so that a healthy run is never taken for a lost one because newer runs crowd it out.
A look that has no reason to think that a run ended goes by the last list and by what GitHub said when it took
the dispatch; the next list, `KEPT` later at the latest, corrects both.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from bot.beads.answer_parts import ReportError
from bot.beads.report import Report, load_report
from bot.coordinator.claims import Claim, Claims, read_run_name
from bot.coordinator.snapshot import Run
from bot.github.errors import GitHubError
from bot.github.installation import Installation
from bot.github.pulls import WORKFLOW

ARTIFACT = "beadwright"
PUBLISH = "publish"
DIED = ("failure", "timed_out")
"""How a run ends whose job a fault has ended, and no person."""
VISIBLE_AFTER = timedelta(seconds=10)
"""How long after a run's end its artifact may still be on its way."""
CLOCKS_APART = timedelta(minutes=2)
KEPT = timedelta(minutes=10)
GONE = timedelta(minutes=10)
"""How long a report that is not there any more is not asked for again."""
MAX_ZIP = 64 * 1024 * 1024
MAX_REPORT = 4 * 1024 * 1024


class _Run(BaseModel):
    id: int
    display_title: str
    run_attempt: int = 1
    status: str | None
    conclusion: str | None
    html_url: str
    created_at: datetime
    updated_at: datetime


class _Runs(BaseModel):
    workflow_runs: list[_Run]


class _Job(BaseModel):
    id: int
    name: str
    conclusion: str | None = None


class _Jobs(BaseModel):
    jobs: list[_Job] = Field(default_factory=list)


class _Artifact(BaseModel):
    id: int
    name: str
    size_in_bytes: int
    expired: bool = False


class _Artifacts(BaseModel):
    artifacts: list[_Artifact] = Field(default_factory=list)


class RunReader:
    """Runs and reports of one repository. What a finished run left behind is read once per process."""

    def __init__(self, installation: Installation, repository: str) -> None:
        self._github = installation
        self._repository = repository
        self._finished: dict[int, Run] = {}
        self._last: dict[str, Run] = {}
        self._listed_at: datetime | None = None
        self._gone: dict[int, datetime] = {}

    async def of(self, claims: Claims, *, fresh: bool = True) -> tuple[Run, ...]:
        """The runs of the live claims, as far as they have shown up; unless `fresh`, as they were last."""
        if not claims.live:
            self._finished.clear()
            return ()
        wanted = {claim.token: (bead, claim) for bead, claim in claims.live.items()}
        known = self._dispatched() | self._last
        if not fresh and self._lasts() and wanted.keys() <= known.keys():
            return tuple(known[token] for token in wanted)
        self._last = await self._found(wanted)
        self._listed_at = self._github.app.clock()
        return tuple(self._last.values())

    def _lasts(self) -> bool:
        """Whether the last list may stand: it is not old, no report was still on its way, and no publish job
        may have been started again."""
        recent = self._listed_at is not None and self._github.app.clock() - self._listed_at < KEPT
        still = all(run.artifacts_read or not run.done for run in self._last.values())
        return recent and still and all(run.unpublished is None for run in self._last.values())

    def _dispatched(self) -> dict[str, Run]:
        """The runs that GitHub told of when it took their dispatch, as if they had not ended."""
        told = self._github.app.dispatched.items()
        return {
            one.token: Run(run_id, one.token, done=False, conclusion=None, url=one.url)
            for run_id, one in told
        }

    async def _found(self, wanted: dict[str, tuple[int, Claim]]) -> dict[str, Run]:
        found: dict[str, Run] = {}
        for listed in await self._listed(wanted):
            name = read_run_name(listed.display_title)
            if name is not None and name[3] in wanted and name[3] not in found:
                found[name[3]] = await self._run(listed, name[3], *wanted[name[3]])
        live = {run.id for run in found.values()}
        self._finished = {number: run for number, run in self._finished.items() if number in live}
        return found

    async def _listed(self, wanted: dict[str, tuple[int, Claim]]) -> list[_Run]:
        oldest = min(claim.since for _, claim in wanted.values()) - CLOCKS_APART
        missing = set(wanted)
        listed: list[_Run] = []
        page = 1
        while True:
            answer = await self._github.get(
                f"/repos/{self._repository}/actions/workflows/{WORKFLOW}/runs",
                event="workflow_dispatch",
                per_page=50,
                page=page,
            )
            if answer.status == 404:  # the repository has no such workflow (any more)
                return listed
            runs = answer.read(_Runs).workflow_runs
            listed += runs
            missing -= {name[3] for run in runs if (name := read_run_name(run.display_title)) is not None}
            if not missing or len(runs) < 50 or runs[-1].created_at < oldest:
                return listed
            page += 1

    async def _run(self, listed: _Run, token: str, bead: int, claim: Claim) -> Run:
        done = listed.status == "completed"
        known = self._finished.get(listed.id)
        if done and known is not None and known.attempt == listed.run_attempt:
            return known
        unpublished: int | None = None
        report: Report | None = None
        fault: str | None = None
        looked = False
        if done and claim.cost is not None:
            looked = True
        elif done:
            try:
                report = await self.report(listed.id)
                if report is not None:
                    fault = _foreign(report, bead, claim)
            except ReportError as error:
                fault = str(error)
            waited = self._github.app.clock() - listed.updated_at >= VISIBLE_AFTER
            looked = report is not None or fault is not None or waited
        if listed.conclusion in DIED and (report is not None or claim.cost is not None):
            unpublished = await self._unpublished(listed.id)
        run = Run(
            id=listed.id,
            token=token,
            done=done,
            conclusion=listed.conclusion,
            url=listed.html_url,
            artifacts_read=looked,
            report=None if fault else report,
            fault=fault,
            attempt=listed.run_attempt,
            unpublished=unpublished,
            ended_at=listed.updated_at if done else None,
        )
        if looked:
            self._finished[listed.id] = run
        return run

    async def _unpublished(self, run_id: int) -> int | None:
        """The run's publish job in its last attempt, when that job did not succeed."""
        answer = await self._github.get(f"/repos/{self._repository}/actions/runs/{run_id}/jobs", per_page=100)
        named = [job for job in answer.read(_Jobs).jobs if job.name == PUBLISH]
        return max((job.id for job in named if job.conclusion != "success"), default=None)

    async def kept_report(self, run_id: int) -> Report | None:
        """The report of a run that was settled, so it was there once; None when it is gone, or cannot be read
        any more. What is needed of it may be needed in every look, and people may be long in seeing to it."""
        now = self._github.app.clock()
        self._gone = {one: at for one, at in self._gone.items() if now - at < GONE}
        if run_id in self._gone:
            return None
        try:
            report = await self.report(run_id)
        except ReportError:
            report = None
        if report is None:
            self._gone[run_id] = now
        return report

    async def report(self, run_id: int) -> Report | None:
        """The report in a finished run's artifact; None when there is none (yet). Raises ReportError."""
        path = f"/repos/{self._repository}/actions"
        answer = await self._github.get(f"{path}/runs/{run_id}/artifacts", per_page=100)
        if answer.status == 404:
            return None
        named = [one for one in answer.read(_Artifacts).artifacts if one.name == ARTIFACT and not one.expired]
        if not named:
            return None
        artifact = max(named, key=lambda one: one.id)
        if artifact.size_in_bytes > MAX_ZIP:
            raise ReportError(f"the artifact of run {run_id} is larger than {MAX_ZIP // 1024 // 1024} MiB")
        zipped = await self._github.get(f"{path}/artifacts/{artifact.id}/zip")
        if not zipped.ok:
            raise GitHubError(zipped.status, zipped.message)
        return load_report(report_in(zipped.body))


def report_in(zipped: bytes) -> bytes:
    """`report.json` of an artifact, in memory; nothing else is unpacked. Raises ReportError.

    The directory's sizes are only claims: no more than the limit is ever decompressed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            names = [name for name in archive.namelist() if name == "report.json"]
            if len(names) != 1:
                raise ReportError(f"the artifact holds {len(names)} files report.json, not one")
            with archive.open("report.json") as file:
                text = file.read(MAX_REPORT + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise ReportError(f"the artifact is no readable zip: {error}") from error
    if len(text) > MAX_REPORT:
        raise ReportError(f"report.json is larger than {MAX_REPORT // 1024 // 1024} MiB")
    return text


def _foreign(report: Report, bead: int, claim: Claim) -> str | None:
    said = (report.bead, report.role, report.attempt, report.token)
    if said == (bead, claim.role, claim.attempt, claim.token):
        return None
    return f"report.json is about another claim: bead {report.bead}, {report.role}, attempt {report.attempt}"
