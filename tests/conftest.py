"""What every test can ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.exchange_log import assert_log_fits
from tests.contract.openapi import PUBLISHED
from tests.needs import need


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of GitHub's published descriptions."""
    _require_published()
    return PUBLISHED


@pytest.fixture
def exchange_log(tmp_path: Path) -> Iterator[Path]:
    """A file for a forge to log into; after the test all of it must fit the published descriptions."""
    log = tmp_path / "exchanges.jsonl"
    yield log
    _require_published()
    assert_log_fits(log)


def _require_published() -> None:
    need(
        PUBLISHED.is_dir(),
        "GitHub's published descriptions are not here: `make test` fetches them where npm is",
    )
