"""Engine `command`: any program that reads a prompt and edits the checkout.

The contract for such a program:

- It runs in the checkout, with the prompt on standard input and in the file that `BEADWRIGHT_PROMPT` names.
- `BEADWRIGHT_ROLE` is `worker` or `reviewer`. A worker edits the checkout and may commit or leave that; a
  reviewer finds the checkout read-only.
- It writes its answer as JSON to the file that `BEADWRIGHT_ANSWER` names; the prompt holds the schema.
- It has `PATH`, `LANG`, a fresh `HOME` and `TMPDIR`, and nothing else of the runner's environment.
- What it prints becomes the transcript. Its exit status decides nothing: what is in the checkout and in the
  answer does. When the clock stops it, its edits are kept for the next attempt.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from bot.engines.outcome import Enclosure, Outcome, Task

ANSWER_LIMIT = 1_000_000  # bytes
SECONDS_PER_MINUTE = 60.0


def run_command(command: Sequence[str], task: Task, enclosure: Enclosure) -> Outcome:
    """Run a program on a task, behind the wall."""
    prompt, answer = enclosure.desk / "prompt.md", enclosure.desk / "answer.json"
    prompt.write_text(task.prompt, encoding="utf-8")
    answer.unlink(missing_ok=True)
    ended = enclosure.run(
        command,
        env={
            "BEADWRIGHT_ROLE": task.role,
            "BEADWRIGHT_PROMPT": str(prompt),
            "BEADWRIGHT_ANSWER": str(answer),
        },
        seconds=task.minutes * SECONDS_PER_MINUTE,
        stdin=task.prompt,
        writable=task.role == "worker",
    )
    return Outcome(ended, read_answer(answer))


def read_answer(path: Path) -> str | None:
    """The text of a file that a program behind the wall left; None when there is none that can be trusted.

    A link is never followed: it could name a file that only this side of the wall can read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > ANSWER_LIMIT:
            return None
        return file.read(ANSWER_LIMIT).decode("utf-8", errors="replace")
