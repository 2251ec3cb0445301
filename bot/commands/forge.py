"""`beadwright forge`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import typer

from bot.local.demo.build import DemoError, export_action
from bot.local.demo.run import search_path
from bot.local.forge.serve import ForgeBusy, running


def run(*, folder: Path, port: int, stop: Callable[[str], NoReturn]) -> None:
    """Serve until interrupted."""
    try:
        asyncio.run(_serve(folder, port))
    except (ForgeBusy, DemoError) as error:
        stop(str(error))
    except KeyboardInterrupt:
        typer.echo("stopped")


async def _serve(folder: Path, port: int) -> None:
    action = folder / "action"
    if not action.exists():
        export_action(action)
    path = search_path(Path(sys.executable).parent)
    async with running(
        folder, port=port, actions={"beadwright/beadwright": action}, tool_cache=folder / "tools", path=path
    ) as forge:
        typer.echo(f"GitHub on this machine: {forge.base_url}")
        typer.echo(f"  REST     {forge.base_url}/api/v3")
        typer.echo(f"  GraphQL  {forge.base_url}/api/graphql")
        typer.echo(f"  git      {forge.base_url}/OWNER/NAME.git")
        await asyncio.Event().wait()
