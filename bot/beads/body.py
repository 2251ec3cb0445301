"""A bead's body: its sections, read from Markdown as people write it, and written back in one form.

Read by what GitHub would show: a heading in a code fence is none, and comments are not there at all. A
section starts at any heading with a name of ours (or one of its synonyms), at `**Name:**` too, and ends at
the next one or at a heading of the same or a higher level. What has another name is kept as it is, under
`other`; what stands before the first heading is context. Nothing that can be seen is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.beads.comments import without_comments

MARKDOWN = MarkdownIt("commonmark")

HEADINGS = {
    "outcome": "Outcome",
    "context": "Context",
    "acceptance": "Acceptance criteria",
    "scope": "Scope",
    "verification": "Verification",
    "files": "Files",
    "specs": "Specs",
}
"""The sections in the order in which they are written, and what their headings say."""

NEEDED = ("outcome", "acceptance", "scope", "verification")
"""What a bead must say before a worker who has seen nothing else can do it."""

SYNONYMS = {
    "outcome": ("outcome", "goal", "goals", "objective", "desired outcome", "expected outcome", "result"),
    "context": ("context", "background", "motivation", "description", "problem", "rationale", "why"),
    "acceptance": (
        *("acceptance", "acceptance criteria", "acceptance criterion", "acceptance tests", "criteria"),
        *("definition of done", "done when", "success criteria"),
    ),
    "scope": ("scope", "in scope", "out of scope", "not in scope", "non goals", "boundaries"),
    "verification": (
        *("verification", "verify", "how to verify", "validation", "testing", "tests", "test plan"),
        *("how to test", "quality gates"),
    ),
    "files": ("files", "likely files", "affected files", "files to change", "relevant files", "footprint"),
    "specs": ("spec", "specs", "specification", "specifications", "spec sections", "spec references"),
}
NAMES = {synonym: name for name, synonyms in SYNONYMS.items() for synonym in synonyms}
EXCLUDING = {"out of scope": "Out of scope", "not in scope": "Not in scope", "non goals": "Non-goals"}
"""Headings that must stay above their text: without them it would say the opposite."""

EMPTY = {"", "no response", "tbd", "todo", "n a", "na", "none", "to be decided", "to be determined"}
"""What is written where nothing is said; `_No response_` is what GitHub's issue forms put there."""

BOLD = re.compile(r"(\*\*|__)(?P<name>[A-Za-z -]{2,40}?)(?P<colon>:?)\1(?P<after>:?)[ \t]*(?P<rest>.*)")
MARKER = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+|$)")
BOX = re.compile(r"\[[ xX]\][ \t]+")
LOWEST = 6
ROUNDS = 5
"""How often what is read may change how the rest is read, before the rest is taken as it is."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section that is none of ours, as it is."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class BeadBody:
    """What a body says; Markdown, with the items of its lists one by one."""

    outcome: str = ""
    context: str = ""
    acceptance: tuple[str, ...] = ()
    scope: str = ""
    verification: str = ""
    files: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    other: tuple[Section, ...] = ()


def parse_body(text: str) -> BeadBody:
    """The sections of a body; any text is one, if only of context."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    for _ in range(ROUNDS):
        plain = _bold_as_headings(without_comments(text))
        if plain == text:
            break
        text = plain
    else:  # somebody nested comments in comments to get one through: then all are shown
        text = text.replace("<!--", "&lt;!--")
    said: dict[str, list[str]] = {name: [] for name in HEADINGS}
    other: list[Section] = []
    for part in _parts(text):
        content = completed(part.text)
        if part.name is None:
            other.append(Section(part.title, content))
        elif content:
            said[part.name].append(content)
    return BeadBody(
        outcome=_joined(said["outcome"]),
        context=_joined(said["context"]),
        acceptance=_items(said["acceptance"]),
        scope=_joined(said["scope"]),
        verification=_joined(said["verification"]),
        files=_items(said["files"]),
        specs=_items(said["specs"]),
        other=tuple(other),
    )


def render_body(body: BeadBody) -> str:
    """The body as Markdown, empty sections left out; `parse_body` gives the same back."""
    parts: list[str] = []
    for name, title in HEADINGS.items():
        value = getattr(body, name)
        if value:
            text = value if isinstance(value, str) else _listed(value, numbered=name == "acceptance")
            parts.append(f"## {title}\n\n{text}\n")
    parts += [f"## {section.title}\n\n{section.text}".rstrip() + "\n" for section in body.other]
    return "\n".join(parts)


