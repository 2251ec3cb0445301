"""A repository with people of every role, for attacks: who they are, what they do, what came of it.

`octo` owns it, `maya` may write, `tom` triage, `rita` read (GitHub calls her a COLLABORATOR), `sam` has
nothing, and `helper` is a person called like an App's bot, who may triage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from bot.coordinator.decision import BeadVerdict, Decision
from bot.local.forge import records, world
from bot.local.forge.records import Role
from bot.local.forge.state import State
from tests.loop.runner import QuickRunner, Waiting
from tests.loop.world import NAME, Coordinator, Loop, open_loop

ROLES: dict[str, Role] = {"maya": "write", "tom": "triage", "rita": "read", "sam": "none", "helper": "triage"}
MOMENT = timedelta(seconds=2)


@dataclass
class Scene:
    """The repository, and clients of its people by login."""

    loop: Loop
    people: dict[str, httpx.Client]
    open: ExitStack
    decisions: list[Decision] = field(default_factory=list)

    # -- what people do ----------------------------------------------------------------------------------
    def sends(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        """A person's or App's request below the repository; some time passes before it."""
        self.loop.clock.advance(MOMENT)
        return self.people[who].request(method, f"/repos/{NAME}{path}", json=body)

    def does(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        """A request that is let through."""
        answer = self.sends(who, method, path, body)
        assert answer.is_success, answer.text
        return answer

    def issue(self, who: str, title: str, body: str = "It is done.") -> int:
        """An issue that somebody opens."""
        return int(self.does(who, "POST", "/issues", {"title": title, "body": body}).json()["number"])

    def labels(self, who: str, number: int, *labels: str) -> httpx.Response:
        """Somebody puts labels on."""
        return self.sends(who, "POST", f"/issues/{number}/labels", {"labels": list(labels)})

    def bead(self, who: str, title: str, body: str = "It is done.", *, ready: str | None = "maya") -> int:
        """Somebody's issue that `ready` makes a bead and releases."""
        number = self.issue(who, title, body)
        self.labels("octo", number, "bead")
        if ready is not None:
            assert self.labels(ready, number, "ready").is_success
        return number

    def edits(self, who: str, number: int, **fields: str) -> None:
        """Somebody edits an issue."""
        self.does(who, "PATCH", f"/issues/{number}", fields)

    def says(self, who: str, number: int, text: str) -> int:
        """Somebody comments; gives the comment's id."""
        return int(self.does(who, "POST", f"/issues/{number}/comments", {"body": text}).json()["id"])

    def puts_below(self, who: str, child: int, parent: int) -> None:
        """Somebody makes an issue the child of another."""
        found = self.does("octo", "GET", f"/issues/{child}").json()["id"]
        self.does(who, "POST", f"/issues/{parent}/sub_issues", {"sub_issue_id": found})

    def app(self, name: str, *, installed: bool = True, **permissions: str) -> None:
        """Another App, that acts as `name[bot]`; not installed here, it is so on another repository."""

        def build(state: State) -> str:
            (here,) = state.all(records.Repository)
            app, _ = world.create_app(
                state, state.get(records.Account, here.owner_id), name, permissions=permissions
            )
            place = here
            owner = state.get(records.Account, here.owner_id)
            if not installed:
                owner, _ = world.create_user(state, f"owner-of-{name}")
                place = world.create_repository(state, owner, "elsewhere")
            return world.installation_token(state, world.install(state, app, owner, [place]))

        self._add(f"{name}[bot]", self.loop.forge.on(build))

    def install(self, name: str) -> None:
        """Install an App here after all."""

        def build(state: State) -> str:
            (app,) = (one for one in state.all(records.App) if one.slug == name)
            (here,) = (one for one in state.all(records.Repository) if one.name == "tally")
            owner = state.get(records.Account, here.owner_id)
            return world.installation_token(state, world.install(state, app, owner, [here]))

        self._add(f"{name}[bot]", self.loop.forge.on(build))

    def speak_as_ourselves(self) -> None:
        """Get our own App's token, as the one who runs it has it."""

        def token(state: State) -> str:
            (installed,) = state.all(records.Installation)
            return world.installation_token(state, installed)

        self._add("beadwright[bot]", self.loop.forge.on(token))

    # -- what comes of it --------------------------------------------------------------------------------
    def look(self) -> Decision:
        """One pass of a coordinator that remembers nothing."""
        self.loop.clock.advance(MOMENT)
        coordinator = Coordinator(self.loop)
        try:
            _, decision = coordinator.look()
        finally:
            coordinator.close()
        self.decisions.append(decision)
        return decision

    def verdict(self, number: int) -> BeadVerdict:
        """What the last pass said of a bead."""
        return self.decisions[-1].verdicts[number]

    def runs_of(self, number: int) -> int:
        """How many runs of a bead were dispatched."""
        return sum(title.startswith(f"bead {number} ") for _, title in self._runs())

    def go_on(
        self,
        over: Callable[[], bool],
        *,
        reached: Callable[[str, Waiting], None] = lambda _point, _run: None,
    ) -> None:
        """Passes and runs in turn until it is over, or nothing moves any more."""
        coordinator = Coordinator(self.loop)
        runner = QuickRunner(self.loop, coordinator.grant, reached=reached)
        still = 0
        try:
            while not over() and still < 3:
                self.loop.look_at_pulls()
                self.loop.clock.advance(MOMENT)
                _, decision = coordinator.look()
                self.decisions.append(decision)
                moved = runner.run_all() or decision.before or decision.after or decision.claims is not None
                still = 0 if moved else still + 1
        finally:
            coordinator.close()

    def prompts(self, number: int, role: str = "worker") -> list[str]:
        """The prompts that runs of a bead were given, in their order."""
        found: list[str] = []
        for run, title in sorted(self._runs()):
            plan = self.loop.folder / "jobs" / f"{run}-agent" / "temp" / "beadwright" / "plan.json"
            if title.startswith(f"bead {number} {role} ") and plan.exists():
                found.append(json.loads(plan.read_text(encoding="utf-8"))["prompt"])
        return found

    def pull(self, bead: int) -> int | None:
        """The number of a bead's open pull request."""
        found = self.does("octo", "GET", "/pulls?state=open").json()
        return next((int(one["number"]) for one in found if one["head"]["ref"] == f"bead/{bead}"), None)

    def remarks(self, who: str, pull: int, text: str) -> int:
        """Somebody begins a thread at the first line of the work; gives the comment's id."""
        head = self.does("octo", "GET", f"/pulls/{pull}").json()["head"]["sha"]
        path = self.does("octo", "GET", f"/pulls/{pull}/files").json()[0]["filename"]
        comment = {"body": text, "commit_id": head, "path": path, "line": 1, "side": "RIGHT"}
        return int(self.does(who, "POST", f"/pulls/{pull}/comments", comment).json()["id"])

    def _runs(self) -> list[tuple[int, str]]:
        def find(state: State) -> list[tuple[int, str]]:
            return [(run.id, run.display_title) for run in state.all(records.Run)]

        return self.loop.forge.on(find)

    def _add(self, login: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        client = httpx.Client(base_url=self.loop.forge.api_url, headers=headers, trust_env=False, timeout=60)
        self.people[login] = self.open.enter_context(client)


@contextmanager
def open_scene(folder: Path, policy: Mapping[str, object] | None = None) -> Iterator[Scene]:
    """A new repository with its people."""
    with open_loop(folder, policy) as loop, ExitStack() as opened:
        scene = Scene(loop, {"octo": loop.people}, opened)

        def build(state: State) -> dict[str, str]:
            (repository,) = state.all(records.Repository)
            tokens: dict[str, str] = {}
            for login, role in ROLES.items():
                person, tokens[login] = world.create_user(state, login)
                if role != "none":
                    world.add_collaborator(state, repository, person, role)
            return tokens

        for login, token in loop.forge.on(build).items():
            scene._add(login, token)
        yield scene
