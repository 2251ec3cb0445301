"""Trees that must not be published, and those that must be."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.jobs.git import Git
from bot.jobs.tree_checks import FILE_LIMIT, check_tree, is_protected

PROTECTED = (".github/", "CODEOWNERS", ".claude/", ".mcp.json", ".husky/")
TOKEN = "ghp_" + "a1B2" * 9


class Trees:
    """Commits made entry by entry, so that they hold what no work tree could."""

    def __init__(self, folder: Path) -> None:
        self.git = Git(folder)
        self.git.output("init", "--quiet", "--bare", ".")

    def commit(self, entries: dict[bytes, tuple[str, bytes]]) -> str:
        """A commit with these paths: mode and content (a commit's name for a submodule)."""
        levels: dict[bytes, bytes] = {}
        for path, (mode, content) in entries.items():
            kind, name = ("commit", content.decode()) if mode == "160000" else ("blob", self._blob(content))
            folder, _, leaf = path.rpartition(b"/")
            levels[folder] = levels.get(folder, b"") + f"{mode} {kind} {name}\t".encode() + leaf + b"\0"
        while len(levels) > 1 or b"" not in levels:
            deepest = max(
                (folder for folder in levels if folder), key=lambda folder: (folder.count(b"/"), folder)
            )
            tree = self.git.output("mktree", "-z", "--missing", stdin=levels.pop(deepest)).strip()
            parent, _, leaf = deepest.rpartition(b"/")
            levels[parent] = levels.get(parent, b"") + b"040000 tree " + tree + b"\t" + leaf + b"\0"
        root = self.git.output("mktree", "-z", "--missing", stdin=levels[b""]).decode().strip()
        return self.git.text("commit-tree", root, "-m", "x")

    def _blob(self, content: bytes) -> str:
        return self.git.output("hash-object", "-w", "--stdin", stdin=content).decode().strip()


BASE: dict[bytes, tuple[str, bytes]] = {
    b"README.md": ("100644", b"hello\n"),
    b".github/workflows/ci.yml": ("100644", b"on: push\n"),
    b"keys.txt": ("100644", f"{TOKEN}\n".encode()),
}


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path)


def faults(trees: Trees, change: dict[bytes, tuple[str, bytes] | None]) -> list[str]:
    entries = {path: entry for path, entry in {**BASE, **change}.items() if entry is not None}
    return check_tree(trees.git, trees.commit(BASE), None, trees.commit(entries), PROTECTED)


def test_plain_work_passes(trees: Trees) -> None:
    change: dict[bytes, tuple[str, bytes] | None] = {
        b"README.md": ("100644", b"hello again\n"),
        b"bin/run": ("100755", b"#!/bin/sh\n"),
        "docs/größe.md".encode(): ("100644", b"x"),
        b"keys.txt": ("100644", f"{TOKEN}\nand a line\n".encode()),
    }
    assert faults(trees, change) == []


@pytest.mark.parametrize(
    ("path", "entry", "said"),
    [
        (b".github/workflows/ci.yml", ("100644", b"x"), "the policy protects it"),
        (b".github/workflows/ci.yml", None, "the policy protects it"),
        (b"deep/er/.github/x", ("100644", b"x"), "the policy protects it"),
        (b".GitHub/x", ("100644", b"x"), "the policy protects it"),
        (b".claude/settings.json", ("100644", b"x"), "the policy protects it"),
        (b"a/.mcp.json", ("100644", b"x"), "the policy protects it"),
        (".git\u200bhub/x".encode(), ("100644", b"x"), "the policy protects it"),
        (b".github /x", ("100644", b"x"), "the policy protects it"),
        (b"link", ("120000", b"/etc/passwd"), "a symbolic link"),
        (b"README.md", ("120000", b"../.."), "a symbolic link"),
        (b"module", ("160000", b"1" * 40), "a submodule"),
        (b"new\nline", ("100644", b"x"), "cannot be seen"),
        (b"esc\x1b[2J", ("100644", b"x"), "cannot be seen"),
        ("turn\u202eed".encode(), ("100644", b"x"), "cannot be seen"),
        (b"back\\slash", ("100644", b"x"), "a backslash"),
        (b"bad\xff", ("100644", b"x"), "not UTF-8"),
        (b"readme.MD", ("100644", b"x"), "where case does not count"),
        (b"x" * 201, ("100644", b"x"), "too long"),
        (b"/".join([b"y" * 100] * 11), ("100644", b"x"), "too long"),
        (b"git~1/config", ("100644", b"x"), "means something else"),
        (b"a:b", ("100644", b"x"), "means something else"),
        (b"aux.py", ("100644", b"x"), "a device on Windows"),
        (b"big", ("100644", b"\0" * (FILE_LIMIT + 1)), "more than 5000000"),
        (b"a.env", ("100644", f"KEY={TOKEN[:-4]}zzzz".encode()), "a GitHub token"),
        (b"b.env", ("100644", base64.b64encode(f"x {TOKEN} y".encode())), "a GitHub token in base64"),
        (b"id_rsa", ("100644", b"-----BEGIN OPENSSH PRIVATE KEY-----\n"), "a private key"),
    ],
)
def test_each_of_these_is_denied_and_named(
    trees: Trees, path: bytes, entry: tuple[str, bytes] | None, said: str
) -> None:
    found = faults(trees, {path: entry})
    assert any(said in fault for fault in found), found
    assert all(fault.isprintable() for fault in found)


def test_every_place_is_named_not_only_the_first(trees: Trees) -> None:
    found = faults(
        trees, {b".github/a": ("100644", b"x"), b"l": ("120000", b"x"), b"CODEOWNERS": ("100644", b"x")}
    )
    assert [fault.split(":")[0] for fault in found] == [".github/a", "CODEOWNERS", "l"]


def test_what_people_put_on_the_branch_is_theirs(trees: Trees) -> None:
    base = trees.commit(BASE)
    people = {**BASE, b".github/dependabot.yml": ("100644", b"version: 2\n")}
    before, head = trees.commit(people), trees.commit({**people, b"a.py": ("100644", b"x")})
    assert check_tree(trees.git, base, before, head, PROTECTED) == []
    changed = trees.commit({**people, b".github/dependabot.yml": ("100644", b"version: 3\n")})
    assert check_tree(trees.git, base, before, changed, PROTECTED) != []


@pytest.mark.parametrize(
    ("path", "rule", "result"),
    [
        (".github/x", ".github/", True),
        ("a/.github/x", ".github/", True),
        (".github", ".github/", False),
        ("a/CODEOWNERS", "CODEOWNERS", True),
        ("CODEOWNERS/x", "CODEOWNERS", True),
        ("MYCODEOWNERS", "CODEOWNERS", False),
        ("infra/prod/main.tf", "infra/prod/", True),
        ("x/infra/prod/main.tf", "infra/prod/", True),
        ("infra/test/main.tf", "infra/prod/", False),
        ("anything", "/", False),
    ],
)
def test_a_rule_names_a_path_at_any_depth(path: str, rule: str, result: bool) -> None:
    assert is_protected(path, (rule,)) is result
