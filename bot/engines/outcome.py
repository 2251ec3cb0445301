"""What every engine is given and what it hands back, whichever program it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bot.beads.model import Role
from bot.beads.report import ProviderFault

Ending = Literal["exited", "timeout"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that is over. `status` is None when the clock stopped it; `output` is both its streams, the
    end of them when they were long. Where its lines were taken as they came, `output` is its errors alone."""

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
        take: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run it in the checkout until it ends or `seconds` are over.

        Args:
            command: the program and its arguments; no shell.
            env: added to the wall's own few variables (PATH, HOME, TMPDIR, LANG).
            seconds: wall clock; then everything that it started is killed.
            stdin: the text on its standard input.
            writable: whether it may change the checkout.
            take: is given each line of its standard output when it is there; from one thread.
        """
        ...

    @property
    def walled(self) -> bool:
        """Whether there is a wall; without one a program sees all that this user sees."""
        ...

    @property
    def desk(self) -> Path:
        """A folder that both sides see, for prompt and answer."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """One run of an engine. `minutes` is its wall clock, `budget` its cost's, in millionths of a dollar."""

    role: Role
    prompt: str
    minutes: float
    budget: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine left behind. The exit status is told, never judged by: `answer` and the checkout count.

    `answer` is the text of the answer, or None when there is none; `fault` then says why, where the engine
    tells. Cost is in millionths of a dollar. `provider` is what ended the run when that was the model's
    provider. `transcript` is what the program did, for people.
    """

    ended: Ended
    answer: str | None
    cost: int = 0
    fault: str | None = None
    provider: ProviderFault | None = None
    transcript: str = ""

    @property
    def missing(self) -> str | None:
        """Why there is no answer, in a sentence; None when there is one."""
        if self.provider is not None:
            until = f", until {self.provider.until:%Y-%m-%d %H:%M:%S} UTC" if self.provider.until else ""
            return f"the model's provider ended the run ({self.provider.kind}{until}): {self.fault}"
        if self.ended.ending == "timeout":
            return f"the clock stopped it after {self.ended.seconds:.0f} s"
        if self.answer is not None:
            return None
        tail = self.ended.output.strip()[-500:]
        return self.fault or f"it left no answer (exit status {self.ended.status}): {tail}"
