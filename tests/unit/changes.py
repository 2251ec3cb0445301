"""Changes of specs: sound ones, and a corpus of faulty ones, each with one fault that its name tells.

`ours` is the finding that our own checks must give, `validate` and `archive` are whether the CLI must refuse:
`None` where what it says does not count, because something else refuses before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.beads.direction import Change, ChangeFile

SPEC = """\
# greeting Specification

## Purpose
Says how people are greeted by the program, in every language that it knows of today.

## Requirements
### Requirement: Greets by name
The program SHALL greet whoever it is told the name of.

#### Scenario: A name is given
- **WHEN** it is started with a name
- **THEN** it prints a greeting with that name

### Requirement: Ends well
The program SHALL exit with status 0 after a greeting.

#### Scenario: After a greeting
- **WHEN** it has printed a greeting
- **THEN** its exit status is 0

### Requirement: Greets twice
The program SHALL greet once more when it is told to.

#### Scenario: Twice is asked for
- **WHEN** it is started with `--twice`
- **THEN** it prints two greetings
"""
WHY = "People who speak German use the program daily, and want to be greeted in their own language."
PROPOSAL = f"## Why\n{WHY}\n\n## What Changes\n- A flag chooses the language.\n"
DESIGN = "## Context\nOne flag; nothing else changes.\n"
TASKS = "## 1. The flag\n- [ ] 1.1 Add it\n- [ ] 1.2 Test it\n"
ADDED = """\
## ADDED Requirements
### Requirement: Greets in German
The program SHALL greet in German when it is told to.

#### Scenario: German is asked for
- **WHEN** it is started with `--german`
- **THEN** it prints a German greeting
"""
MODIFIED = """\
## MODIFIED Requirements
### Requirement: Greets by name
The program SHALL greet politely whoever it is told the name of.

