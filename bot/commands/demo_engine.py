"""`beadwright demo --engine`: which engine, with what credential, and the consent of whoever pays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from pydantic import ValidationError
from rich.console import Console
from rich.prompt import Confirm

from bot.beads.policy import Engine
from bot.engines.credential import NoCredential, find_source
from bot.jobs.engine_program import LOCKS
from bot.local.demo.paid import Offer

SECRETS = {"api-key": "ANTHROPIC_API_KEY", "oauth": "CLAUDE_CODE_OAUTH_TOKEN", "bearer": "OPENAI_API_KEY"}
"""Under which name the workflow passes a credential on, by the form in which it travels."""
MINUTES = 10


@dataclass(frozen=True, slots=True)
class ChosenEngine:
    """The engine of the sample's policy, and the secrets that its repository needs for it."""

    engine: Engine
    secrets: Mapping[str, str] = field(repr=False)


def choose_engine(
    name: Literal["claude", "codex"],
    *,
    model: str | None,
    url: str | None,
    login: Path | None,
    env: Mapping[str, str],
    stop: Callable[[str], NoReturn],
) -> ChosenEngine:
    """The engine that the options describe; what is missing for it is said before anything starts."""
    place = str(login.expanduser().resolve()) if login is not None else None
    try:
        engine = Engine(name=name, model=model, url=url, login=place, minutes=MINUTES)
    except ValidationError as error:
        stop("; ".join(f"--{fault['loc'][0]}: {fault['msg']}" for fault in error.errors()))
    try:
        source = find_source(engine, env)
        source.read()
    except NoCredential as error:
        stop(f"{error}. The demo needs a key in its environment, or --login with the file of your own login")
    if not (LOCKS / name / "node_modules" / ".locked-by").exists():
        stop(f"the CLI of {name} is not installed: run `requirements/install engines` (it needs Node.js)")
    return ChosenEngine(engine, {} if source.value is None else {SECRETS[source.form]: source.value})


def agree(offer: Offer, *, yes: bool, console: Console, stop: Callable[[str], NoReturn]) -> None:
    """Say what it may cost and go on only when somebody agrees; `yes` is that, said beforehand."""
    console.print(offer.text())
    if yes:
        return
    if not sys.stdin.isatty():
        stop("nobody is there to be asked: say --yes if that is all right. Nothing was started")
    if not Confirm.ask("Go on?", console=console, default=False):
        stop("nothing was started")
