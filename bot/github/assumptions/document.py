"""`docs/assumptions.md`, from the registry."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from bot.github.assumptions.registry import Assumption

HEAD = """\
# Assumptions about GitHub

Every behaviour of GitHub that Beadwright relies on, or guards against. Each is one small test: `make test`
runs all of them against the forge, `beadwright probe --repo OWNER/NAME` in a scratch repository of yours.
This page is made from `bot/github/assumptions` by `beadwright probe --list`.
"""


def document(assumptions: Iterable[Assumption]) -> str:
    """The page, as Markdown."""
    parts = [HEAD]
    for area, group in groupby(assumptions, key=lambda one: one.area):
        parts.append(f"\n## {area}\n")
        parts += [_entry(one) for one in group]
    return "\n".join(parts) + "\n"


def _entry(one: Assumption) -> str:
    page, _, note = one.source.partition(" ")
    lines = [
        f"- **{one.id}**: {one.sentence}",
        f"  - source: <{page}>{f' {note}' if note else ''}",
        f"  - relied on by {', '.join(f'`{module}`' for module in one.by)}",
        f"  - if not: {one.otherwise}",
    ]
    if one.needs:
        lines.append(f"  - needs {', '.join(need.value for need in one.needs)}")
    return "\n".join(lines)
