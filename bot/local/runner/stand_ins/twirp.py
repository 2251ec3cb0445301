"""The results service's wire format, for the two artifact stand-ins; standard library only.

The runtime token is in a file beside this one, made for this job: as on GitHub, no other step has it in its
environment.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

RUNTIME = json.loads(Path(__file__).with_name("runtime.json").read_text(encoding="utf-8"))
TIMEOUT_SECONDS = 120
# Straight to the forge: proxies of the environment are for other people's hosts.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, *, missing_is_fine: bool = False, **fields: object) -> dict[str, object]:
    """Call the ArtifactService; ends the step where it refuses."""
    run, job = _backend_ids()
    body = {"workflow_run_backend_id": run, "workflow_job_run_backend_id": job, **fields}
    request = urllib.request.Request(
        f"{RUNTIME['url']}twirp/github.actions.results.api.v1.ArtifactService/{method}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {RUNTIME['token']}", "Content-Type": "application/json"},
    )
    try:
        with OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 404 and missing_is_fine:
            return {}
        sys.exit(f"{method} was refused: {error.code} {error.read().decode(errors='replace')}")
    assert isinstance(answer, dict)
    return answer


def put(url: str, content: bytes) -> None:
    """Put bytes to a signed address; ends the step where that is refused."""
    headers = {"Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob"}
    try:
        OPENER.open(
            urllib.request.Request(url, content, headers, method="PUT"), timeout=TIMEOUT_SECONDS
        ).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"the upload was refused: {error.code} {error.read().decode(errors='replace')}")


def _backend_ids() -> tuple[str, str]:
    payload = RUNTIME["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    _, run, job = claims["scp"].split(":")
    return run, job
