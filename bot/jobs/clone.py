"""Publish's own repository: bare, with nothing of the machine's configuration, filled by fetches alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bot.coordinator.claims import CLAIMS_REF, Claims, ClaimsError, read_claims, write_claims
from bot.coordinator.job_port import JobFault
from bot.jobs.git import Git, GitFault, authorised
from bot.jobs.inputs import Inputs

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
WORK = "refs/beadwright/work"
INCOMING = "refs/incoming/work"
CLAIMS = "refs/known/claims"


class Clone:
    """A bare repository in a folder, that speaks to the server with one token."""

    def __init__(self, folder: Path, inputs: Inputs, token: str) -> None:
        self._address = f"{inputs.server}/{inputs.repository}.git"
        folder.mkdir(parents=True)
        self.git = Git(folder)
        self._online = Git(folder, authorised(inputs.server, token))
        self.git.output("init", "--quiet", "--bare", "--template=", ".")

    def fetch(self, commits: Iterable[str]) -> None:
        """Bring commits with their history here. Raises GitFault."""
        wanted = [commit for commit in dict.fromkeys(commits) if not self.git.has(commit)]
        if not wanted:
            return
        specs = [f"{commit}:refs/known/{commit}" for commit in wanted]
        self._online.output("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self._address, *specs)

    def branch(self, name: str) -> str | None:
        """The commit that a branch of the server is at right now, with its objects here; None where there is
        no such branch. Raises GitFault."""
        listed = self._online.text("ls-remote", "--refs", self._address, f"refs/heads/{name}").split()
        if not listed:
            return None
        self.fetch(listed[:1])
        return listed[0]

    def files(self, commit: str) -> dict[str, int]:
        """The plain files at the top of a commit's tree, and their size in bytes."""
        return {name: size for _, _, name, size in self._entries(commit) if size is not None}

    def content(self, commit: str | None, name: str) -> bytes:
        """What a file of a commit holds. Raises GitFault."""
        return self.git.output("cat-file", "blob", f"{commit}:{name}")

    def tree(self, commit: str | None, files: Mapping[str, bytes]) -> str:
        """The tree of a commit (None: an empty one) with these files at its top."""
        there = {name: f"{mode} {kind}" for mode, kind, name, _ in self._entries(commit)} if commit else {}
        for name, content in files.items():
            blob = self.git.output("hash-object", "-w", "--stdin", stdin=content).decode().strip()
            there[name] = f"100644 blob {blob}"
        listed = "".join(f"{entry}\t{name}\0" for name, entry in there.items())
        return self.git.text("mktree", "-z", stdin=listed)

    def claims(self) -> tuple[str, Claims]:
        """The commit that the claims ref is at right now, and its document. Raises JobFault."""
        spec = f"+{CLAIMS_REF}:{CLAIMS}"
        self._online.output("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self._address, spec)
        commit = self.git.text("rev-parse", "--verify", CLAIMS)
        try:
            return commit, read_claims(self.git.text("log", "-1", "--format=%B", commit))
        except ClaimsError as error:
            raise JobFault(str(error)) from error

    def unbundle(self, bundle: Path) -> str:
        """The one head of a bundle, with its objects here, checked. Raises JobFault."""
        local = Git(self.git.folder, {"protocol.file.allow": "always"})
        try:
            local.output("bundle", "verify", "--quiet", str(bundle))
            heads = local.text("bundle", "list-heads", str(bundle)).splitlines()
            if len(heads) != 1 or not heads[0].endswith(f" {WORK}"):
                raise JobFault("work.bundle: it does not hold exactly the bead's work")
            spec = f"{WORK}:{INCOMING}"
            local.output("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(bundle), spec)
        except GitFault as error:
            raise JobFault(f"work.bundle: {error}") from error
        return self.git.text("rev-parse", "--verify", f"{INCOMING}^{{commit}}")

    def commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        """A commit by us, whatever the commits were that the tree comes from."""
        listed = [argument for parent in parents for argument in ("-p", parent)]
        return self.git.text("commit-tree", tree, *listed, "-F", "-", stdin=message)

    def claims_commit(self, claims: Claims, parent: str, nonce: str) -> str:
        """The commit that holds a claims document."""
        return self.commit(EMPTY_TREE, [parent], write_claims(claims, nonce))

    def _entries(self, commit: str) -> Iterator[tuple[str, str, str, int | None]]:
        """What is at the top of a commit's tree: mode, kind and object, name, the size of plain files."""
        listed = self.git.text("ls-tree", "-l", "-z", "--full-tree", commit)
        for entry in filter(None, listed.split("\0")):
            about, _, name = entry.partition("\t")
            mode, kind, oid, size = about.split()
            plain = mode in ("100644", "100755")
            yield mode, f"{kind} {oid}", name, int(size) if plain else None

    def push(self, refs: dict[str, str]) -> None:
        """Put commits at refs of the server that are nobody else's. Raises GitFault."""
        specs = [f"+{commit}:{name}" for name, commit in refs.items()]
        self._online.output("push", "--quiet", "--atomic", "--no-verify", self._address, *specs)
