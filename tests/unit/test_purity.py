"""What decides is pure: it reads no clock, no dice, no environment, no file, and imports nothing that does.

import-linter holds the imports between rooms and of whole libraries; here are the single calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

ROOMS = Path(bot.__file__).parent
PURE = (
    *sorted((ROOMS / "beads").rglob("*.py")),
    *sorted((ROOMS / "guards").rglob("*.py")),
    *(path for path in sorted((ROOMS / "coordinator").rglob("*.py")) if path.name != "loop.py"),
)
"""All that is asked what to do; `loop.py` asks, and does it."""
MODULES = frozenset(
    {"githubkit", "httpx", "os", "random", "secrets", "socket", "sqlalchemy", "subprocess", "time", "uuid"}
)
CLOCKS = frozenset({"now", "today", "utcnow"})
FILES = frozenset({"open", "read_bytes", "read_text", "write_bytes", "write_text"})
BUILTINS = frozenset({"eval", "exec", "input", "open", "print"})


def impurities(source: str) -> Iterator[str]:
    """Every import and call in `source` that reaches outside its arguments, with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)):
                found = [module]
            case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
                yield f"line {node.lineno}: {name}()"
                continue
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS | FILES:
                yield f"line {node.lineno}: .{name}()"
                continue
            case _:
                continue
        yield from (f"line {node.lineno}: import {name}" for name in found if name.split(".")[0] in MODULES)


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOMS)))
def test_a_file_that_decides_reaches_nothing_outside_its_arguments(path: Path) -> None:
    assert list(impurities(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime\ndatetime.now()", "line 2: .now()"),
        ("import datetime\ndatetime.datetime.utcnow()", "line 2: .utcnow()"),
        ("from datetime import date as d\nd.today()", "line 2: .today()"),
        ("from time import time", "line 1: import time"),
        ("import random", "line 1: import random"),
        ("from os import environ", "line 1: import os"),
        ("import os.path as p", "line 1: import os"),
        ("open('x')", "line 1: open()"),
        ("from pathlib import Path\nPath('x').read_text()", "line 2: .read_text()"),
        ("def f():\n    import httpx", "line 2: import httpx"),
    ],
)
def test_each_way_out_is_found(source: str, found: str) -> None:
    assert any(line.startswith(found) for line in impurities(source))


def test_time_as_an_argument_is_no_clock() -> None:
    source = "from datetime import datetime\ndef age(since: datetime, now: datetime): return now - since"
    assert list(impurities(source)) == []
