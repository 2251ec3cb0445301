"""What the beads of a plan say: whether a worker who reads nothing else can do each, and nobody is misled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

from bot.beads.body import HEADINGS, BeadBody, missing, parse_body, render_body
from bot.beads.imperative import is_imperative
from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_fault import FaultCode, PlanFault
from bot.beads.planned_body import body_of
from bot.beads.visible_text import one_line

TITLE = 72
"""A title is shorter than this, in characters."""
LONGEST = 20_000
"""How many characters the body of a planned bead may have."""

CODE = re.compile(r"(?ms)^(```|~~~).*?^\1|`[^`\n]*`")
COMMAND = re.compile(r"(?im)^[ \t>*+-]*/bead(?:wright)?\b.*")
COMMENT = re.compile(r"<!--")
NOWHERE = re.compile(
    r"""(?ix) \b (?:
      as \s (?:we \s |was \s |already \s |previously \s |has \s been \s )*
        (?: discussed | agreed | talked \s about ) (?! \s (?:in|on|at) \s (?:[`#\[] | https?:) )
    | (?: described | discussed | explained | mentioned | noted | outlined | said | shown | stated ) \s
        (?: above | before | earlier | previously )
    | (?: see | per ) \s above
    | the \s (?: above | above-mentioned | aforementioned )
    | the \s usual \s
        (?: approach | fashion | manner | pattern | places? | process | steps | style | things? | ways? )
    | as \s usual
    | like \s (?: always | before | last \s time )
    | same \s as \s (?: above | always | last \s time | usual )
    | same \s way \s as \s before
    | as \s you \s know | you \s know \s (?: how | what | which )
    | (?: our | my | your ) \s (?: earlier | last | previous | recent ) \s
        (?: call | chat | conversation | discussion | meeting )
    | the \s (?: earlier | previous | recent ) \s discussion
    | (?: we | you ) \s (?: discussed | talked \s about | spoke \s about | agreed \s (?:on|to|that) )
    | (?: as | see | per ) \s (?: in \s | per \s )? (?: the | our ) \s
        (?: call | chat | conversation | discussion | meeting | thread )
        (?! \s (?:in|on|at) \s (?:[`#\[] | https?:) )
    | (?: see | from | in | by | of | after | as ) \s beads? \s [0-9]+
    ) \b"""
)
"""Words that point to what a worker has never seen: a talk, a custom, another bead by its place. White space
is one space each where they are looked for."""


def word_faults(plan: PlanAnswer) -> Iterator[PlanFault]:
    """What is wrong with what each bead says."""
    for place, bead in enumerate(plan.beads, start=1):
        yield from _title(place, bead.title)
        body = body_of(bead, plan.acceptance)
        yield from _unsaid(place, body)
        for name, text in _texts(bead):
            yield from _text(place, name, text)
        yield from _form(place, body)


def text_faults(texts: Iterable[tuple[str, str]]) -> Iterator[PlanFault]:
    """What is wrong with the plan's own texts, which come with the names of their fields."""
    for name, text in texts:
        yield from _text(None, name, text)


def _title(place: int, title: str) -> Iterator[PlanFault]:
    if len(title) >= TITLE:
        text = f"The title of bead {place} has {len(title)} characters: it has to be under {TITLE}."
        yield PlanFault(FaultCode.TITLE, (place,), text)
    if title.rstrip().endswith("."):
        text = f"The title of bead {place} ends with a full stop: leave it out."
        yield PlanFault(FaultCode.TITLE, (place,), text)
    if not is_imperative(title):
        first = title.split()[0] if title.strip() else ""
        text = (
            f"The title of bead {place} is no imperative (`{first}`): begin with what to do, such as `Add`."
        )
        yield PlanFault(FaultCode.TITLE, (place,), text)


def _unsaid(place: int, body: BeadBody) -> Iterator[PlanFault]:
    lacking = missing(body)
    if lacking:
        text = f"Bead {place} says nothing under {', '.join(lacking)}: a worker reads nothing else, write it."
        yield PlanFault(FaultCode.UNSAID, (place,), text)


def _texts(bead: PlannedBead) -> Iterator[tuple[str, str]]:
    """Each text of a bead with the name of its field."""
    yield "title", bead.title
    for name in ("outcome", "context", "scope", "verification"):
        yield name, getattr(bead, name)
    for name in ("acceptance", "interfaces"):
        yield from ((name, line) for line in getattr(bead, name))


def _text(place: int | None, name: str, text: str) -> Iterator[PlanFault]:
    places = () if place is None else (place,)
    whose = "The plan" if place is None else f"Bead {place}"
    for found in dict.fromkeys(one[0] for one in NOWHERE.finditer(one_line(CODE.sub(" ", text)))):
        said = f"{whose} refers to what its worker has never seen (`{found}` in `{name}`): say it in full."
        yield PlanFault(FaultCode.REFERENCE, places, said)
    command = COMMAND.search(text)
    if command is not None:
        said = f"{whose} has a command in `{name}` (`{command[0].strip()[:60]}`): a plan commands nothing."
        yield PlanFault(FaultCode.COMMAND, places, said)
    if COMMENT.search(text):
        said = f"{whose} hides text in a comment in `{name}`: say it openly, or leave it out."
        yield PlanFault(FaultCode.HIDDEN, places, said)


def _form(place: int, body: BeadBody) -> Iterator[PlanFault]:
    """The body has to be read back as it was meant, and be short enough to be read at all."""
    text = render_body(body)
    if len(text) > LONGEST:
        said = f"Bead {place} has {len(text):,} characters: more than {LONGEST:,} nobody reads, make it two."
        yield PlanFault(FaultCode.TOO_LONG, (place,), said)
        return
    read = parse_body(text)
    broken = [one.name for one in fields(body) if getattr(read, one.name) != getattr(body, one.name)]
    if broken:
        names = ", ".join(HEADINGS.get(name, "what follows") for name in broken)
        said = (
            f"The text of bead {place} would not be read as it is meant ({names}): write no headings, no bold"
            " names of sections and nothing that is left open into it."
        )
        yield PlanFault(FaultCode.FORM, (place,), said)
