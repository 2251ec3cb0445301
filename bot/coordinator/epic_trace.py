"""What an epic asks for and what became of it, for its status comment: the same walk as `beadwright trace`
makes (`beads/trace_graph.py`), over what a snapshot knows.

For each acceptance criterion of the epic, and each section of a spec that its beads cite: the beads that
serve it, their pull requests, whether they are merged, and whether they change a test. The files of pull
requests that are not merged are not known to a snapshot, so nothing is said of their tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from bot.beads.tables import table_row
from bot.beads.trace_facts import Facts, TracedBead, TracedPull, traced_bead
from bot.beads.trace_graph import Chain, Node, chain, reach
from bot.beads.visible_text import reveal
from bot.coordinator.comment_parts import folded
from bot.coordinator.decision import State
from bot.coordinator.pulls import latest_pulls
from bot.coordinator.quoting import listed_line
from bot.coordinator.snapshot import Issue
from bot.coordinator.status import NAMES, View

ROWS = 40
"""How many rows the table has."""
NAMED = 8
"""How many beads or pull requests are named in a cell."""
WORDS = 120
SAYS = re.compile(r"(?i)serves|spec")


def epic_trace(view: View, issue: Issue, states: Mapping[int, State], issues: Mapping[int, Issue]) -> str:
    """A table to open, or nothing where no bead says what it serves or cites. `states` are its children,
    `issues` the open beads."""
    beads = [
        *(_child(issues[child], issue.number) for child in states if child in issues),
        *(
            replace(view.snapshot.past[child].bead, parent=issue.number)
            for child in states
            if child not in issues and child in view.snapshot.past
        ),
    ]
    if not any(bead.serves or bead.specs for bead in beads):
        return ""
    facts = Facts(
        base=view.snapshot.default_branch,
        beads=(_read(issue.number, issue.title, issue.body, None), *beads),
        pulls=tuple(_pulls(view, issue.number, [bead.number for bead in beads])),
    )
    known = chain(facts)
    asked = [node for node in known.nodes.values() if node.kind == "criterion"]
    asked += [node for node in known.nodes.values() if node.kind in ("section", "document")]
    steps = known.steps(forward=True)
    nobody = "**no bead**" if len(beads) == len(states) else ""  # one of those that are not known may be it
    rows = [_row(view, facts, known, node, reach(steps, node.id), states, nobody) for node in asked]
    done = sum(row.endswith("| ✅ |") for row in rows)
    more = len(rows) - ROWS
    rest = [f"| … and {more} more: `beadwright trace {issue.number}` | | | |"] if more > 0 else []
    table = "\n".join(["| asked for | by | came as | merged |", "|---|---|---|---|", *rows[:ROWS], *rest])
    return folded(f"{done} of {len(rows)} things that it asks for are merged with a test", table)


def _pulls(view: View, epic: int, beads: Iterable[int]) -> Iterator[TracedPull]:
    """The pull request of each bead, and the epic's own, which it has when one worker does it as a whole."""
    latest = latest_pulls(view.snapshot.pulls, view.claims)
    own = [one for one in view.snapshot.pulls if one.head_ref == f"bead/{epic}" and one.state != "closed"]
    own.sort(key=lambda one: one.number)
    if view.history(epic).change:  # the first one proposed the change of the specs that it builds
        own = own[1:]
    yield from (TracedPull(one.number, "", one.state, bead=epic) for one in own[-1:])
    for bead in beads:
        past, pull = view.snapshot.past.get(bead), latest.get(bead)
        if past is not None and past.pull is not None:
            yield past.pull
        elif pull is not None and pull.state != "closed":
            yield TracedPull(pull.number, "", pull.state, bead=bead)


def _row(
    view: View,
    facts: Facts,
    known: Chain,
    node: Node,
    reached: Iterable[str],
    states: Mapping[int, State],
    nobody: str,
) -> str:
    pulls = {f"#{pull.number}": pull for pull in facts.pulls}
    nodes = sorted((known.nodes[one] for one in reached if one != node.id), key=lambda one: _order(one.id))
    beads = [one for one in nodes if one.kind == "bead"]
    found = [pulls[one.id] for one in nodes if one.kind == "pull"]
    title = node.title if node.kind == "criterion" else node.id
    place = f"{node.id.partition('.')[2]}. " if node.kind == "criterion" else ""
    by = [f"{one.id} {NAMES[states.get(int(one.id[1:]), State.PLANNED)].lower()}" for one in beads]
    return table_row(
        (
            f"{place}{listed_line(view.snapshot, title, WORDS)}",
            _some(by) or nobody,
            _some([f"#{pull.number}" for pull in found]),
            _merged(beads, found),
        )
    )


def _merged(beads: list[Node], pulls: list[TracedPull]) -> str:
    """Whether all of it is merged, and a test with it."""
    merged = [pull for pull in pulls if pull.state == "merged"]
    if not beads or not merged:
        return ""
    if any(bead.state != "closed" for bead in beads):
        return f"{len(merged)} of {max(len(beads), len(pulls))}"
    return "✅" if any(pull.files for pull in merged) else "no test is known"


def _some(items: list[str]) -> str:
    more = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f", … and {more} more" if more > 0 else "")


def _order(name: str) -> tuple[int, str]:
    number = name[1:]
    return (int(number) if number.isdigit() else 0, name)


def _child(issue: Issue, epic: int) -> TracedBead:
    """A bead with what it serves and cites; most say nothing of that, and need not be read."""
    if not SAYS.search(issue.body):
        return TracedBead(issue.number, issue.title, parent=epic)
    return _read(issue.number, issue.title, issue.body, epic)


# Nearly every bead of a pass has the text that it had in the pass before.
@lru_cache(maxsize=1 << 14)
def _read(number: int, title: str, body: str, parent: int | None) -> TracedBead:
    return traced_bead(number, title, reveal(body), open=True, parent=parent)
