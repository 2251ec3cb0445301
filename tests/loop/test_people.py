"""Who is told, on the issue's own page, that a bead needs a person."""

from __future__ import annotations

from pathlib import Path

from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop


def asking(loop: Loop, number: int) -> list[str]:
    """The comments that ask for a person, or did."""
    return [body for body in loop.comments(number) if "comment=person-" in body]


def test_each_need_is_one_new_comment_to_whoever_released_the_bead(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"attempts": 1}) as loop:
        number = loop.bead("It (fails) for ever", "ready")
        drive(loop)
        (first,) = asking(loop, number)
        assert first.startswith("@octo: this bead needs a person:\n\n- 1 attempts failed; the last one")
        found = loop.get(f"/issues/{number}")
        assert isinstance(found, dict)
        assert [one["login"] for one in found["assignees"]] == ["octo"]

        loop.label(number, "hold")
        drive(loop)
        assert asking(loop, number) == [
            "This bead needs nobody any more.\n\n<!-- beadwright:comment=person-1 -->"
        ]

        loop.people.delete(f"/repos/{NAME}/issues/{number}/labels/hold").raise_for_status()
        drive(loop)
        (second,) = asking(loop, number)
        assert "comment=person-2" in second
        assert "attempt 2" in second
