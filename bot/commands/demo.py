"""`beadwright demo`."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx
from rich.console import Console
from rich.live import Live

from bot.beads.bd.lines import ExportError
from bot.beads.bd.reading import ImportPlan, PlannedIssue, read_export
from bot.commands.demo_engine import ChosenEngine, agree
from bot.commands.person import unreadable
from bot.commands.serve import command
from bot.github.importer import ImportStopped, import_issues
from bot.jobs import bootstrap, wall
from bot.jobs.engine_program import LOCKS, NAMES, kept_engine
from bot.local.demo import board
from bot.local.demo.build import DemoError, sample_files
from bot.local.demo.paid import Offer
from bot.local.demo.plan import SAMPLE
from bot.local.demo.result import merges_follow_edges
from bot.local.demo.run import DemoParts, DemoResult, run_demo, search_path
from bot.local.forge.serve import CannotServe


def run(
    *,
    graph: Path | None,
    as_json: bool,
    keep: Path | None,
    minutes: int,
    engine: ChosenEngine | None,
    max_cost: float,
    yes: bool,
    stop: Callable[[str], NoReturn],
) -> None:
    """Play the demo in a folder of its own and tell how it ended."""
    if graph is not None and engine is not None:
        stop("--graph is for the scripts: its beads are about a repository that the demo does not have")
    plan = ImportPlan(SAMPLE, ()) if graph is None else _read(graph, stop)
    for program in ("git", "act"):
        if shutil.which(program, path=search_path(Path(sys.executable).parent)) is None:
            stop(f"`{program}` is not on the PATH; `make setup` installs act, your system has git")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    console = Console(stderr=as_json)
    offer = None
    if engine is not None:
        wanted = sum(not issue.closed and "epic" not in issue.labels for issue in plan.issues)
        offer = Offer(engine.engine, max_cost, wanted)
        agree(offer, yes=yes, console=console, stop=stop)
    folder = _folder(keep, stop)
    console.print(f"A GitHub on this machine, in {folder}")
    if engine is None:
        console.print(
            "Workers and reviewers are scripted: they edit, test, commit and review; no model is called.\n"
            "It takes a few minutes.\n",
            soft_wrap=True,
        )
    for loss in plan.losses:
        console.print(f"  {loss}")
    try:
        result = asyncio.run(_play(folder, plan, graph is not None, minutes, console, engine, offer))
    except (DemoError, ImportStopped, CannotServe) as error:
        stop(f"{error}\nThe folder is kept: {folder}")
    broken = merges_follow_edges(
        [str(number) for number in result.merges],
        {
            str(result.ids[issue.id]): tuple(str(result.ids[key]) for key in issue.blocked_by)
            for issue in plan.issues
        },
    )
    if as_json:
        sys.stdout.write(
            json.dumps(
                {
                    "beads": result.beads,
                    "requests_per_merged_bead": result.requests_per_merged_bead,
                    "merges": result.merges,
                    "seconds": round(result.seconds, 1),
                    "dollars": round(result.dollars, 4),
                }
            )
            + "\n"
        )
    else:
        _tell(console, result, keep)
    if broken:
        stop("; ".join(broken))
    if keep is None:
        shutil.rmtree(folder, ignore_errors=True)


async def _play(
    folder: Path,
    plan: ImportPlan,
    whole_graph: bool,
    minutes: int,
    console: Console,
    engine: ChosenEngine | None,
    offer: Offer | None,
) -> DemoResult:
    missing = wall.probe()
    if missing is not None:
        console.print(
            f"No wall around the worker on this machine ({missing}); the sample's policy accepts that."
        )
    files = sample_files("namespace" if missing is None else "none")
    parts = DemoParts(
        import_issues=import_plan,
        coordinator=command,
        tool_cache=fill_tool_cache,
        path=search_path(Path(sys.executable).parent),
        files=files if offer is None else offer.files(files),
        secrets={} if engine is None else engine.secrets,
    )
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def follow(cards: tuple[board.Card, ...], said: str) -> None:
            if said:
                live.console.print(said)
            if cards:
                live.update(board.draw(cards, "octo/tally"), refresh=True)

        return await run_demo(
            folder, plan.issues, parts, release_all=whole_graph, minutes=minutes, follow=follow
        )


def import_plan(api: httpx.Client, repository: str, plan: tuple[PlannedIssue, ...]) -> dict[str, int]:
    """Create the plan's issues at once, on a forge of one's own; gives their numbers."""
    return import_issues(api, repository, plan, pause=0).numbers


def fill_tool_cache(folder: Path) -> None:
    """Let runners find the environment that we run in, and the CLIs that are installed beside our locks, so
    that no job installs anything."""
    cache = folder / "beadwright"
    cache.mkdir(parents=True, exist_ok=True)
    engines = {kept_engine(cache, name): LOCKS / name for name in NAMES}
    here = {
        kept: place for kept, place in engines.items() if (place / "node_modules" / ".locked-by").exists()
    }
    for kept, place in {bootstrap.kept_folder(cache): Path(sys.prefix), **here}.items():
        kept.symlink_to(place)
        (kept / bootstrap.MARKER).touch()


def _read(graph: Path, stop: Callable[[str], NoReturn]) -> ImportPlan:
    try:
        return read_export(graph.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        stop(unreadable(graph, error))
    except ExportError as error:
        stop(f"{graph}: {error}. `--graph` takes a bd export: one JSON object a line.")


def _folder(keep: Path | None, stop: Callable[[str], NoReturn]) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="beadwright-demo-"))
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            stop(f"{keep} is not empty; name a folder that is, or that does not exist")
    except FileExistsError:
        stop(f"{keep} is a file; --keep takes a folder")
    except OSError as error:
        stop(f"{keep} cannot be the folder that is kept: {error.strerror}")
    return keep.resolve()


def _tell(console: Console, result: DemoResult, keep: Path | None) -> None:
    console.print()
    for bead in result.beads:
        pull = f"PR #{bead['pr']}" if bead["pr"] else "no PR of its own"
        console.print(
            f"#{bead['number']} {bead['state']}: {bead['title']} ({pull}, worker runs: {bead['attempts']})",
            soft_wrap=True,
        )
    cost = result.requests_per_merged_bead
    console.print(
        f"\nMerged {len(result.merges)} pull requests in {result.seconds:.0f} s, in the order "
        + " ".join(f"#{number}" for number in result.merges),
        soft_wrap=True,
    )
    console.print(
        f"Requests to GitHub per merged bead: {cost['total']} ({cost['reads']} reads, {cost['writes']}"
        f" writes, of which {cost['content']} create content)",
        soft_wrap=True,
    )
    if result.dollars:
        console.print(f"Cost of the model, as its CLI tells it: ${result.dollars:.2f}")
    if keep is not None:
        console.print(
            f"Look around: {_called()} forge {result.folder / 'forge'}\nThe logs are in {result.folder}",
            soft_wrap=True,
        )
    else:
        console.print(f"To look around afterwards: {_called()} demo --keep FOLDER", soft_wrap=True)


def _called() -> str:
    """What is typed to call us: the name alone works only where it is on the PATH."""
    return "beadwright" if shutil.which("beadwright") else sys.argv[0]