#### Scenario: A name is given
- **WHEN** it is started with a name
- **THEN** it prints a polite greeting with that name
"""
PLACE = "specs/greeting/spec.md"
RENAMED = "## RENAMED Requirements\n- FROM: `### Requirement: {}`\n- TO: `### Requirement: {}`\n"
REMOVED = "## REMOVED Requirements\n### Requirement: {}\n**Reason**: Nobody wants it.\n"
ALLOWED = (
    "a change holds proposal.md, design.md, tasks.md and specs/NAME/spec.md, by their path below its folder,"
    " and nothing else"
)
TREE: Mapping[str, str] = {
    "openspec/specs/greeting/spec.md": SPEC,
    "openspec/changes/archive/2026-01-02-greet-at-all/proposal.md": "",
}
OPEN: Mapping[str, str] = {
    **TREE,
    "openspec/changes/be-polite/proposal.md": PROPOSAL,
    "openspec/changes/be-polite/design.md": DESIGN,
    "openspec/changes/be-polite/tasks.md": TASKS,
    f"openspec/changes/be-polite/{PLACE}": MODIFIED,
}


def change(name: str = "greet-in-german", **files: str | None) -> Change:
    """The sound change with other files: `proposal`, `design`, `tasks`, `spec`, or None for none."""
    paths = {"proposal": "proposal.md", "design": "design.md", "tasks": "tasks.md", "spec": PLACE}
    texts = {"proposal": PROPOSAL, "design": DESIGN, "tasks": TASKS, "spec": ADDED, **files}
    listed = tuple(ChangeFile(path=paths[key], text=text) for key, text in texts.items() if text is not None)
    return Change(name=name, title="Greet in German", files=listed)


def with_file(path: str, text: str = "Notes.\n") -> Change:
    """The sound change with one file more."""
    return change().model_copy(update={"files": (*change().files, ChangeFile(path=path, text=text))})


SOUND: Mapping[str, Change] = {
    "adds": change(),
    "modifies, renames and removes": change(
        "be-brief",
        spec=MODIFIED + RENAMED.format("Ends well", "Ends") + REMOVED.format("Greets twice"),
    ),
}


@dataclass(frozen=True)
class Faulty:
    """One change with one fault."""

    change: Change
    ours: str | None = None
    validate: bool | None = False
    archive: bool | None = False
    tree: Mapping[str, str] = field(default_factory=lambda: TREE)


FAULTY: Mapping[str, Faulty] = {
    "modifies what is not there": Faulty(
        change(spec=MODIFIED.replace("by name", "by nickname")),
        f"{PLACE}: it modifies 'Greets by nickname', which openspec/{PLACE} does not hold",
        archive=True,
    ),
    "modifies in another case": Faulty(
        change(spec=MODIFIED.replace("by name", "By Name")),
        f"{PLACE}: it modifies 'Greets By Name', which openspec/{PLACE} does not hold",
        archive=True,
    ),
    "removes what is not there": Faulty(
        change(spec=REMOVED.format("Greets everybody")),
        f"{PLACE}: it removes 'Greets everybody', which openspec/{PLACE} does not hold",
        archive=True,
    ),
    "renames what is not there": Faulty(
        change(spec=RENAMED.format("Greets everybody", "Greets all")),
        f"{PLACE}: it renames 'Greets everybody', which openspec/{PLACE} does not hold",
        archive=True,
    ),
    "renames to what is there": Faulty(
        change(spec=RENAMED.format("Greets by name", "Ends well")),
        f"{PLACE}: it renames 'Greets by name' to 'Ends well', which openspec/{PLACE} holds already",
        archive=True,
    ),
    "adds what is there": Faulty(
        change(spec=ADDED.replace("in German\n", "by name\n", 1)),
        f"{PLACE}: it adds 'Greets by name', which openspec/{PLACE} holds already",
        archive=True,
    ),
    "two changes modify one requirement": Faulty(
        change("greet-kindly", spec=MODIFIED),
        f"{PLACE}: 'Greets by name' is changed by openspec/changes/be-polite as well; archive that one first,"
        " or leave this requirement out",
        tree=OPEN,
    ),
    "a reason of a few words": Faulty(
        change(proposal=PROPOSAL.replace(WHY, "It is nice.")),
        "proposal.md: `## Why` has 11 characters; it takes 50 to 1,000",
    ),
    "a reason without an end": Faulty(
        change(proposal=PROPOSAL.replace(WHY, "Why? " * 250)),
        "proposal.md: `## Why` has 1249 characters; it takes 50 to 1,000",
    ),
    "no reason": Faulty(
        change(proposal=PROPOSAL.replace("## Why", "## Because")), "proposal.md: it has no section `## Why`"
    ),
    "nothing that changes": Faulty(
        change(proposal=PROPOSAL.split("## What")[0]),
        "proposal.md: it has no section `## What Changes` that says something",
    ),
    "no proposal": Faulty(change(proposal=None), "proposal.md is missing"),
    "no design": Faulty(change(design=None), "design.md is missing"),
    "no tasks": Faulty(change(tasks=None), "tasks.md is missing"),
    "tasks without checkboxes": Faulty(
        change(tasks=TASKS.replace("[ ] ", "")),
        "tasks.md: no line is a checkbox, like `- [ ] 1.1 Do this`",
        validate=True,
    ),
    "a task that is done": Faulty(
        change(tasks=TASKS.replace("[ ]", "[x]", 1)),
        "tasks.md: a task is ticked off, and nothing of a proposal is done yet",
    ),
    "no delta": Faulty(
        change(spec=None),
        "it changes no specification: there is no specs/NAME/spec.md",
        validate=True,
    ),
    "a delta that says nothing": Faulty(
        change(spec="# Nothing yet\n"),
        f"{PLACE}: it adds, modifies, removes and renames nothing",
        validate=True,
    ),
    "a delta in a code fence": Faulty(
        change(spec=f"```\n{ADDED}```\n"),
        f"{PLACE}: it adds, modifies, removes and renames nothing",
        validate=True,
    ),
    "a requirement without scenario": Faulty(
        change(spec=ADDED.partition("####")[0]),
        f"{PLACE}: requirement 'Greets in German' has no `#### Scenario:`",
        validate=True,
    ),
    "a scenario without WHEN": Faulty(
        change(spec=ADDED.replace("**WHEN** it", "It")),
        f"{PLACE}: scenario 'German is asked for' of 'Greets in German' says no WHEN",
    ),
    "a scenario without THEN": Faulty(
        change(spec=ADDED.replace("**THEN** it", "It")),
        f"{PLACE}: scenario 'German is asked for' of 'Greets in German' says no THEN",
    ),
    "a requirement twice": Faulty(
        change(spec=ADDED + ADDED.partition("\n")[2]),
        f"{PLACE}: 'Greets in German' is named 2 times",
        validate=True,
    ),
    "modified and removed": Faulty(
        change(spec=MODIFIED + REMOVED.format("Greets by name")),
        f"{PLACE}: 'Greets by name' is named 2 times",
        validate=True,
    ),
    "characters that nobody sees": Faulty(
        change(design=DESIGN + "\u202e"), "design.md: it holds characters that cannot be seen"
    ),
    "a file outside": Faulty(
        with_file("../../../README.md"),
        f"'../../../README.md': {ALLOWED}",
        None,
        None,
    ),
    "a file too many": Faulty(
        with_file("specs/greeting/notes.md"),
        f"'specs/greeting/notes.md': {ALLOWED}",
        None,
        None,
    ),
    "a file twice": Faulty(with_file(PLACE, MODIFIED), f"'{PLACE}': it is there twice", None, None),
    "a name that was": Faulty(
        change("greet-at-all"),
        "a change named 'greet-at-all' is there already, or was: choose another name",
        None,
        None,
    ),
    "a repository without specs": Faulty(
        change(),
        "the repository keeps no specs in openspec/, so there is nothing that could be changed",
        None,
        None,
        {},
    ),
    "no SHALL": Faulty(change(spec=ADDED.replace("SHALL greet", "greets")), validate=True),
    "a modification that drops a scenario": Faulty(
        change(spec=MODIFIED.replace("A name is given", "Another")), validate=True
    ),
    "a requirement without text": Faulty(
        change(spec=ADDED.replace("The program SHALL greet in German when it is told to.\n\n", "")),
        validate=True,
    ),
}
