"""The whole loop in one process: a running forge, the coordinator's own code, jobs without `act`.

Everything is real but what takes seconds: git, HTTP, GraphQL, claims, broker, prepare, agent and publish run
as they do in production; `act` and CI do not. Time is a clock that tests move.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import httpx

from bot.coordinator.claims import CLAIMS_REF, Claims, read_claims
from bot.coordinator.decision import Decision
from bot.coordinator.loop import one_pass
from bot.coordinator.ports import GitHub
from bot.coordinator.snapshot import Snapshot
from bot.github.broker import Broker
from bot.github.client import App
from bot.github.installation import Installation, Pace
from bot.github.oidc import Verifier
from bot.github.port import RepositoryPort
from bot.jobs.git import Git
from bot.local.demo.build import install_beadwright
from bot.local.forge import records, world
from bot.local.forge.records import Role
from bot.local.forge.serve import ThreadedForge, in_thread
from bot.local.forge.state import State
from tests.crypto import app_key

ROOT = Path(__file__).parents[2]
WORKFLOW = ".github/workflows/beadwright.yml"
AGENT = Path(__file__).with_name("agent.py")
CI = """\
on: {push: {branches: [main]}, pull_request: {}, merge_group: {}}
jobs: {test: {name: test, runs-on: ubuntu-latest, steps: [{run: "true"}]}}
"""
NAME = "octo/tally"
AUDIENCE = "http://coordinator.test"


class Clock:
    """The wall clock and what a test has added to it.

    The App's JSON web tokens are signed by the wall clock and end ten minutes later, so a test can move the
    time by eight minutes in all.
    """

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        now = datetime.now(UTC) + self.ahead
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def advance(self, time: timedelta) -> None:
        """Let time pass."""
        self.ahead += time
        assert self.ahead < timedelta(minutes=8)


@dataclass(frozen=True)
class Bead:
    """A bead's issue as the forge has it."""

    number: int
    title: str
    state: str
    labels: tuple[str, ...]

    @property
    def released(self) -> bool:
        """Whether it is labelled `ready`."""
        return "ready" in self.labels


class Coordinator:
    """One coordinator process' memory: the App's tokens, caches and connections. To crash it, make another.

    `transport` carries its requests instead of the network.
    """

    def __init__(self, loop: Loop, transport: Callable[[], httpx.AsyncBaseTransport] | None = None) -> None:
        self._runner = asyncio.Runner()
        self._one_at_a_time = threading.Lock()
        self.app = App(
            loop.app_id,
            loop.key,
            loop.forge.api_url,
            clock=loop.clock,
            transport=transport() if transport else None,
        )
        self._clock = loop.clock
        self._broker = Broker(self.app, Verifier(f"{loop.forge.base_url}/_oidc", AUDIENCE, clock=loop.clock))
        installation = self._runner.run(self.app.installation_of(NAME))
        self.port: GitHub = RepositoryPort(Installation(self.app, installation, Pace(burst=10_000)), NAME)

    def look(self) -> tuple[Snapshot, Decision]:
        """One pass."""
        return self._runner.run(one_pass(self.port, self._clock))

    def grant(self, identity: str, claim: str) -> str:
        """The broker's write token for a job; jobs of several threads may ask."""
        with self._one_at_a_time:
            return self._runner.run(self._broker.grant(identity, claim)).value

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self.app.close())
        self._runner.close()


