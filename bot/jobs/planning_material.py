"""What the runs that plan are shown beside the issue: files, open beads, what the project is for, and its
specifications. What is a file's comes from the base commit; each part is cut to its share of the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.beads.body import parse_body, paths
from bot.beads.graph import Node
from bot.beads.labels import parse_labels
from bot.beads.plan_facts import OpenBead
from bot.beads.policy import Policy
from bot.beads.spec_sections import headings
from bot.beads.visible_text import one_line, reveal, show_hidden
from bot.coordinator.job_port import ListedBead
from bot.jobs.git import Git
from bot.jobs.material import Document, fenced, quotation

FILES = 12_000  # characters of the list of files
BEADS = 10_000  # of the open beads
DOCTRINE = 16_000  # of what the project is for
HEADINGS = 10_000  # of the headings of specifications
BODIES = 100  # of open beads that are read; each takes some milliseconds
TITLE = 120  # of one title or heading
DOCUMENT_LIMIT = 1_000_000  # characters of a document that is read for its headings
TEXTS = (".md", ".markdown", ".rst", ".txt", ".adoc")
MOST_DOCUMENTS = 500
MARKDOWN = (".md", ".markdown")


def base_files(git: Git, base: str) -> tuple[str, ...]:
    """The paths of a commit, submodules not among them."""
    listed = git.output("ls-tree", "-r", "-z", base).decode("utf-8", "replace")
    entries = (entry.partition("\t") for entry in listed.split("\0"))
    return tuple(path for kind, _, path in entries if path and " blob " in kind)


def file_list(files: Sequence[str], limit: int = FILES) -> str:
    """The paths inside a fence, one a line; where they are too many, folders below some depth as one line."""
    lines: list[str] = []
    for depth in range(max((path.count("/") for path in files), default=0), -1, -1):
        lines = _folded(files, depth)
        if sum(len(line) + 1 for line in lines) <= limit:
            break
    return fenced("\n".join(_within(lines, limit, "paths")))


def documents(git: Git, base: str, files: Iterable[str], names: Sequence[str], limit: int) -> list[Document]:
    """The texts among `files` that are named, or lie in a named folder, as far as the limit goes."""
    found: list[Document] = []
    for path, whole in _texts(git, base, named(files, names, TEXTS)):
        text = reveal(whole).strip()[: max(0, limit)].rstrip()
        if text:
            found.append(Document(path, text))
            limit -= len(text)
    return found


def read_headings(git: Git, base: str, files: Iterable[str]) -> dict[str, tuple[str, ...]] | None:
    """The headings of every Markdown document, by path; None where there are too many to be read."""
    wanted = [path for path in files if path.lower().endswith(MARKDOWN)]
    if len(wanted) > MOST_DOCUMENTS:
        return None
    return {path: headings(text[:DOCUMENT_LIMIT]) for path, text in _texts(git, base, wanted)}


def named(files: Iterable[str], names: Sequence[str], endings: tuple[str, ...] = MARKDOWN) -> list[str]:
    """Those files that are named or in a named folder, in the order of the names."""
    known = [path for path in files if path.lower().endswith(endings)]
    found = [
        path
        for name in names
        for path in known
        if path == name or (name.endswith("/") and path.startswith(name))
    ]
    return list(dict.fromkeys(found))


def heading_list(specs: Mapping[str, Sequence[str]], limit: int = HEADINGS) -> str:
    """Documents with their headings, as a quotation."""
    lines: list[str] = []
    for path, found in specs.items():
        lines.append(f"- `{_line(path)}`")
        lines += [f"  - {_line(heading)}" for heading in found]
    return quotation("\n".join(_within(lines, limit, "lines")))


def open_beads(listed: Sequence[ListedBead], policy: Policy) -> tuple[OpenBead, ...]:
    """Open beads as the graph sees them, by number; of the first that are listed the texts are read too."""
    read = {one.number for one in listed[:BODIES]}
    ordered = sorted(listed, key=lambda one: one.number)
    return tuple(_open_bead(one, policy, read=one.number in read) for one in ordered)


def bead_list(beads: Sequence[OpenBead], issue: int, about: str, limit: int = BEADS) -> str:
    """Open beads with what they wait for, as a quotation, by number.

    Args:
        beads: all of them.
        issue: the issue that is planned; it is not listed itself.
        about: its text. Where there are too many beads, those stay that are of its family or share words with
            it, and then the newest.
        limit: characters.
    """
    known = _words(about)
    parent = next((bead.node.parent for bead in beads if bead.node.number == issue), None)
    others = [bead for bead in beads if bead.node.number != issue]

    def rank(bead: OpenBead) -> tuple[bool, int, int]:
        family = bead.node.parent in {issue, parent} - {None} or bead.node.number == parent
        return not family, -len(known & _words(bead.title)), -bead.node.number

    lines = {bead.node.number: _bead_line(bead) for bead in sorted(others, key=rank)}
    kept = _fitting(list(lines.values()), limit)
    shown = [lines[number] for number in sorted(list(lines)[:kept])]
    if kept < len(lines):
        shown.append(f"({len(lines) - kept} more open beads are not shown.)")
    return quotation("\n".join(shown))


def _open_bead(one: ListedBead, policy: Policy, *, read: bool) -> OpenBead:
    labels = parse_labels(one.labels, policy.spelling)
    node = Node(
        number=one.number,
        priority=labels.priority,
        created_at=one.created_at,
        blocked_by=labels.blocked_by | one.blocked_by,
        parent=one.parent,
        hold=labels.hold,
        defer=labels.defer,
        malformed=any(problem.blocks for problem in labels.problems),
        native=one.blocked_by,
        native_only=one.blocked_by - labels.blocked_by,
    )
    body = parse_body(one.body if read else "")
    return OpenBead(node, one.title, body.outcome, paths(body))


def _bead_line(bead: OpenBead) -> str:
    facts = [f"of #{bead.node.parent}"] if bead.node.parent is not None else []
    waits = ", ".join(f"#{number}" for number in sorted(bead.node.blocked_by))
    facts += [f"waits for {waits}"] if waits else []
    return f"- #{bead.node.number} {_line(bead.title)}" + (f" ({'; '.join(facts)})" if facts else "")


def _folded(files: Sequence[str], depth: int) -> list[str]:
    """Paths with no more folders than `depth`; what lies deeper is counted at its folder."""
    lines: dict[str, int] = {}
    for path in files:
        parts = path.split("/")
        deep = len(parts) - 1 > depth
        name = "/".join(parts[: depth + 1]) + "/" if deep else path
        lines[name] = lines.get(name, 0) + deep
    return [
        one_line(show_hidden(name)) + (f" ({count} files)" if count else "") for name, count in lines.items()
    ]


def _texts(git: Git, base: str, files: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts of files of a commit, in one call of git; what is no file of it is left out."""
    wanted = [path for path in files if "\n" not in path]
    answer = git.output(
        "cat-file", "--batch", stdin="".join(f"{base}:{path}\n" for path in wanted).encode("utf-8")
    )
    at = 0
    for path in wanted:
        end = answer.index(b"\n", at)
        said, at = answer[at:end], end + 1
        if said.endswith(b" missing"):
            continue
        _, kind, size = said.split()
        if kind == b"blob":
            yield path, answer[at : at + int(size)].decode("utf-8", "replace")
        at += int(size) + 1


def _within(lines: Sequence[str], limit: int, what: str) -> list[str]:
    kept = _fitting(lines, limit)
    return [*lines[:kept], *([f"({len(lines) - kept} more {what})"] if kept < len(lines) else [])]


def _fitting(lines: Sequence[str], limit: int) -> int:
    """How many lines, from the first on, the limit has room for."""
    for index, line in enumerate(lines):
        limit -= len(line) + 1
        if limit < 0:
            return index
    return len(lines)


def _line(text: str) -> str:
    return one_line(reveal(text), TITLE)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w{4,}", text.lower()) if not word.isdigit()}
