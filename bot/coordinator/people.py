"""What people are told: that a bead needs one, once, by a comment on it."""

from __future__ import annotations

from bot.beads.labels import Labels
from bot.coordinator.actions import Say
from bot.coordinator.decision import Draft, State
from bot.coordinator.snapshot import Issue

PERSON = "person"
"""Marks the comment that asks for a person."""


def tell(issues: dict[int, Issue], labels: dict[int, Labels], policy_fault: str | None, draft: Draft) -> None:
    """What a person can mend is said once, on the bead: why it needs one, wrong labels, a wrong policy."""
    for number, verdict in draft.verdicts.items():
        if number not in issues or verdict.state is State.DONE:
            continue
        lines = [problem.message for problem in labels[number].problems]
        if verdict.state is State.NEEDS_HUMAN:
            lines += [reason for reason in verdict.reasons if reason not in lines]
        elif verdict.state is State.READY and policy_fault is not None:
            lines.append(policy_fault)
        text = "\n".join(f"- {line}" for line in lines)
        if text == draft.claims.of(number).told:
            continue
        draft.before.append(Say(number, issues[number].id, PERSON, person_comment(text)))
        draft.claims = draft.claims.remember(number, told=text)


def person_comment(told: str) -> str:
    """The comment that asks for a person, from what the claims remember of it."""
    return f"This bead needs a person:\n\n{told}" if told else "This bead needs nobody any more."
