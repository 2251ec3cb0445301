"""Check-ins drawn over time: a small picture for each side of the project, all on one scale.

It is an SVG that says in itself how it looks, by day and by night, and paints its own ground: a page shows it
as a picture, to which none of its own styles reach. The newest scores stand beside their lines as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from bot.beads.checkin import CATEGORIES, Category
from bot.beads.checkin_record import CheckinRecord, average, signed

DRAWN = 60
"""How many check-ins are drawn, the last ones."""
COLUMNS = 3
WIDTH, MARGIN, TOP, FOOT = 960, 24, 76, 44
PANEL_WIDTH, PANEL_HEIGHT, GUTTER = 288, 150, 24
PLOT_TOP, PLOT_BOTTOM, PLOT_LEFT, PLOT_RIGHT = 44, 126, 26, 276
BEST = 10

STYLE = """
  svg { --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --rule: #d1d9e0; --line: #0969da; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --rule: #3d444d; --line: #4493f8; }
  }
  text { font-family: -apple-system, "Segoe UI", "Noto Sans", Arial, sans-serif; fill: var(--ink); }
  .ground { fill: var(--ground); }
  .heading { font-size: 20px; font-weight: 600; }
  .side { font-size: 15px; font-weight: 600; }
  .score { font-size: 22px; font-weight: 600; text-anchor: end; font-variant-numeric: tabular-nums; }
  .faint { font-size: 12px; fill: var(--faint); }
  .end { text-anchor: end; }
  .rule { stroke: var(--rule); stroke-width: 1; }
  .line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
  .own { fill: var(--line); stroke: var(--ground); stroke-width: 1.5; }
  .imported { fill: var(--ground); stroke: var(--line); stroke-width: 2; }
"""


def draw(records: Sequence[CheckinRecord]) -> str:
    """The SVG of check-ins, oldest first; of none it says so."""
    drawn = list(records)[-DRAWN:]
    rows = -(-len(CATEGORIES) // COLUMNS)
    height = TOP + rows * PANEL_HEIGHT + (rows - 1) * GUTTER + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(_title(drawn))}</title>',
        f'<desc id="desc">{escape(_description(drawn))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
        f'<text class="heading" x="{MARGIN}" y="38">{escape(_title(drawn))}</text>',
        f'<text class="faint" x="{MARGIN}" y="58">{escape(_subtitle(drawn))}</text>',
    ]
    for at, category in enumerate(CATEGORIES):
        x = MARGIN + at % COLUMNS * (PANEL_WIDTH + GUTTER)
        y = TOP + at // COLUMNS * (PANEL_HEIGHT + GUTTER)
        parts += [f'<g transform="translate({x} {y})">', *_panel(category, drawn), "</g>"]
    parts += [*_legend(drawn, height - 18), "</svg>"]
    return "\n".join(parts) + "\n"


def _panel(category: Category, drawn: Sequence[CheckinRecord]) -> list[str]:
    scored = [(one, one.by_category[category]) for one in drawn if category in one.by_category]
    parts = [f'<text class="side" x="0" y="24">{category}</text>']
    for level in (0, BEST // 2, BEST):
        y = _y(level)
        parts.append(f'<line class="rule" x1="{PLOT_LEFT}" y1="{y:.1f}" x2="{PLOT_RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text class="faint end" x="{PLOT_LEFT - 8}" y="{y + 4:.1f}">{level}</text>')
    if not scored:
        return [*parts, f'<text class="faint end" x="{PLOT_RIGHT}" y="24">not scored</text>']
    last = scored[-1][1]
    parts.append(f'<text class="score" x="{PLOT_RIGHT}" y="26">{last}</text>')
    if len(scored) > 1:
        change = signed(last - scored[-2][1])
        parts.append(f'<text class="faint end" x="{PLOT_RIGHT - 34}" y="25">{change}</text>')
    span = drawn[0].at, drawn[-1].at
    points = [(one, score, _x(one.at, span), _y(score)) for one, score in scored]
    if len(points) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for _, _, x, y in points)
        parts.append(f'<polyline class="line" points="{path}"/>')
    for one, score, x, y in points:
        kind = "own" if one.imported_by is None else "imported"
        said = f"{one.at:%Y-%m-%d}: {category} {score} of {BEST}{_by(one)}"
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(said)}</title></circle>'
        )
    begin, end = (f"{at:%Y-%m-%d}" for at in span)
    parts.append(f'<text class="faint" x="{PLOT_LEFT}" y="{PLOT_BOTTOM + 18}">{begin}</text>')
    if end != begin:
        parts.append(f'<text class="faint end" x="{PLOT_RIGHT}" y="{PLOT_BOTTOM + 18}">{end}</text>')
    return parts


def _legend(drawn: Sequence[CheckinRecord], y: int) -> list[str]:
    people = sorted({one.imported_by for one in drawn if one.imported_by is not None})
    parts = [
        f'<circle class="own" cx="{MARGIN + 5}" cy="{y - 4}" r="4"/>',
        f'<text class="faint" x="{MARGIN + 16}" y="{y}">a session of Beadwright</text>',
    ]
    if people:
        who = ", ".join(people[:5]) + (f" and {len(people) - 5} more" if len(people) > 5 else "")
        parts += [
            f'<circle class="imported" cx="{MARGIN + 185}" cy="{y - 4}" r="4"/>',
            f'<text class="faint" x="{MARGIN + 196}" y="{y}" aria-label={quoteattr(f"imported by {who}")}>'
            f"a review made elsewhere, brought by {escape(who)}</text>",
        ]
    return parts


def _x(at: datetime, span: tuple[datetime, datetime]) -> float:
    whole = (span[1] - span[0]).total_seconds()
    left, right = PLOT_LEFT + 8, PLOT_RIGHT - 8
    return (left + right) / 2 if not whole else left + (at - span[0]).total_seconds() / whole * (right - left)


def _y(score: float) -> float:
    return PLOT_BOTTOM - score / BEST * (PLOT_BOTTOM - PLOT_TOP)


def _title(drawn: Sequence[CheckinRecord]) -> str:
    return "Check-ins: nothing was scored yet" if not drawn else "Check-ins: how the project stands"


def _subtitle(drawn: Sequence[CheckinRecord]) -> str:
    if not drawn:
        return ""
    last = drawn[-1]
    mean = average(last.by_category)
    many = f"{len(drawn)} check-ins; the last, of" if len(drawn) > 1 else "one check-in, of"
    sides = "all sides" if len(last.scores) == len(CATEGORIES) else f"{len(last.scores)} sides"
    told = f"{mean:.1f} of {BEST} on average over {sides}" if mean is not None else "scores nothing"
    beside = "; beside each score its change" if len(drawn) > 1 else ""
    return f"{many} {last.at:%Y-%m-%d}{_by(last)}: {told}{beside}"


def _description(drawn: Sequence[CheckinRecord]) -> str:
    """All the numbers in words, for who does not see the lines."""
    lines = []
    for category in CATEGORIES:
        told = [
            f"{one.by_category[category]} on {one.at:%Y-%m-%d}{_by(one)}"
            for one in drawn
            if category in one.by_category
        ]
        if told:
            lines.append(f"{category}: {', '.join(told)}.")
    return " ".join(lines) or "There are no scores."


def _by(record: CheckinRecord) -> str:
    return f" (brought by {record.imported_by})" if record.imported_by is not None else ""
