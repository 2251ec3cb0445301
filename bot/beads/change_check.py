"""Everything that is wrong with a proposed change of the specs, as far as code can tell. Pure.

`openspec validate --strict` and a trial `openspec archive` are asked as well, where a program can be run;
what those two let pass is written in docs/design/direction.md and held here. Every finding is one sentence
that names its place; none hides others, but for files that lie where none may.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from bot.beads.direction import Change
from bot.beads.openspec import (
    ROOT,
    Delta,
    Requirement,
    change_names,
    open_changes,
    read_delta,
    specifications,
)
from bot.beads.visible_text import show_hidden

DELTA = re.compile(r"specs/([a-z0-9]+(?:-[a-z0-9]+)*)/spec\.md")
DOCUMENTS = ("proposal.md", "design.md", "tasks.md")
WHY = (50, 1_000)
"""How many characters the proposal's `## Why` has, at least and at most."""
HEADING = re.compile(r"^##\s+(.+?)\s*#*$", re.MULTILINE)
BOX = re.compile(r"^\s*[-*+]\s+\[( |x|X)\]\s+\S", re.MULTILINE)


def check_change(change: Change, tree: Mapping[str, str]) -> tuple[str, ...]:
    """Everything that forbids to propose a change; nothing is a pass.

    Args:
        change: the proposed files, by their path below the change's folder.
        tree: the texts below `openspec/` on the base, by their path from the repository's root; of what is
            archived only the paths count.
    """
    places = misplaced(change, tree)
    if places:
        return places
    files = {file.path: file.text for file in change.files}
    deltas = {found[1]: read_delta(text) for path, text in files.items() if (found := DELTA.fullmatch(path))}
    return (
        *(f"{name} is missing" for name in DOCUMENTS if not files.get(name, "").strip()),
        *(f"{path}: it holds characters that cannot be seen" for path in files if _hides(files[path])),
        *_proposal(files.get("proposal.md", "")),
        *_tasks(files.get("tasks.md", "")),
        *(("it changes no specification: there is no specs/NAME/spec.md",) if not deltas else ()),
        *(fault for name, delta in deltas.items() for fault in _alone(name, delta)),
        *_against(deltas, specifications(tree)),
        *_together(deltas, open_changes(tree)),
    )


def misplaced(change: Change, tree: Mapping[str, str]) -> tuple[str, ...]:
    """Why a change may not even be written down: where it would lie, or what is there already."""
    if not any(path.startswith(ROOT) for path in tree):
        return ("the repository keeps no specs in openspec/, so there is nothing that could be changed",)
    return tuple(_places(change, tree))


def _places(change: Change, tree: Mapping[str, str]) -> Iterator[str]:
    if change.name == "archive" or change.name in change_names(tree):
        yield f"a change named {change.name!r} is there already, or was: choose another name"
    paths = [file.path for file in change.files]
    for path in dict.fromkeys(paths):
        if path not in DOCUMENTS and not DELTA.fullmatch(path):
            allowed = "proposal.md, design.md, tasks.md and specs/NAME/spec.md"
            yield f"{path!r}: a change holds {allowed}, by their path below its folder, and nothing else"
    yield from (f"{path!r}: it is there twice" for path, count in Counter(paths).items() if count > 1)


def _hides(text: str) -> bool:
    return show_hidden(text) != text


def _proposal(text: str) -> Iterator[str]:
    sections = _sections(text)
    if not text.strip():
        return
    why = sections.get("why")
    if why is None:
        yield "proposal.md: it has no section `## Why`"
    elif not WHY[0] <= len(why) <= WHY[1]:
        yield f"proposal.md: `## Why` has {len(why)} characters; it takes {WHY[0]} to {WHY[1]:,}"
    if not sections.get("what changes"):
        yield "proposal.md: it has no section `## What Changes` that says something"


def _sections(text: str) -> dict[str, str]:
    parts = HEADING.split(text)
    return {title.lower(): body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def _tasks(text: str) -> Iterator[str]:
    boxes = BOX.findall(text)
    if text.strip() and not boxes:
        yield "tasks.md: no line is a checkbox, like `- [ ] 1.1 Do this`"
    if any(box != " " for box in boxes):
        yield "tasks.md: a task is ticked off, and nothing of a proposal is done yet"


def _alone(spec: str, delta: Delta) -> Iterator[str]:
    """What a delta says that holds whatever it is laid upon."""
    place = f"specs/{spec}/spec.md"
    if delta == Delta():
        yield f"{place}: it adds, modifies, removes and renames nothing"
    written = (*delta.added, *delta.modified)
    for one in written:
        if not one.scenarios:
            yield f"{place}: requirement {one.name!r} has no `#### Scenario:`"
        for scenario in one.scenarios:
            lacking = [step for step in ("WHEN", "THEN") if step not in scenario.steps]
            if lacking:
                steps = " and no ".join(lacking)
                yield f"{place}: scenario {scenario.name!r} of {one.name!r} says no {steps}"
    names = Counter([*(one.name for one in written), *delta.removed])
    yield from (f"{place}: {name!r} is named {count} times" for name, count in names.items() if count > 1)


def _against(deltas: Mapping[str, Delta], specs: Mapping[str, tuple[Requirement, ...]]) -> Iterator[str]:
    """What a delta takes for granted and is not so."""
    for spec, delta in deltas.items():
        place = f"specs/{spec}/spec.md"
        there = {one.name for one in specs.get(spec, ())}
        where = f"openspec/specs/{spec}/spec.md"
        renamed = {new: old for old, new in delta.renamed}
        after = (there - {*renamed.values()} - {*delta.removed}) | {*renamed}
        for verb, names in (
            ("removes", delta.removed),
            ("renames", tuple(renamed.values())),
            ("modifies", tuple(one.name for one in delta.modified if one.name not in renamed)),
        ):
            yield from (
                f"{place}: it {verb} {name!r}, which {where} does not hold"
                for name in names
                if name not in there
            )
        yield from (
            f"{place}: it adds {one.name!r}, which {where} holds already"
            for one in delta.added
            if one.name in after
        )
        yield from (
            f"{place}: it renames {old!r} to {new!r}, which {where} holds already"
            for new, old in renamed.items()
            if new in there
        )


def _together(deltas: Mapping[str, Delta], others: Mapping[str, Mapping[str, Delta]]) -> Iterator[str]:
    """What another change that is open does as well: whichever is archived later undoes the other."""
    for other, theirs in others.items():
        for spec, delta in deltas.items():
            known = theirs.get(spec, Delta())
            added = {one.name for one in delta.added} & {one.name for one in known.added}
            both = [name for name in dict.fromkeys(delta.touched) if name in known.touched]
            for name in (*both, *sorted(added)):
                yield (
                    f"specs/{spec}/spec.md: {name!r} is changed by openspec/changes/{other} as well;"
                    " archive that one first, or leave this requirement out"
                )
