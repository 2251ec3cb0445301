"""Every assumption about GitHub, held against one shared forge.

`beadwright probe --repo OWNER/NAME` runs the same functions against github.com.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.probe import AT_ONCE, forge_access
from bot.github.assumptions import AREAS, ASSUMPTIONS
from bot.github.assumptions.document import document
from bot.github.assumptions.probing import look
from bot.github.assumptions.registry import Assumption
from bot.github.assumptions.scratch import Scratch, open_scratch
from tests.contract.exchange_log import assert_log_fits

PAGE = Path(__file__).parents[2] / "docs" / "assumptions.md"
CANNOT_BE_TOLD_HERE = {
    "free-plan-says-that-it-has-no-rules": "needs a private repository on a free plan",
    "merge-race-says-that-the-base-was-modified": "both were merged: this time they did not meet",
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every exchange of this file."""
    return tmp_path_factory.mktemp("log") / "exchanges.jsonl"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[Scratch]:
    """A forge with an empty repository, an App, a second person and a runner."""
    folder = tmp_path_factory.mktemp("forge")
    with forge_access(folder, record=log) as access, open_scratch(access, AT_ONCE) as world:
        yield world


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda one: one.id)
def test_the_forge_behaves_as_we_assume_of_github(scratch: Scratch, assumption: Assumption) -> None:
    found = look(scratch, assumption)
    if assumption.id in CANNOT_BE_TOLD_HERE:
        assert (found.holds, found.detail) == (None, CANNOT_BE_TOLD_HERE[assumption.id])
    else:
        assert found.holds, f"{assumption.sentence}\n{found.detail}\n{assumption.otherwise}"


def test_what_they_say_to_the_forge_fits_the_published_descriptions(
    scratch: Scratch, log: Path, published: Path
) -> None:
    """So that github.com understands it as well."""
    assert scratch.access.provoke is not None
    assert published.is_dir()
    assert_log_fits(log)


def test_there_are_many_and_each_has_a_name_of_its_own_and_a_source() -> None:
    assert len(ASSUMPTIONS) >= 80
    assert len({one.id for one in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert {one.area for one in ASSUMPTIONS} == set(AREAS)
    for one in ASSUMPTIONS:
        assert one.source.startswith("https://"), one.id
        assert one.sentence.endswith("."), one.id
        assert one.otherwise, one.id


def test_each_names_modules_that_exist() -> None:
    named = {module for one in ASSUMPTIONS for module in one.by}
    missing = sorted(module for module in named if importlib.util.find_spec(module) is None)
    assert missing == []


def test_the_page_of_assumptions_is_the_registrys() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(ASSUMPTIONS), (
        "write it anew: .venv/bin/beadwright probe --list > docs/assumptions.md"
    )
