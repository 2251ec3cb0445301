"""What the demo asks for: the sample epic, or the issues of a `bd` export."""

from __future__ import annotations

from bot.beads.bd.reading import PlannedIssue


def _bead(
    key: str, line: int, title: str, kind: str, priority: str, body: str, *blocked_by: str
) -> PlannedIssue:
    return PlannedIssue(
        id=key,
        line=line,
        title=title,
        body=body,
        labels=("bead", kind, priority),
        closed=False,
        blocked_by=blocked_by,
        parent=None if key == "epic" else "epic",
    )


def _body(outcome: str, *acceptance: str, files: str) -> str:
    criteria = "\n".join(f"{number}. {line}" for number, line in enumerate(acceptance, start=1))
    return (
        f"## Outcome\n\n{outcome}\n\n## Acceptance\n\n{criteria}\n\n## Scope\n\n{files}\n\n"
        "## Verification\n\n`python3 -m unittest discover -s tests -t .`\n"
    )


SAMPLE: tuple[PlannedIssue, ...] = (
    _bead(
        "epic",
        1,
        "Tell people about a text in one line",
        "epic",
        "P1",
        "## Outcome\n\n`tally` summarises a text, is documented, and counts blank lines too.\n",
    ),
    _bead(
        "words",
        2,
        "Split a text into words",
        "feature",
        "P1",
        _body(
            "`tally.words.split_words(text)` gives the words of a text in lower case.",
            "Case and punctuation do not matter.",
            "A text without words gives an empty list.",
            files="tally/words.py, tests/test_words.py",
        ),
    ),
    _bead(
        "frequency",
        3,
        "Count how often each word occurs",
        "feature",
        "P2",
        _body(
            "`tally.frequency.most_common(text, limit)` gives the most frequent words.",
            "The most frequent word comes first.",
            files="tally/frequency.py, tests/test_frequency.py",
        ),
        "words",
    ),
    _bead(
        "length",
        4,
        "Measure the mean length of the words",
        "feature",
        "P2",
        _body(
            "`tally.length.mean_length(text)` gives the mean length of the words.",
            "A text without words has mean 0.",
            files="tally/length.py, tests/test_length.py",
        ),
        "words",
    ),
    _bead(
        "summary",
        5,
        "Summarise a text in one line",
        "feature",
        "P2",
        _body(
            "`tally.summary.summarise(text)` says in one line what a text is like.",
            "It names the number of words, their mean length and the most frequent one.",
            "A text without words says so.",
            files="tally/summary.py, tests/test_summary.py",
        ),
        "frequency",
        "length",
    ),
    _bead(
        "guide",
        6,
        "Document how tally is used",
        "chore",
        "P3",
        _body(
            "`docs/guide.md` says how tally is used, and the README links to it.",
            "The guide names `tally.lines.count_lines`.",
            files="docs/guide.md, README.md",
        ),
    ),
    _bead(
        "blank",
        7,
        "Count the blank lines of a text",
        "task",
        "P2",
        _body(
            "`tally.blank.count_blank(text)` counts lines that hold nothing but white space.",
            "A line of spaces and tabs is blank.",
            files="tally/blank.py, tests/test_blank.py",
        ),
    ),
)
