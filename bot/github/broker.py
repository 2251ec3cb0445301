"""The token broker: a write token for the publish job of the run that holds a live claim, for nobody else.

Everything that is asked for is checked against what GitHub says, not against what the caller says (T23):
the job's signed identity, the run behind it, and the claims ref. Once per attempt of a run, and for no
attempt that the coordinator has not asked for; one that starts anew has forgotten which ones it served.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from pydantic import BaseModel

from bot.coordinator.claims import Claims, ClaimsError, read_claims, read_run_name
from bot.github.answers import ClaimsRef, DefaultBranch, Shape
from bot.github.client import App, InstallationToken
from bot.github.documents import CLAIMS
from bot.github.errors import GitHubError
from bot.github.installation import Installation
from bot.github.oidc import Identity, NotTheJob, Verifier
from bot.github.pulls import WORKFLOW

PATH = f".github/workflows/{WORKFLOW}"
JOB = "publish"
PERMISSIONS = {"contents": "write", "issues": "write", "pull_requests": "write"}
REMEMBERED = timedelta(days=2)


class Refused(Exception):
    """No token; the message says what does not fit."""


class _Owned(BaseModel):
    id: int


class _Run(BaseModel):
    id: int
    display_title: str
    path: str
    event: str
    run_attempt: int
    status: str
    head_branch: str | None
    repository: _Owned


class _CheckRun(BaseModel):
    name: str
    status: str


class _Repository(Shape):
    database_id: int
    default_branch_ref: DefaultBranch | None = None
    claims: ClaimsRef | None = None


class _Reply(Shape):
    repository: _Repository | None = None


class Broker:
    """Gives out installation tokens narrowed to one repository and to what publish needs.

    Args:
        app: the App whose installations are asked.
        verifier: of the jobs' identities.
    """

    def __init__(self, app: App, verifier: Verifier) -> None:
        self._app = app
        self._verifier = verifier
        self._served: dict[tuple[int, int], datetime] = {}

    async def grant(self, identity_token: str, claim_token: str) -> InstallationToken:
        """A token for the job that proves itself. Raises Refused, GitHubError, Limited."""
        try:
            identity = await self._verifier.identity(identity_token)
        except NotTheJob as error:
            raise Refused(str(error)) from error
        _check_identity(identity)
        served = (identity.run_id, identity.run_attempt)
        if served in self._served:
            raise Refused(f"run {identity.run_id} has had its token")
        try:
            installation = Installation(self._app, await self._app.installation_of(identity.repository))
        except GitHubError as error:
            if error.status != 404:
                raise
            raise Refused(f"the App is not installed on {identity.repository}") from error
        repository = await self._repository(installation, identity)
        branch = repository.default_branch_ref.name if repository.default_branch_ref else None
        # On another branch the workflow file could be anybody's.
        if identity.ref != f"refs/heads/{branch}":
            raise Refused("the run is not of the default branch")
        title = await self._title(installation, identity, branch)
        await self._check_job(installation, identity)
        try:
            claims = read_claims(repository.claims.target.message if repository.claims else None)
        except ClaimsError as error:
            raise Refused(str(error)) from error
        _check_claim(title, identity.run_attempt, claims, claim_token)
        # Between this check and the note nothing is awaited: two calls at once cannot both pass.
        if served in self._served:
            raise Refused(f"run {identity.run_id} has had its token")
        self._note(served)
        try:
            return await self._app.grant(
                installation.id, repository_ids=[identity.repository_id], permissions=PERMISSIONS
            )
        except GitHubError:
            del self._served[served]  # nobody got a token: it may ask again
            raise

    async def _repository(self, installation: Installation, identity: Identity) -> _Repository:
        owner, _, name = identity.repository.partition("/")
        reply = await installation.query(CLAIMS, _Reply, {"owner": owner, "name": name}, may_miss=True)
        if reply.repository is None or reply.repository.database_id != identity.repository_id:
            raise Refused(f"{identity.repository} is another repository now")
        return reply.repository

    async def _title(self, installation: Installation, identity: Identity, branch: str | None) -> str:
        """The name of the run, which says what claim it is of.

        Of a run that this process dispatched itself GitHub has told the number; all else that is checked of
        another stands in the signed identity.
        """
        if identity.run_id in self._app.dispatched:
            return self._app.dispatched[identity.run_id].title
        run = await self._run(installation, identity)
        _check_run(identity, run, branch)
        return run.display_title

    async def _run(self, installation: Installation, identity: Identity) -> _Run:
        answer = await installation.get(f"/repos/{identity.repository}/actions/runs/{identity.run_id}")
        if answer.status == 404:
            raise Refused(f"{identity.repository} has no run {identity.run_id}")
        return answer.read(_Run)

    async def _check_job(self, installation: Installation, identity: Identity) -> None:
        path = f"/repos/{identity.repository}/check-runs/{identity.check_run_id}"
        answer = await installation.get(path)
        if answer.status == 404:
            raise Refused("the job behind the identity token is not known")
        job = answer.read(_CheckRun)
        if job.name != JOB or job.status == "completed":
            raise Refused(f"only the running job {JOB} is given a token")

    def _note(self, served: tuple[int, int]) -> None:
        now = self._app.clock()
        self._served = {one: at for one, at in self._served.items() if now - at < REMEMBERED}
        self._served[served] = now


def _check_identity(identity: Identity) -> None:
    if identity.event_name != "workflow_dispatch":
        raise Refused(f"the run was started by {identity.event_name}, not by a dispatch")
    wanted = f"{identity.repository}/{PATH}@{identity.ref}"
    if identity.job_workflow_ref != wanted or identity.workflow_ref != wanted:
        raise Refused(f"the job is of another workflow than {PATH}")
    if identity.check_run_id is None:
        raise Refused("the identity token does not say which job it is of")


def _check_run(identity: Identity, run: _Run, default_branch: str | None) -> None:
    if run.repository.id != identity.repository_id or run.id != identity.run_id:
        raise Refused("the run is of another repository")
    if run.path.partition("@")[0] != PATH or run.event != "workflow_dispatch":
        raise Refused(f"the run is no dispatch of {PATH}")
    if run.run_attempt != identity.run_attempt or run.status == "completed":
        raise Refused("the run is over, or was started again")
    if run.head_branch != default_branch:
        raise Refused("the run is not of the default branch")


def _check_claim(title: str, run_attempt: int, claims: Claims, token: str) -> None:
    name = read_run_name(title)
    if name is None:
        raise Refused("the run's name is no claim's")
    bead, role, attempt, titled = name
    claim = claims.live.get(bead)
    same = claim is not None and hmac.compare_digest(claim.token.encode(), token.encode())
    if claim is None or not same or not hmac.compare_digest(titled.encode(), token.encode()):
        raise Refused(f"the claim on bead #{bead} is not this run's (any more)")
    if run_attempt != 1 + claim.reruns:
        raise Refused("a run that a person has started again is given no token")
    # Only the coordinator's own second try may find the refs moved: it writes what the first one did not.
    unfinished = claim.stage == "claimed" or claim.reruns > 0
    if (claim.role, claim.attempt) != (role, attempt) or not unfinished:
        raise Refused(f"the claim on bead #{bead} is at another attempt, or already published")
