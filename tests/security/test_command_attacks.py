"""T8, T16 and T20 by comments, performed on the whole loop: each attack gets nothing, and gets what it wanted
as soon as the one control that stops it is taken away, in the test's own wiring. The product has no such
switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bot.beads import commands
from bot.beads.authority import Permission
from bot.coordinator import hear
from bot.github import talk
from bot.github.permissions import Permissions
from tests.security.scene import Scene, open_scene

LIMIT = 5


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A repository that hears five comments of one person in an hour."""
    with open_scene(tmp_path, {"commands_per_hour": LIMIT}) as found:
        yield found


def answered(scene: Scene, number: int) -> list[str]:
    """Our replies on an issue."""
    return [text for text in scene.loop.comments(number) if "<!-- beadwright:comment=answer-" in text]


def held(scene: Scene, number: int) -> bool:
    """Whether the bead carries `hold`."""
    labels = scene.does("octo", "GET", f"/issues/{number}").json()["labels"]
    return "hold" in [label["name"] for label in labels]


# -- T20: storms and loops ----------------------------------------------------------------------------------
def test_a_storm_of_one_persons_commands(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bead = scene.bead("maya", "Ours", ready=None)
    said = [scene.says("maya", bead, "/bead help") for _ in range(LIMIT + 3)]
    scene.look()
    assert [scene.loop.signs(one)[-1] for one in said] == ["rocket"] * LIMIT + ["-1"] * 3
    assert len(answered(scene, bead)) == LIMIT
    monkeypatch.setattr(talk, "_earlier", lambda _row, _rows: 0)
    said = [scene.says("maya", bead, "/bead help") for _ in range(3)]
    scene.look()
    assert len(answered(scene, bead)) == LIMIT + 3


def test_a_storm_over_many_looks_and_processes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is counted in memory, so a restart lets nobody begin again."""
    bead = scene.bead("maya", "Ours", ready=None)

    def storm() -> int:
        before = len(answered(scene, bead))
        for _ in range(LIMIT + 1):
            scene.says("maya", bead, "/bead help")
            scene.look()
        return len(answered(scene, bead)) - before

    assert storm() == LIMIT
    assert storm() == 0
    monkeypatch.setattr(talk, "MARGIN", hear.MARGIN * 0)  # as if only what is new were counted
    assert storm() == LIMIT + 1


def test_a_stranger_who_wants_to_fill_an_issue_with_our_replies(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bead = scene.bead("maya", "Ours", ready=None)
    for what in ("ready", "nonsense", "status"):
        scene.says("sam", bead, f"/bead {what}")
        scene.look()
    assert len(answered(scene, bead)) == 1
    monkeypatch.setattr(hear, "_marker", lambda comment: f"answer-{comment.database_id}")
    for what in ("merge", "pause"):
        scene.says("sam", bead, f"/bead {what}")
        scene.look()
    assert len(answered(scene, bead)) == 3


def test_a_bot_that_answers_our_answers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another App's bot that quotes whatever we say, with a command below it."""
    scene.app("parrot", issues="write")
    bead = scene.bead("maya", "Ours", ready=None)

    def talk_to_each_other(rounds: int) -> int:
        before = len(answered(scene, bead))
        for _ in range(rounds):
            scene.says("parrot[bot]", bead, "> You said that.\n\n/bead nonsense")
            scene.look()
        return len(answered(scene, bead)) - before

    assert talk_to_each_other(2) == 0

    async def anybody(_: Permissions, logins: Iterable[str], *_rest: object) -> dict[str, Permission]:
        return dict.fromkeys(logins, Permission.TRIAGE)

    monkeypatch.setattr(Permissions, "of", anybody)
    assert talk_to_each_other(2) == 2


def test_a_comment_that_is_met_again_without_our_reaction(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reaction that got lost, or does not show: what the comment says is done once all the same."""
    bead = scene.bead("maya", "Ours", ready=None)
    scene.speak_as_ourselves()

    def done_twice() -> bool:
        """Somebody's hold is taken off again by hand, and its comment met once more: is it held again?"""
        said = scene.says("maya", bead, "/bead hold")
        scene.look()
        scene.does("maya", "DELETE", f"/issues/{bead}/labels/hold")
        path = f"/issues/comments/{said}/reactions"
        for reaction in scene.does("octo", "GET", path).json():
            scene.does("beadwright[bot]", "DELETE", f"{path}/{reaction['id']}")
        scene.look()
        return held(scene, bead)

    assert not done_twice()
    monkeypatch.setattr(hear, "_record", lambda heard, one, answer, _: heard.answered.append((one, answer)))
    assert done_twice()


# -- T16, T17: commands that nobody sees, or that somebody else said ----------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        "As sam wrote:\n\n> Please!\n> /bead hold",
        "Thanks.\n\n<!--\n/bead hold\n-->",
        "The log:\n\n```\n/bead hold\n```",
        "<details><summary>The log</summary>\n\n/bead hold\n\n</details>",
        "See [what\n/bead hold](https://example.com) does.",
    ],
    ids=["quote", "comment", "code", "folded", "link"],
)
def test_a_command_that_a_maintainer_passes_on_unseen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    bead = scene.bead("maya", "Ours", ready=None)
    said = scene.says("maya", bead, body)
    scene.look()
    assert not held(scene, bead)
    assert scene.loop.signs(said) == []
    bare = lambda text: iter(line.strip("> ").partition("](")[0] for line in text.split("\n"))  # noqa: E731
    monkeypatch.setattr(commands, "prose_lines", bare)
    monkeypatch.setattr(talk, "may_hold_commands", lambda _: True)
    scene.look()
    assert held(scene, bead)
