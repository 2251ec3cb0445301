"""The results service that artifact actions talk to: Twirp over JSON, and signed addresses for the bytes.

Wire format of `github.actions.results.api.v1.ArtifactService` as `@actions/artifact` speaks it. A job has a
runtime token whose scope names its run and itself; an upload goes to a signed address, as one PUT or as
blocks and a block list, and nobody sees the artifact until it is finalized with its size and hash. Artifacts
are immutable and their names unique in a run.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import jwt
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from bot.local.forge import actions, keys
from bot.local.forge.records import Artifact, Job, Run
from bot.local.forge.state import State

SERVICE = "/twirp/github.actions.results.api.v1.ArtifactService/"
BLOB_PREFIX = "_results"
MAX_BYTES = 2 * 1024**3
MAX_BLOCKS = 50_000
RETENTION = timedelta(days=90)
URL_LIFETIME = timedelta(minutes=60)
NAME = re.compile(r'[^"\\/:<>|*?\r\n]{1,255}')


class TwirpError(Exception):
    """An error as Twirp says it: a code, its HTTP status, a message."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


# -- tokens and addresses ---------------------------------------------------------------------------------
def issue_runtime_token(state: State, job: Job, lifetime: timedelta) -> str:
    """ACTIONS_RUNTIME_TOKEN of a job."""
    now = state.now()
    claims = {
        "scp": f"Actions.Results:{job.run_id}:{job.id}",
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode(claims, keys.actions_secret(state), algorithm="HS256")


def signed_url(state: State, base_url: str, method: str, path: str) -> str:
    """An address below ``/_results`` that lets whoever has it do one thing for a while.

    `path` is ``artifacts/ID``, ``jobs/ID`` (a log) or ``runs/ID/ATTEMPT`` (logs as a zip).
    """
    expires = str(int((state.now() + URL_LIFETIME).timestamp()))
    query = urlencode({"se": expires, "sig": _signature(state, method, path, expires)})
    return f"{base_url}/{BLOB_PREFIX}/{path}?{query}"


def _signature(state: State, method: str, path: str, expires: str) -> str:
    text = f"{method}\n{path}\n{expires}".encode()
    return hmac.new(keys.actions_secret(state), text, hashlib.sha256).hexdigest()


def _signed(state: State, request: Request, path: str) -> bool:
    expires = request.query_params.get("se", "")
    given = request.query_params.get("sig", "")
    good = hmac.compare_digest(given.encode(), _signature(state, request.method, path, expires).encode())
    return good and expires.isdigit() and int(expires) > state.now().timestamp()


# -- serving ----------------------------------------------------------------------------------------------
async def serve(state: State, request: Request) -> Response:
    """Answer below ``/twirp`` and ``/_results``."""
    path = request.url.path
    if path.startswith(f"/{BLOB_PREFIX}/"):
        return await _serve_blob(state, request, path.removeprefix(f"/{BLOB_PREFIX}/"))
    try:
        method = METHODS.get(path.removeprefix(SERVICE)) if path.startswith(SERVICE) else None
        if method is None:
            raise TwirpError("bad_route", 404, f"no handler for path {path}")
        if request.method != "POST":
            raise TwirpError("bad_route", 404, f"unsupported method {request.method}")
        job = _calling_job(state, request.headers.get("authorization", ""))
        body = _parse(await request.body())
        if str(_field(body, "workflow_run_backend_id")) != str(job.run_id):
            raise TwirpError("permission_denied", 403, "the runtime token is of another run")
        answer = method(state, str(request.base_url).rstrip("/"), job, body)
    except TwirpError as error:
        return JSONResponse({"code": error.code, "msg": str(error)}, error.status)
    state.commit()
    return JSONResponse(answer)


def _calling_job(state: State, authorization: str) -> Job:
    denied = TwirpError("unauthenticated", 401, "invalid runtime token")
    scheme, _, token = authorization.partition(" ")
    try:
        claims = jwt.decode(
            token,
            keys.actions_secret(state),
            ["HS256"],
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "scp"]},
        )
        _, _, job_id = str(claims["scp"]).removeprefix("Actions.Results:").partition(":")
    except jwt.PyJWTError:
        raise denied from None
    if scheme.lower() != "bearer" or claims["exp"] <= state.now().timestamp():
        raise denied
    if not job_id.isdigit() or not state.has(Job, int(job_id)):
        raise denied
    job = state.get(Job, int(job_id))
    if job.status != "in_progress":
        raise denied
    return job


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise TwirpError("malformed", 400, "the json request could not be decoded")
    return body


