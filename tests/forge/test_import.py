"""A real export, created over HTTP, and finished by a second run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.beads.bd.reading import read_export
from bot.github.importer import import_issues
from bot.local.demo.build import client
from bot.local.forge.records import Issue
from bot.local.forge.serve import in_thread
from bot.local.forge.state import State
from bot.local.forge.world import create_repository, create_user

GRAPH = Path(__file__).parents[2].parent / "shared" / "data" / "gastown.jsonl"


def test_a_real_export_is_imported_whole_and_never_twice(tmp_path: Path) -> None:
    if not GRAPH.exists() and os.environ.get("CI") != "true":
        pytest.skip("the real exports are not beside this checkout")
    plan = read_export(GRAPH.read_text(encoding="utf-8"))

    def found(state: State) -> str:
        owner, token = create_user(state, "octo")
        create_repository(state, owner, "town", files={"README.md": b"# Town\n"})
        return token

    with in_thread(tmp_path / "forge") as forge, client(forge.base_url, forge.on(found)) as api:
        half = import_issues(api, "octo/town", plan.issues[:400], pause=0)
        rest = import_issues(api, "octo/town", plan.issues, pause=0)
        again = import_issues(api, "octo/town", plan.issues, pause=0)
        assert (half.created, rest.created, again.created) == (400, len(plan.issues) - 400, 0)
        issues = forge.on(lambda state: list(state.all(Issue)))
    assert len(issues) == len(plan.issues) == 933
    assert sum(issue.state == "closed" for issue in issues) == 714
    assert sum(issue.parent_id is not None for issue in issues) == sum(
        planned.parent is not None for planned in plan.issues
    )
