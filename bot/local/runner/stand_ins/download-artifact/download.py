"""What actions/download-artifact does, for a local forge; standard library only."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
import zipfile
from http.client import HTTPMessage
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).parent))
import twirp  # type: ignore[import-not-found]  # put beside this file for every job

TOKEN = os.environ["INPUT_GITHUB_TOKEN"]


def main() -> None:
    """Download, unpack, and tell the step's outputs."""
    name, pattern = os.environ["INPUT_NAME"], os.environ["INPUT_PATTERN"]
    target = Path(os.environ["GITHUB_WORKSPACE"], os.path.expanduser(os.environ["INPUT_PATH"])).resolve()
    found = by_api() if TOKEN else by_runtime()
    wanted = [
        one for one in found if name in ("", one["name"]) and fnmatch.fnmatchcase(one["name"], pattern or "*")
    ]
    if name and not wanted:
        sys.exit(f"Artifact not found for name: {name}")
    one_folder = bool(name) or os.environ["INPUT_MERGE_MULTIPLE"].lower() == "true"
    for one in wanted:
        unpack(one, target if one_folder else target / one["name"])
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
        outputs.write(f"download-path={target}\n")


def by_runtime() -> list[dict[str, str]]:
    """The artifacts of this run, by the results service."""
    listed = twirp.call("ListArtifacts")["artifacts"]
    assert isinstance(listed, list)
    for one in listed:
        one["url"] = twirp.call("GetSignedArtifactURL", name=one["name"])["signed_url"]
    return listed


def by_api() -> list[dict[str, str]]:
    """The artifacts of any run that the token may read, by REST."""
    repository, run = os.environ["INPUT_REPOSITORY"], os.environ["INPUT_RUN_ID"]
    api = os.environ["GITHUB_API_URL"]
    listed: list[dict[str, str]] = []
    number = 1
    while True:
        url = f"{api}/repos/{repository}/actions/runs/{run}/artifacts?per_page=100&page={number}"
        with get(url, authorized=True) as response:
            answer = json.load(response)
        listed += answer["artifacts"]
        if len(listed) >= answer["total_count"] or not answer["artifacts"]:
            break
        number += 1
    return [{**one, "url": one["archive_download_url"]} for one in listed if not one["expired"]]


def unpack(one: dict[str, str], folder: Path) -> None:
    """Fetch one artifact, compare its hash, and unpack it."""
    archive = Path(os.environ["RUNNER_TEMP"], f"{os.getpid()}.zip")
    archive.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with get(one["url"], authorized=bool(TOKEN)) as response, archive.open("wb") as file:
        while block := response.read(1 << 20):
            digest.update(block)
            file.write(block)
    if one["digest"] != f"sha256:{digest.hexdigest()}":
        sys.exit(f"the hash of artifact {one['name']} is not {one['digest']}")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as pack:
        pack.extractall(folder)
    print(f"downloaded artifact {one['name']} to {folder}")
    archive.unlink()


class _WithoutToken(urllib.request.HTTPRedirectHandler):
    """A redirect leads to a signed address, which gets no token."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            request.remove_header("Authorization")
        return request


def get(url: str, *, authorized: bool) -> IO[bytes]:
    """Open an address; ends the step where it is refused."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _WithoutToken())
    headers = {"Authorization": f"Bearer {TOKEN}"} if authorized else {}
    try:
        response: IO[bytes] = opener.open(
            urllib.request.Request(url, headers=headers), timeout=twirp.TIMEOUT_SECONDS
        )
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
        sys.exit(f"GET {url.partition('?')[0]} was refused: {error.code} {said}")
    return response


if __name__ == "__main__":
    main()
