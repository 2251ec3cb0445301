"""What the comment says that tells a check-in: scores with reasons and evidence, how they compare, the chart.

It is written once, when the run is settled: what stands in it was so then. The chart is linked by the commit
that holds it, so that no cache shows an older one.
"""

from __future__ import annotations

import re

from bot.beads.checkin import CATEGORIES, CheckinAnswer, Score
from bot.beads.checkin_record import CHART, CHECKINS_BRANCH, average, changed, scores_of, signed
from bot.beads.tables import table_row
from bot.coordinator.claims import CheckinScores, Claim
from bot.coordinator.comment_parts import clipped, folded, run_page
from bot.coordinator.quoting import listed_line, quotation, quoted
from bot.coordinator.snapshot import Snapshot
from bot.guards.result import quoted as code

PLACES = 4
"""How many places a row of the table names."""
UNFOUND = 50
PLAIN = re.compile(r"[\w./+@-]+:[0-9]+(?:-[0-9]+)?", re.ASCII)
"""A place that the address of a link can hold as it is."""


def checkin_text(
    snapshot: Snapshot,
    answer: CheckinAnswer,
    claim: Claim,
    run_id: int,
    now: CheckinScores,
    last: CheckinScores | None,
) -> str:
    """The comment.

    Args:
        snapshot: the facts.
        answer: what the check-in says.
        claim: its run's claim; `head` is the commit that keeps it.
        run_id: that run.
        now: its scores as they are remembered.
        last: those of the check-in before it, if there was one.
    """
    parts = [
        f"{_heading(now, last)} · [run]({run_page(snapshot, run_id)})",
        quotation(quoted(snapshot, answer.summary).strip()),
        _table(snapshot, answer, claim.base, last),
    ]
    if answer.unfound:
        named = ", ".join(code([place]) for place in answer.unfound[:UNFOUND])
        parts.append(folded(f"What it names and is not there at {claim.base[:12]}", named))
    if claim.head is not None:
        parts.append(_chart(snapshot, claim.head))
    return clipped(parts)


def _heading(now: CheckinScores, last: CheckinScores | None) -> str:
    what = f"**A review made elsewhere**, brought by {code([now.by])}" if now.by else "**Check-in**"
    mean = average(now.scores)
    parts = [what, f"{mean:.1f} of 10 on average" if mean is not None else "nothing was scored"]
    changes = changed(now.scores, last.scores) if last is not None else {}
    if last is not None and changes:
        parts.append(f"{signed(sum(changes.values()) / len(changes), 1)} since {_named(last)}")
    return " · ".join(parts)


def _table(snapshot: Snapshot, answer: CheckinAnswer, base: str, last: CheckinScores | None) -> str:
    by_side = {score.category: score for score in answer.scores}
    before = last.scores if last is not None else {}
    changes = changed(scores_of(answer.scores), before)
    head = ["side", "score", *([_named(last)] if last is not None else []), "why", "where"]
    rows = [table_row(head), "|---|" + "--:|" * (len(head) - 3) + "---|---|"]
    for side in CATEGORIES:
        if side not in by_side and side not in before:
            continue
        score = by_side.get(side)
        cells = [side, str(score.score) if score is not None else "–"]  # noqa: RUF001
        if last is not None:
            change = f" ({signed(changes[side])})" if side in changes else ""
            cells.append(f"{before.get(side, '–')}{change}")  # noqa: RUF001
        why = listed_line(snapshot, score.reason) if score is not None else "not scored"
        where = _places(snapshot, score, base) if score is not None else ""
        rows.append(table_row((*cells, why, where)))
    return "\n".join(rows)


def _places(snapshot: Snapshot, score: Score, base: str) -> str:
    shown = [_place(snapshot, place, base) for place in score.evidence[:PLACES]]
    more = len(score.evidence) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])])


def _place(snapshot: Snapshot, place: str, base: str) -> str:
    """A place as a link to the line at the commit that was looked at."""
    if not PLAIN.fullmatch(place):
        return code([place])
    path, _, lines = place.rpartition(":")
    first, _, end = lines.partition("-")
    anchor = f"L{first}-L{end}" if end else f"L{first}"
    page = f"{snapshot.server}/{snapshot.repository}/blob/{base}/{path}"
    return f"[`{place}`]({page}#{anchor})"


def _chart(snapshot: Snapshot, commit: str) -> str:
    """The picture of all of them. At an address with `raw=true` GitHub gives the file itself to whoever may
    see it, so the picture shows in private repositories as well."""
    home = f"{snapshot.server}/{snapshot.repository}"
    picture = f"![The scores of all check-ins over time]({home}/blob/{commit}/{CHART}?raw=true)"
    return f"{picture}\n\nThe numbers are kept on [`{CHECKINS_BRANCH}`]({home}/tree/{CHECKINS_BRANCH})."


def _named(last: CheckinScores) -> str:
    return f"{last.at:%Y-%m-%d}" + (f", by {code([last.by])}" if last.by else "")
