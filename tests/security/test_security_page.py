"""`docs/security.md` names tests that exist, for every threat, and every attack that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def named_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) if "test_" in node.name}


def test_every_test_that_it_names_exists() -> None:
    missing = [f"{path}::{test}" for path, test in NAMED if test not in named_in(TESTS / path)]
    assert not missing


def test_there_is_a_row_for_each_threat_with_a_test_or_the_word_that_there_is_none() -> None:
    rows = re.findall(r"^\| T(\d+) \|[^|]+\| (.+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 29))
    assert all("::test_" in tests or "no test yet" in tests for _, tests in rows)


def test_no_attack_is_left_out() -> None:
    attacks = sorted((TESTS / "security").glob("test_*_attacks.py"))
    written = {(f"security/{path.name}", test) for path in attacks for test in named_in(path)}
    assert written - set(NAMED) == set()