def missing(body: BeadBody) -> tuple[str, ...]:
    """The headings of the needed sections that say nothing, in the order of `NEEDED`."""
    return tuple(HEADINGS[name] for name in NEEDED if not _says_something(getattr(body, name)))


def is_empty(body: BeadBody) -> bool:
    """Whether none of its sections says anything, of whatever name."""
    said = (*(getattr(body, name) for name in HEADINGS), *(section.text for section in body.other))
    return not any(_says_something(value) for value in said)


def with_sections(text: str, drafted: BeadBody) -> str:
    """The text, and after it what `drafted` has of the needed sections that say nothing in it."""
    body = parse_body(text)
    lacking = {name: getattr(drafted, name) for name in NEEDED if not _says_something(getattr(body, name))}
    return f"{text.rstrip()}\n\n{render_body(BeadBody(**lacking))}".lstrip()


def with_planned(text: str, planned: BeadBody) -> str:
    """The text, and after it what `planned` says and the text does not; given that, it stays as it is.

    A section that says something already is left as it is; of lists the items that are new are added, and
    context and sections with other names where they are not there yet.
    """
    rest = render_body(not_in(text, planned))
    above = completed(text.rstrip())
    return (f"{above}\n\n{rest}" if above else rest) if rest else text


def not_in(text: str, planned: BeadBody) -> BeadBody:
    """What `with_planned` adds to a text."""
    planned, body = parse_body(render_body(planned)), parse_body(text)
    added: dict[str, str | tuple[str, ...]] = {}
    for name in HEADINGS:
        wanted, there = getattr(planned, name), getattr(body, name)
        if isinstance(wanted, tuple):
            added[name] = tuple(item for item in wanted if item not in there)
        elif (wanted not in there) if name == "context" else not _says_something(there):
            added[name] = wanted
    # Below a heading of the first level they would be read as parts of that section.
    written = ((section, render_body(BeadBody(other=(section,))).strip()) for section in planned.other)
    other = tuple(section for section, markdown in written if markdown not in text)
    return BeadBody(**added, other=other)  # type: ignore[arg-type]


def paths(body: BeadBody) -> tuple[str, ...]:
    """The files that a body names: what its `files` have in code, and other words that look like paths."""
    found: dict[str, None] = {}
    for item in body.files:
        found |= dict.fromkeys(re.findall(r"`([^`\s]+)`", item))
        words = [word.strip("()*_,;:.") for word in re.split(r"[\s,]+", re.sub(r"`[^`]*`", " ", item))]
        found |= dict.fromkeys(word for word in words if re.search(r"\w[/.]\w|\w/|/\w", word))
    return tuple(found)


def completed(text: str) -> str:
    """The text, with what it leaves open closed, so that a heading after it is one."""
    closers = ["", "?>", "]]>", ">", "</pre>", "</script>", "</style>", "</textarea>"]
    for token in MARKDOWN.parse(text)[-1:]:
        if token.type == "fence":
            closers.insert(1, token.markup)
    for closer in closers:
        closed = f"{text}\n{closer}" if closer else text
        last = MARKDOWN.parse(f"{closed}\n\n# x")[-3:]
        if last and last[0].type == "heading_open" and last[0].level == 0:
            return closed
    fence = "`" * (max(map(len, re.findall("`+", text)), default=2) + 3)
    return f"{fence}\n{text}\n{fence}"


# -- sections -----------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Part:
    name: str | None
    title: str
    level: int
    lines: list[str] = field(default_factory=list)
    kept: str = ""

    @property
    def text(self) -> str:
        text = re.sub(r"\A(?:[ \t]*\n)+|\s+\Z", "", "\n".join(self.lines))
        return f"### {self.kept}\n\n{text}" if self.kept and text else text


def _parts(text: str) -> Iterator[_Part]:
    lines = text.split("\n")
    part = _Part("context", "", LOWEST + 1)
    at = 0
    for first, after, level, title in _headings(text):
        part.lines += lines[at:first]
        at = after
        name = NAMES.get(_plain(title))
        if name is not None or level <= part.level:
            yield part
            kept = EXCLUDING.get(_plain(title), "")
            # A kept heading is written at the third level, and holds what a section at the second would.
            part = _Part(name, title, min(level, 2) if kept else level, kept=kept)
        else:  # one of its own; below the heading that will be written above it
            part.lines.append(f"{'#' * max(level, 3)} {title}".rstrip())
    part.lines += lines[at:]
    yield part