@dataclass
class Loop:
    """octo/tally on a forge, its App, and people's ways to act on it."""

    forge: ThreadedForge
    folder: Path
    clock: Clock
    app_id: int
    key: str
    token: str
    people: httpx.Client
    decisions: list[Decision] = field(default_factory=list)

    def bead(self, title: str, *labels: str, body: str = "") -> int:
        """Open a bead as a person; gives its number."""
        wanted = {"title": title, "body": body, "labels": ["bead", *labels]}
        answer = self.people.post(f"/repos/{NAME}/issues", json=wanted)
        answer.raise_for_status()
        return int(answer.json()["number"])

    def label(self, number: int, *labels: str) -> None:
        """Put labels on as a person."""
        self.people.post(
            f"/repos/{NAME}/issues/{number}/labels", json={"labels": list(labels)}
        ).raise_for_status()

    def person(self, login: str, role: Role) -> httpx.Client:
        """Somebody else with this role (none: a stranger), as who they act."""

        def add(state: State) -> str:
            account, token = world.create_user(state, login)
            world.add_collaborator(state, self.repository(state), account, role)
            return token

        return _people(self.forge, self.forge.on(add))

    def say(self, number: int, body: str, by: httpx.Client | None = None) -> int:
        """Comment as the owner or somebody else; gives the comment's id."""
        path = f"/repos/{NAME}/issues/{number}/comments"
        answer = (by or self.people).post(path, json={"body": body})
        answer.raise_for_status()
        return int(answer.json()["id"])

    def signs(self, comment: int) -> list[str]:
        """The reactions on a comment, oldest first."""

        def find(state: State) -> list[str]:
            return [one.content for one in state.find(records.Reaction, on="Comment", on_id=comment)]

        return self.forge.on(find)

    def get(self, path: str) -> object:
        """What REST answers to a person."""
        answer = self.people.get(f"/repos/{NAME}{path}")
        answer.raise_for_status()
        return answer.json()

    @property
    def git(self) -> Git:
        """The forge's bare repository."""
        return Git(self.folder / "forge" / "git" / f"{NAME}.git")

    def claims(self) -> Claims:
        """The document at the claims ref."""
        return claims_in(self.git)

    def claims_history(self) -> list[Claims]:
        """Every document that the claims ref has ever held, oldest first."""
        if not self.git.text("for-each-ref", CLAIMS_REF):
            return []
        commits = self.git.text("rev-list", "--reverse", CLAIMS_REF).splitlines()
        return [read_claims(self.git.text("log", "-1", "--format=%B", commit)) for commit in commits]

    def runs(self) -> list[str]:
        """The titles of all runs of beads that were ever dispatched, oldest first."""

        def find(state: State) -> list[str]:
            (workflow,) = (one for one in state.all(records.Workflow) if one.path == WORKFLOW)
            return [run.display_title for run in state.all(records.Run) if run.workflow_id == workflow.id]

        return self.forge.on(find)

    def comments(self, number: int) -> list[str]:
        """What is said on an issue or pull request."""

        def find(state: State) -> list[str]:
            (issue,) = (one for one in state.all(records.Issue) if one.number == number)
            return [one.body for one in state.all(records.Comment) if one.issue_id == issue.id]

        return self.forge.on(find)

    def beads(self) -> list[Bead]:
        """Every bead there is, by number."""

        def find(state: State) -> list[Bead]:
            found: list[Bead] = []
            for issue in state.all(records.Issue):
                labels = tuple(state.get(records.Label, label).name for label in issue.label_ids)
                if issue.pull_id is None and "bead" in labels:
                    found.append(Bead(issue.number, issue.title, issue.state, labels))
            return sorted(found, key=lambda bead: bead.number)

        return self.forge.on(find)

    def look_at_pulls(self) -> None:
        """Look at each pull request's page, so that it is worked out whether it merges."""
        found = self.get("/pulls?state=open")
        assert isinstance(found, list)
        for pull in found:
            self.get(f"/pulls/{pull['number']}")

    def keep(self, folder: Path) -> None:
        """Copy this moment to a new folder, for `reopen_loop`. Whether a pull request merges a forge knows
        from memory alone, so it is worked out first, here and there."""

        def copy(state: State) -> None:
            state.commit()
            shutil.copytree(state.folder, folder / "forge", ignore=shutil.ignore_patterns(".lock"))

        self.look_at_pulls()
        self.forge.on(copy)
        about = {"ahead": self.clock.ahead.total_seconds(), "app": self.app_id, "key": self.key}
        (folder / "loop.json").write_text(json.dumps({**about, "token": self.token}), encoding="utf-8")

    def repository(self, state: State) -> records.Repository:
        """The repository's record, in the forge's thread."""
        (found,) = state.all(records.Repository)
        return found


@contextmanager
def open_loop(
    folder: Path,
    policy: Mapping[str, object] | None = None,
    *,
    record: Path | None = None,
    files: Mapping[str, str] | None = None,
    organisation: bool = False,
    private: bool = False,
    plan: Literal["free", "paid"] = "paid",
    protected: bool = True,
) -> Iterator[Loop]:
    """A new world.

    Args:
        folder: empty; everything is kept in it.
        policy: added to the test's policy file.
        record: a file that gets one JSON line per exchange.
        files: what the repository starts with besides.
        organisation: octo is one, and the people act as ann, who administers the repository.
        private, plan: of the repository, and what its owner pays.
        protected: `main` requires the check `test`, up to date, and every conversation resolved.
    """
    clock = Clock()
    settings = {
        "engine": {"name": "command", "command": ["python3", "tools/agent.py"], "minutes": 1},
        "wall": "none",
        "gates": [{"name": "true", "run": "true"}],
        **(policy or {}),
    }
    contents = {
        **(files or {}),
        "README.md": "# tally\n",
        "tools/agent.py": AGENT.read_text(encoding="utf-8"),
        ".github/beadwright.yml": json.dumps(settings),
        ".github/workflows/ci.yml": CI,
        WORKFLOW: (ROOT / WORKFLOW).read_text(encoding="utf-8"),
    }
    with in_thread(folder / "forge", clock=clock, record=record) as forge:

        def build(state: State) -> tuple[int, str, str]:
            kind: Literal["User", "Organization"] = "Organization" if organisation else "User"
            owner, token = world.create_user(state, "octo", type=kind, plan=plan)
            repository = world.create_repository(state, owner, "tally", files=contents, private=private)
            if organisation:
                ann, token = world.create_user(state, "ann")
                world.add_collaborator(state, repository, ann, "admin")
            app, key = install_beadwright(state, owner, repository, key=app_key())
            return app.id, key, token

        app_id, key, token = forge.on(build)
        with _people(forge, token) as people:
            protection = {
                "required_status_checks": {"strict": True, "contexts": ["test"]},
                "enforce_admins": True,
                "required_pull_request_reviews": None,
                "restrictions": None,
                "required_conversation_resolution": True,
            }
            if protected:
                people.put(f"/repos/{NAME}/branches/main/protection", json=protection).raise_for_status()
            yield Loop(forge, folder, clock, app_id, key, token, people)


def claims_in(git: Git) -> Claims:
    """The document at a repository's claims ref."""
    found = git.text("for-each-ref", "--format=%(objectname)", CLAIMS_REF)
    return read_claims(git.text("log", "-1", "--format=%B", found) if found else None)


@contextmanager
def reopen_loop(folder: Path) -> Iterator[Loop]:
    """A world that `Loop.keep` has copied, at that moment."""
    about = json.loads((folder / "loop.json").read_text(encoding="utf-8"))
    clock = Clock(timedelta(seconds=about["ahead"]))
    with in_thread(folder / "forge", clock=clock) as forge, _people(forge, about["token"]) as people:
        loop = Loop(forge, folder, clock, about["app"], about["key"], about["token"], people)
        loop.look_at_pulls()
        yield loop


def _people(forge: ThreadedForge, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return httpx.Client(base_url=forge.api_url, headers=headers, trust_env=False, timeout=60)
