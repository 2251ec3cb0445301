"""A real export, imported and worked off."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bot.beads.bd.reading import read_export
from bot.github.importer import import_issues
from tests.loop.drive import drive
from tests.loop.world import NAME, ROOT, open_loop

GRAPH = ROOT.parent / "shared" / "data" / "tinkerpop.jsonl"


def test_a_real_graph_is_worked_off_in_an_order_that_every_edge_allows(tmp_path: Path) -> None:
    if not GRAPH.exists() and os.environ.get("CI") != "true":
        pytest.skip("the real exports are not beside this checkout")
    plan = read_export(GRAPH.read_text(encoding="utf-8")).issues
    with open_loop(tmp_path, {"budget": {"day": 1000}}) as loop:
        numbers = import_issues(loop.people, NAME, plan, pause=0).numbers
        for number in numbers.values():
            loop.label(number, "ready")
        drive(loop)
        assert [bead.state for bead in loop.beads()] == ["closed"] * 11
        log = loop.git.text("log", "--reverse", "--first-parent", "--format=%B", "main")
        order = [int(number) for number in dict.fromkeys(re.findall(r"^Bead: #(\d+)$", log, re.MULTILINE))]
    worked = [issue for issue in plan if numbers[issue.id] in order]
    assert len(worked) == len(order) == 10  # all but the epic
    for issue in worked:
        for blocker in issue.blocked_by:
            assert order.index(numbers[blocker]) < order.index(numbers[issue.id])
