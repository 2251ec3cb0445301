"""Scenarios: what the scripted model does, and how its provider fails.

`works` does the demo's beads as a model would: it reads its prompt, edits with the CLI's own tools, runs the
tests, answers. Its work on "Measure the mean length of the words" forgets a docstring, its review finds that,
and its correction puts it there. The others are made of it: each goes wrong in one way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.local.demo.sample.tools import scripted_agent as sample
from tests.llm.conversation import (
    Answer,
    Conversation,
    Cut,
    Misuse,
    Move,
    Read,
    Refuse,
    Replace,
    Run,
    Scenario,
    Slow,
    Turn,
    Write,
)

FILES: Mapping[str, Mapping[str, str]] = {
    "Split a text into words": {
        "tally/words.py": sample.WORDS,
        "tests/test_words.py": sample.WORDS_TEST,
    },
    "Measure the mean length of the words": {
        "tally/length.py": sample.LENGTH,
        "tests/test_length.py": sample.LENGTH_TEST,
    },
    "Count the blank lines of a text": {
        "tally/blank.py": sample.BLANK,
        "tests/test_blank.py": sample.BLANK_TEST,
    },
}
TESTS = "python3 -m unittest discover -s tests -t ."
BEAD = re.compile(r"^# Bead #(\d+): (.+)$", re.MULTILINE)
THREAD = re.compile(r"^### Thread `([\w=-]+)` at `([^`]+)`", re.MULTILINE)
FUNCTION = re.compile(r"^def ([a-z]\w*)\(.*\) -> .*:$")
HUNK = re.compile(r"^@@ -\S+ \+(\d+)")
DOCSTRING = '    """The mean length of the words of a text; 0.0 when it has none."""'
REFUSAL = "I can't help with that."


# -- a model that does its work ---------------------------------------------------------------------------


def works(seen: Conversation) -> Turn:
    """The next step of a worker or of a reviewer, by its prompt and by what came of its calls."""
    if re.search(r"^# Review of bead #\d+", seen.prompt, re.MULTILINE):
        return _review(seen)
    threads = THREAD.findall(seen.prompt)
    return _correct(seen, threads) if threads else _work(seen)


def _work(seen: Conversation) -> Turn:
    """Look what an earlier attempt left, write what is missing, run the tests, answer."""
    heading = BEAD.search(seen.prompt)
    assert heading is not None, "the worker's prompt names no bead"
    title = heading[2]
    files = FILES[title]
    if not seen.results:
        return Run(f"ls {' '.join(files)}")
    there = seen.results[0].text.splitlines()
    missing = [name for name in files if name not in (line.strip() for line in there)]
    steps: list[Turn] = [*(Write(name, files[name]) for name in missing), Run(TESTS)]
    done = len(seen.results) - 1
    if done < len(steps):
        return steps[done]
    return _answer(f"{title}.", decisions=["Nothing but what the bead names was touched."])


def _correct(seen: Conversation, threads: list[tuple[str, str]]) -> Turn:
    """Read the file that the thread is on, add what it asks for, run the tests, answer in the thread."""
    _, path = threads[0]
    if not seen.results:
        return Read(path)
    if len(seen.results) == 1:
        line = next(
            line
            for line in (re.sub(r"^\s*\d+(?:\t|→)", "", raw) for raw in seen.results[0].text.splitlines())
            if FUNCTION.search(line)
        )
        return Replace(path, f"{line}\n", f"{line}\n{DOCSTRING}\n")
    if len(seen.results) == 2:
        return Run(TESTS)
    said = "It says now what comes in and what goes out."
    answers = [{"thread": thread, "kind": "corrected", "body": said} for thread, _ in threads]
    return _answer("Corrected what the review found.", threads=answers)


def _review(seen: Conversation) -> Turn:
    """Read the change with git; a public function without a docstring is a finding."""
    base = re.search(r"^Base: `?([0-9a-f]{40})", seen.prompt, re.MULTILINE)
    assert base is not None, "the reviewer's prompt names no base"
    if not seen.results:
        return Run(f"git diff --no-color --no-ext-diff --unified=0 {base[1]}...HEAD -- 'tally/*.py'")
    findings = undocumented(seen.results[0].text)
    threads = [
        {"thread": thread, "kind": "corrected", "body": "It is there now."}
        for thread, _ in THREAD.findall(seen.prompt)
    ]
    verdict = "correct" if findings else "approve"
    return Answer(
        {
            "verdict": verdict,
            "summary": f"{len(findings)} to correct.",
            "findings": findings,
            "threads": [] if findings else threads,
        }
    )


def undocumented(diff: str) -> list[dict[str, Any]]:
    """Findings for the public functions that a diff without context adds and that have no docstring."""
    findings: list[dict[str, Any]] = []
    path, line = "", 0
    lines = diff.splitlines()
    for place, text in enumerate(lines):
        if text.startswith("+++ b/"):
            path = text.removeprefix("+++ b/")
        elif hunk := HUNK.search(text):
            line = int(hunk[1]) - 1
        elif text.startswith("+"):
            line += 1
            found = FUNCTION.search(text[1:])
            following = lines[place + 1] if place + 1 < len(lines) else ""
            if found and not following.startswith('+    """'):
                said = f"`{found[1]}` is public and has no docstring (AGENTS.md)."
                findings.append({"path": path, "line": line, "body": said})
    return findings


