"""A bare repository: its objects and refs, by the `git` program in an environment that holds nothing else.

Nothing here knows accounts, protection or pull requests; `git.py` does. Objects never change, so what was
once found out about object ids stays true: those answers are cached (errors are not).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
OID = re.compile(r"[0-9a-f]{40}")
TIMEOUT = 120  # seconds; nothing of ours is that large


class GitError(Exception):
    """`git` said no; the message is its own."""


class RefMoved(GitError):
    """A ref was not where the caller believed it to be."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who, and when to the second, with the offset of their clock."""

    name: str
    email: str
    at: datetime

    def line(self) -> str:
        """As in a commit object."""
        at = self.at if self.at.tzinfo else self.at.replace(tzinfo=UTC)
        return f"{_plain(self.name)} <{_plain(self.email)}> {int(at.timestamp())} {at.strftime('%z')}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit object."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree; `size` is a blob's, in bytes."""

    mode: str
    type: str
    oid: str
    path: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What a tree is to hold at `path`; `oid` None takes away what is there."""

    path: str
    mode: str
    oid: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a diff; `patch` is None for a binary file, and starts at its first hunk."""

    path: str
    status: str
    oid: str
    additions: int
    deletions: int
    patch: str | None
    previous_path: str | None = None


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A ref from `before` (None: wherever it is, ZERO: not there) to `after` (ZERO: gone)."""

    name: str
    before: str | None
    after: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a `git` of ours: where programs are, and no one's configuration."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **(extra or {}),
    }


@dataclass(frozen=True, slots=True)
class GitDir:
    """A bare repository in the folder `path`."""

    path: Path

    def run(self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """What `git ARGS` printed. Raises GitError when it failed."""
        done = self._run(args, stdin, env)
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"git {args[0]} failed")
        return done.stdout

    def _run(
        self, args: Sequence[str], stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        # An absent stdin must be an empty one: a server's own is not for git to read.
        return subprocess.run(
            ["git", "--git-dir", str(self.path), "-c", "core.quotePath=false", *args],
            input=stdin or b"",
            env=environment(env),
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
            cwd=self.path,
        )

    # -- refs ---------------------------------------------------------------------------------------------
    def ref(self, name: str) -> str | None:
        """The object id that the ref of that full name points at."""
        done = self._run(("show-ref", "--verify", "--hash", "--", name))
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def branch(self, name: str) -> str | None:
        """The commit at the tip of a branch."""
        return self.ref(f"refs/heads/{name}")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Full names that begin with `prefix`, sorted, with what they point at."""
        lines = self.run("for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
        pairs = (line.split(" ", 1) for line in lines)
        return {name: oid for oid, name in pairs if name.startswith(prefix)}

    def update_refs(self, updates: Iterable[RefUpdate]) -> None:
        """Move all of these refs or none. Raises RefMoved, or GitError for what cannot be a ref."""
        lines = ["start"]
        for update in updates:
            if update.after == ZERO:
                lines.append(f"delete {update.name}" + (f" {update.before}" if update.before else ""))
            elif update.before == ZERO:
                lines.append(f"create {update.name} {update.after}")
            else:
                lines.append(
                    f"update {update.name} {update.after}" + (f" {update.before}" if update.before else "")
                )
        lines += ["prepare", "commit"]
        done = self._run(("update-ref", "--no-deref", "--stdin"), ("\n".join(lines) + "\n").encode())
        if done.returncode:
            message = done.stderr.decode(errors="replace").strip()
            moved = ("but expected", "reference already exists", "unable to resolve reference", "File exists")
            raise (RefMoved if any(text in message for text in moved) else GitError)(message)

    def is_ref_name(self, name: str) -> bool:
        """Whether git and GitHub take this for a full ref name: `refs/`, two slashes, no odd characters."""
        if not name.startswith("refs/") or name.count("/") < 2 or "\n" in name:
            return False
        return self._run(("check-ref-format", name)).returncode == 0

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag, a full ref or a (shortened) object id names."""
        if OID.fullmatch(revision):
            return revision if self.kind(revision) == "commit" else self._peel(revision)
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        if revision.startswith(("heads/", "tags/", "pull/")):
            names.append(f"refs/{revision}")
        if revision.startswith("refs/"):
            names.insert(0, revision)
        if revision == "HEAD" or re.fullmatch(r"[0-9a-f]{7,39}", revision):
            names.append(revision)
        return next((oid for name in names if (oid := self._peel(name))), None)

    def _peel(self, name: str) -> str | None:
        done = self._run(("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"))
        return done.stdout.decode().strip() if done.returncode == 0 else None

    # -- objects ------------------------------------------------------------------------------------------
    def kind(self, oid: str) -> str | None:
        """`commit`, `tree`, `blob`, `tag`, or None for no such object."""
        if not OID.fullmatch(oid):
            return None
        try:
            return _kind(self, oid)
        except GitError:
            return None

    def blob(self, oid: str) -> bytes:
        """A blob's bytes. Raises GitError."""
        return self.run("cat-file", "blob", oid)

    def make_blob(self, content: bytes) -> str:
        """Write a blob."""
        return self.run("hash-object", "-w", "--stdin", "--no-filters", stdin=content).decode().strip()

    def commit(self, oid: str) -> Commit:
        """A commit object. Raises GitError."""
        return _commit(self, oid)

    def make_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Write a commit; the same content gives the same id. Raises GitError."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author.line()}", f"committer {committer.line()}", "", message]
        content = "\n".join(lines).encode()
        return self.run("hash-object", "-w", "-t", "commit", "--stdin", stdin=content).decode().strip()

    def tree(self, oid: str, *, recursive: bool = False) -> list[Entry]:
        """A tree's entries (of a commit: its tree's); recursive lists subtrees and what is in them."""
        return list(_tree(self, oid, recursive))

    def entry(self, commit: str, path: str) -> Entry | None:
        """What is at `path` in a commit."""
        if not path:
            return Entry("040000", "tree", self.commit(commit).tree, "")
        listed = self.run("ls-tree", "-z", "-l", "--full-tree", commit, "--", path)
        found = _entries(listed)
        return found[0] if found and found[0].path == path else None

    def make_tree(self, base: str | None, entries: Iterable[NewEntry]) -> str:
        """Write the tree that `base` becomes with these entries. Raises GitError."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.run("read-tree", *([base] if base and base != EMPTY_TREE else ["--empty"]), env=index)
            for entry in entries:
                if entry.oid is None or entry.mode == "040000":
                    self._unstage(entry.path, index)
                if entry.oid is None:
                    continue
                if entry.mode == "040000":
                    self.run("read-tree", f"--prefix={entry.path}/", entry.oid, env=index)
                else:
                    line = f"{entry.mode} {entry.oid}\t{entry.path}\0".encode()
                    self.run("update-index", "--replace", "-z", "--index-info", stdin=line, env=index)
            return self.run("write-tree", env=index).decode().strip()

    def _unstage(self, path: str, index: Mapping[str, str]) -> None:
        staged = self.run("ls-files", "-z", "--", path, env=index).split(b"\0")
        lines = b"".join(b"0 " + ZERO.encode() + b"\t" + name + b"\0" for name in staged if name)
        self.run("update-index", "-z", "--index-info", stdin=lines, env=index)

    # -- history ------------------------------------------------------------------------------------------
    def log(self, tip: str, *without: str, options: Sequence[str] = (), path: str | None = None) -> list[str]:
        """Commits reachable from `tip` and from none of `without`, newest first."""
        paths = ["--", path] if path else ["--"]
        excluded = [f"^{oid}" for oid in without]
        return self.run("rev-list", *options, tip, *excluded, *paths).decode().split()

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` has `old` in its history (every commit has itself)."""
        return old == new or _is_ancestor(self, old, new)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor."""
        return _merge_base(self, one, other)

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a clean merge of two commits, or None when they conflict. Raises GitError."""
        return _merge_tree(self, ours, theirs)

    def replay(self, commit: Commit, onto: str) -> str | None:
        """The tree of `commit`'s own change applied on another commit, or None when it conflicts."""
        before = self.commit(commit.parents[0]).tree if commit.parents else EMPTY_TREE
        return self.change(before, commit.tree, onto)

    def change(self, before: str, after: str, onto: str) -> str | None:
        """The tree of the change from one tree to another applied on a commit, or None when it conflicts."""
        who = Signature("replay", "replay", datetime.fromtimestamp(0, UTC))
        if EMPTY_TREE in (before, after):
            self.run("mktree", stdin=b"")  # known to git, but not there before it is written
        # Three commits in the shape of a fork: their merge base is what the change started from.
        root = self.make_commit(before, [], "base", who, who)
        ours = self.make_commit(self.commit(onto).tree, [root], "ours", who, who)
        theirs = self.make_commit(after, [root], "theirs", who, who)
        return self.merge_tree(ours, theirs)

    def diff(self, before: str, after: str) -> str:
        """The unified diff of two trees or commits."""
        return _diff(self, before, after)

    def changes(self, before: str, after: str) -> list[FileChange]:
        """The files of that diff, renames found."""
        return list(_changes(self, before, after))

    def patches(self, base: str, head: str) -> str:
        """The commits of `base..head` as mails, oldest first."""
        return self.run("format-patch", "--stdout", f"{base}..{head}").decode(errors="replace")


