"""A real browser for the tests that play a person."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.person import Chromium, Person
from tests.needs import need

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The system's Chromium; without one a test does not run, and CI fails."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None and MAC.exists():
        found = str(MAC)
    need(found is not None, "no Chromium is here: `apt-get install chromium`, or your system's way")
    assert found is not None
    browser = Chromium(found)
    yield browser
    browser.close()


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a test's pictures go: below BEADWRIGHT_SCREENSHOTS if that is set, else with the test's files."""
    kept = os.environ.get("BEADWRIGHT_SCREENSHOTS")
    return Path(kept).absolute() / request.node.name if kept else tmp_path / ".screenshots"


class People:
    """Makes people who share the browser and nothing else; see `Person`."""

    def __init__(self, chromium: Chromium, screenshots: Path) -> None:
        self._chromium = chromium
        self._screenshots = screenshots
        self.made: list[Person] = []

    def __call__(
        self, base_url: str, repository: str, login: str | None = None, *, width: int = 1280
    ) -> Person:
        """Somebody new."""
        made = Person(self._chromium, base_url, repository, self._screenshots, login=login, width=width)
        self.made.append(made)
        return made


@pytest.fixture
def people(chromium: Chromium, screenshots: Path) -> Iterator[People]:
    """Makes people, and closes their windows after the test."""
    made = People(chromium, screenshots)
    yield made
    for one in made.made:
        one.leave()
