"""What a benchmark gives, and how all of them are printed: one figure a line beside its budget."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `budget` is DESIGN section 10's in the same unit; None where it has none."""

    what: str
    value: float
    unit: str
    budget: float | None = None


def median_ms(runs: int, work: Callable[[], object]) -> float:
    """The median time of `work` in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def print_table(figures: Iterable[Figure]) -> None:
    """One line a figure, as they come; a figure over its budget says so."""
    for figure in figures:
        budget = f"budget {figure.budget:g}" if figure.budget is not None else ""
        over = figure.budget is not None and figure.value > figure.budget
        value = f"{figure.value:10.1f} {figure.unit}"
        print(f"{figure.what:<66} {value:<16} {budget:<12}{' over' if over else ''}".rstrip(), flush=True)
