"""A bead's body: read as people write it, by what GitHub would show of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.body import BeadBody, Section, missing, not_in, parse_body, paths, render_body, with_planned
from bot.beads.comments import without_comments

WHOLE = """\
Totals are wrong on Fridays.

## Outcome

Totals are right on every day.

## Acceptance criteria

1. Friday's total is the sum
   of its rows.
2. A day without rows has total 0.

## Scope

`tally/totals.py`

### Out of scope

The report's layout

## Verification

```sh
make test  # ## not a heading
```

## Likely files

- `tally/totals.py`

## Specs

- specs/totals.md, "Days"

## Design

Sum first, round last.
"""

fragments = st.sampled_from(
    [
        *("# Outcome", "## Goal", "### Out of scope", "## Design", "# Fix it", "#### Details", "## C#", "##"),
        *("Acceptance criteria\n---", "Title\n===", "**Files:** a.py, `b/c`", "**Scope**", "__Tests__:"),
        *("- one", "- [ ] two", "  - nested", "1. first", "2) second", "   more", "    code", "\tcode", "- "),
        *("```", "~~~~", "```sh", "   ```", "- ```\n  x", "> quote", "> ## Scope", "---", "***", "[a]: b"),
        *(
            "<!-- x -->",
            "a <!-- y",
            "z --> b",
            "<!--",
            "-->",
            "<!-<!-- x -->- y -->",
            "- <!-- in\n  list -->",
        ),
        *("<pre>", "</pre>", "<?php", "<div>", "<![CDATA[", "<a\nb>", "`<!-- c -->`", "\\<!-- d -->"),
        *("text", "_No response_", "TBD", "", "", "é"),
    ]
)
texts = st.lists(fragments, max_size=12).map("\n".join) | st.text(max_size=40)


@given(texts)
def test_what_is_read_is_written_in_one_form_and_read_back_the_same(text: str) -> None:
    body = parse_body(text)
    assert parse_body(render_body(body)) == body
    assert render_body(parse_body(render_body(body))) == render_body(body)


@given(texts, texts)
def test_what_is_planned_is_added_below_a_text_once(text: str, planned: str) -> None:
    whole = with_planned(text, parse_body(planned))
    assert with_planned(whole, parse_body(planned)) == whole
    assert text.rstrip() in whole


def test_of_what_is_planned_only_what_the_text_does_not_say_is_added() -> None:
    text = "Soon.\n\n## Outcome\n\nOurs.\n\n## Acceptance criteria\n\n1. One.\n"
    planned = BeadBody(outcome="Theirs.", context="Why.", acceptance=("One.", "Two."), scope="All.")
    assert not_in(text, planned) == BeadBody(context="Why.", acceptance=("Two.",), scope="All.")
    assert parse_body(with_planned(text, planned)).acceptance == ("One.", "Two.")


@given(st.lists(fragments.filter(lambda fragment: "<!" not in fragment), max_size=12))
def test_every_word_that_can_be_seen_is_kept(lines: list[str]) -> None:
    text = "\n".join(lines)
    written = render_body(parse_body(text))
    for word in (
        "one",
        "two",
        "nested",
        "first",
        "second",
        "more",
        "quote",
        "Details",
        "Design",
        "Fix",
        "a.py",
    ):
        assert written.count(word) == text.count(word)


def test_each_section_is_read_for_what_it_says() -> None:
    body = parse_body(WHOLE.replace("\n", "\r\n"))
    assert body == BeadBody(
        outcome="Totals are right on every day.",
        context="Totals are wrong on Fridays.",
        acceptance=("Friday's total is the sum\nof its rows.", "A day without rows has total 0."),
        scope="`tally/totals.py`\n\n### Out of scope\n\nThe report's layout",
        verification="```sh\nmake test  # ## not a heading\n```",
        files=("`tally/totals.py`",),
        specs=('specs/totals.md, "Days"',),
        other=(Section("Design", "Sum first, round last."),),
    )
    assert missing(body) == ()


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "## Acceptance criteria",
            "## ACCEPTANCE",
            "### ✅ Acceptance criteria:",
            "## 3. Acceptance Criteria ##",
        ),
        *(
            "## **Acceptance** criteria",
            "Acceptance criteria\n---",
            "**Acceptance criteria**",
            "## Done when",
        ),
        *("**Acceptance criteria:**", "__Acceptance__:", "## Acceptance criteria (numbered)"),
    ],
)
def test_a_section_may_be_headed_in_many_ways(heading: str) -> None:
    body = parse_body(f"Why.\n\n{heading}\n\n- [ ] It works\n- [x] It is fast\n\n## Other\n\nMore")
    assert body == BeadBody(
        context="Why.", acceptance=("It works", "It is fast"), other=(Section("Other", "More"),)
    )


def test_names_in_bold_may_stand_line_by_line() -> None:
    body = parse_body("**Outcome:** It adds up.\n**Scope:** totals\n**Files:** a/b.py, c.py")
    assert body == BeadBody(outcome="It adds up.", scope="totals", files=("a/b.py, c.py",))


@pytest.mark.parametrize(
    "text",
    [
        "```\n## Outcome\n\nx\n```",
        "~~~\n## Outcome",
        "    ## Outcome\n    x",
        "<!--\n## Outcome\n\nx\n-->",
        "> ## Outcome\n> x",
        "- ## Outcome",
        "The ## Outcome",
        "\\## Outcome",
        "Outcome: maybe",
        "It has an **Outcome** in it",
    ],
)
def test_what_is_no_heading_on_the_page_starts_no_section(text: str) -> None:
    assert parse_body(text).outcome == ""


@pytest.mark.parametrize(
    "text",
    [
        "Seen <!-- secret -->too",
        "Seen\n<!-- secret\n\nsecret -->\ntoo",
        "Seen\n\n- too\n- <!-- secret\n  secret -->",
        "Seen\n\n> too <!-- secret\n> secret -->",
        "Seen too\n\n<!-- secret",
        "Seen too <!-<!-- x -->- secret -->",
        "## Seen <!-- secret --> too\n\ntext",
        "<div><!-- secret --> Seen too </div>",
        "```\nSeen too\n```\n<!-- secret -->",
    ],
)
def test_a_comment_is_not_there(text: str) -> None:
    written = render_body(parse_body(text))
    assert "<!-- " not in written
    assert "Seen" in written
    assert "too" in written
    if "<!-<!--" not in text:  # what becomes a comment only when another is taken out can be seen on the page
        assert "secret" not in written


@pytest.mark.parametrize(
    "text", ["`<!-- x -->` shown", "```\n<!-- x -->\n```", "    <!-- x -->", "\\<!-- x -->"]
)
def test_a_comment_in_code_can_be_seen_and_stays(text: str) -> None:
    assert without_comments(text) == text


@pytest.mark.parametrize("fenced", ["```sh\nmake test", "<pre>\nx", "<?php x", "<script>\nx"])
def test_what_a_section_leaves_open_takes_in_no_other_section(fenced: str) -> None:
    body = parse_body(f"## Verification\n\n{fenced}")
    again = parse_body(render_body(BeadBody(verification=body.verification, files=("a.py",))))
    assert (again.verification, again.files) == (body.verification, ("a.py",))


@pytest.mark.parametrize(
    "nothing", ["", "_No response_", "TBD", "n/a", "...", "- [ ] ", "<!-- say how -->", "TODO."]
)
def test_a_section_that_says_nothing_is_missing(nothing: str) -> None:
    text = f"## Outcome\n\nx\n\n## Scope\n\n{nothing}\n\n## Acceptance criteria\n\n{nothing}\n"
    assert missing(parse_body(text)) == ("Acceptance criteria", "Scope", "Verification")
    assert missing(parse_body("Just do it")) == ("Outcome", "Acceptance criteria", "Scope", "Verification")


@pytest.mark.parametrize("something", ["`make test`", "42", "- tests/", "見る", "None of the callers"])
def test_a_short_section_says_something(something: str) -> None:
    assert "Scope" not in missing(parse_body(f"## Scope\n\n{something}"))


def test_criteria_without_a_list_are_taken_block_by_block() -> None:
    body = parse_body("## Acceptance\n\nIt works.\n\n- It is fast\n  - really\n\n```\ncode\n```")
    assert body.acceptance == ("It works.", "It is fast\n- really", "```\ncode\n```")
    assert "2. It is fast\n   - really" in render_body(body)


def test_the_files_that_a_body_names_are_found_among_its_words() -> None:
    body = parse_body(
        "## Files\n\n- `bot/a.py`, `Makefile` (new)\n- docs/guide.md and README.md.\n- none besides"
    )
    assert paths(body) == ("bot/a.py", "Makefile", "docs/guide.md", "README.md")


def test_a_body_meant_to_be_slow_to_read_is_read() -> None:
    nested = "<!-" * 4_000 + "<!-- x -->" + "- y -->" * 4_000
    assert "<!-- x" not in render_body(parse_body(nested))
    assert len(parse_body("**Scope:** **Files:** " * 2_000).files) == 0
