"""The grammar of commands: what people write in comments on issues and pull requests.

`/bead NAME ARGUMENTS`, at the start of a line of prose (`prose.py`). `FORMS` is the one table of them: what
is read, what `/bead help` answers and what docs/commands.md says come from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Literal

from bot.beads.authority import Right
from bot.beads.model import BeadType, Complexity, Priority
from bot.beads.prose import prose_lines

COMMANDS = 10
"""How many commands one comment may hold."""
REASON = 300
"""How many characters a reason may have."""
REVISION = 2_000
"""How many characters may say what is to be planned otherwise."""
ALIASES = {"direct": "propose"}
"""Other words for a command's name."""
ISSUES = 20
"""How many issues one command may name."""


class Name(StrEnum):
    """What stands behind `/bead`."""

    READY = "ready"
    HOLD = "hold"
    UNHOLD = "unhold"
    RETRY = "retry"
    STOP = "stop"
    PRIORITY = "priority"
    COMPLEXITY = "complexity"
    BLOCKED_BY = "blocked-by"
    UNBLOCK = "unblock"
    DEFER = "defer"
    TYPE = "type"
    SHAPE = "shape"
    REVIEW = "review"
    MERGE = "merge"
    TAKE = "take"
    GIVE = "give"
    UNDO = "undo"
    ANSWER = "answer"
    FILE = "file"
    PLAN = "plan"
    APPROVE = "approve"
    REVISE = "revise"
    PROPOSE = "propose"
    CHECKIN = "checkin"
    LEAD = "lead"
    UNLEAD = "unlead"
    ACCEPT = "accept"
    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    STATUS = "status"
    WHY = "why"
    COST = "cost"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `text` is a reason or a word (a priority's name, an option's key), `numbers` are issues, a
    count or places in a list, `day` is a date; what the command does not take is empty."""

    name: Name
    text: str = ""
    numbers: tuple[int, ...] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Misread:
    """What begins like a command and is none; `line` says in one sentence what would be."""

    line: str


@dataclass(frozen=True, slots=True)
class Argument:
    """What may stand behind a command's name: how it is written in the help, what is expected in words, an
    example, and how it is read (`text`, `numbers` and `day` of a `Command`; None: it is something else)."""

    written: str
    expected: str
    example: str
    read: Callable[[str], tuple[str, tuple[int, ...], date | None] | None]


Where = Literal["bead", "issue", "merged", "anywhere"]
"""Where a command means something: on an open bead and its pull request, on any open issue, on a bead and its
pull request also when they are over, or on every issue and pull request."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a command is written, what right it needs, where it works, and what it does in one line."""

    argument: Argument
    right: Right
    where: Where
    help: str


def read_commands(body: str) -> tuple[Command | Misread, ...]:
    """The commands of a comment, in their order; of more than `COMMANDS` only that it is too many. Below the
    command that has a review imported stands that review: nothing in it is a command."""
    found: list[Command | Misread] = []
    for line in prose_lines(body):
        if LINE.match(line):
            found.append(_read(line))
            if is_import(found[-1]):
                break
    if len(found) > COMMANDS:
        return (Misread(f"A comment may hold {COMMANDS} commands; this one holds {len(found)}."),)
    return tuple(found)


def is_import(command: Command | Misread) -> bool:
    """Whether it has what is pasted below it read as a check-in."""
    return isinstance(command, Command) and command.name is Name.CHECKIN and bool(command.text)


def may_hold_commands(body: str) -> bool:
    """Whether a comment needs a closer look: a quick test that no comment with commands fails."""
    return MAYBE.search(body) is not None


def usage(name: Name) -> str:
    """How a command is written, like ``/bead hold [REASON]``."""
    return f"/bead {name.value} {FORMS[name].argument.written}".rstrip()


def example(name: Name) -> str:
    """A command with an argument as people would write it."""
    return f"/bead {name.value} {FORMS[name].argument.example}".rstrip()