def _plain(text: str) -> str:
    return re.sub(r"[<>\n\0]", "", text).strip()


def _signature(text: str) -> Signature:
    name, _, rest = text.partition(" <")
    email, _, when = rest.rpartition("> ")
    seconds, zone = when.split()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    return Signature(name, email, datetime.fromtimestamp(int(seconds), timezone(offset)))


def _entries(listed: bytes) -> list[Entry]:
    found = []
    for line in listed.decode(errors="surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, kind, oid, size = facts.split()
            found.append(Entry(mode, kind, oid, path, None if size == "-" else int(size)))
    return found


@lru_cache(maxsize=20_000)
def _commit(git: GitDir, oid: str) -> Commit:
    header, _, message = git.run("cat-file", "commit", oid).decode(errors="replace").partition("\n\n")
    facts = [line.split(" ", 1) for line in header.split("\n") if not line.startswith(" ")]
    named = {key: value for key, value in facts if key != "parent"}
    parents = tuple(value for key, value in facts if key == "parent")
    author, committer = _signature(named["author"]), _signature(named["committer"])
    return Commit(oid, named["tree"], parents, author, committer, message)


@lru_cache(maxsize=20_000)
def _kind(git: GitDir, oid: str) -> str:
    return git.run("cat-file", "-t", oid).decode().strip()


@lru_cache(maxsize=1_000)
def _tree(git: GitDir, oid: str, recursive: bool) -> tuple[Entry, ...]:
    options = ["-r", "-t"] if recursive else []
    return tuple(_entries(git.run("ls-tree", "-z", "-l", "--full-tree", *options, oid)))


@lru_cache(maxsize=20_000)
def _is_ancestor(git: GitDir, old: str, new: str) -> bool:
    done = git._run(("merge-base", "--is-ancestor", old, new))
    if done.returncode > 1:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.returncode == 0


@lru_cache(maxsize=5_000)
def _merge_base(git: GitDir, one: str, other: str) -> str | None:
    done = git._run(("merge-base", one, other))
    if done.returncode > 1:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode().strip() or None


@lru_cache(maxsize=5_000)
def _merge_tree(git: GitDir, ours: str, theirs: str) -> str | None:
    done = git._run(("merge-tree", "--write-tree", "--no-messages", ours, theirs))
    if done.returncode > 1:
        raise GitError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode().split("\n", 1)[0] if done.returncode == 0 else None


@lru_cache(maxsize=500)
def _diff(git: GitDir, before: str, after: str) -> str:
    return git.run("diff", "--find-renames", "--no-ext-diff", before, after).decode(errors="replace")


@lru_cache(maxsize=500)
def _changes(git: GitDir, before: str, after: str) -> tuple[FileChange, ...]:
    raw = git.run("diff", "--find-renames", "--raw", "--abbrev=40", "-z", before, after).decode().split("\0")
    patches = [part for part in re.split(r"^(?=diff --git )", git.diff(before, after), flags=re.M) if part]
    words = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
    found = []
    fields = iter(raw)
    for number, facts in enumerate(fact for fact in fields if fact):
        old, new, letter = facts.split()[2:]
        path = next(fields)
        previous = path if letter[0] in "RC" else None
        path = next(fields) if previous else path
        # A mode change of type T shows as two patches in a diff; its text is then left out, as for a binary.
        text = patches[number] if len(patches) > number else ""
        start = text.find("\n@@ ")
        body = text[start + 1 :].rstrip("\n") if start >= 0 else None
        lines = body.split("\n") if body else []
        found.append(
            FileChange(
                path,
                words.get(letter[0], "changed"),
                new if new != ZERO else old,
                sum(line.startswith("+") for line in lines),
                sum(line.startswith("-") for line in lines),
                body,
                previous,
            )
        )
    return tuple(found)
