"""Trying assumptions, one after another, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.github.assumptions.registry import Assumption, Broken, Untold
from bot.github.assumptions.scratch import Scratch


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an assumption holds; None when it could not be told, and `detail` says why."""

    assumption: Assumption
    holds: bool | None
    detail: str = ""

    def as_json(self) -> dict[str, object]:
        """For `beadwright probe --json`."""
        return {
            "id": self.assumption.id,
            "source": self.assumption.source,
            "holds": self.holds,
            "detail": self.detail,
        }


def look(world: Scratch, assumption: Assumption) -> Finding:
    """Try one assumption. What GitHub answers unexpectedly is no proof of anything but that it does not
    hold."""
    missing = [need.value for need in assumption.needs if world.missing(need)]
    if missing:
        return Finding(assumption, None, f"needs {' and '.join(missing)}")
    try:
        assumption.check(world)
    except Untold as why:
        return Finding(assumption, None, str(why))
    except Broken as seen:
        return Finding(assumption, False, str(seen))
    except (LookupError, TypeError, AttributeError) as error:
        return Finding(assumption, False, f"an answer of another shape: {type(error).__name__}: {error}")
    return Finding(assumption, True)


def probe(world: Scratch, assumptions: Iterable[Assumption]) -> Iterator[Finding]:
    """Try them all, as they come."""
    for assumption in assumptions:
        yield look(world, assumption)
