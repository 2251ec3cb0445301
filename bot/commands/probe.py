"""`beadwright probe`."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TextColumn
from rich.table import Table

from bot.commands.person import check_repository, check_url, unreadable
from bot.github.assumptions import ASSUMPTIONS
from bot.github.assumptions.access import Access, AppKey, Bounds
from bot.github.assumptions.document import document
from bot.github.assumptions.probing import Finding, probe
from bot.github.assumptions.registry import Assumption
from bot.github.assumptions.scratch import NotScratch, open_scratch
from bot.local.demo.build import install_beadwright
from bot.local.demo.run import attached_runner, search_path
from bot.local.forge import world
from bot.local.forge.faults import AFTER, BAD_GATEWAY, BEFORE, CUT, SECONDARY_LIMIT, rest, secondary_limit
from bot.local.forge.graphql.limits import budget_of
from bot.local.forge.serve import ThreadedForge, in_thread
from bot.local.forge.state import State

AT_ONCE = Bounds(writes=1_000_000, seconds=1800.0, pause=0.0, patience=0.3)
DISCARD = "http://127.0.0.1:9"
"""Where the forge's webhooks go: nobody listens there; the App's list of deliveries is what is read."""
MARKS = {True: "[green]holds[/]", False: "[red]does not[/]", None: "[yellow]not told[/]"}


def run(
    *,
    repo: str | None,
    api_url: str,
    token: str,
    reader: str,
    app_id: int,
    key_file: Path | None,
    only: str | None,
    surely: bool,
    as_json: bool,
    listing: bool,
    stop: Callable[[str], NoReturn],
) -> int:
    """Try all assumptions, tell, and give the exit status: 0 when all that could be told hold."""
    if listing:
        sys.stdout.write(document(ASSUMPTIONS))
        return 0
    try:
        chosen = [one for one in ASSUMPTIONS if only is None or re.search(only, f"{one.area}/{one.id}")]
    except re.error as error:
        stop(f"--only {only}: no regular expression: {error}")
    if not chosen:
        stop(f"--only {only}: no assumption has that in its area or id; `beadwright probe --list` shows them")
    console = Console(stderr=as_json)
    try:
        if repo is None:
            with tempfile.TemporaryDirectory() as folder, forge_access(Path(folder)) as access:
                findings = _look(access, AT_ONCE, chosen, console, surely=surely)
        else:
            access = _access(repo, api_url, token, reader, app_id, key_file, stop)
            findings = _look(access, Bounds(), chosen, console, surely=surely)
    except NotScratch as why:
        stop(str(why))
    if as_json:
        sys.stdout.write(json.dumps([one.as_json() for one in findings], indent=1) + "\n")
    else:
        tell(console, findings)
    return 1 if any(one.holds is False for one in findings) else 0


def _look(
    access: Access, bounds: Bounds, chosen: list[Assumption], console: Console, *, surely: bool
) -> list[Finding]:
    where = "a forge on this machine" if access.provoke else f"{access.repository} at {access.api}"
    console.print(f"{len(chosen)} assumptions about GitHub, tried on {where}")
    findings: list[Finding] = []
    columns = (TextColumn("{task.completed}/{task.total} {task.description}"),)
    with (
        open_scratch(access, bounds, surely=surely) as scratch,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task("", total=len(chosen))
        for finding in probe(scratch, chosen):
            findings.append(finding)
            progress.update(task, advance=1, description=finding.assumption.id)
        progress.update(task, description="cleaning up")
    return findings


def tell(console: Console, findings: list[Finding]) -> None:
    """The findings for a newcomer: a table by area, what could not be told, and last what does not hold."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.add_column("area")
    table.add_column("assumption", overflow="fold")
    table.add_column("")
    for area, group in groupby(findings, key=lambda one: one.assumption.area):
        for place, one in enumerate(group):
            table.add_row(area if place == 0 else "", one.assumption.sentence, MARKS[one.holds])
    console.print(table)
    untold = [one for one in findings if one.holds is None]
    broken = [one for one in findings if one.holds is False]
    if untold:
        console.print("\n[bold]Could not be told here[/]")
    for detail, same in groupby(sorted(untold, key=lambda one: one.detail), key=lambda one: one.detail):
        console.print(f"  {escape(detail)}: {', '.join(one.assumption.id for one in same)}")
    if broken:
        console.print("\n[bold red]Do not hold[/]")
    for one in broken:
        assumed = one.assumption
        console.print(f"  [bold]{assumed.id}[/] {escape(assumed.sentence)}")
        console.print(f"    seen: {escape(one.detail)}")
        console.print(f"    consequence: {escape(assumed.otherwise)}")
        console.print(f"    relied on by {', '.join(assumed.by)}; source: {assumed.source}", soft_wrap=True)
    held = len(findings) - len(untold) - len(broken)
    console.print(f"\n{held} hold, {len(broken)} do not, {len(untold)} could not be told")


