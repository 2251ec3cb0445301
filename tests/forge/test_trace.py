"""`beadwright trace` on a forge: from requirement to merge commit and back, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.beads.coverage import Coverage, KeptCoverage, coverage_ref
from bot.cli import app
from bot.local.forge.faults import BAD_GATEWAY, BEFORE, rest
from bot.local.forge.serve import in_thread
from tests.contract.exchange_log import assert_log_fits
from tests.forge.branches import REPO, advance, branch, commit, ok, tip
from tests.forge.conftest import World, build
from tests.forge.graphql_client import mutate

SPEC = "openspec/specs/count/spec.md"
WORDS = f"{SPEC}#requirement-words-are-counted"
TEXT = """\
# count Specification
## Requirements
### Requirement: Words are counted
The program SHALL count words.
#### Scenario: Two words
- **WHEN** the text is `a b`
- **THEN** it says 2
### Requirement: Lines are counted
The program SHALL count lines.
#### Scenario: No line
- **THEN** it says 0
"""


@dataclass
class Story:
    """Epic #1 asks for three things. Bead #2 is merged with a test, #3 has no pull request, #4's was merged
    without a test and is taken back. `merges` are the merge commits by bead."""

    forge: World
    pulls: dict[int, int]
    merges: dict[int, str]

    def trace(self, asked: str, *more: str, login: str = "rita") -> Result:
        call = ["trace", asked, "--repo", "octo/sample", "--api-url", self.forge.api_url, *more]
        return CliRunner().invoke(app, call, env={"GITHUB_TOKEN": self.forge.tokens[login]})

    def told(self, asked: str) -> dict[str, Any]:
        answer = self.trace(asked, "--json")
        assert answer.exit_code == 0, answer.output
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def reached(self, asked: str) -> tuple[str, set[str], set[str]]:
        """What it turned out to be, and what comes before and after it."""
        found = self.told(asked)
        before = {link["source"] for link in found["backward"]}
        return found["start"], before, {link["target"] for link in found["forward"]}

    def missing(self, asked: str) -> list[str]:
        return [f"{gap['about']} {gap['what']}" for gap in self.told(asked)["missing"]]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every exchange with the story's forge."""
    return tmp_path_factory.mktemp("story") / "exchanges.jsonl"


@pytest.fixture(scope="module")
def story(log: Path, published: Path) -> Iterator[Story]:
    """What is only looked at; `published` is what it is held against."""
    assert published.is_dir()
    with in_thread(log.parent / "forge", record=log) as running:
        forge = running.on(lambda state: build(running, state))
        try:
            yield tell(forge)
        finally:
            forge.close()
    assert_log_fits(log)


def tell(forge: World) -> Story:
    octo = forge.person("octo")
    advance(forge, "main", {SPEC: TEXT})
    epic = "## Outcome\n\nTexts are measured.\n\n## Acceptance criteria\n\n1. Words\n2. Lines\n3. Letters\n"
    bodies = {
        "Measure texts": epic,
        "Count words": f"## Specs\n\n- `{SPEC}#two-words`\n\n## Serves\n\n- #1.1: Words\n",
        "Count lines": "## Serves\n\n- #1.2: Lines\n",
        "Say it in red": f"## Specs\n\n- `{SPEC}#colours`\n",
    }
    ids = {}
    for title, body in bodies.items():
        made = ok(octo.post(f"{REPO}/issues", json={"title": title, "body": body, "labels": ["bead"]}))
        ids[made["number"]] = made["id"]
    for child in (2, 3, 4):
        ok(octo.post(f"{REPO}/issues/1/sub_issues", json={"sub_issue_id": ids[child]}))
    pulls, merges = {}, {}
    for bead, files in ((2, {"count.py": "1\n", "tests/test_count.py": "1\n"}), (4, {"red.py": "1\n"})):
        branch(forge, f"bead/{bead}", {**files})
        wanted = {"title": f"Do {bead}", "head": f"bead/{bead}", "base": "main"}
        pull = ok(octo.post(f"{REPO}/pulls", json=wanted))
        words = {"commit_title": f"Do {bead} (#{pull['number']})", "commit_message": f"Bead: #{bead}"}
        merges[bead] = ok(octo.put(f"{REPO}/pulls/{pull['number']}/merge", json=words))["sha"]
        ok(octo.patch(f"{REPO}/issues/{bead}", json={"state": "closed"}))
        pulls[bead] = pull["number"]
        if bead == 4:
            mutate(octo, "revertPullRequest", {"pullRequestId": pull["node_id"]})
            ok(octo.put(f"{REPO}/pulls/{pull['number'] + 1}/merge", json={}))
    ok(octo.post(f"{REPO}/issues", json={"title": "An idea"}))
    return Story(forge, pulls, merges)


