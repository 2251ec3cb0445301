"""A scripted worker and reviewer, in the place of a language model. It says so wherever it speaks.

The worker looks its bead up by title and really writes the code, the tests and the documents; a bead that it
has no script for gets a small module with a test. One script forgets a docstring, so that the review finds
something. The reviewer really reads the diff: every public function that was added needs a docstring.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SAYS = "(scripted)"
Answer = dict[str, object]


def main() -> int:
    """Play the role that the environment names; the answer goes to the file that it names."""
    prompt = Path(os.environ["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
    role = os.environ["BEADWRIGHT_ROLE"]
    print(f"{SAYS} {role} starts")
    answer = work(prompt) if role == "worker" else review(prompt)
    Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")
    print(f"{SAYS} {role} is done: {answer.get('status', answer.get('verdict'))}")
    return 0


# -- the worker -------------------------------------------------------------------------------------------


def work(prompt: str) -> Answer:
    """Do the bead in the prompt: correct what threads ask for, or write what its script says."""
    threads = thread_ids(prompt)
    resolve_conflicts()
    if threads:
        documented = document_functions()
        said = f"{SAYS} Added the docstring{'s' if len(documented) > 1 else ''}: {', '.join(documented)}."
        answers = [{"thread": thread, "kind": "corrected", "body": said} for thread in threads]
        return {"status": "pr", "summary": f"{SAYS} Corrected what the review found.", "threads": answers}
    number, title = bead(prompt)
    script = SCRIPTS.get(title)
    found = script() if script else any_bead(number, title)
    return {"status": "pr", "summary": f"{SAYS} {title}.", **found}


def bead(prompt: str) -> tuple[int, str]:
    """The bead's number and title, from the prompt's first heading that names one."""
    match = re.search(r"^# Bead #(\d+): (.+)$", prompt, re.MULTILINE)
    if match is None:
        sys.exit("The prompt names no bead: there is no line `# Bead #N: TITLE`.")
    return int(match[1]), match[2].strip()


def thread_ids(prompt: str) -> list[str]:
    """The unresolved threads that the prompt asks to answer."""
    return re.findall(r"^#+ Thread `([A-Za-z0-9_=-]+)`", prompt, re.MULTILINE)


def write(path: str, text: str) -> None:
    """Write a file of the checkout, folders included."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def resolve_conflicts() -> None:
    """Keep both sides of every conflict that a merge of the base left in the tree."""
    listed = run("git", "diff", "--name-only", "--diff-filter=U").split()
    for name in listed:
        text = Path(name).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines(True) if not re.match(r"(<{7}|={7}|>{7})(\s|$)", line)]
        write(name, "".join(kept))


def words() -> Answer:
    """The top of the diamond."""
    write("tally/words.py", WORDS)
    write("tests/test_words.py", WORDS_TEST)
    return {"decisions": ["A word is a run of letters, digits and apostrophes."]}


def frequency() -> Answer:
    """The diamond's left side."""
    write("tally/frequency.py", FREQUENCY)
    write("tests/test_frequency.py", FREQUENCY_TEST)
    return {}


def length() -> Answer:
    """The diamond's right side: it forgets a docstring, which the review finds."""
    write("tally/length.py", LENGTH)
    write("tests/test_length.py", LENGTH_TEST)
    return {}


def summary() -> Answer:
    """The foot of the diamond; it sees work that is not its own and reports it."""
    write("tally/summary.py", SUMMARY)
    write("tests/test_summary.py", SUMMARY_TEST)
    found = {
        "title": "Say in the summary how many lines the text has",
        "body": "## Outcome\n\n`summarise` names the number of lines too.\n\n## Acceptance\n\n"
        "1. `summarise` starts with the number of lines.\n",
    }
    return {"follow_ups": [found]}


def summary_lines() -> Answer:
    """The follow-up of the diamond's foot."""
    text = Path("tally/summary.py").read_text(encoding="utf-8")
    text = text.replace("from tally.length", "from tally.lines import count_lines\nfrom tally.length")
    text = text.replace('f"{len(words)} words', 'f"{count_lines(text)} lines, {len(words)} words')
    write("tally/summary.py", text)
    test = Path("tests/test_summary.py").read_text(encoding="utf-8")
    write("tests/test_summary.py", test.replace('"3 words', '"1 lines, 3 words'))
    return {}


def guide() -> Answer:
    """The documentation bead."""
    write("docs/guide.md", GUIDE)
    readme = Path("README.md").read_text(encoding="utf-8")
    write("README.md", readme + "\nHow to use it: [docs/guide.md](docs/guide.md).\n")
    return {}


def blank() -> Answer:
    """A bead beside the diamond."""
    write("tally/blank.py", BLANK)
    write("tests/test_blank.py", BLANK_TEST)
    return {}


def any_bead(number: int, title: str) -> Answer:
    """Work that satisfies any bead: a module that says what was asked, and a test of it."""
    write(f"work/bead_{number}.py", ANY.format(number=number, title=title))
    write("work/__init__.py", '"""What the beads of this repository asked for."""\n')
    write(f"tests/test_bead_{number}.py", ANY_TEST.format(number=number, title=title))
    return {}


