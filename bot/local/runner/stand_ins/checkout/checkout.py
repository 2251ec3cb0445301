"""What actions/checkout does, for a local forge; standard library and git only.

The token never is an argument of a process: git gets it by environment, and the clone's configuration only
where `persist-credentials` wants that.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SERVER = os.environ["GITHUB_SERVER_URL"].rstrip("/")
INPUT = {
    name.removeprefix("INPUT_"): value for name, value in os.environ.items() if name.startswith("INPUT_")
}


def main() -> None:
    """Check out, and tell the step's outputs."""
    workspace = Path(os.environ["GITHUB_WORKSPACE"]).resolve()
    folder = (workspace / INPUT["PATH"]).resolve()
    if folder != workspace and workspace not in folder.parents:
        sys.exit(f"path is outside of the workspace: {INPUT['PATH']}")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", INPUT["REPOSITORY"]):
        sys.exit(f"repository must be OWNER/NAME: {INPUT['REPOSITORY']}")
    if INPUT["REF"].startswith("-"):
        sys.exit(f"ref is not valid: {INPUT['REF']}")
    empty(folder)
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"{SERVER}/{INPUT['REPOSITORY']}")
    ref = check_out(folder)
    if INPUT["PERSIST_CREDENTIALS"].lower() == "true" and INPUT["TOKEN"]:
        with (folder / ".git" / "config").open("a", encoding="utf-8") as config:
            config.write(f'[http "{SERVER}/"]\n\textraheader = {header()}\n')
    commit = git(folder, "rev-parse", "HEAD").strip()
    print(f"checked out {commit}")
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
        outputs.write(f"ref={ref}\ncommit={commit}\n")


def check_out(folder: Path) -> str:
    """Fetch what is wanted and put it into the work tree; its ref's name."""
    wanted, sha = INPUT["REF"], ""
    own = INPUT["REPOSITORY"] == os.environ["GITHUB_REPOSITORY"]
    if not wanted and own:
        wanted, sha = os.environ["GITHUB_REF"], os.environ["GITHUB_SHA"]
    elif re.fullmatch(r"[0-9a-f]{40}", wanted):
        wanted, sha = "", wanted
    if wanted == "":
        source = sha or "HEAD"
        fetch(folder, source)
        git(folder, "checkout", "-q", "--force", "--detach", "FETCH_HEAD")
        return source
    names = [wanted] if wanted.startswith("refs/") else [f"refs/heads/{wanted}", f"refs/tags/{wanted}"]
    known = git(folder, "ls-remote", "origin", *names, credentials=True)
    name = next((name for name in names if f"\t{name}\n" in known), None)
    if name is None and not sha:
        sys.exit(f"A branch or tag with the name '{wanted}' could not be found")
    name = name or wanted
    short = re.sub(r"^refs/(heads|tags|pull)/", "", name)
    if name.startswith("refs/heads/"):
        fetch(folder, f"+{sha or name}:refs/remotes/origin/{short}")
        git(folder, "checkout", "-q", "--force", "-B", short, f"refs/remotes/origin/{short}")
    else:
        local = f"refs/tags/{short}" if name.startswith("refs/tags/") else f"refs/remotes/pull/{short}"
        fetch(folder, f"+{sha or name}:{local}")
        git(folder, "checkout", "-q", "--force", "--detach", local)
    return name


def fetch(folder: Path, source: str) -> None:
    """Fetch one ref or commit, as deep as wanted."""
    depth = int(INPUT["FETCH_DEPTH"])
    tags = INPUT["FETCH_TAGS"].lower() == "true" or depth == 0
    options = ["--tags" if tags else "--no-tags"]
    sources = [source]
    if depth > 0:
        options.append(f"--depth={depth}")
    else:
        sources.append("+refs/heads/*:refs/remotes/origin/*")
    if depth == 0 and ":refs/remotes/origin/" in source:
        # Two refspecs with one target are refused: the commit that the run is about goes last, on its own.
        git(folder, "fetch", "-q", *options, "origin", sources[1], credentials=True)
        sources = [source]
    git(folder, "fetch", "-q", *options, "origin", *sources, credentials=True)


def header() -> str:
    """The HTTP header that git sends."""
    basic = base64.b64encode(f"x-access-token:{INPUT['TOKEN']}".encode()).decode()
    return f"AUTHORIZATION: basic {basic}"


def git(folder: Path, *arguments: str, credentials: bool = False) -> str:
    """Run git in the clone; its output. Ends the step where git fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INPUT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}
    if credentials and INPUT["TOKEN"]:
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{SERVER}/.extraheader",
            "GIT_CONFIG_VALUE_0": header(),
        }
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "advice.detachedHead=false", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def empty(folder: Path) -> None:
    """Make the folder, or take away what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


if __name__ == "__main__":
    main()