def _field(body: dict[str, Any], name: str) -> Any:
    """A field by its protobuf name or its JSON name; both are in use."""
    head, *rest = name.split("_")
    return body.get(name, body.get(head + "".join(part.title() for part in rest)))


# -- the service ------------------------------------------------------------------------------------------
def _create(state: State, base_url: str, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    name = _field(body, "name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TwirpError("invalid_argument", 400, f"the artifact name is not valid: {name!r}")
    if _field(body, "version") not in (4, 5, 6, 7):
        raise TwirpError("invalid_argument", 400, f"version {_field(body, 'version')} is not implemented")
    run = state.get(Run, job.run_id)
    for other in state.find(Artifact, run_id=run.id):
        if other.name == name and other.finalized:
            raise TwirpError(
                "already_exists", 409, "an artifact with this name already exists on the workflow run"
            )
        if other.name == name:
            actions.delete_artifact(state, other)
    now = state.now()
    artifact = state.put(
        Artifact(
            id=state.new_id(),
            repo_id=run.repo_id,
            run_id=run.id,
            name=name,
            size=0,
            digest="",
            created_at=now,
            expires_at=_expiry(_field(body, "expires_at"), now),
        )
    )
    return {"ok": True, "signed_upload_url": signed_url(state, base_url, "PUT", f"artifacts/{artifact.id}")}


def _expiry(given: Any, now: datetime) -> datetime:
    """The wanted expiry, at most 90 days away."""
    if given is None:
        return now + RETENTION
    try:
        wanted = datetime.fromisoformat(str(given).replace("Z", "+00:00"))
    except ValueError:
        raise TwirpError("invalid_argument", 400, f"expires_at is no time: {given!r}") from None
    return min(wanted, now + RETENTION)


def _finalize(state: State, _base_url: str, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    artifact = _named(state, job.run_id, _field(body, "name"), finalized=False)
    path = blob_path(state, artifact)
    if not path.exists():
        raise TwirpError("failed_precondition", 412, "nothing was uploaded")
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    if str(_field(body, "size")) != str(size):
        raise TwirpError("failed_precondition", 412, f"size is {size}, not {_field(body, 'size')}")
    given = _field(body, "hash")
    given = given.get("value") if isinstance(given, dict) else given
    if given is not None and given != digest:
        raise TwirpError("failed_precondition", 412, f"the hash is {digest}, not {given}")
    artifact.size, artifact.digest, artifact.finalized = size, digest, True
    state.put(artifact)
    shutil.rmtree(_blocks_folder(state, artifact), ignore_errors=True)
    return {"ok": True, "artifact_id": str(artifact.id)}


def _list(state: State, _base_url: str, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    name, wanted_id = _wrapped(_field(body, "name_filter")), _wrapped(_field(body, "id_filter"))
    found = [
        artifact
        for artifact in state.find(Artifact, run_id=job.run_id)
        if artifact.finalized
        and artifact.expires_at > state.now()
        and name in (None, artifact.name)
        and (wanted_id is None or str(wanted_id) == str(artifact.id))
    ]
    return {
        "artifacts": [
            {
                "workflow_run_backend_id": str(artifact.run_id),
                "workflow_job_run_backend_id": _field(body, "workflow_job_run_backend_id"),
                "database_id": str(artifact.id),
                "name": artifact.name,
                "size": str(artifact.size),
                "created_at": artifact.created_at.isoformat().replace("+00:00", "Z"),
                "digest": artifact.digest,
            }
            for artifact in found
        ]
    }


def _get_url(state: State, base_url: str, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    artifact = _named(state, job.run_id, _field(body, "name"), finalized=True)
    return {
        "name": artifact.name,
        "signed_url": signed_url(state, base_url, "GET", f"artifacts/{artifact.id}"),
    }


def _delete(state: State, _base_url: str, job: Job, body: dict[str, Any]) -> dict[str, Any]:
    artifact = _named(state, job.run_id, _field(body, "name"), finalized=True)
    actions.delete_artifact(state, artifact)
    return {"ok": True, "artifact_id": str(artifact.id)}


def _named(state: State, run_id: int, name: Any, *, finalized: bool) -> Artifact:
    for artifact in state.find(Artifact, run_id=run_id):
        if artifact.name == name and artifact.finalized == finalized:
            return artifact
    raise TwirpError("not_found", 404, f"no such artifact: {name!r}")


def _wrapped(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


Method = Callable[[State, str, Job, dict[str, Any]], dict[str, Any]]
METHODS: dict[str, Method] = {
    "CreateArtifact": _create,
    "FinalizeArtifact": _finalize,
    "ListArtifacts": _list,
    "GetSignedArtifactURL": _get_url,
    "DeleteArtifact": _delete,
}


# -- the bytes --------------------------------------------------------------------------------------------
def blob_path(state: State, artifact: Artifact) -> Path:
    """Where an artifact's zip is."""
    return state.folder / "artifacts" / f"{artifact.id}.zip"


def _blocks_folder(state: State, artifact: Artifact) -> Path:
    return state.folder / "artifacts" / f"{artifact.id}.blocks"


async def _serve_blob(state: State, request: Request, path: str) -> Response:
    if not _signed(state, request, path):
        return Response("Signature did not match or has expired", 403)
    kind, _, rest = path.partition("/")
    if kind == "artifacts" and rest.isdigit() and state.has(Artifact, int(rest)):
        artifact = state.get(Artifact, int(rest))
        if request.method == "PUT":
            return await _take(state, request, artifact)
        return FileResponse(
            blob_path(state, artifact),
            media_type="application/zip",
            filename=f"{artifact.name}.zip",
        )
    if kind == "jobs" and rest.isdigit() and state.has(Job, int(rest)):
        content = actions.log_of(state, state.get(Job, int(rest))).read()
        return Response(content, 200, media_type="text/plain; charset=utf-8")
    if kind == "runs":
        run_id, _, attempt = rest.partition("/")
        if run_id.isdigit() and attempt.isdigit() and state.has(Run, int(run_id)):
            content = actions.logs_zip(state, state.get(Run, int(run_id)), int(attempt))
            return Response(content, 200, media_type="application/zip")
    return Response("The specified blob does not exist.", 404)


async def _take(state: State, request: Request, artifact: Artifact) -> Response:
    if artifact.finalized:
        return Response("The artifact is finalized", 409)
    operation = request.query_params.get("comp")
    folder = _blocks_folder(state, artifact)
    if operation == "blocklist":
        return _join(folder, blob_path(state, artifact), await request.body())
    if operation is None:
        target = blob_path(state, artifact)
    elif operation == "block":
        folder.mkdir(exist_ok=True)
        target = folder / _block_name(request.query_params.get("blockid", ""))
    else:
        return Response(f"comp={operation} is not implemented by this forge", 501)
    written = 0
    with target.open("wb") as file:
        async for chunk in request.stream():
            written += len(chunk)
            if written > MAX_BYTES:
                break
            file.write(chunk)
    if written > MAX_BYTES:
        target.unlink()
        return Response("The blob is too large", 413)
    return Response(status_code=201)


def _join(folder: Path, target: Path, listing: bytes) -> Response:
    """Make the blob of its blocks in the list's order; an empty list takes all of them by their names."""
    present = {path.name: path for path in folder.iterdir()} if folder.exists() else {}
    if b"<!" in listing:
        return Response("The block list is not valid", 400)
    try:
        wanted = (
            [_block_name(entry.text or "") for entry in ElementTree.fromstring(listing)] if listing else []
        )
    except ElementTree.ParseError:
        return Response("The block list is not valid", 400)
    order = wanted or sorted(present)
    if len(order) > MAX_BLOCKS or not all(name in present for name in order):
        return Response("The specified block list is invalid", 400)
    if sum(present[name].stat().st_size for name in order) > MAX_BYTES:
        return Response("The blob is too large", 413)
    with target.open("wb") as blob:
        for name in order:
            with present[name].open("rb") as block:
                shutil.copyfileobj(block, blob)
    return Response(status_code=201)


def _block_name(block_id: str) -> str:
    return base64.urlsafe_b64encode(block_id.encode()).decode()[:200] or "_"
