"""OpenID Connect for jobs: who a job is, signed by the forge.

A job with `id-token: write` gets a request token and an address; whoever holds both can ask for a JSON Web
Token with the job's identity for an audience. Nobody else can: the request token ends with the job.
https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

import secrets
from datetime import timedelta

import jwt
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.local.forge import actions, keys
from bot.local.forge.records import Account, Job, Repository, Run, Workflow
from bot.local.forge.state import State

KEY_ID = "beadwright-forge-1"
PREFIX = "_oidc"
LIFETIME = timedelta(minutes=5)
AUDIENCE = "api://ActionsIdToken"


def request_url(base_url: str) -> str:
    """ACTIONS_ID_TOKEN_REQUEST_URL: callers add ``&audience=…``."""
    return f"{base_url}/{PREFIX}/token?api-version=2.0"


def issue_request_token(state: State, job: Job) -> str:
    """ACTIONS_ID_TOKEN_REQUEST_TOKEN of a job that may ask; good while the job runs."""
    now = state.now()
    claims = {
        "aud": AUDIENCE,
        "job": job.id,
        "iat": int(now.timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, keys.actions_secret(state), algorithm="HS256")


async def serve(state: State, request: Request) -> Response:
    """Answer below ``/_oidc``: the configuration, the public key, and tokens."""
    base_url = str(request.base_url).rstrip("/")
    issuer = f"{base_url}/{PREFIX}"
    path = request.url.path.removeprefix(f"/{PREFIX}")
    if request.method != "GET":
        return JSONResponse({"message": "Method Not Allowed"}, 405)
    if path == "/.well-known/openid-configuration":
        return JSONResponse(_configuration(issuer))
    if path == "/.well-known/jwks":
        return JSONResponse({"keys": [_public_key(state)]})
    if path == "/token":
        job = _asking_job(state, request.headers.get("authorization", ""))
        if job is None:
            return JSONResponse({"message": "The request token is not good, or its job is over."}, 401)
        owner = state.get(Account, state.get(Repository, job.repo_id).owner_id)
        audience = request.query_params.get("audience") or f"{base_url}/{owner.login}"
        return JSONResponse({"value": sign(state, job, issuer, audience)})
    return JSONResponse({"message": "Not Found"}, 404)


def sign(state: State, job: Job, issuer: str, audience: str) -> str:
    """The identity of a job as a JSON Web Token (RS256)."""
    run = state.get(Run, job.run_id)
    repository = state.get(Repository, job.repo_id)
    owner = state.get(Account, repository.owner_id)
    workflow = state.get(Workflow, run.workflow_id)
    actor = state.get(Account, run.actor_id)
    name = f"{owner.login}/{repository.name}"
    workflow_ref = f"{name}/{workflow.path}@{run.ref}"
    pull = run.payload.get("pull_request")
    now = state.now()
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": f"repo:{name}:pull_request" if pull else f"repo:{name}:ref:{run.ref}",
        "iat": int(now.timestamp()),
        "nbf": int((now - LIFETIME).timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": secrets.token_hex(16),
        "actor": actor.login,
        "actor_id": str(actor.id),
        "base_ref": pull["base"]["ref"] if pull else "",
        "check_run_id": str(actions.check_run_of(state, job).id),
        "event_name": run.event,
        "head_ref": pull["head"]["ref"] if pull else "",
        "job_workflow_ref": workflow_ref,
        "job_workflow_sha": run.checkout_sha,
        "ref": run.ref,
        "ref_protected": "false",
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "repository": name,
        "repository_id": str(repository.id),
        "repository_owner": owner.login,
        "repository_owner_id": str(owner.id),
        "repository_visibility": "private" if repository.private else "public",
        "run_attempt": str(run.attempt),
        "run_id": str(run.id),
        "run_number": str(run.number),
        "runner_environment": "self-hosted",
        "sha": run.checkout_sha,
        "workflow": workflow.name,
        "workflow_ref": workflow_ref,
        "workflow_sha": run.checkout_sha,
    }
    return jwt.encode(claims, keys.oidc_key(state), algorithm="RS256", headers={"kid": KEY_ID})


def _asking_job(state: State, authorization: str) -> Job | None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        claims = jwt.decode(
            token, keys.actions_secret(state), ["HS256"], audience=AUDIENCE, options={"verify_iat": False}
        )
    except jwt.PyJWTError:
        return None
    if not state.has(Job, claims["job"]):
        return None
    job = state.get(Job, claims["job"])
    return job if job.status == "in_progress" and job.permissions.get("id-token") == "write" else None


def _configuration(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }


def _public_key(state: State) -> dict[str, object]:
    public = RSAAlgorithm.to_jwk(keys.oidc_key(state).public_key(), as_dict=True)
    return {**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}