def test_every_link_of_the_chain_leads_to_all_the_others(story: Story) -> None:
    pull, merge, test = f"#{story.pulls[2]}", story.merges[2], "tests/test_count.py"
    scenario = f"{SPEC}#scenario-two-words"
    asking = [SPEC, WORDS, scenario, "#1", "#1.1"]
    for asked in ("Words are counted", WORDS, f"{SPEC}#Requirement: Words are counted"):
        start, before, after = story.reached(asked)
        assert (start, before) == (WORDS, {SPEC})
        assert after == {scenario, "#2", pull, test, merge}
    assert story.reached("two words")[0] == scenario
    assert story.reached("1.1") == ("#1.1", {"#1"}, {"#2", pull, test, merge})
    for asked in ("2", "#2"):
        assert story.reached(asked) == ("#2", set(asking), {pull, test, merge})
    assert story.reached(pull) == (pull, {*asking, "#2"}, {test, merge})
    for asked in (merge, merge[:7], merge[:12].upper()):
        assert story.reached(asked) == (merge, {*asking, "#2", pull}, set())


def test_what_is_missing_is_named(story: Story) -> None:
    undone, revert = story.pulls[4], story.pulls[4] + 1
    assert story.missing(WORDS) == []
    assert story.missing("Lines are counted") == [f"{SPEC}#requirement-lines-are-counted is cited by no bead"]
    assert story.missing("1") == [
        "#1.2 is shown by no test that is known",
        "#1.3 is served by no bead",
        "#3 has no pull request: none is on the branch bead/3",
        f"#{undone} was taken back by #{revert}: what it did is not on main any more",
        f"#{undone} changes no test",
    ]
    cited = f"{SPEC}#colours is cited by #4 and is not in the repository"
    assert story.missing("4")[0] == story.missing(f"{SPEC}#colours")[0] == cited


def test_a_revert_leads_back_to_what_it_takes_back(story: Story) -> None:
    undone, revert = story.pulls[4], story.pulls[4] + 1
    start, before, _ = story.reached(str(revert))
    assert (start, before) == (f"#{revert}", {"#1", "#4", f"{SPEC}#colours", f"#{undone}"})


def test_what_happens_later_is_part_of_the_chain(forge: World) -> None:
    story, octo = tell(forge), forge.person("octo")
    undone, revert = story.pulls[4], story.pulls[4] + 1

    # A revert of the revert: what was taken back stands again.
    made = ok(octo.get(f"{REPO}/pulls/{revert}"))
    again = mutate(
        octo, "revertPullRequest", {"pullRequestId": made["node_id"]}, "revertPullRequest { number }"
    )["revertPullRequest"]["number"]
    ok(octo.put(f"{REPO}/pulls/{again}/merge", json={}))
    assert not any("taken back by" in gap and gap.startswith(f"#{undone} ") for gap in story.missing("4"))
    assert f"#{again}" in story.reached("4")[2]

    # A reconciliation, which is what a model said.
    rows = (
        Coverage(source="#1.2", text="Lines", status="partly", tests=("tests/test_count.py::test_lines",)),
        Coverage(source=f"{SPEC}#requirement-lines-are-counted", text="Lines", status="met", beads=(2,)),
    )
    kept = KeptCoverage(epic=1, bead=9, run_id=7, base=tip(forge), matrix=rows)
    sha = commit(forge, [tip(forge)], {}, kept.model_dump_json())
    ok(octo.post(f"{REPO}/git/refs", json={"ref": coverage_ref(1), "sha": sha}))
    found = story.told("1.2")
    assert {"source": "#1.2", "target": "tests/test_count.py", "because": "reconciled"} in found["forward"]
    assert found["nodes"][0]["state"] == "partly, as reconciled"
    assert not any("#1.2" in gap for gap in story.missing("1"))
    assert "(so the reconciliation says)" in story.trace("1").stdout

    # A commit that only its trailer ties to a bead, and one that nothing does.
    direct = commit(forge, [tip(forge)], {"more.txt": "1\n"}, "More\n\nBead: #3")
    ok(octo.patch(f"{REPO}/git/refs/heads/main", json={"sha": direct}))
    assert story.reached(direct) == (direct, {"#1", "#1.2", "#3"}, set())
    alone = advance(forge, "main", {"x": "1\n"})
    assert story.missing(alone) == [f"{alone} belongs to no pull request and names no bead"]

    # A pull request with more files than fit into one answer.
    branch(forge, "bead/3", {**{f"a/{one}.py": "1\n" for one in range(100)}, "tests/z.py": "1\n"})
    ok(octo.post(f"{REPO}/pulls", json={"title": "Wide", "head": "bead/3", "base": "main"}))
    assert "tests/z.py" in story.reached("3")[2]

    # A title that would write markup and move the cursor.
    ok(octo.patch(f"{REPO}/issues/2", json={"title": "[red]\x1b[2JCount[/red] words"}))
    assert "bead #2 [red]Count[/red] words" in story.trace("2").stdout

    # Somebody takes the base branch back.
    before = ok(octo.get(f"{REPO}/git/commits/{story.merges[2]}"))["parents"][0]["sha"]
    ok(octo.patch(f"{REPO}/git/refs/heads/main", json={"sha": before, "force": True}))
    said = f"#{story.pulls[2]} was merged as {story.merges[2][:12]}, which is not on main"
    assert story.missing("2") == [said]
    assert story.missing(story.merges[2]) == [said]

    # GitHub is down.
    forge.forge.faults.plan(rest("GET", "/repos/*/issues"), BEFORE, BAD_GATEWAY)
    down = story.trace("1")
    assert (down.exit_code, down.stdout) == (2, "")
    assert "502" in down.stderr


