"""What is missing in a chain from requirement to merge: each link that should be there and is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.beads.trace_facts import Facts, SpecIndex, TracedPull
from bot.beads.trace_graph import Chain, epics_of, pulls_of, reach, taken_back

SHORT = 12
"""How many characters of a commit are shown."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A link that should be there and is not; `about` is the node where it is missed, `what` says it in words
    that go on from the node's name."""

    about: str
    what: str


def gaps_of(facts: Facts, known: Chain) -> tuple[Gap, ...]:
    """Everything that is missing, in the order of the chain."""
    found = (*_of_sections(facts), *_of_asked(facts, known), *_of_beads(facts), *_of_pulls(facts, known))
    return tuple(dict.fromkeys(found))


def _of_sections(facts: Facts) -> Iterator[Gap]:
    """What is cited and is not there."""
    sections = SpecIndex(facts.sections)
    for bead in facts.beads:
        for path, where in bead.specs:
            there = sections.find(path, where) is not None if where else path in sections.paths
            if path in facts.documents and not there:
                yield Gap(
                    sections.name(path, where), f"is cited by #{bead.number} and is not in the repository"
                )


def _of_asked(facts: Facts, known: Chain) -> Iterator[Gap]:
    """Requirements and criteria that no bead, or no test, answers."""
    steps, epics = known.steps(forward=True), epics_of(facts)
    for name, node in known.nodes.items():
        if node.kind not in ("requirement", "criterion"):
            continue
        kinds = {known.nodes[one].kind for one in reach(steps, name)}
        of = name[1:].partition(".")[0]
        own = node.kind == "criterion" and int(of) not in epics
        if "bead" not in kinds and not own:
            yield Gap(name, "is cited by no bead" if node.kind == "requirement" else "is served by no bead")
        elif "test" not in kinds:
            yield Gap(name, "is shown by no test that is known")


def _of_beads(facts: Facts) -> Iterator[Gap]:
    epics, pulls = epics_of(facts), pulls_of(facts)
    for bead in facts.beads:
        if bead.number in epics or not bead.delivers:
            continue
        states = {pull.state for pull in pulls[bead.number]}
        if not states:
            yield Gap(f"#{bead.number}", f"has no pull request: none is on the branch bead/{bead.number}")
        elif states == {"closed"}:
            yield Gap(f"#{bead.number}", "has a pull request that was closed and not merged")
        elif not bead.open and "merged" not in states:
            yield Gap(f"#{bead.number}", "is closed, and nothing of it is merged")


def _of_pulls(facts: Facts, known: Chain) -> Iterator[Gap]:
    beads, undone = {bead.number for bead in facts.beads}, taken_back(facts.pulls)
    for pull in facts.pulls:
        yield from _of_pull(facts, pull, beads, undone.get(pull.number))
    reached = {link.target for link in known.links}
    for commit in facts.commits:
        if commit.oid not in reached:
            yield Gap(commit.oid, "belongs to no pull request and names no bead")


def _of_pull(facts: Facts, pull: TracedPull, beads: set[int], by: int | None) -> Iterator[Gap]:
    name = f"#{pull.number}"
    if by is not None:
        yield Gap(name, f"was taken back by #{by}: what it did is not on {facts.base} any more")
    if pull.state == "merged" and pull.on_base is False:
        yield Gap(name, f"was merged as {(pull.commit or '')[:SHORT]}, which is not on {facts.base}")
    if pull.state != "closed" and pull.reverts is None:
        if not pull.tests and not pull.proposes:
            yield Gap(name, "changes no test")
        if pull.bead not in beads:
            yield Gap(name, "belongs to no bead")
