"""Setting a world up: users, repositories, Apps and installations, for which GitHub has no REST.

Nothing here is reachable over HTTP. Each function leaves its changes to `State.commit`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.local.forge.auth import issue_token
from bot.local.forge.records import Account, App, Installation, Repository, Role
from bot.local.forge.state import Signal, State


def create_user(
    state: State,
    login: str,
    *,
    name: str | None = None,
    type: Literal["User", "Organization"] = "User",
    plan: Literal["free", "paid"] = "paid",
) -> tuple[Account, str]:
    """An account and a token of its own that never expires. Raises ValueError for a login that is taken."""
    if any(found.login.lower() == login.lower() for found in state.all(Account)):
        raise ValueError(f"the login {login} is taken")
    account = state.put(Account(id=state.new_id(), login=login, name=name, type=type, plan=plan))
    return account, issue_token(state, "user", account).value


def create_repository(
    state: State,
    owner: Account,
    name: str,
    *,
    private: bool = False,
    files: Mapping[str, str | bytes] | None = None,
    executable: Sequence[str] = (),
) -> Repository:
    """A repository whose `main` has one commit.

    Args:
        files: path to content; by default a README. An empty mapping gives a repository without a commit.
        executable: paths among them with mode 755.

    Raises ValueError for a name that the owner has used.
    """
    if state.one(Repository, owner_id=owner.id, name=name) is not None:
        raise ValueError(f"{owner.login} has a repository {name}")
    now = state.now()
    repository = state.put(
        Repository(
            id=state.new_id(),
            owner_id=owner.id,
            name=name,
            private=private,
            created_at=now,
            updated_at=now,
            pushed_at=now,
        )
    )
    folder = state.git_dir(repository)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(folder))
    content = {"README.md": f"# {name}\n"} if files is None else files
    if content:
        stream = _first_commit(owner, int(now.timestamp()), content, frozenset(executable))
        _git("--git-dir", str(folder), "fast-import", "--quiet", stdin=stream)
    return repository


def create_app(
    state: State,
    owner: Account,
    name: str,
    *,
    permissions: Mapping[str, str],
    events: Sequence[str] = (),
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    key: rsa.RSAPrivateKey | None = None,
) -> tuple[App, str]:
    """An App with its bot account, and its private key (PEM, PKCS#1 like GitHub's): `key`, or a new one."""
    slug = name.lower().replace(" ", "-")
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bot = state.put(Account(id=state.new_id(), login=f"{slug}[bot]", type="Bot"))
    app_id = state.new_id()
    app = state.put(
        App(
            id=app_id,
            slug=slug,
            name=name,
            client_id=f"Iv23li{app_id:014d}",
            owner_id=owner.id,
            bot_id=bot.id,
            public_key=key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            webhook_url=webhook_url,
            webhook_secret=webhook_secret,
            permissions={"metadata": "read", **permissions},
            events=list(events),
            created_at=state.now(),
        )
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return app, pem.decode()


def install(state: State, app: App, account: Account, repositories: Sequence[Repository]) -> Installation:
    """An App on some of an account's repositories; a second time, the repositories are added."""
    for found in state.find(Installation, app_id=app.id):
        if found.account_id == account.id:
            found.repository_ids = list(
                dict.fromkeys([*found.repository_ids, *(one.id for one in repositories)])
            )
            return state.put(found)
    installation = state.put(
        Installation(
            id=state.new_id(),
            app_id=app.id,
            account_id=account.id,
            repository_ids=[repository.id for repository in repositories],
            permissions=dict(app.permissions),
            events=list(app.events),
            created_at=state.now(),
        )
    )
    if repositories:
        about = {"installation": installation.id}
        state.signal(Signal("installation", "created", repositories[0].id, account.id, about))
    return installation


def installation_token(state: State, installation: Installation, **permissions: str) -> str:
    """A token of an installation that never expires, for set-ups that need no JWT; narrowed when asked."""
    app = state.get(App, installation.app_id)
    return issue_token(
        state,
        "installation",
        state.get(Account, app.bot_id),
        app_id=app.id,
        installation_id=installation.id,
        repository_ids=list(installation.repository_ids),
        permissions=permissions or dict(installation.permissions),
    ).value


def add_collaborator(state: State, repository: Repository, account: Account, role: Role) -> None:
    """Give somebody a role in a repository ("none" takes it away)."""
    repository.collaborators = {**repository.collaborators, account.id: role}
    if role == "none":
        repository.collaborators.pop(account.id)
    state.put(repository)


def _first_commit(
    owner: Account, seconds: int, files: Mapping[str, str | bytes], executable: frozenset[str]
) -> bytes:
    signature = f"{owner.name or owner.login} <{owner.login}@users.noreply.localhost> {seconds} +0000"
    lines = [f"commit refs/heads/main\nauthor {signature}\ncommitter {signature}\n".encode()]
    lines.append(_data(b"Initial commit\n"))
    for path, content in sorted(files.items()):
        mode = "100755" if path in executable else "100644"
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
        raw = content.encode() if isinstance(content, str) else content
        lines.append(f"M {mode} inline {quoted}\n".encode() + _data(raw))
    return b"".join(lines)


def _data(raw: bytes) -> bytes:
    return b"data %d\n" % len(raw) + raw + b"\n"


def _git(*arguments: str, stdin: bytes = b"") -> None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    subprocess.run(["git", *arguments], input=stdin, env=environment, check=True, capture_output=True)
