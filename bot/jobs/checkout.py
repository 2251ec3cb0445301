"""Brings the checkout to where an attempt starts: the bead's branch, unfinished work, the base merged in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.coordinator.job_port import JobFacts, JobFault, partial_ref
from bot.jobs.git import Git, GitFault

# What a checkout can use to steer the CLI that works in it. It comes from the base, never from a branch.
AGENT_CONFIGURATION = (
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".opencode",
    ".husky",
    ".mcp.json",
    "opencode.json",
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a worker starts. `continued` tells that unfinished work of an earlier attempt is in it."""

    commit: str
    merging: bool = False
    conflicts: tuple[str, ...] = ()
    continued: bool = False


def fetch_missing(git: Git, wanted: Iterable[tuple[str, str]], server: str, repository: str) -> None:
    """Fetch those `(commit, ref)` that the checkout does not have yet. Raises GitFault."""
    missing = {commit: ref for commit, ref in wanted if not git.has(commit)}
    if not missing:
        return
    address = f"{server}/{repository}.git"
    git.output("fetch", "--no-tags", "--no-write-fetch-head", address, *missing)
    for commit, ref in missing.items():
        if not git.has(commit):
            raise GitFault(f"{ref} is not at {commit} any more")


def needed(facts: JobFacts, bead: int, base: str) -> list[tuple[str, str]]:
    """The commits that a run looks at, with the refs that hold them."""
    pairs = [(base, facts.default_branch), (facts.branch, f"bead/{bead}"), (facts.partial, partial_ref(bead))]
    return [(commit, ref) for commit, ref in pairs if commit is not None]


def stand_at(git: Git, commit: str) -> None:
    """The checkout as a commit has it, on no branch and with nothing besides. Raises GitFault."""
    git.output("checkout", "--force", "--detach", commit)
    git.output("clean", "-ffdq")


def start_work(git: Git, facts: JobFacts, branch: str, base: str) -> Start:
    """Check out the worker's branch: unfinished work that goes on from the branch (where there is one), else
    the branch, else the base; then merge the base in where it is not contained, which may have moved on since
    the work was left. Conflicts are left in the tree."""
    commit, continued = facts.branch or base, False
    if facts.partial is not None and (facts.branch is None or git.contains(facts.branch, facts.partial)):
        commit, continued = facts.partial, True
    git.output("checkout", "--force", "--no-track", "-B", branch, commit)
    git.output("clean", "-ffdq")
    if git.contains(base, commit):
        return Start(commit, continued=continued)
    try:
        git.output("merge", "--no-commit", "--no-ff", base)
    except GitFault as error:
        conflicts = git.text("diff", "--name-only", "--diff-filter=U", "-z")
        if not conflicts:
            raise JobFault(f"the base does not merge into {branch}: {error}") from error
        return Start(commit, True, tuple(conflicts.rstrip("\0").split("\0")), continued)
    return Start(commit, merging=True, continued=continued)


def restore_configuration(git: Git, base: str) -> tuple[str, ...]:
    """Show the base's agent configuration where the branch has another; gives the files.

    The index keeps the branch's version and does not look at them, so that showing them commits nothing.
    """
    changed = git.text("diff", "--name-only", "--no-renames", "-z", base, "--", *AGENT_CONFIGURATION)
    unmerged = git.text("diff", "--name-only", "--diff-filter=U", "-z")
    names = [name for name in changed.split("\0") if name and name not in unmerged.split("\0")]
    for name in names:
        path = git.folder / name
        if path.is_symlink() or path.exists():
            path.unlink()
        if git.holds("cat-file", "-e", f"{base}:{name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(git.output("cat-file", "blob", f"{base}:{name}"))
    tracked = git.text("ls-files", "-z", "--", *names).split("\0") if names else []
    held = [name for name in tracked if name]
    if held:
        git.output("update-index", "--skip-worktree", "--", *held)
    return tuple(names)
