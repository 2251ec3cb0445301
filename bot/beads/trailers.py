"""The trailer by which a commit names its bead, so that git alone leads from one to the other.

Every commit of ours on a branch `bead/N` carries it, and so does the merge commit. Squashes and rebases keep
it, as GitHub takes the messages of the commits over. `git log --grep '^Bead: #12$'` lists a bead's commits.
"""

from __future__ import annotations

import re

BEAD = re.compile(r"^Bead: #([1-9][0-9]{0,8})[ \t]*$", re.MULTILINE)


def bead_trailer(bead: int) -> str:
    """The line that names a bead."""
    return f"Bead: #{bead}"


def bead_of_message(message: str) -> int | None:
    """The bead that a commit's message names; the last one, where it took over what others said. An epic that
    one worker did is named after its beads."""
    found: list[str] = BEAD.findall(message)
    return int(found[-1]) if found else None
