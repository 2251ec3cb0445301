"""`beadwright forge`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer

from bot.local.demo.build import DemoError, export_action
from bot.local.demo.run import attached_runner, search_path
from bot.local.forge.serve import CannotServe, RunningForge, serve


def run(*, folder: Path, port: int, stop: Callable[[str], NoReturn]) -> None:
    """Serve until interrupted."""
    action = folder / "action"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        stop(f"{folder} is a file; name a folder, which is made when it is not there")
    except OSError as error:
        stop(f"{folder} cannot be made: {error.strerror}")
    try:
        if not action.exists():
            export_action(action)
        jobs = attached_runner(action, folder / "tools", search_path(Path(sys.executable).parent))
        serve(folder, port, attach=[jobs], ready=_tell)
    except (CannotServe, DemoError) as error:
        stop(str(error))


def _tell(forge: RunningForge) -> None:
    typer.echo(f"GitHub on this machine: {forge.base_url}")
    typer.echo(f"  pages    {forge.base_url}/  (in a browser, as any of its people)")
    typer.echo(f"  REST     {forge.api_url}")
    typer.echo(f"  GraphQL  {forge.base_url}/api/graphql")
    typer.echo(f"  git      {forge.base_url}/OWNER/NAME.git")