def _access(
    repo: str,
    api_url: str,
    token: str,
    reader: str,
    app_id: int,
    key_file: Path | None,
    stop: Callable[[str], NoReturn],
) -> Access:
    check_repository(repo, stop)
    check_url(api_url, stop)
    if not token:
        stop("put a token that may write to the scratch repository into GITHUB_TOKEN")
    app: AppKey | None = None
    if key_file is not None and app_id:
        try:
            app = AppKey(app_id, key_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            stop(f"the App's key {unreadable(key_file, error)}")
    api = api_url.rstrip("/")
    hosted = api == "https://api.github.com"
    return Access(
        api=api,
        graphql=f"{api.removesuffix('/v3')}/graphql",
        server="https://github.com" if hosted else api.removesuffix("/api/v3"),
        repository=repo,
        token=token,
        reader=reader or None,
        app=app,
    )


@contextmanager
def forge_access(folder: Path, *, record: Path | None = None) -> Iterator[Access]:
    """A forge in a folder: an empty repository, a second person, our App, and a runner where `act` is."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # connections are cut on purpose
    path = search_path(Path(sys.executable).parent)
    runs = shutil.which("act", path=path) is not None
    jobs = [attached_runner(folder / "action", folder / "tools", path)] if runs else []
    with in_thread(folder / "forge", record=record, attach=jobs) as forge:
        yield forge.on(lambda state: _build(forge, state, runs=runs))


def _build(forge: ThreadedForge, state: State, *, runs: bool) -> Access:
    octo, token = world.create_user(state, "octo")
    _, reader = world.create_user(state, "rita")
    owner, _ = world.create_user(state, "scratchers", type="Organization")
    repository = world.create_repository(state, owner, "scratch", files={})
    world.add_collaborator(state, repository, octo, "admin")
    app, key = install_beadwright(state, owner, repository, webhook_url=DISCARD, webhook_secret="probe")
    return Access(
        api=forge.api_url,
        graphql=f"{forge.base_url}/api/graphql",
        server=forge.base_url,
        repository="scratchers/scratch",
        token=token,
        reader=reader,
        app=AppKey(app.id, key),
        actions=runs,
        provoke=_OnDemand(forge),
    )


class _OnDemand:
    """`Provoke` of a forge; paths are the ends of addresses."""

    def __init__(self, forge: ThreadedForge) -> None:
        self._forge = forge

    def lose(self, method: str, path: str, *, after: bool, cut: bool = False) -> None:
        self._forge.faults.plan(
            rest(method, f"*{path}"), AFTER if after else BEFORE, CUT if cut else BAD_GATEWAY
        )

    def limit(self, method: str, path: str, *, retry_after: int | None) -> None:
        outcome = SECONDARY_LIMIT if retry_after is None else secondary_limit(retry_after)
        self._forge.faults.plan(rest(method, f"*{path}"), BEFORE, outcome)

    def exhaust(self, token: str) -> None:
        self._forge.on(lambda state: budget_of(state).exhaust(token))
