"""An epic as its reconciliation and its report meet it: what it asks for, and what was merged for it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.beads.coverage_check import Built
from bot.beads.labels import parse_labels
from bot.beads.model import BeadType
from bot.beads.policy import Policy
from bot.beads.requirements import Asking, requirements_of
from bot.coordinator.job_port import EpicBead, EpicFacts
from bot.jobs.git import Git
from bot.jobs.planning_material import base_files

COMMITS = 5_000
"""How many commits of the base branch, the last ones, may be named as evidence."""
CLOSING = (BeadType.RECONCILE, BeadType.REPORT)
"""Beads that end an epic and ask for nothing of their own."""


def working(epic: EpicFacts, policy: Policy) -> tuple[EpicBead, ...]:
    """The beads that do the epic's work: none that only ends it, and none that somebody dropped."""
    return tuple(one for one in epic.beads if kind_of(one, policy) not in CLOSING and not one.dropped)


def kind_of(bead: EpicBead, policy: Policy) -> BeadType:
    """What kind of bead it is, by its labels."""
    return parse_labels(bead.labels, policy.spelling).type


def built(epic: EpicFacts, policy: Policy, git: Git, base: str) -> Built:
    """What an epic asks for and what was merged for it, by GitHub and the base commit. Raises GitFault."""
    beads = working(epic, policy)
    every: tuple[EpicFacts | EpicBead, ...] = (epic, *beads)
    asking = (Asking(one.number, one.title, one.body) for one in every)
    pulls = {
        one.number: tuple(pull.number for pull in one.pulls if git.contains(pull.commit, base))
        for one in every
    }
    merged = [pull.commit for one in every for pull in one.pulls if pull.number in pulls[one.number]]
    last = git.text("rev-list", f"--max-count={COMMITS}", base).splitlines()
    return Built(
        epic=epic.number,
        asked=requirements_of(asking, lambda path: document(git, base, path)),
        pulls=pulls,
        commits=tuple(dict.fromkeys((*merged, *last))),
        files=base_files(git, base),
    )


def document(git: Git, base: str, path: str) -> str | None:
    """The text of a file of the base commit that an issue names, or None."""
    if not path or path.startswith("/") or ".." in path.split("/"):
        return None
    return git.file(base, path)


def documents(git: Git, base: str, paths: Iterable[str]) -> dict[str, str]:
    """The texts of files of the base commit; what is not there is left out."""
    found = {path: document(git, base, path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}
