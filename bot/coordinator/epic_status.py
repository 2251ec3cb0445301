"""What the status comment of an epic says: how far it is, its children as a graph, and what became of each
thing that it asks for (`epic_trace.py`).

The graph is Mermaid, which GitHub draws. Titles come from people and models: in it every character that is
not a letter, a digit or a space is written as its number, so no title ends a label, a line or the fence.
Past `EDGES` edges, or when there is no room for it, nothing is drawn, and each child's line says what it
waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.beads.graph import EdgeKind, Graph
from bot.beads.visible_text import one_line, reveal
from bot.coordinator.comment_parts import LIMIT, bullets, clipped, dollars
from bot.coordinator.decision import State
from bot.coordinator.epic_trace import epic_trace
from bot.coordinator.snapshot import Issue, PullRequest
from bot.coordinator.status import NAMES, View, bead_status, reasons_of

EDGES = 200
DRAWN = 50_000
"""How many edges and characters GitHub draws."""
MARGIN = 1_000
TITLE = 60
CHILDREN = 200
"""How many children are listed; GitHub lets an issue have a hundred."""

SIGNS = {
    State.PLANNED: "⚪",
    State.BLOCKED: "⏳",
    State.HELD: "✋",
    State.READY: "🔜",
    State.RUNNING: "🔧",
    State.IN_REVIEW: "🔎",
    State.CORRECTING: "🔧",
    State.MERGING: "🔀",
    State.DONE: "✅",
    State.NEEDS_HUMAN: "🙋",
}
COLOURS = {
    State.PLANNED: "fill:#f6f8fa,stroke:#8c959f,color:#24292f",
    State.BLOCKED: "fill:#eaeef2,stroke:#57606a,color:#24292f",
    State.HELD: "fill:#ffd8b5,stroke:#bc4c00,color:#24292f",
    State.READY: "fill:#ddf4ff,stroke:#0969da,color:#24292f",
    State.RUNNING: "fill:#fff8c5,stroke:#9a6700,color:#24292f",
    State.IN_REVIEW: "fill:#b6e3ff,stroke:#0969da,color:#24292f",
    State.CORRECTING: "fill:#fff8c5,stroke:#9a6700,color:#24292f",
    State.MERGING: "fill:#d8b9ff,stroke:#8250df,color:#24292f",
    State.DONE: "fill:#aceebb,stroke:#1a7f37,color:#24292f",
    State.NEEDS_HUMAN: "fill:#ffcecb,stroke:#cf222e,color:#24292f",
}
OUTSIDE = "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:4"


def epic_status(view: View, issue: Issue, graph: Graph, issues: Mapping[int, Issue]) -> str:
    """The status comment of an epic; `issues` are the open beads."""
    states = {child: _state(view, child, graph) for child in issue.children}
    edges = _edges(issue, graph)
    first = _first_line(view, issue, states)
    traced = epic_trace(view, issue, states, issues)
    if view.verdict(issue.number).state is State.DONE:
        return clipped([first, bullets(reasons_of(view, issue.number)[1:]), traced])
    drawing = _drawing(view, states, edges, graph, issues)
    held = bullets(_held(view, issue, graph))
    children = _listed([_child(view, child, state, ()) for child, state in states.items()])
    if len(edges) > EDGES or len(drawing) > min(
        DRAWN, LIMIT - len(held) - len(children) - len(traced) - MARGIN
    ):
        drawing = ""
        children = _listed([_child(view, child, state, edges) for child, state in states.items()])
    return clipped([first, held, drawing, children, traced])


def epic_first_line(view: View, issue: Issue, graph: Graph) -> str:
    """The first line of the status comment of an epic."""
    return _first_line(view, issue, {child: _state(view, child, graph) for child in issue.children})


def led_status(
    view: View, issue: Issue, pull: PullRequest | None, graph: Graph, issues: Mapping[int, Issue]
) -> str:
    """The status comment of an epic that one worker does: that of a bead, its children as a graph, and what
    became of each thing that it asks for."""
    said = bead_status(view, issue, pull)
    states = {child: _state(view, child, graph) for child in issue.children}
    drawing = _drawing(view, states, _edges(issue, graph), graph, issues)
    traced = epic_trace(view, issue, states, issues)
    return clipped([said, drawing if len(said) + len(drawing) <= DRAWN else "", traced])


def _held(view: View, issue: Issue, graph: Graph) -> list[str]:
    """What else holds it back than its children, who are listed anyway."""
    if view.verdict(issue.number).state is State.NEEDS_HUMAN:
        return reasons_of(view, issue.number)
    edges = graph.edges(issue.number, date.min)
    children = {edge.reason for edge in edges if edge.kind is EdgeKind.CHILD}
    return [reason for reason in reasons_of(view, issue.number)[1:] if reason not in children]


def _first_line(view: View, issue: Issue, states: dict[int, State]) -> str:
    spent = dollars(view.history(issue.number).spent)
    done = sum(state is State.DONE for state in states.values())
    asking = [child for child, state in states.items() if state is State.NEEDS_HUMAN]
    if view.verdict(issue.number).state is State.DONE:
        return f"**Done** · {done} of {len(states)} children are closed · it cost {spent}"
    who = "nobody has to act"
    if view.verdict(issue.number).state is State.NEEDS_HUMAN:
        who = "a person has to act on this epic"
    elif asking:
        who = f"a person has to act on {', '.join(f'#{child}' for child in asking[:10])}"
    elif State.PLANNED in states.values() and set(states.values()) <= {State.PLANNED, State.DONE}:
        who = (
            f"somebody has to release it: the label `{view.snapshot.policy.spelling.ready}` on it lets all go"
        )
    return f"**{done} of {len(states)}** done · {who} · {spent} so far"


def _state(view: View, child: int, graph: Graph) -> State:
    if child in view.verdicts:
        return view.verdicts[child].state
    return State.PLANNED if child in graph.nodes else State.DONE


def _edges(issue: Issue, graph: Graph) -> tuple[tuple[int, int], ...]:
    """Who waits for whom among the children: blocker, then who waits. Blockers may be outside."""
    return tuple(
        (blocker, child)
        for child in issue.children
        if child in graph.nodes
        for blocker in sorted(graph.nodes[child].blocked_by)
    )


def _drawing(
    view: View,
    states: dict[int, State],
    edges: tuple[tuple[int, int], ...],
    graph: Graph,
    issues: Mapping[int, Issue],
) -> str:
    lines = ["flowchart LR"]
    for child, state in states.items():
        ended = view.snapshot.ended.get(child)
        title = issues[child].title if child in issues else ended.title if ended is not None else ""
        lines.append(f'  b{child}["{escaped(f"#{child} {title}")}"]:::{_class(state)}')
    outside = sorted({blocker for blocker, _ in edges if blocker not in states})
    for blocker in outside:
        kind = "outside" if blocker in graph.nodes else _class(State.DONE)
        lines.append(f'  b{blocker}["{escaped(f"#{blocker}")}"]:::{kind}')
    lines += [f"  b{blocker} --> b{child}" for blocker, child in edges]
    shown = dict.fromkeys(states.values())
    lines += [f"  classDef {_class(state)} {COLOURS[state]}" for state in shown]
    if outside:
        lines.append(f"  classDef outside {OUTSIDE}")
        if State.DONE not in shown:
            lines.append(f"  classDef {_class(State.DONE)} {COLOURS[State.DONE]}")
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def escaped(title: str) -> str:
    """A title as the text of a Mermaid label: letters, digits and spaces, and all else by its number
    (https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters)."""
    text = one_line(reveal(title), TITLE)
    return "".join(one if one.isalnum() or one == " " else f"#{ord(one)};" for one in text)


def _class(state: State) -> str:
    return state.name.lower().replace("_", "")


def _child(view: View, child: int, state: State, edges: tuple[tuple[int, int], ...]) -> str:
    waits = [f"#{blocker}" for blocker, waiting in edges if waiting == child]
    after = f", after {', '.join(waits[:20])}" if waits else ""
    why = ""
    if state in (State.NEEDS_HUMAN, State.READY, State.HELD) and child in view.verdicts:
        reasons = reasons_of(view, child)
        why = f": {reasons[0][:200]}" if reasons else ""
    return f"{SIGNS[state]} #{child} {NAMES[state].lower()}{after}{why}"


def _listed(lines: list[str]) -> str:
    more = len(lines) - CHILDREN
    rest = [f"… and {more} more"] if more > 0 else []
    return "\n".join(f"- {line}" for line in [*lines[:CHILDREN], *rest])
