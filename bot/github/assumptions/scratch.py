"""The scratch repository: making what an assumption needs, under names of our own, and taking it away again.

Everything that is made here has a name that begins with `PREFIX`; issues and pull requests, which GitHub
never deletes, are closed. A repository is only touched when it is empty, carries our mark in its README, or
its owner says that it is scratch.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

import httpx
import jwt

from bot.github.assumptions.access import Access, AppKey, Bounds, Provoke
from bot.github.assumptions.caller import Caller, Json, Said, Spent
from bot.github.assumptions.registry import Broken, Need, Untold

T = TypeVar("T")
PREFIX = "beadwright-probe-"
MARK = "This repository is scratch: `beadwright probe` makes and deletes things here.\n"
FILE = f"{PREFIX}file.txt"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
ZERO = "0" * 40
LOOK_AGAIN = 0.1
"""The least seconds between two looks at what GitHub computes in the background."""
CLEANING = Bounds(writes=2000, seconds=1800.0)


class NotScratch(Exception):
    """The repository must not be touched; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of ours, at a commit."""

    name: str
    sha: str

    @property
    def ref(self) -> str:
        """Its full name."""
        return f"refs/heads/{self.name}"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of ours: `id` is the database's, `node` GraphQL's."""

    number: int
    id: int
    node: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request of ours."""

    number: int
    node: str
    head: Branch
    base: Branch


class Scratch:
    """One probe's world. Use `open_scratch`."""

    def __init__(self, access: Access, http: httpx.Client, bounds: Bounds) -> None:
        self.access = access
        self.tag = secrets.token_hex(3)
        self.spent = Spent(bounds)
        self.me = self._caller(access.token, http)
        self.nobody = self._caller(None, http)
        self._http = http
        self._kept: dict[str, object] = {}
        self._left: list[Callable[[], object]] = []
        self._names = 0
        self._trees: dict[str, str] = {}
        self._admin = False
        self._owned = False
        self.private = False
        self.id = 0
        self.node = ""
        self.default_branch = "main"
        self.root = ZERO

    # -- whether anything may be done here ----------------------------------------------------------------
    def prepare(self, *, surely: bool = False) -> None:
        """Make sure that this is a scratch repository with a commit. Raises NotScratch."""
        found = self.me.get("")
        if found.status != 200:
            raise NotScratch(f"{self.access.repository} cannot be read with this token: {found}")
        self.id, self.node = found.body["id"], found.body["node_id"]
        self.private, self.default_branch = found.body["private"], found.body["default_branch"]
        self._owned = found.body["owner"]["type"] == "Organization"
        rights = found.body.get("permissions") or {}
        self._admin = bool(rights.get("admin"))
        if not rights.get("push"):
            raise NotScratch(f"this token may not write to {self.access.repository}")
        tip = self.me.get(f"git/ref/heads/{self.default_branch}")
        if tip.status in (404, 409):  # GitHub answers 409 while a repository is empty
            content = base64.b64encode(MARK.encode()).decode()
            made = self.me.put("contents/README.md", {"message": "Mark as scratch", "content": content})
            self.root = str(made.must()["commit"]["sha"])
            return
        self.root = str(tip.must()["object"]["sha"])
        if not surely and not self._marked():
            raise NotScratch(
                f"{self.access.repository} is neither empty nor marked as scratch. The probe makes and "
                "deletes branches, rulesets and labels, and leaves closed issues: give it an empty "
                "repository, or say --yes-this-is-scratch."
            )

    def _marked(self) -> bool:
        readme = self.me.get("contents/README.md")
        return readme.status == 200 and MARK.strip() in base64.b64decode(readme.body["content"]).decode()

    def missing(self, need: Need) -> bool:
        """Whether this access lacks what an assumption needs."""
        have = {
            Need.ADMIN: self._admin,
            Need.APP: self.access.app is not None,
            Need.READER: self.access.reader is not None,
            Need.ACTIONS: self.access.actions,
            Need.ORGANISATION: self._owned,
            Need.OWN: self.access.provoke is not None,
        }
        return not have[need]

    # -- who speaks ---------------------------------------------------------------------------------------
    def _caller(self, token: str | None, http: httpx.Client) -> Caller:
        return Caller(http, self.access.graphql, self.access.repository, token, self.spent)

    def caller(self, token: str) -> Caller:
        """Somebody by their token."""
        return self._caller(token, self._http)

    @property
    def reader(self) -> Caller:
        """The second person, who only reads."""
        return self.caller(_had(self.access.reader, Need.READER))

    @property
    def app_key(self) -> AppKey:
        """The App's credentials."""
        return _had(self.access.app, Need.APP)

    @property
    def provoke(self) -> Provoke:
        """Faults on demand."""
        return _had(self.access.provoke, Need.OWN)

    def signed(self, *, seconds: int = 540) -> Caller:
        """The App itself, by a signed token that ends in so many seconds."""
        now = int(time.time())
        claims = {"iss": str(self.app_key.id), "iat": now - 60, "exp": now + seconds}
        return self.caller(jwt.encode(claims, self.app_key.key, algorithm="RS256"))

    @property
    def installation(self) -> int:
        """The App's installation on the repository."""
        return int(self.once("installation", lambda: self.signed().get("installation").must()["id"]))

    def grant(self, **narrowed: Json) -> Caller:
        """The installation, by a token of its own; `permissions` and `repository_ids` narrow it."""
        path = f"/app/installations/{self.installation}/access_tokens"
        return self.caller(self.signed().post(path, narrowed).must(201)["token"])

    @property
    def app(self) -> Caller:
        """The installation with all that it may do."""
        return self.once("app", self.grant)

    @property
    def bot(self) -> str:
        """The App's login, as REST spells it."""
        return self.once("bot", lambda: f"{self.signed().get('/app').must()['slug']}[bot]")

    @property
    def login(self) -> str:
        """The login behind the token."""
        return self.once("login", lambda: str(self.me.get("/user").must()["login"]))

    # -- making things ------------------------------------------------------------------------------------
    def name(self, word: str) -> str:
        """A name of ours that nothing has."""
        self._names += 1
        return f"{PREFIX}{self.tag}-{self._names}-{word}"

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` made the first time."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def close_later(self, number: int) -> None:
        """Close an issue or a pull request when cleaning up."""
        self.later(lambda: self.me.patch(f"issues/{number}", {"state": "closed"}))

    def later(self, undo: Callable[[], object]) -> None:
        """Do this when cleaning up, the last first."""
        self._left.append(undo)

    def commit(
        self, parents: Sequence[str], files: Mapping[str, str] | None = None, message: str = ""
    ) -> str:
        """A commit with these files on top of its first parent's; no other commit is the same."""
        tree = self._tree_of(parents[0]) if parents else EMPTY_TREE
        if files:
            entries = [
                {"path": path, "mode": "100644", "type": "blob", "content": text}
                for path, text in files.items()
            ]
            wanted = {"tree": entries} | ({"base_tree": tree} if parents else {})
            tree = self.me.post("git/trees", wanted).made()["sha"]
        body = {"message": message or self.name("commit"), "tree": tree, "parents": list(parents)}
        sha = str(self.me.post("git/commits", body).made()["sha"])
        self._trees[sha] = tree
        return sha

    def _tree_of(self, commit: str) -> str:
        if commit not in self._trees:
            self._trees[commit] = self.me.get(f"git/commits/{commit}").made()["tree"]["sha"]
        return self._trees[commit]

    def ref(self, word: str, sha: str | None = None) -> str:
        """A ref outside heads and tags; with a commit it is made."""
        name = f"refs/{PREFIX}{self.tag}/{self.name(word)}"
        self.later(lambda: self.me.delete(f"git/{name}"))
        if sha is not None:
            self.me.post("git/refs", {"ref": name, "sha": sha}).made(201)
        return name

    def at(self, name: str) -> str | None:
        """Where a ref is (``refs/…``)."""
        found = self.me.get(f"git/{name.replace('refs/', 'ref/', 1)}")
        return None if found.status == 404 else str(found.must(200)["object"]["sha"])

    def branch(
        self, word: str, *, start: str | None = None, files: Mapping[str, str] | None = None
    ) -> Branch:
        """A branch at `start` (the default branch), with one commit more when there are files."""
        sha = start or self.root
        made = Branch(self.name(word), self.commit([sha], files) if files else sha)
        self.later(lambda: self.me.delete(f"git/{made.ref}"))
        self.me.post("git/refs", {"ref": made.ref, "sha": made.sha}).made(201)
        return made

    def push(self, branch: Branch, files: Mapping[str, str] | None = None) -> Branch:
        """One commit more on a branch."""
        sha = self.commit([branch.sha], files or {FILE: secrets.token_hex(4)})
        self.me.patch(f"git/{branch.ref}", {"sha": sha}).made(200)
        return replace(branch, sha=sha)

    def pull(
        self,
        *,
        base: Branch | None = None,
        head: Branch | None = None,
        files: Mapping[str, str] | None = None,
        by: Caller | None = None,
        **fields: Json,
    ) -> Pull:
        """An open pull request, between branches of ours that are made when not given."""
        base = base or self.branch("base")
        head = head or self.branch("head", start=base.sha, files=files or {FILE: "one\ntwo\nthree\n"})
        wanted = {"title": head.name, "head": head.name, "base": base.name, **fields}
        made = (by or self.me).post("pulls", wanted).made(201)
        self.close_later(made["number"])
        return Pull(made["number"], made["node_id"], head, base)

    def issue(self, word: str = "issue", *, by: Caller | None = None, **fields: Json) -> Issue:
        """An open issue."""
        made = (by or self.me).post("issues", {"title": self.name(word), **fields}).made(201)
        self.close_later(made["number"])
        return Issue(made["number"], made["id"], made["node_id"])

    def label(self, word: str, *, make: bool = True) -> str:
        """A label's name; made, unless it is to be somebody else who makes it."""
        name = self.name(word)
        self.later(lambda: self.me.delete(f"labels/{name}"))
        if make:
            self.me.post("labels", {"name": name, "color": "ededed"}).made(201)
        return name

    def check(self, sha: str, name: str, conclusion: str | None = "success") -> int:
        """A check run of the App."""
        body: dict[str, Json] = {
            "name": name,
            "head_sha": sha,
            "status": "completed" if conclusion else "in_progress",
        }
        if conclusion:
            body["conclusion"] = conclusion
        return int(self.app.post("check-runs", body).made(201)["id"])

    def status(self, sha: str, context: str, state: str = "success") -> None:
        """A commit status of the token's."""
        self.me.post(f"statuses/{sha}", {"state": state, "context": context}).made(201)

    def protect(self, branch: Branch, *rules: Json) -> None:
        """A ruleset for one branch of ours. Raises Untold where the plan has none."""
        body = {
            "name": self.name("rules"),
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": [branch.ref], "exclude": []}},
            "rules": list(rules),
        }
        made = self.me.post("rulesets", body)
        if made.status == 403:
            raise Untold(f"this plan has no rulesets here: {made}")
        number = made.made(201)["id"]
        self.later(lambda: self.me.delete(f"rulesets/{number}"))

    # -- looking ------------------------------------------------------------------------------------------
    def ask(self, fields: str, by: Caller | None = None, **variables: Json) -> Json:
        """Fields of the repository by GraphQL; strings and numbers may be named as `$variables`."""
        return self.said(fields, by, **variables).must()["repository"]

    def said(self, fields: str, by: Caller | None = None, **variables: Json) -> Said:
        """As `ask`, with the errors."""
        kinds = {str: "String!", int: "Int!", list: "[String!]"}
        declared = "".join(f", ${name}: {kinds[type(value)]}" for name, value in variables.items())
        owner, _, name = self.access.repository.partition("/")
        document = (
            f"query($owner: String!, $repo: String!{declared}) "
            f"{{ repository(owner: $owner, name: $repo) {{ {fields} }} }}"
        )
        return (by or self.me).ask(document, owner=owner, repo=name, **variables)

    def until(self, look: Callable[[], T | None], seconds: float, otherwise: str) -> T:
        """What `look` gives once it gives something. Raises Broken after so many seconds of patience."""
        seconds *= self.spent.bounds.patience
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() >= end:
                raise Broken(f"after {seconds:.0f} s {otherwise}")
            self.spent.wait(max(LOOK_AGAIN, self.spent.bounds.pause))

    def mergeable(self, pull: Pull) -> str:
        """GitHub's word on a pull request once it has worked it out."""

        def look() -> str | None:
            found = str(
                self.ask("pullRequest(number: $n) { mergeable }", n=pull.number)["pullRequest"]["mergeable"]
            )
            return None if found == "UNKNOWN" else found

        return self.until(look, 60, "it is not known whether the pull request merges")

    # -- git ----------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def clone(self) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
        """git in an empty repository of its own whose `origin` is the scratch one; call it with arguments."""
        with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            env = {
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": folder,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                **{f"GIT_{who}_NAME": "probe" for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_EMAIL": "probe@localhost" for who in ("AUTHOR", "COMMITTER")},
            }

            def git(*arguments: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
                secret = base64.b64encode(f"x-access-token:{token or self.access.token}".encode()).decode()
                config = {
                    "GIT_CONFIG_COUNT": "1",
                    "GIT_CONFIG_KEY_0": f"http.{self.access.server}/.extraheader",
                    "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
                }
                self.spent.wait(0)
                if arguments[0] == "push":
                    self.spent.write()
                return subprocess.run(
                    ["git", *arguments],
                    cwd=Path(folder),
                    env={**env, **config},
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )

            git("init", "--quiet", "--initial-branch=main", ".")
            git("remote", "add", "origin", f"{self.access.server}/{self.access.repository}.git")
            yield git

    # -- cleaning up --------------------------------------------------------------------------------------
    def clean(self) -> list[str]:
        """Take away what was made, the last first; gives what could not be."""
        self.spent.bounds = replace(CLEANING, pause=self.spent.bounds.pause)
        self.spent.started, self.spent.writes = time.monotonic(), 0
        faults: list[str] = []
        while self._left:
            try:
                self._left.pop()()
            except (Untold, Broken) as error:
                faults.append(str(error))
        return faults


@contextlib.contextmanager
def open_scratch(access: Access, bounds: Bounds, *, surely: bool = False) -> Iterator[Scratch]:
    """A scratch repository, checked, and cleaned when the context ends. Raises NotScratch."""
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "beadwright",
    }
    with ExitStack() as stack:
        client: AbstractContextManager[httpx.Client] = httpx.Client(
            base_url=access.api,
            headers=headers,
            timeout=30,
            trust_env=access.provoke is None,  # a proxy of this machine leads to github.com, not to a forge
        )
        world = Scratch(access, stack.enter_context(client), bounds)
        try:
            world.prepare(surely=surely)
        except (Broken, Untold) as error:
            raise NotScratch(f"{access.repository} cannot be prepared: {error}") from error
        try:
            yield world
        finally:
            if access.provoke is None:  # a forge of one's own is thrown away whole
                world.clean()


def _had(value: T | None, need: Need) -> T:
    if value is None:
        raise Untold(f"needs {need.value}")
    return value
