"""What the comment says that tells what a run on direction came to. Everything in it is a model's but for the
counts, so all of it is made harmless."""

from __future__ import annotations

from bot.beads.direction import Direction, Judged
from bot.coordinator.comment_parts import clipped, folded, run_page
from bot.coordinator.quoting import harmless, listed_line, quoted_line
from bot.coordinator.snapshot import Snapshot
from bot.guards.result import quoted as code

JUDGEMENTS = ("aligned", "misaligned", "premature", "deferred", "infeasible", "rejected")


def direction_text(snapshot: Snapshot, run_id: int, direction: Direction) -> str:
    """The report of a run."""
    answer, page = direction.answer, run_page(snapshot, run_id)
    if answer.questions:
        return _questions(snapshot, page, direction)
    change = answer.change
    proposes = (
        f"One change of the specs is proposed, {code([change.name])}: {quoted_line(snapshot, change.title)}"
        if change is not None
        else "No change of the specs is proposed."
    )
    passes = f"{direction.surveys} independent surveys, {direction.reviews} independent reviews"
    parts = [
        f"**Where the project stands** · {passes} ([run]({page}))\n\n{proposes}",
        harmless(snapshot, answer.summary).strip(),
        *(_judged(snapshot, kind, direction) for kind in JUDGEMENTS),
        _list(snapshot, "Where the surveys disagreed", answer.disagreements, "They agreed."),
        _list(snapshot, "What the reviews objected to, before it was revised", direction.objections, ""),
    ]
    ends = [
        ("What the project really is", answer.really),
        ("What to do next", answer.next),
        ("What to stop pretending", answer.stop),
    ]
    last = "\n\n".join(f"### {title}\n\n{harmless(snapshot, text).strip()}" for title, text in ends if text)
    return clipped([*parts, last])


def _questions(snapshot: Snapshot, page: str, direction: Direction) -> str:
    named = snapshot.policy.planning.doctrine
    asked = "\n".join(
        f"{number}. {listed_line(snapshot, one)}" for number, one in enumerate(direction.answer.questions, 1)
    )
    return clipped(
        [
            f"**Nothing says what the project is for** ([run]({page})): {code(named)} is looked at, and holds"
            " nothing that does. So nothing is proposed.",
            harmless(snapshot, direction.answer.summary).strip(),
            f"Whoever can answer this, write it down there, and `/bead propose` once more:\n\n{asked}",
        ]
    )


def _judged(snapshot: Snapshot, kind: str, direction: Direction) -> str:
    rows = [_row(snapshot, one) for one in direction.answer.judged if one.judgement == kind]
    if not rows:
        return ""
    return folded(f"{kind.capitalize()}: {len(rows)}", "\n".join(rows))


def _row(snapshot: Snapshot, one: Judged) -> str:
    evidence = "".join(f"\n  - {listed_line(snapshot, line)}" for line in one.evidence)
    return f"- **{listed_line(snapshot, one.what)}**: {quoted_line(snapshot, one.reason)}{evidence}"


def _list(snapshot: Snapshot, title: str, lines: tuple[str, ...], none: str) -> str:
    rows = "\n".join(f"- {listed_line(snapshot, line)}" for line in lines)
    return f"### {title}\n\n{rows or none}" if rows or none else ""
