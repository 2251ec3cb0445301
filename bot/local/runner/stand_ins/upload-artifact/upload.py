"""What actions/upload-artifact does, for a local forge; standard library only."""

from __future__ import annotations

import datetime
import glob
import hashlib
import os
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import twirp  # type: ignore[import-not-found]  # put beside this file for every job

BLOCK_BYTES = 8 * 1024 * 1024


def main() -> None:
    """Upload, and tell the step's outputs."""
    given = {name: value for name, value in os.environ.items() if name.startswith("INPUT_")}
    hidden = given["INPUT_INCLUDE_HIDDEN_FILES"].lower() == "true"
    root, files = find(given["INPUT_PATH"], Path(os.environ["GITHUB_WORKSPACE"]), hidden=hidden)
    if not files:
        return no_files(given["INPUT_IF_NO_FILES_FOUND"], given["INPUT_PATH"])
    archive = Path(os.environ["RUNNER_TEMP"], f"{os.getpid()}.zip")
    archive.parent.mkdir(parents=True, exist_ok=True)
    level = int(given["INPUT_COMPRESSION_LEVEL"])
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as pack:
        for file in files:
            pack.write(file, file.relative_to(root))
    name = given["INPUT_NAME"]
    if given["INPUT_OVERWRITE"].lower() == "true":
        twirp.call("DeleteArtifact", missing_is_fine=True, name=name)
    fields: dict[str, object] = {"name": name, "version": 4}
    days = int(given["INPUT_RETENTION_DAYS"])
    if days:
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        fields["expires_at"] = until.isoformat()
    url = str(twirp.call("CreateArtifact", **fields)["signed_upload_url"])
    digest = send(archive, url)
    size = archive.stat().st_size
    done = twirp.call("FinalizeArtifact", name=name, size=str(size), hash=f"sha256:{digest}")
    archive.unlink()
    print(f"uploaded {len(files)} files, {size} bytes, as artifact {name} ({done['artifact_id']})")
    page = f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}/actions/runs"
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
        outputs.write(f"artifact-id={done['artifact_id']}\nartifact-digest={digest}\n")
        outputs.write(f"artifact-url={page}/{os.environ['GITHUB_RUN_ID']}/artifacts/{done['artifact_id']}\n")
    return None


def find(patterns: str, workspace: Path, *, hidden: bool) -> tuple[Path, list[Path]]:
    """The files that the patterns name, and the folder that their names in the zip are relative to."""
    bases: list[Path] = []
    found: dict[Path, None] = {}
    for line in filter(None, map(str.strip, patterns.splitlines())):
        pattern = str(workspace / os.path.expanduser(line.removeprefix("!").strip()))
        matched: set[Path] = set()
        for name in glob.glob(pattern, recursive=True, include_hidden=True):
            path = Path(os.path.normpath(name))
            matched |= {p for p in path.rglob("*") if p.is_file()} if path.is_dir() else {path}
        if line.startswith("!"):
            found = {path: None for path in found if path not in matched}
            continue
        bases.append(base_of(pattern))
        found |= dict.fromkeys(sorted(matched))
    if not bases:
        sys.exit("path names nothing")
    root = Path(os.path.commonpath(bases))
    if root.is_file():
        root = root.parent
    files = [path for path in found if hidden or not is_hidden(path.relative_to(root))]
    return root, files


def base_of(pattern: str) -> Path:
    """The part of a pattern before its first wildcard."""
    parts = Path(os.path.normpath(pattern)).parts
    plain = [*parts]
    for index, part in enumerate(parts):
        if glob.has_magic(part):
            plain = [*parts[:index]]
            break
    return Path(*plain)


def is_hidden(path: Path) -> bool:
    """Whether a part of the path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def send(archive: Path, url: str) -> str:
    """Put the bytes, in blocks, and their list; the SHA-256 of all."""
    digest = hashlib.sha256()
    names: list[str] = []
    with archive.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            names.append(f"{len(names):08d}")
            twirp.put(f"{url}&comp=block&blockid={names[-1]}", block)
    entries = "".join(f"<Latest>{name}</Latest>" for name in names)
    listing = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{entries}</BlockList>'
    twirp.put(f"{url}&comp=blocklist", listing.encode())
    return digest.hexdigest()


def no_files(wanted: str, patterns: str) -> None:
    """Say that nothing was found, as loudly as `if-no-files-found` wants it."""
    text = f"No files were found with the provided path: {' '.join(patterns.split())}."
    if wanted == "error":
        sys.exit(text)
    if wanted == "warn":
        print(f"::warning::{text} No artifacts will be uploaded.")


if __name__ == "__main__":
    main()
