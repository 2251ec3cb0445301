"""The page that a report bead writes: what code asks of it."""

from __future__ import annotations

import pytest

from bot.beads.coverage import Coverage, KeptCoverage
from bot.beads.report_page import Page, page_faults, page_of

PATH = "docs/reports/EPIC-3.md"
TEXT = """\
# Epic 3: Count

## What was built

It counts.

### Diagram

```mermaid
flowchart LR
  a --> b
```

## Compliance matrix

| source | status | what | pull requests |
|---|---|---|---|
| `#3.1` | met | All is counted. | #14 |
| specs/tally.md#counting | **Partly** | Counting \\| sums | #14 |

## Tests

All pass.

## Risks

None.

## Follow-ups

None.

## Open gaps

Sums: accepted by @ann.
"""


def page(*statuses: str) -> Page:
    sources = ("#3.1", "specs/tally.md#counting")
    rows = [Coverage(source=one, status=status) for one, status in zip(sources, statuses, strict=False)]
    return page_of(3, KeptCoverage(epic=3, bead=7, run_id=5, base="a" * 40, matrix=tuple(rows)))


def faults(text: str | None, wanted: Page | None = None, *others: str) -> tuple[str, ...]:
    return page_faults(wanted or page("met", "partly"), (PATH, *others), text)


def test_a_page_that_says_all_has_no_faults() -> None:
    assert faults(TEXT) == ()


def test_a_section_about_what_is_open_is_asked_for_where_something_is() -> None:
    closed = TEXT.replace("**Partly**", "met").partition("## Open gaps")[0]
    assert faults(closed, page("met", "met")) == ()
    assert faults(closed) == (
        f"`{PATH}` has no section `Open gaps` that says something",
        f"the matrix in `{PATH}` does not say `partly` of `specs/tally.md#counting`, as it was reconciled",
    )


def test_without_a_reconciliation_the_matrix_is_asked_for_no_row() -> None:
    text = TEXT.replace("| `#3.1` | met | All is counted. | #14 |\n", "")
    assert page_of(3, None).rows == {}
    assert faults(text, page_of(3, None)) == ()


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("## Risks\n\nNone.", "## Risks\n", f"`{PATH}` has no section `Risks` that says something"),
        ("## Tests\n\nAll pass.", "Tests: all pass.", f"`{PATH}` has no section `Tests` that says something"),
        ("```mermaid", "```text", f"`{PATH}` has no Mermaid diagram"),
        ("| `#3.1` | met", "| `#3.2` | met", f"the matrix in `{PATH}` has no row that begins with `#3.1`"),
        (
            "| `#3.1` | met",
            "| `#3.2` | met",
            f"the matrix in `{PATH}` has a row `#3.2` that no reconciliation knows",
        ),
        (
            "| `#3.1` | met | All is counted. |",
            "| `#3.1` | missing | All is met. |",
            f"the matrix in `{PATH}` does not say `met` of `#3.1`, as it was reconciled",
        ),
        (
            "| `#3.1` |",
            "| #3.1 | missing |\n| `#3.1` |",
            f"the matrix in `{PATH}` has 2 rows that begin with `#3.1`",
        ),
    ],
)
def test_what_a_page_may_not_leave_out(was: str, becomes: str, fault: str) -> None:
    assert was in TEXT
    assert fault in faults(TEXT.replace(was, becomes))


def test_a_report_changes_nothing_but_its_page() -> None:
    assert faults(TEXT, None, "src/a.txt", "docs/reports/EPIC-4.md") == (
        f"a report changes `{PATH}` alone, not `src/a.txt`",
        f"a report changes `{PATH}` alone, not `docs/reports/EPIC-4.md`",
    )
    assert faults(None) == (f"the report is not there: write `{PATH}`",)
