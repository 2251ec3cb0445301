"""Commands: found where people see plain prose, and read whole or with one sentence about what would do."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.commands import (
    COMMANDS,
    FORMS,
    Command,
    Misread,
    Name,
    example,
    may_hold_commands,
    read_commands,
    usage,
)


def only(body: str) -> Command | Misread:
    (found,) = read_commands(body)
    return found


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/bead ready", Command(Name.READY)),
        ("/bead", Command(Name.HELP)),
        ("/bead ready.", Command(Name.READY)),
        ("  /BEAD  Ready  ", Command(Name.READY)),
        ("/bead hold the API\tchanges  soon", Command(Name.HOLD, "the API changes soon")),
        ("/bead hold", Command(Name.HOLD)),
        (
            "/bead hold see `x` in [the *plan*](https://example.com)",
            Command(Name.HOLD, "see `x` in the plan"),
        ),
        ("/bead pause hidden \u202e\u200btext <!-- and a comment -->", Command(Name.PAUSE, "hidden text")),
        ("/bead priority p1", Command(Name.PRIORITY, "P1")),
        ("/bead complexity HIGH", Command(Name.COMPLEXITY, "high")),
        ("/bead type Bug", Command(Name.TYPE, "bug")),
        ("/bead blocked-by #12", Command(Name.BLOCKED_BY, numbers=(12,))),
        ("/bead Blocked-By 12, #7 #12", Command(Name.BLOCKED_BY, numbers=(12, 7))),
        ("/bead unblock 3", Command(Name.UNBLOCK, numbers=(3,))),
        ("/bead defer 2027-01-31", Command(Name.DEFER, day=date(2027, 1, 31))),
        ("/bead answer `B`", Command(Name.ANSWER, "b")),
        ("/bead file", Command(Name.FILE)),
        ("/bead file 1 3", Command(Name.FILE, numbers=(1, 3))),
        ("/bead run 5", Command(Name.RUN, numbers=(5,))),
    ],
)
def test_a_command_is_read_as_it_is_written(line: str, command: Command) -> None:
    assert only(line) == command
    assert only(f"Thanks!\n{line}\nAnd more.") == command
    assert may_hold_commands(f"Thanks!\r\n{line}")


@pytest.mark.parametrize("name", Name)
def test_every_command_is_read_as_its_own_example_says(name: Name) -> None:
    found = only(example(name))
    assert isinstance(found, Command)
    assert found.name is name


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/bead redy", "`/bead redy` is no command; did you mean `/bead ready`?"),
        (
            "/bead blockedby #1",
            "`/bead blockedby` is no command; did you mean `/bead blocked-by #N [#M ...]`?",
        ),
        ("/bead xyzzy", "`/bead xyzzy` is no command; `/bead help` lists them all."),
        ("/bead @octo`x`", "`/bead octox` is no command; `/bead help` lists them all."),
        ("/bead ready now", "`/bead ready` takes nothing behind it, for example `/bead ready`."),
        (
            "/bead priority urgent",
            "`/bead priority` takes one of P0, P1, P2, P3, P4, for example `/bead priority P1`.",
        ),
        (
            "/bead defer 2027-02-30",
            "`/bead defer` takes a date as YYYY-MM-DD, for example `/bead defer 2027-01-31`.",
        ),
        (
            "/bead blocked-by",
            "`/bead blocked-by` takes one to 20 numbers of issues, for example `/bead blocked-by #12`.",
        ),
        (
            "/bead unblock #0",
            "`/bead unblock` takes one to 20 numbers of issues, for example `/bead unblock #12`.",
        ),
        ("/bead run -1", "`/bead run` takes a number of beads from 1 to 9999, for example `/bead run 5`."),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(line: str, told: str) -> None:
    assert only(line) == Misread(told)


@pytest.mark.parametrize(
    "body",
    [
        "Write /bead ready when you like",
        "/beads ready",
        "/bead-ready",
        "> /bead ready",
        "> quoted\n/bead ready",
        "- /bead ready",
        "1. first\n   /bead ready",
        "# /bead ready",
        "    /bead ready",
        "```\n/bead ready\n```",
        "~~~text\n\n/bead ready",
        "`/bead ready`",
        "so `it\n/bead ready\n`",
        "<!-- /bead ready -->",
        "<!--\n\n/bead ready\n\n-->",
        "text <!-- hidden\n/bead ready\n-->",
        "[text\n/bead ready](https://example.com)",
        "![text\n/bead ready](https://example.com/x.png)",
        '[text](https://example.com "title\n/bead ready")',
        "[label]: https://example.com\n'title\n/bead ready'",
        "*so\n/bead ready*",
        "\\/bead ready",
        "&#47;bead ready",
        "&sol;bead ready",
        "\u200b/bead ready",
        "<div>\n/bead ready\n</div>",
        "<pre>\n\n/bead ready\n\n</pre>",
        "<details>\n\n/bead ready\n\n</details>",
        "<blockquote>\n\n/bead ready\n\n</blockquote>",
        "said <q>\n/bead ready</q>",
        "On Monday <blockquote>\n\n/bead ready",
        "| a | b |\n|---|---|\n/bead ready | c",
    ],
)
def test_what_is_no_plain_prose_at_the_start_of_a_line_is_no_command(body: str) -> None:
    assert read_commands(body) == ()


@pytest.mark.parametrize(
    "body",
    [
        "> Shall it?\n\n/bead ready",
        "```\nlog\n```\n/bead ready",
        "<details>\n\nlog\n\n</details>\n\n/bead ready",
        "<p align=center>\n\n/bead ready",
        "one<br>\n/bead ready",
        "/bead ready\n---\nSent from my telephone",
        "- a list\n\n/bead ready",
    ],
)
def test_a_command_beside_quotes_and_code_is_one(body: str) -> None:
    assert read_commands(body) == (Command(Name.READY),)


def test_a_comment_holds_several_commands_in_their_order() -> None:
    body = "/bead priority P0\n/bead type bug\n\nBecause it hurts.\n\n/bead nonsense\n/bead ready"
    found = read_commands(body)
    assert [one.name if isinstance(one, Command) else None for one in found] == [
        *(Name.PRIORITY, Name.TYPE, None, Name.READY)
    ]


def test_too_many_commands_are_none() -> None:
    assert len(read_commands("/bead ready\n" * COMMANDS)) == COMMANDS
    assert only("/bead ready\n" * (COMMANDS + 1)) == Misread(
        "A comment may hold 10 commands; this one holds 11."
    )


def test_a_reason_is_short() -> None:
    assert only("/bead hold " + "x" * 300) == Command(Name.HOLD, "x" * 300)
    assert isinstance(only("/bead hold " + "x" * 301), Misread)


pieces = st.sampled_from(
    [
        *(
            "/bead ready",
            "/BEAD hold why",
            "/bead",
            "/bead priority P1",
            "bead",
            "> ",
            "- ",
            "    ",
            "\n",
            "\n\n",
        ),
        *(
            "```",
            "`",
            "~~~",
            "<!--",
            "-->",
            "<details>",
            "</details>",
            "<b>",
            "[a](b)",
            "[",
            "](c)",
            "\\",
            "&#47;",
        ),
        *("* ", "**", "---", "===", "|", "# ", "\t", "\r\n", "\0", " ", "<script>", "</script>", "<", "&"),
    ]
)
texts = st.lists(pieces | st.text(max_size=5), max_size=20).map("".join)


@given(texts)
def test_any_text_is_read_and_none_with_commands_escapes_the_quick_look(body: str) -> None:
    found = read_commands(body)
    assert all(isinstance(one, Command | Misread) for one in found)
    if found:
        assert may_hold_commands(body)


@given(texts)
def test_what_is_quoted_says_nothing(body: str) -> None:
    quoted = "\n".join(f"> {line}" for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert read_commands(quoted) == ()


@given(texts)
def test_what_is_fenced_says_nothing(body: str) -> None:
    fence = "`" * (body.count("`") + 3)
    assert read_commands(f"{fence}\n{body}\n{fence}") == ()


numbers = st.lists(st.integers(1, 10**10 - 1), min_size=1, max_size=20, unique=True).map(tuple)
words = st.lists(
    st.text(string.ascii_letters + string.digits + ".,;:?!()", min_size=1, max_size=8), max_size=8
)
commands = st.one_of(
    *(st.just(Command(name)) for name in Name),
    st.builds(Command, st.sampled_from([Name.HOLD, Name.PAUSE]), words.map(" ".join)),
    st.builds(Command, st.sampled_from([Name.BLOCKED_BY, Name.UNBLOCK, Name.FILE]), numbers=numbers),
    st.builds(Command, st.just(Name.RUN), numbers=st.tuples(st.integers(1, 9999))),
    st.builds(Command, st.just(Name.DEFER), day=st.dates(min_value=date(1000, 1, 1))),
)


def written(command: Command) -> str:
    tail = [command.text, *(f"#{number}" for number in command.numbers)]
    tail += [command.day.isoformat()] if command.day else []
    return " ".join([f"/bead {command.name.value}", *filter(None, tail)])


@given(st.lists(commands, min_size=1, max_size=COMMANDS))
def test_what_is_written_out_is_read_back(several: list[Command]) -> None:
    body = "\n".join(written(one).replace("#", "") for one in several)
    for command, found in zip(several, read_commands(body), strict=True):
        assert found == command or isinstance(found, Misread)
        if isinstance(found, Misread):  # it lacks an argument that it needs
            assert FORMS[command.name].argument.written
            assert usage(command.name) != f"/bead {command.name.value}"
