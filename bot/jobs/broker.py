"""Asks the coordinator's broker for the write token, with the run's own signed identity."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel

from bot.coordinator.job_port import JobFault


class _Identity(BaseModel):
    value: str


class _Granted(BaseModel):
    token: str


def write_token(env: Mapping[str, str], claim_token: str, client: httpx.Client) -> str:
    """A token narrowed to this repository and to what publish needs.

    The identity is asked of Actions (`id-token: write`), with the broker as its audience:
    https://docs.github.com/en/actions/reference/security/oidc
    Raises JobFault that says which of the three is missing or refused.
    """
    broker = env.get("BEADWRIGHT_URL", "").rstrip("/")
    if not broker.startswith(("https://", "http://")):
        raise JobFault("the repository's Actions variable BEADWRIGHT_URL does not name the coordinator")
    address, bearer = env.get("ACTIONS_ID_TOKEN_REQUEST_URL"), env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not address or not bearer:
        raise JobFault("the job cannot prove who it is: it needs the permission `id-token: write`")
    joined = f"{address}{'&' if '?' in address else '?'}{urlencode({'audience': broker})}"
    identity = _Identity.model_validate_json(_send(client, "GET", joined, bearer, None, "Actions"))
    answer = _send(
        client, "POST", f"{broker}/broker/token", identity.value, {"token": claim_token}, "the broker"
    )
    return _Granted.model_validate_json(answer).token


def _send(
    client: httpx.Client, method: str, url: str, bearer: str, body: Mapping[str, str] | None, who: str
) -> bytes:
    try:
        answer = client.request(method, url, json=body, headers={"Authorization": f"Bearer {bearer}"})
    except httpx.HTTPError as error:
        raise JobFault(f"{who} did not answer: {error}") from error
    if not answer.is_success:
        raise JobFault(f"{who} refused: {answer.status_code} {answer.text[:500]}")
    return answer.content
