"""What a bead of a plan says as an issue: the body that its worker will read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.beads.body import BOX, MARKER, BeadBody, Section
from bot.beads.plan import PlannedBead
from bot.beads.spec_sections import cited
from bot.beads.visible_text import one_line

RECONCILES = BeadBody(
    outcome="It is known of every requirement and acceptance criterion of the epic whether it is met, and by"
    " what.",
    acceptance=(
        "Every requirement and acceptance criterion is mapped to the beads, pull requests, tests and commits"
        " that meet it.",
        "What is not met is proposed as beads.",
    ),
    scope="All that the epic asks for. Nothing is mended here.",
    verification="Each row of the matrix names what shows it, and that is there.",
)
REPORTS = BeadBody(
    outcome="People can read in one page what the epic has brought.",
    acceptance=(
        "It tells what was built, with a diagram.",
        "It has the compliance matrix, the tests, the risks and the follow-ups.",
    ),
    scope="The report alone.",
    verification="What it says can be looked up in the pull requests that it names.",
)
USUAL = {"reconcile": RECONCILES, "report": REPORTS}
"""What the beads at the end of an epic say where the plan does not: it is the same in every epic."""


def body_of(
    bead: PlannedBead,
    criteria: Sequence[str] = (),
    epic: int | None = None,
    harmless: Callable[[str], str] = str,
) -> BeadBody:
    """The sections of a planned bead.

    Args:
        bead: the bead.
        criteria: the acceptance criteria of its plan; the ones that it covers are told.
        epic: the issue that is planned; its criteria are told as `#EPIC.K`. Without it each says whose it is.
        harmless: what is done to each text of the model before it is posted.
    """
    usual = USUAL.get(bead.type, BeadBody())
    return BeadBody(
        outcome=_text(bead.outcome, harmless) or usual.outcome,
        context=_text(bead.context, harmless),
        acceptance=tuple(_item(one, harmless) for one in bead.acceptance) or usual.acceptance,
        scope=_text(bead.scope, harmless) or usual.scope,
        verification=_text(bead.verification, harmless) or usual.verification,
        files=(
            *(harmless(f"`{one_line(path)}`") for path in bead.files),
            *(harmless(f"`{one_line(path)}` (new)") for path in bead.creates),
        ),
        specs=tuple(harmless(f"`{_section(section)}`") for section in bead.specs),
        other=tuple(_other(bead, criteria, epic, harmless)),
    )


def _other(
    bead: PlannedBead, criteria: Sequence[str], epic: int | None, harmless: Callable[[str], str]
) -> list[Section]:
    found = []
    if bead.interfaces:
        rows = "\n".join(f"- {_item(one, harmless)}" for one in bead.interfaces)
        found.append(Section("Interfaces", rows))
    served = [
        f"- {f'#{epic}.{number}: ' if epic is not None else ''}{_item(criteria[number - 1], harmless)}"
        for number in sorted(set(bead.covers))
        if 0 < number <= len(criteria)
    ]
    if served:
        found.append(Section("Serves", "\n".join(served)))
    return found


def _text(text: str, harmless: Callable[[str], str]) -> str:
    return harmless(text.replace("\r\n", "\n")).strip()


def _item(line: str, harmless: Callable[[str], str]) -> str:
    """A line as an item of a list; a number or a box that the model gave it goes, as the list has its own."""
    text = one_line(line)
    bullet = MARKER.match(text)
    bare = text[bullet.end() :] if bullet is not None else text
    return harmless(re.sub(rf"^{BOX.pattern}", "", bare)).strip() or harmless(text)


def _section(section: str) -> str:
    path, heading = cited(section)
    return f"{path}#{heading}" if heading else path