def test_a_trace_of_an_epic_takes_a_handful_of_requests(story: Story, log: Path) -> None:
    before = len(log.read_text(encoding="utf-8").splitlines())
    story.told("1")
    asked = log.read_text(encoding="utf-8").splitlines()[before:]
    assert len(asked) <= 8, "\n".join(asked)


def test_people_read_it_as_two_trees_and_what_is_missing(story: Story) -> None:
    pull, merge = story.pulls[2], story.merges[2][:12]
    answer = story.trace("2")
    assert answer.stdout.splitlines() == [
        "octo/sample: bead #2 Count words · closed",
        "",
        "What it is for",
        f"├── scenario Two words ({SPEC})",
        "│   └── requirement Words are counted",
        "└── criterion #1.1 Words",
        "    └── epic #1 Measure texts · open",
        "",
        "What became of it",
        f"└── pull request #{pull} Do 2 · merged",
        "    ├── test tests/test_count.py",
        f"    └── commit {merge} · on main",
        "",
        "Nothing is missing.",
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("99", "there is no issue and no pull request #99"),
        ("8", "#8 is an issue and no bead: it has no label `bead`"),
        ("1.7", "#1 has 3 acceptance criteria"),
        ("0123abc", "no section of a spec below openspec/specs/ is called '0123abc'"),
        ("counted", f"there are:\n  {WORDS}\n  {SPEC}#requirement-lines-are-counted"),
        (f"{SPEC}#nothing", f"has no section 'nothing'; it has:\n  {SPEC}#count-specification"),
        ("docs/nowhere.md#x", "there is no document docs/nowhere.md, and no bead cites it"),
    ],
)
def test_what_is_not_there_ends_with_status_1_and_what_to_try(story: Story, asked: str, why: str) -> None:
    answer = story.trace(asked)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert why in answer.stderr
    assert "Try the number of a bead" in answer.stderr


def test_a_program_is_told_so_too(story: Story) -> None:
    answer = story.trace("99", "--json")
    assert (answer.exit_code, answer.stderr) == (1, "")
    said = json.loads(answer.stdout)
    assert said == {
        "repository": "octo/sample",
        "asked": "99",
        "start": None,
        "why": "there is no issue and no pull request #99",
    }


@pytest.mark.parametrize("asked", ["", " ", "#", "#two", "a\x07b", "x" * 501])
def test_what_is_no_question_ends_with_status_2(story: Story, asked: str) -> None:
    answer = story.trace(asked)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "Try the number of a bead" in answer.stderr


def test_who_may_not_see_the_repository_is_told_so_with_status_2(story: Story) -> None:
    answer = CliRunner().invoke(
        app,
        ["trace", "1", "--repo", "octo/nowhere", "--api-url", story.forge.api_url],
        env={"GITHUB_TOKEN": story.forge.tokens["stan"]},
    )
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "octo/nowhere" in answer.stderr
