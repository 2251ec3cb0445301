"""What a commit's message says of its bead."""

from __future__ import annotations

import pytest

from bot.beads.trailers import bead_of_message, bead_trailer


def test_the_trailer_that_is_written_is_read() -> None:
    assert bead_of_message(f"Count words (#13)\n\n{bead_trailer(12)}") == 12


def test_a_squash_of_several_commits_names_its_bead_too() -> None:
    squashed = "Count words (#13)\n\n* Count words (#12)\n\nBead: #12\n\n* By hand\n\n* More\n\nBead: #12"
    assert bead_of_message(squashed) == 12


@pytest.mark.parametrize("message", ["Count (#13)", "Bead: 12", "See Bead: #12", "Bead: #0", "Bead: #12a"])
def test_what_is_no_trailer_names_no_bead(message: str) -> None:
    assert bead_of_message(message) is None
