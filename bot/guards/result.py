"""What a guard finds, and what all of them add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.beads.tables import table_row

State = Literal["pass", "wait", "unknown", "block"]
WORST_LAST: tuple[State, ...] = ("pass", "wait", "unknown", "block")
MARKS: dict[State, str] = {"pass": "✅", "wait": "⏳", "unknown": "❔", "block": "⛔"}


@dataclass(frozen=True, slots=True)
class GuardResult:
    """One guard's answer; `reason` is one line that names the facts it rests on."""

    name: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class GuardReport:
    """Every guard's answer, in the order in which they are shown."""

    results: tuple[GuardResult, ...]

    @property
    def merges(self) -> bool:
        """Whether the pull request may be merged: every guard passes, and there is at least one."""
        return bool(self.results) and all(result.state == "pass" for result in self.results)

    @property
    def state(self) -> State:
        """The worst state: ``block``, then ``unknown``, then ``wait``. Without any result it is unknown."""
        return max((result.state for result in self.results), key=WORST_LAST.index, default="unknown")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it does not merge, one line for each guard that does not pass."""
        return tuple(f"{result.name}: {result.reason}" for result in self.results if result.state != "pass")

    def table(self) -> str:
        """A Markdown table of all guards."""
        rows = (
            table_row((f"{MARKS[result.state]} {result.state}", result.name, " ".join(result.reason.split())))
            for result in self.results
        )
        return "\n".join(("| | guard | why |", "|---|---|---|", *rows))


def quoted(names: Iterable[str]) -> str:
    """Other people's words as code spans: they ping nobody, link nowhere and close nothing."""
    return ", ".join(f"`{' '.join(name.replace('`', ' ').split()) or '?'}`" for name in names)
