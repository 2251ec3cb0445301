"""What people see of five check-ins: the chart as a browser draws it, by day and by night."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.beads.checkin import CATEGORIES
from bot.beads.checkin_import import import_note
from bot.beads.checkin_record import CHART, CHECKINS_BRANCH, read_records
from bot.coordinator.history import Planning, Word
from tests.browser.person import Chromium
from tests.unit.checkins import scored
from tests.unit.job_world import BEAD, World

REF = f"refs/heads/{CHECKINS_BRANCH}"
BEGIN = datetime(2026, 7, 6, 9, tzinfo=UTC)
HISTORY = (
    (6, 2, 5, 5, 3, 4, 4, 2, 5),
    (6, 3, 5, 6, 4, 4, 4, 3, 6),
    (7, 3, 6, 6, 6, 5, 4, 3, 6),
    (7, 5, 6, 7, 7, 5, 6, 3, 7),
)
REVIEW = """\
| category | score | reason | evidence |
|---|---|---|---|
| code | 8 | It reads well. | src/a.txt:1 |
| tests | 6 | Few of the edges. | src/a.txt:1 |
| security | 7 | Nothing is open. | src/a.txt:1 |
"""
LEGIBLE = """() => [...document.querySelectorAll("g")].map(panel => {
  const texts = [...panel.querySelectorAll("text")].map(text => text.getBBox());
  const apart = (one, other) =>
    one.x + one.width + 4 <= other.x || other.x + other.width + 4 <= one.x ||
    one.y + one.height <= other.y || other.y + other.height <= one.y;
  const within = one => one.x >= -1 && one.x + one.width <= 290 && one.y >= 0 && one.y + one.height <= 150;
  return texts.every(within)
    && texts.every((one, at) => texts.slice(at + 1).every(other => apart(one, other)));
})"""
"""Of each panel, whether its texts are within it, and none touches another."""


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The chart on the branch after four check-ins and a review that was made elsewhere, each published."""
    world = World(tmp_path_factory.mktemp("checkins") / "world", policy={"wall": "none"})
    for attempt, numbers in enumerate(HISTORY, start=1):
        world.since = BEGIN + timedelta(weeks=attempt - 1)
        answer = json.dumps(scored(*numbers).model_dump_json(include={"scores", "summary"}))
        world.run(f"answer(**json.loads({answer}))", "checkin", attempt)
    world.since = BEGIN + timedelta(weeks=4)
    world.said[31] = f"/bead checkin import\n\n{REVIEW}"
    word = Word(by="maya", at=world.since, comment=31)
    brought = Planning(role="checkin", word=word, text=import_note(REVIEW.strip()))
    world.write(world.claims().remember(BEAD, planning=brought))
    world.run("sys.exit(1)", "checkin", 5)
    names = world.git.text("ls-tree", "--name-only", REF).splitlines()
    kept = read_records({name: world.read(world.ref(REF), name).encode() for name in names})
    assert [len(one.scores) for one in kept] == [9, 9, 9, 9, 3]
    assert world.git.text("rev-list", "--count", REF) == "5"
    return world.read(world.ref(REF), CHART)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_five_check_ins_are_drawn_as_a_picture_that_can_be_read(
    chart: str, scheme: Literal["light", "dark"], chromium: Chromium, screenshots: Path, tmp_path: Path
) -> None:
    screenshots.mkdir(parents=True, exist_ok=True)
    file = tmp_path / CHART
    file.write_text(chart, encoding="utf-8")
    issue = tmp_path / "issue.html"
    issue.write_text(f'<body style="margin: 0"><img src="{CHART}"></body>', encoding="utf-8")

    def look() -> tuple[list[bool], str]:
        context = chromium.browser.new_context(viewport={"width": 960, "height": 640}, color_scheme=scheme)
        page = context.new_page()
        page.goto(file.as_uri())
        fits = page.evaluate(LEGIBLE)
        ground = page.evaluate('() => getComputedStyle(document.querySelector(".ground")).fill')
        page.goto(issue.as_uri())  # as a picture, as on GitHub
        page.screenshot(path=screenshots / f"checkins-{scheme}.png")
        context.close()
        return fits, ground

    fits, ground = chromium.run(look)
    assert fits == [True] * len(CATEGORIES)
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
