"""`beadwright trace`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

import httpx
import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from bot.beads.trace import Trace, trace
from bot.beads.trace_gaps import SHORT
from bot.beads.trace_graph import Because, Kind, Link, Node
from bot.beads.visible_text import one_line, reveal
from bot.commands.person import person
from bot.github.bead_issues import ReadRefused
from bot.github.trace_facts import Found, read_trace

LONGEST = 500
"""How many characters of what is asked for are taken."""
TITLE = 90
NOTHING = {
    "forward": "nothing yet",
    "backward": "nothing that is known: no spec is cited, and it is part of no epic",
}
WORDS: Mapping[Kind, str] = {"pull": "pull request"}
LOOKS = {"closed": "green", "merged": "green", "met": "green", "open": "yellow", "partly": "yellow"}
TRY = """\
Try the number of a bead or pull request (`12` or `'#12'`), a criterion of an epic (`12.3`), a commit
(`1a2b3c4`), a section of a spec (`openspec/specs/count/spec.md#words-are-counted`), a requirement's name."""


def run(
    *,
    asked: str,
    repo: str,
    api_url: str,
    token: str,
    as_json: bool,
    stop: Callable[[str], NoReturn],
) -> int:
    """Print the chain through one thing, both ways; 0 when there is such a thing, else 1."""
    if fault := _fault(asked):
        stop(f"{fault}.\n{TRY}")
    with person(repo=repo, api_url=api_url, token=token, may="read", stop=stop) as api:
        try:
            found = read_trace(api, repo, asked)
        except (ReadRefused, httpx.HTTPError) as error:
            stop(f"{error}")
    traced = trace(found.facts, found.start) if found.start is not None else None
    if as_json:
        typer.echo(json.dumps(_as_json(repo, asked, found, traced), indent=2, ensure_ascii=False))
    elif traced is not None:
        _show(repo, traced)
    if traced is None and not as_json:
        typer.echo(
            f"beadwright: {repo}: {_shown(found.why, long=True) or 'nothing is known of it'}", err=True
        )
        typer.echo(TRY, err=True)
    for note in found.notes:
        typer.echo(f"beadwright: {repo}: {_shown(note)}", err=True)
    return 0 if traced is not None else 1


def _fault(asked: str) -> str | None:
    """What is wrong with what is asked for, whatever the repository holds."""
    text = asked.strip()
    if not text:
        return "say what to trace"
    if len(text) > LONGEST or any(ord(one) < 32 for one in text):
        return f"that is nothing to be traced: {one_line(reveal(text))[:60]!r}"
    if text.startswith("#") and not text[1:].replace(".", "", 1).isdigit():
        return f"{text!r} is no number"
    return None


# -- for programs -------------------------------------------------------------------------------------------
def _as_json(repo: str, asked: str, found: Found, traced: Trace | None) -> dict[str, object]:
    about: dict[str, object] = {"repository": repo, "asked": asked}
    if traced is None:
        return {**about, "start": None, "why": found.why or "nothing is known of it"}
    return {
        **about,
        "start": traced.start,
        "nodes": [
            {"id": node.id, "kind": node.kind, "title": node.title, "state": node.state}
            for node in traced.nodes.values()
        ],
        "forward": _links(traced.forward),
        "backward": _links(traced.backward),
        "missing": [{"about": gap.about, "what": gap.what} for gap in traced.gaps],
        "notes": list(found.notes),
    }


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [{"source": link.source, "target": link.target, "because": link.because.value} for link in links]


# -- for people ---------------------------------------------------------------------------------------------
def _show(repo: str, traced: Trace) -> None:
    console = Console(highlight=False)
    start = traced.nodes[traced.start]
    console.print(Text.assemble(f"{repo}: ", _label(start, bold=True)), soft_wrap=True)
    for title, way in (("What it is for", "backward"), ("What became of it", "forward")):
        links = traced.backward if way == "backward" else traced.forward
        tree = Tree(Text(title, style="bold"), guide_style="dim")
        steps: dict[str, list[Link]] = {}
        for link in links:
            steps.setdefault(link.target if way == "backward" else link.source, []).append(link)
        _grow(tree, traced, steps, traced.start, backward=way == "backward", drawn={traced.start})
        if not tree.children:
            tree.add(Text(NOTHING[way], style="dim"))
        console.print()
        console.print(tree, soft_wrap=True)
    console.print()
    if not traced.gaps:
        console.print(Text("Nothing is missing.", style="green"))
        return
    console.print(Text("Missing", style="bold"))
    for gap in traced.gaps:
        line = Text.assemble("- ", _name(traced.nodes[gap.about]), " ", (_shown(gap.what), "red"))
        console.print(line, soft_wrap=True)


def _grow(
    tree: Tree,
    traced: Trace,
    steps: Mapping[str, list[Link]],
    at: str,
    *,
    backward: bool,
    drawn: set[str],
) -> None:
    """Draw what follows a node; what has been drawn before is only named again."""
    for link in steps.get(at, ()):
        there = link.source if backward else link.target
        node = traced.nodes[there]
        if backward and node.kind == "document":
            continue  # its section says where it is
        again = there in drawn
        label = _name(node) if again else _label(node)
        if again and steps.get(there):
            label.append(" (see above)", style="dim")
        if link.because is Because.RECONCILED:
            label.append(" (so the reconciliation says)", style="dim")
        branch = tree.add(label)
        if not again:
            drawn.add(there)
            _grow(branch, traced, steps, there, backward=backward, drawn=drawn)


def _label(node: Node, *, bold: bool = False) -> Text:
    """A node with its title and what is true of it."""
    label = _name(node)
    if node.kind not in ("document", "test", "commit"):
        label.append(f" {_shown(node.title)}", style="bold" if bold else "")
    if node.kind in ("requirement", "scenario", "section"):
        label.append(f" ({_shown(node.id.partition('#')[0])})", style="dim")
    if node.state:
        label.append(" · ")
        first = node.state.split(",")[0]
        wrong = "taken back" in node.state or node.state.startswith(("not on", "missing"))
        label.append(node.state, style="red" if wrong else LOOKS.get(first, "green"))
    return label


def _name(node: Node) -> Text:
    """What a node is and, where it has one, its number, path or commit."""
    word = WORDS.get(node.kind, node.kind)
    match node.kind:
        case "requirement" | "scenario" | "section":
            return Text(word, style="cyan")
        case "commit":
            return Text.assemble((word, "cyan"), f" {node.id[:SHORT]}")
        case _:
            return Text.assemble((word, "cyan"), f" {_shown(node.id)}")


def _shown(text: str, *, long: bool = False) -> str:
    """Text of others without what a terminal would act on, and not too long."""
    if long:
        return "\n".join(reveal(line) for line in text.splitlines())
    line = one_line(reveal(text))
    return line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"
