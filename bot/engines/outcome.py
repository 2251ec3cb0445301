"""What every engine is given and what it hands back, whichever program it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bot.beads.report import ProviderFault

Ending = Literal["exited", "timeout"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that is over. `status` is None when the clock stopped it; `output` is both its streams, the
    end of them when they were long."""

    ending: Ending
    status: int | None
    output: str
    seconds: float


class Enclosure(Protocol):
    """Runs a program behind the wall: nothing of this process' environment, files or children is in reach."""

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float,
        stdin: str = "",
        writable: bool = True,
    ) -> Ended:
        """Run it in the checkout until it ends or `seconds` are over.

        Args:
            command: the program and its arguments; no shell.
            env: added to the wall's own few variables (PATH, HOME, TMPDIR, LANG).
            seconds: wall clock; then everything that it started is killed.
            stdin: the text on its standard input.
            writable: whether it may change the checkout.
        """
        ...

    @property
    def desk(self) -> Path:
        """A folder that both sides see, for prompt and answer."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """One run of an engine. `minutes` is its wall clock."""

    role: Literal["worker", "reviewer"]
    prompt: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine left behind. The exit status is told, never judged by: `answer` and the checkout count.

    `answer` is the text of the answer, or None when there is none. Cost is in millionths of a dollar.
    `provider` is what ended the run when that was the model's provider.
    """

    ended: Ended
    answer: str | None
    cost: int = 0
    provider: ProviderFault | None = None
