"""What goes into a prompt: the bead, the repository's own guidance, the specs it cites, threads, the diff."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.beads.spec_sections import section
from bot.beads.visible_text import reveal, show_hidden
from bot.coordinator.history import Question
from bot.coordinator.job_port import BeadText, JobFacts, OpenThread, Remark
from bot.jobs.git import Git

GUIDANCE = ("AGENTS.md", "CLAUDE.md")
CITED = re.compile(r"(?<![\w/.-])((?:[\w.-]+/)*[\w.-]+\.(?:md|rst|txt|adoc))(?:#([\w-]+))?")
DOCUMENT = 16_000  # characters of one document
CITATIONS = 6
DIFF = 120_000  # characters of the diff that a prompt shows
TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|spec|specs|__tests__|\.github|\.circleci|\.ci)(?:/|$)|(?:^|/)(?:test_[^/]+|[^/]+[._]test\.[^/]+"
    r"|[^/]+\.spec\.[^/]+|conftest\.py|Makefile|tox\.ini|\.gitlab-ci\.yml)$"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the base commit, or the cited section of it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """A change, tests and CI apart; `cut` tells that not all of it is here."""

    tests: str
    rest: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A question that was asked on the bead, quoted, what a person chose, and who."""

    question: str
    answer: str
    by: str


@dataclass(frozen=True, slots=True)
class PartText:
    """A bead of an epic as a prompt shows it."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ThreadText:
    """A thread as a prompt shows it."""

    id: str
    place: str
    text: str


def guidance(git: Git, base: str, body: str) -> list[Document]:
    """The repository's guidance and the documents that a bead cites, all from the base commit."""
    names: list[tuple[str, str | None]] = [(name, None) for name in GUIDANCE]
    cited = [(name, anchor or None) for name, anchor in CITED.findall(body) if ".." not in name.split("/")]
    wanted = list(dict.fromkeys([*names, *cited[:CITATIONS]]))
    documents: list[Document] = []
    for name, anchor in wanted:
        text = git.file(base, name)
        if text is None:
            continue
        title = f"{name}#{anchor}" if anchor else name
        chosen = section(text, anchor) if anchor else text
        if chosen.strip() and all(chosen != known.text for known in documents):
            documents.append(Document(title, reveal(chosen)[:DOCUMENT].rstrip()))
    return documents


def bead_text(facts: JobFacts) -> str:
    """The bead's body as it is seen on its page."""
    return reveal(facts.body).strip() or "(The issue has no text: its title says it all.)"


def part_texts(parts: Iterable[BeadText]) -> list[PartText]:
    """The beads of an epic that one worker does."""
    return [
        PartText(one.number, reveal(one.title), reveal(one.body).strip() or "(Its title says it all.)")
        for one in parts
    ]


def thread_texts(threads: Iterable[OpenThread]) -> list[ThreadText]:
    """Threads with what was said in them, quoted."""
    return [
        ThreadText(
            id=thread.id,
            place=f"`{reveal(thread.path)}`" + (f" line {thread.line}" if thread.line else ""),
            text="\n\n".join(remark_text(remark) for remark in thread.remarks),
        )
        for thread in threads
    ]


def decisions(answered: Iterable[Question]) -> list[Decided]:
    """The questions that were answered; an answer is the text that its option had."""
    return [
        Decided(quotation(one.text), f"{option.key}: {reveal(option.text)}", one.answered_by or "")
        for one in answered
        for option in one.options
        if option.key == one.answer
    ]


def remark_text(remark: Remark) -> str:
    """One remark as a quotation that says whose it is; what somebody without authority says is left out, they
    are heard where somebody with authority quotes them."""
    by = f"@{remark.login}"
    if remark.authority == "stranger":
        return f"{by}, who has no authority here, said something that is not shown."
    return f"{by}:\n{quotation(remark.body)}"


def quotation(text: str) -> str:
    """A text as a quotation, with nothing hidden in it."""
    return "\n".join(f"> {line}" for line in reveal(text).strip().splitlines())


def fenced(text: str, language: str = "") -> str:
    """Text of a machine inside a fence that it cannot close."""
    shown = show_hidden(text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", shown)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def read_diff(git: Git, base: str, head: str) -> Diff:
    """The change between the merge base and a head, in two parts, each cut to its share."""
    listed = git.text("diff", "--name-only", "--no-renames", "-z", f"{base}...{head}")
    names = [name for name in listed.split("\0") if name]
    tests = [name for name in names if TEST_PATH.search(name)]
    rest = [name for name in names if not TEST_PATH.search(name)]
    parts = [_patch(git, base, head, chosen) for chosen in (tests, rest)]
    shown = [part[: DIFF // 2] for part in parts]
    marks = [fenced(part, "diff") if part else "" for part in shown]
    return Diff(marks[0], marks[1], cut=shown != parts)


def _patch(git: Git, base: str, head: str, names: list[str]) -> str:
    if not names:
        return ""
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
    paths = [f":(literal){name}" for name in names]
    raw = git.output("diff", *options, f"{base}...{head}", "--", *paths)
    return raw.decode("utf-8", errors="replace")
