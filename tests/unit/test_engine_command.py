from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bot.engines.command import ANSWER_LIMIT, read_answer, run_command
from bot.engines.outcome import Ended, Task
from bot.jobs.wall import Wall


@dataclass
class Desk:
    """An enclosure that notes what it is asked, and plays a program that leaves `answer`."""

    desk: Path
    answer: str | None = None
    seen: dict[str, object] = field(default_factory=dict)
    walled: bool = True

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float,
        stdin: str = "",
        writable: bool = True,
        take: Callable[[str], None] | None = None,
    ) -> Ended:
        assert take is None
        prompt = Path(env["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
        self.seen = {
            "command": tuple(command),
            "role": env["BEADWRIGHT_ROLE"],
            "prompts": (prompt, stdin),
            "seconds": seconds,
            "writable": writable,
        }
        if self.answer is not None:
            Path(env["BEADWRIGHT_ANSWER"]).write_text(self.answer, encoding="utf-8")
        return Ended("exited", 3, "out", 0.1)


@pytest.mark.parametrize(("role", "writable"), [("worker", True), ("reviewer", False)])
def test_a_program_gets_its_prompt_twice_and_only_a_worker_may_write(
    tmp_path: Path, role: Literal["worker", "reviewer"], writable: bool
) -> None:
    desk = Desk(tmp_path, "{}")
    outcome = run_command(("prog", "-x"), Task(role, "Do it.", 2), desk)
    assert desk.seen == {
        "command": ("prog", "-x"),
        "role": role,
        "prompts": ("Do it.", "Do it."),
        "seconds": 120,
        "writable": writable,
    }
    assert (outcome.answer, outcome.ended.status) == ("{}", 3)


def test_an_answer_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text("{}", encoding="utf-8")
    assert run_command(("prog",), Task("worker", "Do it.", 1), Desk(tmp_path)).answer is None


def test_an_answer_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(b"x" * (ANSWER_LIMIT + 1))
    assert read_answer(path) is None


def test_without_a_wall_the_environment_is_still_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret-value")
    wall = Wall(tmp_path, tmp_path, (), "none")
    ended = wall.run(("/bin/sh", "-c", "env"), env={"GIVEN": "yes"}, seconds=10)
    assert "secret-value" not in ended.output
    assert "GIVEN=yes" in ended.output


def test_lines_are_taken_as_they_come_and_errors_stay_apart(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "print('first', flush=True)\n"
        "for _ in range(200):\n"
        "    if pathlib.Path('seen').exists(): break\n"
        "    time.sleep(0.05)\n"
        "else: sys.exit('nobody took the first line')\n"
        "print('oops', file=sys.stderr)\n"
        "print('gr\u00fc\u00dfe'); print(); sys.stdout.write('no end')\n"
    )
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        (tmp_path / "seen").touch()

    wall = Wall(tmp_path, tmp_path, (), "none")
    ended = wall.run(("python3", "-c", script), env={"PYTHONUTF8": "1"}, seconds=20, take=take)
    assert (ended.status, ended.output) == (0, "oops\n")
    assert lines == ["first", "gr\u00fc\u00dfe", "", "no end"]


def test_a_line_without_end_is_left_out_and_those_around_it_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.wall.LINE_LIMIT", 100_000)
    lines: list[str] = []
    script = "print('a'); print('x' * 1_000_000); print('b')"
    wall = Wall(tmp_path, tmp_path, (), "none")
    wall.run(("python3", "-c", script), env={}, seconds=20, take=lines.append)
    assert lines == ["a", "b"]
