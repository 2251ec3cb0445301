"""What an epic asks for: criteria of its issues, requirements of the specs that they cite."""

from __future__ import annotations

from bot.beads.requirements import LONGEST, Asking, Requirement, requirements_of

SPEC = """\
# Tallying

## Purpose

To count.

## Requirements

### Requirement: Counting
The system SHALL count.

```
### Requirement: Not a heading
```

#### Scenario: Two
- **WHEN** two are given

### Requirement: Sums & totals
It SHALL add.

## Notes

None.
"""


def asked(*bodies: str, spec: str = SPEC) -> list[tuple[str, str]]:
    issues = [Asking(number, f"Bead {number}", body) for number, body in enumerate(bodies, start=3)]
    found = requirements_of(issues, lambda path: spec if path == "specs/tally.md" else None)
    return [(one.source, one.text) for one in found]


def cites(*sections: str) -> str:
    listed = "\n".join(f"- `{section}`" for section in sections)
    return f"## Acceptance\n\n1. It counts.\n\n## Specs\n\n{listed}\n"


def test_each_criterion_is_asked_for_by_its_issue_and_its_number() -> None:
    first = "## Acceptance criteria\n\n1. It counts.\n2. It adds,\n   and quickly.\n"
    second = "**Done when:**\n- [ ] It is told.\n"
    assert asked(first, second) == [
        ("#3.1", "It counts."),
        ("#3.2", "It adds, and quickly."),
        ("#4.1", "It is told."),
    ]


def test_an_issue_without_criteria_asks_for_itself() -> None:
    assert asked("Count the votes.") == [("#3", "Bead 3")]


def test_a_whole_spec_asks_for_each_of_its_requirements_once() -> None:
    assert asked(cites("specs/tally.md"), cites("specs/tally.md"))[1:] == [
        ("#4.1", "It counts."),
        ("specs/tally.md#requirement-counting", "Requirement: Counting"),
        ("specs/tally.md#requirement-sums--totals", "Requirement: Sums & totals"),
    ]


def test_a_cited_section_asks_for_what_is_in_it_and_no_more() -> None:
    section = cites("specs/tally.md#requirements", "specs/tally.md#Purpose")
    assert asked(section)[1:] == [
        ("specs/tally.md#requirement-counting", "Requirement: Counting"),
        ("specs/tally.md#requirement-sums--totals", "Requirement: Sums & totals"),
        ("specs/tally.md#purpose", "Purpose"),
    ]
    alone = cites("specs/tally.md#Requirement: Counting")
    assert asked(alone)[1:] == [("specs/tally.md#requirement-counting", "Requirement: Counting")]


def test_a_section_that_is_not_there_asks_for_nothing() -> None:
    assert asked(cites("specs/tally.md#weights", "specs/other.md#counting")) == [("#3.1", "It counts.")]


def test_a_text_is_one_line_in_which_nothing_is_hidden() -> None:
    long = "x" * 2 * LONGEST
    body = f"## Acceptance\n\n1. It\n   counts\u202e.<!-- Not at all. -->\n2. {long}\n"
    assert asked(body)[0] == ("#3.1", "It counts[U+202E].")
    assert len(asked(body)[1][1]) == LONGEST
    assert Requirement(source="#3.1", text="x").source == "#3.1"
