"""What a plan is checked against: the open beads, and where there is a checkout, its files and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.beads.graph import Node


@dataclass(frozen=True, slots=True)
class OpenBead:
    """A bead that is there already, with its edges; `files` are the paths that its text names."""

    node: Node
    title: str
    outcome: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is true beside the plan.

    Args:
        issue: the number of the issue that is planned. The beads of the plan become its children; a plan of
            one bead becomes the issue itself.
        beads: the open beads; the issue itself and its open children may be among them.
        closed: the issues that are known to be closed.
        files: the paths of the base commit; None where they are not known (nothing is said of files then).
        specs: the headings of every document by path; None where they are not known.
        reconcile_from: from how many beads that work on a plan ends in one that reconciles.
    """

    issue: int
    beads: tuple[OpenBead, ...] = ()
    closed: frozenset[int] = frozenset()
    files: frozenset[str] | None = None
    specs: Mapping[str, tuple[str, ...]] | None = None
    reconcile_from: int = 4
