"""Tables in Markdown: whatever a cell says stays in it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from bot.beads.tables import table_row


@pytest.mark.parametrize("text", ["a | b", "a \\| b", "a \\\\| b", "ends in \\"])
def test_no_text_ends_the_cell_of_a_table_that_it_is_in(text: str) -> None:
    table = "\n".join((table_row(("one", "two")), "|---|---|", table_row((text, "last"))))
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    cells = [cell.content for opening, cell in pairwise(tokens) if opening.type == "td_open"]
    assert len(cells) == 2
    assert cells[-1] == "last"
