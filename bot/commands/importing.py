"""`beadwright import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx
import typer

from bot.beads.bd.lines import ExportError, in_order
from bot.beads.bd.reading import PlannedIssue, read_export
from bot.beads.labels import DEFAULT
from bot.commands.person import check_repository, person, unanswered, unreadable
from bot.github.bead_issues import ReadRefused, read_spelling
from bot.github.importer import ImportStopped, import_issues


def run(
    *,
    file: Path,
    repo: str,
    api_url: str,
    token: str,
    pause: float,
    dry_run: bool,
    stop: Callable[[str], NoReturn],
) -> None:
    """Read the whole file, then create what is not there yet, then list what was lost."""
    check_repository(repo, stop)
    try:
        text = file.read_text(encoding="utf-8")
        plan = read_export(text)
    except (OSError, UnicodeDecodeError) as error:
        stop(unreadable(file, error))
    except ExportError as error:
        stop(f"{file}: {error}. Nothing was imported.")
    losses = list(plan.losses)
    if not dry_run:
        with person(repo=repo, api_url=api_url, token=token, may="write", stop=stop) as api:
            try:
                spelling = read_spelling(api, repo)
                plan = read_export(text, spelling) if spelling != DEFAULT else plan
                done = import_issues(api, repo, plan.issues, pause=pause, told=_tell, spelling=spelling)
            except (ImportStopped, ReadRefused) as error:
                stop(str(error))
            except httpx.HTTPError as error:
                stop(f"{unanswered(api_url, error)} Run the import again: it goes on from here.")
        losses = [*plan.losses, *done.losses]
        typer.echo(f"issues created: {done.created}; there already: {len(done.numbers) - done.created}")
    for loss in in_order(losses):
        typer.echo(f"{file.name}: {loss}", err=True)
    for line in plan.graph.lines():
        typer.echo(line)
    typer.echo(
        f"issues read: {len(plan.issues)}; things that could not come along as they were: {len(losses)}"
    )


def _tell(issue: PlannedIssue, number: int) -> None:
    typer.echo(f"#{number} {issue.title}")
