"""An epic's beads, really worked, reviewed and merged: its comment, and `beadwright trace`, say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import app
from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop

SPEC = "### Requirement: Words are counted\n\n#### Scenario: Two words\n"
ASKS = "## Acceptance criteria\n\n1. Words are counted\n2. Lines are counted\n"


def trace(loop: Loop, asked: str) -> dict[str, list[dict[str, str]]]:
    call = ["trace", asked, "--repo", NAME, "--api-url", loop.forge.api_url, "--json"]
    answer = CliRunner().invoke(app, call, env={"GITHUB_TOKEN": loop.token})
    assert answer.exit_code == 0, answer.output
    found: dict[str, list[dict[str, str]]] = json.loads(answer.stdout)
    return found


def test_what_an_epic_asks_for_is_followed_to_the_merge_commits_and_back(
    tmp_path: Path, exchange_log: Path
) -> None:
    specs = {"openspec/specs/count/spec.md": SPEC}
    with open_loop(tmp_path / "world", record=exchange_log, files=specs) as loop:
        epic = loop.bead("All of it", "epic", "ready", body=ASKS)
        body = f"## Specs\n\n- `openspec/specs/count/spec.md#two-words`\n\n## Serves\n\n- #{epic}.1: Words\n"
        bead = loop.bead("Count words", body=body)
        issue = loop.get(f"/issues/{bead}")
        assert isinstance(issue, dict)
        children = f"/repos/{NAME}/issues/{epic}/sub_issues"
        loop.people.post(children, json={"sub_issue_id": issue["id"]}).raise_for_status()
        decision = drive(loop)
        assert not decision.verdicts

        (status,) = (said for said in loop.comments(epic) if "what" not in said and "**Done**" in said)
        (row,) = re.findall(r"^\| 1\. Words are counted \| #\d+ done \| #(\d+) \|", status, re.MULTILINE)
        assert "| 2. Lines are counted | **no bead** |  |  |" in status

        merge = loop.git.text("log", "-1", "--format=%H", f"--grep=^Bead: #{bead}$", "--merges", "main")
        assert loop.git.text("log", "-1", "--format=%s", merge) == f"Count words (#{row})"
        ahead = trace(loop, "Words are counted")["forward"]
        assert {"source": f"#{row}", "target": merge, "because": "merged"} in ahead
        back = {link["source"] for link in trace(loop, merge[:9])["backward"]}
        assert {f"#{epic}", f"#{epic}.1", f"#{bead}", f"#{row}"} < back
        assert "openspec/specs/count/spec.md#requirement-words-are-counted" in back

        asked = exchange_log.read_text(encoding="utf-8")
        assert "query Observe(" in asked
        assert "query Past(" not in asked, "its end was foreseen, so it took no request of its own"
