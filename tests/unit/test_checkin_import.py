"""A review that was made elsewhere, pasted below a command: read by its form, and never as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.beads.checkin_import import pasted, read_review
from bot.beads.commands import Command, Name, read_commands
from bot.beads.plan import PlanAnswer
from bot.beads.plan_check import check_beads
from bot.beads.plan_facts import PlanFacts

TABLE = """\
| Category | Score | Reason | Evidence |
|---|---|---|---|
| doctrine | 7 | It says what it is for. | README.md:1 |
| **Tests** | 4/10 | The parser has none. | `src/a.txt:1`, src/a.txt:2-3 |
| documentation | 0 | There are none. | - |
"""
FINDINGS = """\
## Findings

### Test the parser

#### Outcome
The parser has tests.

#### Acceptance criteria
1. A test fails when it drops a line.

#### Scope
Only tests.

#### Verification
`make test`

#### Files
- `src/a.txt`
"""


def test_a_review_in_the_documented_form_is_read_by_code() -> None:
    read = read_review(f"It stands well.\n\n{TABLE}\n{FINDINGS}")
    assert read is not None
    assert read.summary == "It stands well."
    assert [(one.category, one.score, one.evidence) for one in read.scores] == [
        ("doctrine", 7, ("README.md:1",)),
        ("tests", 4, ("src/a.txt:1", "src/a.txt:2-3")),
        ("docs", 0, ()),
    ]
    (finding,) = read.findings
    assert (finding.title, finding.outcome) == ("Test the parser", "The parser has tests.")
    assert finding.acceptance == ("A test fails when it drops a line.",)
    assert finding.files == ("src/a.txt",)


def test_the_form_that_the_documentation_shows_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checkins.md").read_text(encoding="utf-8")
    read = read_review(pasted(page.partition("````markdown\n")[2].partition("````")[0]))
    assert read is not None
    assert read.summary == "It is in good shape; the parser worries me."
    assert [(one.category, one.score, len(one.evidence)) for one in read.scores] == [
        ("tests", 4, 2),
        ("docs", 8, 1),
    ]
    (finding,) = read.findings
    assert check_beads(PlanAnswer(beads=read.findings), PlanFacts(issue=1)) == ()
    assert finding.title == "Test the parser"


@pytest.mark.parametrize("text", [TABLE, f"{TABLE}\n## Findings\n"])
def test_a_review_may_find_nothing_to_mend(text: str) -> None:
    read = read_review(text)
    assert read is not None
    assert read.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "It is good. Tests: 7 of 10.",
        f"{TABLE}\nAnd one thing more.",
        f"{TABLE}\n\n{TABLE}",
        f"{TABLE}\n## Findings\n\n- Test the parser",
        f"{TABLE}\n## Findings\n\n### Test the parser\n\nIt has none.",
        f"{TABLE}\n{FINDINGS}\n## Thanks\n",
        TABLE.replace("| 7 |", "| 11 |"),
        TABLE.replace("| 7 |", "| 6.5 |"),
        TABLE.replace("doctrine", "morale"),
        TABLE.replace("README.md:1", "the readme"),
        "```\n" + TABLE + "```\n",
        "",
    ],
)
def test_any_other_text_is_not_guessed_at(text: str) -> None:
    assert read_review(text) is None


def test_nothing_below_the_command_is_a_command() -> None:
    comment = "Look:\n\n/bead hold\n/bead checkin import\n/bead ready\n\n/bead approve\n\n/bead nonsense\n"
    assert read_commands(comment) == (Command(Name.HOLD), Command(Name.CHECKIN, "import"))
    assert pasted(comment) == "/bead ready\n\n/bead approve\n\n/bead nonsense"


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("/bead checkin import\r\n\r\nGood.\r\n", "Good."),
        (f"/bead checkin import\n{TABLE}", TABLE.strip()),
        ("/BEAD checkin IMPORT\nGood.", "Good."),
        ("```\n/bead checkin import\n```\n\n/bead checkin import\nGood.", "Good."),
        ("> /bead checkin import\n\nGood.", ""),
        ("/bead checkin\n\nGood.", ""),
        ("/bead checkin import", ""),
    ],
)
def test_what_is_pasted_is_what_stands_below(comment: str, text: str) -> None:
    assert pasted(comment) == text
