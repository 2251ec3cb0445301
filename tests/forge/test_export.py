"""Real exports, imported over HTTP, exported again, and imported once more elsewhere."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from bot.beads.bd.reading import read_export
from bot.beads.bd.writing import Export, write_export
from bot.cli import app
from bot.github.bead_issues import read_beads, read_spelling
from bot.github.importer import Imported, import_issues
from bot.local.demo.build import client
from bot.local.forge.serve import in_thread
from bot.local.forge.state import State
from bot.local.forge.world import create_repository, create_user

REAL = Path(__file__).parents[2].parent / "shared" / "data"
TEXTS = ("title", "description", "design", "acceptance_criteria", "notes")
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Town:
    """A forge with two repositories, and a client of its REST."""

    api: httpx.Client
    token: str

    def take(self, repository: str, text: str) -> Imported:
        return import_issues(self.api, repository, read_export(text).issues, pause=0)

    def give(self, repository: str) -> Export:
        return write_export(repository, read_beads(self.api, repository))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    def found(state: State) -> str:
        owner, token = create_user(state, "octo")
        for name in ("town", "harbour"):
            create_repository(state, owner, name, files={"README.md": b"# Town\n"})
        return token

    with in_thread(tmp_path / "forge") as forge:
        token = forge.on(found)
        with client(forge.base_url, token) as api:
            yield Town(api, token)


def rows_of(text: str) -> dict[str, Row]:
    return {row["id"]: row for row in map(json.loads, text.splitlines())}


def edges_of(rows: dict[str, Row], *kinds: str) -> set[tuple[str, str, str]]:
    """Edges within the file; `bd` has one from an issue to another."""
    return {
        (key, edge["depends_on_id"], edge["type"])
        for key, row in rows.items()
        for edge in row.get("dependencies", [])  # type: ignore[attr-defined]
        if edge["depends_on_id"] in rows and edge["type"] in kinds
    }


@pytest.mark.parametrize("name", ["tinkerpop", "gastown"])
def test_a_real_export_comes_back_as_it_was(town: Town, name: str) -> None:
    if not REAL.exists() and os.environ.get("CI") != "true":
        pytest.skip("the real exports are not beside this checkout")
    text = (REAL / f"{name}.jsonl").read_text(encoding="utf-8")
    plan = read_export(text)
    lost = {(loss.id, loss.what.split(" ")[0]) for loss in plan.losses}
    assert town.take("octo/town", text).losses == ()

    export = town.give("octo/town")
    assert export.losses == ()
    before, after = rows_of(text), rows_of(export.text)
    assert after.keys() == before.keys()
    kinds = ("blocks", "parent-child", "related")
    assert edges_of(after, *kinds) == edges_of(before, *kinds)
    for key, row in before.items():
        for field in TEXTS:
            assert after[key].get(field, "") == str(row.get(field, "")).strip(), (key, field)
        assert after[key]["priority"] == row["priority"]
        if (key, "type") not in lost:
            assert after[key]["issue_type"] == row["issue_type"]
        if (key, "status") not in lost:
            assert after[key]["status"] == row["status"]
        if (key, "label") not in lost:
            assert sorted(after[key].get("labels", [])) == sorted(row.get("labels", []))  # type: ignore[call-overload]
        assert after[key].get("close_reason", "Closed") == row.get("close_reason", "Closed")
        assert (after[key]["created_at"], after[key].get("closed_at")) == (
            row["created_at"],
            row.get("closed_at"),
        )
        assert datetime.fromisoformat(str(after[key]["updated_at"])) > datetime.fromisoformat(
            str(row["updated_at"])
        )

    assert town.take("octo/town", export.text).created == 0
    assert town.take("octo/harbour", export.text).created == len(before)
    elsewhere = rows_of(town.give("octo/harbour").text)
    assert {key: row | {"updated_at": ""} for key, row in elsewhere.items()} == {
        key: row | {"updated_at": ""} for key, row in after.items()
    }


def test_beads_of_github_are_exported_by_the_command_and_known_again(town: Town, tmp_path: Path) -> None:
    def post(path: str, **body: object) -> dict[str, int]:
        answer = town.api.post(f"/repos/octo/town{path}", json=body)
        assert answer.is_success, answer.text
        made: dict[str, int] = answer.json()
        return made

    epic = post("/issues", title="Tell people", labels=["bead", "epic"])
    first = post("/issues", title="Count words", body="## Acceptance\n\n1. It counts", labels=["bead", "P1"])
    post("/issues", title="No bead at all")
    second = post("/issues", title="Document it", labels=["bead", f"blocked-by:#{first['number']}"])
    post(f"/issues/{epic['number']}/sub_issues", sub_issue_id=first["id"])
    post(f"/issues/{second['number']}/dependencies/blocked_by", issue_id=epic["id"])
    post(f"/issues/{second['number']}/comments", body="Soon")

    file = tmp_path / "export.jsonl"
    call = ["--repo", "octo/town", "--api-url", str(town.api.base_url)]
    told = CliRunner().invoke(app, ["export", *call, str(file)], env={"GITHUB_TOKEN": town.token})
    assert (told.exit_code, told.stdout) == (0, "")
    assert told.stderr.splitlines() == [
        "octo/town: line 3: octo-town-4: #4: its comments (1) stay on GitHub",
        "issues written: 3; things that could not come along as they are: 1",
    ]
    rows = rows_of(file.read_text(encoding="utf-8"))
    assert edges_of(rows, "blocks", "parent-child") == {
        ("octo-town-2", "octo-town-1", "parent-child"),
        ("octo-town-4", "octo-town-1", "blocks"),
        ("octo-town-4", "octo-town-2", "blocks"),
    }
    assert rows["octo-town-2"]["acceptance_criteria"] == "1. It counts"
    assert town.take("octo/town", file.read_text(encoding="utf-8")).created == 0

    printed = CliRunner().invoke(app, ["export", *call], env={"GITHUB_TOKEN": town.token})
    assert printed.stdout == file.read_text(encoding="utf-8")


def test_an_export_that_is_refused_leaves_the_file_as_it_was(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text("before\n", encoding="utf-8")
    call = ["export", "--repo", "octo/nowhere", "--api-url", str(town.api.base_url), str(file)]
    told = CliRunner().invoke(app, call, env={"GITHUB_TOKEN": town.token})
    assert told.exit_code == 1
    assert "GET /repos/octo/nowhere/issues was refused: 404 Not Found. Nothing was written." in told.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["export.jsonl"]
    assert file.read_text(encoding="utf-8") == "before\n"


def test_a_repository_that_calls_the_labels_something_else_gives_back_what_it_took(town: Town) -> None:
    policy = (
        "labels: {bead: work, hold: 'status: wait', blocked_by: 'after #', defer: 'not before ',"
        " complexity: size/, types: {bug: kind/bug}, priorities: {P1: urgent}}"
    )
    file = {"message": "Call them so", "content": base64.b64encode(policy.encode()).decode()}
    town.api.put("/repos/octo/town/contents/.github/beadwright.yml", json=file).raise_for_status()
    first = {"id": "t-1", "title": "First", "issue_type": "bug", "priority": 1, "status": "deferred"}
    first |= {"labels": ["complexity:high", "hold", "ours"], "defer_until": "2027-01-31T00:00:00Z"}
    second = {"id": "t-2", "title": "Second", "issue_type": "task", "priority": 2, "status": "open"}
    second |= {"dependencies": [{"issue_id": "t-2", "depends_on_id": "t-1", "type": "blocks"}]}
    text = "".join(json.dumps(row) + "\n" for row in (first, second))

    spelling = read_spelling(town.api, "octo/town")
    issues = read_export(text, spelling).issues
    import_issues(town.api, "octo/town", issues, pause=0, spelling=spelling)
    listed = town.api.get("/repos/octo/town/issues?sort=created&direction=asc").json()
    assert [sorted(label["name"] for label in one["labels"]) for one in listed] == [
        ["hold", "kind/bug", "not before 2027-01-31", "ours", "size/high", "status: wait", "urgent", "work"],
        ["P2", "after #1", "task", "work"],
    ]
    again = rows_of(write_export("octo/town", read_beads(town.api, "octo/town", spelling), spelling).text)
    assert (again["t-1"]["status"], again["t-1"]["issue_type"], again["t-1"]["priority"]) == (
        "deferred",
        "bug",
        1,
    )
    assert again["t-1"]["labels"] == ["hold", "ours", "complexity:high"]
    assert [edge["depends_on_id"] for edge in again["t-2"]["dependencies"]] == ["t-1"]  # type: ignore[attr-defined]