WORDS = '''"""Words of a text."""

import re


def split_words(text: str) -> list[str]:
    """The words of the text in lower case, in their order."""
    return re.findall(r"[\\w']+", text.lower())
'''
WORDS_TEST = """import unittest

from tally.words import split_words


class SplitWords(unittest.TestCase):
    def test_case_and_punctuation_do_not_matter(self) -> None:
        self.assertEqual(split_words("One, two. ONE!"), ["one", "two", "one"])

    def test_an_empty_text_has_no_words(self) -> None:
        self.assertEqual(split_words(" \\n"), [])
"""
FREQUENCY = '''"""How often words occur."""

from collections import Counter

from tally.words import split_words


def most_common(text: str, limit: int = 3) -> list[tuple[str, int]]:
    """The most frequent words and how often they occur, at most `limit` of them."""
    return Counter(split_words(text)).most_common(limit)
'''
FREQUENCY_TEST = """import unittest

from tally.frequency import most_common


class MostCommon(unittest.TestCase):
    def test_the_most_frequent_word_comes_first(self) -> None:
        self.assertEqual(most_common("a b a", limit=1), [("a", 2)])
"""
LENGTH = '''"""How long words are."""

from tally.words import split_words


def mean_length(text: str) -> float:
    words = split_words(text)
    return sum(map(len, words)) / len(words) if words else 0.0
'''
LENGTH_TEST = """import unittest

from tally.length import mean_length


class MeanLength(unittest.TestCase):
    def test_it_is_the_mean_over_all_words(self) -> None:
        self.assertEqual(mean_length("a bcd"), 2.0)

    def test_a_text_without_words_has_mean_zero(self) -> None:
        self.assertEqual(mean_length(""), 0.0)
"""
SUMMARY = '''"""One line about a text."""

from tally.frequency import most_common
from tally.length import mean_length
from tally.words import split_words


def summarise(text: str) -> str:
    """The number of words, their mean length, and the most frequent one, in one line."""
    words = split_words(text)
    if not words:
        return "no words"
    top, _ = most_common(text, limit=1)[0]
    return f"{len(words)} words, {mean_length(text):.1f} letters each, most often '{top}'"
'''
SUMMARY_TEST = """import unittest

from tally.summary import summarise


class Summarise(unittest.TestCase):
    def test_it_names_count_length_and_the_most_frequent_word(self) -> None:
        self.assertEqual(summarise("aa b aa"), "3 words, 1.7 letters each, most often 'aa'")

    def test_a_text_without_words_says_so(self) -> None:
        self.assertEqual(summarise(""), "no words")
"""
GUIDE = """# Guide
`tally.lines.count_lines(text)` counts lines. Every measure is a function of a text: no state, no files.
"""
BLANK = '''"""Blank lines of a text."""


def count_blank(text: str) -> int:
    """How many lines of the text hold nothing but white space."""
    return sum(not line.strip() for line in text.splitlines())
'''
BLANK_TEST = """import unittest

from tally.blank import count_blank


class CountBlank(unittest.TestCase):
    def test_white_space_alone_is_blank(self) -> None:
        self.assertEqual(count_blank("a\\n \\t\\n\\nb"), 2)
"""
ANY = '''"""Bead #{number}."""


def outcome() -> str:
    """What the bead asked for, by its title."""
    return {title!r}
'''
ANY_TEST = """import unittest

from work.bead_{number} import outcome


class Outcome(unittest.TestCase):
    def test_it_is_what_the_bead_asked_for(self) -> None:
        self.assertEqual(outcome(), {title!r})
"""

SCRIPTS: dict[str, Callable[[], Answer]] = {
    "Split a text into words": words,
    "Count how often each word occurs": frequency,
    "Measure the mean length of the words": length,
    "Summarise a text in one line": summary,
    "Say in the summary how many lines the text has": summary_lines,
    "Document how tally is used": guide,
    "Count the blank lines of a text": blank,
}


# -- the reviewer -----------------------------------------------------------------------------------------


def review(prompt: str) -> Answer:
    """Read the changed Python files: a public function without a docstring is a finding."""
    match = re.search(r"^Base: `?([0-9a-f]{40})`?", prompt, re.MULTILINE)
    if match is None:
        sys.exit("The prompt names no base: there is no line `Base: SHA`.")
    changed = run("git", "diff", "--name-only", "--diff-filter=AM", f"{match[1]}...HEAD", "--", "*.py")
    findings = [
        {
            "path": name,
            "line": line,
            "body": f"{SAYS} `{function}` is public, without a docstring (AGENTS.md).",
        }
        for name in changed.split()
        for function, line in undocumented(name)
    ]
    settled = [
        {"thread": thread, "kind": "corrected", "body": f"{SAYS} Corrected in this head."}
        for thread in thread_ids(prompt)
    ]
    if findings:
        return {"verdict": "correct", "summary": f"{SAYS} {len(findings)} to correct.", "findings": findings}
    return {"verdict": "approve", "summary": f"{SAYS} Nothing to correct.", "threads": settled}


def undocumented(name: str) -> list[tuple[str, int]]:
    """Public functions of a module outside the tests that have no docstring, and their lines."""
    if name.startswith("tests/"):
        return []
    tree = ast.parse(Path(name).read_text(encoding="utf-8"))
    return [
        (node.name, node.lineno)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]


def document_functions() -> list[str]:
    """Give every public function without a docstring one that its name and types allow."""
    documented: list[str] = []
    for path in sorted(Path("tally").glob("*.py")):
        for function, line in reversed(undocumented(str(path))):
            lines = path.read_text(encoding="utf-8").splitlines(True)
            words = function.replace("_", " ")
            lines.insert(line, f'    """The {words} of the text; 0 when it has no words."""\n')
            path.write_text("".join(lines), encoding="utf-8")
            documented.append(function)
    return documented


def run(*command: str) -> str:
    """What a command prints; its failure is ours."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
