"""`beadwright export`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import httpx
import typer

from bot.beads.bd.writing import write_export
from bot.commands.person import person, unanswered
from bot.github.bead_issues import ReadRefused, read_beads, read_spelling


def run(*, file: Path, repo: str, api_url: str, token: str, stop: Callable[[str], NoReturn]) -> None:
    """Read every bead, write them all, then list what was lost; `-` is standard output."""
    with person(repo=repo, api_url=api_url, token=token, may="read", stop=stop) as api:
        try:
            spelling = read_spelling(api, repo)
            export = write_export(repo, read_beads(api, repo, spelling), spelling)
        except ReadRefused as error:
            stop(f"{error}. Nothing was written.")
        except httpx.HTTPError as error:
            stop(f"{unanswered(api_url, error)} Nothing was written.")
    if str(file) == "-":
        sys.stdout.write(export.text)
    else:
        try:
            _replace(file, export.text)
        except OSError as error:
            stop(f"{file} cannot be written: {error.strerror}")
    for loss in export.losses:
        typer.echo(f"{repo}: {loss}", err=True)
    count = export.text.count("\n")
    typer.echo(
        f"issues written: {count}; things that could not come along as they are: {len(export.losses)}",
        err=True,
    )


def _replace(file: Path, text: str) -> None:
    """Write whole or not at all."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