def _headings(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Headings as (first line, line after, level, title)."""
    for token, inline in pairwise(MARKDOWN.parse(text)):
        if token.type == "heading_open" and token.level == 0 and token.map is not None:
            title = re.sub(r"(?:^|\s)#+\s*$", "", " ".join(inline.content.split()))
            yield token.map[0], token.map[1], int(token.tag[1]), title


def _bold_as_headings(text: str) -> str:
    """The text with lines like `**Scope:** what it touches` made headings of the lowest level."""
    lines = text.split("\n")
    for token in reversed(MARKDOWN.parse(text)):
        if token.type == "paragraph_open" and not token.level and token.map is not None:
            for at in reversed(range(*token.map)):
                lines[at : at + 1] = _split_at_names(lines[at])
    return "\n".join(lines)


def _split_at_names(line: str) -> Iterator[str]:
    rest = line
    while bold := BOLD.fullmatch(rest.strip()):
        if _plain(bold["name"]) not in NAMES or not (bold["colon"] or bold["after"] or not bold["rest"]):
            break
        yield from ("", f"{'#' * LOWEST} {bold['name']}", "")
        rest = bold["rest"]
    yield rest


def _plain(title: str) -> str:
    """A title as the table of synonyms has it."""
    return " ".join(re.findall("[a-z]+", re.sub(r"\([^)]*\)", " ", title.lower())))


def _joined(texts: list[str]) -> str:
    """Sections of one name as one; a rule keeps what is set in from falling into a list before it."""
    joined = "".join(f"\n\n***\n\n{text}" if text[:1].isspace() else f"\n\n{text}" for text in texts[1:])
    return "".join(texts[:1]) + joined


# -- items --------------------------------------------------------------------------------------------------
def _items(texts: list[str]) -> tuple[str, ...]:
    """The items of lists, and what stands between lists block by block."""
    found = [item for text in texts for item in _blocks(text)]
    return tuple(item for item in found if item)


def _blocks(text: str) -> Iterator[str]:
    lines = text.split("\n")
    at = 0
    for first, after, is_item in [*_spans(MARKDOWN.parse(text)), (len(lines), len(lines), False)]:
        # What makes no token, such as the target of a link, stands between two.
        yield _dedented(lines[at:first], is_item=False)
        yield _dedented(lines[first:after], is_item=is_item)
        at = after


def _spans(tokens: list[Token]) -> Iterator[tuple[int, int, bool]]:
    for token in tokens:
        if token.map is None or token.nesting < 0:
            continue
        is_list = token.type in ("bullet_list_open", "ordered_list_open")
        if (token.level == 0 and not is_list and token.type != "inline") or (
            token.level == 1 and token.type == "list_item_open"
        ):
            yield token.map[0], token.map[1], token.level == 1


def _dedented(lines: list[str], *, is_item: bool) -> str:
    if is_item and (marker := MARKER.match(lines[0])):
        width = marker.end()
        rest = [line[min(width, len(line) - len(line.lstrip())) :] for line in lines[1:]]
        lines = [BOX.sub("", lines[0][width:], count=1), *rest]
    return "\n".join(line.rstrip() for line in lines).strip()


def _listed(items: tuple[str, ...], *, numbered: bool) -> str:
    rows: list[str] = []
    for number, item in enumerate(items, start=1):
        # Behind a hyphen, more hyphens would be a line across the page.
        bullet = "* " if re.match(r"[-\s]+(?:\n|\Z)", item) else "- "
        marker = f"{number}. " if numbered else bullet
        rows.append(marker + item.replace("\n", "\n" + " " * len(marker)))
    return "\n".join(re.sub(r"[ \t]+$", "", row, flags=re.MULTILINE) for row in rows)


def _says_something(value: str | tuple[str, ...]) -> bool:
    texts = (value,) if isinstance(value, str) else value
    return any(_plain(text) not in EMPTY or re.search(r"[^\x00-\x7f]|[0-9]|`", text) for text in texts)


assert {one.name for one in fields(BeadBody)} == {*HEADINGS, "other"}