def _answer(summary: str, **parts: object) -> Answer:
    """A worker's answer with every field that the schema has."""
    empty: dict[str, Any] = {
        "decisions": [],
        "follow_ups": [],
        "blockers": [],
        "threads": [],
        "question": None,
    }
    return Answer({"status": "pr", "summary": summary, **empty, **parts})


# -- what goes wrong --------------------------------------------------------------------------------------


def misuses_a_tool(seen: Conversation) -> Turn:
    """Call a tool wrongly, see the error, and go on."""
    if not seen.results:
        return Misuse()
    return works(replace(seen, results=seen.results[1:]))


def refuses(_seen: Conversation) -> Turn:
    """Decline at once."""
    return Refuse(REFUSAL)


def breaks_the_schema(seen: Conversation) -> Turn:
    """Do the work and then answer what no schema allows, however often one is told."""
    turn = works(replace(seen, results=tuple(r for r in seen.results if r.tool != "StructuredOutput")))
    return Answer({"status": "finished", "wrong": True}, broken=True) if isinstance(turn, Answer) else turn


def always(move: Move) -> Scenario:
    """The provider does nothing else."""
    return lambda _seen: move


def after_first_edit(move: Move) -> Scenario:
    """Work until one file is written, and then this, whenever it is asked."""

    def scenario(seen: Conversation) -> Move:
        return works(seen) if len(seen.results) < 2 else move

    return scenario


def dies_once(seen: Conversation) -> Move:
    """The stream falls in the middle of the second answer; asked again, it goes on."""
    turn = works(seen)
    return Cut(turn) if len(seen.results) == 1 and not seen.asked else turn


def dies_for_ever(seen: Conversation) -> Move:
    """One file is written; from then on every stream falls."""
    turn = works(seen)
    return Cut(turn) if len(seen.results) >= 2 else turn


def takes_too_long(seconds: float) -> Scenario:
    """One file is written; then the model thinks for longer than anybody waits."""

    def scenario(seen: Conversation) -> Move:
        turn = works(seen)
        return Slow(turn, seconds) if len(seen.results) >= 2 else turn

    return scenario


# -- who meets what ---------------------------------------------------------------------------------------


def by_bead(chosen: Mapping[str, Scenario], other: Scenario) -> Scenario:
    """Scenarios for the workers of some beads, by title, and one for every other run."""

    def scenario(seen: Conversation) -> Move:
        heading = BEAD.search(seen.prompt)
        return chosen.get(heading[2] if heading else "", other)(seen)

    return scenario


class InTurn:
    """A scenario for the first run of each bead that meets it, and another for those after it.

    A run is known by its first request, so the first scenario must be one that answers it.
    """

    def __init__(self, first: Scenario, then: Scenario) -> None:
        self._scenarios = (first, then)
        self._runs: Counter[str] = Counter()

    def __call__(self, seen: Conversation) -> Move:
        """The move of whichever is on."""
        heading = BEAD.search(seen.prompt)
        bead = heading[1] if heading else ""
        self._runs[bead] += not seen.results and not seen.said
        return self._scenarios[self._runs[bead] > 1](seen)
