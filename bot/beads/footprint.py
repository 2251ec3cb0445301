"""What the beads of a plan touch: files that are there, files that they add, sections that they serve, and
where two of them touch the same without one waiting for the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import combinations

from bot.beads.plan import PlannedBead
from bot.beads.plan_edges import PlanEdges
from bot.beads.plan_fault import FaultCode, PlanFault, beads
from bot.beads.spec_sections import anchor, cited
from bot.beads.visible_text import one_line


def footprint_faults(edges: PlanEdges) -> Iterator[PlanFault]:
    """What is wrong with what the beads touch. Files and sections are looked for where they are known."""
    yield from _paths(edges)
    yield from _created(edges)
    if edges.facts.files is not None:
        yield from _files(edges, edges.facts.files)
    yield from _sections(edges)
    yield from _overlaps(edges)


def plain(path: str) -> str:
    """A path as git has it: without `./` before it and a slash behind."""
    return one_line(path).strip("`").removeprefix("./").rstrip("/")


def files_of(bead: PlannedBead) -> frozenset[str]:
    """All the files that a bead changes or adds."""
    return frozenset(plain(path) for path in (*bead.files, *bead.creates))


def interfaces_of(bead: PlannedBead) -> frozenset[str]:
    """The interfaces that a bead brings or rests on, as two beads would spell them alike."""
    return frozenset(one_line(one).strip("` ").casefold() for one in bead.interfaces)


def shared(one: PlannedBead, other: PlannedBead) -> tuple[str, ...]:
    """The files that two beads touch, the innermost where one names a folder that the other's file is in."""
    mine, theirs = files_of(one), files_of(other)
    found = mine & theirs
    found |= {path for path in mine if any(path.startswith(f"{folder}/") for folder in theirs)}
    found |= {path for path in theirs if any(path.startswith(f"{folder}/") for folder in mine)}
    return tuple(sorted(found))


def _paths(edges: PlanEdges) -> Iterator[PlanFault]:
    for place, bead in enumerate(edges.planned, start=1):
        for path in (*bead.files, *bead.creates):
            if not plain(path) or path.startswith("/") or "\\" in path or ".." in path.split("/"):
                text = f"Bead {place} names `{path}`, no path within the repository: write one from its root."
                yield PlanFault(FaultCode.PATH, (place,), text)


def _created(edges: PlanEdges) -> Iterator[PlanFault]:
    for path, places in _makers(edges.planned).items():
        if path in (edges.facts.files or ()):
            text = f"`{path}`, which {beads(places)} would add, is there: name it in `files` instead."
            yield PlanFault(FaultCode.CREATED, tuple(places), text)
        elif len(places) > 1:
            text = (
                f"{beads(places).capitalize()} would all add `{path}`: let one add it, and name it in `files`"
            )
            yield PlanFault(FaultCode.CREATED, tuple(places), f"{text} of what comes after.")


def _files(edges: PlanEdges, known: frozenset[str]) -> Iterator[PlanFault]:
    there = known | {folder for path in known for folder in _folders(path)}
    open_ = {bead.node.number: frozenset(map(plain, bead.files)) for bead in edges.facts.beads}
    makers = _makers(edges.planned)
    for place, bead in enumerate(edges.planned, start=1):
        before = edges.before[place] | {place}
        waited = {number for other in before for number in edges.planned[other - 1].blocked_by}
        for path in dict.fromkeys(map(plain, bead.files)):
            makes = makers.get(path, [])
            if (
                path in there
                or before.intersection(makes)
                or any(path in open_.get(one, ()) for one in waited)
            ):
                continue
            if makes:
                text = f"Bead {place} changes `{path}`, which {beads(makes)} adds: name that in its `after`."
            else:
                close = _close(path, known)
                meant = f" (`{close}` is)" if close else ""
                text = (
                    f"Bead {place} changes `{path}`, which is not there{meant}, and no bead before adds it:"
                    " name a file that is there, or add it in `creates`."
                )
            yield PlanFault(FaultCode.FILE, (place,), text)


def _close(path: str, known: frozenset[str]) -> str | None:
    """What may have been meant: a file of the same folder that is called nearly so, or of the same name."""
    folder, _, name = path.rpartition("/")
    beside = [other for other in known if other.rpartition("/")[0] == folder]
    same = [other for other in sorted(known) if other.rpartition("/")[2] == name]
    return next(iter([*get_close_matches(path, beside, n=1, cutoff=0.8), *same]), None)


def _folders(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _sections(edges: PlanEdges) -> Iterator[PlanFault]:
    for place, bead in enumerate(edges.planned, start=1):
        before = [edges.planned[other - 1] for other in edges.before[place] | {place}]
        added = {plain(path) for one in before for path in one.creates}
        for section in dict.fromkeys(bead.specs):
            path, heading = cited(section)
            if not heading or not path:
                text = f"Bead {place} cites `{section}` without a section: write `path#heading`."
                yield PlanFault(FaultCode.SPEC, (place,), text)
            elif edges.facts.specs is not None and plain(path) not in added:
                yield from _section(place, path, heading, edges.facts.specs.get(plain(path)))


def _section(place: int, path: str, heading: str, known: tuple[str, ...] | None) -> Iterator[PlanFault]:
    if known is None:
        text = (
            f"Bead {place} cites `{path}`, which is not there: cite a document of this repository, or none."
        )
        yield PlanFault(FaultCode.SPEC, (place,), text)
    elif heading not in {anchor(one) for one in known}:
        close = get_close_matches(heading, [anchor(one) for one in known], n=3, cutoff=0.4)
        meant = ", ".join(f"`{one}`" for one in close)
        text = f"Bead {place} cites `{path}#{heading}`, and there is no such heading"
        yield PlanFault(
            FaultCode.SPEC,
            (place,),
            f"{text}: cite {f'one that is there, such as {meant}' if meant else 'none'}.",
        )


def _overlaps(edges: PlanEdges) -> Iterator[PlanFault]:
    for (first, one), (other, two) in combinations(enumerate(edges.planned, start=1), 2):
        both = [f"`{path}`" for path in shared(one, two)]
        both += [f"the interface `{name}`" for name in sorted(interfaces_of(one) & interfaces_of(two))]
        if both and not edges.in_order(first, other):
            text = f"Beads {first} and {other} both touch {', '.join(both)}, and neither waits for the other"
            yield PlanFault(
                FaultCode.OVERLAP, (first, other), f"{text}: let one wait (`after`), or part them."
            )


def _makers(planned: tuple[PlannedBead, ...]) -> dict[str, list[int]]:
    """The places of the beads that add each file."""
    makers: dict[str, list[int]] = defaultdict(list)
    for place, bead in enumerate(planned, start=1):
        for path in dict.fromkeys(map(plain, bead.creates)):
            makers[path].append(place)
    return makers
