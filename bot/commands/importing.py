"""`beadwright import`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx
import typer

from bot.beads.bd import ExportError, PlannedIssue, read_export
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
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        stop(f"--repo {repo}: write OWNER/NAME")
    try:
        plan = read_export(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file}: {error}")
    except ExportError as error:
        stop(f"{file}: {error}. Nothing was imported.")
    losses = list(plan.losses)
    if not dry_run:
        if not token:
            stop("put a token that may write issues into GITHUB_TOKEN")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        with httpx.Client(base_url=api_url.rstrip("/"), headers=headers, timeout=30) as api:
            try:
                done = import_issues(api, repo, plan.issues, pause=pause, told=_tell)
            except (ImportStopped, httpx.HTTPError) as error:
                stop(str(error))
        losses += done.losses
        typer.echo(f"{done.created} issues created, {len(done.numbers) - done.created} were there already")
    for loss in sorted(losses, key=lambda loss: loss.line):
        typer.echo(f"{file.name}: {loss}", err=True)
    typer.echo(f"{len(plan.issues)} issues read, {len(losses)} things could not come along as they were")


def _tell(issue: PlannedIssue, number: int) -> None:
    typer.echo(f"#{number} {issue.title}")
