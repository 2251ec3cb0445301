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
from bot.commands.person import person, unanswered
from bot.github.bead_issues import ReadRefused
from bot.github.trace_facts import Found, read_trace

LONGEST = 500
"""How many characters of what is asked for are taken."""
TITLE = 90
SECTIONS: frozenset[Kind] = frozenset({"requirement", "scenario", "section"})
WAYS = (("What it is for", False), ("What became of it", True))
NOTHING: Mapping[tuple[Kind, bool], str] = {
    ("bead", False): "nothing that is known: it cites no spec and is part of no epic",
    ("requirement", True): "nothing yet",
    ("criterion", True): "nothing yet",
    ("bead", True): "nothing yet",
}
"""What is said where the chain ends at the very start, by the way, forward or not; else it goes without."""
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
        except ReadRefused as error:
            stop(f"{error}")
        except httpx.HTTPError as error:
            stop(unanswered(api_url, error))
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
    console.print(Text.assemble(f"{repo}: ", _label(start)), soft_wrap=True)
    for title, forward in WAYS:
        tree = Tree(Text(title, style="bold"), guide_style="dim")
        steps: dict[str, list[Link]] = {}
        for link in traced.forward if forward else traced.backward:
            steps.setdefault(link.source if forward else link.target, []).append(link)
        _grow(tree, traced, steps, traced.start, forward=forward, drawn={traced.start})
        if not tree.children and (start.kind, forward) in NOTHING:
            tree.add(Text(NOTHING[start.kind, forward], style="dim"))
        if tree.children:
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
    forward: bool,
    drawn: set[str],
) -> None:
    """Draw what follows a node; what has been drawn before is only named again."""
    for link in steps.get(at, ()):
        there = link.target if forward else link.source
        node = traced.nodes[there]
        if node.kind == "document" and not forward:
            continue  # its section says where it is
        again = there in drawn
        label = _name(node) if again else _label(node, beside=traced.nodes[at])
        if again and steps.get(there):
            label.append(" (see above)", style="dim")
        if link.because is Because.RECONCILED:
            label.append(" (so the reconciliation says)", style="dim")
        branch = tree.add(label)
        if not again:
            drawn.add(there)
            _grow(branch, traced, steps, there, forward=forward, drawn=drawn)


def _label(node: Node, *, beside: Node | None = None) -> Text:
    """A node with its title, what is true of it and, unless that is known from the one before, its place."""
    label = _name(node)
    path = _path(node)
    if node.kind in ("epic", "criterion", "bead", "pull") or (node.kind == "commit" and beside is None):
        label.append(f" {_shown(node.title)}")
    elif node.kind in SECTIONS and (beside is None or _path(beside) != path):
        label.append(f" ({_shown(path)})", style="dim")
    if node.state:
        wrong = "taken back" in node.state or node.state.startswith(("not on", "missing"))
        label.append(" · ")
        label.append(node.state, style="red" if wrong else LOOKS.get(node.state.split(",")[0], "green"))
    return label


def _name(node: Node) -> Text:
    """What a node is, and by what it is known."""
    known_by = node.title if node.kind in SECTIONS else node.id
    known_by = node.id[:SHORT] if node.kind == "commit" else known_by
    return Text.assemble((WORDS.get(node.kind, node.kind), "cyan"), f" {_shown(known_by)}")


def _path(node: Node) -> str:
    """The document that a section is in."""
    return node.id.partition("#")[0] if node.kind in SECTIONS or node.kind == "document" else ""


def _shown(text: str, *, long: bool = False) -> str:
    """Text of others without what a terminal would act on, and not too long."""
    if long:
        return "\n".join(reveal(line) for line in text.splitlines())
    return one_line(reveal(text), TITLE)
