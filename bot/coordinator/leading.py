"""An epic that one worker does whole: one claim on as many places as it has beads, one branch, one PR."""

from __future__ import annotations

from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.said import Said


def lead(said: Said, draft: Draft) -> Answer:
    """`/bead lead`: the epic goes to one worker."""
    if not said.bead.children:
        return Answer(done=False, reply="It has no sub-issues: `/bead ready` gives it to one worker anyway.")
    draft.claims = draft.claims.remember(said.bead.number, lead=said.word())
    return Answer(done=True)
