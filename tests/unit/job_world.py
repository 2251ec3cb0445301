"""One bead in a repository on this machine: GitHub's refs, pull request and threads, as jobs meet them.

Refs and objects are a real bare repository; `updateRefs` is a real transaction of git.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.beads.digest import digest_all
from bot.beads.model import Role
from bot.beads.report import Report
from bot.coordinator.claims import CLAIMS_REF, Claim, Claims, read_claims, write_claims
from bot.coordinator.job_port import (
    BeadPull,
    BeadText,
    EpicFacts,
    JobFacts,
    JobFault,
    LineComment,
    ListedBead,
    OpenThread,
    RefMove,
    RefsMoved,
    Remark,
    ThreadReply,
    partial_ref,
)
from bot.jobs.agent import run_agent
from bot.jobs.artifact import read_artifact
from bot.jobs.clone import EMPTY_TREE, Clone
from bot.jobs.git import Git
from bot.jobs.inputs import Inputs
from bot.jobs.prepare import prepare
from bot.jobs.publish import Publishing
from bot.jobs.publish_stage import publish
from tests.wall import WALL

BEAD = 7
FILES = {"AGENTS.md": "Be brief.\n", "src/a.txt": "one\n", ".github/workflows/ci.yml": "on: push\n"}
NOBODY = "0" * 40
OWN = "beadwright[bot]"


@dataclass
class World:
    """`policy` is the file's text, `beads` the open ones, `family` the epic with its beads, `texts` those
    that the run leads, `said` what the comments of people say by their ids, `ours` what those of the
    coordinator say by their markers; claims are made at `since`. What was posted is in `comments`, `reviews`
    and `labels`."""

    folder: Path
    policy: dict[str, object] = field(default_factory=dict)
    title: str = "Say two"
    body: str = "`src/a.txt` says two as well."
    pull: BeadPull | None = None
    pull_text: tuple[str, str] = ("", "")
    labels: list[str] = field(default_factory=list)
    beads: list[ListedBead] = field(default_factory=list)
    family: EpicFacts | None = None
    texts: list[BeadText] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    ours: dict[str, str] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)
    since: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    reviews: list[tuple[str, str, list[LineComment]]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    before_move: Callable[[], None] | None = None
    after_facts: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git = Git(self.folder / "octo" / "sample.git")
        self.git.folder.mkdir(parents=True)
        self.git.output("init", "--quiet", "--bare", "--initial-branch=main", ".")
        self.commit("main", FILES)

    # -- what people and the coordinator do --------------------------------------------------------------

    def commit(self, branch: str, files: dict[str, str], *, message: str = "x") -> str:
        """Add files on a branch and give the commit."""
        copy = self.folder / "person"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        git = Git(copy, {"protocol.file.allow": "always"})
        git.output("init", "--quiet", f"--initial-branch={branch}", ".")
        if self.ref(f"refs/heads/{branch}"):
            git.output("pull", "--quiet", str(self.git.folder), branch)
        for name, text in files.items():
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        git.output("add", "--all")
        git.output("commit", "--quiet", "--allow-empty", "-m", message)
        git.output("push", "--quiet", str(self.git.folder), f"HEAD:refs/heads/{branch}")
        return git.text("rev-parse", "HEAD")

    def ref(self, name: str) -> str | None:
        """Where a ref points, or None."""
        found = self.git.text("for-each-ref", "--format=%(objectname) %(refname)", name).splitlines()
        return next((line.split()[0] for line in found if line.split()[1] == name), None)

    def read(self, commit: str | None, path: str) -> str:
        """A file's text in a commit."""
        assert commit is not None
        return self.git.output("cat-file", "blob", f"{commit}:{path}").decode()

    def claims(self) -> Claims:
        """The document at the claims ref."""
        commit = self.ref(CLAIMS_REF)
        return read_claims(self.git.text("log", "-1", "--format=%B", commit) if commit else None)

    def write(self, claims: Claims) -> None:
        """Move the claims as a coordinator does."""
        before = self.ref(CLAIMS_REF)
        parents = ["-p", before] if before else []
        nonce = str(len(self.git.text("rev-list", "--all", "--count")) + len(self.requests)) + (before or "")
        commit = self.git.text("commit-tree", EMPTY_TREE, *parents, "-m", write_claims(claims, nonce))
        self.git.output("update-ref", CLAIMS_REF, commit)

    def dispatch(self, role: Role = "worker", attempt: int = 1) -> Inputs:
        """Claim the bead and give what the run is started with."""
        self.git.output("hash-object", "-w", "-t", "tree", "/dev/null")
        base = self.ref("refs/heads/main")
        assert base is not None
        claims = self.claims()
        claims = claims.model_copy(update={"live": {}})
        token = f"{attempt:032x}"
        claim = Claim(
            role=role,
            attempt=attempt,
            token=token,
            base=base,
            since=self.since,
            digest=digest_all([(self.title, self.body), *((one.title, one.body) for one in self.texts)]),
            beads=tuple(one.number for one in self.texts),
            trusted=(OWN,),
        )
        self.write(claims.claim(BEAD, claim))
        return Inputs(
            bead=BEAD,
            role=role,
            attempt=attempt,
            token=token,
            repository="octo/sample",
            run_id=100 + attempt,
            run_attempt=1,
            api="http://127.0.0.1",
            graphql="http://127.0.0.1",
            server=f"file://{self.folder}",
            checkout=self.folder / f"checkout{attempt}",
            folder=self.folder / f"runner{attempt}" / "beadwright",
        )

    def program(self, source: str) -> None:
        """Let the engine be a Python program; it is given `answer(**values)`."""
        begin = (
            "import json, os, pathlib, subprocess, sys\n"
            "def answer(**values):\n"
            "    pathlib.Path(os.environ['BEADWRIGHT_ANSWER']).write_text(json.dumps(values))\n"
        )
        engine = {"name": "command", "command": ["python3", "-c", begin + source], "minutes": 1}
        walls = {"wall": WALL}
        self.policy = {**walls, **self.policy, "engine": engine}

    # -- whole runs --------------------------------------------------------------------------------------

    def agent(self, inputs: Inputs, env: Mapping[str, str] | None = None) -> Report:
        """The agent job: check out, prepare, run; `env` is its step's environment."""
        self.prepare(inputs)
        return run_agent(inputs, env or {})

    def prepare(self, inputs: Inputs) -> None:
        """The agent job's first steps: check out, prepare."""
        shutil.rmtree(inputs.checkout, ignore_errors=True)
        clone = ["git", "clone", "--quiet", str(self.git.folder), str(inputs.checkout)]
        subprocess.run(clone, check=True, env=self.git.environment() | {"GIT_ALLOW_PROTOCOL": "file"})
        prepare(inputs, self, "t")

    def publish(self, inputs: Inputs) -> str:
        """The publish job, from the artifact that the agent job left."""
        shutil.rmtree(inputs.artifact, ignore_errors=True)
        shutil.copytree(inputs.out, inputs.artifact)
        shutil.rmtree(inputs.folder / "clone", ignore_errors=True)
        clone = Clone(inputs.folder / "clone", inputs, "t")
        return publish(Publishing(inputs, read_artifact(inputs), self, clone))

    def run(self, source: str, role: Role = "worker", attempt: int = 1) -> Report:
        """A whole run of a program, published."""
        self.program(source)
        inputs = self.dispatch(role, attempt)
        report = self.agent(inputs)
        self.publish(inputs)
        return report

    # -- JobGitHub ---------------------------------------------------------------------------------------

    def facts(self, bead: int) -> JobFacts:
        self.requests.append("facts")
        commit = self.ref(CLAIMS_REF)
        branch = self.ref(f"refs/heads/bead/{bead}")
        if self.pull is not None and branch is not None:
            self.pull = replace(self.pull, head=branch)
        facts = JobFacts(
            repository_id="R_1",
            default_branch="main",
            claims_commit=commit or NOBODY,
            claims=self.claims(),
            title=self.title,
            body=self.body,
            policy=json.dumps(self.policy) if self.policy else None,
            branch=branch,
            partial=self.ref(partial_ref(bead)),
            pull=self.pull,
        )
        # Only the publish job asks twice: the agent job has asked before it.
        if self.after_facts is not None and self.requests.count("facts") > 1:
            meanwhile, self.after_facts = self.after_facts, None
            meanwhile()
        return facts

    def bead_texts(self, numbers: Sequence[int]) -> tuple[BeadText, ...]:
        self.requests.append("bead_texts")
        assert list(numbers) == [one.number for one in self.texts]
        return tuple(self.texts)

    def epic(self, bead: int) -> EpicFacts:
        self.requests.append("epic")
        if self.family is None:
            raise JobFault(f"#{bead} is no sub-issue of an epic")
        return self.family

    def open_beads(self, label: str) -> tuple[ListedBead, ...]:
        self.requests.append("open_beads")
        assert label == "bead"
        return tuple(self.beads)

    def comment_text(self, comment: int) -> str:
        self.requests.append("comment_text")
        return self.said[comment]

    def shown(self, bead: int, marker: str, trusted: Collection[str]) -> str | None:
        self.requests.append("shown")
        assert bead == BEAD
        return self.ours.get(marker) if OWN in trusted else None

    def move_refs(self, repository_id: str, moves: Sequence[RefMove]) -> None:
        assert repository_id == "R_1"
        self.requests.append("move_refs")
        if self.before_move is not None:
            meanwhile, self.before_move = self.before_move, None
            meanwhile()
        lines = [f"update {move.name} {move.after or NOBODY} {move.before or NOBODY}\n" for move in moves]
        stdin = "".join(lines)
        done = subprocess.run(
            ["git", "update-ref", "--stdin"],
            cwd=self.git.folder,
            input=stdin.encode(),
            capture_output=True,
            env=self.git.environment(),
            check=False,
        )
        if done.returncode:
            raise RefsMoved(done.stderr.decode())

    def open_pull(self, *, head: str, base: str, title: str, body: str) -> int:
        self.requests.append("open_pull")
        assert self.pull is None
        at = self.ref(f"refs/heads/{head}")
        assert at is not None
        self.pull = BeadPull(id="PR_1", number=8, head=at)
        self.pull_text = (title, body)
        assert base == "main"
        return 8

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        self.requests.append("add_labels")
        assert number == 8
        self.labels += labels

    def comment(self, number: int, body: str) -> None:
        self.requests.append("comment")
        assert number == BEAD
        self.comments.append(body)

    def review(self, pull: int, *, head: str, body: str, comments: Sequence[LineComment]) -> None:
        self.requests.append("review")
        assert self.pull is not None
        assert self.pull.number == pull
        self.reviews.append((head, body, list(comments)))
        threads = tuple(
            OpenThread(f"T{len(self.pull.threads) + index}", found.path, found.line, (self._bot(found.body),))
            for index, found in enumerate(comments)
        )
        remarks = (*self.pull.reviews, self._bot(body))
        self.pull = replace(self.pull, threads=(*self.pull.threads, *threads), reviews=remarks)

    def answer_threads(self, replies: Sequence[ThreadReply]) -> None:
        if not replies:
            return
        self.requests.append("answer_threads")
        assert self.pull is not None
        for reply in replies:
            threads = []
            for thread in self.pull.threads:
                if thread.id != reply.thread:
                    threads.append(thread)
                    continue
                said = thread.remarks if reply.body is None else (*thread.remarks, self._bot(reply.body))
                if reply.resolve:
                    self.resolved.append(thread.id)
                else:
                    threads.append(replace(thread, remarks=said))
            self.pull = replace(self.pull, threads=tuple(threads))

    def _bot(self, body: str) -> Remark:
        return Remark(OWN, "trusted", body)