LINE = re.compile(r"/bead(?=\s|\Z)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
MAYBE = re.compile(r"(?:^|[\r\n])[^\S\r\n]*/bead(?=\s|\Z)", re.IGNORECASE)


def _read(line: str) -> Command | Misread:
    words = line.split(maxsplit=2)[1:]
    if not words:
        return Command(Name.HELP)
    word = words[0].lower().rstrip(".,:;!")
    word = ALIASES.get(word, word)
    if word not in FORMS:
        return Misread(_unknown(words[0]))
    name = Name(word)
    argument = FORMS[name].argument
    read = argument.read(words[1].strip() if len(words) > 1 else "")
    if read is None:
        return Misread(f"`/bead {word}` takes {argument.expected}, for example `{example(name)}`.")
    text, numbers, day = read
    return Command(name, text, numbers, day)


def _unknown(word: str) -> str:
    shown = re.sub(r"[^A-Za-z0-9-]", "", word)[:30]
    said = f"`/bead {shown}`" if shown else "That"
    near = get_close_matches(word.lower(), [name.value for name in Name], n=1, cutoff=0.5)
    if near:
        return f"{said} is no command; did you mean `{usage(Name(near[0]))}`?"
    return f"{said} is no command; `/bead help` lists them all."


# -- arguments ----------------------------------------------------------------------------------------------
def _nothing(said: str) -> tuple[str, tuple[int, ...], None] | None:
    return None if said else ("", (), None)


def _reason(said: str) -> tuple[str, tuple[int, ...], None] | None:
    # Characters that nobody sees have nothing to say to people.
    reason = " ".join("".join(one for one in said if one.isprintable() or one.isspace()).split())
    return (reason, (), None) if len(reason) <= REASON else None


def _revision(said: str) -> tuple[str, tuple[int, ...], None] | None:
    text = " ".join("".join(one for one in said if one.isprintable() or one.isspace()).split())
    return (text, (), None) if 0 < len(text) <= REVISION else None


def _checkin(said: str) -> tuple[str, tuple[int, ...], None] | None:
    word = said.strip().lower()
    return (word, (), None) if word in ("", "import") else None


def _key(said: str) -> tuple[str, tuple[int, ...], None] | None:
    key = said.strip("`.").lower()
    return (key, (), None) if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", key) else None


def _numbers(said: str) -> tuple[str, tuple[int, ...], None] | None:
    words = [word for word in re.split(r"[\s,]+", said) if word]
    found = [re.fullmatch(r"#?([1-9][0-9]{0,9})", word) for word in words]
    numbers = dict.fromkeys(int(one[1]) for one in found if one is not None)
    return ("", tuple(numbers), None) if None not in found and 0 < len(numbers) <= ISSUES else None


def _any_numbers(said: str) -> tuple[str, tuple[int, ...], None] | None:
    return _numbers(said) if said else ("", (), None)


def _count(said: str) -> tuple[str, tuple[int, ...], None] | None:
    return ("", (int(said),), None) if re.fullmatch(r"[1-9][0-9]{0,3}", said) else None


def _day(said: str) -> tuple[str, tuple[int, ...], date] | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
        return None
    try:
        return "", (), date.fromisoformat(said)
    except ValueError:
        return None


def _choice(values: Iterable[str], example: str) -> Argument:
    """One of some words, without regard to case."""
    every = tuple(values)
    spelled = {value.lower(): value for value in every}

    def read(said: str) -> tuple[str, tuple[int, ...], None] | None:
        value = spelled.get(said.lower())
        return None if value is None else (value, (), None)

    return Argument("|".join(every), f"one of {', '.join(every)}", example, read)


NOTHING = Argument("", "nothing behind it", "", _nothing)
WHY = Argument("[REASON]", f"a reason of at most {REASON} characters, or nothing", "the API changes", _reason)
SOME_ISSUES = Argument("#N [#M ...]", f"one to {ISSUES} numbers of issues", "#12", _numbers)
OTHERWISE = Argument(
    "TEXT",
    f"what is to be otherwise, in at most {REVISION} characters",
    "leave the database alone",
    _revision,
)
FOCUS = Argument("[FOCUS]", f"a focus of at most {REASON} characters, or nothing", "the importer", _reason)
IMPORT = Argument("[import]", "nothing, or `import` with a review in the lines below", "import", _checkin)
OPTION = Argument("OPTION", "the key of one of the options", "b", _key)
SOME_PLACES = Argument("[NUMBERS]", "numbers of the list, or nothing for all of it", "1 3", _any_numbers)
DATE = Argument("DATE", "a date as YYYY-MM-DD", "2027-01-31", _day)
COUNT = Argument("N", "a number of beads from 1 to 9999", "5", _count)

FORMS: dict[Name, Form] = {
    Name.READY: Form(
        NOTHING, "release", "issue", "Release it: make it a bead if it is none, and let it be worked on."
    ),
    Name.HOLD: Form(WHY, "hold", "bead", "Keep it from going on; a run under way ends as it would."),
    Name.UNHOLD: Form(NOTHING, "hold", "bead", "Let it go on."),
    Name.RETRY: Form(NOTHING, "release", "bead", "Try again after it was stopped; counting starts anew."),
    Name.STOP: Form(NOTHING, "work", "bead", "End its run now, and hold it."),
    Name.PRIORITY: Form(
        _choice((level.name for level in Priority), "P1"), "steer", "bead", "Say how much it matters."
    ),
    Name.COMPLEXITY: Form(
        _choice((size.value for size in Complexity), "high"), "steer", "bead", "Say how hard it is."
    ),
    Name.TYPE: Form(_choice((kind.value for kind in BeadType), "bug"), "steer", "bead", "Say what it is."),
    Name.BLOCKED_BY: Form(SOME_ISSUES, "steer", "bead", "Let it wait until these issues are closed."),
    Name.UNBLOCK: Form(SOME_ISSUES, "steer", "bead", "Let it wait for these issues no more."),
    Name.DEFER: Form(DATE, "steer", "bead", "Let it wait until that day."),
    Name.SHAPE: Form(NOTHING, "release", "issue", "Draft what is missing in its text, for a yes."),
    Name.ANSWER: Form(OPTION, "release", "bead", "Choose one of the options that it asks about."),
    Name.FILE: Form(SOME_PLACES, "release", "merged", "File what its runs found beside the work as beads."),
    Name.REVIEW: Form(NOTHING, "work", "bead", "Have its pull request reviewed anew."),
    Name.MERGE: Form(
        NOTHING, "merge", "bead", "Say yes where the policy waits for a person; no guard is passed over."
    ),
    Name.TAKE: Form(NOTHING, "hands", "bead", "Take it over: nothing is done to its branch any more."),
    Name.GIVE: Form(NOTHING, "hands", "bead", "Give it back."),
    Name.UNDO: Form(
        NOTHING, "undo", "merged", "Take its merge back: a revert is proposed, and the bead opened again."
    ),
    Name.PLAN: Form(NOTHING, "plan", "issue", "Plan it: beads are proposed, and none is made yet."),
    Name.APPROVE: Form(
        SOME_PLACES, "plan", "bead", "Make the beads that are proposed, or those at these places of the list."
    ),
    Name.REVISE: Form(OTHERWISE, "plan", "bead", "Have it proposed anew, with this in mind."),
    Name.PROPOSE: Form(
        FOCUS, "plan", "issue", "Say where the project stands, and propose one change of its specs."
    ),
    Name.CHECKIN: Form(
        IMPORT, "plan", "issue", "Score the project with evidence, or read a review that somebody else made."
    ),
    Name.LEAD: Form(NOTHING, "plan", "bead", "Give a whole epic to one worker: one branch, one PR."),
    Name.UNLEAD: Form(NOTHING, "plan", "bead", "Let the beads of an epic go each by itself again."),
    Name.ACCEPT: Form(WHY, "plan", "bead", "Let an epic end with what is left open of it."),
    Name.PAUSE: Form(WHY, "pace", "anywhere", "Begin nothing more in this repository."),
    Name.RESUME: Form(NOTHING, "pace", "anywhere", "Go on in this repository."),
    Name.RUN: Form(COUNT, "pace", "anywhere", "Begin so many beads, then pause."),
    Name.STATUS: Form(NOTHING, "ask", "bead", "Show where it stands."),
    Name.WHY: Form(NOTHING, "ask", "bead", "Say every reason why it does not go on, and the fact behind it."),
    Name.COST: Form(NOTHING, "ask", "bead", "Say what it has cost."),
    Name.HELP: Form(NOTHING, "ask", "anywhere", "List the commands."),
}
"""Every command, in the order in which the help lists them."""

assert set(FORMS) == set(Name)
