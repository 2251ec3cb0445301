"""Build the demo's world: people, the sample repository, its protection, the App and its installation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.local.forge import world
from bot.local.forge.records import Account, App, Repository
from bot.local.forge.state import State

SAMPLE = Path(__file__).parent / "sample"
ROOT = Path(__file__).parents[3]
WORKFLOW = ".github/workflows/beadwright.yml"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules")
ELSEWHERE = shutil.ignore_patterns("__pycache__", "*.pyc", "local", "web", "assumptions")
"""What no job runs: half of all files."""


class DemoError(Exception):
    """The demo cannot go on; the message says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """What was built. Tokens are those of people on the forge; `key` is the App's private key (PEM)."""

    repository: Repository
    name: str
    owner_token: str
    maintainer_token: str
    app: App
    key: str
    webhook_secret: str


def build_world(
    state: State, *, coordinator_url: str, webhook_secret: str, files: Mapping[str, bytes]
) -> DemoWorld:
    """People, the sample repository and the App; everything that GitHub has no REST for.

    Args:
        state: the forge's state; this runs in its thread.
        coordinator_url: where the coordinator will listen.
        webhook_secret: what signs webhooks.
        files: what the repository starts with.
    """
    owner, owner_token = world.create_user(state, "octo")
    maintainer, maintainer_token = world.create_user(state, "maya")
    repository = world.create_repository(state, owner, "tally", files=files)
    world.add_collaborator(state, repository, maintainer, "maintain")
    hooks = f"{coordinator_url}/webhooks"
    app, key = install_beadwright(state, owner, repository, webhook_url=hooks, webhook_secret=webhook_secret)
    state.commit()
    return DemoWorld(
        repository=repository,
        name=f"{owner.login}/{repository.name}",
        owner_token=owner_token,
        maintainer_token=maintainer_token,
        app=app,
        key=key,
        webhook_secret=webhook_secret,
    )


def install_beadwright(
    state: State,
    owner: Account,
    repository: Repository,
    *,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    key: rsa.RSAPrivateKey | None = None,
) -> tuple[App, str]:
    """Our App as its manifest has it, installed on one repository, and its private key (PEM): `key`, or a new
    one."""
    manifest = json.loads((ROOT / "app-manifest.json").read_text(encoding="utf-8"))
    app, pem = world.create_app(
        state,
        owner,
        "beadwright",
        permissions=manifest["default_permissions"],
        events=manifest["default_events"],
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        key=key,
    )
    world.install(state, app, owner, [repository])
    return app, pem


def protect(base_url: str, built: DemoWorld, coordinator_url: str) -> None:
    """Protect `main` by its CI, and tell jobs where the coordinator is; the owner does it by REST."""
    with client(base_url, built.owner_token) as api:
        protection = {
            "required_status_checks": {"strict": True, "contexts": ["test"]},
            "enforce_admins": True,
            "required_pull_request_reviews": None,
            "restrictions": None,
            "required_conversation_resolution": True,
        }
        _done(api.put(f"/repos/{built.name}/branches/main/protection", json=protection))
        variable = {"name": "BEADWRIGHT_URL", "value": coordinator_url}
        _done(api.post(f"/repos/{built.name}/actions/variables", json=variable))


def client(base_url: str, token: str) -> httpx.Client:
    """A REST client of the forge as one of its people; it never looks at the environment's proxies."""
    return httpx.Client(
        base_url=f"{base_url}/api/v3",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        timeout=30,
        trust_env=False,
    )


def _done(response: httpx.Response) -> None:
    if response.is_error:
        raise DemoError(f"{response.request.method} {response.request.url} answered {response.text}")


def sample_files(wall: str) -> dict[str, bytes]:
    """The files of the sample repository, and the workflow file that every repository vendors.

    A `wall` of ``none`` is written into the sample's policy, where people see it.
    """
    files = {
        path.relative_to(SAMPLE).as_posix(): path.read_bytes()
        for path in sorted(SAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files[WORKFLOW] = (ROOT / WORKFLOW).read_bytes()
    if wall != "namespace":
        files[".github/beadwright.yml"] += f"wall: {wall}\n".encode()
    return files


def export_action(target: Path) -> Path:
    """A copy of what `action.yml` needs and nothing else: runners copy the folder for every job.

    Raises DemoError where the package was installed without it.
    """
    if not (ROOT / "action.yml").exists():
        raise DemoError(
            "The demo needs a checkout: there is no action.yml beside the package. Clone it and `make demo`."
        )
    target.mkdir(parents=True)
    shutil.copy2(ROOT / "action.yml", target)
    shutil.copytree(ROOT / "requirements", target / "requirements", ignore=IGNORED)
    shutil.copytree(ROOT / "bot", target / "bot", ignore=ELSEWHERE)
    return target
