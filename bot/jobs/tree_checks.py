"""Holds the tree of a bead's work against the base's, entry by entry, after it was applied (T10-T12, T18).

Not the patch is judged but what it made: a patch can be read in two ways, a tree in one. Denied whole, every
place named.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.jobs.git import Git
from bot.jobs.redaction import find_secrets

PLAIN = frozenset({"100644", "100755"})
ABSENT = "000000"
KINDS = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a folder"}
FILE_LIMIT = 5_000_000  # bytes of one file
WORK_LIMIT = 50_000_000  # bytes of all changed files
COUNT_LIMIT = 3_000  # changed files
NAME_LIMIT = 200  # bytes of a name; encrypted file systems stop near 143, all others at 255
PATH_LIMIT = 1_000  # bytes
WINDOWS_NAMES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A changed path: its mode and content before and after; `ABSENT` is "not there"."""

    path: bytes
    before_mode: str
    mode: str
    before: str
    blob: str

    @property
    def shown(self) -> str:
        """The path as it can be printed."""
        text = self.path.decode("utf-8", errors="backslashreplace")
        return printable(text)[:200]


def printable(text: str) -> str:
    """The text with every character that cannot be seen written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def check_tree(git: Git, base: str, before: str | None, head: str, protected: Sequence[str]) -> list[str]:
    """Everything that forbids to publish a tree; an empty list is a pass.

    Args:
        git: a repository that holds all three.
        base: the claim's base commit.
        before: the branch's head until now; what people put there is theirs.
        head: the work.
        protected: the policy's paths; `name/` is a folder, `name` a file or folder, both at any depth.
    """
    entries = changes(git, base, head)
    if before is not None:
        mine = {(entry.path, entry.mode, entry.blob) for entry in changes(git, before, head)}
        entries = [entry for entry in entries if (entry.path, entry.mode, entry.blob) in mine]
    if len(entries) > COUNT_LIMIT:
        return [f"{len(entries)} files are changed, more than {COUNT_LIMIT}"]
    faults = [fault for entry in entries for fault in _entry_faults(entry, protected)]
    faults += _collisions(git, head, entries)
    return faults + _content_faults(git, [entry for entry in entries if entry.mode in PLAIN])


def changes(git: Git, base: str, head: str) -> list[Entry]:
    """What differs between two commits' trees, renames as both their halves."""
    raw = git.output("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", base, head)
    parts = raw.split(b"\0")
    found: list[Entry] = []
    for meta, path in zip(parts[0::2], parts[1::2], strict=False):
        before_mode, mode, before, blob, _ = meta.decode().removeprefix(":").split(" ")
        found.append(Entry(path, before_mode, mode, before, blob))
    return found


def is_protected(path: str, protected: Sequence[str]) -> bool:
    """Whether a path is one of, or below, the protected ones, at any depth and in any spelling."""
    parts = [_folded(part) for part in path.split("/")]
    for rule in protected:
        wanted = [_folded(part) for part in rule.strip("/").split("/") if part]
        width = len(wanted)
        last = len(parts) - width - (1 if rule.endswith("/") else 0)
        if width and any(parts[at : at + width] == wanted for at in range(last + 1)):
            return True
    return False


def _folded(name: str) -> str:
    """One spelling for all that a file system may take for the same name."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", kept.casefold()).rstrip(". ")


def _entry_faults(entry: Entry, protected: Sequence[str]) -> list[str]:
    faults: list[str] = []
    try:
        path = entry.path.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{entry.shown}: its name is not UTF-8"]
    if is_protected(path, protected):
        faults.append(f"{entry.shown}: the policy protects it")
    if entry.mode == ABSENT:
        return faults
    if entry.mode not in PLAIN:
        faults.append(
            f"{entry.shown}: it is {KINDS.get(entry.mode, f'of mode {entry.mode}')}, not a plain file"
        )
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for c in path) or "\\" in path:
        faults.append(f"{entry.shown}: its name holds characters that cannot be seen, or a backslash")
    names = path.split("/")
    if len(entry.path) > PATH_LIMIT or any(len(name.encode()) > NAME_LIMIT for name in names):
        faults.append(f"{entry.shown}: its name is too long")
    if any(_folded(name) in (".git", "git~1", "") or name in (".", "..") or ":" in name for name in names):
        faults.append(f"{entry.shown}: its name means something else to git or a file system")
    elif any(_folded(name).split(".")[0] in WINDOWS_NAMES for name in names):
        faults.append(f"{entry.shown}: its name is a device on Windows")
    return faults


def _collisions(git: Git, head: str, entries: Sequence[Entry]) -> list[str]:
    changed = {entry.path for entry in entries if entry.mode != ABSENT}
    if not changed:
        return []
    seen: dict[str, bytes] = {}
    faults: list[str] = []
    for path in git.output("ls-tree", "-r", "-z", "--name-only", head).split(b"\0"):
        names = path.split(b"/")
        for depth in range(1, len(names) + 1):
            part = b"/".join(names[:depth])
            known = seen.setdefault(_folded(part.decode("utf-8", errors="surrogateescape")), part)
            if known != part and (
                path in changed or any(c == known or c.startswith(known + b"/") for c in changed)
            ):
                one, other = (name.decode("utf-8", errors="backslashreplace") for name in (known, part))
                faults.append(printable(f"{other}: it is the same name as {one} where case does not count"))
                break
    return faults


def _content_faults(git: Git, entries: Sequence[Entry]) -> list[str]:
    wanted = list(
        dict.fromkeys(blob for entry in entries for blob in (entry.blob, entry.before) if int(blob, 16))
    )
    listed = git.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin="\n".join(wanted) + "\n")
    sizes = dict(line.split(" ") for line in listed.splitlines() if line) if wanted else {}
    total = 0
    faults: list[str] = []
    for entry in entries:
        size = int(sizes[entry.blob])
        total += size
        if size > FILE_LIMIT:
            faults.append(f"{entry.shown}: it has {size} bytes, more than {FILE_LIMIT}")
            continue
        known: set[bytes] = set()
        if entry.before_mode in PLAIN and int(sizes.get(entry.before, 0)) <= FILE_LIMIT:
            known = {matter for _, matter in find_secrets(git.output("cat-file", "blob", entry.before))}
        found = find_secrets(git.output("cat-file", "blob", entry.blob))
        kinds = dict.fromkeys(kind for kind, matter in found if matter not in known)
        faults += [f"{entry.shown}: it holds what looks like {kind}" for kind in kinds]
        if total > WORK_LIMIT:
            return [*faults, f"all changed files together have more than {WORK_LIMIT} bytes"]
    return faults
