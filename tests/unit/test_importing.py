"""`beadwright import --dry-run`: what it says before anything is made."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import app


def test_what_is_wrong_with_the_graph_is_said_before_anything_is_made(tmp_path: Path) -> None:
    rows = [
        {"id": key, "title": f"Do {key}", "dependencies": [{"depends_on_id": to, "type": "blocks"}]}
        for key, to in (("a", "b"), ("b", "a"), ("c", "gone"))
    ]
    file = tmp_path / "export.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = CliRunner().invoke(app, ["import", "--dry-run", "--repo", "octo/town", str(file)])
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        "issues: 3 (open: 3); deadlocks: 1; edges to what is not in the file: 1 (of open issues: 1)",
        "deadlock: a is blocked by b, b is blocked by a (the fewest edges that untie it: that b is"
        " blocked by a)",
        "issues read: 3; things that could not come along as they were: 2",
    ]
    assert told.stderr.splitlines() == [
        "export.jsonl: line 2: b: the edge to a is left out, it closes a cycle: b is blocked by a, a is"
        " blocked by b",
        "export.jsonl: line 3: c: `blocks` edge to gone, which is not in the file",
    ]
